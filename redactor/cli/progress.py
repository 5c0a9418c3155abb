"""Progress of a run (a bar on a terminal, now and then a plain line elsewhere), and requests to stop it."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from redactor.cli.summary import spell
from redactor.console import console
from redactor.types import Outcome, Status

EVERY = 30.0
"""Seconds between plain lines."""
WINDOW = 60.0
"""Seconds over which the pace is measured: skipped recordings pass quickly and predict nothing."""


class Meter:
    """Shows recordings done and in all, hours of audio, speed and time left, and one line for each failure.

    `total` is None until the inputs are counted, which happens in parallel with the work.
    """

    def __init__(self, progress: Progress, *, every: float = EVERY) -> None:
        self.total: int | None = None
        self._progress = progress
        self._task = progress.add_task("redacting", total=None, note="")
        self._every = every
        self._began = self._said = time.monotonic()
        self._done = 0
        self._audio = 0.0
        self._trouble: Counter[str] = Counter()
        self._pace: deque[tuple[float, int]] = deque([(self._began, 0)])

    def add(self, outcome: Outcome) -> None:
        """Count one outcome and show it."""
        self._done += 1
        self._audio += outcome.duration if outcome.status is not Status.QUARANTINED else 0.0
        now = time.monotonic()
        if now - self._pace[-1][0] >= 1.0:
            self._pace.append((now, self._done))
            while now - self._pace[0][0] > WINDOW and len(self._pace) > 2:
                self._pace.popleft()
        if outcome.status in (Status.QUARANTINED, Status.FAILED):
            self._trouble[outcome.status.value] += 1
            line = (
                f"#{outcome.item} {outcome.id[:12] or '(unread)'} {outcome.status.value}: {outcome.reason}. "
                f"{outcome.message} {outcome.hint}"
            )
            with suppress(OSError):
                self._progress.console.print(line, markup=False, style="yellow")
        self._progress.update(self._task, completed=self._done, total=self.total, note=self.line(now))
        if self._progress.disable and now - self._said >= self._every:
            self._said = now
            with suppress(OSError):
                console().print(self.line(now), markup=False)

    def line(self, now: float) -> str:
        """The state of the run in words."""
        spent = now - self._began
        parts = [f"{self._done:,} of {self.total:,}" if self.total is not None else f"{self._done:,}"]
        parts.append(f"{spell(self._audio)} audio")
        if spent > 0:
            parts.append(f"{self._audio / spent:.1f}x real time")
        left = self.left(now)
        if left is not None:
            parts.append(f"about {spell(left)} left")
        parts += [f"{n:,} {status}" for status, n in sorted(self._trouble.items())]
        return ", ".join(parts)

    def left(self, now: float) -> float | None:
        """Seconds left at the pace of the last minute; None while unknown."""
        since, done = self._pace[0]
        if self.total is None or self._done <= done or now - since < 2.0:
            return None
        return max(0, self.total - self._done) * (now - since) / (self._done - done)


@contextmanager
def meter(*, every: float = EVERY) -> Iterator[Meter]:
    """A meter on standard error."""
    columns = (TextColumn("redacting"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    out = console()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        yield Meter(progress, every=every)


class Stop:
    """Whether the run should end early: requested by Ctrl-C or SIGTERM, or by the run itself, with a reason."""

    def __init__(self) -> None:
        self.asked = False
        self.why = ""
        self.full = 0
        """Consecutive recordings that found the disk full."""

    def __call__(self) -> bool:
        return self.asked

    def because(self, why: str) -> None:
        """End the run; the first reason is kept."""
        self.asked = True
        self.why = self.why or why

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """First signal: recordings in progress are finished and saved, then the run stops. Second: it stops at once,
        with nothing half-written.
        """

        def handler(_number: int, _frame: FrameType | None) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True
            # Written without Python's buffers: the signal may have interrupted their use.
            with suppress(OSError):
                os.write(2, b"Finishing the recordings in progress; press Ctrl-C again to stop at once.\n")

        before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, old in before.items():
                signal.signal(number, old)
