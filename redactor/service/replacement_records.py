"""What the database knows about replaced originals: which files the service wrote, of which recordings, and which it is
writing now. So neither a hook nor the sweeper takes the service's own file for a new recording.

A file is known by its SHA-256 once it is written. While it is being written it is known by its inode, since Asterisk
renumbers messages by renaming them.
"""

from __future__ import annotations

import time

from redactor.service.in_place_write import WriteRecord
from redactor.service.ingest.asterisk import inode_of
from redactor.service.jobs.queue import Job, Queue

_ANY_REPLACED = "replaced"


class ReplacementRecords:
    """See the module's text. `owner` is a file's path or its mailbox, `audio` a SHA-256.

    Args:
        replaces: whether this service replaces originals; another one with the same database may.
    """

    def __init__(self, queue: Queue, *, replaces: bool) -> None:
        self._queue, self._replaces = queue, replaces
        self._any_replaced, self._none_until = False, 0.0

    def is_ours(self, audio: str, *, of: str = "") -> bool:
        """Whether the service wrote a file of this hash in a recording's place (in that of the recording `of`)."""
        made_of = self.made_of(audio)
        return made_of != "" and of in ("", made_of)

    def made_of(self, audio: str) -> str:
        """Hash of the recording in whose place the service wrote a file of this hash; "" for none."""
        return "" if self._none_replaced() else self._queue.fingerprints.of(_made(audio)) or ""

    def was_written(self, audio: str) -> str | None:
        """Hash of the recording that was completely replaced by a file of this hash."""
        return self._queue.fingerprints.of(_written(audio))

    def writer(self, owner: str, stamp: str) -> int | None:
        """Number of the open job that is writing to a file, which may be half original and half redacted."""
        record = None if self._none_replaced() else self._record(owner, stamp)
        return record.job if record is not None and self._queue.is_open(record.job) else None

    def record(self, job: Job, owner: str, stamp: str) -> WriteRecord | None:
        """What this job recorded of a file when it began to write."""
        record = self._record(owner, stamp)
        return record if record is not None and record.job == job.id else None

    def _record(self, owner: str, stamp: str) -> WriteRecord | None:
        return WriteRecord.parse(self._queue.fingerprints.of(_writing(owner, stamp)))

    def begin(self, job: Job, owner: str, stamp: str, record: WriteRecord, *, content: str) -> None:
        """A job will write a file with this content (its hash) next."""
        self._queue.fingerprints.note(_ANY_REPLACED, "1")
        self._queue.fingerprints.note(_made(content), job.audio)
        self.keep(owner, stamp, record)

    def keep(self, owner: str, stamp: str, record: WriteRecord | None) -> None:
        """Set the record of a file; None: nobody is writing to it."""
        self._queue.fingerprints.note(_writing(owner, stamp), str(record or ""))

    def done(self, job: Job, owner: str, stamp: str, *, content: str) -> None:
        """A job has written a file with this content (its hash); `stamp`: of the file as it is now."""
        self._queue.fingerprints.note(_written(content), job.audio)
        place = owner if job.details["kind"] == "file" else inode_of(owner, stamp)
        self._queue.fingerprints.note(place, stamp)
        self.keep(owner, stamp, None)

    def _none_replaced(self) -> bool:
        """Whether no service with this database has ever replaced an original, so that no recording need be looked
        up. Checked once a minute.
        """
        if self._replaces or self._any_replaced:
            return False
        now = time.monotonic()
        if now >= self._none_until:
            self._any_replaced = self._queue.fingerprints.of(_ANY_REPLACED) is not None
            self._none_until = now + 60.0
        return not self._any_replaced


def _made(audio: str) -> str:
    return f"ours\0{audio}"


def _written(audio: str) -> str:
    return f"written\0{audio}"


def _writing(owner: str, stamp: str) -> str:
    return f"writing\0{inode_of(owner, stamp)}"
