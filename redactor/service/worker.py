"""The crew: takes jobs from the queue and feeds them to the pipeline, whose models stay loaded and whose batches fill
across jobs.

The pipeline sees a journal (`Desk`) that answers from the job and writes results to the queue. Every end is one of
four: redacted,
quarantined, put off (it may pass), or a dead letter with its reason.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from redactor.audio import Source
from redactor.errors import InputError, NoInput, OnHold, OutOfSpace, OutputError, RedactorError, as_redactor_error
from redactor.service.ingest.sources import Changed, Recordings
from redactor.service.jobs.queue import Job, Queue
from redactor.storage import Claim, Fingerprints, Item, JournalDecision, Known, Target, artefact
from redactor.storage.journal import PROCEED, settled
from redactor.types import Outcome, Status

POLL = 0.1
"""Seconds between looks into an empty queue: another service, or HTTP, may have put something in."""
_PLACE = frozenset((OutputError.exit_code, OutOfSpace.exit_code))
_FINAL = frozenset((InputError.exit_code,))

Ended = Callable[[Job, str, Outcome], None]
"""Told of each end: job, state, outcome."""


class ToldTooLate(InputError):
    """A sent message was treated as one whose direction nobody had told, and its original is replaced."""

    reason = "told-too-late"
    default_hint = (
        "Take the original from the vault and redact it with --direction out; name its folder in service.sent, so "
        "that it is known sooner."
    )


class JobPipeline(Protocol):
    """The part of a pipeline that the crew uses."""

    def run(self, items: Any, out: Any, *, journal: Any, threads: int, stopping: Any) -> Iterator[Outcome]: ...


@dataclass(slots=True)
class _Work:
    job: Job
    out: Target
    target: Target | None = None
    let_go: bool = False
    unread: bool = False


class JobWorker:
    """See the module's text.

    Args:
        in_flight: jobs under way at once.
        ended: called after each end, from any thread.
        requeue: puts what changed under our hands in the queue again, as it is now.
        finishing: called with a job, its result and whether that is new, before the job counts as done; what it raises,
            the job ends or is tried again with.
        finished_before: asked of a job whose recording is not there as it was: the result, if that is why. What it
            raises, the job ends or is tried again with.
        believed: asked of a job and the place of its result: the document of the one that lies there, if we made it,
            and as we made it.
        unread: called with a job that is given up since its recording cannot be read.
        too_late: asked of a job that was finished before, and its result: whether that should have been made otherwise,
            and cannot be any more.
        wanted_anew: asked of a job and its recording's id: whether it is made although its result is there.
        note: a line for the log.
    """

    def __init__(
        self,
        queue: Queue,
        recordings: Recordings,
        *,
        in_flight: int,
        ended: Ended = lambda *_: None,
        requeue: Callable[[Job], None] = lambda _: None,
        finishing: Callable[..., None] = lambda *_, **__: None,
        finished_before: Callable[[Job], str | None] = lambda _: None,
        believed: Callable[[Job, Target], Mapping[str, Any] | None] = lambda *_: None,
        too_late: Callable[[Job, str], bool] = lambda *_: False,
        unread: Callable[[Job], None] = lambda _: None,
        wanted_anew: Callable[[Job, str], bool] = lambda *_: False,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._queue, self._recordings = queue, recordings
        self._in_flight = max(1, in_flight)
        self._ended, self._requeue, self._note = ended, requeue, note
        self._finishing, self._finished_before, self._wanted_anew = finishing, finished_before, wanted_anew
        self._believed, self._too_late, self._unread = believed, too_late, unread
        self.lost: set[int] = set()
        """Jobs whose end the database could not be told of: their lease must run out."""
        self._work: dict[int, _Work] = {}
        self._state = threading.Condition()
        self._number = 0
        self._stopping = False
        self.thread: threading.Thread | None = None

    # --- life
    # ----------------------------------------------------------------------------------------------------------

    def start(self, pipeline: JobPipeline) -> None:
        """Begin to work, in a thread of its own."""

        def run() -> None:
            for _ in pipeline.run(
                self._items(), self._folder, journal=self, threads=self._in_flight, stopping=lambda: self._stopping
            ):
                pass

        self.thread = threading.Thread(target=run, name="crew", daemon=True)
        self.thread.start()

    def wake(self) -> None:
        """Something was put in the queue."""
        with self._state:
            self._state.notify_all()

    def drain(self, seconds: float) -> bool:
        """Claim nothing more and finish what is under way; whether that was done in time."""
        self._stopping = True
        self.wake()
        if self.thread is not None:
            self.thread.join(timeout=seconds)
            return not self.thread.is_alive()
        return True

    @property
    def under_way(self) -> int:
        return len(self._work)

    @property
    def alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    # --- towards the pipeline
    # ------------------------------------------------------------------------------------------

    def source(self, item: Item) -> Source:
        """The bytes of an item's job."""
        work = self._work[item.number]
        try:
            return self._recordings.read(work.job)
        except NoInput:
            work.unread = True
            raise

    def job(self, item: Item) -> Job:
        """The job of an item that is under way."""
        return self._work[item.number].job

    def target(self, item: Item) -> Target:
        """Place of the result of an item that was begun."""
        found = self._work[item.number].target
        assert found is not None
        return found

    def let_go(self, item: Item) -> None:
        """What lies in the place of its result may be another's."""
        self._work[item.number].let_go = True

    def known(self, item: Item) -> Known | None:
        """Nothing is known without reading."""
        return None

    def begin(self, claim: Claim) -> JournalDecision:
        """Go on, unless a life that was cut short before it could say so left the whole result."""
        work = self._work[claim.item.number]
        work.target = claim.target
        there = self._believed(work.job, claim.target) or {}
        same = (there.get("id"), there.get("settings")) == (claim.source_id, claim.settings)
        if same and not self._wanted_anew(work.job, claim.source_id):
            outcome = Outcome(claim.item.number, claim.source_id, Status.SKIPPED)
            self.finish(claim.item, outcome, {})
            return settled(outcome)
        return PROCEED

    def holds(self, item: Item) -> bool:
        """Not, once the lease has run out: another service may have saved its result by now."""
        try:
            return not self._work[item.number].let_go and self._queue.holds(self.job(item))
        except SQLAlchemyError:
            return False

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Write the end of a job to the queue."""
        work = self._work[item.number]
        try:
            self._settle(work, outcome)
        except SQLAlchemyError as error:
            # The lease runs out, somebody takes the job again, and finds the result in place.
            self._note(f"job {work.job.id}: the database could not be told of its end ({type(error).__name__})")
            self.lost.add(work.job.id)
        except Exception as error:  # noqa: BLE001 - one job's end is not the crew's
            self._note(f"job {work.job.id}: its end could not be settled ({type(error).__name__})")
            self.lost.add(work.job.id)
        finally:
            with self._state:
                del self._work[item.number]
                self._state.notify_all()

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Nothing waits here."""
        return ()

    def _settle(self, work: _Work, outcome: Outcome) -> None:
        job = work.job
        done = work.target
        if outcome.status in (Status.REDACTED, Status.SKIPPED) and done is not None:
            try:
                self._finishing(job, done, again=outcome.status is Status.REDACTED)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job is not done
                outcome = _failed(outcome, as_redactor_error(error, "see to the original"))
        result = os.fspath(artefact(done, ".json")) if done is not None else ""
        if outcome.reason in (Changed.reason, NoInput.reason):
            outcome, result = self._before(job, outcome, result)
        if outcome.status in (Status.REDACTED, Status.SKIPPED, Status.DUPLICATE):
            state = "redacted" if self._queue.settle(job, "redacted", outcome, result=result) else "lost"
        elif outcome.status is Status.QUARANTINED:
            state = "quarantined" if self._queue.settle(job, "quarantined", outcome) else "lost"
        elif outcome.reason == Changed.reason:
            self._queue.settle(job, "superseded", outcome)
            self._requeue(job)
            state = "superseded"
        else:
            state = self._give_up(job, outcome)
            if state == "failed" and work.unread:
                self._unread(job)
        self._ended(job, state, outcome)

    def _give_up(self, job: Job, outcome: Outcome) -> str:
        """What failed is a dead letter, or tried again if that may help; which of the two."""
        if outcome.exit_code in _FINAL:
            return "failed" if self._queue.settle(job, "failed", outcome) else "lost"
        again = self._queue.put_off(
            job, outcome, counts=outcome.exit_code not in _PLACE and outcome.reason != OnHold.reason
        )
        return "put off" if again else "failed"

    def _before(self, job: Job, outcome: Outcome, result: str) -> tuple[Outcome, str]:
        """What becomes of a job whose recording is not there as it was."""
        try:
            there = self._finished_before(job)
            late = there is not None and self._too_late(job, there)
        except Exception as error:  # noqa: BLE001 - whatever it is, half an original must not be forgotten
            return _failed(outcome, as_redactor_error(error, "see to the original")), result
        if late:
            why = "The recording was redacted and replaced before it was known which way it went."
            return _failed(outcome, ToldTooLate(why)), result
        if there:
            return replace(outcome, status=Status.SKIPPED, reason="", message="", hint="", exit_code=0), there
        return outcome, result

    # --- from the queue
    # ------------------------------------------------------------------------------------------------

    def _folder(self, item: Item) -> Target:
        return self._work[item.number].out

    def _items(self) -> Iterator[Item]:
        """Waits for the next; ends with the wish to stop."""
        while not self._stopping:
            for job in self._claimed():
                item = self._taken(job)
                if item is not None:
                    yield item
                    if job.alone:
                        self._wait_until_idle()

    def _claimed(self) -> list[Job]:
        try:
            jobs = self._queue.claim(max(1, self._in_flight - len(self._work)), idle=not self._work)
        except SQLAlchemyError as error:
            self._note(f"the database cannot be asked for work ({type(error).__name__})")
            time.sleep(1.0)
            return []
        if not jobs:
            with self._state:
                self._state.wait(POLL)
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
                self._ended(job, self._give_up(job, failed), failed)
            except SQLAlchemyError:
                self.lost.add(job.id)
            return None
        with self._state:
            self._work[item.number] = _Work(job, out)
        return item

    def _wait_until_idle(self) -> None:
        with self._state:
            self._state.wait_for(lambda: not self._work or self._stopping)


def _failed(outcome: Outcome, error: RedactorError) -> Outcome:
    return replace(
        outcome,
        status=Status.FAILED,
        reason=error.reason,
        message=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
    )
