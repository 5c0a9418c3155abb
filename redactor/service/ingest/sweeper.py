"""The sweeper: walks over all folders and finds the recordings that no hook reported."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import PurePath

from redactor.audio import AUDIO_SUFFIXES
from redactor.errors import NoInput, RedactorError, RefusedInput
from redactor.safe_open import opened_folder
from redactor.service.ingest.asterisk import stamp_of
from redactor.service.ingest.enqueue import Ingest
from redactor.service.ingest.spool_reader import SpoolReader
from redactor.service.ingest.ticket_importer import TicketImporter
from redactor.service.jobs.queue import NewJob

ORPHANED = 3600.0
"""Seconds after which a mail's recording is taken although its ticket was never written: Asterisk asks no second
time.
"""
OURS = ".redacted."


class Sweeper:
    """See the module's text.

    Args:
        tickets: taken before each walk.
        settle: seconds for which a file must not have changed before the sweeper takes it.
        outside: folders that the sweeper leaves out (the service's own).
    """

    def __init__(
        self,
        spool: SpoolReader,
        ingest: Ingest,
        tickets: TicketImporter,
        *,
        settle: float,
        outside: tuple[str, ...] = (),
    ) -> None:
        self._spool, self._ingest, self._tickets = spool, ingest, tickets
        self._settle, self._outside = settle, frozenset(outside)

    def sweep(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Walk over all roots; returns how many recordings are new.

        Raises:
            Busy: the queue is full; what was not reached is found next time.
        """
        self._tickets.take_tickets()  # what hooks say about a recording takes precedence
        with self._spool.sweeping() as keep_alive:
            return self._sweep(stopping, keep_alive) if keep_alive is not None else 0

    def _sweep(self, stopping: Callable[[], bool], keep_alive: Callable[[], None]) -> int:
        keep_alive()  # the last sign may be of the walk before
        ingest, new = self._ingest, 0
        for path in self._spool.orphans(older=ORPHANED):
            new += ingest.guarded(partial(self._tickets.adopt, path))
        for box in self._boxes():
            if stopping():
                return new
            keep_alive()
            new += ingest.guarded(partial(ingest.take_mailbox, box, via="sweep"))
        for root in ingest.roots:
            if ingest.voicemail and f"{root}/".startswith(f"{ingest.voicemail}/"):
                continue
            files = {
                file: stamp_of(status) for file, status in self._files(root, keep_alive) if self._is_complete(status)
            }
            for file in sorted(ingest.queue.fingerprints.unseen(files)):
                if stopping():
                    return new
                keep_alive()
                new += ingest.guarded(partial(self._take_file, file, files[file]))
        return new

    def _take_file(self, path: str, stamp: str) -> bool:
        try:
            return self._ingest.take_file(path, source="sweep", identity=path, via="sweep")
        except NoInput:
            return self._take_unreadable(path)
        except RefusedInput as error:
            self._ingest.queue.fingerprints.note(path, stamp)  # logged once
            self._ingest.count("sweep", "refused")
            self._ingest.log_line(f"the sweeper must not open a recording: {error.reason}")
            return False

    def _is_complete(self, status: os.stat_result) -> bool:
        """Whether it is a file that nobody writes to any more."""
        now = time.time()
        # A time in the future means nothing: a clock was wrong.
        changed = max((at for at in (status.st_mtime, status.st_ctime) if at <= now), default=0.0)
        return stat.S_ISREG(status.st_mode) and now - changed >= self._settle

    def _take_unreadable(self, path: str) -> bool:
        """Queue a file that exists and cannot be read, so that its outcome says so; true if it is new.

        Its fingerprint is not recorded: once the file is readable, it is taken like any other. A file that has just
        been removed is not queued.
        """
        ingest = self._ingest
        try:
            with opened_folder(os.path.dirname(path), ingest.roots) as folder:  # noqa: PTH120
                stamp = stamp_of(os.lstat(os.path.basename(path), dir_fd=folder))  # noqa: PTH119
        except (OSError, RedactorError):
            return False
        audio = hashlib.sha256(b"unreadable: " + stamp.encode()).hexdigest()
        if ingest.queue.number_at(path, audio) is not None or ingest.queue.has_unreadable(path):
            return False
        new = NewJob("sweep", path, audio, {"kind": "file", "path": path, "id": path}, place=path)
        return ingest.add(new, via="sweep")[1]

    def _boxes(self) -> list[str]:
        voicemail = self._ingest.voicemail
        if not voicemail:
            return []
        return [box for context in self._folders_in(voicemail) for box in self._folders_in(context)]

    def _folders_in(self, path: str) -> list[str]:
        """The folders in a folder; none if it is unreadable or a link."""
        try:
            with opened_folder(path, (*self._ingest.roots, self._ingest.voicemail)) as folder:
                return [
                    f"{path}/{name}"
                    for name in sorted(e.name for e in os.scandir(folder) if e.is_dir(follow_symlinks=False))
                ]
        except (OSError, RedactorError):
            return []

    def _files(self, root: str, keep_alive: Callable[[], None]) -> list[tuple[str, os.stat_result]]:
        """The recordings below a root, with their status."""
        found: list[tuple[str, os.stat_result]] = []
        with suppress(NoInput), opened_folder(root, self._ingest.roots) as top:
            for folder, below, names, here in os.fwalk(".", dir_fd=top):
                keep_alive()
                path = f"{root.rstrip('/')}{folder[1:]}"
                # Mailboxes are read by their own rules; outputs are not inputs.
                below[:] = sorted(
                    d for d in below if (p := f"{path}/{d}") != self._ingest.voicemail and p not in self._outside
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
