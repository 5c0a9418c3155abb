"""What becomes of a recording itself: it stays (the default), is sealed as well, or is sealed and then replaced by its redacted sound.

Sealed before anything is saved; replaced after the result is, and before the job counts as done: a kill in between is made good when the job
is taken again. The file is written in place, through the descriptor that was checked: Asterisk renumbers messages by renaming them, and a name
may mean another one a moment later. What we wrote is remembered by its hash, so that no hook and no sweep takes it for a new recording.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import Any, Protocol

from redactor.audio import Limits, Source, bleep, encode
from redactor.doors.hook.paths import opened, read_all
from redactor.errors import Busy, InputError, RedactorError
from redactor.keep.artefacts import artefact
from redactor.render import still_audible
from redactor.types import Interval

from .mailbox import copies, identity_of, inode_of, relocate, stamp_of
from .queue import Job, Queue
from .recordings import Changed, Recordings


class CannotReplace(InputError):
    """The redacted sound does not fit into the original's file."""

    reason = "cannot-replace"
    default_hint = "The redacted result is there; take the original, which is sealed, away by hand, and record in WAV."


class Sealing(Protocol):
    """The part of the vault that is used here."""

    def seal(self, id: str, kind: str, content: bytes, *, by: str) -> bool: ...  # noqa: A002


class Originals:
    """See the module's text.

    Args:
        mode: one of `settings.ORIGINALS`.
        vault: None where all stay.
        pipeline: its decoder and style; asked when the models are loaded.
    """

    def __init__(
        self, mode: str, vault: Sealing | None, queue: Queue, recordings: Recordings, *, roots: tuple[str, ...], limits: Limits,
        pipeline: Callable[[], Any],
    ) -> None:  # fmt: skip
        self.mode, self._vault, self._queue, self._recordings = mode, vault, queue, recordings
        self._roots, self._limits, self._pipeline = roots, limits, pipeline

    def seal(self, source: Source) -> None:
        """Into the vault, if that is wanted; nothing happens if it is there.

        Raises:
            RedactorError
        """
        if self._vault is not None:
            self._vault.seal(source.id, "original", source.untrusted_data, by="service")

    def finish(self, job: Job, target: Path, *, anew: bool) -> None:
        """Put the redacted sound where the original lies, if that is wanted and it lies anywhere.

        Args:
            anew: the result was made just now, so that `seal` was called; otherwise an earlier life left it.

        Raises:
            Changed, NoInput: it is not there any more as it was. Busy: its mailbox is being renumbered. CannotReplace: see there.
            OSError: it cannot be written to.
        """
        if not anew and self._vault is not None:
            self.seal(self._recordings.read(job))
        kind = job.details["kind"]
        if self.mode != "replace" or kind not in ("file", "mailbox"):
            return
        doc = json.loads(artefact(target, ".json").read_bytes())
        redacted = artefact(target, doc["audio"]).read_bytes()
        if kind == "file":
            path = job.details["path"]
            self._overwrite(path, job, lambda _: (redacted, doc["audio"]), place=path, exactly=True)
            return
        box, identity = job.details["box"], job.details["id"]
        found = relocate(box, identity, job.audio, self._roots, largest=self._limits.max_bytes)
        # The other formats first: the one that the job is of says whether all is done.
        for path in copies(found.path, self._roots):
            self._overwrite(path, job, partial(self._covered, doc, suffix_of(path)), box=box, identity=identity)
        self._overwrite(found.path, job, lambda _: (redacted, doc["audio"]), box=box, identity=identity, exactly=True)

    def replaced(self, job: Job) -> str | None:
        """The result of a job whose original was replaced in a life that ended before it could say so; None for any other."""
        with suppress(RedactorError, OSError, ValueError):
            if self.mode == "replace" and self.is_ours(self._recordings.hash_now(job), of=job.audio):
                item, out = self._recordings.item(job, 0)
                for stem in (item.stem.name, job.audio):
                    document = artefact((out / item.stem).with_name(stem), ".json")
                    if document.is_file() and json.loads(document.read_bytes())["id"] == job.audio:
                        return str(document)
        return None

    def is_ours(self, audio: str, *, of: str = "") -> bool:
        """Whether a file of this hash is one that we wrote in a recording's place (in the place of the one with hash `of`)."""
        made_of = self._queue.stamp(f"ours\0{audio}") if self.mode == "replace" else None
        return made_of is not None and of in ("", made_of)

    def _overwrite(
        self, path: str, job: Job, made: Callable[[bytes], tuple[bytes, str]], *, place: str = "", box: str = "", identity: str = "",
        exactly: bool = False,
    ) -> None:  # fmt: skip
        """Write what `made` makes of a file's bytes into it; `exactly`: they must be those of the job."""
        with opened(path, self._roots, writing=True) as descriptor:
            data = read_all(descriptor, self._limits.max_bytes)
            before = hashlib.sha256(data).hexdigest()
            if box and identity_of(path, self._roots) != identity:
                raise Busy("The mailbox is being renumbered.")
            if self.is_ours(before):
                return
            if exactly and before != job.audio:
                raise Changed("The file has changed since it was queued.")
            content, suffix = made(data)
            if suffix != suffix_of(path):
                raise CannotReplace("The redacted sound has another format than the recording.")
            if self._vault is not None:
                self._vault.seal(before, "original", data, by="service")
            if content == data:
                return  # nothing was to be covered, and it is no file of ours
            self._queue.note_stamp(f"ours\0{hashlib.sha256(content).hexdigest()}", job.audio)
            _write(descriptor, content)
            stamp = stamp_of(os.fstat(descriptor))
            self._queue.note_stamp(place or inode_of(box, stamp), stamp)

    def _covered(self, doc: dict[str, Any], suffix: str, data: bytes) -> tuple[bytes, str]:
        """The same message in another format, bleeped where its document says."""
        pipeline = self._pipeline()
        recording = pipeline.decoder(Source.of(data, suffix))
        if abs(recording.duration - doc["duration"]) > 0.25:
            raise CannotReplace("The formats of the message do not last equally long.")
        intervals = [
            Interval(i["channel"], i["start"], min(i["end"], recording.duration), tuple(i["labels"]))
            for i in doc["intervals"] if i["start"] < recording.duration
        ]  # fmt: skip
        encoded = encode(bleep(recording, intervals, style=pipeline.style), recording.format)
        if still_audible(recording, pipeline.decoder(Source.of(encoded.data, encoded.suffix)), intervals):
            raise CannotReplace("A bleeped stretch of another format of the message still resembles the original.")
        return encoded.data, encoded.suffix


def suffix_of(path: str) -> str:
    return PurePath(path).suffix


def _write(descriptor: int, content: bytes) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, len(content))  # a disk that is full says so before anything is changed
    done = 0
    while done < len(content):
        done += os.pwrite(descriptor, content[done:], done)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)
