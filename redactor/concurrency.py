"""Recordings in progress: threads, order of results, the audio that may be in memory at once, and the time that each
stage takes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def bounded_map(
    work: Callable[[Task], Result | None],
    tasks: Iterable[Task],
    *,
    threads: int,
    released: Callable[[bool], Iterable[Task]] = lambda _idle: (),
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Result]:
    """Yield the results of `work` as they are done, with at most `threads` tasks in progress; tasks are taken one at a
    time, when there is room.

    Args:
        work: None is no result (the task waits, and comes back from `released`).
        released: tasks to take again. Called after each task that ends (idle false), and when nothing is in progress
            (idle true), where no tasks mean the end.
        stopping: once true, no task is started; those in progress are finished and their results yielded.

    If the consumer stops, or `work` raises, the tasks in progress are waited for as well.
    """
    source, again = iter(tasks), deque[Task]()
    in_progress: set[Future[Result | None]] = set()

    def next_task(*, idle: bool) -> list[Task]:
        if not again and idle:
            again.extend(released(True))
        if again:
            return [again.popleft()]
        return [task for task in (next(source, None),) if task is not None]

    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="recording") as pool:
        while True:
            exhausted = False
            while len(in_progress) < threads and not exhausted and not stopping():
                # Tasks that wait for an idle moment are requested only when everything else is done.
                task = next_task(idle=False) or ([] if in_progress else next_task(idle=True))
                in_progress |= {pool.submit(work, t) for t in task}
                exhausted = not task
            if not in_progress:
                return
            done, in_progress = wait(in_progress, return_when=FIRST_COMPLETED)
            again.extend(released(False))
            for future in done:
                result = future.result()
                if result is not None:
                    yield result


def in_order(results: Iterable[Result], *, place: Callable[[Result], int], first: int = 1) -> Iterator[Result]:
    """Results in the order of their places (`first`, `first` + 1, …): each is held until those before it are there.
    Results after a gap come at the end.
    """
    held: dict[int, Result] = {}
    for result in results:
        held[place(result)] = result
        while first in held:
            yield held.pop(first)
            first += 1
    yield from (held[n] for n in sorted(held))


class MemoryBudget:
    """An amount that many threads share. A request for more than all of it is granted once nothing else is held."""

    def __init__(self, amount: float) -> None:
        self._amount, self._used = amount, 0.0
        self._state = threading.Condition()

    @contextmanager
    def of(self, amount: float) -> Iterator[None]:
        """Hold `amount` as soon as it is free, or nothing else is held."""
        with self._state:
            self._state.wait_for(lambda: self._used == 0 or self._used + amount <= self._amount)
            self._used += amount
        try:
            yield
        finally:
            with self._state:
                self._used = self._used - amount if self._used - amount > 1e-6 else 0.0
                self._state.notify_all()


class Clock:
    """Wall seconds by stage, in the order of first use."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, cpu_semaphore: AbstractContextManager[Any] | None = None) -> Iterator[None]:
        """Time the block; with `cpu_semaphore`, from when it is acquired."""
        with cpu_semaphore or nullcontext():
            began = time.perf_counter()
            try:
                yield
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - began
