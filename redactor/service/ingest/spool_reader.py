"""The tickets that wait in the spool, read by the service. They are untrusted: `hook.ticket` checks their form."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from redactor.atomic_files import as_output_error, is_leftover, save
from redactor.errors import NoInput, RefusedInput
from redactor.hook.spool import ENDING
from redactor.hook.ticket import AUDIO_NAME, LARGEST, Ticket, read_ticket
from redactor.safe_open import folder_at, open_file, read_all

OVERDUE = 10.0
"""Seconds without a sign of life after which tickets are taken although another service has the lock."""
STUCK = 60.0
"""The same for the sweep."""
UNREADABLE = 86_400.0
"""Seconds after which an unreadable ticket no longer keeps recordings from being taken without a ticket."""


class SpoolReader:
    """`new/` of the spool, and `refused/` for files that are no valid tickets.

    Args:
        folder: the spool that the hook writes to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.new = folder, folder / "new"

    def importing(self) -> AbstractContextManager[Callable[[], None] | None]:
        """A lock on taking tickets: None while another service on this host has it, unless that one hangs.

        Otherwise a function to call now and then as a sign of life. Two services that read the same recordings at once
        do the work twice, and no harm.
        """
        return self._lock(".tickets", OVERDUE)

    def sweeping(self) -> AbstractContextManager[Callable[[], None] | None]:
        """The same for the sweep."""
        return self._lock(".sweep", STUCK)

    @contextmanager
    def _lock(self, name: str, overdue: float) -> Iterator[Callable[[], None] | None]:
        descriptor = -1

        def keep_alive() -> None:
            with suppress(OSError):  # another user's file: the lock alone must suffice
                os.utime(descriptor)

        try:
            with suppress(OSError):  # whatever is in its place must not stop the service
                descriptor = os.open(
                    self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600
                )
            if descriptor < 0 or _locked(descriptor) or time.time() - os.fstat(descriptor).st_mtime > overdue:
                yield keep_alive
            else:
                yield None
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    @contextmanager
    def _folder(self) -> Iterator[int]:
        """`new/`, which the telephone system's user may write to, and may replace by something else."""
        with folder_at(self.folder, (self.new.name,)) as folder:
            yield folder

    def waiting(self) -> list[Path]:
        """The tickets, oldest first."""
        with self._folder() as folder, os.scandir(folder) as entries:
            return [self.new / name for name in sorted(e.name for e in entries if e.name.endswith(ENDING))]

    def read(self, ticket: Path) -> bytes:
        """A ticket's bytes; links are not followed.

        Raises:
            FileNotFoundError: another service process has taken it. RefusedInput: a link, no file, or too large.
                OSError: not now.
        """
        try:
            with self._folder() as folder:
                descriptor = open_file(ticket.name, folder)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):
                raise RefusedInput("A file in the spool is a link or a socket.") from None
            raise
        try:
            content = read_all(descriptor, LARGEST)
        finally:
            os.close(descriptor)
        if len(content) > LARGEST:
            raise RefusedInput("A file in the spool is too large for a ticket.")
        return content

    def remove(self, path: Path) -> None:
        """Remove a ticket (or a recording) whose job is in the queue."""
        with suppress(OSError), self._folder() as folder:
            os.unlink(path.name, dir_fd=folder)

    def refuse(self, ticket: Path, recording: str = "") -> None:
        """Move an invalid ticket to `refused/`, so that a person can look at it.

        Args:
            recording: name of the recording that came with it; it may be the only copy.
        """
        with (
            suppress(OSError),
            self._folder() as folder,
            folder_at(self.folder, ("refused",), make=True, mode=0o770) as refused,
        ):
            for name in (recording, ticket.name) if recording else (ticket.name,):
                with suppress(OSError):
                    os.replace(name, name, src_dir_fd=folder, dst_dir_fd=refused)

    def orphans(self, *, older: float) -> Iterator[Path]:
        """Recordings whose ticket was never written (the hook was killed, or the disk was full).

        A recording that was not even renamed yet gets a name. A half-written ticket is removed: the sweeper finds the
        recording that it named.

        Args:
            older: least age in seconds.
        """
        with self._folder() as folder, os.scandir(folder) as entries:
            found = [e.name for e in entries if AUDIO_NAME.fullmatch(e.name) or is_leftover(e.name)]
        named = self._named() if found else frozenset()
        if named is None:
            return
        for name in found:
            if name not in named and (orphan := self._orphan(name, older)):
                yield self.new / orphan

    def _orphan(self, name: str, older: float) -> str:
        """The name of an orphan, after renaming if needed; "" if it is too young, or is none."""
        with suppress(OSError), self._folder() as folder:
            status = os.lstat(name, dir_fd=folder)
            if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime <= older:
                return ""
            if not is_leftover(name):
                return name
            if not status.st_size or _begins_as_ticket(name, folder):
                os.unlink(name, dir_fd=folder)
                return ""
            made = f"{os.urandom(16).hex()}.wav"
            os.rename(name, made, src_dir_fd=folder, dst_dir_fd=folder)
            return made
        return ""

    def write(self, ticket: Ticket) -> Path:
        """Write a ticket as the hook would.

        Raises:
            OutputError
        """
        name = f"{time.time_ns():020d}-{os.urandom(8).hex()}{ENDING}"
        try:
            with self._folder() as folder:
                save(name, ticket.to_json(), folder=folder)
        except OSError as error:
            raise as_output_error(error) from None
        return self.new / name

    def _named(self) -> frozenset[str] | None:
        """The recordings whose tickets wait; None while a ticket cannot be read (unless it has been unreadable for
        long).
        """
        names: set[str] = set()
        for ticket in self.waiting():
            # Taken meanwhile, or refused in a moment, together with its recording.
            with suppress(RefusedInput, OSError):
                try:
                    names.add(read_ticket(self.read(ticket)).audio)
                except FileNotFoundError:
                    continue
                except (NoInput, OSError):
                    with self._folder() as folder:
                        if time.time() - os.lstat(ticket.name, dir_fd=folder).st_mtime < UNREADABLE:
                            return None
        return frozenset(names)


def _begins_as_ticket(name: str, folder: int) -> bool:
    try:
        file = open_file(name, folder)
    except RefusedInput:
        return False
    try:
        return os.pread(file, 10, 0) == b'{"schema":'
    finally:
        os.close(file)


def _locked(descriptor: int) -> bool:
    """Take a lock unless another process has it; it is released with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    return True
