"""The spool: a folder of tickets that survives a power cut, works while service and database are down, and says when it is full.

This half writes; `serve.tickets` reads. Paths are plain text here: pathlib would be a tenth of what a call costs.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from redactor.durable import Partial, flush_folder
from redactor.errors import Busy

from .ticket import Ticket

FOLDER_MODE = 0o2770
"""The service's group may read what the telephone system's user writes (setgid: files inherit it)."""
ENDING = ".ticket"


class Spool:
    """`new/` holds tickets and the recordings that came with them.

    Args:
        folder: absolute path.
        limit: most tickets that may wait.
    """

    def __init__(self, folder: str, *, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._new = f"{folder}/new"

    def prepare(self) -> None:
        """Make the folders where they are missing.

        Raises:
            Busy: they cannot be made.
        """
        try:
            for folder in (self._folder, self._new):
                if not os.path.isdir(folder):
                    os.makedirs(folder, mode=0o770, exist_ok=True)
                    with suppress(OSError):
                        os.chmod(folder, FOLDER_MODE)
        except OSError:
            raise Busy("The spool folder cannot be made.", hint="Make it, writable for this user.") from None

    def put(self, ticket: Ticket, audio: bytes = b"") -> None:
        """Write a ticket (and the recording that comes with it, first), so that both are on the disk when this returns.

        Raises:
            Busy: the spool is full (a recording that comes along is taken nevertheless: there is no other), or cannot be written to.
        """
        self.prepare()
        if not ticket.audio:
            self._check_room()
        try:
            if ticket.audio:
                self._write(ticket.audio, audio)
            # Sorted by time; the random part keeps calls of the same instant apart.
            self._write(f"{time.time_ns():020d}-{os.urandom(8).hex()}{ENDING}", ticket.to_json())
            flush_folder(self._new)
        except OSError:
            raise Busy(
                "The spool cannot be written to.", hint="Check its owner, group and the free space; then call again."
            ) from None

    def _check_room(self) -> None:
        try:
            with os.scandir(self._new) as entries:
                waiting = sum(1 for entry in entries if entry.name.endswith(ENDING))
        except OSError:
            raise Busy("The spool cannot be read.", hint="Check its owner and group.") from None
        if waiting >= self._limit:
            raise Busy(
                "The spool is full.", hint="Is the service running? The sweeper finds the recording when there is room."
            )

    def _write(self, name: str, content: bytes) -> None:
        partial = Partial(f"{self._new}/{name}")
        try:
            partial.write(content)
            partial.commit()
        finally:
            partial.discard()
