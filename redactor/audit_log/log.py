"""Appends to the log: one writer at a time across threads and processes; what is acknowledged is on the disk.

    lock ─▶ read what other processes have appended ─▶ write lines, flush ─▶ write anchor, flush ─▶ unlock

The end is known from the anchor, so opening takes the same time for ten entries as for millions. Data after the anchor
was written by a process that was killed before it wrote the anchor: complete entries count, and other bytes stay and
are described by an `Interrupted` entry. A log that ends before its anchor was truncated; nothing more is written to it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from redactor.atomic_files import Partial, as_output_error, flush_folder
from redactor.audit_log.anchor import Anchor
from redactor.audit_log.chain import START, check_line, interruption, read_line, seal_line, segment_path, segments
from redactor.audit_log.checked import LastCheck, contradiction, moment_of
from redactor.audit_log.events import Event, Interrupted, KeyChanged, SegmentOpened
from redactor.audit_log.keys import KeyRing, fingerprint_of
from redactor.audit_log.newest import newest
from redactor.errors import Busy, OutputError, TrailDamaged

SEGMENT_BYTES = 64 << 20
PATIENCE = 30.0
"""Seconds to wait for another writer."""


@dataclass(slots=True)
class _End:
    """The end of the log, as far as this process knows."""

    trail: str
    segment: int
    offset: int
    count: int
    head: bytes
    key: bytes


class Trail:
    """An open audit log ("audit trail"). Threads and processes may share it.

    Args:
        folder: of the segments; created with mode 0700.
        key: the key file.
        anchor: the anchor file, preferably on another file system.
        ring: the keys in the key file.
    """

    def __init__(self, folder: Path, *, key: Path, anchor: Path, ring: KeyRing) -> None:
        self.folder, self.key, self.anchor = folder, key, anchor
        self._ring = ring
        self._end: _End | None = None
        self._thread = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, key: Path, anchor: Path) -> Trail:
        """Open the log; create folder, key and anchor if none of them exists.

        If only the key file exists, somebody removed the other two, and a new log would hide that.

        Raises:
            TrailDamaged: one or two of the three are missing, or the log ends before its anchor.
            OutputError: a folder cannot be created or written to.
        """
        if folder.is_symlink():
            raise OutputError("The folder of the audit log is a link.", hint="Give the folder itself.")
        try:
            for made in (folder, key.parent, anchor.parent):
                made.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise as_output_error(error) from None
        trail = cls(folder, key=key, anchor=anchor, ring=KeyRing(()))
        with trail._locked():
            if segments(folder) or os.path.lexists(anchor):
                trail._ring = KeyRing.load(key)
                trail._end = trail._known()
            elif os.path.lexists(key):
                raise TrailDamaged(
                    "The key of the audit log exists, but neither log nor anchor.",
                    hint="Restore them from a copy. To start a new log, move the key file away and document why.",
                )
            else:
                trail._ring = KeyRing.make(key)
                trail._end = trail._begin()
            trail._read_on()
        note = LastCheck.load(anchor, trail._ring)
        if note is not None:
            trail.refuse_older(note.reached, note.head, f"when it was checked at {moment_of(note.at)}")
        return trail

    def append(self, event: Event) -> int:
        """Append an event and flush it to the disk. Returns its number.

        Raises:
            TrailDamaged: the log was truncated or changed.
            OutputError, Busy: it cannot be written, so the caller must not do what it describes.
        """
        return self.append_many([event])

    def append_many(self, happened: Sequence[Event]) -> int:
        """Append several events with one flush; returns the number of the last one."""
        with self._locked():
            end = self._read_on()
            if fingerprint_of(end.key) != fingerprint_of(self._ring.active):
                self._write([KeyChanged(by="trail", key=fingerprint_of(self._ring.active))])
                self._roll()
            elif end.offset > SEGMENT_BYTES:
                self._roll()
            if happened:
                self._write(happened)
            return end.count

    def mark(self, text: str) -> str:
        """A keyed mark of a text that must not be in the log."""
        return self._ring.mark(text)

    def rotate(self, *, by: str) -> str:
        """Start using a new key, named by the last entry under the old one. Returns its fingerprint.

        Raises:
            TrailDamaged, OutputError, Busy
        """
        with self._locked():
            self._read_on()
            ring = KeyRing.load(self.key).with_new_key()
            ring.save(self.key)
            self._ring = ring
            self._write([KeyChanged(by=by, key=fingerprint_of(ring.active))])
            self._roll()
        return fingerprint_of(ring.active)

    def now(self) -> Anchor:
        """The current anchor, to be kept elsewhere."""
        with self._locked():
            self._read_on()
            return self._anchor()

    def last_check(self) -> LastCheck | None:
        """The note of the last check on this host, None if there is none.

        Raises:
            TrailDamaged, ConfigurationError: the key file is missing or invalid.
        """
        return LastCheck.load(self.anchor, KeyRing.load(self.key))

    def refuse_older(self, known: int, head: str, when: str) -> None:
        """Raise TrailDamaged if entry `known` is missing or has another MAC than `head` ("": not known).

        This detects a log that was rolled back together with its anchor.
        """
        found = newest(self.folder, before=known + 1, limit=1).entries if known and head else ()
        there = str(found[0].get("mac")) if found and found[0].get("n") == known else None
        problem = contradiction(known, head, self.now().count, there, when)
        if problem:
            raise TrailDamaged(
                problem,
                hint="Restore the newer copies of both. Nothing is written to this log; `redactor log verify` "
                "shows details.",
            )

    # --- under the lock

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl

        give_up = time.monotonic() + PATIENCE
        if not self._thread.acquire(timeout=PATIENCE):
            raise Busy("The audit log is being written to.")
        try:
            file = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                while True:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() > give_up:
                            raise Busy("Another process is writing to the audit log.") from None
                        time.sleep(0.002)
                yield
            finally:
                os.close(file)
        except OSError as error:
            # Reading on from the anchor will show what was written.
            self._end = None
            raise as_output_error(error) from None
        except BaseException:
            self._end = None
            raise
        finally:
            self._thread.release()

    def _begin(self) -> _End:
        """Start a new log with its anchor, so that no log ever exists without one."""
        name = secrets.token_hex(16)
        end = _End(name, 0, 0, 0, START, self._ring.active)
        self._end = end
        self._anchor().save(self.anchor)
        return end

    def _known(self) -> _End:
        """The end according to the anchor, compared with the file."""
        anchor = Anchor.load(self.anchor)
        if anchor is None:
            raise TrailDamaged("The anchor of the audit log is missing.")
        if not anchor.is_genuine(self._ring):
            self._ring = KeyRing.load(self.key)
            if not anchor.is_genuine(self._ring):
                raise TrailDamaged("The anchor of the audit log was not made with its key.")
        head = bytes.fromhex(anchor.head)
        key = self._ring.find(anchor.key)
        assert key is not None
        if anchor.segment:
            key = self.key_of(anchor.segment)
            with self._open(anchor.segment) as file:
                file.seek(max(0, anchor.offset - 67))
                if file.read(67) != anchor.head.encode() + b'"}\n':
                    raise TrailDamaged("The audit log ends before its anchor, or was changed there.")
        return _End(anchor.trail, anchor.segment, anchor.offset, anchor.count, head, key)

    def _read_on(self) -> _End:
        """Read what other processes, or killed ones, have appended."""
        if self._end is None:
            self._end = self._known()
        end = self._end
        while True:
            self._read_segment(end)
            if not segment_path(self.folder, end.segment + 1).exists():
                break
            end.segment, end.offset = end.segment + 1, 0
            end.key = self.key_of(end.segment)
        if end.segment == 0:
            self._roll()
        return end

    def _read_segment(self, end: _End) -> None:
        if not end.segment:
            return
        with self._open(end.segment) as file:
            size = os.fstat(file.fileno()).st_size
            if size < end.offset:
                raise TrailDamaged("The audit log is shorter than before.")
            if size == end.offset:
                return
            file.seek(end.offset)
            while line := file.readline():
                mac = check_line(end.key, end.head, end.count + 1, line)
                if mac is not None:
                    end.count, end.head, end.offset = end.count + 1, mac, end.offset + len(line)
                    continue
                resumed = interruption(file, end.offset, end.key, end.head, end.count)
                if not resumed:
                    break
                end.offset = file.seek(resumed)
            file.seek(end.offset)
            torn = file.read()
        whole = check_line(end.key, end.head, end.count + 1, torn + b"\n")
        if whole is not None:
            # Only its last byte was missing.
            self._put(b"\n")
            end.count, end.head, end.offset = end.count + 1, whole, end.offset + len(torn) + 1
        elif torn:
            # The bytes of a crash, or of somebody else, are not removed. The entry describes them, and `verify` accepts
            # nothing else there.
            event = Interrupted(by="trail", size=len(torn), sha256=hashlib.sha256(torn).hexdigest())
            self._put(b"\n")
            end.offset += len(torn) + 1
            self._write([event])

    def _write(self, happened: Sequence[Event]) -> None:
        end = self._end
        assert end is not None
        count, head, lines = end.count, end.head, []
        moment = time.time()
        for event in happened:
            count += 1
            line, head = seal_line(end.key, head, count, event, moment)
            lines.append(line)
        content = b"".join(lines)
        self._put(content)
        end.count, end.head, end.offset = count, head, end.offset + len(content)
        self._anchor().save(self.anchor)

    def _put(self, content: bytes) -> None:
        assert self._end is not None
        path = segment_path(self.folder, self._end.segment)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(file, view) :]
            os.fsync(file)
        finally:
            os.close(file)

    def _roll(self) -> None:
        """Start the next segment, with its first entry, under the current key."""
        end = self._end
        assert end is not None
        key, number = self._ring.active, end.segment + 1
        event = SegmentOpened(by="trail", key=fingerprint_of(key), trail=end.trail)
        line, head = seal_line(key, end.head, end.count + 1, event, time.time())
        partial = Partial(segment_path(self.folder, number), mode=0o600)
        try:
            partial.write(line)
            partial.commit()
            flush_folder(self.folder)
        finally:
            partial.discard()
        end.segment, end.offset, end.count, end.head, end.key = number, len(line), end.count + 1, head, key
        self._anchor().save(self.anchor)

    def _anchor(self) -> Anchor:
        end = self._end
        assert end is not None
        return Anchor(end.trail, end.count, end.head.hex(), end.segment, end.offset, int(time.time())).signed(end.key)

    def key_of(self, segment: int) -> bytes:
        """The key of a segment.

        Raises:
            TrailDamaged: the key file lacks it.
        """
        with self._open(segment) as file:
            named = str(read_line(file.readline()).get("key", ""))
        key = self._ring.find(named)
        if key is None:
            self._ring = KeyRing.load(self.key)  # another process has rotated the key
            key = self._ring.find(named)
        if key is None:
            raise TrailDamaged("A segment of the audit log was made with a key that is not in the key file.")
        return key

    @contextmanager
    def _open(self, segment: int) -> Iterator[BinaryIO]:
        try:
            handle = os.open(segment_path(self.folder, segment), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise TrailDamaged("A segment of the audit log is missing.") from None
        with os.fdopen(handle, "rb") as file:
            yield file
