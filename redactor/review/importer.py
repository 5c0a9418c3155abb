"""Where sent messages come in: each is audited, sealed and put before the reviewers once, and the trail is told.

The same bytes in another place are another message: one that was recorded once may go to many, and not all of them have
consented.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redactor.audio import Source
from redactor.audit_log import Trail, events
from redactor.compliance.model import Audited
from redactor.compliance.recipients import Sending, Sendings, read_sendings
from redactor.crypto import Sealer
from redactor.errors import ConfigurationError, NoInput, OnHold
from redactor.pipeline import Artefacts
from redactor.review.versions import VersionService
from redactor.speech import Transcriber
from redactor.types import Recording

SETTLED = 10.0
"""Seconds after which nobody is still writing a list whose last line does not end."""


class KnownSendings:
    """A file of sendings that somebody goes on writing: read again when it has changed; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], Sendings] | None = None

    def of(self, names: Sequence[str]) -> Sending | None:
        """The row whose `file` is the first of these names that there is; None: there is no such row (yet).

        Raises:
            OnHold: the file is not there or not whole, as while it is being replaced.
        """
        with self._lock:
            try:
                return self._current().named(names)
            except (OSError, NoInput, ConfigurationError) as error:
                told = f" {error.message}" if isinstance(error, ConfigurationError) else ""
                raise OnHold(
                    f"The file review.recipients cannot be used.{told}", hint="Correct it: sent messages wait for it."
                ) from None

    def _current(self) -> Sendings:
        before = self._path.stat()
        if self._read is None or self._read[0] != _stamp(before):
            read = read_sendings(self._path)
            # A last cell that was cut may be another person's.
            cut = not self._ends() and 0 <= time.time() - before.st_mtime < SETTLED
            if cut or _stamp(self._path.stat()) != _stamp(before):
                raise OnHold("The file review.recipients is being written.", hint="Nothing needs to be done.")
            self._read = (_stamp(before), read)
        return self._read[1]

    def _ends(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) in (b"\n", b"\r")


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


class Importer:
    """See the module's text.

    Args:
        sealer: makes marks of persons and numbers, which is all that the database knows of them.
        sendings: who was called, where a file says so.
        patience: seconds for which a sending may be ahead of its row there: whoever writes the list may be slow.
    """

    def __init__(
        self,
        versions: VersionService,
        trail: Trail,
        sealer: Sealer,
        sendings: KnownSendings | None = None,
        *,
        patience: float = 0.0,
    ) -> None:
        self._versions, self._trail, self._sealer, self._sendings = versions, trail, sealer, sendings
        self._patience = patience

    def knows(self, identity: str, *, place: str) -> bool:
        """Whether a recording (by its SHA-256) is there already, as one that is sent from this place."""
        return bool(self._versions.store.sent(identity, self._place(place)))

    def sending(self, names: Sequence[str], *, since: float) -> Sending:
        """What is known of the sending of a recording that is called so, and that we know of since then.

        Raises:
            OnHold: nothing yet, and we are still patient; or see `KnownSendings`.
        """
        if self._sendings is None:
            return Sending()
        found = self._sendings.of(names)
        if found is None and time.time() - since < self._patience:
            raise OnHold("The file review.recipients has no row of this message yet.", hint="It is waited for.")
        return found or Sending(listed=False)

    def take(
        self,
        source: Source,
        recording: Recording,
        made: Artefacts,
        *,
        names: Sequence[str],
        place: str,
        since: float,
        by: str,
        name: str,
    ) -> None:
        """A recording that was redacted just now; nothing happens with one that is there, or that was not sent by us.

        Args:
            names: what a row of the sendings may call it; the best first.
            place: where it is sent from: its path, or whatever else no other sending has.
            since: when we were told of it, seconds since 1970.
            by: whom trail and vault are told of.
            name: of its file; it is sealed.

        Raises:
            RedactorError: it could not be put there. What was made for it is not lost: it is made again.
        """
        if self.knows(source.id, place=place):
            return
        sending = self.sending(names, since=since)
        if sending.direction != "in":
            self._versions.take(source, recording, made, sending, **self._known(sending, place=place, by=by, name=name))

    def add(
        self, source: Source, transcriber: Transcriber, sending: Sending, *, place: str, by: str, name: str
    ) -> Audited:
        """A recording that nobody has redacted yet.

        Raises:
            RedactorError
        """
        return self._versions.add(source, transcriber, sending, **self._known(sending, place=place, by=by, name=name))

    def _known(self, sending: Sending, *, place: str, by: str, name: str) -> dict[str, Any]:
        return {
            "by": by,
            "name": name,
            "caller": self._mark(sending.caller),
            "mailbox": self._mark(sending.recipient),
            "place": self._place(place),
            "told": lambda message: self._trail.append(events.MessageAdded(by=by, message=message)),
        }

    def _place(self, place: str) -> str:
        return self._sealer.mark(b"sent from", os.fsencode(place)).hex()

    def _mark(self, name: str) -> str:
        return self._sealer.mark(name.encode()).hex() if name else ""
