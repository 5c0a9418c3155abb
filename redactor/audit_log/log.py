"""Appending to the trail: one writer at a time, whatever the number of threads and processes, and nothing acknowledged
that is not on the disk.

    lock ─▶ read on from where this process last saw the end (another may have written) ─▶ lines, flush ─▶ anchor, flush
    ─▶ unlock

The end is known from the anchor, so that opening a trail of millions of entries costs as much as one of ten. What lies
after the anchor was
written by a process that was killed before it could write the anchor: whole entries stand, and bytes that are none are
left where they are and
told of by an `Interrupted` entry. A trail that ends before its anchor was cut: nothing more is written to it.
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
    """Where the trail ends, as this process knows it."""

    trail: str
    segment: int
    offset: int
    count: int
    head: bytes
    key: bytes


class Trail:
    """An open trail. Threads and processes may share it; a fork goes on with its own.

    Args:
        folder: of the segments; made if absent, mode 0700.
        key: the key file.
        anchor: the second place; best on another file system.
        ring: the keys of the key file.
    """

    def __init__(self, folder: Path, *, key: Path, anchor: Path, ring: KeyRing) -> None:
        self.folder, self.key, self.anchor = folder, key, anchor
        self._ring = ring
        self._end: _End | None = None
        self._thread = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, key: Path, anchor: Path) -> Trail:
        """Open a trail; make folder, key and anchor where there is nothing yet.

        A key file without trail and anchor is not nothing: somebody took both away, and a new trail would hide that.

        Raises:
            TrailDamaged: one or two of the three are missing, or the trail ends before its anchor.
            OutputError: a folder cannot be made or written to.
        """
        if folder.is_symlink():
            raise OutputError("The folder of the audit trail is a link.", hint="Give the folder itself.")
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
                    "There is a key of an audit trail, but neither trail nor anchor.",
                    hint="Put them back from a copy. To begin a new trail, move the key file away, and write down why.",
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
        """Write an event; it is on the disk when this returns. Returns its number.

        Raises:
            TrailDamaged: somebody cut or changed the trail since.
            OutputError, Busy: it cannot be written; do not do what it would have told of.
        """
        return self.append_many([event])

    def append_many(self, happened: Sequence[Event]) -> int:
        """The same for several, flushed together; returns the last one's number."""
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
        """A keyed mark of a text that the trail must not hold."""
        return self._ring.mark(text)

    def rotate(self, *, by: str) -> str:
        """Put a new key in force: the old one's last entry names it. Returns its fingerprint.

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
        """An anchor of this moment, to be kept elsewhere."""
        with self._locked():
            self._read_on()
            return self._anchor()

    def last_check(self) -> LastCheck | None:
        """When all of it was last checked on this host, as far as is known.

        Raises:
            TrailDamaged, ConfigurationError: the key file is missing or none.
        """
        return LastCheck.load(self.anchor, KeyRing.load(self.key))

    def refuse_older(self, known: int, head: str, when: str) -> None:
        """Raise TrailDamaged if this trail is not one that once had `known` entries, the last with this MAC ("": not
        known).

        Against a trail that was put back to an older state together with its anchor, which fit each other.
        """
        found = newest(self.folder, before=known + 1, limit=1).entries if known and head else ()
        there = str(found[0].get("mac")) if found and found[0].get("n") == known else None
        problem = contradiction(known, head, self.now().count, there, when)
        if problem:
            raise TrailDamaged(
                problem,
                hint="Put back the newer copies of both. Nothing is written to this trail: `redactor log verify` "
                "says what else is known.",
            )

    # --- under the lock
    # -------------------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl

        give_up = time.monotonic() + PATIENCE
        if not self._thread.acquire(timeout=PATIENCE):
            raise Busy("The audit trail is being written to.")
        try:
            file = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                while True:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() > give_up:
                            raise Busy("The audit trail is being written to by another process.") from None
                        time.sleep(0.002)
                yield
            finally:
                os.close(file)
        except OSError as error:
            # What was written and what not is found out by reading on from the anchor.
            self._end = None
            raise as_output_error(error) from None
        except BaseException:
            self._end = None
            raise
        finally:
            self._thread.release()

    def _begin(self) -> _End:
        """A new trail: its anchor first, so that a trail without one was never ours."""
        name = secrets.token_hex(16)
        end = _End(name, 0, 0, 0, START, self._ring.active)
        self._end = end
        self._anchor().save(self.anchor)
        return end

    def _known(self) -> _End:
        """The end as the anchor tells it, checked against the bytes there."""
        anchor = Anchor.load(self.anchor)
        if anchor is None:
            raise TrailDamaged("The anchor of the audit trail is missing.")
        if not anchor.is_genuine(self._ring):
            self._ring = KeyRing.load(self.key)
            if not anchor.is_genuine(self._ring):
                raise TrailDamaged("The anchor of the audit trail was not made with its key.")
        head = bytes.fromhex(anchor.head)
        key = self._ring.find(anchor.key)
        assert key is not None
        if anchor.segment:
            key = self.key_of(anchor.segment)
            with self._open(anchor.segment) as file:
                file.seek(max(0, anchor.offset - 67))
                if file.read(67) != anchor.head.encode() + b'"}\n':
                    raise TrailDamaged("The audit trail ends before its anchor, or was changed there.")
        return _End(anchor.trail, anchor.segment, anchor.offset, anchor.count, head, key)

    def _read_on(self) -> _End:
        """Take in what was written since: by another process, or by one that was killed."""
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
                raise TrailDamaged("The audit trail is shorter than it was.")
            if size == end.offset:
                return
            file.seek(end.offset)
            while line := file.readline():
                mac = check_line(end.key, end.head, end.count + 1, line)
                if mac is not None:
                    end.count, end.head, end.offset = end.count + 1, mac, end.offset + len(line)
                    continue
                told = interruption(file, end.offset, end.key, end.head, end.count)
                if not told:
                    break
                end.offset = file.seek(told)
            file.seek(end.offset)
            torn = file.read()
        whole = check_line(end.key, end.head, end.count + 1, torn + b"\n")
        if whole is not None:
            # Only its last byte was missing.
            self._put(b"\n")
            end.count, end.head, end.offset = end.count + 1, whole, end.offset + len(torn) + 1
        elif torn:
            # Not ours to remove: it may be a crash's or somebody's. The entry says what it was, and `verify` accepts
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
        """Begin the next segment, complete with its first entry, under the key in force."""
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
        """The key that a segment names as its own; TrailDamaged if the key file lacks it."""
        with self._open(segment) as file:
            named = str(read_line(file.readline()).get("key", ""))
        key = self._ring.find(named)
        if key is None:
            self._ring = KeyRing.load(self.key)  # another process put a new key in force
            key = self._ring.find(named)
        if key is None:
            raise TrailDamaged("A segment of the audit trail was made with a key that the key file lacks.")
        return key

    @contextmanager
    def _open(self, segment: int) -> Iterator[BinaryIO]:
        try:
            handle = os.open(segment_path(self.folder, segment), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise TrailDamaged("A segment of the audit trail is missing.") from None
        with os.fdopen(handle, "rb") as file:
            yield file
