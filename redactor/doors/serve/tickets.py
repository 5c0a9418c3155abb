"""The tickets that wait in the spool, as the service reads them: nobody is believed (`hook.ticket` checks their form)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redactor.doors.hook.spool import ENDING
from redactor.doors.hook.ticket import AUDIO_NAME, LARGEST
from redactor.errors import RefusedInput

OVERDUE = 10.0
"""Seconds after which a ticket is taken although another service holds the folder."""
STUCK = 60.0
"""Seconds without a sign after which the folders are walked although another service is at it."""


class Tickets:
    """`new/` of the spool, and `refused/` for what was no ticket.

    Args:
        folder: the spool that the hook writes to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.new = folder, folder / "new"

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether the tickets are ours to take: not while another service on this host is at it, unless it hangs.

        Two that read the same recordings at once do no harm, but the work twice.
        """
        folder = os.open(self.new, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield _ours(folder) or self._is_overdue()
        finally:
            os.close(folder)

    @contextmanager
    def sweeping(self) -> Iterator[Callable[[], None] | None]:
        """The same for walking the folders: something to call now and then, which says that we still do; None if it is not our turn."""
        file = os.open(self.folder / ".sweep", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if _ours(file) or time.time() - os.fstat(file).st_mtime > STUCK:
                os.utime(file)
                yield lambda: os.utime(file)
            else:
                yield None
        finally:
            os.close(file)

    def _is_overdue(self) -> bool:
        with suppress(OSError, IndexError):
            return time.time() - self.waiting()[0].stat().st_mtime > OVERDUE
        return False

    def waiting(self) -> list[Path]:
        """The tickets, oldest first."""
        with os.scandir(self.new) as entries:
            return [self.new / name for name in sorted(e.name for e in entries if e.name.endswith(ENDING))]

    def read(self, ticket: Path) -> bytes:
        """A ticket's bytes; links are not followed.

        Raises:
            FileNotFoundError: another service process has taken it. RefusedInput: a link, or too large.
        """
        try:
            descriptor = os.open(ticket, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError:
            raise RefusedInput("A file in the spool cannot be opened.") from None
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise RefusedInput("A file in the spool is too large for a ticket.")
        return content

    def remove(self, ticket: Path) -> None:
        """Take a ticket away, once what it says is in the queue."""
        with suppress(OSError):
            ticket.unlink()

    def refuse(self, ticket: Path) -> None:
        """Set aside what is no ticket, so that a person can look at it."""
        target = self.folder / "refused"
        with suppress(OSError):
            target.mkdir(mode=0o770, exist_ok=True)
            ticket.replace(target / ticket.name)

    def orphans(self, *, older: float) -> Iterator[Path]:
        """Recordings whose ticket was never written (the mail's sender was told to try again), by age in seconds."""
        with os.scandir(self.new) as entries:
            for entry in entries:
                with suppress(OSError):
                    if AUDIO_NAME.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > older:
                        yield self.new / entry.name


def _ours(descriptor: int) -> bool:
    """Take a lock, unless somebody has it; it goes with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    return True
