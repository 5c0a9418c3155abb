"""What the service does with a job around its redaction: the one interface between the worker and the rest.

    worker     claims a job, feeds it to the pipeline, writes its end to the queue
    handler    checks, seals, shows to reviewers, replaces originals, reports: everything that is the service's own

The worker knows the queue and the pipeline; the handler knows jobs and results, and neither of those two. Every method
may be called from several threads at once, for different jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from redactor.audio import Source
from redactor.pipeline import Artefacts
from redactor.policy import Policy
from redactor.recording_context import RecordingContext
from redactor.service.jobs.queue import Job
from redactor.storage import Target
from redactor.types import Outcome, Recording


class JobHandler(Protocol):
    """See the module's text; the methods stand in the order in which a job meets them."""

    def policy(self, job: Job) -> Policy:
        """The policy that a job's recording is redacted by."""
        ...

    def received(self, job: Job, source: Source) -> None:
        """The recording has been read; nothing has been recognised yet.

        Raises:
            OnHold: it must wait for something. Another RedactorError: it cannot be redacted.
        """
        ...

    def transcript(self, job: Job, source_id: str) -> Any:
        """A reader of the recording's own transcript, or None: its speech is recognised.

        Args:
            source_id: SHA-256 of the recording.

        Raises:
            NoInput: it needs a transcript and has none.
        """
        ...

    def context(self, job: Job, source_id: str) -> RecordingContext | None:
        """What is known beforehand about the recording.

        Args:
            source_id: SHA-256 of the recording.
        """
        ...

    def existing_result(self, job: Job, target: Target) -> Mapping[str, Any] | None:
        """The document of the result that exists at a target, if it is ours and unchanged."""
        ...

    def must_repeat(self, job: Job, source_id: str) -> bool:
        """Whether the recording is redacted again although its result exists."""
        ...

    def before_save(self, job: Job, source: Source, recording: Recording, artefacts: Artefacts) -> None:
        """The artefacts are made and not saved yet: seal the original, show the message to reviewers.

        Raises:
            RedactorError, OSError: nothing is saved, and the job is tried again or fails.
        """
        ...

    def check_unchanged(self, job: Job) -> None:
        """The last check before artefacts are saved under the recording's name.

        Raises:
            RedactorError: another recording has that name by now, so that its result must not be overwritten.
        """
        ...

    def saving(self, target: Target, artefacts: Artefacts) -> None:
        """The artefacts are saved next: record their digests, so that they are recognised as ours."""
        ...

    def complete(self, job: Job, target: Target, *, is_new: bool) -> None:
        """The result is saved, and the job does not count as done yet: replace the original, if that is configured.

        Args:
            is_new: the result was made just now; otherwise an earlier process left it.

        Raises:
            Exception: the job is tried again or fails with it.
        """
        ...

    def withheld(self, job: Job, target: Target, outcome: Outcome) -> str:
        """The recording is withheld, and this process still has its job: put it before reviewers, and `write_notice`.

        Returns:
            The path of the notice, "" if there is none.
        """
        ...

    def write_notice(self, job: Job, target: Target, outcome: Outcome) -> str:
        """Leave a notice where the result of a withheld recording would be.

        Returns:
            The path of the notice, "" if there is none.
        """
        ...

    def forget_notice(self, target: Target) -> None:
        """The recording at a target is not withheld (any more): remove the notice of an earlier end."""
        ...

    def earlier_result(self, job: Job) -> str | None:
        """The result of a job whose recording is missing or changed, if it was redacted and replaced before.

        Raises:
            Exception: the job is tried again or fails with it.
        """
        ...

    def learned_too_late(self, job: Job, document: str) -> bool:
        """Whether an earlier result (path of its document) was made without knowing that the message was sent."""
        ...

    def requeue(self, job: Job) -> None:
        """The recording changed while its job ran: put it into the queue as it is now."""
        ...

    def unreadable(self, job: Job) -> None:
        """The job failed for good because its recording could not be read."""
        ...

    def ended(self, job: Job, state: str, outcome: Outcome) -> None:
        """A job has ended, or will be tried again: metrics and the log.

        Args:
            state: "redacted", "quarantined", "failed", "superseded", "put off" or "lost".
        """
        ...
