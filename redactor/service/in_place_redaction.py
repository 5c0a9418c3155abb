"""What becomes of a recording itself: it stays (the default), is sealed as well, or is sealed and then replaced by its
redacted sound.

Sealed before anything is saved; replaced after the result is, and before the job counts as done: a kill in between is
made good when the job is taken again. The file is written in place, through the descriptor that was checked: Asterisk
renumbers messages by renaming them, and a name may mean another one a moment later. What we wrote is remembered by its
hash, so that no hook and no sweep takes it for a new recording.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any, Protocol, TypeAlias

from redactor.audio import Limits, Source, bleep, encode
from redactor.errors import Busy, InputError, NoInput, OutOfSpace, RedactorError
from redactor.render import still_audible
from redactor.safe_open import Gone, opened, read_all
from redactor.service.ingest.asterisk import MailboxMessage, copies, identity_of, inode_of, located, stamp_of
from redactor.service.ingest.sources import Changed, Recordings
from redactor.service.jobs.queue import Job, Queue
from redactor.service.results import Results, document_of
from redactor.storage import Target, artefact
from redactor.types import Interval

Made: TypeAlias = dict[str, bytes]
"""A result's files by suffix."""
_EVER = "replaced"
PAGE = 4096
"""Bytes that a kill leaves written or unwritten together."""
RECOGNISABLE = 0.5
"""Seconds of sound by which two formats of a message are known to be the same."""


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
        self,
        mode: str,
        vault: Sealing | None,
        queue: Queue,
        recordings: Recordings,
        results: Results,
        *,
        roots: tuple[str, ...],
        limits: Limits,
        pipeline: Callable[[], Any],
    ) -> None:
        self.mode, self._vault, self._queue, self._recordings = mode, vault, queue, recordings
        self._results, self._roots, self._limits, self._pipeline = results, roots, limits, pipeline
        self._ever, self._never_until = False, 0.0

    def seal(self, source: Source) -> None:
        """Into the vault, if that is wanted; nothing happens if it is there.

        Raises:
            RedactorError
        """
        if self._vault is not None:
            self._vault.seal(source.id, "original", source.untrusted_data, by="service")

    def finish(self, job: Job, target: Target, *, again: bool) -> None:
        """Put the redacted sound where the original lies, if that is wanted and it lies anywhere.

        Args:
            again: the result was made just now, so that `seal` was called; otherwise an earlier life left it.

        Raises:
            Changed, NoInput: it is not there any more as it was. Busy: its mailbox is being renumbered. CannotReplace:
                see there.
            OSError: it cannot be written to.
        """
        if not again and self._vault is not None:
            self.seal(self._recordings.read(job))
        if not self._replaces(job):
            return
        made = self._results.read(target, job.audio)
        if made is None:
            if self._results.is_of_another(job.audio, target):
                raise CannotReplace("The result that lies there is of another recording.")
            raise Busy("The result is not there as it was made.")
        if not self._see_to(job, made):
            raise Changed("The file has changed since it was queued.")

    def replaced(self, job: Job) -> str | None:
        """The result of a job whose original was replaced in a life that ended before it could say so; None for any
        other.

        Where that life ended in the midst of writing, the rest is written.

        Raises:
            RedactorError, OSError: that cannot be done now.
        """
        if not self._replaces(job):
            return None
        item, out = self._recordings.item(job, 0)
        for stem in (item.stem.name, job.audio):
            target = (out / item.stem).with_name(stem)
            made = self._results.read(target, job.audio)
            if made is not None and self._was_replaced(job, made):
                return os.fspath(artefact(target, ".json"))
        return None

    def _was_replaced(self, job: Job, made: Made) -> bool:
        try:
            return self._see_to(job, made)
        except Changed:
            return False
        except Gone:  # deleted, perhaps after we had written all of our sound into it
            return self._queue.stamps.of(_written(_hash(_sound(made)[0]))) == job.audio
        except NoInput as error:  # it may be there, and audible
            raise Busy(error.message, hint=error.hint) from None

    def is_ours(self, audio: str, *, of: str = "") -> bool:
        """Whether a file of this hash is one that we wrote in a recording's place (in the place of the one with hash
        `of`).
        """
        made_of = self.made_of(audio)
        return made_of != "" and of in ("", made_of)

    def made_of(self, audio: str) -> str:
        """Hash of the recording in whose place we wrote a file of this hash."""
        return "" if self._never_replaced() else self._queue.stamps.of(_ours(audio)) or ""

    def writer(self, owner: str, stamp: str) -> int | None:
        """The job that is writing there, so that half an original and half ours may lie there. `owner`: the path, or
        the mailbox.
        """
        mark = None if self._never_replaced() else _Mark.read(self._queue.stamps.of(_writing(owner, stamp)))
        return mark.job if mark is not None and self._queue.is_open(mark.job) else None

    def _never_replaced(self) -> bool:
        """Whether no service of this database ever did: then nothing need be asked of each recording. Looked up once
        a minute.
        """
        now = time.monotonic()
        if self.mode != "replace" and now >= self._never_until and not self._ever:
            self._ever, self._never_until = self._queue.stamps.of(_EVER) is not None, now + 60.0
        return self.mode != "replace" and not self._ever

    def wholly_ours(self, message: MailboxMessage) -> bool:
        """Whether a message is ours in every format it is stored in; Asterisk copies it format by format, and we may
        come in between.
        """
        try:
            return all(self.is_ours(self._hash_of(path)) for path in copies(message.path, self._roots))
        except RedactorError:  # a link, a folder: the job says so
            return False

    # --- writing
    # -------------------------------------------------------------------------------------------------------

    def _replaces(self, job: Job) -> bool:
        return self.mode == "replace" and job.details["kind"] in ("file", "mailbox")

    def _see_to(self, job: Job, made: Made) -> bool:
        """Write the redacted sound wherever the recording lies, wholly or half written; whether it lies anywhere.

        Raises:
            Changed: another recording lies there. NoInput: none does. Busy, CannotReplace, OSError
        """
        d = job.details
        if d["kind"] == "file":
            self._overwrite(d["path"], job, lambda _: _sound(made), owner=d["path"])
            return True
        seen = False
        # Saved into another folder while we were at it, a message lies in both.
        places = located(d["box"], d["id"], self._roots, largest=self._limits.max_bytes)
        if not places:
            raise Gone("The message is no longer in its mailbox.")
        for found in places:
            if self._is_its(job, found, _sound(made)[0]):
                seen = True
                problem: InputError | None = None
                # The other formats first: they are compared with the one that the job is of.
                for path in copies(found.path, self._roots):
                    covered = partial(self._covered, made, suffix_of(path), found, found.audio == job.audio)
                    try:
                        self._overwrite(path, job, covered, owner=d["box"], identity=d["id"], main=found)
                    except InputError as error:  # a person must see to that one; the rest need not wait for it
                        problem = problem or error
                    except NoInput as error:
                        raise Busy(error.message, hint=error.hint) from None
                self._overwrite(found.path, job, lambda _: _sound(made), owner=d["box"], identity=d["id"])
                if problem is not None:
                    raise problem
        return seen

    def _is_its(self, job: Job, found: MailboxMessage, sound: bytes) -> bool:
        """Whether a message that has a job's id is of its recording: as it was, as we made it, or half of each."""
        if found.audio in (job.audio, _hash(sound)) or self.is_ours(found.audio, of=job.audio):
            return True
        mark = self._mark(job, job.details["box"], found.stamp)
        return mark is not None and mark.is_torn(found.data, sound)

    def _overwrite(
        self,
        path: str,
        job: Job,
        made: Callable[[bytes], tuple[bytes, str]],
        *,
        owner: str,
        identity: str = "",
        main: MailboxMessage | None = None,
    ) -> None:
        """Write what `made` makes of a file's bytes into it.

        Args:
            identity: of the message that it must be of.
            main: the file that the job is of, where this one is another format of it.
        """
        other = (
            Busy("The mailbox is being renumbered.")
            if identity
            else Changed("The file has changed since it was queued.")
        )
        with opened(path, self._roots, writing=True) as descriptor:
            stamp = stamp_of(os.fstat(descriptor))
            data = read_all(descriptor, self._limits.max_bytes)
            source = Source.of(data, suffix_of(path))
            if self.is_ours(source.id, of=job.audio) or (main is None and data == made(data)[0]):
                self._done(descriptor, job, owner, source.id)
                return
            mark = self._mark(job, owner, stamp)
            if main is None and source.id != job.audio and not (mark and mark.is_torn(data, made(data)[0])):
                if mark:
                    self._queue.stamps.note(_writing(owner, stamp), "")  # another recording has the same inode by now
                raise other
            self.seal(source)  # also where it cannot be replaced: a person will take it away
            content, suffix = made(data)
            if suffix != suffix_of(path):
                raise CannotReplace("The redacted sound has another format than the recording.")
            # Asterisk renames sound files first and the .txt last: only both together say whose this is.
            if identity and identity_of(path, self._roots) != identity:
                raise other
            if main is not None and self._hash_of(main.path) != main.audio:
                raise other
            if content != data:  # else nothing was to be covered, and it is no file of ours
                _check_room(descriptor, len(content))
                self._queue.stamps.note(_EVER, "1")
                self._queue.stamps.note(_ours(_hash(content)), job.audio)
                self._queue.stamps.note(_writing(owner, stamp), str(mark or _Mark.of(job, data)))
                try:
                    # A last look: a recorder may have gone on, or begun again.
                    begun = stamp_of(os.fstat(descriptor)) == stamp and _write(descriptor, content)
                except Exception:
                    if mark is None and stamp_of(os.fstat(descriptor)) == stamp:
                        self._queue.stamps.note(_writing(owner, stamp), "")  # nothing was written
                    raise
                if not begun:
                    self._queue.stamps.note(_writing(owner, stamp), str(mark or ""))
                    raise other
                self._done(descriptor, job, owner, _hash(content))

    def _mark(self, job: Job, owner: str, stamp: str) -> _Mark | None:
        """What this job noted of a file when it began to write."""
        mark = _Mark.read(self._queue.stamps.of(_writing(owner, stamp)))
        return mark if mark is not None and mark.job == job.id else None

    def _done(self, descriptor: int, job: Job, owner: str, audio: str) -> None:
        self._queue.stamps.note(_written(audio), job.audio)
        stamp = stamp_of(os.fstat(descriptor))
        self._queue.stamps.note(owner if job.details["kind"] == "file" else inode_of(owner, stamp), stamp)
        self._queue.stamps.note(_writing(owner, stamp), "")

    def _hash_of(self, path: str) -> str:
        with opened(path, self._roots) as descriptor:
            return _hash(read_all(descriptor, self._limits.max_bytes))

    def _covered(self, made: Made, suffix: str, main: MailboxMessage, original: bool, data: bytes) -> tuple[bytes, str]:
        """The same message in another format, bleeped where its document says.

        Args:
            original: whether `main` is not covered itself yet.
        """
        pipeline, bleeps = self._pipeline(), document_of(made)["intervals"]
        recording = pipeline.decoder(Source.of(data, suffix))
        first = pipeline.decoder(Source.of(main.data, suffix_of(main.path)))
        length = min(first.duration, recording.duration)
        heard = [
            Interval(channel, start, end, ())
            for channel in range(first.channels)
            for start, end in ([(0.0, length)] if original else _longest_gap(bleeps, channel, length))
        ]
        alike = first.sample_rate != recording.sample_rate or still_audible(first, recording, heard)
        if abs(recording.duration - first.duration) > 0.25 or not alike:
            raise CannotReplace("The formats of the message do not sound the same.")
        intervals = [
            Interval(i["channel"], i["start"], min(i["end"], recording.duration), tuple(i["labels"]))
            for i in bleeps
            if i["start"] < recording.duration
        ]
        encoded = encode(bleep(recording, intervals, style=pipeline.style), recording.format)
        if still_audible(recording, pipeline.decoder(Source.of(encoded.data, encoded.suffix)), intervals):
            raise CannotReplace("A bleeped stretch of another format of the message still resembles the original.")
        return encoded.data, encoded.suffix


@dataclass(frozen=True, slots=True)
class _Mark:
    """What is noted of a file before it is written to: whose job does it, and how the original ends.

    A kill leaves some of our pages, and behind them the original's: its last one tells such a file from what others
    wrote there since.
    """

    job: int
    size: int
    end: str

    @classmethod
    def of(cls, job: Job, data: bytes) -> _Mark:
        return cls(job.id, len(data), cls._end(data, len(data)))

    @classmethod
    def read(cls, noted: str | None) -> _Mark | None:
        """None for none (or of an earlier version)."""
        job, _, rest = (noted or "").partition(":")
        size, _, end = rest.partition(":")
        return cls(int(job), int(size), end) if job.isdecimal() and size.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.job}:{self.size}:{self.end}"

    def is_torn(self, data: bytes, content: bytes) -> bool:
        """Whether `data` is what a kill leaves of an original that `content` was being written over."""
        least = min(PAGE, len(content))
        begun = least > 0 and data[:least] == content[:least]
        grown = data.startswith(content) or content.startswith(data)  # the size was not right yet, or the end not there
        return begun and (grown or self._end(data, self.size) == self.end)

    @staticmethod
    def _end(data: bytes, size: int) -> str:
        return _hash(data[max(0, (size - 1) // PAGE * PAGE) : size])[:24]


def _longest_gap(bleeps: list[dict[str, Any]], channel: int, length: float) -> list[tuple[float, float]]:
    """The longest stretch between the bleeps of a channel, if it is long enough to know a message by."""
    gaps, at = [], 0.0
    for one in sorted((b for b in bleeps if b["channel"] == channel), key=lambda b: b["start"]):
        gaps.append((at, min(one["start"], length)))
        at = max(at, one["end"])
    start, end = max([*gaps, (at, length)], key=lambda gap: gap[1] - gap[0])
    return [(start, end)] if end - start >= RECOGNISABLE else []


def _sound(made: Made) -> tuple[bytes, str]:
    suffix = str(document_of(made)["audio"])
    return made[suffix], suffix


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _ours(audio: str) -> str:
    return f"ours\0{audio}"


def suffix_of(path: str) -> str:
    return PurePath(path).suffix


def _written(audio: str) -> str:
    return f"written\0{audio}"


def _writing(owner: str, stamp: str) -> str:
    return f"writing\0{inode_of(owner, stamp)}"


def _write(descriptor: int, content: bytes) -> bool:
    """In place."""
    done = 0
    while done < len(content):
        done += os.pwrite(descriptor, content[done:], done)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)
    return True


def _check_room(descriptor: int, size: int) -> None:
    """A disk that is full says so before anything is changed, where it can (file systems that copy on write need it
    all again).
    """
    disk = os.fstatvfs(descriptor)
    if disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < size:
        raise OutOfSpace("The disk is full.")
