"""Writes what a person has corrected where the run would have put it, so that later runs take it for done.

    audit log ─▶ row "begun" ─▶ ledger: claimed ─▶ artefacts, document last ─▶ ledger: digests ─▶ row "done"

A program that is killed in between leaves no artefact that counts: their digests are not in the ledger, and a run does
the recording again (and withholds it again). What was begun is finished when the review is opened the next time.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, insert, select, update

from redactor.audit_log import Trail, events
from redactor.auth import Person
from redactor.crypto import Sealer
from redactor.database import now
from redactor.errors import Busy, Quarantine, RedactorError, as_redactor_error
from redactor.pipeline import Artefacts
from redactor.review.archive.files import ArchiveFiles
from redactor.review.archive.run import PRIORITIES, ArchiveRun
from redactor.review.repository import Stale
from redactor.review.schema import messages, releases, reviews
from redactor.review.versions import VersionService
from redactor.storage import ArchiveJournal, Claim, Item, Step, fingerprints
from redactor.types import Outcome, Status

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline

OPEN = ("withheld", "refused")
"""Outcomes of messages that may be released."""
WRITTEN = ("redacted", "released")
"""Outcomes of messages that have artefacts in the output folder."""
_RANDOM = 16


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who releases: `by` for the audit log, `person` for the database."""

    by: str
    person: int


def reviewer_of(person: Person) -> Reviewer:
    """A person who is logged in."""
    return Reviewer(person.actor, person.id)


class Releases:
    """See the module's docstring. Safe for many threads: each write holds the run's ledger.

    Args:
        pipeline: returns the pipeline, or None while the model is loading.
        items: the files with a recording's bytes, by its SHA-256.
    """

    def __init__(
        self,
        run: ArchiveRun,
        versions: VersionService,
        archive_files: ArchiveFiles,
        *,
        engine: Engine,
        trail: Trail,
        sealer: Sealer,
        pipeline: Callable[[], Pipeline | None],
        items: Callable[[str], Sequence[Item]],
    ) -> None:
        self._run, self._versions, self._files = run, versions, archive_files
        self._engine, self._trail, self._sealer = engine, trail, sealer
        self._pipeline, self._items = pipeline, items
        self._one = threading.Lock()  # so that the second of two clicks finds the work done

    def release(self, message: str, version: int, who: Reviewer, *, reason: str) -> None:
        """Release a withheld recording.

        Raises:
            Stale: `version` is not the current one, or the recording is not withheld (any more).
            Quarantine: the check of the result withholds it again. RedactorError: it cannot be written.
        """
        with self._one:
            self._expect(message, version, OPEN)
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
        row = self._expect(message, None, OPEN)
        event = events.ReleaseRefused(by=who.by, message=message, reason=self._trail.mark(reason))
        with self._engine.begin() as c:
            self._settle(c, message, who, outcome="refused")
            self._note(c, message, row["version"], who, what="refused", reason=reason, state="done")
            self._trail.append(event)

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

    def finish_begun(self) -> None:
        """Finish what an earlier process began; what fails waits for a person again."""
        begun = select(releases).where(releases.c.state == "begun").order_by(releases.c.id)
        with self._engine.connect() as c:
            rows = [dict(row) for row in c.execute(begun).mappings()]
        for row in rows:
            who = Reviewer(row["by"], row["person"])
            try:
                made = self._rendered(row["message"], row["version"], who)
                self._publish(row["message"], made)
            except Exception as error:  # noqa: BLE001 - the person sees it in the queue, and may press the button again
                self._failed(row["message"], row["version"], who, row["id"], as_redactor_error(error, "release"))
            else:
                self._finished(row["message"], row["version"], who, row["id"], what=row["what"])

    # --- steps

    def _expect(self, message: str, version: int | None, outcomes: Sequence[str]) -> dict[str, Any]:
        row = self._versions.store.find(message)
        if row is None or row["outcome"] not in outcomes or version not in (None, row["version"]):
            raise Stale("The recording was changed, released or written meanwhile.")
        return row

    def _rendered(self, message: str, version: int, who: Reviewer) -> tuple[Item, Artefacts, str]:
        """The artefacts of the current version, checked as those of a run, with the settings that they carry."""
        pipeline = self._ready()
        item, _ = self._files.source(message)
        recording, plan = self._versions.corrected(message, version, by=who.by, reason="release")
        context = self._run.context_for(item, message)
        settings = pipeline.settings(pipeline.transcriber_for(item), context=context)
        return item, pipeline.make(recording, plan, settings, context=context), settings

    def _write(
        self,
        message: str,
        version: int,
        who: Reviewer,
        made: tuple[Item, Artefacts, str],
        *,
        what: str,
        reason: str,
    ) -> None:
        with self._engine.begin() as c:
            number = self._note(c, message, version, who, what=what, reason=reason, state="begun")
        try:
            self._publish(message, made)
        except Exception as error:
            self._failed(message, version, who, number, as_redactor_error(error, "release a recording"))
            raise
        self._finished(message, version, who, number, what=what)

    def _publish(self, message: str, made: tuple[Item, Artefacts, str]) -> None:
        """Write the artefacts at the place of each of the recording's files.

        Raises:
            OutputError: nothing, or nothing that counts, was written.
        """
        first, artefacts, settings = made
        others = [item for item in self._items(message) if item.path != first.path]
        with self._run.journal() as journal:
            for item in (first, *others):
                self._publish_one(journal, item, message, artefacts, settings)
            trouble = journal.trouble
        if trouble is not None:
            raise trouble

    def _publish_one(self, journal: ArchiveJournal, item: Item, message: str, made: Artefacts, settings: str) -> None:
        pipeline = self._ready()
        place = pipeline.target(item, message, self._run.out)
        place.check()
        journal.known(item)  # its size and times, by which later runs know it
        claim = Claim(item, message, _suffix(item), settings, place)
        decision = journal.begin(claim)
        if decision.step is Step.WAIT and any(journal.released(idle=True)):  # it was in progress when a run was killed
            decision = journal.begin(claim)
        if decision.step is Step.SETTLED:  # a copy of the one before
            return
        if decision.step is not Step.PROCEED:
            raise Busy("The recording is in use.")
        try:
            pipeline.save(place, made)
        except RedactorError:
            row = self._versions.store.find(message) or {}
            if row.get("outcome") in OPEN:
                journal.finish(item, _withheld(item, message, row), {})
            raise
        counts: dict[str, int] = {}
        for decision_made in made.plan.decisions:
            if decision_made.action.value == "redact":
                counts[decision_made.finding.label] = counts.get(decision_made.finding.label, 0) + 1
        outcome = Outcome(item.number, message, Status.REDACTED, findings=tuple(sorted(counts.items())))
        journal.finish(item, outcome, fingerprints(made.files))

    def _finished(self, message: str, version: int, who: Reviewer, number: int, *, what: str) -> None:
        settings: dict[str, Any] = {"written": version}
        with self._engine.begin() as c:
            c.execute(update(releases).where(releases.c.id == number).values(state="done"))
            if what == "released":
                self._settle(c, message, who, outcome="released", **settings)
            else:
                c.execute(update(messages).where(messages.c.id == message).values(**settings))

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
        """Put a message that was settled into the queue again."""
        row = self._versions.store.find(message)
        if row is None or row["outcome"] == "deleted":
            return
        outcome = "withheld" if row["outcome"] == "refused" else row["outcome"]
        with self._engine.begin() as c:
            c.execute(
                update(messages)
                .where(messages.c.id == message)
                .values(state="new", outcome=outcome, priority=PRIORITIES.get(outcome, 1.0) + row["doubt"])
            )

    def _opened(self, sealed: bytes) -> str:
        opened = self._sealer.open(bytes(sealed))
        return opened[_RANDOM:].decode() if opened else ""

    def _ready(self) -> Pipeline:
        pipeline = self._pipeline()
        if pipeline is None:
            raise Busy("The model is still loading.")
        return pipeline


def _suffix(item: Item) -> str:
    from redactor.audio import Source

    return Source.of(b"", item.path.suffix).suffix


def _withheld(item: Item, message: str, row: dict[str, Any]) -> Outcome:
    """The outcome that the recording had before, for the ledger."""
    return Outcome(
        item.number,
        message,
        Status.QUARANTINED,
        reason=row["reason"],
        message=row["detail"],
        hint=Quarantine.default_hint,
        exit_code=Quarantine.exit_code,
    )
