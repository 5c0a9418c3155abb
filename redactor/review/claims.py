"""Who works on a message: one reviewer at a time, from opening it; others read only.

A claim ends when its holder finishes or leaves the message, or when its page has sent no heartbeat for some minutes. A
lead can take it over. The row of a message is written in one statement, so that of two people who open it at the same
instant exactly one gets it, whatever the database.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from redactor.database import now, reading
from redactor.errors import Busy
from redactor.review.schema import claims, decisions, reviews

if TYPE_CHECKING:
    from redactor.auth import Person

CLAIM_SECONDS = 300.0
"""How long a claim lasts without a heartbeat."""
WRITES = frozenset({"redaction.edit", "finding.decide", "message.release"})
"""Permissions that nobody but the holder of a claim can use on a message."""


class Claimed(Busy):
    """Somebody else works on the message. `holder`: the name of their account."""

    reason = "claimed"
    default_hint = "What you typed is kept. Try again when they have left the message, or ask a lead to take it over."

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} is working on this message, so nobody else can change it.")
        self.holder = holder


@dataclass(frozen=True, slots=True)
class MessageClaim:
    """Who has a message. `key`: of the page that was opened last; `until`: seconds since 1970."""

    message: str
    person: int
    name: str
    key: str
    until: float


class Claims:
    """Safe for many threads and processes.

    Args:
        seconds: how long a claim lasts without a heartbeat.
    """

    def __init__(self, engine: Engine, *, seconds: float = CLAIM_SECONDS) -> None:
        self._engine, self._reads, self.seconds = engine, reading(engine), seconds

    def open(self, message: str, person: Person, *, key: str = "") -> MessageClaim:
        """Claim a message unless somebody else has it; returns the claim that is in force, whoever's it is.

        Args:
            key: of the page, for a heartbeat; otherwise a new one is made.
        """
        while True:
            with self._engine.begin() as c:
                if self.taken(c, message, person.id, person.name, key=key or secrets.token_hex(8)):
                    return self._of(c, message)[0]
                if held := self._of(c, message):
                    return held[0]
            # Its holder left between the two statements.

    def taken(self, c: Connection, message: str, person: int, name: str, *, key: str) -> bool:
        """Claim a message or renew the claim, in a transaction; false if somebody else has it."""
        at = now(c)
        kind = postgresql if c.dialect.name == "postgresql" else sqlite
        values = {"person": person, "name": name, "key": key, "until": at + self.seconds}
        made = (
            kind.insert(claims)
            .values(message=message, **values)
            .on_conflict_do_update(
                index_elements=["message"], set_=values, where=or_(claims.c.until <= at, claims.c.person == person)
            )
            .returning(claims.c.person)
        )
        return c.execute(made).scalar() is not None

    def of(self, message: str) -> MessageClaim | None:
        """The claim in force, None if there is none."""
        with self._reads.connect() as c:
            return next(iter(self._of(c, message)), None)

    def holders(self, listed: Iterable[str]) -> dict[str, str]:
        """Message → name of the account that has it, of these messages."""
        with self._reads.connect() as c:
            query = select(claims.c.message, claims.c.name)
            rows = c.execute(query.where(claims.c.message.in_(list(listed)), claims.c.until > now(c)))
            return {row.message: row.name for row in rows}

    @contextmanager
    def working(self, message: str, person: Person) -> Iterator[None]:
        """While something is saved: nobody else has the message. A program that has not opened it claims it meanwhile.

        Raises:
            Claimed: somebody else has it.
        """
        before = self.of(message)
        mine = before is not None and before.person == person.id
        claim = self.open(message, person, key=before.key if before is not None and mine else "")
        if claim.person != person.id:
            raise Claimed(claim.name)
        try:
            yield
        finally:
            if not mine:
                self.end(message, person.id, key=claim.key)

    def end(self, message: str, person: int, *, key: str = "") -> None:
        """End a person's claim. What they had begun without an answer is free for others again.

        Args:
            key: end it only if this page was the last to open the message; "": whichever was.
        """
        mine = and_(claims.c.message == message, claims.c.person == person, *([claims.c.key == key] if key else []))
        with self._engine.begin() as c:
            if c.execute(delete(claims).where(mine)).rowcount:
                self.free(c, reviews.c.message == message, reviews.c.person == person)

    def take_over(self, message: str, person: Person) -> MessageClaim | None:
        """Give a message to another person, with the review that its holder has begun; the claim that ended."""
        with self._engine.begin() as c:
            before = next(iter(self._of(c, message)), None)
            if before is None or before.person == person.id:
                return None
            c.execute(delete(claims).where(claims.c.message == message, claims.c.person == before.person))
            begun = and_(reviews.c.message == message, reviews.c.person == before.person, reviews.c.state == "taken")
            c.execute(delete(reviews).where(begun))  # their answers stay, and count if they take it again
            self.taken(c, message, person.id, person.name, key=secrets.token_hex(8))
        return before

    def free(self, c: Connection, *conditions: ColumnElement[bool]) -> None:
        """End assignments to people who have answered nothing and no longer have the message."""
        c.execute(
            delete(reviews).where(
                reviews.c.state == "taken",
                ~exists().where(and_(decisions.c.message == reviews.c.message, decisions.c.person == reviews.c.person)),
                ~self.held(c, reviews.c.message, claims.c.person == reviews.c.person),
                *conditions,
            )
        )

    @staticmethod
    def held(c: Connection, message: Any, *who: ColumnElement[bool]) -> ColumnElement[bool]:
        """A condition: a claim on the message is in force."""
        return exists().where(claims.c.message == message, claims.c.until > now(c), *who)

    def _of(self, c: Connection, message: str) -> list[MessageClaim]:
        rows = c.execute(select(claims).where(claims.c.message == message, claims.c.until > now(c))).mappings()
        return [MessageClaim(**row) for row in rows]


def reading_only(person: Person) -> Person:
    """The person as a page shows it while somebody else has the message."""
    return replace(person, permissions=person.permissions - WRITES)


def with_holders(rows: Iterable[Mapping[str, Any]], claims_in_force: Claims) -> tuple[dict[str, Any], ...]:
    """Rows of the queue with `holder`: the name of the account that has the message, "" if nobody has."""
    listed = [dict(row) for row in rows]
    names = claims_in_force.holders(row["id"] for row in listed)
    return tuple({**row, "holder": names.get(row["id"], "")} for row in listed)
