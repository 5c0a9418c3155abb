"""Renders what a person has corrected, checks it as the pipeline would, and has it written where the run or the service
would have put it (`recordings.ReviewedRecordings`).

    audit log ─▶ row "begun" ─▶ publish: claimed ─▶ artefacts, document last ─▶ claim settled ─▶ row "done"

A program that is killed in between leaves no artefact that counts. What was begun is finished at the next start.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, delete, insert, select, update

from redactor.audit_log import Trail, events
from redactor.auth import Person
from redactor.crypto import Sealer
from redactor.database import now
from redactor.errors import Busy, RedactorError, as_redactor_error
from redactor.pipeline import Artefacts
from redactor.review.recordings import FoundRecording, ReviewedRecordings
from redactor.review.repository import Stale
from redactor.review.schema import WITHHELD, messages, releases, reviews
from redactor.review.versions import VersionService
from redactor.types import Plan, Recording

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline

PRIORITIES = {"withheld": 2.0, "redacted": 1.0}
"""What is reviewed first, plus the recording's doubt, from 0 to 1; 0: nothing is left to do."""

WRITTEN = ("redacted", "released")
"""Outcomes of messages that have artefacts."""
_RANDOM = 16


class ReleaseInProgress(Busy):
    """Another process is writing the recording."""

    reason = "release-in-progress"
    default_hint = "Load the page again in a minute."


class ReleaseUnfinished(ReleaseInProgress):
    """The artefacts are written, but the end could not be recorded; the next look at what was begun does that."""

    reason = "release-unfinished"
    default_hint = "No action is needed: the service finishes it."


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who releases: `by` for the audit log, `person` for the database."""

    by: str
    person: int


def reviewer_of(person: Person) -> Reviewer:
    """A person who is logged in."""
    return Reviewer(person.actor, person.id)


@dataclass(frozen=True, slots=True)
class _Rendered:
    """Checked artefacts of a version, with what they are made of and the settings that they carry."""

    row: dict[str, Any]
    found: FoundRecording
    recording: Recording
    artefacts: Artefacts
    settings: str


Judge = Callable[[dict[str, Any], Recording, Plan], bool]
"""Gives a released recording to the rules, if they apply to it; returns whether they do."""


class Releases:
    """See the module's docstring. Safe for many threads.

    Args:
        pipeline: returns the pipeline, or None while the model is loading.
        judge: called with what is about to be released.
    """

    def __init__(
        self,
        recordings: ReviewedRecordings,
        versions: VersionService,
        *,
        engine: Engine,
        trail: Trail,
        sealer: Sealer,
        pipeline: Callable[[], Pipeline | None],
        judge: Judge = lambda *_: False,
    ) -> None:
        self._recordings, self._versions = recordings, versions
        self._engine, self._trail, self._sealer = engine, trail, sealer
        self._pipeline, self._judge = pipeline, judge
        self._one = threading.Lock()  # so that the second of two clicks finds the work done

    def release(self, message: str, version: int, who: Reviewer, *, reason: str) -> None:
        """Release a withheld recording.

        Raises:
            Stale: `version` is not the current one, or the recording is not withheld (any more).
            Quarantine: the check of the result withholds it again. RedactorError: it cannot be written.
        """
        with self._one:
            self._expect(message, version, WITHHELD)
            mark = self._trail.mark(reason)
            made = self._rendered(message, version, who)
            self._trail.append(events.MessageReleased(by=who.by, message=message, version=version, reason=mark))
            self._write(message, version, who, made, what="released", reason=reason)

    def replace(self, message: str, version: int, who: Reviewer) -> None:
        """Replace the artefacts of a redacted or released recording by those of its current version.

        Raises:
            As `release`.
        """
        with self._one:
            self._expect(message, version, WRITTEN)
            made = self._rendered(message, version, who)
            self._trail.append(events.ArtefactsReplaced(by=who.by, message=message, version=version))
            self._write(message, version, who, made, what="replaced", reason="")

    def refuse(self, message: str, who: Reviewer, *, reason: str) -> None:
        """Note that a withheld recording cannot be released. It does not come up again by itself.

        Raises:
            Stale: it is not withheld (any more).
        """
        row = self._expect(message, None, WITHHELD)
        event = events.ReleaseRefused(by=who.by, message=message, reason=self._trail.mark(reason))
        with self._engine.begin() as c:
            self._settle(c, message, who, outcome="refused")
            self._note(c, message, row["version"], who, what="refused", reason=reason, state="done")
            self._trail.append(event)
        self._recordings.settled(row, "refused")

    def done(self, message: str, version: int, who: Reviewer) -> None:
        """Note that the redaction was checked; an edited version is written first if it was not yet.

        Raises:
            As `replace`.
        """
        row = self._expect(message, version, WRITTEN)
        if row["written"] != version and version > 1:
            self.replace(message, version, who)
        with self._engine.begin() as c:
            self._settle(c, message, who)
            self._note(c, message, version, who, what="done", reason="", state="done")
            self._trail.append(events.MessageDone(by=who.by, message=message, version=version))

    def finish_begun(self, *, older: float = 0.0) -> None:
        """Finish what an earlier process began; what fails waits for a person again.

        Args:
            older: seconds; what was begun later is left to the process that began it.
        """
        with self._engine.connect() as c:
            begun = releases.c.state == "begun", releases.c.at <= now(c) - older
            query = select(releases).where(*begun).order_by(releases.c.id)
            rows = [dict(row) for row in c.execute(query).mappings()]
        for row in rows:
            with self._one:
                self._finish(row)

    def _finish(self, row: dict[str, Any]) -> None:
        who = Reviewer(row["by"], row["person"])
        try:
            made = self._rendered(row["message"], row["version"], who)
            self._publish(made, what=row["what"], again=True)
            self._finished(made, row["version"], who, row["id"], what=row["what"])
        except ReleaseInProgress:
            return
        except Exception as error:  # noqa: BLE001 - the person sees it in the queue, and may press the button again
            self._failed(row["message"], row["version"], who, row["id"], as_redactor_error(error, "release"))

    # --- steps

    def _expect(self, message: str, version: int | None, outcomes: Sequence[str]) -> dict[str, Any]:
        row = self._versions.store.find(message)
        if row is None or row["outcome"] not in outcomes or version not in (None, row["version"]):
            raise Stale("The recording was changed, released or written meanwhile.")
        return row

    def _rendered(self, message: str, version: int, who: Reviewer) -> _Rendered:
        """The artefacts of the current version, checked as those of the run or the service."""
        pipeline, row = self._ready(), self._versions.store.find(message)
        if row is None:
            raise Stale("There is no such message any more.")
        found = self._recordings.find(row)
        recording, plan = self._versions.corrected(message, version, by=who.by, reason="release")
        settings = pipeline.settings(found.transcriber, found.policy, found.context)
        made = pipeline.make(recording, plan, settings, policy=found.policy, context=found.context)
        return _Rendered(row, found, recording, made, settings)

    def _write(self, message: str, version: int, who: Reviewer, made: _Rendered, *, what: str, reason: str) -> None:
        with self._engine.begin() as c:
            number = self._note(c, message, version, who, what=what, reason=reason, state="begun")
        try:
            self._publish(made, what=what, again=False)
        except ReleaseUnfinished:
            raise
        except Exception as error:
            self._failed(message, version, who, number, as_redactor_error(error, "release a recording"))
            raise
        self._finished(made, version, who, number, what=what)

    def _publish(self, made: _Rendered, *, what: str, again: bool) -> None:
        self._recordings.publish(made.row, made.found, made.artefacts, made.settings, what=what, again=again)

    def _finished(self, made: _Rendered, version: int, who: Reviewer, number: int, *, what: str) -> None:
        message, written = made.row["id"], {"written": version}
        judged = what == "released" and self._judge(made.row, made.recording, made.artefacts.plan)
        with self._engine.begin() as c:
            c.execute(update(releases).where(releases.c.id == number).values(state="done"))
            if judged:
                c.execute(delete(reviews).where(reviews.c.message == message, reviews.c.verdict == ""))
                c.execute(
                    update(messages)
                    .where(messages.c.id == message)
                    .values(state="new", outcome="released", priority=0.0, turn=messages.c.turn + 1, **written)
                )
            elif what == "released":
                self._settle(c, message, who, outcome="released", **written)
            else:
                c.execute(update(messages).where(messages.c.id == message).values(**written))

    def _failed(self, message: str, version: int, who: Reviewer, number: int, error: RedactorError) -> None:
        with self._engine.begin() as c:
            c.execute(update(releases).where(releases.c.id == number).values(state="failed"))
        self._trail.append(events.ReleaseFailed(by=who.by, message=message, version=version, why=error.reason))

    def _settle(self, c: Any, message: str, who: Reviewer, **values: Any) -> None:
        """Nothing is left to do for this message."""
        c.execute(
            update(messages)
            .where(messages.c.id == message)
            .values(state="reviewed", priority=0.0, turn=messages.c.turn + 1, **values)
        )
        c.execute(
            update(reviews)
            .where(reviews.c.message == message, reviews.c.person == who.person)
            .values(state="given", given=now(c))
        )

    def _note(self, c: Any, message: str, version: int, who: Reviewer, *, what: str, reason: str, state: str) -> int:
        sealed = self._sealer.seal(secrets.token_bytes(_RANDOM) + reason.encode())
        values = {
            "message": message,
            "what": what,
            "version": version,
            "by": who.by,
            "person": who.person,
            "at": now(c),
            "reason": sealed,
            "state": state,
        }
        return int(c.execute(insert(releases).values(values).returning(releases.c.id)).scalar_one())

    def history(self, message: str) -> list[dict[str, Any]]:
        """What was done with a message, oldest first, with the typed reasons."""
        with self._engine.connect() as c:
            rows = c.execute(select(releases).where(releases.c.message == message).order_by(releases.c.id))
            return [{**row, "reason": self._opened(row["reason"])} for row in map(dict, rows.mappings())]

    def reopen(self, message: str) -> None:
        """Put a message that was settled into the queue again, for anybody."""
        row = self._versions.store.find(message)
        if row is None or row["outcome"] == "deleted":
            return
        outcome = "withheld" if row["outcome"] == "refused" else row["outcome"]
        with self._engine.begin() as c:
            c.execute(delete(reviews).where(reviews.c.message == message, reviews.c.verdict == ""))
            c.execute(
                update(messages)
                .where(messages.c.id == message)
                .values(state="new", outcome=outcome, priority=PRIORITIES.get(outcome, 1.0) + row["doubt"])
            )
        if row["outcome"] == "refused":
            self._recordings.settled(row, "reopened")

    def _opened(self, sealed: bytes) -> str:
        opened = self._sealer.open(bytes(sealed))
        return opened[_RANDOM:].decode() if opened else ""

    def _ready(self) -> Pipeline:
        pipeline = self._pipeline()
        if pipeline is None:
            raise Busy("The model is still loading.")
        return pipeline
