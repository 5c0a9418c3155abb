"""Adds recordings as messages under review, and turns edits into new versions.

Secret data goes into the vault first, then the redacted version into the version store, then the row into the
repository, so a program that is killed at any moment leaves nothing incomplete that could be seen. Once the row is
written, older versions are removed; `sweep` removes at the next start what a killed program left of them.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol

import numpy as np

from redactor.audio import Source, encode
from redactor.compliance.model import Audited
from redactor.compliance.recipients import Sending
from redactor.errors import Busy, NoInput, RedactorError
from redactor.pipeline import Artefacts, Pipeline
from redactor.policy import Edit, Policy, uncovered
from redactor.review.plan_codec import pack, unpack
from redactor.review.repository import ReviewRepository, Stale
from redactor.review.version_store import VersionStore
from redactor.review.view import spoken, view_of
from redactor.speech import Transcriber
from redactor.types import AudioFormat, Interval, Plan, Recording

PLAYED = {".wav": "PCM_16", ".flac": "PCM_16", ".mp3": "", ".ogg": ""}
"""What browsers play as it is: suffix → codec that it must have, "" for any."""
TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".ogg": "audio/ogg"}
HELD = 4
HELD_SECONDS = 900.0
"""Originals that are kept decoded while somebody listens to them, and for how long at most."""

Auditor = Callable[[Recording, Plan, Sending], Audited]
"""Judges a message by the rules."""


UNKNOWN = Sending()


class Sealed(Protocol):
    """The part of the vault that is used here; see `keep.vault.Vault`."""

    def seal(self, id: str, kind: str, content: bytes, *, by: str, replace: bool = False) -> Any: ...  # noqa: A002

    def open(self, id: str, kind: str, *, by: str, reason: str) -> bytes: ...  # noqa: A002


class VersionService:
    """See the module's text.

    Args:
        pipeline: gives the pipeline, None while it is still loading.
        audit: the rules.
        policy: of sent messages, if it is not the pipeline's.
    """

    def __init__(
        self,
        *,
        pipeline: Callable[[], Pipeline | None],
        vault: Sealed,
        version_store: VersionStore,
        store: ReviewRepository,
        audit: Auditor,
        policy: Policy | None = None,
    ) -> None:
        self._pipeline, self._vault, self._audit = pipeline, vault, audit
        self.version_store, self.store = version_store, store
        self._policy = policy
        self._held: OrderedDict[str, tuple[float, tuple[bytes, list[dict[str, Any]]]]] = OrderedDict()
        self._holding = threading.Lock()

    def add(self, source: Source, transcriber: Transcriber, sending: Sending = UNKNOWN, **known: Any) -> Audited:
        """Recognise, plan and redact a recording, and `take` it.

        Raises:
            RedactorError: as `Pipeline.redact`, or `take`.
        """
        pipeline = self._ready()
        recording = pipeline.decoder(source)
        return self.take(
            source, recording, pipeline.redact(recording, transcriber, policy=self._policy), sending, **known
        )

    def take(
        self,
        source: Source,
        recording: Recording,
        made: Artefacts,
        sending: Sending = UNKNOWN,
        *,
        by: str,
        name: str = "",
        place: str = "",
        caller: str = "",
        mailbox: str = "",
        added: float = 0.0,
        told: Callable[[str], object] = lambda _: None,
    ) -> Audited:
        """Audit a redacted recording, once for each place that it is sent from, and put it before the reviewers.

        Args:
            place: a mark.
            told: called with the message when all is made, before it counts.

        Raises:
            RedactorError: it cannot be sealed or saved.
        """
        audited = self._audit(recording, made.plan, sending)
        version = self._version(self._ready(), made, 1)
        with self.version_store.alone(source.id):  # whatever id it gets: two sendings must not both be the first
            # Edits are numbers of words in the sealed plan: once there is a row it is never replaced by another
            # recognition's.
            if self.store.sent(source.id, place):
                return audited
            message = self._free_id(source.id, place)
            audited = replace(audited, id=message)
            self._vault.seal(source.id, "original", source.untrusted_data, by=by)
            plan, meta = _kind("plan", message, source.id), _kind("meta", message, source.id)
            self._vault.seal(source.id, plan, pack(made.plan, suffix=source.suffix), by=by, replace=True)
            if name:
                self._vault.seal(source.id, meta, json.dumps({"name": name}).encode(), by=by, replace=True)
            folder = self.version_store.save(message, 1, **version)
            if not self.store.add(
                audited,
                folder=folder,
                by=by,
                audio=source.id,
                place=place,
                caller=caller,
                mailbox=mailbox,
                added=added,
                told=lambda: told(message),
            ):
                self.version_store.drop(message, folder)
                raise Busy("Another service puts the same recording before the reviewers.")
        self._tidy(message)
        return audited

    def _free_id(self, audio: str, place: str) -> str:
        """An id for one more message that is this recording."""
        return audio if self.store.look(audio) is None else sha256(f"{audio} {place}".encode()).hexdigest()

    def sweep(self) -> None:
        """Remove from the version store what killed processes left beside the current versions.

        Raises:
            OutputError
        """
        for message in self.version_store.crowded():
            self._tidy(message)

    def _tidy(self, message: str) -> None:
        with self.version_store.alone(message):
            row = self.store.look(message)
            if row is not None:
                self.version_store.keep_only(message, row["folder"])

    def edit(
        self,
        message: str,
        version: int,
        edits: Sequence[Edit],
        *,
        undo: bool = False,
        by: str,
        reason: str,
        told: Callable[[tuple[Interval, ...]], object] = lambda _: None,
    ) -> int:
        """Apply edits on top of a version, or take its last one back; the new version's number.

        Args:
            told: called when all is checked and made, before the version counts, with the stretches that it does not
                cover any more.

        Raises:
            Stale: `version` is not the current one.
            ValueError: an edit does not fit, or there is none to take back.
            RedactorError: the vault stays closed, or the new version did not pass its checks; nothing has changed then.
        """
        row = self.store.look(message)
        if row is None:
            raise NoInput("There is no such message.")
        if row["version"] != version:
            raise Stale("The redaction was changed by somebody else meanwhile.")
        before = self.store.edits(message, version)
        if undo and not before:
            raise ValueError("there is no edit to take back")
        every = before[:-1] if undo else (*before, *edits)
        pipeline = self._ready()
        plan, source = self._sealed(row, by=by, reason=reason)
        recording = pipeline.decoder(source)
        edited = pipeline.edited(recording, plan, every, self._policy)
        made = pipeline.make(recording, edited, f"review-{version + 1}", policy=self._policy)
        rendered = self._version(pipeline, made, version + 1)
        opened = uncovered(pipeline.edited(recording, plan, before, self._policy), made.plan)
        with self.version_store.alone(message):
            folder = self.version_store.save(message, version + 1, **rendered)
            try:
                number = self.store.new_version(
                    message, version, every, folder=folder, by=by, told=lambda: told(opened)
                )
            except Exception:
                self.version_store.drop(message, folder)
                raise
            self.version_store.keep_only(message, folder)
        with self._holding:
            self._held.clear()
        return number

    def original(self, message: str, grant: str, *, by: str, reason: str) -> tuple[bytes, list[dict[str, Any]]]:
        """The sound as a WAV file, and every word as it was said. The caller has seen to it that they may be given.

        Args:
            grant: while it lasts the vault is opened once.

        Raises:
            RedactorError: the vault stays closed.
        """
        with self._holding:
            self._drop_old()
            if grant in self._held:
                return self._held[grant][1]
        row = self.store.look(message)
        if row is None:
            raise NoInput("There is no such message.")
        plan, source = self._sealed(row, by=by, reason=reason)
        pipeline = self._ready()
        recording = pipeline.decoder(source)
        edited = pipeline.edited(recording, plan, self.store.edits(message, row["version"]), self._policy)
        held = (_plain(recording), spoken(edited))
        with self._holding:
            self._held[grant] = (time.monotonic(), held)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        return held

    def forget(self, grant: str) -> None:
        """Leave has ended: what was held for it goes."""
        with self._holding:
            self._held.pop(grant, None)
            self._drop_old()

    def name(self, message: str, *, by: str, reason: str) -> str:
        """The recording's file name, which may say who called; "" where none was kept."""
        row = self.store.look(message)
        if row is None:
            return ""
        try:
            kind = _kind("meta", message, row["audio"])
            return str(json.loads(self._vault.open(row["audio"], kind, by=by, reason=reason))["name"])
        except (NoInput, ValueError, KeyError):
            return ""

    def _drop_old(self) -> None:
        old = time.monotonic() - HELD_SECONDS
        for grant in [g for g, (since, _) in self._held.items() if since < old]:
            del self._held[grant]

    def _sealed(self, row: Mapping[str, Any], *, by: str, reason: str) -> tuple[Plan, Source]:
        """A message's first plan, and its recording."""
        audio = row["audio"]
        try:
            plan, suffix = unpack(self._vault.open(audio, _kind("plan", row["id"], audio), by=by, reason=reason))
        except ValueError:
            raise RedactorError("The sealed plan is not one that this version wrote.") from None
        if plan.id != audio:
            raise RedactorError(
                "The sealed plan is of another recording.", hint="`redactor log verify` checks the vault."
            )
        return plan, Source.of(self._vault.open(audio, "original", by=by, reason=reason), suffix)

    def _version(self, pipeline: Pipeline, made: Artefacts, version: int) -> dict[str, Any]:
        """What `VersionStore.save` is given of it."""
        output = pipeline.decoder(Source.of(made.audio.data, made.audio.suffix))
        played = PLAYED.get(made.audio.suffix.lower())
        as_it_is = played is not None and played in ("", made.audio.format.codec)
        view = view_of(made.plan, output, version=version, suffix=made.audio.suffix)
        listen = b"" if as_it_is else _plain(output)
        return {"files": made.files, "listen": listen, "view": view}

    def _ready(self) -> Pipeline:
        pipeline = self._pipeline()
        if pipeline is None:
            raise Busy("The model is still loading.")
        return pipeline


def _kind(kind: str, message: str, audio: str) -> str:
    """How the vault calls what belongs to one of several messages that are the same recording: held and purged with
    it.
    """
    return kind if message == audio else f"{kind}-{message[:12]}"


def _plain(recording: Recording) -> bytes:
    """The same sound as 16-bit WAV, which every browser plays."""
    samples: Any = recording.samples
    if samples.dtype.kind == "f":
        samples = (np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype(np.int16)
    elif samples.dtype.itemsize > 2:
        samples = (samples >> (8 * (samples.dtype.itemsize - 2))).astype(np.int16)
    plain = AudioFormat("WAV", "PCM_16", ".wav", recording.sample_rate, recording.channels, "soundfile")
    return encode(samples, plain).data
