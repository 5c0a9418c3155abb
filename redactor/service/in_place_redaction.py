"""What happens to a recording itself: it stays (the default), is sealed as well, or is sealed and then replaced by its
redacted sound.

It is sealed before anything is saved, and replaced after the result is saved and before the job counts as done. A kill
in between is repaired when the job is taken again. The file is written in place, through the descriptor that was
checked: Asterisk renumbers messages by renaming them, and a name may mean another message a moment later.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeAlias

from redactor.audio import Limits, Source
from redactor.errors import Busy, InputError, NoInput, RedactorError
from redactor.safe_open import Gone, opened, read_all
from redactor.service.in_place_write import WriteRecord, check_free_space, write_in_place
from redactor.service.ingest.asterisk import MailboxMessage, copies, identity_of, located, stamp_of
from redactor.service.ingest.sources import Changed, Recordings
from redactor.service.jobs.queue import Job, Queue
from redactor.service.other_formats import CannotReplace, redact_other_format, suffix_of
from redactor.service.replacement_records import ReplacementRecords
from redactor.service.results import Results, document_of
from redactor.storage import Target, artefact

ResultFiles: TypeAlias = dict[str, bytes]
"""A result's files by suffix."""


class Sealing(Protocol):
    """The part of the vault that is used here."""

    def seal(self, id: str, kind: str, content: bytes, *, by: str) -> bool: ...  # noqa: A002


class Originals:
    """See the module's text.

    Args:
        mode: "stay", "seal" or "replace".
        vault: None if all originals stay.
        pipeline: gives the pipeline, for its decoder and bleep style; called when the models are loaded.
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
        self.mode, self._vault, self._recordings, self._results = mode, vault, recordings, results
        self._records = ReplacementRecords(queue, replaces=mode == "replace")
        self._roots, self._limits, self._pipeline = roots, limits, pipeline

    def seal(self, source: Source) -> None:
        """Seal a recording in the vault, if that is configured and not done yet.

        Raises:
            RedactorError
        """
        if self._vault is not None:
            self._vault.seal(source.id, "original", source.untrusted_data, by="service")

    def finish(self, job: Job, target: Target, *, is_new: bool) -> None:
        """Replace the original by its redacted sound, if that is configured and it exists.

        Args:
            is_new: the result was made just now, so that `seal` was called; otherwise an earlier process left it.

        Raises:
            Changed, NoInput: the original is missing or changed. Busy: its mailbox is being renumbered. CannotReplace:
                see there.
            OSError: it cannot be written to.
        """
        if not is_new and self._vault is not None:
            self.seal(self._recordings.read(job))
        if not self._replaces(job):
            return
        files = self._results.read(target, job.audio)
        if files is None:
            if self._results.is_of_another(job.audio, target):
                raise CannotReplace("The result in its place is of another recording.")
            raise Busy("The result is missing or changed.")
        if not self._replace(job, files):
            raise Changed("The file has changed since it was queued.")

    def replaced(self, job: Job) -> str | None:
        """The result of a job whose original was replaced by a process that was killed before it could say so; None for
        any other job.

        If it was killed while it was writing, the rest is written.

        Raises:
            RedactorError, OSError: the rest cannot be written now.
        """
        if not self._replaces(job):
            return None
        item, out = self._recordings.item(job, 0)
        for stem in (item.stem.name, job.audio):
            target = (out / item.stem).with_name(stem)
            files = self._results.read(target, job.audio)
            if files is not None and self._was_replaced(job, files):
                return os.fspath(artefact(target, ".json"))
        return None

    def _was_replaced(self, job: Job, files: ResultFiles) -> bool:
        try:
            return self._replace(job, files)
        except Changed:
            return False
        except Gone:  # deleted, perhaps after all of the redacted sound was written into it
            return self._records.was_written(_hash(_sound(files)[0])) == job.audio
        except NoInput as error:  # it may exist, and be audible
            raise Busy(error.message, hint=error.hint) from None

    def made_of(self, audio: str) -> str:
        """Hash of the recording in whose place the service wrote a file of this hash; "" for none."""
        return self._records.made_of(audio)

    def writer(self, owner: str, stamp: str) -> int | None:
        """Number of the job that is writing to a file; see `ReplacementRecords`."""
        return self._records.writer(owner, stamp)

    def wholly_ours(self, message: MailboxMessage) -> bool:
        """Whether the service wrote a message in every format that it is stored in. Asterisk copies one format after
        another, and may have been in the middle of that.
        """
        try:
            return all(self._records.is_ours(self._hash_of(path)) for path in copies(message.path, self._roots))
        except RedactorError:  # a link, a folder: the job reports it
            return False

    # --- writing

    def _replaces(self, job: Job) -> bool:
        return self.mode == "replace" and job.details["kind"] in ("file", "mailbox")

    def _replace(self, job: Job, files: ResultFiles) -> bool:
        """Write the redacted sound wherever the recording is, whole or half replaced; returns whether it is anywhere.

        Raises:
            Changed: another recording is in its place. NoInput: none is. Busy, CannotReplace, OSError
        """
        details = job.details
        if details["kind"] == "file":
            self._overwrite(details["path"], job, lambda _: _sound(files), owner=details["path"])
            return True
        found_any = False
        # A message that was moved to another folder meanwhile exists in both for a moment.
        places = located(details["box"], details["id"], self._roots, largest=self._limits.max_bytes)
        if not places:
            raise Gone("The message is no longer in its mailbox.")
        for found in places:
            if self._is_recording_of(job, found, _sound(files)[0]):
                found_any = True
                problem: InputError | None = None
                # The other formats first: they are compared with the one that the job is of.
                for path in copies(found.path, self._roots):
                    other = partial(
                        redact_other_format,
                        self._pipeline(),
                        document_of(files)["intervals"],
                        suffix=suffix_of(path),
                        main=found,
                        main_is_original=found.audio == job.audio,
                    )
                    try:
                        self._overwrite(path, job, other, owner=details["box"], identity=details["id"], main=found)
                    except InputError as error:  # a person must handle that one; the rest need not wait for it
                        problem = problem or error
                    except NoInput as error:
                        raise Busy(error.message, hint=error.hint) from None
                self._overwrite(found.path, job, lambda _: _sound(files), owner=details["box"], identity=details["id"])
                if problem is not None:
                    raise problem
        return found_any

    def _is_recording_of(self, job: Job, found: MailboxMessage, sound: bytes) -> bool:
        """Whether a message with a job's id holds its recording: the original, the redacted sound, or half of each."""
        if found.audio in (job.audio, _hash(sound)) or self._records.is_ours(found.audio, of=job.audio):
            return True
        record = self._records.record(job, job.details["box"], found.stamp)
        return record is not None and record.is_torn(found.data, sound)

    def _overwrite(
        self,
        path: str,
        job: Job,
        redact: Callable[[bytes], tuple[bytes, str]],
        *,
        owner: str,
        identity: str = "",
        main: MailboxMessage | None = None,
    ) -> None:
        """Write what `redact` makes of a file's bytes into it.

        Args:
            redact: bytes → redacted file and its suffix.
            identity: id of the message that the file must belong to.
            main: the file that the job is of, if this one is another format of it.
        """
        changed = (
            Busy("The mailbox is being renumbered.")
            if identity
            else Changed("The file has changed since it was queued.")
        )
        records = self._records
        with opened(path, self._roots, writing=True) as descriptor:
            stamp = stamp_of(os.fstat(descriptor))
            data = read_all(descriptor, self._limits.max_bytes)
            source = Source.of(data, suffix_of(path))
            if records.is_ours(source.id, of=job.audio) or (main is None and data == redact(data)[0]):
                records.done(job, owner, stamp_of(os.fstat(descriptor)), content=source.id)
                return
            record = records.record(job, owner, stamp)
            if main is None and source.id != job.audio and not (record and record.is_torn(data, redact(data)[0])):
                if record:
                    records.keep(owner, stamp, None)  # another recording has the same inode by now
                raise changed
            self.seal(source)  # also if it cannot be replaced: a person will remove it
            content, suffix = redact(data)
            if suffix != suffix_of(path):
                raise CannotReplace("The redacted sound has another format than the recording.")
            # Asterisk renames sound files first and the .txt last: only both together identify the message.
            if identity and identity_of(path, self._roots) != identity:
                raise changed
            if main is not None and self._hash_of(main.path) != main.audio:
                raise changed
            if content == data:  # nothing was to be bleeped: the file is not one of the service's
                return
            check_free_space(descriptor, len(content))
            records.begin(job, owner, stamp, record or WriteRecord.of(job.id, data), content=_hash(content))
            try:
                # A last check: a recorder may have gone on, or begun again.
                is_same = stamp_of(os.fstat(descriptor)) == stamp
                if is_same:
                    write_in_place(descriptor, content)
            except Exception:
                if record is None and stamp_of(os.fstat(descriptor)) == stamp:
                    records.keep(owner, stamp, None)  # nothing was written
                raise
            if not is_same:
                records.keep(owner, stamp, record)
                raise changed
            records.done(job, owner, stamp_of(os.fstat(descriptor)), content=_hash(content))

    def _hash_of(self, path: str) -> str:
        with opened(path, self._roots) as descriptor:
            return _hash(read_all(descriptor, self._limits.max_bytes))


def _sound(files: ResultFiles) -> tuple[bytes, str]:
    """The redacted recording of a result, and its suffix."""
    suffix = str(document_of(files)["audio"])
    return files[suffix], suffix


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
