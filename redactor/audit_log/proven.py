"""Finds the newest entry about something, and proves that it is the newest.

To exclude that a newer entry was removed, every line from the entry's segment to the end named by the anchor is
verified. Results are cached by segment, so later questions read only new entries. A question about something old takes
a second for each 64 MB of log, once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from redactor.audit_log.anchor import Anchor
from redactor.audit_log.chain import START, TAIL, check_line, claimed, segment_path
from redactor.audit_log.log import Trail
from redactor.errors import TrailDamaged

T = TypeVar("T")


@dataclass(slots=True)
class _Walked(Generic[T]):
    """A segment as far as it was read: entries `first` … `count`, the MAC `before` them, the last MAC (`head`), and
    what was found.
    """

    before: bytes
    first: int
    head: bytes
    count: int
    offset: int = 0
    found: dict[str, T] = field(default_factory=dict)


class Proven(Generic[T]):
    """Safe for many threads; caches for one process.

    Args:
        read: line → (subject, value), or None for entries that do not matter.
    """

    def __init__(self, trail: Trail, read: Callable[[bytes], tuple[str, T] | None]) -> None:
        self._trail, self._read = trail, read
        self._known: dict[int, _Walked[T]] = {}
        self._lock = threading.Lock()

    def newest(self, subject: str) -> T | None:
        """The value of the last entry about a subject; None if the whole log has none.

        Raises:
            TrailDamaged: something between that entry and the end was changed.
        """
        with self._lock:
            end = self._trail.now()
            following: _Walked[T] | None = None
            try:
                for number in range(end.segment, 0, -1):
                    walked = self._known.get(number) or self._begun(number)
                    self._walk(walked, number, end.offset if number == end.segment else None)
                    if following is None:
                        fits = (walked.head.hex(), walked.count) == (end.head, end.count)
                    else:
                        fits = (walked.head, walked.count + 1) == (following.before, following.first)
                    if not fits:
                        raise _damaged()
                    self._known[number] = following = walked
                    if subject in walked.found:
                        return walked.found[subject]
            except OSError:
                raise _damaged() from None
            return None

    def end(self) -> Anchor:
        """The current end of the log."""
        return self._trail.now()

    def _begun(self, number: int) -> _Walked[T]:
        with segment_path(self._trail.folder, number).open("rb") as file:
            claim = claimed(file.readline())
        before = START
        if number > 1:
            with segment_path(self._trail.folder, number - 1).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - TAIL))
                try:
                    before = bytes.fromhex(file.read(TAIL)[-67:-3].decode("ascii"))
                except ValueError:
                    raise _damaged() from None
        if claim is None:
            raise _damaged()
        return _Walked(before, claim[0], before, claim[0] - 1)

    def _walk(self, walked: _Walked[T], number: int, limit: int | None) -> None:
        """Read on to `limit`, or to the end of a finished segment. Bytes of interrupted writes are skipped."""
        key = self._trail.key_of(number)
        with segment_path(self._trail.folder, number).open("rb") as file:
            file.seek(walked.offset)
            while limit is None or walked.offset < limit:
                line = file.readline()
                if not line:
                    break
                walked.offset += len(line)
                mac = check_line(key, walked.head, walked.count + 1, line)
                if mac is None:
                    continue
                walked.head, walked.count = mac, walked.count + 1
                found = self._read(line)
                if found is not None:
                    walked.found[found[0]] = found[1]


def _damaged() -> TrailDamaged:
    return TrailDamaged("The audit log was changed, so it proves nothing.", hint="`redactor log verify` shows where.")
