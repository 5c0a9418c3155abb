"""What people say of messages: decisions on findings, blind reviews, adjudications. Nothing is ever changed, only added
to.

    new ──give──▶ open ──give──▶ reviewed          (as many reviews as are wanted, and they agree)
                        └──────▶ disputed ──adjudicate──▶ adjudicated

A reviewer sees no other's decisions, and who has read a review of a message gives none any more; who gave one does not
settle the dispute. Two reviews agree if they have the same verdict, the same answer to every finding that both judged,
and the same missed rules.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, and_, exists, func, insert, literal, select, update

from redactor.crypto import Sealer
from redactor.database import now, reading
from redactor.errors import Busy
from redactor.review.repository import Stale
from redactor.review.schema import adjudications, decisions, findings, looked, messages, reviews, sampled

_CHANCE = 16  # bytes

VERDICTS = ("pass", "findings", "undetermined")
ANSWERS = ("accept", "reject")


Told = Callable[[], object]
"""Called when all is checked and nothing is kept yet: if it raises (the trail cannot be written), nothing is kept."""


def _nobody() -> None:
    pass


class AlreadyTaken(Busy):
    """As many people as are wanted have taken the message."""

    reason = "taken"
    default_hint = "Take the next one."


class Undecided(Busy):
    """Not every finding has an answer yet."""

    reason = "undecided"
    default_hint = "Accept or reject each finding first."


@dataclass(frozen=True, slots=True)
class ReviewerVerdicts:
    """What one person says of a message.

    Attributes:
        answers: finding → accept or reject.
        missed: (rule, start, end) of what the rules did not find, seconds.
        comments: finding → what was typed, unsealed.
        state: "", "taken" or "given".
    """

    person: int
    answers: Mapping[int, str] = field(default_factory=dict)
    missed: tuple[tuple[str, float, float], ...] = ()
    comments: Mapping[int, str] = field(default_factory=dict, repr=False)
    state: str = ""
    verdict: str = ""
    comment: str = field(default="", repr=False)
    version: int = 0
    given: float = 0.0

    @property
    def missed_rules(self) -> tuple[str, ...]:
        return tuple(sorted({rule for rule, _, _ in self.missed}))

    def agrees(self, other: ReviewerVerdicts) -> bool:
        """See the module's text."""
        both = set(self.answers) & set(other.answers)
        return (
            self.verdict == other.verdict
            and all(self.answers[n] == other.answers[n] for n in both)
            and self.missed_rules == other.missed_rules
        )


class Reviews:
    """Safe for many threads and processes.

    Args:
        sealer: hides what people type.
    """

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._reads, self._sealer = engine, reading(engine), sealer

    # --- reviews
    # -------------------------------------------------------------------------------------------------------

    def take(self, message: str, person: int) -> None:
        """Say that this person reviews a message; again changes nothing.

        Raises:
            Taken
        """
        with self._engine.begin() as c:
            self._take(c, message, person)

    def take_next(self, person: int) -> str:
        """The message that this person should judge now: what they have taken, else the next of a sample; "" if
        there is none.
        """
        held = (
            select(reviews.c.message)
            .where(reviews.c.person == person, reviews.c.state == "taken")
            .order_by(reviews.c.taken)
            .limit(1)
        )
        others = (
            select(func.count())
            .select_from(reviews)
            .where(reviews.c.message == messages.c.id)
            .correlate(messages)
            .scalar_subquery()
        )
        following = (
            select(messages.c.id)
            .join(sampled, sampled.c.message == messages.c.id)
            .where(
                messages.c.state.in_(("new", "open")),
                others < messages.c.needed,
                ~exists().where(and_(reviews.c.message == messages.c.id, reviews.c.person == person)),
                ~exists().where(and_(looked.c.message == messages.c.id, looked.c.person == person)),
            )
            # What somebody has begun is finished first.
            .order_by(messages.c.state.desc(), sampled.c.sample, messages.c.id)
            .limit(1)
        )
        with self._engine.begin() as c:
            if found := c.execute(held).scalar():
                return str(found)
            found = c.execute(following).scalar()
            if found:
                self._take(c, found, person)
        return str(found or "")

    def _take(self, c: Connection, message: str, person: int) -> None:
        row = c.execute(
            select(messages.c.needed, messages.c.state).where(messages.c.id == message).with_for_update()
        ).first()
        holders = list(c.execute(select(reviews.c.person).where(reviews.c.message == message)).scalars())
        if person in holders:
            return
        if row is None or len(holders) >= row.needed or row.state not in ("new", "open"):
            raise AlreadyTaken("Others review this message already.")
        if c.execute(select(looked.c.at).where(looked.c.message == message, looked.c.person == person)).first():
            raise AlreadyTaken("You have read a review of this message: another one must be blind.")
        c.execute(insert(reviews).values(message=message, person=person, state="taken", taken=now(c)))

    def decide(
        self,
        message: str,
        person: int,
        *,
        finding: int,
        rule: str,
        decision: str,
        comment: str = "",
        start: float = 0.0,
        end: float = 0.0,
        told: Told = _nobody,
    ) -> None:
        """An answer to a finding, or (finding -1, "missed" or "withdraw") what the rules did not find. The last one
        counts.

        Raises:
            Taken: the message is not this person's to judge, or has been judged by them.
            ValueError: there is no such finding or answer.
        """
        if decision not in (*ANSWERS, "missed", "withdraw") or (decision in ANSWERS) != (finding >= 0):
            raise ValueError("no such answer")
        with self._engine.begin() as c:
            self._take(c, message, person)
            if self._state(c, message, person) != "taken":
                raise AlreadyTaken("You have given your review of this message.")
            if (
                finding >= 0
                and not c.execute(
                    select(findings.c.rule).where(findings.c.message == message, findings.c.number == finding)
                ).scalar()
            ):
                raise ValueError("no such finding")
            told()
            c.execute(
                insert(decisions).values(
                    message=message,
                    person=person,
                    finding=finding,
                    rule=rule,
                    decision=decision,
                    start=start,
                    end=end,
                    at=now(c),
                    comment=self._sealed(comment),
                )
            )

    def give(
        self, message: str, person: int, *, version: int, verdict: str, comment: str = "", told: Told = _nobody
    ) -> str:
        """End a review; the message's new state.

        Raises:
            Stale: the redaction was changed since this version was shown.
            Undecided: a finding has no answer.
            Taken: it is not this person's, or has been given.
        """
        if verdict not in VERDICTS:
            raise ValueError("no such verdict")
        with self._engine.begin() as c:
            self._take(c, message, person)
            row = self._ready(c, message, person, version)
            told()
            c.execute(
                update(reviews)
                .where(reviews.c.message == message, reviews.c.person == person)
                .values(state="given", given=now(c), version=version, verdict=verdict, comment=self._sealed(comment))
            )
            given = [j for j in self._all(c, message) if j.state == "given"]
            if len(given) < row["needed"]:
                state = "open"
            else:
                state = "reviewed" if all(given[0].agrees(other) for other in given[1:]) else "disputed"
            c.execute(update(messages).where(messages.c.id == message).values(state=state, turn=messages.c.turn + 1))
        return state

    def mine(self, message: str, person: int) -> ReviewerVerdicts:
        """What this person says of it so far."""
        with self._reads.connect() as c:
            return self._judged(c, message, person)

    # --- adjudication
    # --------------------------------------------------------------------------------------------------

    def all(self, message: str) -> list[ReviewerVerdicts]:
        """What everybody says: for those who adjudicate only."""
        with self._reads.connect() as c:
            return self._all(c, message)

    def told_all(self, person: int, message: str = "") -> None:
        """Keep that a person has read the reviews of a message ("": of every one) that is reviewed: a sample may ask
        for another, blind one.
        """
        seen = exists().where(and_(looked.c.message == messages.c.id, looked.c.person == person))
        with self._engine.begin() as c:
            new = select(messages.c.id, literal(person), literal(now(c))).where(messages.c.state == "reviewed", ~seen)
            if message:
                new = new.where(messages.c.id == message)
            c.execute(insert(looked).from_select(["message", "person", "at"], new))

    def adjudicate(
        self,
        message: str,
        person: int,
        *,
        turn: int,
        verdict: str,
        answers: Mapping[int, str],
        missed: Sequence[str],
        comment: str = "",
        told: Told = _nobody,
    ) -> None:
        """Settle a dispute.

        Raises:
            Stale: the message is not as it was when it was shown (`turn`), or there is no dispute.
            Taken: one of the two reviews is this person's.
        """
        if verdict not in VERDICTS or not set(answers.values()) <= set(ANSWERS):
            raise ValueError("no such verdict")
        kept = json.dumps({"answers": {str(n): a for n, a in answers.items()}, "missed": sorted(set(missed))})
        with self._engine.begin() as c:
            if self._state(c, message, person):
                raise AlreadyTaken("You have reviewed this message yourself.", hint="Another lead settles it.")
            done = c.execute(
                update(messages)
                .where(messages.c.id == message, messages.c.turn == turn, messages.c.state == "disputed")
                .values(state="adjudicated", turn=turn + 1)
            )
            if done.rowcount != 1:
                raise Stale("The message was settled or reviewed by somebody else meanwhile.")
            told()
            c.execute(
                insert(adjudications).values(
                    message=message,
                    person=person,
                    at=now(c),
                    verdict=verdict,
                    decisions=kept,
                    comment=self._sealed(comment),
                )
            )

    def settled(self, message: str) -> dict[str, Any] | None:
        """The last adjudication."""
        query = select(adjudications).where(adjudications.c.message == message).order_by(adjudications.c.id.desc())
        with self._reads.connect() as c:
            row = c.execute(query.limit(1)).mappings().first()
        return {**row, **json.loads(row["decisions"]), "comment": self._opened(row["comment"])} if row else None

    # --- parts
    # ---------------------------------------------------------------------------------------------------------

    def _ready(self, c: Connection, message: str, person: int, version: int) -> Mapping[str, Any]:
        """The message, if this person may end their review of this version."""
        row = c.execute(select(messages).where(messages.c.id == message).with_for_update()).mappings().one()
        if row["version"] != version:
            raise Stale("The redaction was changed since you opened the message.")
        if self._state(c, message, person) == "given":
            raise AlreadyTaken("You have given your review of this message.")
        mine = self._judged(c, message, person)
        query = select(findings.c.number).where(findings.c.message == message, findings.c.verdict == "findings")
        if missing := [n for n in c.execute(query).scalars() if n not in mine.answers]:
            raise Undecided(f"{len(missing)} findings have no answer yet.")
        return dict(row)

    def _state(self, c: Connection, message: str, person: int) -> str:
        found = c.execute(
            select(reviews.c.state).where(reviews.c.message == message, reviews.c.person == person)
        ).scalar()
        return str(found or "")

    def _all(self, c: Connection, message: str) -> list[ReviewerVerdicts]:
        people = c.execute(select(reviews.c.person).where(reviews.c.message == message).order_by(reviews.c.id))
        return [self._judged(c, message, int(person)) for person in people.scalars()]

    def _judged(self, c: Connection, message: str, person: int) -> ReviewerVerdicts:
        review = (
            c.execute(select(reviews).where(reviews.c.message == message, reviews.c.person == person))
            .mappings()
            .first()
        )
        answers: dict[int, str] = {}
        comments: dict[int, str] = {}
        missed: dict[tuple[str, float, float], bool] = {}
        rows = c.execute(
            select(decisions)
            .where(decisions.c.message == message, decisions.c.person == person)
            .order_by(decisions.c.id)
        )
        for row in rows.mappings():
            if row["finding"] < 0:
                missed[row["rule"], row["start"], row["end"]] = row["decision"] == "missed"
            else:
                answers[row["finding"]] = row["decision"]
                comments[row["finding"]] = self._opened(row["comment"])
        return ReviewerVerdicts(
            person,
            answers,
            tuple(sorted(place for place, stands in missed.items() if stands)),
            comments,
            *(
                (
                    review["state"],
                    review["verdict"],
                    self._opened(review["comment"]),
                    review["version"],
                    review["given"],
                )
                if review
                else ()
            ),
        )

    def _sealed(self, text: str) -> bytes | None:
        # Seals of earlier versions were alike for equal texts, so each begins with some bytes of chance; their rows are
        # still read.
        return self._sealer.seal(secrets.token_bytes(_CHANCE) + text.encode()) if text else None

    def _opened(self, sealed: bytes | None) -> str:
        opened = self._sealer.open(bytes(sealed)) if sealed else None
        return opened[_CHANCE:].decode() if opened else ""
