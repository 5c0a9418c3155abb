"""How recordings get into the queue: tickets of the hook, mailboxes that changed, and the sweeper's walk.

All three meet in `Queue.add`, which takes a recording once however often it is told of. A ticket is removed after its
job is committed; while the queue is full or the database down it stays where it is.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from redactor.audio import AUDIO_SUFFIXES
from redactor.errors import NoInput, RedactorError, RefusedInput
from redactor.hook.ticket import Ticket, read_ticket
from redactor.safe_open import opened, opened_folder, read_all
from redactor.service.ingest.arrivals import Ingest, must_all_wait
from redactor.service.ingest.asterisk import stamp_of
from redactor.service.jobs.queue import NewJob

ORPHANED = 3600.0
"""Seconds after which a mail's recording is taken although its ticket was never written: Asterisk asks no second
time.
"""
FORGOTTEN = 3600.0
"""Seconds for which a ticket waits for a file that is not there or may not be read: a share may come back."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
OURS = ".redacted."


class _Later(NamedTuple):
    """When a ticket is looked at again, and since when it could not be taken."""

    at: float
    delay: float
    since: float


_NEVER = _Later(0.0, 0.0, 0.0)


class Sweeper(Ingest):
    """See the module's text, and `Ingest` for the other arguments.

    Args:
        settle: seconds for which a file must not have changed before the sweeper takes it.
        outside: folders that the sweeper leaves out (our own).
    """

    def __init__(self, *, settle: float, outside: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settle, self._outside = settle, frozenset(outside)
        self._later: dict[str, _Later] = {}

    # --- the hook's tickets
    # --------------------------------------------------------------------------------------------

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
        if waiting:
            still()
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
        except RefusedInput as error:
            self._told("hook", "refused")
            self._note(f"a ticket was refused: {error.reason}")
            self._tickets.refuse(path, ticket.audio if ticket else "")
            self._wait(path)  # where it could not even be moved
            return False
        except FileNotFoundError:  # another service took it
            return False
        except Exception as error:
            if must_all_wait(error):
                raise
            reason = error.reason if isinstance(error, RedactorError) else f"unexpected {type(error).__name__}"
            if not (isinstance(error, NoInput) and ticket and not ticket.audio and self._waited(path) > FORGOTTEN):
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
        now = time.monotonic()
        self._later[path.name] = _Later(now + delay, delay, before.since if before else now)
        return before is None

    def _waited(self, path: Path) -> float:
        """Seconds since a ticket could first not be taken."""
        before = self._later.get(path.name)
        return time.monotonic() - before.since if before else 0.0

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

    # --- the sweeper
    # ---------------------------------------------------------------------------------------------------

    def sweep(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Walk all roots for what nobody told us; returns how many recordings were new.

        Raises:
            Busy: the queue is full; what was not reached is found next time.
        """
        self.take_tickets()  # what hooks say of a recording counts for more
        with self._tickets.sweeping() as still:
            return self._sweep(stopping, still) if still is not None else 0

    def _sweep(self, stopping: Callable[[], bool], still: Callable[[], None]) -> int:
        still()  # the last sign may be of the walk before
        new = 0
        for path in self._tickets.orphans(older=ORPHANED):
            new += self._guarded(partial(self._adopt, path))
        for box in self._boxes():
            if stopping():
                return new
            still()
            new += self._guarded(partial(self.take_mailbox, box, via="sweep"))
        for root in self._roots:
            if self._voicemail and f"{root}/".startswith(f"{self._voicemail}/"):
                continue
            files = {file: stamp_of(status) for file, status in self._files(root, still) if self._is_whole(status)}
            for file in sorted(self._queue.stamps.unseen(files)):
                if stopping():
                    return new
                still()
                new += self._guarded(partial(self._take_swept, file, files[file]))
        return new

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
        with opened(str(path), (str(self._tickets.folder),)) as descriptor:
            audio = hashlib.sha256(read_all(descriptor, self._limits.max_bytes)).hexdigest()
        if self._queue.has(audio, "mail"):
            self._tickets.remove(path)
            return False
        self._note("a mail's recording had no ticket, and was taken nevertheless")
        ticket = Ticket("mail", id=audio[:32], audio=path.name, direction="in")
        return self._take_one(self._tickets.write(ticket))

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
            with opened_folder(os.path.dirname(path), self._roots) as folder:  # noqa: PTH120
                stamp = stamp_of(os.lstat(os.path.basename(path), dir_fd=folder))  # noqa: PTH119
        except (OSError, RedactorError):
            return False
        audio = hashlib.sha256(b"unreadable: " + stamp.encode()).hexdigest()
        if self._queue.number_at(path, audio) is not None or self._queue.is_unread(path):
            return False
        new = NewJob("sweep", path, audio, {"kind": "file", "path": path, "id": path}, place=path)
        return self._add(new, via="sweep")[1]

    def _boxes(self) -> list[str]:
        if not self._voicemail:
            return []
        contexts = self._folders_in(self._voicemail)
        return [box for context in contexts for box in self._folders_in(context)]

    def _folders_in(self, path: str) -> list[str]:
        """What may not be read, or is a link, holds no folders."""
        try:
            with opened_folder(path, (*self._roots, self._voicemail)) as folder:
                return [
                    f"{path}/{name}"
                    for name in sorted(e.name for e in os.scandir(folder) if e.is_dir(follow_symlinks=False))
                ]
        except (OSError, RedactorError):
            return []

    def _files(self, root: str, still: Callable[[], None]) -> list[tuple[str, os.stat_result]]:
        found: list[tuple[str, os.stat_result]] = []
        with suppress(NoInput), opened_folder(root, self._roots) as top:
            for folder, below, names, here in os.fwalk(".", dir_fd=top):
                still()
                path = f"{root.rstrip('/')}{folder[1:]}"
                # Mailboxes are read by their own rules; outputs are not inputs.
                below[:] = sorted(
                    d for d in below if (p := f"{path}/{d}") != self._voicemail and p not in self._outside
                )
                for name in sorted(names):
                    if (
                        OURS not in name
                        and not name.startswith(".")
                        and PurePath(name).suffix.lower() in AUDIO_SUFFIXES
                    ):
                        with suppress(OSError):
                            found.append((f"{path}/{name}", os.lstat(name, dir_fd=here)))
        return found


def _told(ticket: Path) -> float:
    """When the hook was called, by the ticket's name; 0 if that is nonsense."""
    digits = ticket.name.partition("-")[0]
    at = int(digits) / 1e9 if digits.isascii() and digits.isdigit() and len(digits) == 20 else 0.0
    return at if 0 < time.time() - at < 30 * 86400 else 0.0
