"""The newest entries first, read from the end: what a page shows costs as much in a trail of a million entries as in
one of a thousand.

Where a number stands is found by halving, since numbers rise. Nothing is checked here: that is `verify`'s, over the
whole trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from redactor.audit_log.chain import LONGEST, claimed, read_line, segment_path, segments
from redactor.errors import TrailDamaged

_BLOCK = 1 << 16
MOST_BYTES = 256 << 20
"""Bytes that are looked through for one answer: about a million entries."""


@dataclass(frozen=True, slots=True)
class Newest:
    """Entries as dictionaries, newest first, unchecked; `following`: ask again with this `before` for older ones, 0:
    there are none.
    """

    entries: tuple[dict[str, Any], ...]
    following: int


def newest(
    folder: Path, *, before: int = 0, kind: str = "", by: str = "", limit: int = 100, most_bytes: int = MOST_BYTES
) -> Newest:
    """At most `limit` entries of this kind and actor ("": any), numbers below `before` (0: from the end).

    With a filter that little fits, looking ends after `most_bytes`; `following` says where to go on.

    Raises:
        TrailDamaged: a segment cannot be read.
    """
    wanted = [b'"%s":"%s"' % (name, value.encode()) for name, value in ((b"event", kind), (b"by", by)) if value]
    found: list[dict[str, Any]] = []
    bound, looked = before, 0
    try:
        for number in reversed(segments(folder)):
            with segment_path(folder, number).open("rb") as file:
                opening = claimed(file.readline(LONGEST))
                if before and opening and opening[0] >= before:
                    continue
                size = file.seek(0, 2)
                for block in _backwards(file, _end_of(file, size, before) if before else size):
                    looked += len(block)
                    if all(one in block for one in wanted):
                        for line in reversed(block.splitlines(keepends=True)):
                            told = _fitting(line, before, wanted)
                            if told is None or (kind and told.get("event") != kind) or (by and told.get("by") != by):
                                continue
                            if len(found) == limit:
                                return Newest(tuple(found), bound)
                            found.append(told)
                            bound = int(told["n"])
                    reached = _first_number(block) if looked >= most_bytes else 0
                    if reached > 1 and (not before or reached < before):
                        return Newest(tuple(found), min(reached, bound) if found else reached)
    except OSError:
        raise TrailDamaged("A segment of the audit trail cannot be read.") from None
    return Newest(tuple(found), 0)


def _fitting(line: bytes, before: int, wanted: list[bytes]) -> dict[str, Any] | None:
    if len(line) > LONGEST or not all(one in line for one in wanted):
        return None
    told = claimed(line)
    if told is None or (before and told[0] >= before):
        return None
    entry = read_line(line)
    return entry if entry.get("n") == told[0] else None


def _first_number(block: bytes) -> int:
    return next((told[0] for line in block.splitlines(keepends=True) if (told := claimed(line))), 0)


def _backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Whole lines in blocks, the last block first. Of what is longer than any line only the end is kept: it is none."""
    rest = b""
    while end > 0:
        begin = max(0, end - _BLOCK)
        file.seek(begin)
        block = file.read(end - begin) + rest
        cut = block.find(b"\n") + 1 if begin else 0
        if begin and not cut:
            cut = len(block)
        rest, whole = block[:cut][-LONGEST - 1 :], block[cut:]
        if whole:
            yield whole
        end = begin


def _end_of(file: BinaryIO, size: int, before: int) -> int:
    """Where to begin reading backwards: every entry below this number ends there or earlier, and little more does."""
    low, high = 0, size
    while high - low > _BLOCK:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        told = None
        # Up to a line that begins at `high` itself: what is known is of those that begin after it.
        while told is None and file.tell() <= high and (line := file.readline()):
            told = claimed(line)
        if told is not None and told[0] < before:
            low = middle
        else:
            high = middle
    file.seek(high)
    file.readline()
    return file.tell()
