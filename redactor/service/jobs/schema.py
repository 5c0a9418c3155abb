"""The tables of the queue.

Everything that can identify a person is sealed (`redactor/crypto.py`): paths, message ids, addresses to fetch from,
what is known about a message. In clear are states, times, counts, reasons in fixed words and the SHA-256 of recordings.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")

jobs = Table(
    "redactor_jobs",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False, unique=True),  # keyed hash of source, message id, SHA-256
    Column("place", String(32)),  # keyed hash of the path, if that identifies the recording
    Column("audio", String(64), nullable=False, default=""),  # SHA-256; "" until a remote one is fetched
    Column("source", String(16), nullable=False),
    Column("direction", String(3), nullable=False, default=""),
    Column("sealed", LargeBinary, nullable=False),  # how to get the recording
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
    Column("lease", Float, nullable=False, default=0.0),
    Column("worker", String(96), nullable=False, default=""),
    Column("added", Float, nullable=False),
    Column("ended", Float, nullable=False, default=0.0),
    Column("reason", String(40), nullable=False, default=""),
    Column("message", String(400), nullable=False, default=""),
    Column("hint", String(400), nullable=False, default=""),
    Column("exit_code", Integer, nullable=False, default=0),
    Column("duration", Float, nullable=False, default=0.0),
    Column("bleeped", Float, nullable=False, default=0.0),
    Column("result", LargeBinary),  # sealed: path of the result's document
    Column("wanted", Integer, nullable=False, default=0, server_default="0"),  # process again when it has ended
    Column("told", Integer, nullable=False, default=0, server_default="0"),  # whether a hook reported the direction
    Column("known", LargeBinary),  # sealed: what is known about the message beforehand
    UniqueConstraint("place", "audio"),
)
Index("redactor_jobs_ready", jobs.c.state, jobs.c.crashes, jobs.c.id)

calls = Table(
    "redactor_callbacks",
    metadata,
    Column("job", _ID, primary_key=True, autoincrement=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Float, nullable=False, default=0.0),
)

seen = Table(
    "redactor_seen",
    metadata,
    Column("place", String(32), primary_key=True),  # keyed hash of a path
    Column("stamp", String(80), nullable=False),  # size, time, inode when it was last read
)
