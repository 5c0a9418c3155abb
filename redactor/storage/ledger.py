"""The ledger: an SQLite file in the output folder that records the outcome of every input across runs.

Two tables. `work` has a row for each content (SHA-256 of the bytes, ending, settings) and its state:

    pending ──begin──▶ claimed ──finish──▶ redacted | quarantined | failed
       ▲                  │
       └── the next run ──┘  claimed at the start of a run: the process was killed, and `crashes` counts it

`input` has a row for each input with an outcome: a keyed mark of its path, a mark of its size and times, its output's
sealed name, sizes and digests (see `redactor.crypto`). No names, no speech, no durations; reasons and messages are
those of `errors`.

One process: SQLite locks the file while it is open, and the system releases the lock with the process; a second run is
refused. One thread: all statements run in the thread that owns the connection, and requests that arrive meanwhile share
its next transaction, so that many files share one flush to the disk. `synchronous=FULL`: what is answered survives
kill -9 and a power cut.

It uses sqlite3 directly, since an object mapper would hide the pragmas on which safety depends.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from redactor.atomic_files import as_output_error
from redactor.errors import InUse, OutOfSpace, OutputError

NAME = ".redactor-ledger.sqlite"
KEY_NAME = ".redactor-ledger.key"

_APPLICATION = 0x52644C67  # "RdLg", in the header of the SQLite file
_VERSION = 2
_TOGETHER = 256
"""Largest number of requests in one transaction."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE work (
  id INTEGER PRIMARY KEY,
  content BLOB NOT NULL,                 -- SHA-256 of the file
  suffix TEXT NOT NULL,
  settings TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'claimed', 'redacted', 'quarantined', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,   -- number of attempts
  crashes INTEGER NOT NULL DEFAULT 0,    -- number of runs killed meanwhile
  run INTEGER NOT NULL DEFAULT 0,        -- the run of its outcome
  reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '',
  exit_code INTEGER NOT NULL DEFAULT 0,
  UNIQUE (content, suffix, settings)
);
CREATE INDEX claimed ON work (state) WHERE state = 'claimed';
"""
_INPUT = """
CREATE TABLE input (
  name BLOB PRIMARY KEY,                 -- mark of path and output stem
  work INTEGER NOT NULL REFERENCES work (id),
  stamp BLOB,                            -- mark of size, times, inode; NULL: too recent to detect a later write
  target BLOB,                           -- sealed output name below the output folder; NULL: nothing was written
  files TEXT NOT NULL DEFAULT '{}',      -- artefacts by suffix: bytes and SHA-256, JSON
  duplicate INTEGER NOT NULL DEFAULT 0   -- its artefacts are copies of another input's with the same work
) WITHOUT ROWID;
CREATE INDEX twins ON input (work) WHERE target IS NOT NULL;
"""

Result = TypeVar("Result")
Statements = Callable[[sqlite3.Connection], Result]


class Ledger:
    """The open file and its thread.

    Args:
        folder: the output folder.
        patience: seconds to wait for another process to release the file (a killed one may still be ending).

    Raises:
        InUse: another process has it open.
        OutOfSpace, OutputError: it cannot be opened or created.

    A damaged file is renamed and a new one created; `rebuilt` is then true.
    """

    def __init__(self, folder: Path, *, patience: float = 2.0) -> None:
        self.path = folder / NAME
        self.rebuilt = False
        self.unclean = True
        """Whether the last run was killed (or this is not known)."""
        self.run = 0
        self.trouble: OutputError | None = None
        """The error after which nothing can be written any more."""
        self._patience = patience
        self._requests: queue.SimpleQueue[tuple[Statements[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, name="ledger", daemon=True)
        self._thread.start()
        self._ready.result()

    def do(self, statements: Statements[Result]) -> Result:
        """Run statements in a transaction and wait until it is on the disk. They may run twice (the first time undone).

        Raises:
            OutputError: the ledger cannot be written, now or since an earlier call.
        """
        return self.later(statements).result()

    def later(self, statements: Statements[Result]) -> Future[Result]:
        """The same without waiting; a failure is in `trouble` and in all later calls."""
        answer: Future[Result] = Future()
        self._requests.put((statements, answer))
        return answer

    def close(self) -> None:
        """Finish pending requests, record an orderly end, and release the file."""
        if self._thread.is_alive():
            self._requests.put(None)
            self._thread.join()

    # --- in the ledger's thread

    def _serve(self) -> None:
        try:
            connection = self._open()
        except BaseException as error:  # noqa: BLE001 - passed to the caller
            self._ready.set_exception(error if isinstance(error, OutputError) else _explained(error))
            return
        self._ready.set_result(None)
        last = False
        while not last:
            requests = [self._requests.get()]
            with suppress(queue.Empty):
                while len(requests) < _TOGETHER:
                    requests.append(self._requests.get_nowait())
            last = None in requests
            self._answer(connection, [a for a in requests if a is not None])
        with suppress(sqlite3.Error):
            if self.trouble is None:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 1)")
        with suppress(sqlite3.Error):
            connection.close()
        while True:  # requests after the end must not wait for ever
            try:
                late = self._requests.get_nowait()
            except queue.Empty:
                return
            if late is not None:
                late[1].set_exception(OutputError("The ledger is closed."))

    def _answer(self, connection: sqlite3.Connection, requests: list[tuple[Statements[Any], Future[Any]]]) -> None:
        """Run all requests in one transaction; if one fails, each in its own, so that the others succeed."""
        if self.trouble is None and len(requests) > 1:
            try:
                results = self._transact(connection, [statements for statements, _ in requests])
            except Exception:  # noqa: BLE001, S110 - raised below for the request that failed
                pass
            else:
                for (_, answer), result in zip(requests, results, strict=True):
                    answer.set_result(result)
                return
        for statements, answer in requests:
            if self.trouble is not None:
                answer.set_exception(self.trouble)
                continue
            try:
                answer.set_result(self._transact(connection, [statements])[0])
            except sqlite3.Error as error:
                self.trouble = _explained(error)
                answer.set_exception(self.trouble)
            except Exception as error:  # noqa: BLE001 - passed to the caller
                answer.set_exception(error)

    @staticmethod
    def _transact(connection: sqlite3.Connection, batch: list[Statements[Any]]) -> list[Any]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [statements(connection) for statements in batch]
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return results

    def _open(self) -> sqlite3.Connection:
        self._make_file()
        try:
            return self._prepare()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside()
            self.rebuilt = True
            self._make_file()
            return self._prepare()

    def _make_file(self) -> None:
        if self.path.is_symlink():
            raise OutputError(
                "The ledger in the --out folder is a link.", hint="Remove it; a new ledger is then created."
            )
        try:
            # Created here, since SQLite would make it readable for everybody; its companion files inherit the mode.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        except OSError as error:
            raise as_output_error(error) from None

    def _prepare(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
        try:
            # Exclusive before the first read, so that the lock stays until the end and no shared memory is needed.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -4096")  # KiB
            connection.execute("BEGIN EXCLUSIVE")
            self._check(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        application, version = (
            connection.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version")
        )
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in (*_SCHEMA.split(";\n"), *_INPUT.split(";\n")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif application != _APPLICATION or version > _VERSION:
            raise OutputError(
                "The ledger in the --out folder was made by a newer version or another program.",
                hint="Use that version, or choose another --out folder.",
            )
        elif connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("malformed")
        elif version < _VERSION:
            # Version 1 recorded only sizes, which prove nothing, so everything is made again.
            for statement in ("DROP TABLE input", *_INPUT.split(";\n"), f"PRAGMA user_version = {_VERSION}"):
                connection.execute(statement)
        facts = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        self.unclean = not facts.get("clean", 0)
        self.run = int(facts.get("run", 0)) + 1
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 0), ('run', ?)", (self.run,))
        connection.execute("UPDATE work SET state = 'pending', crashes = crashes + 1 WHERE state = 'claimed'")

    def _set_aside(self) -> None:
        aside = self.path.with_name(f".redactor-ledger-damaged-{time.time_ns()}.sqlite")
        try:
            for ending in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.path.with_name(NAME + ending).rename(aside.with_name(aside.name + ending))
            self.path.rename(aside)
        except OSError as error:
            raise as_output_error(error) from None


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    said = str(error)
    return any(
        sign in said for sign in ("malformed", "not a database", "file is encrypted", "no such table", "no such column")
    )


def _explained(error: BaseException) -> OutputError:
    said = str(error)
    if "locked" in said:
        return InUse("Another run is using this --out folder.")
    if "is full" in said or "disk I/O" in said:
        return OutOfSpace("The disk is full or failing, so the ledger of the run cannot be written.")
    if isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
        return OutputError("The ledger of the run is damaged.", hint="Run the same command again to rebuild it.")
    return OutputError("The ledger of the run cannot be read or written in the --out folder.")
