"""Rows of the ledger's `work` table, and the statements that claim them and give them back (in the ledger's thread)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkRow:
    """The record of one content with one suffix and settings."""

    id: int
    state: str
    attempts: int
    crashes: int
    run: int
    reason: str
    message: str
    hint: str
    exit_code: int


def look_up(c: sqlite3.Connection, key: tuple[bytes, str, str]) -> WorkRow | None:
    """The row for content, suffix and settings."""
    row = c.execute(
        "SELECT id, state, attempts, crashes, run, reason, message, hint, exit_code FROM work "
        "WHERE content = ? AND suffix = ? AND settings = ?",
        key,
    ).fetchone()
    return None if row is None else WorkRow(*row)


def claim_work(c: sqlite3.Connection, work: int, *, again: bool = False) -> None:
    """Claim a row; `again`: reset its counters."""
    c.execute(
        "UPDATE work SET state = 'claimed', attempts = 1 + (NOT ?) * attempts, crashes = (NOT ?) * crashes "
        "WHERE id = ?",
        (again, again, work),
    )


def give_back(c: sqlite3.Connection, work: int) -> None:
    """Give a claimed row back in an orderly end."""
    c.execute("UPDATE work SET state = 'pending', attempts = attempts - 1 WHERE id = ? AND state = 'claimed'", (work,))
