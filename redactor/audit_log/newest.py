"""Reads the newest entries from the end, so a page takes the same time for a thousand entries as for a million.

Entry numbers are found by bisection. Nothing is verified here; `verify` does that for the whole log.
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
"""Bytes searched for one page: about a million entries."""


@dataclass(frozen=True, slots=True)
class Newest:
    """Entries as dictionaries, newest first, unverified; `following`: the `before` for older entries, 0 if there are
    none.
    """

    entries: tuple[dict[str, Any], ...]
    following: int


def newest(
    folder: Path, *, before: int = 0, kind: str = "", by: str = "", limit: int = 100, most_bytes: int = MOST_BYTES
) -> Newest:
    """At most `limit` entries of this kind and actor ("": any), with numbers below `before` (0: from the end).

    The search ends after `most_bytes`; `following` says where to continue.

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
                            entry = _fitting(line, before, wanted)
                            if entry is None or (kind and entry.get("event") != kind) or (by and entry.get("by") != by):
                                continue
                            if len(found) == limit:
                                return Newest(tuple(found), bound)
                            found.append(entry)
                            bound = int(entry["n"])
                    reached = _first_number(block) if looked >= most_bytes else 0
                    if reached > 1 and (not before or reached < before):
                        return Newest(tuple(found), min(reached, bound) if found else reached)
    except OSError:
        raise TrailDamaged("A segment of the audit log cannot be read.") from None
    return Newest(tuple(found), 0)


def _fitting(line: bytes, before: int, wanted: list[bytes]) -> dict[str, Any] | None:
    if len(line) > LONGEST or not all(one in line for one in wanted):
        return None
    claim = claimed(line)
    if claim is None or (before and claim[0] >= before):
        return None
    entry = read_line(line)
    return entry if entry.get("n") == claim[0] else None


def _first_number(block: bytes) -> int:
    return next((claim[0] for line in block.splitlines(keepends=True) if (claim := claimed(line))), 0)


def _backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Complete lines in blocks, the last block first. Of overlong lines only the end is kept; they are not entries."""
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
    """Where to start reading backwards: entries below this number end there or earlier."""
    low, high = 0, size
    while high - low > _BLOCK:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        claim = None
        # Up to a line that begins at `high` itself; the bound holds for lines that begin after it.
        while claim is None and file.tell() <= high and (line := file.readline()):
            claim = claimed(line)
        if claim is not None and claim[0] < before:
            low = middle
        else:
            high = middle
    file.seek(high)
    file.readline()
    return file.tell()
