"""Putting recordings into the queue: a file, the messages of a mailbox, the recording of a mail. However often and by
whatever way a recording is reported, it is taken once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from redactor.atomic_files import save
from redactor.audio import Limits
from redactor.errors import Busy, NoInput, RefusedInput
from redactor.hook.ticket import Ticket
from redactor.safe_open import Gone, opened, plain, read_all
from redactor.service.ingest.asterisk import ATTEMPTS, MailboxMessage, hash_of, inode_of, messages, stamp_of
from redactor.service.ingest.spool_reader import SpoolReader
from redactor.service.jobs.queue import NewJob, Queue

if TYPE_CHECKING:
    from redactor.service.in_place_redaction import Originals


def must_all_wait(error: Exception) -> bool:
    """Whether the queue is full or the database down, so that every other entry would fail as well. An error about
    one row concerns that row only.
    """
    return isinstance(error, (Busy, SQLAlchemyError)) and not isinstance(error, (IntegrityError, DataError))


class Ingest:
    """See the module's text.

    Args:
        spool: where the hook leaves mails' recordings.
        queue: where all recordings go.
        roots: folders that hold recordings.
        voicemail: Asterisk's folder of mailboxes, "" for none.
        held: folder that mails' recordings are moved to.
        sent: folders whose recordings are sent messages unless a hook says otherwise.
        originals: knows which files the service wrote itself in the place of an original.
        log_line: called with a line for the log (ids only).
        count: called with (who reported, "new", "known" or "refused") for the metrics.
    """

    def __init__(
        self,
        *,
        spool: SpoolReader,
        queue: Queue,
        roots: tuple[str, ...],
        voicemail: str,
        held: Path,
        limits: Limits,
        sent: tuple[str, ...] = (),
        originals: Originals | None = None,
        log_line: Callable[[str], None] = lambda _: None,
        count: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self.queue, self.roots, self.limits = queue, roots, limits
        self.voicemail = voicemail.rstrip("/")
        self.originals = originals
        self.log_line, self.count = log_line, count
        self._spool, self._held = spool, held
        self._sent = tuple(f"{folder.rstrip('/')}/" for folder in sent)

    def take_file(
        self,
        path: str,
        *,
        source: str,
        identity: str,
        direction: str = "",
        reported_at: float = 0.0,
        via: str = "hook",
        known: Sequence[Mapping[str, str]] = (),
    ) -> bool:
        """Put one file into the queue; true if it is new.

        Args:
            known: about the message, beforehand.
            reported_at: seconds since 1970; 0: now.

        Raises:
            RefusedInput, NoInput: see `safe_open`. Busy: the queue is full.
        """
        path = plain(path)
        for _ in range(ATTEMPTS):
            with opened(path, self.roots) as descriptor:
                stamp = stamp_of(os.fstat(descriptor))
                if self.originals and (writer := self.originals.writer(path, stamp)) is not None:
                    if direction:
                        self.queue.set_direction(writer, direction)
                    return False
                data = read_all(descriptor, self.limits.max_bytes)
                if stamp_of(os.fstat(descriptor)) == stamp:
                    break
        # A file that is written to all the time is queued nevertheless: the worker finds it changed, and requeues it.
        audio = hash_of(data, stamp, largest=self.limits.max_bytes)
        new = NewJob(
            source,
            identity,
            audio,
            {"kind": "file", "path": path, "id": identity, "looks": path},
            place=path,
            direction=direction,
            default_direction="out" if path.startswith(self._sent) else "",
            added=reported_at,
            known=known,
        )
        return self.add(new, via=via, fingerprint=(path, stamp))[1]

    def take_mailbox(self, box: str, *, via: str, reported_at: float = 0.0) -> int:
        """Put the messages of a mailbox into the queue that are not there yet; returns how many are new.

        Raises:
            RefusedInput, NoInput: the mailbox is a link, or missing. Busy.
        """
        new = 0

        def unseen(fingerprints: Sequence[str]) -> set[str]:
            places = {inode_of(box, one): one for one in fingerprints}
            return {places[place] for place in self.queue.fingerprints.unseen(places)}

        def is_being_written(stamp: str) -> bool:
            return self.originals is not None and self.originals.writer(box, stamp) is not None

        for message in messages(
            box, self.roots, largest=self.limits.max_bytes, unseen=unseen, is_being_written=is_being_written
        ):
            place = inode_of(box, message.stamp)
            details = {
                "kind": "mailbox",
                "box": box,
                "path": message.path,
                "id": message.id,
                "named": message.named,
                "looks": place,
            }
            # The box is part of the key: a message that went to several boxes must be redacted in each.
            job = NewJob("asterisk", f"{box}\0{message.id}", message.audio, details, direction="in", added=reported_at)
            new += self.guarded(partial(self._add_message, job, via, (place, message.stamp), message))
        return new

    def _add_message(self, job: NewJob, via: str, fingerprint: tuple[str, str], message: MailboxMessage) -> bool:
        return self.add(job, via=via, fingerprint=fingerprint, message=message)[1]

    def guarded(self, action: Callable[[], int]) -> int:
        """The result of `action`; 0 if it fails for its own entry only, which must not keep the others from being
        taken.
        """
        try:
            return action()
        except (NoInput, RefusedInput):
            pass
        except Exception as error:
            if must_all_wait(error):
                raise
            self.log_line(f"an entry was skipped: unexpected {type(error).__name__}")  # its text may hold a path
        return 0

    def take_mail(self, ticket: Ticket, *, reported_at: float) -> None:
        """Move the recording of a mail out of the spool, and put it into the queue."""
        source, target = self._spool.new / ticket.audio, self._held / ticket.audio
        self._held.mkdir(mode=0o700, parents=True, exist_ok=True)
        roots, in_spool = (str(self._spool.folder), str(self._held)), True
        try:
            data = self._bytes(source, roots)
        except Gone:  # moved by a process that ended before the commit
            in_spool = False
            try:
                data = self._bytes(target, roots)
            except Gone:
                raise RefusedInput("The recording of a mail is missing.") from None
        if in_spool:  # a rename cannot cross file systems; the copy is on the disk before the first is removed
            save(target, data, mode=0o600)
            self._spool.remove(source)
        audio = hashlib.sha256(data).hexdigest()
        details = {"kind": "held", "name": ticket.audio, "id": ticket.id}
        new = NewJob("mail", ticket.id, audio, details, direction="in", added=reported_at)
        number, added = self.add(new, via="hook")
        known = None if added else self.queue.unsealed(number)
        # A second copy of the same mail is removed. The first stays, also if this very ticket was taken before by a
        # process that ended too early.
        if known is not None and known[0].get("name") != ticket.audio and in_spool:
            with suppress(OSError):
                target.unlink()

    def _bytes(self, path: Path, roots: tuple[str, ...]) -> bytes:
        with opened(str(path), roots) as descriptor:
            return read_all(descriptor, self.limits.max_bytes)

    def add(
        self,
        new: NewJob,
        *,
        via: str,
        fingerprint: tuple[str, str] | None = None,
        message: MailboxMessage | None = None,
    ) -> tuple[int, bool]:
        """Put a job into the queue: (its number, whether it is new). A file that the service wrote itself in an
        original's place is none: (0, False).

        Args:
            via: who reported it, for the metrics.
            fingerprint: place and stamp that are recorded with it.
        """
        if self.originals and (made_of := self.originals.made_of(new.audio)):
            self._recognised_as_ours(new, made_of, message)
            if fingerprint is not None:
                self.queue.fingerprints.note(*fingerprint)
            self.count(via, "known")
            return 0, False
        number, added = self.queue.add(new, fingerprint=fingerprint)
        if not added and self.originals and self.originals.mode == "replace":
            self.queue.repeat(number)  # the original is there (again)
        self.count(via, "new" if added else "known")
        return number, added

    def _recognised_as_ours(self, new: NewJob, made_of: str, message: MailboxMessage | None) -> None:
        """The service wrote this file. Its direction may be news, and Asterisk may have copied other formats of the
        message before it was replaced.
        """
        assert self.originals is not None
        number = self.queue.number_of(new.source, new.message, made_of) or self.queue.number_at(new.place, made_of)
        if number is not None and new.direction:
            self.queue.set_direction(number, new.direction)
        if number is not None and message is not None and not self.originals.wholly_ours(message):
            self.queue.repeat(number)
