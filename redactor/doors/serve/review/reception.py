"""Where sent messages come in: each is audited, sealed and put before the reviewers once, and the trail is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from redactor.audio import Source
from redactor.doors.audit.recipients import Sending, Sendings, read_sendings
from redactor.errors import ConfigurationError, NoInput, OnHold
from redactor.keep.sealing import Sealer
from redactor.keep.trail import Trail, events
from redactor.pipeline import Artefacts
from redactor.policy.sent.model import Audited
from redactor.speech import Transcriber
from redactor.types import Recording

from .studio import Studio


class KnownSendings:
    """A file of sendings that somebody goes on writing: read again when it has changed; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], Sendings] | None = None

    def of(self, names: Sequence[str]) -> Sending:
        """The row whose `file` is the first of these names that there is.

        Raises:
            OnHold: the file is not there or not whole, as while it is being replaced.
        """
        with self._lock:
            try:
                status = self._path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if self._read is None or self._read[0] != stamp:
                    self._read = (stamp, read_sendings(self._path))
            except (OSError, NoInput, ConfigurationError) as error:
                told = f" {error.message}" if isinstance(error, ConfigurationError) else ""
                raise OnHold(
                    f"The file review.recipients cannot be used.{told}", hint="Correct it: sent messages wait for it."
                ) from None
            return self._read[1].named(names)


class Reception:
    """See the module's text.

    Args:
        sealer: makes marks of persons and numbers, which is all that the database knows of them.
        sendings: who was called, where a file says so.
    """

    def __init__(self, studio: Studio, trail: Trail, sealer: Sealer, sendings: KnownSendings | None = None) -> None:
        self._studio, self._trail, self._sealer, self._sendings = studio, trail, sealer, sendings

    def knows(self, identity: str) -> bool:
        """Whether a recording (by its SHA-256) is there already."""
        return self._studio.store.look(identity) is not None

    def sending(self, names: Sequence[str]) -> Sending:
        """What is known of the sending of a recording that is called so.

        Raises:
            OnHold: see `KnownSendings`.
        """
        return self._sendings.of(names) if self._sendings else Sending()

    def take(
        self, source: Source, recording: Recording, made: Artefacts, *, names: Sequence[str], by: str, name: str
    ) -> None:
        """A recording that was redacted just now; nothing happens with one that is there, or that was not sent by us.

        Args:
            names: what a row of the sendings may call it; the best first.
            by: whom trail and vault are told of.
            name: of its file; it is sealed.

        Raises:
            RedactorError: it could not be put there. What was made for it is not lost: it is made again.
        """
        if self.knows(source.id):
            return
        sending = self.sending(names)
        if sending.direction != "in":
            self._studio.take(source, recording, made, sending, **self._known(source, sending, by=by, name=name))

    def add(self, source: Source, transcriber: Transcriber, sending: Sending, *, by: str, name: str) -> Audited:
        """A recording that nobody has redacted yet.

        Raises:
            RedactorError
        """
        return self._studio.add(source, transcriber, sending, **self._known(source, sending, by=by, name=name))

    def _known(self, source: Source, sending: Sending, *, by: str, name: str) -> dict[str, Any]:
        event = events.MessageAdded(by=by, message=source.id)
        return {
            "by": by, "name": name, "caller": self._mark(sending.caller), "mailbox": self._mark(sending.recipient),
            "told": partial(self._trail.append, event),
        }  # fmt: skip

    def _mark(self, name: str) -> str:
        return self._sealer.mark(name.encode()).hex() if name else ""
