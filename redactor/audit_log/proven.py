"""The newest entry about something, proven: the chain is walked from the end of the trail back to the segment that
holds it.

An entry that is only found could stand in a trail from which a newer one was taken. So every line of the segments from
the entry's to the last one is checked, up to the end that the anchor tells of; what is known of a segment is kept, and
later questions read only what was written since. A question about something old costs a second for each 64 MB of trail
once, and after that nothing.
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
    """A segment as far as it was read: entries `first` … `count`, the MAC `before` them, the last one's (`head`),
    and what was found.
    """

    before: bytes
    first: int
    head: bytes
    count: int
    offset: int = 0
    found: dict[str, T] = field(default_factory=dict)


class Proven(Generic[T]):
    """Answers for one process; safe for many threads.

    Args:
        read: what a line tells, and of what; None: nothing that is asked for here.
    """

    def __init__(self, trail: Trail, read: Callable[[bytes], tuple[str, T] | None]) -> None:
        self._trail, self._read = trail, read
        self._known: dict[int, _Walked[T]] = {}
        self._turn = threading.Lock()

    def newest(self, subject: str) -> T | None:
        """What the last entry about it tells; None if there is no entry about it in the whole trail.

        Raises:
            TrailDamaged: something between that entry and the end is not what was written.
        """
        with self._turn:
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
        """Where the trail ends now."""
        return self._trail.now()

    def _begun(self, number: int) -> _Walked[T]:
        with segment_path(self._trail.folder, number).open("rb") as file:
            told = claimed(file.readline())
        before = START
        if number > 1:
            with segment_path(self._trail.folder, number - 1).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - TAIL))
                try:
                    before = bytes.fromhex(file.read(TAIL)[-67:-3].decode("ascii"))
                except ValueError:
                    raise _damaged() from None
        if told is None:
            raise _damaged()
        return _Walked(before, told[0], before, told[0] - 1)

    def _walk(self, walked: _Walked[T], number: int, limit: int | None) -> None:
        """Read on to `limit`, or to the end of a segment that is finished. Bytes of killed writes verify as nothing
        and are passed over.
        """
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
                told = self._read(line)
                if told is not None:
                    walked.found[told[0]] = told[1]


def _damaged() -> TrailDamaged:
    return TrailDamaged(
        "The audit trail is not what was written, so it vouches for nothing.", hint="`redactor log verify` says where."
    )
