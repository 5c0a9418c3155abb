"""The hook's tickets, taken from the spool into the queue. A ticket is removed after its job is committed; while the
queue is full or the database down, it stays where it is.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from redactor.errors import NoInput, RedactorError, RefusedInput
from redactor.hook.ticket import Ticket, read_ticket
from redactor.safe_open import opened, read_all
from redactor.service.ingest.enqueue import Ingest, must_all_wait
from redactor.service.ingest.spool_reader import SpoolReader

GIVEN_UP = 3600.0
"""Seconds for which a ticket waits for a file that is missing or unreadable: a share may come back."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0


class _Retry(NamedTuple):
    """When a ticket is tried again, and since when it has failed (monotonic seconds)."""

    at: float
    delay: float
    since: float


_NOW = _Retry(0.0, 0.0, 0.0)


class TicketImporter:
    """See the module's text."""

    def __init__(self, spool: SpoolReader, ingest: Ingest) -> None:
        self._spool, self._ingest = spool, ingest
        self._retries: dict[str, _Retry] = {}

    def take_tickets(self) -> int:
        """Take everything that waits in the spool, oldest first; returns how many tickets were taken.

        Raises:
            Busy: the queue is full; the rest stays in the spool.
        """
        with self._spool.importing() as keep_alive:
            return self._take_each(keep_alive) if keep_alive is not None else 0

    def _take_each(self, keep_alive: Callable[[], None]) -> int:
        taken = 0
        waiting = self._spool.waiting()
        if waiting:
            keep_alive()
        names = {path.name for path in waiting}
        self._retries = {name: retry for name, retry in self._retries.items() if name in names}
        for path in waiting:
            if self._retries.get(path.name, _NOW).at <= time.monotonic():
                keep_alive()
                taken += self._take_one(path)
        return taken

    def _take_one(self, path: Path) -> bool:
        ticket = None
        try:
            ticket = read_ticket(self._spool.read(path))
            self._take(ticket, reported_at=_written_at(path))
        except RefusedInput as error:
            self._ingest.count("hook", "refused")
            self._ingest.log_line(f"a ticket was refused: {error.reason}")
            self._spool.refuse(path, ticket.audio if ticket else "")
            self._postpone(path)  # in case it could not even be moved
            return False
        except FileNotFoundError:  # another service took it
            return False
        except Exception as error:
            if must_all_wait(error):
                raise
            reason = error.reason if isinstance(error, RedactorError) else f"unexpected {type(error).__name__}"
            if not (isinstance(error, NoInput) and ticket and not ticket.audio and self._waited(path) > GIVEN_UP):
                if self._postpone(path):
                    self._ingest.log_line(f"a ticket must wait: {reason}")
                return False
            self._ingest.count("hook", "refused")
            self._ingest.log_line(f"a ticket was given up: {reason}")
        self._spool.remove(path)
        return True

    def _postpone(self, path: Path) -> bool:
        """Try a ticket again later, with a delay that doubles; returns whether this is its first failure."""
        before = self._retries.get(path.name)
        delay = min(LONGEST_DELAY, 2 * before.delay) if before else FIRST_DELAY
        now = time.monotonic()
        self._retries[path.name] = _Retry(now + delay, delay, before.since if before else now)
        return before is None

    def _waited(self, path: Path) -> float:
        """Seconds since a ticket first failed."""
        before = self._retries.get(path.name)
        return time.monotonic() - before.since if before else 0.0

    def _take(self, ticket: Ticket, *, reported_at: float) -> None:
        if ticket.mailbox:
            if not self._ingest.voicemail:
                raise RefusedInput("No voicemail folder is set ([asterisk] voicemail).")
            box = f"{self._ingest.voicemail}/{ticket.context}/{ticket.mailbox}"
            self._ingest.take_mailbox(box, via="hook", reported_at=reported_at)
        elif ticket.audio:
            self._ingest.take_mail(ticket, reported_at=reported_at)
        else:
            try:
                self._ingest.take_file(
                    ticket.path,
                    source=ticket.source,
                    identity=ticket.id,
                    direction=ticket.direction,
                    reported_at=reported_at,
                    known=ticket.known,
                )
            except NoInput:
                if not ticket.removed_ok:
                    raise

    def adopt(self, recording: Path) -> bool:
        """Take a mail's recording in the spool that has no ticket, unless the mail came again with one; returns
        whether it was taken.
        """
        with opened(str(recording), (str(self._spool.folder),)) as descriptor:
            audio = hashlib.sha256(read_all(descriptor, self._ingest.limits.max_bytes)).hexdigest()
        if self._ingest.queue.has(audio, "mail"):
            self._spool.remove(recording)
            return False
        self._ingest.log_line("a mail's recording had no ticket, and was taken nevertheless")
        ticket = Ticket("mail", id=audio[:32], audio=recording.name, direction="in")
        return self._take_one(self._spool.write(ticket))


def _written_at(ticket: Path) -> float:
    """When the hook was called, from the ticket's name; 0 if that is implausible."""
    digits = ticket.name.partition("-")[0]
    at = int(digits) / 1e9 if digits.isascii() and digits.isdigit() and len(digits) == 20 else 0.0
    return at if 0 < time.time() - at < 30 * 86400 else 0.0
