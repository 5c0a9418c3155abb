"""The tables, and an engine for SQLite (embedded) or PostgreSQL (several hosts). SQLAlchemy lives here and in `queue`.

What can tell of a person is sealed (`keep/sealing.py`): paths, message ids, addresses to fetch from. In clear are states, times, counts,
reasons of our own wording and the SHA-256 of recordings.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    literal,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")

jobs = Table(
    "redactor_jobs",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False, unique=True),  # mark of source, message id, SHA-256
    Column("place", String(32)),  # mark of the path, where the path says which recording it is
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
    Column("result", LargeBinary),  # sealed: place of the artefacts
    Column("wanted", Integer, nullable=False, default=0, server_default="0"),  # once more, when it has ended
    Column("told", Integer, nullable=False, default=0, server_default="0"),  # whether somebody said which way it went
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
    Column("place", String(32), primary_key=True),  # mark of a path
    Column("stamp", String(80), nullable=False),  # size, time, inode when it was last looked into
)


def connect(url: str) -> Engine:
    """An engine with the tables made. Never raises for a database that is down: the first use does.

    Args:
        url: SQLAlchemy's (sqlite:////var/lib/redactor/queue.sqlite, postgresql+psycopg://…).
    """
    sqlite = url.startswith("sqlite")
    engine = create_engine(url, pool_pre_ping=not sqlite, hide_parameters=True, pool_size=16, max_overflow=16)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        # The driver's own BEGIN comes late and without a lock: two writers would meet in the middle and one would fail.
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read: with SQLite they wait for no writer, and none waits for them."""
    return engine.execution_options(reads=True)


def _begin_sqlite(c: Connection) -> None:
    c.exec_driver_sql("BEGIN" if c.get_execution_options().get("reads") else "BEGIN IMMEDIATE")


def make_tables(engine: Engine) -> None:
    """Make what is missing; several services may do so at once."""
    with engine.begin() as c:
        if c.dialect.name == "postgresql":
            # CREATE TABLE IF NOT EXISTS is no protection against a second one at the same instant.
            c.execute(text("SELECT pg_advisory_xact_lock(727364)"))
        metadata.create_all(c)
        there = {column["name"] for column in inspect(c).get_columns(jobs.name)}
        for name in {"wanted", "told"} - there:  # made by an earlier version
            c.execute(text(f"ALTER TABLE {jobs.name} ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"))


def now(c: Connection) -> float:
    """Seconds since 1970: the database's clock where several hosts share it."""
    if c.dialect.name == "postgresql":
        return float(c.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()


def clock(c: Connection) -> ColumnElement[float]:
    """The same as a part of a statement, which saves a way to the database and back; the time at which the statement began."""
    if c.dialect.name == "postgresql":
        return literal_column("extract(epoch FROM statement_timestamp())::float8", Float)
    return literal(time.time(), Float)


def insert_new(c: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """A row's `id`; None if there is one already that it would be a second of, whoever put it in meanwhile."""
    kind = postgresql if c.dialect.name == "postgresql" else sqlite
    made = c.execute(kind.insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)).scalar()
    return None if made is None else int(made)


def upsert(c: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Put a row in, or change the one with this key; nothing is written where it says so already."""
    kind = postgresql if c.dialect.name == "postgresql" else sqlite
    other = or_(*(table.c[name] != value for name, value in values.items()))
    c.execute(
        kind.insert(table)
        .values({**key, **values})
        .on_conflict_do_update(index_elements=list(key), set_=dict(values), where=other)
    )


def locked(query: Select[Any]) -> Select[Any]:
    """Rows that this transaction holds; those that another holds are left out (PostgreSQL; SQLite has one writer at a time)."""
    return query.with_for_update(skip_locked=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: a ticket is removed from the spool once its job is committed, so a commit must survive a power cut.
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
