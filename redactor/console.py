"""Output for people. Problems and progress go to standard error, so that standard output contains only data."""

from __future__ import annotations

import sys
from contextlib import suppress

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from redactor.errors import RedactorError


def console(*, data: bool = False) -> Console:
    """A console on standard error, or for results (`data`) on standard output. Made at each use, since callers replace
    the streams.
    """
    return Console(file=sys.stdout if data else sys.stderr, highlight=False, soft_wrap=True)


def complain(error: RedactorError) -> None:
    """Print what happened, and on the next line what to do."""
    out = console()
    with suppress(OSError):
        out.print(f"error: {error.message}", style="bold red", markup=False)
        out.print(f"  {error.hint}", markup=False)


def notice(text: str) -> None:
    """Print one line; a closed terminal does not stop the work."""
    with suppress(OSError):
        console().print(text, style="yellow", markup=False)


class DownloadBar:
    """Called with (bytes done, bytes in all) while a checkpoint is downloaded or written.

    It appears with the first bytes, and only on a terminal. As a context manager it also ends on errors.
    """

    def __init__(self, label: str = "downloading") -> None:
        self._label = label
        self._progress: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._progress is None:
            out = console()
            if not out.is_terminal:
                return
            columns = (
                TextColumn(self._label),
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
            self.stop()

    def stop(self) -> None:
        """Remove the bar and show the cursor again."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def __enter__(self) -> DownloadBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
