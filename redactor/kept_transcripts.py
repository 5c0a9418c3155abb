"""Transcripts kept in a vault, so that another policy needs no new recognition.

    recording's SHA-256 + keyed mark of all that shapes recognition ──▶ what was recognised, sealed

What shapes it: this version, the engine, the checkpoint's files, compute type, device, window, beam, language, words to
expect, the format of headerless audio. With anything else the recording is recognised again. Policy, detection and
bleeping do not matter: they begin after recognition. Everything about the vault (keys, log, what is believed) is as for
other items: each transcript that is opened has an entry in the audit log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from redactor.errors import NoInput, Refused, VaultDamaged
from redactor.speech import Transcriber, pack_speech, unpack_speech
from redactor.types import Channel, ModelInfo, Speech

if TYPE_CHECKING:
    from redactor.audit_log import Trail
    from redactor.vault import Vault

REASON = "kept-transcript"


class KeptTranscripts:
    """The transcripts in a vault. Safe for many threads.

    Args:
        trail: the vault's log, whose key marks the settings: they contain names of people as words to expect.
        readable: whether the vault has a private key; without one, transcripts are only sealed.
        by: who runs this, for the log.
    """

    def __init__(self, vault: Vault, trail: Trail, *, readable: bool, by: str) -> None:
        self._vault, self._trail, self._by = vault, trail, by
        self.readable = readable

    def kind(self, *parts: object) -> str:
        """The kind of the items that were made with these settings."""
        return f"heard-{self._trail.mark(repr(parts))[:24]}"

    def any(self, kind: str) -> bool:
        """Whether there may be a readable transcript of this kind."""
        return self.readable and self._vault.has_kind(kind)

    def get(self, identity: str, kind: str, channels: Sequence[Channel]) -> Speech | None:
        """The transcript of a recording; None if there is none that can be believed.

        Raises:
            Refused: the private key does not fit. TrailDamaged: the log does not verify. OutputError: nothing can be
                logged.
        """
        if not self.readable or not self._vault.holds(identity, kind):
            return None
        # Damaged, or not what was sealed: the vault has logged it, and the recording is recognised again.
        with suppress(NoInput, VaultDamaged, ValueError):
            return unpack_speech(self._vault.open(identity, kind, by=self._by, reason=REASON), channels)
        return None

    def put(self, identity: str, kind: str, speech: Speech, channels: Sequence[Channel]) -> None:
        """Seal a transcript, in the place of one that could not be believed.

        Raises:
            OutputError: it cannot be written.
        """
        if not self.readable and self._vault.holds(identity, kind):
            return  # the same, as far as this host can know
        with suppress(Refused):  # a legal hold protects what is there
            self._vault.seal(identity, kind, pack_speech(speech, channels), by=self._by, replace=True)


class KeptTranscriber:
    """A Transcriber that takes what is kept, and loads a recogniser only for the rest.

    Args:
        info: describes the recogniser without loading it.
        in_flight: recordings that should be processed concurrently.
        load: gives the recogniser; called once.
        settings: everything that shapes what it recognises.
    """

    def __init__(
        self, kept: KeptTranscripts, *, info: ModelInfo, in_flight: int, load: Callable[[], Any], settings: object
    ) -> None:
        self._kept, self.info, self.in_flight, self._settings = kept, info, in_flight, settings
        self._load = load
        self._lock = threading.Lock()
        self._recogniser: Any = None
        if not kept.any(kept.kind(settings)):
            self.loaded()  # errors come before the run, and all of it needs the recogniser

    def loaded(self) -> Transcriber:
        """The recogniser; raises ModelUnavailable."""
        with self._lock:
            if self._recogniser is None:
                self._recogniser = self._load()
                self.in_flight = self._recogniser.in_flight
        recogniser: Transcriber = self._recogniser
        return recogniser

    @property
    def engine(self) -> Any:
        """The recogniser's engine, for those who share its weights."""
        recogniser: Any = self.loaded()
        return recogniser.engine

    def transcribe(self, channels: Sequence[Channel], *, recording_id: str, hotwords: str | None = None) -> Speech:
        """See `Transcriber.transcribe`."""
        kind = self._kept.kind(self._settings, hotwords) if hotwords else self._kept.kind(self._settings)
        speech = self._kept.get(recording_id, kind, channels)
        if speech is None:
            biased = {"hotwords": hotwords} if hotwords else {}
            speech = self.loaded().transcribe(channels, recording_id=recording_id, **biased)
            self._kept.put(recording_id, kind, speech, channels)
        return speech
