"""How recordings get into the queue: tickets of the hook, mailboxes that changed, and the sweeper's walk.

All three meet in `Queue.add`, which takes a recording once however often it is told of. A ticket is removed after its job is committed;
while the queue is full or the database down it stays where it is.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from redactor.audio import AUDIO_SUFFIXES, Limits
from redactor.doors.hook.paths import opened, plain, read_all
from redactor.doors.hook.ticket import Ticket, read_ticket
from redactor.durable import Partial, as_output_error, flush_folder
from redactor.errors import Busy, NoInput, RedactorError, RefusedInput

from .mailbox import LOOKS, Message, hash_of, inode_of, messages, stamp_of
from .queue import NewJob, Queue
from .tickets import Tickets

if TYPE_CHECKING:
    from .originals import Originals

ORPHANED = 3600.0
"""Seconds after which a mail's recording is taken although its ticket was never written: Asterisk asks no second time."""
FORGOTTEN = 3600.0
"""Seconds for which a ticket waits for a file that is not there or may not be read: a share may come back."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
OURS = ".redacted."


class _Later(NamedTuple):
    at: float
    delay: float


_NEVER = _Later(0.0, 0.0)


class Intake:
    """See the module's text.

    Args:
        tickets: those that the hook left in the spool.
        queue: where everything goes.
        roots: folders that recordings lie in.
        voicemail: Asterisk's folder of mailboxes, "" for none.
        held: folder that mails' recordings are moved to.
        settle: seconds for which a file must not have changed before the sweeper takes it.
        sent: folders whose recordings were sent by us, where nobody says otherwise.
        originals: knows what we wrote ourselves in the place of an original.
        outside: folders that the sweeper leaves out (our own).
        note: called with a line for the log (ids only).
        told: called with (what told us, "new", "known" or "refused") for the metrics.
    """

    def __init__(
        self,
        *,
        tickets: Tickets,
        queue: Queue,
        roots: tuple[str, ...],
        voicemail: str,
        held: Path,
        settle: float,
        limits: Limits,
        sent: tuple[str, ...] = (),
        originals: Originals | None = None,
        outside: tuple[str, ...] = (),
        note: Callable[[str], None] = lambda _: None,
        told: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self._tickets, self._queue, self._roots = tickets, queue, roots
        self._voicemail = voicemail.rstrip("/")
        self._held, self._settle, self._limits = held, settle, limits
        self._outside = frozenset(outside)
        self._originals = originals
        self._sent = tuple(f"{folder.rstrip('/')}/" for folder in sent)
        self._note, self._told = note, told
        self._later: dict[str, _Later] = {}

    # --- the hook's tickets --------------------------------------------------------------------------------------------

    def take_tickets(self) -> int:
        """Everything that waits in the spool, oldest first; returns how many tickets were taken.

        Raises:
            Busy: the queue is full; the rest stays in the spool.
        """
        with self._tickets.turn() as still:
            return self._take_each(still) if still is not None else 0

    def _take_each(self, still: Callable[[], None]) -> int:
        taken = 0
        waiting = self._tickets.waiting()
        names = {path.name for path in waiting}
        self._later = {name: later for name, later in self._later.items() if name in names}
        for path in waiting:
            if self._later.get(path.name, _NEVER).at <= time.monotonic():
                still()
                taken += self._take_one(path)
        return taken

    def _take_one(self, path: Path) -> bool:
        ticket = None
        try:
            ticket = read_ticket(self._tickets.read(path))
            self._take(ticket, told=_told(path))
        except (Busy, SQLAlchemyError):
            raise
        except RefusedInput as error:
            self._told("hook", "refused")
            self._note(f"a ticket was refused: {error.reason}")
            self._tickets.refuse(path, ticket.audio if ticket else "")
            self._wait(path)  # where it could not even be moved
            return False
        except FileNotFoundError:  # another service took it
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the others' turn comes
            reason = error.reason if isinstance(error, RedactorError) else f"unexpected {type(error).__name__}"
            if not (isinstance(error, NoInput) and ticket and not ticket.audio and _age(path) > FORGOTTEN):
                if self._wait(path):
                    self._note(f"a ticket must wait: {reason}")
                return False
            self._told("hook", "refused")
            self._note(f"a ticket came to nothing: {reason}")
        self._tickets.remove(path)
        return True

    def _wait(self, path: Path) -> bool:
        """Look at a ticket later, and later still each time; whether this is the first."""
        before = self._later.get(path.name)
        delay = min(LONGEST_WAIT, 2 * before.delay) if before else FIRST_WAIT
        self._later[path.name] = _Later(time.monotonic() + delay, delay)
        return before is None

    def _take(self, ticket: Ticket, *, told: float) -> None:
        if ticket.mailbox:
            if not self._voicemail:
                raise RefusedInput("No voicemail folder is set ([asterisk] voicemail).")
            self.take_mailbox(f"{self._voicemail}/{ticket.context}/{ticket.mailbox}", via="hook", told=told)
        elif ticket.audio:
            self._take_mail(ticket, told=told)
        else:
            try:
                self.take_file(
                    ticket.path, source=ticket.source, identity=ticket.id, direction=ticket.direction, told=told
                )
            except NoInput:
                if not ticket.removed_ok:
                    raise

    def take_file(
        self, path: str, *, source: str, identity: str, direction: str = "", told: float = 0.0, via: str = "hook"
    ) -> bool:
        """Put one file in the queue; true if it was new.

        Raises:
            RefusedInput, NoInput: see `hook.paths`. Busy: the queue is full.
        """
        path = plain(path)
        for _ in range(LOOKS):
            with opened(path, self._roots) as descriptor:
                stamp = stamp_of(os.fstat(descriptor))
                if self._originals and self._originals.is_being_written(path, stamp):
                    return False
                data = read_all(descriptor, self._limits.max_bytes)
                if stamp_of(os.fstat(descriptor)) == stamp:
                    break
        # What is written to all the time is queued nevertheless: the crew finds it changed, and asks for it anew.
        audio = hash_of(data, stamp, largest=self._limits.max_bytes)
        new = NewJob(
            source, identity, audio, {"kind": "file", "path": path, "id": identity, "looks": path},
            place=path, direction=direction, usual="out" if path.startswith(self._sent) else "", added=told,
        )  # fmt: skip
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
            return self._originals is not None and self._originals.is_being_written(box, stamp)

        for message in messages(box, self._roots, largest=self._limits.max_bytes, fresh=fresh, halfway=halfway):
            looks = inode_of(box, message.stamp)
            details = {
                "kind": "mailbox", "box": box, "path": message.path, "id": message.id, "named": message.named, "looks": looks
            }  # fmt: skip
            # The box belongs to it: a message that went to several must be redacted in each.
            job = NewJob("asterisk", f"{box}\0{message.id}", message.audio, details, direction="in", added=told)
            new += self._add(job, via=via, looks=(looks, message.stamp), message=message)[1]
        return new

    def _take_mail(self, ticket: Ticket, *, told: float) -> None:
        source, target = self._tickets.new / ticket.audio, self._held / ticket.audio
        self._held.mkdir(mode=0o700, parents=True, exist_ok=True)
        roots = (str(self._tickets.new), str(self._held))
        here = source if source.exists() else target  # moved before, in a life that ended before the commit
        if not here.exists():
            raise RefusedInput("The recording of a mail is not there.")
        with opened(str(here), roots) as descriptor:
            data = read_all(descriptor, self._limits.max_bytes)
        if here == source:
            _move(data, source, target)
        audio = hashlib.sha256(data).hexdigest()
        details = {"kind": "held", "name": ticket.audio, "id": ticket.id}
        number, added = self._add(NewJob("mail", ticket.id, audio, details, direction="in", added=told), via="hook")
        kept = None if added else self._queue.unsealed(number)
        # A second copy of the same mail goes; the first stays, also where this very ticket was taken in a life that ended too early.
        if kept is not None and kept[0].get("name") != ticket.audio and here == source:
            with suppress(OSError):
                target.unlink()

    def _add(
        self, new: NewJob, *, via: str, looks: tuple[str, str] | None = None, message: Message | None = None
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

    def _know_better(self, new: NewJob, made_of: str, message: Message | None) -> None:
        """What lies there we wrote: but it may be told which way it went, or Asterisk may have copied other formats of it before."""
        assert self._originals is not None
        number = self._queue.number_of(new.source, new.message, made_of) or self._queue.number_at(new.place, made_of)
        if number is not None and new.direction:
            self._queue.learn(number, new.direction)
        if number is not None and message is not None and not self._originals.wholly_ours(message):
            self._queue.again(number)

    # --- the sweeper ---------------------------------------------------------------------------------------------------

    def sweep(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Walk all roots for what nobody told us; returns how many recordings were new.

        Raises:
            Busy: the queue is full; what was not reached is found next time.
        """
        self.take_tickets()  # what hooks say of a recording counts for more
        with self._tickets.sweeping() as still:
            return self._sweep(stopping, still) if still is not None else 0

    def _sweep(self, stopping: Callable[[], bool], still: Callable[[], None]) -> int:
        new = 0
        for path in self._tickets.orphans(older=ORPHANED):  # none that a ticket still waits for
            new += self._guarded(partial(self._adopt, path))
        for box in self._boxes():
            if stopping():
                return new
            still()
            new += self._guarded(partial(self.take_mailbox, box, via="sweep"))
        for root in self._roots:
            if self._voicemail and f"{root}/".startswith(f"{self._voicemail}/"):
                continue
            files = {file: stamp_of(status) for file, status in self._files(root) if self._is_whole(status)}
            for file in sorted(self._queue.stamps.unseen(files)):
                if stopping():
                    return new
                still()
                new += self._guarded(partial(self._take_swept, file, files[file]))
        return new

    def _guarded(self, action: Callable[[], int]) -> int:
        """One entry must not keep the walk from all that lies behind it."""
        try:
            return action()
        except (Busy, SQLAlchemyError):
            raise
        except (NoInput, RefusedInput):
            return 0
        except Exception as error:  # noqa: BLE001 - its text may hold a path
            self._note(f"the sweeper met an unexpected {type(error).__name__}")
            return 0

    def _take_swept(self, path: str, stamp: str) -> bool:
        try:
            return self.take_file(path, source="sweep", identity=path, via="sweep")
        except NoInput:
            return self._take_unreadable(path)
        except RefusedInput as error:
            self._queue.stamps.note(path, stamp)  # said once
            self._told("sweep", "refused")
            self._note(f"the sweeper must not open a recording: {error.reason}")
            return False

    def _adopt(self, path: Path) -> bool:
        """A mail's recording without a ticket, unless it came again with one."""
        with opened(str(path), (str(self._tickets.new),)) as descriptor:
            audio = hashlib.sha256(read_all(descriptor, self._limits.max_bytes)).hexdigest()
        if self._queue.has(audio, "mail"):
            path.unlink()
            return False
        self._note("a mail's recording had no ticket, and was taken nevertheless")
        self._take_mail(Ticket("mail", id=audio[:32], audio=path.name, direction="in"), told=0.0)
        return True

    def _is_whole(self, status: os.stat_result) -> bool:
        """Whether it is a file that nobody writes to any more."""
        now = time.time()
        # A time to come says nothing: a clock was wrong.
        changed = max((at for at in (status.st_mtime, status.st_ctime) if at <= now), default=0.0)
        return stat.S_ISREG(status.st_mode) and now - changed >= self._settle

    def _take_unreadable(self, path: str) -> bool:
        """Queue what lies there and may not be read, so that its outcome says so; true if it was new.

        Its stamp is not noted: once it may be read, it is taken as any other. (What has only just gone is none.)
        """
        try:
            stamp = stamp_of(os.lstat(path))
        except OSError:
            return False
        audio = hashlib.sha256(b"unreadable: " + stamp.encode()).hexdigest()
        if self._queue.number_at(path, audio) is not None:
            return False
        new = NewJob("sweep", path, audio, {"kind": "file", "path": path, "id": path}, place=path)
        return self._add(new, via="sweep")[1]

    def _boxes(self) -> list[str]:
        found: list[str] = []
        with suppress(OSError):
            for context in sorted(os.scandir(self._voicemail or os.devnull), key=lambda e: e.name):
                if context.is_dir(follow_symlinks=False):
                    with suppress(OSError):
                        found += sorted(e.path for e in os.scandir(context.path) if e.is_dir(follow_symlinks=False))
        return found

    def _files(self, root: str) -> list[tuple[str, os.stat_result]]:
        found: list[tuple[str, os.stat_result]] = []
        for folder, below, names in os.walk(root):
            # Mailboxes are read by their own rules; outputs are not inputs.
            below[:] = sorted(
                d for d in below if (p := f"{folder.rstrip('/')}/{d}") != self._voicemail and p not in self._outside
            )
            for name in sorted(names):
                if OURS not in name and not name.startswith(".") and PurePath(name).suffix.lower() in AUDIO_SUFFIXES:
                    with suppress(OSError):
                        path = f"{folder.rstrip('/')}/{name}"
                        found.append((path, os.lstat(path)))
        return found


def _move(data: bytes, source: Path, target: Path) -> None:
    """Across file systems, which a rename cannot; the copy is on the disk before the first goes."""
    partial = Partial(target, mode=0o600)
    try:
        partial.write(data)
        partial.commit()
        flush_folder(target.parent)
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        partial.discard()
    with suppress(OSError):
        source.unlink()


def _age(path: Path) -> float:
    """Seconds since a file was written; 0 if it is gone."""
    try:
        return time.time() - path.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def _told(ticket: Path) -> float:
    """When the hook was called, by the ticket's name; 0 if that is nonsense."""
    digits = ticket.name.partition("-")[0]
    at = int(digits) / 1e9 if digits.isascii() and digits.isdigit() and len(digits) == 20 else 0.0
    return at if 0 < time.time() - at < 30 * 86400 else 0.0
