"""The spool: a folder of tickets that survives a power cut, works while service and database are down, and says when it
is full.

This half writes; `serve.tickets` reads. Paths are plain text here: pathlib would be a tenth of what a call costs.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from redactor.atomic_files import Partial, flush_folder
from redactor.errors import Busy
from redactor.hook.ticket import Ticket
from redactor.safe_open import descend

FOLDER_MODE = 0o2770
"""The service's group may read what the telephone system's user writes (setgid: files inherit it)."""
ENDING = ".ticket"
_NEW = ("new",)


class Spool:
    """`new/` holds tickets and the recordings that came with them.

    Args:
        folder: absolute path.
        limit: most tickets that may wait.
    """

    def __init__(self, folder: str, *, limit: int) -> None:
        self._folder, self._limit = folder, limit

    def prepare(self) -> None:
        """Make the folders where they are missing.

        Raises:
            Busy: they cannot be made.
        """
        os.close(self._opened())

    def _opened(self) -> int:
        """A descriptor of `new/`, made where it is missing: whoever may write to the spool must not choose where we do.

        Raises:
            Busy
        """
        try:
            try:
                return descend(self._folder, _NEW)
            except FileNotFoundError:
                os.close(_made(self._folder))
                return _made(self._folder, *_NEW)
        except OSError:
            raise Busy("The spool folder cannot be made.", hint="Make it, writable for this user.") from None

    def put(self, ticket: Ticket, audio: bytes = b"") -> None:
        """Write a ticket (and the recording that comes with it, first), so that both are on the disk when this returns.

        Raises:
            Busy: the spool is full (a recording that comes along is taken nevertheless: there is no other), or cannot
                be written to.
        """
        folder = self._opened()
        try:
            if ticket.audio:
                _write(ticket.audio, audio, folder)
            else:
                self._check_room(folder)
            # Sorted by time; the random part keeps calls of the same instant apart.
            _write(f"{time.time_ns():020d}-{os.urandom(8).hex()}{ENDING}", ticket.to_json(), folder)
            flush_folder(folder)
        except OSError:
            raise Busy(
                "The spool cannot be written to.", hint="Check its owner, group and the free space; then call again."
            ) from None
        finally:
            os.close(folder)

    def _check_room(self, folder: int) -> None:
        try:
            with os.scandir(folder) as entries:
                waiting = sum(1 for entry in entries if entry.name.endswith(ENDING))
        except OSError:
            raise Busy("The spool cannot be read.", hint="Check its owner and group.") from None
        if waiting >= self._limit:
            raise Busy(
                "The spool is full.", hint="Is the service running? The sweeper finds the recording when there is room."
            )


def _made(root: str, *names: str) -> int:
    """A descriptor of a folder, which is made where it is missing."""
    try:
        return descend(root, names)
    except FileNotFoundError:
        folder = descend(root, names, make=True, mode=0o770)
    with suppress(OSError):
        os.fchmod(folder, FOLDER_MODE)
    return folder


def _write(name: str, content: bytes, folder: int) -> None:
    partial = Partial(name, folder=folder)
    try:
        partial.write(content)
        partial.commit()
    finally:
        partial.discard()
