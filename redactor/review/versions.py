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
from sqlalchemy import Connection

from redactor.audio import Source, encode
from redactor.compliance.model import Audited
from redactor.compliance.recipients import Sending
from redactor.errors import Busy, NoInput, RedactorError, Refused
from redactor.pipeline import Artefacts, Pipeline
from redactor.policy import Edit, Policy, uncovered
from redactor.review.edit_history import EditHistory
from redactor.review.kept_words import KeptWords, kept_in
from redactor.review.plan_codec import pack, unpack
from redactor.review.repository import ReviewRepository, Stale
from redactor.review.schema import WITHHELD
from redactor.review.version_store import VersionStore
from redactor.review.view import spoken, view_of
from redactor.speech import Transcriber
from redactor.types import AudioFormat, Interval, Plan, Recording

PLAYED = {".wav": "PCM_16", ".flac": "PCM_16", ".mp3": "", ".ogg": ""}
"""What browsers play without conversion: suffix → required codec, "" for any."""
TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".ogg": "audio/ogg"}
HELD = 4
HELD_SECONDS = 900.0
"""Decoded originals kept in memory while somebody listens to them, and for how many seconds at most."""

Auditor = Callable[[Recording, Plan, Sending], Audited]
"""Applies the rules to a message."""


UNKNOWN = Sending()


class Sealed(Protocol):
    """The part of `redactor.vault.Vault` that is used here."""

    def seal(self, id: str, kind: str, content: bytes, *, by: str, replace: bool = False) -> Any: ...  # noqa: A002

    def open(self, id: str, kind: str, *, by: str, reason: str) -> bytes: ...  # noqa: A002


class VersionService:
    """See the module's docstring.

    Args:
        pipeline: returns the pipeline, or None while the model is loading.
        audit: applies the rules.
        policy: for sent messages, if it is not the pipeline's.
        kept: the index of kept words; None: nothing can be searched in them.
        reread: whether versions are recognised again where the pipeline does that; false where a release follows, as it
            always does for withheld ones.
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
        kept: KeptWords | None = None,
        reread: bool = True,
    ) -> None:
        self._pipeline, self._vault, self._audit = pipeline, vault, audit
        self.version_store, self.store = version_store, store
        self._policy, self._reread, self.kept = policy, reread, kept
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
        before_save: Callable[[str], object] = lambda _: None,
    ) -> Audited:
        """Audit a redacted recording, once for each place that it is sent from, and add it for review.

        Args:
            place: a keyed mark.
            before_save: called with the message's id before the row is committed.

        Raises:
            RedactorError: it cannot be sealed or saved.
        """
        audited = self._audit(recording, made.plan, sending)
        version = self._version(self._ready(), made, 1)
        with self.version_store.locked(source.id):  # by recording, not by id: two sendings must not both be the first
            # Edits refer to words of the sealed plan by number, so another recognition must not replace it.
            if self.store.sent(source.id, place):
                return audited
            message = self.free_id(source.id, place)
            audited = replace(audited, id=message)
            self.seal(message, source, by=by, name=name, plan=made.plan)
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
                before_save=lambda: before_save(message),
                also=self._noting(message, version),
            ):
                self.version_store.drop(message, folder)
                raise Busy("Another service is adding the same recording.")
        self._remove_old_versions(message)
        return audited

    def free_id(self, audio: str, place: str) -> str:
        """An id for another message with this recording."""
        return audio if self.store.find(audio) is None else sha256(f"{audio} {place}".encode()).hexdigest()

    def seal(self, message: str, source: Source, *, by: str, name: str = "", plan: Plan | None = None) -> None:
        """Seal what belongs to a message: the recording, its file name, its plan.

        Raises:
            RedactorError
        """
        audio = source.id
        try:
            self._vault.seal(audio, "original", source.untrusted_data, by=by)
        except Refused:  # purged when nobody needed it any more, and now somebody does
            self._vault.seal(audio, "original", source.untrusted_data, by=by, replace=True)
        if plan is not None:
            packed = pack(plan, suffix=source.suffix)
            self._vault.seal(audio, kind_of("plan", message, audio), packed, by=by, replace=True)
        if name:
            named = json.dumps({"name": name}).encode()
            self._vault.seal(audio, kind_of("meta", message, audio), named, by=by, replace=True)

    def first(
        self, message: str, source: Source, made: Artefacts, *, by: str, name: str = ""
    ) -> tuple[str, Callable[[Connection], object]]:
        """Seal a redacted recording and save it as a message's first version: (the version's folder, what indexes its
        words in the transaction that makes it the current one).

        Raises:
            RedactorError
        """
        version = self._version(self._ready(), made, 1)
        self.seal(message, source, by=by, name=name, plan=made.plan)
        return self.version_store.save(message, 1, **version), self._noting(message, version)

    def prepare(
        self, message: str, recording: Recording, made: Artefacts, *, suffix: str, by: str, written: bool = False
    ) -> None:
        """Give a message that is listed already its first version.

        Args:
            suffix: the recording's.
            written: see `ReviewRepository.prepared`.

        Raises:
            RedactorError: it cannot be sealed or saved.
        """
        version = self._version(self._ready(), made, 1)
        with self.version_store.locked(message):
            row = self.store.find(message)
            if row is None or row["version"]:  # edits refer to the words of the plan that is there
                return
            kind = kind_of("plan", message, row["audio"])
            self._vault.seal(row["audio"], kind, pack(made.plan, suffix=suffix), by=by, replace=True)
            folder = self.version_store.save(message, 1, **version)
            if not self.store.prepared(
                message,
                folder=folder,
                by=by,
                duration=recording.duration,
                written=written,
                also=self._noting(message, version),
            ):
                self.version_store.drop(message, folder)

    def corrected(self, message: str, version: int, *, by: str, reason: str) -> tuple[Recording, Plan]:
        """The recording of a message, and its plan in a version.

        Raises:
            Stale: `version` is not the current one. RedactorError: the vault cannot be opened.
        """
        row = self.store.find(message)
        if row is None:
            raise NoInput("There is no such message.")
        if row["version"] != version:
            raise Stale("Somebody else changed the redaction meanwhile.")
        plan, source = self._sealed(row, by=by, reason=reason)
        pipeline = self._ready()
        recording = pipeline.decoder(source)
        edits = self.store.edits(message, version)
        return recording, pipeline.edited(recording, plan, edits, self._policy_of(row)) if edits else plan

    def _policy_of(self, row: Mapping[str, Any]) -> Policy | None:
        return self._policy if row["direction"] == "out" else None

    def sweep(self) -> None:
        """Remove what killed processes left in the version store beside the current versions.

        Raises:
            OutputError
        """
        for message in self.version_store.with_leftovers():
            self._remove_old_versions(message)

    def _remove_old_versions(self, message: str) -> None:
        with self.version_store.locked(message):
            row = self.store.find(message)
            if row is not None:
                self.version_store.keep_only(message, row["folder"])

    def edit(
        self,
        message: str,
        version: int,
        edits: Sequence[Edit],
        *,
        step: str = "",
        by: str,
        reason: str,
        before_save: Callable[[tuple[Interval, ...]], object] = lambda _: None,
    ) -> int:
        """Apply edits to a version, or undo or redo the last save; returns the new version's number.

        Args:
            step: "undo" or "redo" instead of edits.
            before_save: called before the version takes effect, with the intervals that it no longer covers.

        Raises:
            Stale: `version` is not the current one.
            ValueError: an edit does not fit, or there is nothing to undo or redo.
            RedactorError: the vault cannot be opened, or the new version did not pass its checks. Nothing changes.
        """
        row = self.store.find(message)
        if row is None:
            raise NoInput("There is no such message.")
        if row["version"] != version:
            raise Stale("Somebody else changed the redaction meanwhile.")
        before = self.store.edits(message, version)
        every = tuple(self.history(message, version).edits(step)) if step else (*before, *edits)
        pipeline = self._ready()
        plan, source = self._sealed(row, by=by, reason=reason)
        recording, policy = pipeline.decoder(source), self._policy_of(row)
        edited = pipeline.edited(recording, plan, every, policy)
        reread = self._reread and row["outcome"] not in WITHHELD
        made = pipeline.make(recording, edited, f"review-{version + 1}", policy=policy, reread=reread)
        rendered = self._version(pipeline, made, version + 1)
        opened = uncovered(pipeline.edited(recording, plan, before, policy), made.plan)
        with self.version_store.locked(message):
            folder = self.version_store.save(message, version + 1, **rendered)
            try:
                number = self.store.new_version(
                    message,
                    version,
                    every,
                    folder=folder,
                    by=by,
                    before_save=lambda: before_save(opened),
                    also=self._noting(message, rendered),
                )
            except Exception:
                self.version_store.drop(message, folder)
                raise
            self.version_store.keep_only(message, folder)
        with self._holding:
            self._held.clear()
        return number

    def history(self, message: str, version: int) -> EditHistory:
        """What an undo or a redo of a version brings back.

        Raises:
            Stale: `version` is not the current one.
        """
        return EditHistory.of(self.store.history(message), version)

    def original(self, message: str, grant: str, *, by: str, reason: str) -> tuple[bytes, list[dict[str, Any]]]:
        """The audio as a WAV file, and every word as spoken. The caller checks the permission.

        Args:
            grant: the vault is opened once for each grant.

        Raises:
            RedactorError: the vault cannot be opened.
        """
        with self._holding:
            self._drop_old()
            if grant in self._held:
                return self._held[grant][1]
        row = self.store.find(message)
        if row is None:
            raise NoInput("There is no such message.")
        plan, source = self._sealed(row, by=by, reason=reason)
        pipeline = self._ready()
        recording = pipeline.decoder(source)
        edited = pipeline.edited(recording, plan, self.store.edits(message, row["version"]), self._policy_of(row))
        held = (_plain(recording), spoken(edited))
        with self._holding:
            self._held[grant] = (time.monotonic(), held)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        return held

    def forget(self, grant: str) -> None:
        """Drop what is held for a grant that has ended."""
        with self._holding:
            self._held.pop(grant, None)
            self._drop_old()

    def name(self, message: str, *, by: str, reason: str) -> str:
        """The recording's file name, which may identify the caller; "" if none was stored."""
        row = self.store.find(message)
        if row is None:
            return ""
        try:
            kind = kind_of("meta", message, row["audio"])
            return str(json.loads(self._vault.open(row["audio"], kind, by=by, reason=reason))["name"])
        except (NoInput, ValueError, KeyError):
            return ""

    def _drop_old(self) -> None:
        old = time.monotonic() - HELD_SECONDS
        for grant in [g for g, (since, _) in self._held.items() if since < old]:
            del self._held[grant]

    def _sealed(self, row: Mapping[str, Any], *, by: str, reason: str) -> tuple[Plan, Source]:
        """The first plan of a message, and its recording."""
        audio = row["audio"]
        try:
            plan, suffix = unpack(self._vault.open(audio, kind_of("plan", row["id"], audio), by=by, reason=reason))
        except ValueError:
            raise RedactorError("The sealed plan was written by another version.") from None
        if plan.id != audio:
            raise RedactorError(
                "The sealed plan belongs to another recording.", hint="`redactor log verify` checks the vault."
            )
        return plan, Source.of(self._vault.open(audio, "original", by=by, reason=reason), suffix)

    def _version(self, pipeline: Pipeline, made: Artefacts, version: int) -> dict[str, Any]:
        """The arguments for `VersionStore.save`."""
        output = pipeline.decoder(Source.of(made.audio.data, made.audio.suffix))
        played = PLAYED.get(made.audio.suffix.lower())
        as_it_is = played is not None and played in ("", made.audio.format.codec)
        view = view_of(made.plan, output, version=version, suffix=made.audio.suffix)
        listen = b"" if as_it_is else _plain(output)
        return {"files": made.files, "listen": listen, "view": view}

    def _noting(self, message: str, rendered: Mapping[str, Any]) -> Callable[[Connection], object]:
        """Indexes the words that a version keeps, in the transaction that makes it the current one."""
        kept = self.kept
        if kept is None:
            return lambda _: None
        said = kept_in(rendered["view"])
        return lambda c: kept.note(c, message, said)

    def _ready(self) -> Pipeline:
        pipeline = self._pipeline()
        if pipeline is None:
            raise Busy("The model is still loading.")
        return pipeline


def kind_of(kind: str, message: str, audio: str) -> str:
    """The kind under which the vault stores an item; messages that share a recording are held and purged with it."""
    return kind if message == audio else f"{kind}-{message[:12]}"


def _plain(recording: Recording) -> bytes:
    """The same audio as 16-bit WAV, which every browser plays."""
    samples: Any = recording.samples
    if samples.dtype.kind == "f":
        samples = (np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype(np.int16)
    elif samples.dtype.itemsize > 2:
        samples = (samples >> (8 * (samples.dtype.itemsize - 2))).astype(np.int16)
    plain = AudioFormat("WAV", "PCM_16", ".wav", recording.sample_rate, recording.channels, "soundfile")
    return encode(samples, plain).data
