"""The service's own `JobHandler`: policies, transcripts, originals, reviewers, results, metrics and the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from redactor.audio import Source
from redactor.config import Settings
from redactor.errors import NoInput, OnHold, RedactorError
from redactor.factory import JobConfiguration
from redactor.job_config import sent_policy_of
from redactor.phi import KnownParty
from redactor.pipeline import Artefacts
from redactor.policy import Policy
from redactor.recording_context import RecordingContext, RecordingContexts
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest.enqueue import Ingest
from redactor.service.ingest.sources import Recordings, transcript_for
from redactor.service.jobs.queue import Job, Queue
from redactor.service.metrics import Metrics
from redactor.service.quarantine_notices import QuarantineNotices
from redactor.service.results import Results, document_of, target_of
from redactor.storage import Target
from redactor.types import Outcome, Recording

log = logging.getLogger("redactor.serve")


class RedactionJobHandler:
    """A `JobHandler`, which see.

    Args:
        job_configuration: what shapes the artefacts.
        review: the reviewers' side (`redactor.review.bootstrap`); None without.
    """

    def __init__(
        self,
        settings: Settings,
        job_configuration: JobConfiguration,
        *,
        queue: Queue,
        recordings: Recordings,
        results: Results,
        notices: QuarantineNotices,
        originals: Originals,
        ingest: Ingest,
        metrics: Metrics,
        review: Any = None,
    ) -> None:
        self._settings, self._job_configuration = settings, job_configuration
        self._sent_policy = sent_policy_of(settings)
        self._queue, self._recordings, self._results = queue, recordings, results
        self._originals, self._ingest, self._metrics, self._notices = originals, ingest, metrics, notices
        self._review = review
        self._job_messages = review.jobs.messages if review is not None and review.jobs is not None else None
        self._sources: dict[int, Source] = {}
        listed = job_configuration.context or RecordingContexts()
        self._contexts = listed.keyed(queue.sealer.mark(b"recording contexts"))

    def policy(self, job: Job) -> Policy:
        return self._sent_policy if job.direction == "out" else self._job_configuration.policy

    def received(self, job: Job, source: Source) -> None:
        """A sent message that must wait for the list of recipients waits here."""
        if self._job_messages is not None:
            self._sources[job.id] = source  # a withheld one is sealed; the pipeline holds it until then anyway
        if self._reviewers_lack(job, source.id):
            try:
                self._review.importer.sending(self._names(job, source.id), since=job.added)
            except OnHold:
                self._originals.seal(source)  # it may be gone by the time its row arrives
                raise

    def transcript(self, job: Job, source_id: str) -> Any:
        from redactor.speech import TranscriptReader

        folder = self._settings.service.transcripts
        path = transcript_for(folder, source_id) if folder else None
        if path is None and self._job_configuration.only_transcripts:
            raise NoInput(
                "There is no transcript of this recording.", hint="Put it into service.transcripts and retry."
            )
        return TranscriptReader(path) if path is not None else None

    def context(self, job: Job, source_id: str) -> RecordingContext | None:
        if not job.known and self._job_configuration.context is None:
            return None
        return self._contexts.named(self._names(job, source_id), [KnownParty(**party) for party in job.known])

    def existing_result(self, job: Job, target: Target) -> Mapping[str, Any] | None:
        return self._results.document(target, job.audio)

    def must_repeat(self, job: Job, source_id: str) -> bool:
        return self._reviewers_lack(job, source_id)

    def before_save(self, job: Job, source: Source, recording: Recording, artefacts: Artefacts) -> None:
        self._originals.seal(source)
        if self._job_messages is not None:
            self._job_messages.add_redacted(self._reviewed(job), source, recording, artefacts)
        if job.direction == "out" and self._review and self._settings.reviews_sent:
            self._review.importer.take(
                source,
                recording,
                artefacts,
                names=self._names(job, source.id),
                place=self._recordings.sent_from(job),
                since=job.added,
                by="service",
                name=Path(job.details.get("path", job.key)).name,
            )

    def check_unchanged(self, job: Job) -> None:
        try:
            if job.details["kind"] == "file":
                self._recordings.read(job)
        except RedactorError as error:
            # A recording that has been removed has its result nevertheless, unless a newer one had its name.
            if not isinstance(error, NoInput) or not self._queue.is_latest_at(job.details["path"], job.id):
                raise

    def saving(self, target: Target, artefacts: Artefacts) -> None:
        self._results.note(target, dict(artefacts.files))

    def complete(self, job: Job, target: Target, *, is_new: bool) -> None:
        self._originals.finish(job, target, is_new=is_new)

    def withheld(self, job: Job, target: Target, outcome: Outcome) -> str:
        """The job is on the list of the withheld whether reviewers see it and its notice can be written or not."""
        try:
            self.show_withheld(job, outcome)
        except RedactorError as error:  # `Service` tries it again
            log.warning("job %d: it could not be put before reviewers (%s)", job.id, error.reason)
        return self.write_notice(job, target, outcome)

    def show_withheld(self, job: Job, outcome: Outcome) -> None:
        """Put a withheld job before reviewers.

        Raises:
            RedactorError: its recording cannot be read or sealed.
        """
        if self._job_messages is not None:
            source = self._sources.get(job.id) or self._recordings.read(job)
            self._job_messages.add_withheld(
                self._reviewed(job),
                source,
                reason=outcome.reason,
                detail=outcome.message,
                duration=outcome.duration,
            )

    def sent(self, job: Job) -> tuple[list[str], float, str] | None:
        """What identifies the sending of a job's message, for the rules (`review.job_review.Judging`); None if nobody
        judges it.
        """
        if job.direction != "out" or not self._settings.reviews_sent:
            return None
        return self._names(job, job.audio), job.added, self._recordings.sent_from(job)

    def write_notice(self, job: Job, target: Target, outcome: Outcome) -> str:
        try:
            self.check_unchanged(job)
            return self._notices.write(job, target, outcome)
        except RedactorError as error:
            log.warning("job %d: its notice could not be written (%s)", job.id, error.reason)
            return ""

    def forget_notice(self, target: Target) -> None:
        self._notices.remove(target)

    def earlier_result(self, job: Job) -> str | None:
        return self._originals.replaced(job)

    def learned_too_late(self, job: Job, document: str) -> bool:
        if job.direction != "out":
            return False
        result = self._results.read(target_of(Path(document)), job.audio)
        made_by = document_of(result).get("policy") if result else ""
        return made_by != self._sent_policy.stamp or (self._reviewers_lack(job, job.audio) and self._was_sent(job))

    def requeue(self, job: Job) -> None:
        with suppress(Exception):  # otherwise the sweeper finds it
            details = job.details
            if details["kind"] == "file":
                direction = self._queue.reported_direction(job.id)
                self._ingest.take_file(
                    details["path"], source=job.source, identity=details["id"], direction=direction, known=job.known
                )
            elif details["kind"] == "mailbox":
                self._ingest.take_mailbox(details["box"], via="sweep")

    def unreadable(self, job: Job) -> None:
        """Forget the file's fingerprint: once it is readable again, the sweeper takes it."""
        if "looks" in job.details:
            self._queue.fingerprints.note(job.details["looks"], "")

    def ended(self, job: Job, state: str, outcome: Outcome) -> None:
        self._sources.pop(job.id, None)
        seconds = time.time() - job.added
        self._metrics.ended(job, state, outcome, seconds=seconds)
        reason = f" ({outcome.reason})" if outcome.reason else ""
        log.info("job %d %s %s%s after %.2f s", job.id, (outcome.id or job.audio)[:12], state, reason, seconds)

    def _reviewed(self, job: Job) -> Any:
        from redactor.review.job_messages import ReviewedJob  # its libraries are for those who review

        name = Path(job.details.get("path", job.key)).name
        return ReviewedJob(job.id, job.direction, name)

    def _names(self, job: Job, source_id: str) -> list[str]:
        return [*self._recordings.names(job), source_id]

    def _reviewers_lack(self, job: Job, source_id: str) -> bool:
        """Whether this is a sent message that reviewers should see and do not have yet."""
        if job.direction != "out" or not self._review or not self._settings.reviews_sent:
            return False
        return not self._review.importer.knows(source_id, place=self._recordings.sent_from(job))

    def _was_sent(self, job: Job) -> bool:
        """False if the list of recipients says that the message was received."""
        return bool(self._review.importer.sending(self._names(job, job.audio), since=job.added).direction != "in")
