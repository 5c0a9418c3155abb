"""The worker: takes jobs from the queue and feeds them to the pipeline, whose models stay loaded and whose batches fill
across jobs.

To the pipeline the worker is a journal: it answers from the job and writes results to the queue. Every job ends in one
of four ways: redacted, quarantined, put off (the failure may pass), or a dead letter with its reason. What the service
does with a job around its redaction is up to the `JobHandler`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from redactor.audio import Source
from redactor.errors import Busy, InputError, NoInput, OnHold, OutOfSpace, OutputError, RedactorError, as_redactor_error
from redactor.pipeline import Artefacts
from redactor.policy import Policy
from redactor.recording_context import RecordingContext
from redactor.service.ingest.sources import Changed, Recordings
from redactor.service.jobs.handler import JobHandler
from redactor.service.jobs.queue import Job, Queue
from redactor.storage import Claim, Fingerprints, Item, JournalDecision, Known, Target, artefact
from redactor.storage.journal import PROCEED, settled
from redactor.types import Outcome, Recording, Status

POLL = 0.1
"""Seconds between looks into an empty queue: another service, or HTTP, may have put something in."""
_ENVIRONMENT = frozenset((OutputError.exit_code, OutOfSpace.exit_code))
_FINAL = frozenset((InputError.exit_code,))

log = logging.getLogger("redactor.serve")


class DirectionTooLate(InputError):
    """A sent message was redacted before anybody had reported its direction, and its original is replaced."""

    reason = "direction-too-late"
    default_hint = (
        "Take the original from the vault and redact it with --direction out. Name its folder in service.sent, so that "
        "the direction is known sooner."
    )


class JobPipeline(Protocol):
    """The part of a pipeline that the worker uses."""

    def run(self, items: Any, out: Any, *, journal: Any, threads: int, stopping: Any) -> Iterator[Outcome]: ...


@dataclass(slots=True)
class _ClaimedJob:
    """A job in progress.

    Attributes:
        out: folder of its artefacts.
        source_id: SHA-256 of the recording, "" until it has been read.
        target: place of its artefacts, once the pipeline has begun.
        released: another recording may have that place by now.
        unreadable: the recording could not be read.
    """

    job: Job
    out: Target
    source_id: str = ""
    target: Target | None = None
    released: bool = False
    unreadable: bool = False


class JobWorker:
    """See the module's text.

    Attributes:
        lost: jobs whose end could not be written to the database: their lease must expire.
    """

    def __init__(self, queue: Queue, recordings: Recordings, handler: JobHandler) -> None:
        self._queue, self._recordings, self._handler = queue, recordings, handler
        self._in_flight = 1
        self.lost: set[int] = set()
        self._tasks: dict[int, _ClaimedJob] = {}
        self._changed = threading.Condition()
        self._number = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    # --- life cycle

    def start(self, pipeline: JobPipeline, *, in_flight: int) -> None:
        """Begin to work, in a thread of its own.

        Args:
            in_flight: jobs in progress at once.
        """
        self._in_flight = max(1, in_flight)

        def run() -> None:
            for _ in pipeline.run(
                self._items(), self._folder, journal=self, threads=self._in_flight, stopping=lambda: self._stopping
            ):
                pass

        self._thread = threading.Thread(target=run, name="worker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look into the queue now: something was put in."""
        with self._changed:
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Claim nothing more and finish what is in progress; returns whether that was done in time."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout=seconds)
            return not self._thread.is_alive()
        return True

    @property
    def in_progress(self) -> int:
        """Number of jobs in progress."""
        return len(self._tasks)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    # --- what the pipeline asks of an item

    def source(self, item: Item) -> Source:
        """The recording of an item's job."""
        task = self._tasks[item.number]
        try:
            source = self._recordings.read(task.job)
        except NoInput:
            task.unreadable = True
            raise
        self._handler.received(task.job, source)
        task.source_id = source.id
        return source

    def transcript(self, item: Item) -> Any:
        """A reader of the recording's own transcript, or None."""
        task = self._tasks[item.number]
        return self._handler.transcript(task.job, task.source_id)

    def policy(self, item: Item) -> Policy:
        """The policy of an item's job."""
        return self._handler.policy(self._tasks[item.number].job)

    def context(self, item: Item, source_id: str) -> RecordingContext | None:
        """What is known beforehand about an item's recording."""
        return self._handler.context(self._tasks[item.number].job, source_id)

    def before_save(self, item: Item, source: Source, recording: Recording, artefacts: Artefacts) -> None:
        """Two jobs under one name, or one job in two services, must not save in the wrong order."""
        task = self._tasks[item.number]
        self._handler.before_save(task.job, source, recording, artefacts)
        try:
            self._handler.check_unchanged(task.job)
        except RedactorError:
            task.released = True
            raise
        if not self._queue.holds(task.job):
            raise Busy("Another service has taken over the job.")
        assert task.target is not None
        self._handler.saving(task.target, artefacts)

    # --- the pipeline's journal

    def known(self, item: Item) -> Known | None:
        """Nothing is known before the recording is read."""
        return None

    def begin(self, claim: Claim) -> JournalDecision:
        """Proceed, unless an earlier process left the whole result and was killed before it could say so."""
        task = self._tasks[claim.item.number]
        task.target = claim.target
        existing = self._handler.existing_result(task.job, claim.target) or {}
        same = (existing.get("id"), existing.get("settings")) == (claim.source_id, claim.settings)
        if same and not self._handler.must_repeat(task.job, claim.source_id):
            outcome = Outcome(claim.item.number, claim.source_id, Status.SKIPPED)
            self.finish(claim.item, outcome, {})
            return settled(outcome)
        return PROCEED

    def holds(self, item: Item) -> bool:
        """False once the lease has expired: another service may have saved its result by now."""
        task = self._tasks[item.number]
        try:
            return not task.released and self._queue.holds(task.job)
        except SQLAlchemyError:
            return False

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Write the end of a job to the queue."""
        task = self._tasks[item.number]
        try:
            self._settle(task, outcome)
        except SQLAlchemyError as error:
            # The lease expires, a service takes the job again, and finds the result in place.
            log.warning("job %d: its end could not be written to the database (%s)", task.job.id, type(error).__name__)
            self.lost.add(task.job.id)
        except Exception as error:  # noqa: BLE001 - one job's failure must not end the worker
            log.warning("job %d: its end could not be settled (%s)", task.job.id, type(error).__name__)
            self.lost.add(task.job.id)
        finally:
            with self._changed:
                del self._tasks[item.number]
                self._changed.notify_all()

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Nothing waits here."""
        return ()

    def _settle(self, task: _ClaimedJob, outcome: Outcome) -> None:
        job, target = task.job, task.target
        if outcome.status in (Status.REDACTED, Status.SKIPPED) and target is not None:
            try:
                self._handler.complete(job, target, is_new=outcome.status is Status.REDACTED)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job is not done
                outcome = _failed(outcome, as_redactor_error(error, "replace the original"))
        result = os.fspath(artefact(target, ".json")) if target is not None else ""
        if outcome.reason in (Changed.reason, NoInput.reason):
            outcome, result = self._earlier(job, outcome, result)
        if outcome.status in (Status.REDACTED, Status.SKIPPED, Status.DUPLICATE):
            if target is not None:
                self._handler.forget_notice(target)
            state = "redacted" if self._queue.settle(job, "redacted", outcome, result=result) else "lost"
        elif outcome.status is Status.QUARANTINED:
            # The notice first: once the job has ended, nobody would write it any more.
            notice = ""
            if target is not None and not task.released and self._queue.holds(job):
                notice = self._handler.withheld(job, target, outcome)
            state = "quarantined" if self._queue.settle(job, "quarantined", outcome, result=notice) else "lost"
        elif outcome.reason == Changed.reason:
            self._queue.settle(job, "superseded", outcome)
            self._handler.requeue(job)
            state = "superseded"
        else:
            state = self._give_up(job, outcome)
            if state == "failed" and target is not None and not task.released:
                self._handler.forget_notice(target)
            if state == "failed" and task.unreadable:
                self._handler.unreadable(job)
        self._handler.ended(job, state, outcome)

    def _give_up(self, job: Job, outcome: Outcome) -> str:
        """Make a failed job a dead letter, or put it off if another try may help; returns its state."""
        if outcome.exit_code in _FINAL:
            return "failed" if self._queue.settle(job, "failed", outcome) else "lost"
        counts = outcome.exit_code not in _ENVIRONMENT and outcome.reason != OnHold.reason
        return "put off" if self._queue.put_off(job, outcome, counts=counts) else "failed"

    def _earlier(self, job: Job, outcome: Outcome, result: str) -> tuple[Outcome, str]:
        """The outcome and result of a job whose recording is missing or changed."""
        try:
            earlier = self._handler.earlier_result(job)
            late = earlier is not None and self._handler.learned_too_late(job, earlier)
        except Exception as error:  # noqa: BLE001 - whatever it is, half an original must not be forgotten
            return _failed(outcome, as_redactor_error(error, "replace the original")), result
        if late:
            message = "The recording was redacted and replaced before its direction was known."
            return _failed(outcome, DirectionTooLate(message)), result
        if earlier:
            return replace(outcome, status=Status.SKIPPED, reason="", message="", hint="", exit_code=0), earlier
        return outcome, result

    # --- the pipeline's items, from the queue

    def _folder(self, item: Item) -> Target:
        return self._tasks[item.number].out

    def _items(self) -> Iterator[Item]:
        """Items of claimed jobs; ends when the worker is stopped."""
        while not self._stopping:
            for job in self._claimed():
                item = self._taken(job)
                if item is not None:
                    yield item
                    if job.alone:
                        self._wait_until_idle()

    def _claimed(self) -> list[Job]:
        try:
            jobs = self._queue.claim(max(1, self._in_flight - len(self._tasks)), idle=not self._tasks)
        except SQLAlchemyError as error:
            log.warning("the database cannot be asked for jobs (%s)", type(error).__name__)
            time.sleep(1.0)
            return []
        if not jobs:
            with self._changed:
                self._changed.wait(POLL)
        return jobs

    def _taken(self, job: Job) -> Item | None:
        self._number += 1
        self.lost.discard(job.id)
        try:
            item, out = self._recordings.item(job, self._number)
        except Exception as error:  # noqa: BLE001 - a job that cannot even be named fails alone
            failed = Outcome(0, job.audio, Status.FAILED)
            if isinstance(error, RedactorError):
                failed = _failed(failed, error)
            else:
                failed = replace(failed, reason="bad-job", message=f"Unexpected {type(error).__name__}.", exit_code=70)
            try:
                self._handler.ended(job, self._give_up(job, failed), failed)
            except SQLAlchemyError:
                self.lost.add(job.id)
            return None
        with self._changed:
            self._tasks[item.number] = _ClaimedJob(job, out)
        return item

    def _wait_until_idle(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._tasks or self._stopping)


def _failed(outcome: Outcome, error: RedactorError) -> Outcome:
    return replace(
        outcome,
        status=Status.FAILED,
        reason=error.reason,
        message=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
    )
