"""The tables of access control, and what its parts share: engine, audit log, sealer, settings, clock.

In clear: log-in names of staff, roles, times, counts. Hashed: passwords (argon2id), session tokens, recovery codes and
programs' tokens (SHA-256, since they are long and random). Sealed with the service's key: TOTP secrets and typed
reasons. A change here needs a revision in `redactor/migrations`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.exc import SQLAlchemyError

from redactor.audit_log import Trail
from redactor.crypto import Sealer
from redactor.database import migrate
from redactor.errors import Busy

metadata = MetaData()
SKEW = 300.0
"""Seconds by which the clocks of several hosts may differ. What started later than that is from before the clock was
set back, and has ended.
"""
_ID = BigInteger().with_variant(Integer, "sqlite")

accounts = Table(
    "redactor_accounts",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),  # never reused: the audit log refers to people by it
    Column("name", String(64), nullable=False, unique=True),
    Column("roles", String(80), nullable=False),
    Column("password", String(200), nullable=False),
    Column("must_change", Integer, nullable=False, default=1),
    Column("totp", LargeBinary),  # sealed secret in effect
    Column("totp_new", LargeBinary),  # sealed secret not yet confirmed
    Column("totp_step", BigInteger, nullable=False, default=0),  # of the last code used, so that none works twice
    Column("disabled", Integer, nullable=False, default=0),
    Column("made", Float, nullable=False),
    sqlite_autoincrement=True,
)

recovery = Table(
    "redactor_recovery",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("account", _ID, nullable=False, index=True),
)

sessions = Table(
    "redactor_sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("account", _ID, nullable=False, index=True),
    Column("stage", String(8), nullable=False),  # "code": the code is awaited; "full"
    Column("failures", Integer, nullable=False, default=0),  # wrong codes
    Column("made", Float, nullable=False),
    Column("seen", Float, nullable=False),
)

attempts = Table(
    "redactor_attempts",
    metadata,
    Column("key", String(32), primary_key=True),  # keyed mark of a name, an address, or both
    Column("failures", Integer, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("last", Float, nullable=False),
)

emergencies = Table(
    "redactor_emergencies",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("account", _ID, nullable=False),
    Column("opened", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("reason", LargeBinary, nullable=False),  # sealed
    Column("acknowledged_by", _ID, nullable=False, default=0),
    Column("acknowledged", Float, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)
Index("redactor_emergencies_open", emergencies.c.acknowledged, emergencies.c.until)

tokens = Table(
    "redactor_tokens",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(80), nullable=False),
    Column("made", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("revoked", Float, nullable=False, default=0.0),
    Column("used", Float, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Lifetimes in seconds, and the address of the pages.

    Attributes:
        secure: cookies for https only (`__Host-`). False is only for http on the loopback.
        idle_seconds: after which an unused session ends (164.312(a)(2)(iii)).
        absolute_seconds: after which every session ends.
        emergency_seconds: duration of emergency access.
        origin: "https://review.example.org" if a proxy hides the name that browsers use; "": the request's Host.
        behind_proxy: a proxy on the loopback is in front, so the client's address is the last of X-Forwarded-For.
            Without it, all clients behind the proxy share their delays.
        home: the page after log-in.
    """

    secure: bool = True
    idle_seconds: float = 900.0
    absolute_seconds: float = 8 * 3600.0
    emergency_seconds: float = 3600.0
    origin: str = ""
    behind_proxy: bool = False
    home: str = "/"


@dataclass(frozen=True, slots=True)
class AccessStore:
    """What the parts of access control share."""

    engine: Engine
    trail: Trail
    sealer: Sealer
    settings: AccessSettings = field(default_factory=AccessSettings)
    clock: Callable[[], float] = time.time

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction.

        Raises:
            Busy: the database does not answer.
        """
        try:
            with self.engine.begin() as c:
                yield c
        except SQLAlchemyError:
            raise Busy("The accounts database is unavailable.") from None

    def make_tables(self) -> None:
        """Create or migrate the tables; several services may do so at once.

        Raises:
            Busy: the database does not answer. ConfigurationError: it was made by a newer version.
        """
        try:
            migrate(self.engine)
        except SQLAlchemyError:
            raise Busy("The accounts database is unavailable.") from None

    def mark(self, *parts: str) -> str:
        return self.sealer.mark(b"access", *(p.encode("utf-8", "surrogateescape") for p in parts)).hex()

    def seal(self, content: str) -> bytes:
        """Seal a text with the service's key. Random bytes in front date from when equal texts had equal seals; such
        rows are still read.
        """
        import secrets

        return self.sealer.seal(secrets.token_bytes(16) + content.encode("utf-8", "surrogateescape"))

    def unseal(self, sealed: bytes | None) -> str | None:
        content = self.sealer.open(bytes(sealed)) if sealed else None
        return content[16:].decode("utf-8", "surrogateescape") if content is not None else None
