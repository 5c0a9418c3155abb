"""What a person sees on a terminal. Problems and progress go to standard error, so that standard output stays data."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from redactor.errors import RedactorError
from redactor.types import Outcome, Status


def console(*, data: bool = False) -> Console:
    """On standard error; `data`: on standard output, for what was asked for. Made at each use, since callers replace the streams."""
    return Console(file=sys.stdout if data else sys.stderr, highlight=False, soft_wrap=True)


def complain(error: RedactorError) -> None:
    """One line what happened, one line what to do."""
    out = console()
    with suppress(OSError):
        out.print(f"error: {error.message}", style="bold red", markup=False)
        out.print(f"  {error.hint}", markup=False)


def notice(text: str) -> None:
    """One line; a terminal that went away does not stop the work."""
    with suppress(OSError):
        console().print(text, style="yellow", markup=False)


class Meter:
    """A progress bar over recordings with audio hours and speed; silent when standard error is not a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self.audio = 0.0
        self.trouble: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        self.audio += outcome.duration
        if outcome.status in (Status.QUARANTINED, Status.FAILED):
            self.trouble[outcome.status.value] += 1
            line = f"#{outcome.item} {outcome.id[:12] or '(unread)'} {outcome.status.value}: {outcome.reason}. {outcome.message} {outcome.hint}"
            with suppress(OSError):
                self._progress.console.print(line, markup=False, style="yellow")
        seen = self._progress.tasks[0].elapsed or 0.0
        speed = f"{self.audio / seen:.1f}x" if seen > 0 else ""
        trouble = ", ".join(f"{n} {status}" for status, n in sorted(self.trouble.items()))
        self._progress.update(self._task, advance=1, note=f"{self.audio / 60:.1f} min audio {speed} {trouble}")


@contextmanager
def meter(total: int) -> Iterator[Meter]:
    columns = (
        TextColumn("redacting"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    out = console()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        yield Meter(progress, progress.add_task("redacting", total=total, note=""))


class DownloadBar:
    """Called with (bytes done, bytes in all) while a checkpoint is downloaded."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._progress is None:
            out = console()
            if not out.is_terminal:
                return
            columns = (
                TextColumn("downloading"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=out, transient=True)
            self._progress.add_task("download", total=total)
            self._progress.start()
        self._progress.update(self._progress.tasks[0].id, completed=done, total=total)
        if done >= total:
            self._progress.stop()
            self._progress = None


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Ctrl-C or SIGTERM once: the recording at hand is finished, then the run stops. Twice: at once (nothing half-written)."""
    asked = False

    def handler(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        # Written without Python's buffers, in the middle of whose use the signal may have come.
        with suppress(OSError):
            os.write(2, b"Finishing the recording at hand; press Ctrl-C again to stop at once.\n")

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def summary_table(outcomes: Sequence[Outcome], wall: float, passed_over: int) -> Table:
    """Totals of a run, and reasons where something went wrong."""
    by_status = Counter(o.status.value for o in outcomes)
    audio = sum(o.duration for o in outcomes)
    table = Table(show_header=False, title="Summary", title_justify="left")
    for status in Status:
        if by_status[status.value]:
            table.add_row(status.value, str(by_status[status.value]))
    for reason, n in sorted(Counter(o.reason for o in outcomes if o.reason).items()):
        table.add_row(f"  {reason}", str(n))
    if passed_over:
        table.add_row("other files passed over", str(passed_over))
    table.add_row("audio", f"{audio / 60:.1f} min")
    bleeped = sum(o.bleeped for o in outcomes)
    if audio:
        table.add_row("bleeped", f"{bleeped / 60:.1f} min ({100 * bleeped / audio:.0f} %)")
        table.add_row("time", f"{wall:.1f} s ({audio / wall:.1f} times faster than listening)")
    for label, n in sorted(_labels(outcomes).items(), key=lambda p: (-p[1], p[0])):
        table.add_row(f"  {label}", str(n))
    return table


def _labels(outcomes: Iterable[Outcome]) -> Counter[str]:
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(dict(outcome.findings))
    return total
