"""The recordings of the service's jobs for the review: how they were processed, and where a corrected one is written.

    job: releasing ─▶ result, document last ─▶ original replaced (if configured) ─▶ job: redacted ─▶ notice removed

Whatever fails in between is put back as it was. A process that is killed leaves the job "releasing", which nobody else
takes; `review.releases` does it again at the next start.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from redactor.audio import Source
from redactor.errors import Busy, InputError, Quarantine, RedactorError, Refused
from redactor.pipeline import Artefacts
from redactor.review.job_messages import JobMessages
from redactor.review.recordings import FoundRecording
from redactor.review.releases import ReleaseUnfinished
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest.sources import Recordings
from redactor.service.jobs.handler import JobHandler
from redactor.service.jobs.queue import Job, Queue
from redactor.service.jobs.releases import REFUSED, JobReleases
from redactor.service.other_formats import CannotReplace
from redactor.storage import Fingerprints, Target, artefact, remove_set
from redactor.types import Outcome, Status

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline

BEFORE = {"released": "quarantined", "replaced": "redacted"}
"""The state of a job before its artefacts are released or replaced."""


class JobRecordings:
    """A `review.recordings.ReviewedRecordings`.

    Args:
        messages: of the jobs.
        handler: gives what the service does with a job. pipeline, engine: give them once they are loaded.
    """

    def __init__(
        self,
        messages: JobMessages,
        *,
        queue: Queue,
        recordings: Recordings,
        originals: Originals,
        handler: Callable[[], JobHandler],
        pipeline: Callable[[], Pipeline | None],
        engine: Callable[[], Any],
    ) -> None:
        self._messages, self._jobs, self._recordings = messages, JobReleases(queue), recordings
        self._originals = originals
        self._handler, self._pipeline, self._engine = handler, pipeline, engine

    def find(self, row: dict[str, Any]) -> FoundRecording:
        job, handler = self._job(row), self._handler()
        item, _ = self._recordings.item(job, 0)
        transcriber = handler.transcript(job, row["audio"]) or self._engine()
        return FoundRecording(item, transcriber, handler.context(job, row["audio"]), handler.policy(job))

    def source(self, row: dict[str, Any], found: FoundRecording) -> Source:
        return self._messages.source(row)

    def is_written(self, found: FoundRecording, files: Fingerprints) -> bool:
        return False  # only withheld recordings are prepared here, and they have no artefacts

    def publish(
        self, row: dict[str, Any], found: FoundRecording, made: Artefacts, settings: str, *, what: str, again: bool
    ) -> None:
        before = BEFORE[what]
        if what == "replaced" and self._originals.mode == "replace":
            raise Refused(
                "The original was replaced by the first redaction, so a later one cannot be written.",
                hint="Take the original from the vault (`redactor vault open`) and redact it again.",
            )
        job = self._jobs.begin(self._messages.number_of(row["id"]), before, again=again)
        if job is None:
            return
        try:
            target = self._target(job)
            self._save(job, target, made, before)
            outcome, state = self._replaced(job, target, made, before)
        except Exception:
            self._jobs.undo(job, before)
            raise
        handler = self._handler()
        handler.forget_notice(target)
        try:
            done = self._jobs.end(job, state, outcome, result=os.fspath(artefact(target, ".json")))
        except SQLAlchemyError:
            raise ReleaseUnfinished("The recording is released, but the database cannot be written to.") from None
        handler.ended(job, state if done else "lost", outcome)

    def settled(self, row: dict[str, Any], what: str) -> None:
        """The lists and the notice say what was decided."""
        number, refused = self._messages.number_of(row["id"]), what == "refused"
        outcome = Outcome(
            0,
            row["audio"],
            Status.QUARANTINED,
            duration=row["duration"],
            reason=REFUSED if refused else row["reason"],
            message=row["detail"],
            hint="A reviewer has decided that it cannot be released." if refused else Quarantine.default_hint,
            exit_code=Quarantine.exit_code,
        )
        if not self._jobs.note(number, reason=outcome.reason, hint=outcome.hint):
            return
        with suppress(RedactorError):
            job = self._jobs.find(number)
            self._handler().write_notice(job, self._target(job), outcome)

    # --- steps

    def _job(self, row: dict[str, Any]) -> Job:
        return self._jobs.find(self._messages.number_of(row["id"]))

    def _target(self, job: Job) -> Target:
        pipeline = self._pipeline()
        if pipeline is None:
            raise Busy("The model is still loading.")
        item, out = self._recordings.item(job, 0)
        target = pipeline.target(item, job.audio, out)
        target.check()
        return target

    def _save(self, job: Job, target: Target, made: Artefacts, before: str) -> None:
        """Save the artefacts, unless another recording has their place by now."""
        pipeline, handler = self._pipeline(), self._handler()
        assert pipeline is not None
        handler.check_unchanged(job)
        if not self._jobs.holds(job):
            raise Busy("Another service has taken over the job.")
        handler.saving(target, made)
        try:
            pipeline.save(target, made)
        except Exception:
            if before == "quarantined":
                self._remove(target, made)
            raise

    def _replaced(self, job: Job, target: Target, made: Artefacts, before: str) -> tuple[Outcome, str]:
        """Replace the original, if that is configured; the end of the job."""
        try:
            self._originals.finish(job, target, is_new=True)
        except CannotReplace as error:  # the result stands; a person must remove the original
            failed = Outcome(
                0,
                job.audio,
                Status.FAILED,
                duration=made.plan.duration,
                reason=error.reason,
                message=error.message,
                hint=error.hint,
                exit_code=InputError.exit_code,
            )
            return failed, "failed"
        except Exception:
            if before == "quarantined":  # nothing that looks redacted stays beside an original that was not replaced
                self._remove(target, made)
            raise
        return _outcome(job, made), "redacted"

    @staticmethod
    def _remove(target: Target, made: Artefacts) -> None:
        remove_set(target, [suffix for suffix, _ in made.files])


def _outcome(job: Job, made: Artefacts) -> Outcome:
    counts = Counter(d.finding.label for d in made.plan.decisions if d.action.value == "redact")
    return Outcome(
        0,
        job.audio,
        Status.REDACTED,
        duration=made.plan.duration,
        findings=tuple(sorted(counts.items())),
        bleeped=made.plan.bleeped_seconds,
        warnings=made.plan.warnings + tuple(made.audio.warnings),
        doubt=round(made.doubt.probability, 3),
    )
