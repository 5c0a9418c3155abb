"""Engines for SQLite (one host) or PostgreSQL (several hosts), migrations, and statements in which the two differ."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Select,
    Table,
    create_engine,
    event,
    inspect,
    literal,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from redactor.errors import ConfigurationError

VERSION_TABLE = "redactor_schema"
"""Where Alembic keeps the revision of the database."""
HEAD = "0004"
"""The newest revision in `redactor/migrations/versions`."""
LONGEST_WAIT = 30.0  # seconds for another process's lock on SQLite
_LOCK = 727364
"""Advisory lock of PostgreSQL that is held while the schema changes."""


def connect(url: str) -> Engine:
    """An engine. Does not connect yet, so a database that is down is noticed at the first use.

    Args:
        url: for SQLAlchemy (sqlite:////var/lib/redactor/queue.sqlite, postgresql+psycopg://…).
    """
    sqlite = url.startswith("sqlite")
    engine = create_engine(url, pool_pre_ping=not sqlite, hide_parameters=True, pool_size=16, max_overflow=16)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        # The driver's own BEGIN comes late and takes no lock, so that one of two writers would fail halfway.
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Create the tables, or bring those of an earlier version up to date.

    Several programs may do so at once: one migrates, the others wait and then find nothing left to do. Everything
    happens in one transaction, so a program that is killed leaves the database as it was.

    Raises:
        ConfigurationError: the database was made by a newer version of this program.
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    with reading(engine).begin() as c:
        if _revision(c) == HEAD:
            return
    # Imported here: it takes a quarter of a second, and most starts find the database up to date.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    with engine.begin() as c:  # with SQLite this takes the write lock
        if c.dialect.name == "postgresql":
            c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = c
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise ConfigurationError(
                "The database was made by a newer version of redactor.",
                hint="Install that version, or restore a backup of the database.",
            ) from None


def _revision(c: Connection) -> str | None:
    """The database's revision; None where no revision has run, as with the versions before Alembic."""
    if not inspect(c).has_table(VERSION_TABLE):
        return None
    found: str | None = c.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our own name
    return found


def reading(engine: Engine) -> Engine:
    """The same engine for read-only transactions: with SQLite, they and writers do not wait for each other."""
    return engine.execution_options(reads=True)


def _begin_sqlite(c: Connection) -> None:
    c.exec_driver_sql("BEGIN" if c.get_execution_options().get("reads") else "BEGIN IMMEDIATE")


def now(c: Connection) -> float:
    """Seconds since 1970, by the database's clock if several hosts share it."""
    if c.dialect.name == "postgresql":
        return float(c.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()


def clock(c: Connection) -> ColumnElement[float]:
    """The same as an expression in a statement, which saves a round trip: the time at which the statement started."""
    if c.dialect.name == "postgresql":
        return literal_column("extract(epoch FROM statement_timestamp())::float8", Float)
    return literal(time.time(), Float)


def insert_new(c: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """Insert a row and return its `id`; None if it conflicts with an existing row."""
    kind = postgresql if c.dialect.name == "postgresql" else sqlite
    made = c.execute(kind.insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)).scalar()
    return None if made is None else int(made)


def upsert(c: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a row, or change the one with this key; writes nothing if it has these values already."""
    kind = postgresql if c.dialect.name == "postgresql" else sqlite
    other = or_(*(table.c[name] != value for name, value in values.items()))
    c.execute(
        kind.insert(table)
        .values({**key, **values})
        .on_conflict_do_update(index_elements=list(key), set_=dict(values), where=other)
    )


class has_mark(FunctionElement[bool]):  # noqa: N801 - used like a function of the database
    """Whether a text contains a piece."""

    inherit_cache = True
    type = Boolean()


@compiles(has_mark, "sqlite")
def _has_mark_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **given)}) > 0)"


@compiles(has_mark, "postgresql")
def _has_mark_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **given)}) > 0)"


def locked(query: Select[Any]) -> Select[Any]:
    """The query with locks on its rows, without rows that another transaction has locked (PostgreSQL; SQLite has one
    writer at a time).
    """
    return query.with_for_update(skip_locked=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: a ticket is removed from the spool once its job is committed, so a commit must survive a power cut.
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
        _insist(cursor, f"PRAGMA {pragma}")
    cursor.close()


def _insist(cursor: Any, statement: str) -> None:
    """Execute it, and again while another process holds a lock.

    SQLite's busy timeout does not cover the change of the journal's mode: of several that open a new database at once,
    all but one could fail.
    """
    until = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:  # noqa: PERF203 - it waits anyway
            if "locked" not in str(error) or time.monotonic() > until:  # a full or read-only disk is reported at once
                raise
            time.sleep(0.02)
        else:
            return
