"""The spool: a folder of tickets that survives a power cut, works while service and database are down, and says when it is full."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from redactor.durable import Partial, flush_folder
from redactor.errors import Busy, RefusedInput

from .ticket import AUDIO_NAME, LARGEST, Ticket

FOLDER_MODE = 0o2770
"""The service's group may read what the telephone system's user writes (setgid: files inherit it)."""
ENDING = ".ticket"


class Spool:
    """`new/` holds tickets and the recordings that came with them, `refused/` what was none.

    Args:
        limit: most tickets that may wait.
    """

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.folder = folder
        self.new = folder / "new"
        self.limit = limit

    def prepare(self) -> None:
        """Make the folders where they are missing.

        Raises:
            Busy: they cannot be made.
        """
        try:
            for folder in (self.folder, self.new):
                if not folder.is_dir():
                    folder.mkdir(mode=0o770, parents=True, exist_ok=True)
                    with suppress(OSError):
                        folder.chmod(FOLDER_MODE)
        except OSError:
            raise Busy("The spool folder cannot be made.", hint="Make it, writable for this user.") from None

    def put(self, ticket: Ticket, audio: bytes = b"") -> None:
        """Write a ticket (and the recording that comes with it, first), so that both are on the disk when this returns.

        Raises:
            Busy: the spool is full (a recording that comes along is taken nevertheless: there is no other), or cannot be written to.
        """
        self.prepare()
        if not ticket.audio:
            self.check_room()
        try:
            if ticket.audio:
                self._write(self.new / ticket.audio, audio)
            # Sorted by time; the random part keeps calls of the same instant apart.
            self._write(self.new / f"{time.time_ns():020d}-{os.urandom(8).hex()}{ENDING}", ticket.to_json())
            flush_folder(self.new)
        except OSError:
            raise Busy(
                "The spool cannot be written to.", hint="Check its owner, group and the free space; then call again."
            ) from None

    def check_room(self) -> None:
        """Whether another ticket may come.

        Raises:
            Busy
        """
        try:
            with os.scandir(self.new) as entries:
                waiting = sum(1 for entry in entries if entry.name.endswith(ENDING))
        except OSError:
            raise Busy("The spool cannot be read.", hint="Check its owner and group.") from None
        if waiting >= self.limit:
            raise Busy(
                "The spool is full.", hint="Is the service running? The sweeper finds the recording when there is room."
            )

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

    def _write(self, target: Path, content: bytes) -> None:
        partial = Partial(target)
        try:
            partial.write(content)
            partial.commit()
        finally:
            partial.discard()
