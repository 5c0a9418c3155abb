"""The spool: a folder of tickets that survives a power cut, works while service and database are down, and reports when
it is full.

This module writes tickets, and `service.ingest.spool_reader` reads them. Paths are plain text here: importing pathlib
would take a tenth of a call.
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
"""The service's group may read files of the telephone system's user (setgid: files inherit the group)."""
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
        """Create missing folders.

        Raises:
            Busy: they cannot be created.
        """
        os.close(self._opened())

    def _opened(self) -> int:
        """A descriptor of `new/`, which is created if it is missing. It is opened without following links: other users
        may write to the spool, and must not choose where tickets go.

        Raises:
            Busy
        """
        try:
            try:
                return descend(self._folder, _NEW)
            except FileNotFoundError:
                os.close(_created(self._folder))
                return _created(self._folder, *_NEW)
        except OSError:
            raise Busy("The spool folder cannot be created.", hint="Create it, writable for this user.") from None

    def put(self, ticket: Ticket, audio: bytes = b"") -> None:
        """Write a ticket, after the recording that comes with it, if any; both are on the disk when this returns.

        Raises:
            Busy: the spool cannot be written to, or is full. (A recording that comes with its ticket is taken
                nevertheless: it may be the only copy.)
        """
        folder = self._opened()
        try:
            if ticket.audio:
                _write(ticket.audio, audio, folder)
            else:
                self._check_limit(folder)
            # The names sort by time; the random part distinguishes calls in the same instant.
            _write(f"{time.time_ns():020d}-{os.urandom(8).hex()}{ENDING}", ticket.to_json(), folder)
            flush_folder(folder)
        except OSError:
            raise Busy(
                "The spool cannot be written to.", hint="Check its owner, group and free space; then call again."
            ) from None
        finally:
            os.close(folder)

    def _check_limit(self, folder: int) -> None:
        try:
            with os.scandir(folder) as entries:
                waiting = sum(1 for entry in entries if entry.name.endswith(ENDING))
        except OSError:
            raise Busy("The spool cannot be read.", hint="Check its owner and group.") from None
        if waiting >= self._limit:
            raise Busy(
                "The spool is full.", hint="Is the service running? It finds the recording when the spool has room."
            )


def _created(root: str, *names: str) -> int:
    """A descriptor of a folder, which is created if it is missing."""
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
