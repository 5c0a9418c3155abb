"""Messages under review with their findings and versions, in the database."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from redactor.compliance.model import Audited, RuleVerdict, Severity
from redactor.compliance.results import discreet
from redactor.database import has_mark, migrate, now, reading
from redactor.errors import RedactorError
from redactor.policy import Edit
from redactor.review.schema import findings, grants, messages, reviews, sampled, sendings, versions, words

PAGE = 50
COUNTED = 1000
"""Rows are counted up to here: "1000 or more" is enough for people, and cheap."""
FILTERS = ("state", "verdict", "rule", "severity", "kind", "caller", "outcome", "reason", "direction")
_RANK = {severity.value: n for n, severity in enumerate(Severity)}


class Stale(RedactorError):
    """Somebody else saved first; the request was based on an older version and changed nothing."""

    exit_code = 75
    reason = "stale"
    default_hint = "Load the message again and repeat your changes."


@dataclass(frozen=True, slots=True)
class Filters:
    """Which messages a page of the queue shows. "" and 0 mean any.

    Attributes:
        since, until: seconds since 1970, compared with `added`.
        mine: only messages that this person has taken and not reviewed yet.
        sample: only messages drawn in this sample.
        urgent: highest priority first instead of newest first.
        words: marks of kept words, all of which a message must have (`KeptWords.marks_of`).
    """

    state: str = ""
    verdict: str = ""
    rule: str = ""
    severity: str = ""
    kind: str = ""
    caller: str = ""
    since: float = 0.0
    until: float = 0.0
    mine: int = 0
    sample: int = 0
    outcome: str = ""
    reason: str = ""
    direction: str = ""
    urgent: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the key of the next page ("" on the last)."""

    rows: tuple[Mapping[str, Any], ...]
    following: str
    count: int


class ReviewRepository:
    """Safe for many threads and processes.

    Args:
        engine: see `redactor.database.connect`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self._reads = engine, reading(engine)

    def prepare(self) -> None:
        """Create or migrate the tables."""
        migrate(self.engine)

    # --- writing

    def add(
        self,
        audited: Audited,
        *,
        folder: str,
        by: str,
        audio: str = "",
        place: str = "",
        caller: str = "",
        mailbox: str = "",
        added: float = 0.0,
        before_save: Callable[[], object] = lambda: None,
        also: Callable[[Connection], object] = lambda _: None,
    ) -> bool:
        """Add a message for review. Returns False, and changes nothing, if it exists already.

        Args:
            audio: SHA-256 of its recording, if that is not its id.
            place: see `sent`.
            before_save: called before the commit; if it raises, nothing is saved.
            also: what is written in the same transaction.
        """
        rows = [finding_row(audited.id, n, breach) for n, breach in enumerate(audited.breaches)]
        try:
            with self.engine.begin() as c:
                at = added or now(c)
                c.execute(
                    insert(messages).values(
                        id=audited.id,
                        added=at,
                        duration=audited.duration,
                        **audit_columns(audited),
                        caller=caller,
                        mailbox=mailbox,
                        state="new",
                        needed=1,
                        version=1,
                        folder=folder,
                        turn=0,
                    )
                )
                c.execute(insert(sendings).values(message=audited.id, audio=audio or audited.id, place=place))
                c.execute(
                    insert(versions).values(message=audited.id, version=1, folder=folder, by=by, at=at, edits="[]")
                )
                if rows:
                    c.execute(insert(findings), [{**row, "added": at} for row in rows])
                also(c)
                before_save()
        except IntegrityError:
            return False
        return True

    def new_version(
        self,
        message: str,
        version: int,
        edits: Sequence[Edit],
        *,
        folder: str,
        by: str,
        before_save: Callable[[], object] = lambda: None,
        also: Callable[[Connection], object] = lambda _: None,
    ) -> int:
        """Make `version` + 1 the current version.

        Raises:
            Stale: `version` is no longer the current one.
        """
        with self.engine.begin() as c:
            done = c.execute(
                update(messages)
                .where(messages.c.id == message, messages.c.version == version)
                .values(version=version + 1, folder=folder)
            )
            if done.rowcount != 1:
                raise Stale("Somebody else changed the redaction meanwhile.")
            before_save()
            also(c)
            c.execute(
                insert(versions).values(
                    message=message,
                    version=version + 1,
                    folder=folder,
                    by=by,
                    at=now(c),
                    edits=json.dumps([_stored(e) for e in edits]),
                )
            )
        return version + 1

    def prepared(
        self,
        message: str,
        *,
        folder: str,
        by: str,
        duration: float,
        written: bool,
        also: Callable[[Connection], object] = lambda _: None,
    ) -> bool:
        """Make version 1 of a message that was listed without being opened. Returns False, and changes nothing, if it
        has one already.

        Args:
            written: whether the output folder holds exactly this version.
        """
        with self.engine.begin() as c:
            done = c.execute(
                update(messages)
                .where(messages.c.id == message, messages.c.version == 0)
                .values(version=1, folder=folder, duration=duration, written=int(written))
            )
            if done.rowcount == 1:
                c.execute(
                    insert(versions).values(message=message, version=1, folder=folder, by=by, at=now(c), edits="[]")
                )
                also(c)
        return bool(done.rowcount)

    # --- reading

    def page(self, filters: Filters, *, after: str = "", limit: int = PAGE) -> Page:
        """Messages with their `audio`, newest first, or as `filters` say.

        Args:
            after: `following` of the page before; anything else gives the first page.
        """
        query = _where(filters)
        identity = messages.c.id
        order = (*((messages.c.priority,) if filters.urgent else ()), messages.c.added, identity)
        key = _key(after, len(order))
        shown = query
        if key:
            # Written this way for the index: "first <= x" bounds the scan, the rest orders equal values.
            shown = shown.where(order[0] <= key[0], tuple_(*order) < tuple_(*key))
        shown = _with_audio(shown).order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._reads.connect() as c:
            rows = [dict(row) for row in c.execute(shown).mappings()]
            counted = query.with_only_columns(identity).limit(COUNTED).subquery()
            count = c.execute(select(func.count()).select_from(counted)).scalar_one()
        more = rows[limit - 1] if len(rows) > limit else None
        return Page(tuple(rows[:limit]), "_".join(_shown(more[c.name]) for c in order) if more else "", int(count))

    def find(self, message: str) -> dict[str, Any] | None:
        """The row of a message, with `audio`; None if there is none."""
        query = _with_audio(select(messages)).where(messages.c.id == message)
        with self._reads.connect() as c:
            row = c.execute(query).mappings().first()
        return dict(row) if row else None

    def sent(self, audio: str, place: str) -> str:
        """The message for a recording that was sent from a place (a keyed mark); "" if there is none."""
        query = select(sendings.c.message).where(sendings.c.audio == audio)
        with self._reads.connect() as c:
            if found := c.execute(query.where(sendings.c.place == place)).scalar():
                return str(found)
            if not (found := c.execute(query.where(sendings.c.place == "")).scalar()):
                return ""
        with self.engine.begin() as c:  # a row of an earlier version, whose place becomes known now
            unknown = update(sendings).where(sendings.c.message == found, sendings.c.place == "")
            return str(found) if c.execute(unknown.values(place=place)).rowcount else ""

    def sendings(self, audio: str, *, limit: int = PAGE) -> list[dict[str, Any]]:
        """Messages that share a recording, newest first."""
        query = select(messages).join(sendings, sendings.c.message == messages.c.id).where(sendings.c.audio == audio)
        with self._reads.connect() as c:
            rows = c.execute(query.order_by(messages.c.added.desc(), messages.c.id.desc()).limit(limit)).mappings()
            return [dict(row) for row in rows]

    def findings(self, message: str) -> list[dict[str, Any]]:
        """Findings of the rules in their order, with `evidence` decoded."""
        with self._reads.connect() as c:
            rows = c.execute(select(findings).where(findings.c.message == message).order_by(findings.c.number))
            return [{**row, "evidence": json.loads(row["evidence"])} for row in map(dict, rows.mappings())]

    def edits(self, message: str, version: int) -> tuple[Edit, ...]:
        """All edits that lead from the first plan to a version."""
        with self._reads.connect() as c:
            kept = c.execute(
                select(versions.c.edits).where(versions.c.message == message, versions.c.version == version)
            ).scalar_one()
        return tuple(Edit(**edit) for edit in json.loads(kept))

    def history(self, message: str) -> list[dict[str, Any]]:
        """Versions, oldest first, each with all `edits` since the first plan."""
        with self._reads.connect() as c:
            rows = c.execute(
                select(versions.c.version, versions.c.by, versions.c.at, versions.c.edits)
                .where(versions.c.message == message)
                .order_by(versions.c.version)
            ).mappings()
            return [{**row, "edits": tuple(Edit(**edit) for edit in json.loads(row["edits"]))} for row in rows]

    def counts(self, by: str = "state") -> dict[str, int]:
        """Number of messages by state, or by another column."""
        with self._reads.connect() as c:
            rows = c.execute(select(messages.c[by], func.count()).group_by(messages.c[by]))
            return {value: int(n) for value, n in rows}

    def kinds(self) -> list[str]:
        """Rules with at least one finding."""
        with self._reads.connect() as c:
            return list(c.execute(select(findings.c.rule).distinct().order_by(findings.c.rule)).scalars())

    # --- grants to hear the original

    def grant(self, message: str, person: int, *, sitting: str, seconds: float, reason: bytes) -> str:
        """Allow one person to hear and read one original for some time; the id of the grant.

        Args:
            sitting: mark of the log-in, and of the emergency access if any; the grant ends with either.
            reason: sealed.
        """
        identity = secrets.token_hex(16)
        with self.engine.begin() as c:
            at = now(c)
            c.execute(
                insert(grants).values(
                    id=identity,
                    message=message,
                    person=person,
                    sitting=sitting,
                    until=at + seconds,
                    reason=reason,
                )
            )
        return identity

    def granted(self, message: str, person: int, sitting: str) -> str:
        """The id of the grant that this person has now, "" if none."""
        with self._reads.connect() as c:
            found = c.execute(
                select(grants.c.id)
                .where(
                    grants.c.message == message,
                    grants.c.person == person,
                    grants.c.sitting == sitting,
                    grants.c.until > now(c),
                )
                .order_by(grants.c.until.desc())
                .limit(1)
            ).scalar()
        return str(found or "")

    def end_grants(self, message: str, person: int) -> None:
        """End the grants of a person for a message."""
        with self.engine.begin() as c:
            c.execute(delete(grants).where(grants.c.message == message, grants.c.person == person))


def audit_columns(audited: Audited) -> dict[str, str]:
    """The columns of a message that say what the rules found."""
    # Breaches rank above undetermined rules.
    gravest = min(
        audited.breaches,
        key=lambda b: (b.verdict is not RuleVerdict.FINDINGS, _RANK[b.severity.value]),
        default=None,
    )
    return {
        "kind": audited.kind.value,
        "verdict": audited.verdict.value,
        "severity": gravest.severity.value if gravest else "",
        "rule": gravest.rule if gravest else "",
        "rules": " ".join(sorted({b.rule for b in audited.breaches})),
        "ruleset": audited.rules,
    }


def finding_row(message: str, number: int, breach: Any) -> dict[str, Any]:
    """The row of a finding, without `added`."""
    # The number of the matching list entry would reveal the spoken word to anybody who looks it up.
    evidence = [
        {
            "channel": e.channel,
            "first": e.first,
            "last": e.last,
            "start": round(e.start, 3),
            "end": round(e.end, 3),
            "confidence": round(e.confidence, 3),
            "score": round(e.score, 3),
            "matched": discreet(e.matched),
        }
        for e in breach.evidence
    ]
    return {
        "message": message,
        "number": number,
        "rule": breach.rule,
        "severity": breach.severity.value,
        "verdict": breach.verdict.value,
        "why": breach.why[:400],
        "better": breach.better[:400],
        "missing": ", ".join(breach.missing)[:200],
        "evidence": json.dumps(evidence),
    }


def _stored(edit: Edit) -> dict[str, Any]:
    # Without a note, a row is as earlier versions wrote and read it.
    return {name: value for name, value in asdict(edit).items() if name != "note" or value}


def _with_audio(query: Select[Any]) -> Select[Any]:
    audio = func.coalesce(sendings.c.audio, messages.c.id).label("audio")
    return query.add_columns(audio).outerjoin(sendings, sendings.c.message == messages.c.id)


def _where(f: Filters) -> Select[Any]:
    added, identity = messages.c.added, messages.c.id
    query = select(messages)
    if f.outcome != "gone":
        query = query.where(messages.c.outcome != "gone")
    if f.rule:
        broken = select(findings.c.message).where(findings.c.rule == f.rule)
        # `added` is the message's in both tables.
        if f.since:
            broken = broken.where(findings.c.added >= f.since)
        if f.until:
            broken = broken.where(findings.c.added < f.until)
        query = query.where(identity.in_(broken.scalar_subquery()))
    for name in ("state", "verdict", "severity", "kind", "caller", "outcome", "reason", "direction"):
        if value := getattr(f, name):
            query = query.where(messages.c[name] == value)
    if f.since:
        query = query.where(added >= f.since)
    if f.until:
        query = query.where(added < f.until)
    if f.mine:
        query = query.join(
            reviews, and_(reviews.c.message == identity, reviews.c.person == f.mine, reviews.c.state == "taken")
        )
    if f.words:
        having = (has_mark(words.c.marks, mark) for mark in f.words)
        query = query.where(identity.in_(select(words.c.message).where(*having)))
    if f.sample:
        query = query.join(sampled, and_(sampled.c.message == identity, sampled.c.sample == f.sample))
    return query


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else repr(value)


def _key(after: str, length: int) -> tuple[float | str, ...] | None:
    """The values of `Page.following`."""
    *numbers, identity = after.split("_")
    try:
        found: tuple[float | str, ...] = (*map(float, numbers), identity)
    except ValueError:
        return None
    return found if len(identity) == 64 and len(found) == length else None
