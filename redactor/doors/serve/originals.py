"""What becomes of a recording itself: it stays (the default), is sealed as well, or is sealed and then replaced by its redacted sound.

Sealed before anything is saved; replaced after the result is, and before the job counts as done: a kill in between is made good when the job
is taken again. The file is written in place, through the descriptor that was checked: Asterisk renumbers messages by renaming them, and a name
may mean another one a moment later. What we wrote is remembered by its hash, so that no hook and no sweep takes it for a new recording.
"""

from __future__ import annotations

import errno
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
from redactor.errors import Busy, InputError, OutOfSpace
from redactor.keep.artefacts import artefact
from redactor.render import still_audible
from redactor.types import Interval

from .mailbox import Message, copies, identity_of, inode_of, located, stamp_of
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
        if doc["id"] != job.audio:
            raise CannotReplace("The result that lies there is of another recording.")
        redacted = artefact(target, doc["audio"]).read_bytes()
        if kind == "file":
            path = job.details["path"]
            self._overwrite(path, job, lambda _: (redacted, doc["audio"]), owner=path)
            return
        box, identity = job.details["box"], job.details["id"]
        # Saved into another folder while we were at it, a message lies in both.
        for found in located(box, identity, job.audio, self._roots, largest=self._limits.max_bytes):
            # The other formats first: the one that the job is of says whether all is done.
            for path in copies(found.path, self._roots):
                made = partial(self._covered, doc, suffix_of(path), found)
                self._overwrite(path, job, made, owner=box, identity=identity, main=found.path)
            self._overwrite(found.path, job, lambda _: (redacted, doc["audio"]), owner=box, identity=identity)

    def replaced(self, job: Job) -> str | None:
        """The result of a job whose original was replaced in a life that ended before it could say so; None for any other.

        Where that life ended in the midst of writing, the rest is written.
        """
        if self.mode != "replace":
            return None
        try:
            item, out = self._recordings.item(job, 0)
            for stem in (item.stem.name, job.audio):
                document = artefact((out / item.stem).with_name(stem), ".json")
                doc = json.loads(document.read_bytes()) if document.is_file() else {}
                if doc.get("id") == job.audio and self._made_good(
                    job, artefact((out / item.stem).with_name(stem), doc["audio"])
                ):
                    return str(document)
        except Exception:  # noqa: BLE001 - whatever lies there (the folder is others', too), it is no result of ours
            return None
        return None

    def _made_good(self, job: Job, redacted: Path) -> bool:
        path, now = self._recordings.place_now(job)
        if self.is_ours(now, of=job.audio):
            return True
        owner = job.details.get("box") or path
        with opened(path, self._roots, writing=True) as descriptor:
            if self._queue.stamps.of(_writing(owner, stamp_of(os.fstat(descriptor)))) != job.audio:
                return False
            # Half an original, or what somebody wrote there since: nothing is lost either way.
            self.seal(Source.of(read_all(descriptor, self._limits.max_bytes), suffix_of(path)))
            self._write(descriptor, redacted.read_bytes(), job, owner)
        return True

    def is_ours(self, audio: str, *, of: str = "") -> bool:
        """Whether a file of this hash is one that we wrote in a recording's place (in the place of the one with hash `of`)."""
        made_of = self._queue.stamps.of(f"ours\0{audio}")
        return made_of is not None and of in ("", made_of)

    def is_being_written(self, owner: str, stamp: str) -> bool:
        """Whether what lies there is half an original and half ours. `owner`: the path, or the mailbox."""
        return bool(self._queue.stamps.of(_writing(owner, stamp)))

    def _overwrite(
        self,
        path: str,
        job: Job,
        made: Callable[[bytes], tuple[bytes, str]],
        *,
        owner: str,
        identity: str = "",
        main: str = "",
    ) -> None:
        """Write what `made` makes of a file's bytes into it.

        Args:
            identity: of the message that it must be of.
            main: the file that the job is of, where this one is another format of it.
        """
        with opened(path, self._roots, writing=True) as descriptor:
            data = read_all(descriptor, self._limits.max_bytes)
            source = Source.of(data, suffix_of(path))
            if self.is_ours(source.id, of=job.audio):
                return
            if not main and source.id != job.audio:
                raise (
                    Busy("The mailbox is being renumbered.")
                    if identity
                    else Changed("The file has changed since it was queued.")
                )
            self.seal(source)  # also where it cannot be replaced: a person will take it away
            content, suffix = made(data)
            if suffix != suffix_of(path):
                raise CannotReplace("The redacted sound has another format than the recording.")
            # Asterisk renames sound files first and the .txt last: only both together say whose this is.
            if identity and identity_of(path, self._roots) != identity:
                raise Busy("The mailbox is being renumbered.")
            if main and self._hash(main) != job.audio:
                raise Busy("The mailbox is being renumbered.")
            if content != data:  # else nothing was to be covered, and it is no file of ours
                self._write(descriptor, content, job, owner)

    def _write(self, descriptor: int, content: bytes, job: Job, owner: str) -> None:
        """In place; a kill in the midst is remembered."""
        writing = _writing(owner, stamp_of(os.fstat(descriptor)))
        self._queue.stamps.note(f"ours\0{hashlib.sha256(content).hexdigest()}", job.audio)
        self._queue.stamps.note(writing, job.audio)
        with suppress(AttributeError, OSError):  # a disk that is full says so before anything is changed, where it can
            _room(descriptor, len(content))
        done = 0
        while done < len(content):
            done += os.pwrite(descriptor, content[done:], done)
        os.ftruncate(descriptor, len(content))
        os.fsync(descriptor)
        stamp = stamp_of(os.fstat(descriptor))
        self._queue.stamps.note(owner if job.details["kind"] == "file" else inode_of(owner, stamp), stamp)
        self._queue.stamps.note(writing, "")

    def _hash(self, path: str) -> str:
        with opened(path, self._roots) as descriptor:
            return hashlib.sha256(read_all(descriptor, self._limits.max_bytes)).hexdigest()

    def _covered(self, doc: dict[str, Any], suffix: str, main: Message, data: bytes) -> tuple[bytes, str]:
        """The same message in another format, bleeped where its document says."""
        pipeline = self._pipeline()
        recording = pipeline.decoder(Source.of(data, suffix))
        first = pipeline.decoder(Source.of(main.data, suffix_of(main.path)))
        whole = [
            Interval(channel, 0.0, min(first.duration, recording.duration), ()) for channel in range(first.channels)
        ]
        alike = first.sample_rate != recording.sample_rate or still_audible(first, recording, whole)
        if abs(recording.duration - first.duration) > 0.25 or not alike:
            raise CannotReplace("The formats of the message do not sound the same.")
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


def _writing(owner: str, stamp: str) -> str:
    return f"writing\0{inode_of(owner, stamp)}"


def _room(descriptor: int, size: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OutOfSpace("The disk is full.") from None
        raise
