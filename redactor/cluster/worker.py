"""The worker: keeps the models, streams items through a pipeline, asks the driver instead of a journal. It is the body
of an actor, and independent of Ray.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from redactor.cluster.messages import KEY_NAME, AssignedItem, Done, MessageCipher, Orders, Started, WorkerReport
from redactor.errors import ClusterUnavailable, RedactorError
from redactor.factory import JobConfiguration, assemble, layers_of, sandboxed
from redactor.storage import Claim, Fingerprints, Item, JournalDecision, Known, Step
from redactor.types import Outcome

POLL = 0.25  # seconds after which an exchange returns without anything to report


class Worker:
    """See the package's text. Nothing is raised to Ray, which would record it: errors are sealed, too.

    Args:
        out: absolute path of the output folder.
        name: of this conversation.
        cores: number that this worker may use.
    """

    def __init__(self, out: str, name: str, cores: int) -> None:
        self._out = Path(out)
        self._name = name
        self._cores = cores
        self._cipher: MessageCipher | None = None
        self._journal = RemoteJournal()

    def start(self, sealed: bytes) -> bytes:
        """Job → Started, or the RedactorError that prevents it; b"" if the key cannot be read here, or is another."""
        from redactor.errors import as_redactor_error

        answer: Started | RedactorError
        try:
            cipher = MessageCipher((self._out / KEY_NAME).read_bytes(), self._name, driver=False)
            job: JobConfiguration = cipher.open(sealed)
        except Exception:  # noqa: BLE001 - without the key, no answer can be sealed
            return b""
        self._cipher = cipher
        try:
            answer = self._started(job)
        except Exception as error:  # noqa: BLE001 - reported to the driver
            answer = as_redactor_error(error, "start")
        return cipher.seal(answer)

    def _started(self, job: JobConfiguration) -> Started:
        journal = self._journal
        lacking: list[str] = []
        with ExitStack() as opened:
            decoder = opened.enter_context(sandboxed(job.sandbox, warn=lacking.append))
            made = assemble(job, reader=journal.reader, cores=self._cores, decoder=decoder)
            held = opened.pop_all()  # until the run ends

        def run() -> None:
            # The driver gets outcomes through `finish`, or has decided them itself.
            outcomes = made.pipeline.run(
                journal.items(), self._out, journal=journal, threads=made.in_flight, stopping=lambda: journal.ending
            )
            try:
                for _ in outcomes:
                    pass
            finally:
                held.close()
                journal.close()

        threading.Thread(target=run, name="pipeline", daemon=True).start()
        info = made.engine.info if made.engine else None
        synthetic = info.name if info is not None and info.synthetic_only else ""
        return Started(
            made.pipeline.settings(made.engine), made.in_flight, synthetic, layers_of(decoder), tuple(lacking)
        )

    def exchange(self, sealed: bytes) -> bytes:
        """Orders → WorkerReport; returns as soon as there is something to report, or after `POLL`."""
        assert self._cipher is not None
        self._journal.take(self._cipher.open(sealed))
        return self._cipher.seal(self._journal.report(patience=POLL))


class RemoteJournal:
    """A `Journal` for the pipeline that passes questions and results to the driver, and items from the driver."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._given: dict[int, AssignedItem] = {}
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._answers: dict[int, Future[JournalDecision]] = {}
        self._asked: list[Claim] = []
        self._done: list[Done] = []
        self._closed = False
        self._abandoned = False
        self.ending = False

    # --- for the driver

    def take(self, orders: Orders) -> None:
        # Answers first: an item that had to wait may come again in the same orders.
        for number, answer in orders.answers:
            if isinstance(answer, RedactorError):
                self._answers.pop(number).set_exception(answer)
                continue
            if answer.step is not Step.PROCEED:
                self._given.pop(number, None)
            self._answers.pop(number).set_result(answer)
        for given in orders.given:
            self._given[given.item.number] = given
            self._queue.put(given.item)
        if orders.end and not self.ending:
            self.ending = True
            self._queue.put(None)

    def report(self, *, patience: float) -> WorkerReport:
        with self._state:
            self._state.wait_for(lambda: self._asked or self._done or self._closed, timeout=patience)
            report = WorkerReport(tuple(self._asked), tuple(self._done), self._closed)
            self._asked, self._done = [], []
        return report

    def close(self) -> None:
        """The pipeline has ended."""
        with self._state:
            self._closed = True
            self._state.notify_all()

    def abandon(self) -> None:
        """The driver has ended: neither the open questions nor later ones are answered any more."""
        with self._state:
            self._abandoned = True
            unanswered = [answer for answer in self._answers.values() if not answer.done()]
        for answer in unanswered:
            answer.set_exception(_driver_ended())
        self.take(Orders(end=True))

    # --- for the pipeline

    def items(self) -> Iterator[Item]:
        """The driver's items, as they arrive; ends when the run does."""
        while (item := self._queue.get()) is not None:
            yield item

    def reader(self, item: Item) -> Any:
        """The reader of the item's own transcript; None if it is to be recognised.

        Raises:
            RedactorError: it needs a transcript and has none.
        """
        given = self._given[item.number]
        if isinstance(given.reader, RedactorError):
            raise given.reader
        return given.reader

    def known(self, item: Item) -> Known | None:
        return self._given[item.number].known

    def begin(self, claim: Claim) -> JournalDecision:
        answer: Future[JournalDecision] = Future()
        with self._state:
            if self._abandoned:  # a question from now on would wait for ever
                raise _driver_ended()
            self._answers[claim.item.number] = answer
            self._asked.append(claim)
            self._state.notify_all()
        return answer.result()

    def holds(self, item: Item) -> bool:
        """An item that another worker has as well has the same artefacts."""
        return True

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        self._given.pop(item.number, None)
        with self._state:
            self._done.append(Done(outcome, dict(files)))
            self._state.notify_all()

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Nothing waits here: items that must wait go back to the driver."""
        return ()


def _driver_ended() -> RedactorError:
    return ClusterUnavailable("The run that this recording belongs to has ended.")
