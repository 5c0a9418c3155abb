"""How recordings are under way: threads, order of results, the audio that may be in memory at once, and the time
each stage takes.
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


def spread(
    work: Callable[[Task], Result | None],
    tasks: Iterable[Task],
    *,
    threads: int,
    released: Callable[[bool], Iterable[Task]] = lambda _idle: (),
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Result]:
    """Results of `work`, as each is done, with at most `threads` tasks under way; tasks are taken one at a time, when
    there is room.

    Args:
        work: None is no result (the task waits, and comes back from `released`).
        released: tasks to take again: asked after each end (idle false), and when nothing is under way (idle true): an
            empty answer is then the end.
        stopping: once true, no task is begun any more; those under way are finished and their results given.

    A consumer that stops listening (or an exception of `work`) waits for the tasks under way, too.
    """
    source, again = iter(tasks), deque[Task]()
    under_way: set[Future[Result | None]] = set()

    def next_task(*, idle: bool) -> list[Task]:
        if not again and idle:
            again.extend(released(True))
        if again:
            return [again.popleft()]
        return [task for task in (next(source, None),) if task is not None]

    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="recording") as pool:
        while True:
            exhausted = False
            while len(under_way) < threads and not exhausted and not stopping():
                # What waits for quiet is asked for only when all else is done.
                task = next_task(idle=False) or ([] if under_way else next_task(idle=True))
                under_way |= {pool.submit(work, t) for t in task}
                exhausted = not task
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            again.extend(released(False))
            for future in done:
                result = future.result()
                if result is not None:
                    yield result


def in_order(results: Iterable[Result], *, place: Callable[[Result], int], first: int = 1) -> Iterator[Result]:
    """Results by their place (`first`, `first` + 1, …): each is held until those before it are there; what has gaps
    comes at the end.
    """
    held: dict[int, Result] = {}
    for result in results:
        held[place(result)] = result
        while first in held:
            yield held.pop(first)
            first += 1
    yield from (held[n] for n in sorted(held))


class MemoryBudget:
    """An amount of something that many threads share; who wants more than there is gets it alone."""

    def __init__(self, amount: float) -> None:
        self._amount, self._used = amount, 0.0
        self._state = threading.Condition()

    @contextmanager
    def of(self, amount: float) -> Iterator[None]:
        """Hold `amount`, once it is free (or nothing is held by anybody)."""
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
    def stage(self, name: str, turn: AbstractContextManager[Any] | None = None) -> Iterator[None]:
        """Time what is done inside; with `turn`, from when it is this thread's turn."""
        with turn or nullcontext():
            began = time.perf_counter()
            try:
                yield
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - began
