"""Adds sent messages to the review: each is audited, sealed, and logged once.

The same bytes in another place are another message: one recording may go to many people, of whom not all have
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
"""Seconds after which a list without a final line end counts as complete."""


class KnownSendings:
    """A list of recipients that keeps growing: read again whenever it has changed; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], Sendings] | None = None

    def of(self, names: Sequence[str]) -> Sending | None:
        """The row whose `file` is the first of these names that is listed; None if there is no such row (yet).

        Raises:
            OnHold: the file is missing or incomplete, as while it is being replaced.
        """
        with self._lock:
            try:
                return self._current().named(names)
            except (OSError, NoInput, ConfigurationError) as error:
                detail = f" {error.message}" if isinstance(error, ConfigurationError) else ""
                raise OnHold(
                    f"The file review.recipients cannot be used.{detail}", hint="Correct it; sent messages wait for it."
                ) from None

    def _current(self) -> Sendings:
        before = self._path.stat()
        if self._read is None or self._read[0] != _stamp(before):
            read = read_sendings(self._path)
            # A truncated last cell may be another person's.
            cut = not self._ends() and 0 <= time.time() - before.st_mtime < SETTLED
            if cut or _stamp(self._path.stat()) != _stamp(before):
                raise OnHold("The file review.recipients is being written.", hint="No action is needed.")
            self._read = (_stamp(before), read)
        return self._read[1]

    def _ends(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) in (b"\n", b"\r")


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


class Importer:
    """See the module's docstring.

    Args:
        sealer: makes keyed marks of persons and numbers; the database stores nothing else about them.
        sendings: who was called, if a file lists it.
        patience: seconds to wait for a message's row in that file, which may be written later than the message.
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
        """Whether a recording (by its SHA-256) that was sent from this place has been added already."""
        return bool(self._versions.store.sent(identity, self._place(place)))

    def sending(self, names: Sequence[str], *, since: float) -> Sending:
        """What is known about the sending of a recording.

        Args:
            names: names under which it may be listed.
            since: when it was reported, seconds since 1970.

        Raises:
            OnHold: it is not listed yet, and `patience` has not run out; or see `KnownSendings`.
        """
        if self._sendings is None:
            return Sending()
        found = self._sendings.of(names)
        if found is None and time.time() - since < self._patience:
            raise OnHold(
                "The file review.recipients has no row for this message yet.", hint="The service waits for it."
            )
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
        """Add a recording that was redacted just now, unless it has been added before or was not sent by us.

        Args:
            names: names under which it may be listed, the best first.
            place: where it was sent from: its path, or something else that no other sending has.
            since: when it was reported, seconds since 1970.
            by: the actor for audit log and vault.
            name: of its file; stored sealed.

        Raises:
            RedactorError: it could not be added; the job is tried again.
        """
        if self.knows(source.id, place=place):
            return
        sending = self.sending(names, since=since)
        if sending.direction != "in":
            self._versions.take(source, recording, made, sending, **self._known(sending, place=place, by=by, name=name))

    def add(
        self, source: Source, transcriber: Transcriber, sending: Sending, *, place: str, by: str, name: str
    ) -> Audited:
        """Recognise, redact and add a recording.

        Raises:
            RedactorError
        """
        return self._versions.add(source, transcriber, sending, **self._known(sending, place=place, by=by, name=name))

    def known(self, names: Sequence[str], *, since: float, place: str) -> tuple[Sending, dict[str, str]]:
        """What is known now about the sending of a recording, and its marks: caller, mailbox, place.

        It does not wait: what is not known is unknown.
        """
        try:
            sending = self.sending(names, since=min(since, time.time() - self._patience))
        except OnHold:
            sending = Sending(listed=False)
        marks = {"caller": self._mark(sending.caller), "mailbox": self._mark(sending.recipient)}
        return sending, {**marks, "place": self._place(place)}

    def _known(self, sending: Sending, *, place: str, by: str, name: str) -> dict[str, Any]:
        return {
            "by": by,
            "name": name,
            "caller": self._mark(sending.caller),
            "mailbox": self._mark(sending.recipient),
            "place": self._place(place),
            "before_save": lambda message: self._trail.append(events.MessageAdded(by=by, message=message)),
        }

    def _place(self, place: str) -> str:
        return self._sealer.mark(b"sent from", os.fsencode(place)).hex()

    def _mark(self, name: str) -> str:
        return self._sealer.mark(name.encode()).hex() if name else ""
