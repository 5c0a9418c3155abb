"""Dynamic batching: work of many threads in shared batches.

Each recording is processed by a thread of its own. Where a model is faster on many pieces at once, the threads meet in
a `DynamicBatcher`: each submits its pieces and waits. Workers take batches of pieces with the same `key`, from the
fullest key first, or from the one whose oldest piece has waited too long. Where a piece needs two steps, the first may
return `Requeued` with what the second needs, so that the second, too, is shared. Backpressure comes from the callers'
waiting: the queue never contains more than `AHEAD` batches of one caller.

If a batch fails, its pieces are tried again one by one, so that a problem with one recording fails only that recording.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

LINGER = 0.03  # seconds that a worker waits for more pieces if it has less than half a batch
AHEAD = 4
"""Batches of pieces that one caller may have waiting: a recording of hours is read as fast as it is processed."""
PATIENCE = 2.0  # seconds before the oldest piece's key may go first, however few share it
PASSED_OVER = 2
"""The oldest piece's key goes first once this many times as many pieces were taken before it as are waiting: where
hundreds wait, an order by age alone would leave no batch full."""


class Closed(RuntimeError):
    """The batcher was closed before the work was submitted."""


@dataclass(frozen=True, slots=True)
class Requeued(Generic[Piece]):
    """In place of a result: this piece goes into the queue instead of the one that was handled."""

    piece: Piece


@dataclass(slots=True, eq=False)
class _Call(Generic[Result]):
    """One caller's pieces in progress; `left` counts those without a result, plus one until all are submitted."""

    slots: threading.Semaphore
    results: dict[int, Result] = field(default_factory=dict)
    left: int = 1
    failure: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, eq=False)
class _Job(Generic[Piece, Result]):
    piece: Piece
    call: _Call[Result]
    place: int
    since: float
    before: int  # pieces taken before it came


@dataclass(slots=True)
class Counts:
    """Counts for progress reports and benchmarks. `busy`: wall seconds of all workers together."""

    pieces: int = 0
    batches: int = 0
    busy: float = 0.0


class DynamicBatcher(Generic[Piece, Result]):
    """Collects pieces of many callers into batches for `handle`.

    Args:
        handle: pieces of one key → for each, in order, its result or `Requeued`. Called from `workers` threads at once.
        key: pieces of one key may share a batch.
        size: most pieces in a batch.
        linger: seconds that a worker waits for more pieces: in a service, the most that batching may delay a message.
        patience: see the module.
        name: of the worker threads.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Piece]], Sequence[Result | Requeued[Piece]]],
        *,
        key: Callable[[Piece], Hashable] = lambda _: None,
        size: int,
        workers: int = 1,
        linger: float = LINGER,
        patience: float = PATIENCE,
        name: str = "batcher",
    ) -> None:
        self.size = size
        self.counts = Counts()
        self._handle, self._key = handle, key
        self._linger, self._patience = linger, patience
        self._waiting: dict[Hashable, deque[_Job[Piece, Result]]] = {}
        self._state = threading.Condition()
        self._taken = 0
        self._closed = False
        self._workers = [
            threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(max(1, workers))
        ]
        for worker in self._workers:
            worker.start()

    def __call__(self, pieces: Iterable[Piece]) -> list[Result]:
        """The result of each piece, in order; blocks until all are there.

        `pieces` may be a generator: workers start on the first while the rest is made.

        Raises:
            Whatever `handle` raised for one of the pieces alone. Closed.
        """
        call: _Call[Result] = _Call(threading.Semaphore(AHEAD * self.size))
        place = -1
        source = enumerate(pieces)
        try:
            while call.slots.acquire() and (following := next(source, None)) is not None:
                place, piece = following
                self._put(_Job(piece, call, place, time.monotonic(), self._taken))
        finally:
            self._settled(call)
        call.done.wait()
        if call.failure is not None:
            raise call.failure
        return [call.results[i] for i in range(place + 1)]

    @property
    def workers(self) -> int:
        """Batches handled at once."""
        return len(self._workers)

    def close(self) -> None:
        """Let the workers finish all waiting pieces, then end them. Further calls raise `Closed`."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        for worker in self._workers:
            worker.join()

    def __enter__(self) -> DynamicBatcher[Piece, Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, job: _Job[Piece, Result]) -> None:
        with self._state:
            if self._closed:
                raise Closed
            job.call.left += 1
            self._waiting.setdefault(self._key(job.piece), deque()).append(job)
            self._state.notify()

    def _take(self) -> list[_Job[Piece, Result]]:
        """The next batch; [] once closed and empty. Blocks."""
        with self._state:
            enough = 0.0  # when waiting for more pieces ends; 0: it has not begun
            while True:
                fullest = max(self._waiting, key=lambda k: len(self._waiting[k]), default=None)
                now = time.monotonic()
                if not self._waiting:
                    if self._closed:
                        return []
                    self._state.wait()
                    enough = 0.0
                elif self._closed or 0 < enough <= now or 2 * len(self._waiting[fullest]) >= self.size:
                    break
                else:
                    enough = enough or now + self._linger
                    self._state.wait(enough - now)
            oldest = min(self._waiting, key=lambda k: self._waiting[k][0].since)
            chosen = oldest if self._is_late(self._waiting[oldest][0]) else fullest
            jobs = self._waiting[chosen]
            batch = [jobs.popleft() for _ in range(min(len(jobs), self.size))]
            self._taken += len(batch)
            if not jobs:
                del self._waiting[chosen]
            return batch

    def _is_late(self, job: _Job[Piece, Result]) -> bool:
        passed_over = self._taken - job.before >= PASSED_OVER * sum(map(len, self._waiting.values()))
        return passed_over and time.monotonic() - job.since > self._patience

    def _settled(self, call: _Call[Result]) -> None:
        call.slots.release()
        with self._state:
            call.left -= 1
            if not call.left:
                call.done.set()

    def _work(self) -> None:
        while batch := self._take():
            began = time.perf_counter()
            self._run(batch)
            with self._state:
                self.counts.pieces += len(batch)
                self.counts.batches += 1
                self.counts.busy += time.perf_counter() - began

    def _run(self, batch: Sequence[_Job[Piece, Result]]) -> None:
        try:
            results = self._handle([job.piece for job in batch])
        except Exception as error:  # noqa: BLE001 - a worker outlives every failure; the caller gets it
            if len(batch) > 1:
                for job in batch:
                    self._run([job])
                return
            batch[0].call.failure = batch[0].call.failure or error
            self._settled(batch[0].call)
            return
        for job, result in zip(batch, results, strict=True):
            if isinstance(result, Requeued):
                job.piece = result.piece
                with self._state:  # also when closed: what was accepted is finished
                    self._waiting.setdefault(self._key(job.piece), deque()).append(job)
                    self._state.notify()
            else:
                job.call.results[job.place] = result
                self._settled(job.call)
