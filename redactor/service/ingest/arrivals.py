"""What somebody told us of, and how it gets into the queue: a file, a mailbox, a mail; whoever tells of it, it is
taken once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
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
from redactor.service.ingest.asterisk import LOOKS, MailboxMessage, hash_of, inode_of, messages, stamp_of
from redactor.service.ingest.spool_reader import SpoolReader
from redactor.service.jobs.queue import NewJob, Queue

if TYPE_CHECKING:
    from redactor.service.in_place_redaction import Originals


def must_all_wait(error: Exception) -> bool:
    """Whether the queue is full or the database down, so that no other entry would fare better; what it says of one
    row is that row's.
    """
    return isinstance(error, (Busy, SQLAlchemyError)) and not isinstance(error, (IntegrityError, DataError))


class Ingest:
    """See the module's text.

    Args:
        tickets: those that the hook left in the spool, and mails' recordings.
        queue: where everything goes.
        roots: folders that recordings lie in.
        voicemail: Asterisk's folder of mailboxes, "" for none.
        held: folder that mails' recordings are moved to.
        sent: folders whose recordings were sent by us, where nobody says otherwise.
        originals: knows what we wrote ourselves in the place of an original.
        note: called with a line for the log (ids only).
        told: called with (what told us, "new", "known" or "refused") for the metrics.
    """

    def __init__(
        self,
        *,
        tickets: SpoolReader,
        queue: Queue,
        roots: tuple[str, ...],
        voicemail: str,
        held: Path,
        limits: Limits,
        sent: tuple[str, ...] = (),
        originals: Originals | None = None,
        note: Callable[[str], None] = lambda _: None,
        told: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self._tickets, self._queue, self._roots = tickets, queue, roots
        self._voicemail = voicemail.rstrip("/")
        self._held, self._limits = held, limits
        self._originals = originals
        self._sent = tuple(f"{folder.rstrip('/')}/" for folder in sent)
        self._note, self._told = note, told

    def take_file(
        self, path: str, *, source: str, identity: str, direction: str = "", told: float = 0.0, via: str = "hook"
    ) -> bool:
        """Put one file in the queue; true if it was new.

        Raises:
            RefusedInput, NoInput: see `safe_open`. Busy: the queue is full.
        """
        path = plain(path)
        for _ in range(LOOKS):
            with opened(path, self._roots) as descriptor:
                stamp = stamp_of(os.fstat(descriptor))
                if self._originals and (writer := self._originals.writer(path, stamp)) is not None:
                    if direction:
                        self._queue.learn(writer, direction)
                    return False
                data = read_all(descriptor, self._limits.max_bytes)
                if stamp_of(os.fstat(descriptor)) == stamp:
                    break
        # What is written to all the time is queued nevertheless: the crew finds it changed, and asks for it again.
        audio = hash_of(data, stamp, largest=self._limits.max_bytes)
        new = NewJob(
            source,
            identity,
            audio,
            {"kind": "file", "path": path, "id": identity, "looks": path},
            place=path,
            direction=direction,
            usual="out" if path.startswith(self._sent) else "",
            added=told,
        )
        return self._add(new, via=via, looks=(path, stamp))[1]

    def take_mailbox(self, box: str, *, via: str, told: float = 0.0) -> int:
        """Put the messages of a mailbox in the queue that are not there yet; returns how many were new.

        Raises:
            RefusedInput, NoInput: the mailbox is a link, or not there. Busy.
        """
        new = 0

        def fresh(stamps: Sequence[str]) -> set[str]:
            places = {inode_of(box, stamp): stamp for stamp in stamps}
            return {places[place] for place in self._queue.stamps.unseen(places)}

        def halfway(stamp: str) -> bool:
            return self._originals is not None and self._originals.writer(box, stamp) is not None

        for message in messages(box, self._roots, largest=self._limits.max_bytes, fresh=fresh, halfway=halfway):
            looks = inode_of(box, message.stamp)
            details = {
                "kind": "mailbox",
                "box": box,
                "path": message.path,
                "id": message.id,
                "named": message.named,
                "looks": looks,
            }
            # The box belongs to it: a message that went to several must be redacted in each.
            job = NewJob("asterisk", f"{box}\0{message.id}", message.audio, details, direction="in", added=told)
            new += self._guarded(partial(self._add_message, job, via, (looks, message.stamp), message))
        return new

    def _add_message(self, job: NewJob, via: str, looks: tuple[str, str], message: MailboxMessage) -> bool:
        return self._add(job, via=via, looks=looks, message=message)[1]

    def _guarded(self, action: Callable[[], int]) -> int:
        """One entry must not keep us from all that lies behind it."""
        try:
            return action()
        except (NoInput, RefusedInput):
            pass
        except Exception as error:
            if must_all_wait(error):
                raise
            self._note(f"an entry was passed over: unexpected {type(error).__name__}")  # its text may hold a path
        return 0

    def _take_mail(self, ticket: Ticket, *, told: float) -> None:
        source, target = self._tickets.new / ticket.audio, self._held / ticket.audio
        self._held.mkdir(mode=0o700, parents=True, exist_ok=True)
        roots, came = (str(self._tickets.folder), str(self._held)), True
        try:
            data = self._bytes(source, roots)
        except Gone:  # moved before, in a life that ended before the commit
            came = False
            try:
                data = self._bytes(target, roots)
            except Gone:
                raise RefusedInput("The recording of a mail is not there.") from None
        if came:  # across file systems, which a rename cannot; the copy is on the disk before the first goes
            save(target, data, mode=0o600)
            self._tickets.remove(source)
        audio = hashlib.sha256(data).hexdigest()
        details = {"kind": "held", "name": ticket.audio, "id": ticket.id}
        number, added = self._add(NewJob("mail", ticket.id, audio, details, direction="in", added=told), via="hook")
        kept = None if added else self._queue.unsealed(number)
        # A second copy of the same mail goes; the first stays, also where this very ticket was taken in a life that
        # ended too early.
        if kept is not None and kept[0].get("name") != ticket.audio and came:
            with suppress(OSError):
                target.unlink()

    def _bytes(self, path: Path, roots: tuple[str, ...]) -> bytes:
        with opened(str(path), roots) as descriptor:
            return read_all(descriptor, self._limits.max_bytes)

    def _add(
        self, new: NewJob, *, via: str, looks: tuple[str, str] | None = None, message: MailboxMessage | None = None
    ) -> tuple[int, bool]:
        if self._originals and (made_of := self._originals.made_of(new.audio)):
            self._know_better(new, made_of, message)
            if looks is not None:
                self._queue.stamps.note(*looks)
            self._told(via, "known")
            return 0, False
        number, added = self._queue.add(new, looks=looks)
        if not added and self._originals and self._originals.mode == "replace":
            self._queue.again(number)  # the original lies there (again)
        self._told(via, "new" if added else "known")
        return number, added

    def _know_better(self, new: NewJob, made_of: str, message: MailboxMessage | None) -> None:
        """What lies there we wrote: but it may be told which way it went, or Asterisk may have copied other formats
        of it before.
        """
        assert self._originals is not None
        number = self._queue.number_of(new.source, new.message, made_of) or self._queue.number_at(new.place, made_of)
        if number is not None and new.direction:
            self._queue.learn(number, new.direction)
        if number is not None and message is not None and not self._originals.wholly_ours(message):
            self._queue.again(number)
