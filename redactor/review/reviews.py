"""What reviewers say about messages: decisions on findings, blind reviews, adjudications. Rows are only ever added.

    new ──give──▶ open ──give──▶ reviewed          (all wanted reviews are given and agree)
                        └──────▶ disputed ──adjudicate──▶ adjudicated

Reviewers do not see each other's decisions. Anybody who has read a review of a message can no longer review it, and
reviewers of a message cannot adjudicate it. Two reviews agree if they have the same verdict, the same answers to the
findings that both answered, and the same missed rules.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from redactor.compliance.model import Severity
from redactor.crypto import Sealer
from redactor.database import now, reading
from redactor.errors import Busy
from redactor.review.claims import CLAIM_SECONDS, Claims
from redactor.review.repository import Stale
from redactor.review.schema import (
    WITHHELD,
    adjudications,
    claims,
    decisions,
    findings,
    looked,
    messages,
    reviews,
    sampled,
)

_RANDOM = 16  # bytes
DAY = 86_400.0
UNREVIEWED = ("new", "open")
_TRIES = 100

VERDICTS = ("pass", "findings", "undetermined")
ANSWERS = ("accept", "reject")


BeforeSave = Callable[[], object]
"""Called after all checks, before anything is saved. If it raises (the log cannot be written), nothing is saved."""


def _gravest_of_oldest_day(c: Connection, conditions: Sequence[ColumnElement[bool]]) -> str | None:
    """The gravest unreviewed message of the oldest day (UTC) that has one; of equals, the oldest."""
    # One query for each state walks the index by state and time, and stops at the first row.
    oldest = [
        c.execute(
            select(messages.c.added)
            .where(messages.c.state == state, *conditions)
            .order_by(messages.c.added, messages.c.id)
            .limit(1)
        ).scalar()
        for state in UNREVIEWED
    ]
    if all(added is None for added in oldest):
        return None
    end = (min(added for added in oldest if added is not None) // DAY + 1) * DAY
    rank = case({severity.value: n for n, severity in enumerate(Severity)}, value=messages.c.severity, else_=9)
    gravest = (
        select(messages.c.id)
        .where(messages.c.state.in_(UNREVIEWED), messages.c.added < end, *conditions)
        .order_by(rank, messages.c.added, messages.c.id)
        .limit(1)
    )
    return c.execute(gravest).scalar()


def _nothing() -> None:
    pass


class AlreadyTaken(Busy):
    """Enough people have taken the message already."""

    reason = "taken"
    default_hint = "Take the next message."


class Undecided(Busy):
    """Some findings have no answer yet."""

    reason = "undecided"
    default_hint = "Accept or reject each finding first."


@dataclass(frozen=True, slots=True)
class ReviewerVerdicts:
    """What one person says about a message.

    Attributes:
        answers: finding → accept or reject.
        missed: (rule, start, end) of breaches that the rules missed; seconds.
        comments: finding → comment, unsealed.
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
        """See the module's docstring."""
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
        claim_seconds: see `Claims`.
    """

    def __init__(self, engine: Engine, sealer: Sealer, *, claim_seconds: float = CLAIM_SECONDS) -> None:
        self._engine, self._reads, self._sealer = engine, reading(engine), sealer
        self.claims = Claims(engine, seconds=claim_seconds)

    # --- reviews

    def take(self, message: str, person: int) -> None:
        """Assign a message to a person; repeating it changes nothing.

        Raises:
            AlreadyTaken
        """
        with self._engine.begin() as c:
            self._take(c, message, person)

    def take_next(self, person: int, name: str = "", *, releases: bool = True, withheld_first: bool = False) -> str:
        """The message that this person should review next: one that they have taken, else one of a sample, else the
        one of the highest priority that the rules do not judge, else the gravest of the oldest day that has unreviewed
        ones; "" if there is none. It is claimed for them; one that somebody else has claimed is never it.

        Samples come first because figures are made of them; without one, nobody waits for a lead to draw it.

        Args:
            releases: whether this person may release withheld recordings; others are not given any.
            withheld_first: before samples, too: somebody waits for them.
        """
        for _ in range(_TRIES):
            with self._engine.begin() as c:
                self.claims.free(c, reviews.c.person != person, reviews.c.taken < now(c) - self.claims.seconds)
                if not (found := self._next(c, person, releases=releases, withheld_first=withheld_first)):
                    return ""
                # Of several who ask at the same instant, one gets it, and the others look again.
                if self.claims.taken(c, found, person, name, key=""):
                    self._take(c, found, person)
                    return found
        raise AlreadyTaken("Many people asked for a message at the same time.", hint="Ask again.")

    def _next(self, c: Connection, person: int, *, releases: bool, withheld_first: bool) -> str:
        unclaimed = ~self.claims.held(c, messages.c.id, claims.c.person != person)
        held = (
            select(reviews.c.message)
            .join(messages, messages.c.id == reviews.c.message)
            .where(reviews.c.person == person, reviews.c.state == "taken", messages.c.outcome != "gone", unclaimed)
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
        theirs = (
            unclaimed,
            others < messages.c.needed,
            ~exists().where(and_(reviews.c.message == messages.c.id, reviews.c.person == person)),
            ~exists().where(and_(looked.c.message == messages.c.id, looked.c.person == person)),
        )
        is_withheld = messages.c.outcome == "withheld"
        # An expression, so that SQLite starts from the few that are sampled or urgent, instead of walking through its
        # index of states, where nearly all messages are alike.
        state = messages.c.state.op("||")("")
        following = (
            select(messages.c.id)
            .join(sampled, sampled.c.message == messages.c.id)
            .where(state.in_(UNREVIEWED), ~is_withheld, *theirs)
            # Messages with one review come first.
            .order_by(messages.c.state.desc(), sampled.c.sample, messages.c.id)
            .limit(1)
        )
        urgent = (
            select(messages.c.id)
            .where(
                state == "new",
                or_(messages.c.direction != "out", is_withheld),
                *(() if releases else (~is_withheld,)),
                messages.c.priority > 0,
                unclaimed,
                ~exists().where(
                    and_(reviews.c.message == messages.c.id, reviews.c.person != person, reviews.c.state == "taken")
                ),
            )
            .order_by(messages.c.priority.desc(), messages.c.added.desc(), messages.c.id.desc())
            .limit(1)
        )
        first = [urgent.where(is_withheld)] if withheld_first and releases else []
        for query in (held, *first, following, urgent):
            if found := c.execute(query).scalar():
                return str(found)
        judged = messages.c.direction == "out", messages.c.outcome.not_in((*WITHHELD, "gone"))
        return _gravest_of_oldest_day(c, (*theirs, *judged)) or ""

    def _take(self, c: Connection, message: str, person: int) -> None:
        row = c.execute(
            select(messages.c.needed, messages.c.state).where(messages.c.id == message).with_for_update()
        ).first()
        holders = list(c.execute(select(reviews.c.person).where(reviews.c.message == message)).scalars())
        if person in holders:
            return
        if row is None or len(holders) >= row.needed or row.state not in ("new", "open"):
            raise AlreadyTaken("Enough people review this message already.")
        if c.execute(select(looked.c.at).where(looked.c.message == message, looked.c.person == person)).first():
            raise AlreadyTaken("You have read a review of this message, so you cannot give a blind one.")
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
        before_save: BeforeSave = _nothing,
    ) -> None:
        """Store an answer to a finding, or a breach that the rules missed (finding -1, "missed" or "withdraw"). The
        last answer counts.

        Raises:
            AlreadyTaken: the message is not this person's to review, or they have submitted their review.
            ValueError: there is no such finding or answer.
        """
        if decision not in (*ANSWERS, "missed", "withdraw") or (decision in ANSWERS) != (finding >= 0):
            raise ValueError("no such answer")
        with self._engine.begin() as c:
            self._take(c, message, person)
            if self._state(c, message, person) != "taken":
                raise AlreadyTaken("You have already submitted your review of this message.")
            if (
                finding >= 0
                and not c.execute(
                    select(findings.c.rule).where(findings.c.message == message, findings.c.number == finding)
                ).scalar()
            ):
                raise ValueError("no such finding")
            before_save()
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
        self,
        message: str,
        person: int,
        *,
        version: int,
        verdict: str,
        comment: str = "",
        before_save: BeforeSave = _nothing,
    ) -> str:
        """Submit a review; returns the message's new state.

        Raises:
            Stale: the redaction has changed since this version was shown.
            Undecided: a finding has no answer.
            AlreadyTaken: it is not this person's review, or is already submitted.
        """
        if verdict not in VERDICTS:
            raise ValueError("no such verdict")
        with self._engine.begin() as c:
            self._take(c, message, person)
            row = self._ready(c, message, person, version)
            before_save()
            c.execute(
                update(reviews)
                .where(reviews.c.message == message, reviews.c.person == person)
                .values(state="given", given=now(c), version=version, verdict=verdict, comment=self._sealed(comment))
            )
            c.execute(delete(claims).where(claims.c.message == message, claims.c.person == person))
            given = [j for j in self._all(c, message) if j.state == "given"]
            if len(given) < row["needed"]:
                state = "open"
            else:
                state = "reviewed" if all(given[0].agrees(other) for other in given[1:]) else "disputed"
            c.execute(update(messages).where(messages.c.id == message).values(state=state, turn=messages.c.turn + 1))
        return state

    def mine(self, message: str, person: int) -> ReviewerVerdicts:
        """What this person has said about a message so far."""
        with self._reads.connect() as c:
            return self._verdicts(c, message, person)

    # --- adjudication

    def all(self, message: str) -> list[ReviewerVerdicts]:
        """What everybody says; only for adjudication."""
        with self._reads.connect() as c:
            return self._all(c, message)

    def note_read(self, person: int, message: str = "") -> None:
        """Note that a person has read the reviews of a reviewed message ("": of all). A later sample may ask for
        another blind review, which they cannot give.
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
        before_save: BeforeSave = _nothing,
    ) -> None:
        """Settle a dispute.

        Raises:
            Stale: the message has changed since it was shown (`turn`), or is not disputed.
            AlreadyTaken: one of the two reviews is this person's.
        """
        if verdict not in VERDICTS or not set(answers.values()) <= set(ANSWERS):
            raise ValueError("no such verdict")
        kept = json.dumps({"answers": {str(n): a for n, a in answers.items()}, "missed": sorted(set(missed))})
        with self._engine.begin() as c:
            if self._state(c, message, person):
                raise AlreadyTaken("You have reviewed this message yourself.", hint="Another lead must decide.")
            done = c.execute(
                update(messages)
                .where(messages.c.id == message, messages.c.turn == turn, messages.c.state == "disputed")
                .values(state="adjudicated", turn=turn + 1)
            )
            if done.rowcount != 1:
                raise Stale("Somebody else decided or reviewed the message meanwhile.")
            before_save()
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
        """The last adjudication of a message, None if there is none."""
        query = select(adjudications).where(adjudications.c.message == message).order_by(adjudications.c.id.desc())
        with self._reads.connect() as c:
            row = c.execute(query.limit(1)).mappings().first()
        return {**row, **json.loads(row["decisions"]), "comment": self._opened(row["comment"])} if row else None

    # --- parts

    def _ready(self, c: Connection, message: str, person: int, version: int) -> Mapping[str, Any]:
        """The message, if this person may submit their review of this version."""
        row = c.execute(select(messages).where(messages.c.id == message).with_for_update()).mappings().one()
        if row["version"] != version:
            raise Stale("The redaction has changed since you opened the message.")
        if self._state(c, message, person) == "given":
            raise AlreadyTaken("You have already submitted your review of this message.")
        if row["direction"] != "out":
            raise Undecided("The rules are for sent messages, so this one has no verdict.", hint="Mark it as done.")
        if row["outcome"] in WITHHELD:
            raise Undecided("The message is withheld, so it has no verdict yet.", hint="Release it first.")
        mine = self._verdicts(c, message, person)
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
        return [self._verdicts(c, message, int(person)) for person in people.scalars()]

    def _verdicts(self, c: Connection, message: str, person: int) -> ReviewerVerdicts:
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
            tuple(sorted(place for place, present in missed.items() if present)),
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
        # Random bytes in front, from the time when equal texts had equal seals; such rows are still read.
        return self._sealer.seal(secrets.token_bytes(_RANDOM) + text.encode()) if text else None

    def _opened(self, sealed: bytes | None) -> str:
        opened = self._sealer.open(bytes(sealed)) if sealed else None
        return opened[_RANDOM:].decode() if opened else ""
