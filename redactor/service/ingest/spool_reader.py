"""The tickets that wait in the spool, as the service reads them: nobody is believed (`hook.ticket` checks their
form).
"""

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
"""Seconds without a sign after which tickets are taken although another service is at it."""
STUCK = 60.0
"""The same for walking the folders."""
UNREADABLE = 86_400.0
"""Seconds after which a ticket that cannot be read keeps no recording from being taken without one."""


class SpoolReader:
    """`new/` of the spool, and `refused/` for what was no ticket.

    Args:
        folder: the spool that the hook writes to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.new = folder, folder / "new"

    def turn(self) -> AbstractContextManager[Callable[[], None] | None]:
        """Whether the tickets are ours to take: None while another service on this host is at it, unless it hangs.

        Otherwise something to call now and then, which says that we still are. Two that read the same recordings at
        once do no harm, but the work twice.
        """
        return self._held(".tickets", OVERDUE)

    def sweeping(self) -> AbstractContextManager[Callable[[], None] | None]:
        """The same for walking the folders."""
        return self._held(".sweep", STUCK)

    @contextmanager
    def _held(self, name: str, overdue: float) -> Iterator[Callable[[], None] | None]:
        descriptor = -1

        def still() -> None:
            with suppress(OSError):  # somebody else's file: the lock alone must do
                os.utime(descriptor)

        try:
            with suppress(OSError):  # whatever lies there in its place, it must not stop us
                descriptor = os.open(
                    self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600
                )
            if descriptor < 0 or _ours(descriptor) or time.time() - os.fstat(descriptor).st_mtime > overdue:
                yield still
            else:
                yield None
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    @contextmanager
    def _folder(self) -> Iterator[int]:
        """`new/`, which the telephone system's user may write to, and put something else in the place of."""
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
        """Take a ticket (or a recording) away, once what it says is in the queue."""
        with suppress(OSError), self._folder() as folder:
            os.unlink(path.name, dir_fd=folder)

    def refuse(self, ticket: Path, recording: str = "") -> None:
        """Set aside what is no ticket, so that a person can look at it.

        Args:
            recording: name of the one that came with it; nobody else may have it.
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
        """Recordings whose ticket was never written (the hook was killed, or the disk full), by age in seconds.

        One that was not even given its name gets one; a ticket that was not is removed: what it named, the sweeper
        finds.
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
        """What an orphan is called from now on; "" if it is too young, or was none."""
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
        """A ticket as the hook would have written it.

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
        """The recordings whose tickets wait; None if that cannot be told now (of a ticket that nobody ever could
        read, it need not).
        """
        names: set[str] = set()
        for ticket in self.waiting():
            # Taken meanwhile, or set aside in a moment, together with its recording.
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


def _ours(descriptor: int) -> bool:
    """Take a lock, unless somebody has it; it goes with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    return True
