"""Which worker has which item: hands items out, answers questions from the journal, takes back items of workers that
ended. Independent of Ray.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redactor.cluster.messages import AssignedItem, WorkerReport
from redactor.errors import CrashedRepeatedly, InputError, RedactorError
from redactor.factory import in_full
from redactor.storage import Claim, Item, Journal, JournalDecision, Step
from redactor.types import Outcome, Status


@dataclass(slots=True, eq=False)
class _Task:
    """An item in progress.

    Attributes:
        claim: the claim with which the journal let it proceed.
        losses: workers that ended while they had it.
        alone: its worker has no other item.
    """

    item: Item
    claim: Claim | None = None
    losses: int = 0
    alone: bool = False


class Schedule:
    """The state of a run on many workers; all methods may be called from many threads.

    Args:
        items: taken one at a time, when a worker has room.
        out: output folder as the journal knows it. Workers get absolute paths; their reports are mapped back.
        reader: gives the reader of an item's own transcript; None: all speech is recognised.
        tries: workers that may end while they have an item before it is set aside.
        stopping: once it returns true, nothing is handed out any more.
    """

    def __init__(
        self,
        items: Iterable[Item],
        out: Path,
        journal: Journal,
        *,
        reader: Callable[[Item], Any] | None = None,
        tries: int = 3,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.failure: BaseException | None = None
        self._items = iter(items)
        self._out = out
        self._journal = journal
        self._reader = reader
        self._tries = tries
        self._stopping = stopping
        self._lock = threading.RLock()
        self._in_progress: dict[str, dict[int, _Task]] = {}
        self._retries: deque[_Task] = deque()
        self._suspects: deque[_Task] = deque()
        self._finished = False
        self.losses = 0

    @property
    def ending(self) -> bool:
        """Whether workers should end: all is done, or the run is being stopped."""
        return self._finished or self.failure is not None or self._stopping()

    # --- handing out

    def hand_out(self, worker: str, *, room: int) -> tuple[AssignedItem, ...]:
        """New items for a worker that can have `room` items; none while it has one that must be alone."""
        with self._lock:
            mine = self._in_progress.setdefault(worker, {})
            before = set(mine)
            if self.ending or any(task.alone for task in mine.values()):
                return ()
            while len(mine) < room and (task := self._next()) is not None:
                mine[task.item.number] = task
            if not mine and (task := self._next_alone()) is not None:
                task.alone = True
                mine[task.item.number] = task
            new = [task for number, task in mine.items() if number not in before]
            if not any(self._in_progress.values()):
                self._finished = True
        return tuple(self._given(task) for task in new)

    def _next(self) -> _Task | None:
        if not self._retries:
            self._retries.extend(map(_Task, self._journal.released(idle=False)))
        if self._retries:
            return self._retries.popleft()
        item = next(self._items, None)
        return None if item is None else _Task(item)

    def _next_alone(self) -> _Task | None:
        """A suspect item, for a worker that has no other item and gets none meanwhile."""
        if not self._suspects:
            self._suspects.extend(map(_Task, self._journal.released(idle=True)))
        return self._suspects.popleft() if self._suspects else None

    def _given(self, task: _Task) -> AssignedItem:
        known = self._journal.known(task.item)
        reader: Any = None
        if self._reader is not None:
            try:
                reader = self._reader(task.item)
            except RedactorError as error:
                reader = error
        return AssignedItem(in_full(task.item), known, reader)

    # --- workers' reports

    def note(self, worker: str, report: WorkerReport) -> tuple[tuple[int, JournalDecision | RedactorError], ...]:
        """Record the results of a report, and answer its questions."""
        for done in report.done:
            task = self._in_progress[worker].get(done.outcome.item)
            if task is not None:
                self._journal.finish(task.item, done.outcome, done.files)
                self._remove(worker, task)
                self.outcomes.put(done.outcome)
        return tuple((claim.item.number, self._answer(worker, claim)) for claim in report.asked)

    def _answer(self, worker: str, asked: Claim) -> JournalDecision | RedactorError:
        task = self._in_progress[worker][asked.item.number]
        claim = replace(asked, item=task.item, target=replace(asked.target, root=self._out))
        if task.claim is not None:
            if task.claim == claim:  # begun by a worker that has ended: the journal's answer still holds
                return JournalDecision(Step.PROCEED)
            return InputError("The file changed while it was being worked on.", hint="Run the same command again.")
        try:
            decision = self._journal.begin(claim)
        except RedactorError as error:
            return error
        if decision.step is Step.PROCEED:
            task.claim = claim
            return decision
        self._remove(worker, task)
        if decision.outcome is not None:
            self.outcomes.put(decision.outcome)
        return decision

    def _remove(self, worker: str, task: _Task) -> None:
        # After the journal has recorded it: items that waited for it are released before the run can seem finished.
        with self._lock:
            self._in_progress[worker].pop(task.item.number, None)

    def gone(self, worker: str, *, orderly: bool = False) -> None:
        """A worker has ended; other workers get its unfinished items.

        Args:
            orderly: it was told to end.
        """
        with self._lock:
            left = list(self._in_progress.pop(worker, {}).values())
            self.losses += not orderly
            for task in left:
                task.losses += not orderly
                if task.alone and task.losses >= self._tries:
                    self._set_aside(task)
                elif task.claim is not None or task.losses > 1:
                    task.alone = False
                    self._suspects.append(task)
                else:
                    self._retries.append(task)

    def _set_aside(self, task: _Task) -> None:
        problem = CrashedRepeatedly(f"{task.losses} workers ended while they processed it.")
        outcome = Outcome(
            task.item.number,
            task.claim.source_id if task.claim else "",
            Status.FAILED,
            reason=problem.reason,
            message=problem.message,
            hint=problem.hint,
            exit_code=problem.exit_code,
        )
        self._journal.finish(task.item, outcome, {})
        self.outcomes.put(outcome)
