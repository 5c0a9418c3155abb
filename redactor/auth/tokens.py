"""Tokens for programs (hooks, exports): random, stored as hashes, with scopes and an end; they can be revoked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from redactor.audit_log import events
from redactor.auth.roles import SCOPES
from redactor.auth.store import AccessStore, tokens
from redactor.auth.totp import hash_of
from redactor.errors import ConfigurationError

PREFIX = "rdt_"
"""Secret scanners recognise tokens by it."""
LONGEST_DAYS = 400
_FRESH = 60.0


@dataclass(frozen=True, slots=True)
class AccessToken:
    id: int
    name: str
    scopes: frozenset[str]
    made: float
    until: float
    revoked: float
    used: float


class Tokens:
    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def make(self, name: str, scopes: Iterable[str], *, days: int, by: str) -> str:
        """Make a token, which is shown only once.

        Raises:
            ConfigurationError: an unknown scope, no name, or too long a lifetime.
        """
        wanted = sorted(set(scopes))
        if not wanted or not set(wanted) <= set(SCOPES):
            raise ConfigurationError(f"Scopes are {', '.join(SCOPES)}.", hint="Give one or more with --scope.")
        if not 1 <= days <= LONGEST_DAYS:
            raise ConfigurationError(f"A token lasts 1 to {LONGEST_DAYS} days.", hint="Change --days.")
        if not name or len(name) > 64 or not name.isprintable():
            raise ConfigurationError(
                "A token needs a name of up to 64 characters.", hint="Name the program that uses it."
            )
        token, now = PREFIX + secrets.token_urlsafe(32), self._store.clock()
        row = {
            "hash": hash_of(token),
            "name": name,
            "scopes": ",".join(wanted),
            "made": now,
            "until": now + days * 86_400.0,
        }
        with self._store.begin() as c:
            number = int(c.execute(insert(tokens).values(**row)).inserted_primary_key[0])  # type: ignore[index]
            self._store.trail.append(
                events.TokenMade(by=by, token=number, scopes=",".join(wanted), until=int(now + days * 86_400.0))
            )
        return token

    def find(self, token: str) -> AccessToken | None:
        """The token, None if it is not valid (any more)."""
        if not token.startswith(PREFIX):
            return None
        now = self._store.clock()
        with self._store.begin() as c:
            row = c.execute(select(tokens).where(tokens.c.hash == hash_of(token))).first()
            if row is None or row.revoked or row.until <= now:
                return None
            if now > row.used + _FRESH:
                c.execute(update(tokens).where(tokens.c.id == row.id).values(used=now))
        return _token(row)

    def list(self) -> list[AccessToken]:
        with self._store.begin() as c:
            return [_token(row) for row in c.execute(select(tokens).order_by(tokens.c.id))]

    def revoke(self, number: int, *, by: str) -> bool:
        """Revoke a token at once; false if there is no valid token with this number."""
        with self._store.begin() as c:
            mine = (tokens.c.id == number, tokens.c.revoked == 0.0)
            if not c.execute(update(tokens).where(*mine).values(revoked=self._store.clock())).rowcount:
                return False
            self._store.trail.append(events.TokenRevoked(by=by, token=number))
        return True


def _token(row: Any) -> AccessToken:
    return AccessToken(row.id, row.name, frozenset(row.scopes.split(",")), row.made, row.until, row.revoked, row.used)
