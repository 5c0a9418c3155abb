"""Sessions: a random token of 256 bits in a cookie, of which the server stores a hash. Every log-in and every change of
rights makes a new one.

The CSRF token is derived from the session's token, so it needs no storage and ends with it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from redactor.audit_log import events
from redactor.auth.store import SKEW, AccessStore, accounts, sessions
from redactor.auth.totp import hash_of

CODE_SECONDS = 300.0
"""Time to enter the code after the password."""
CODE_TRIES = 5
_FRESH = 10.0
"""Seconds within which the last use of a session is not written again."""


@dataclass(frozen=True, slots=True)
class Session:
    """`stage`: "code" (waiting for the one-time code) or "full"; `short`: its name in the audit log."""

    hash: str = field(repr=False)
    account: int
    stage: str
    made: float
    seen: float

    @property
    def short(self) -> str:
        return self.hash[:12]


class Sessions:
    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def begin(
        self, account: int, stage: str, *, replacing: str = "", checked_hash: str = "", still_valid: bool = False
    ) -> str:
        """Start a session. Returns its token, or "" if the account was reset or disabled meanwhile.

        Args:
            replacing: token of a session that ends.
            checked_hash: the hash against which the password was just checked.
            still_valid: whether `replacing` must still be a session of this account.
        """
        token, now = secrets.token_urlsafe(32), self._store.clock()
        with self._store.begin() as c:
            # Locked, so that a reset comes either before this (and is seen) or after it (and ends this session).
            owner = c.execute(select(accounts).where(accounts.c.id == account).with_for_update()).first()
            if owner is None or owner.disabled or (checked_hash and owner.password != checked_hash):
                return ""
            old = sessions.c.hash == hash_of(replacing) if replacing else None
            row = c.execute(select(sessions).where(old)).first() if old is not None else None
            if still_valid and (row is None or row.account != account):
                return ""
            if old is not None and row is not None:
                if row.account != account and row.stage == "full":
                    self._end(c, row.account, old, why="replaced", by=f"person:{account}")
                else:
                    c.execute(delete(sessions).where(old))
            self._end_expired(c, account, now)
            c.execute(insert(sessions).values(hash=hash_of(token), account=account, stage=stage, made=now, seen=now))
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, marked as used; None if there is none or it has expired (it then ends)."""
        if not token:
            return None
        now, own = self._store.clock(), sessions.c.hash == hash_of(token)
        limits = self._store.settings
        with self._store.begin() as c:
            row = c.execute(select(sessions).where(own)).first()
            if row is None:
                return None
            why = ""
            longest = CODE_SECONDS if row.stage == "code" else limits.absolute_seconds
            if now > row.made + longest or row.seen > now + SKEW:
                why = "limit"
            elif now > row.seen + limits.idle_seconds:
                why = "idle"
            if why:
                self._end(c, row.account, own, why=why, by="service")
                return None
            if now > row.seen + _FRESH:
                c.execute(update(sessions).where(own).values(seen=now))
        return _session(row)

    def wrong_code(self, token: str) -> bool:
        """Count a wrong code; true if there were too many and the session has ended."""
        own = sessions.c.hash == hash_of(token)
        with self._store.begin() as c:
            c.execute(update(sessions).where(own).values(failures=sessions.c.failures + 1))
            return bool(c.execute(delete(sessions).where(own, sessions.c.failures >= CODE_TRIES)).rowcount)

    def end(self, token: str, account: int) -> None:
        """Log out."""
        with self._store.begin() as c:
            self._end(c, account, sessions.c.hash == hash_of(token), why="asked", by=f"person:{account}")

    def end_all(self, account: int, *, why: str, keep: str = "") -> None:
        """Log out everywhere except in the session of the token `keep`."""
        which = (sessions.c.account == account) & (sessions.c.hash != (hash_of(keep) if keep else ""))
        with self._store.begin() as c:
            self._end(c, account, which, why=why, by=f"person:{account}")

    def of(self, account: int) -> list[Session]:
        """The current sessions of an account."""
        now, limits = self._store.clock(), self._store.settings
        alive = (sessions.c.seen > now - limits.idle_seconds, sessions.c.made > now - limits.absolute_seconds)
        query = select(sessions).where(sessions.c.account == account, *alive).order_by(sessions.c.made)
        with self._store.begin() as c:
            return [_session(row) for row in c.execute(query)]

    def _end_expired(self, c: Connection, account: int, now: float) -> None:
        """End sessions of the account that have expired without another request."""
        limits = self._store.settings
        own = sessions.c.account == account
        c.execute(delete(sessions).where(own, sessions.c.stage == "code", sessions.c.made < now - CODE_SECONDS))
        over = (sessions.c.seen < now - limits.idle_seconds) | (sessions.c.made < now - limits.absolute_seconds)
        self._end(c, account, own & (sessions.c.stage == "full") & over, why="idle", by="service")

    def _end(self, c: Connection, account: int, which: Any, *, why: str, by: str) -> None:
        count = c.execute(delete(sessions).where(which)).rowcount
        if count:
            self._store.trail.append(events.LoggedOff(by=by, person=account, why=why, sessions=count))


def csrf_of(token: str) -> str:
    """The CSRF token of a session."""
    return hmac.digest(token.encode("utf-8", "replace"), b"redactor csrf", "sha256").hex()


def _session(row: Any) -> Session:
    return Session(hash=row.hash, account=row.account, stage=row.stage, made=row.made, seen=row.seen)
