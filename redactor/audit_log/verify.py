"""Reads the whole log and checks every entry, its position, its key, and the end against anchors.

Constant memory, one HMAC per entry. After a mismatch the check continues from what the next line claims, so that one
change is reported once and the rest is still checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from redactor.audit_log.anchor import Anchor
from redactor.audit_log.chain import START, check_line, claimed, interruption, read_line, segment_path, segments
from redactor.audit_log.checked import LastCheck
from redactor.audit_log.keys import KeyRing
from redactor.errors import TrailDamaged

_MOST_PROBLEMS = 100
_INTERRUPTED = b'"event":"interrupted"'


@dataclass(frozen=True, slots=True)
class LogReport:
    """The result of a check.

    Attributes:
        entries: number of verified entries; `last`: number of the last one.
        problems: discrepancies, each a sentence without content; empty if nothing was changed, as far as the anchors
            reach.
        interruptions: interrupted writes that were recorded as such.
        unfinished: bytes at the end that are not an entry: an interrupted write not yet recorded, or tampering.
        after_anchor: entries after the anchor, whose number is protected only by the chain.
    """

    entries: int
    last: int
    segments: int
    problems: tuple[str, ...]
    interruptions: int
    unfinished: int
    after_anchor: int
    head: str
    trail: str

    @property
    def sound(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _ChainWalk:
    ring: KeyRing
    waiting: dict[int, list[Anchor]]
    head: bytes = START
    number: int = 0
    good: int = 0
    trail: str = ""
    interruptions: int = 0
    unfinished: int = 0
    problems: list[str] = field(default_factory=list)
    take: Callable[[int, bytes], object] = lambda _number, _line: None
    checked: LastCheck | None = None
    seen: str | None = None
    """The MAC of entry `checked.reached`."""

    def problem(self, text: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(text)

    def meet(self) -> None:
        """Compare the current entry with anchors and the note of the last check."""
        if self.checked is not None and self.number == self.checked.reached:
            self.seen = self.head.hex()
        for anchor in self.waiting.pop(self.number, ()):
            if anchor.head != self.head.hex():
                self.problem(f"Entry {self.number} differs from an anchor: the log was rewritten.")
            if self.trail and anchor.trail != self.trail:
                self.problem("An anchor belongs to another log.")


def verify(
    folder: Path,
    ring: KeyRing,
    *,
    anchor: Anchor | None,
    outside: Sequence[Anchor] = (),
    take: Callable[[int, bytes], object] | None = None,
    checked: LastCheck | None = None,
) -> LogReport:
    """Check the whole log. Entries that are appended meanwhile may be left out.

    Args:
        anchor: the anchor file's; None if it is missing, which is a problem.
        outside: anchors that were kept elsewhere.
        checked: the note of the last check, which may be newer than log and anchor.
        take: called with the number and line of each verified entry.

    Raises:
        TrailDamaged: a file cannot be read.
    """
    walk = _ChainWalk(ring, {})
    walk.take, walk.checked = take or walk.take, checked
    if anchor is None:
        walk.problem("The anchor is missing, so truncation cannot be detected.")
    for one in [*([anchor] if anchor else []), *outside]:
        if not one.is_genuine(ring):
            walk.problem("An anchor was not made with a key of this log.")
        walk.waiting.setdefault(one.count, []).append(one)
    walk.meet()  # for a log without entries
    numbers = segments(folder)
    if numbers != list(range(1, len(numbers) + 1)):
        walk.problem("A segment is missing.")
    try:
        for number in numbers:
            with segment_path(folder, number).open("rb") as file:
                _segment(walk, file, number, last=number == numbers[-1])
    except OSError:
        raise TrailDamaged("A segment of the audit log cannot be read.") from None
    if checked is not None and (problem := checked.contradiction(walk.number, walk.seen)):
        walk.problem(problem)
    for count in sorted(walk.waiting):
        walk.problem(f"An anchor names {count} entries: the log was truncated, or entries are missing.")
    return LogReport(
        entries=walk.good,
        last=walk.number,
        segments=len(numbers),
        problems=tuple(walk.problems),
        interruptions=walk.interruptions,
        unfinished=walk.unfinished,
        after_anchor=max(0, walk.number - anchor.count) if anchor else walk.number,
        head=walk.head.hex(),
        trail=walk.trail,
    )


def _segment(walk: _ChainWalk, file: BinaryIO, number: int, *, last: bool) -> None:
    first = read_line(file.readline())
    file.seek(0)
    key = walk.ring.find(str(first.get("key", "")))
    if first.get("event") != "segment-opened" or key is None:
        walk.problem(f"Segment {number} does not start like one, or its key is not in the key file.")
        key = walk.ring.active
    walk.trail = walk.trail or str(first.get("trail", ""))
    if first.get("trail") != walk.trail:
        walk.problem(f"Segment {number} belongs to another log.")
    offset, explained = 0, False
    head, at, good, waiting = walk.head, walk.number, walk.good, walk.waiting
    while line := file.readline():
        mac = check_line(key, head, at + 1, line)
        if mac is not None:
            if _INTERRUPTED in line and not explained:
                walk.problem(f"Entry {at + 1} describes bytes that no longer exist (segment {number}).")
            explained = False
            head, at, good, offset = mac, at + 1, good + 1, offset + len(line)
            walk.take(at, line)
            if at in waiting or (walk.checked is not None and at == walk.checked.reached):
                walk.head, walk.number = head, at
                walk.meet()
            continue
        end = interruption(file, offset, key, head, at)
        if end:
            explained = True
            walk.interruptions += 1
        elif last and not _entries_follow(file, offset):
            walk.unfinished = _size(file) - offset
            if walk.unfinished and at + 1 in waiting:
                walk.problem(f"Entry {at + 1} is truncated.")
            break
        else:
            claim = claimed(line)
            walk.problem(f"Entry {at + 1} was changed (segment {number}, byte {offset}).")
            if claim:
                at, head = claim
            end, explained = offset + len(line), False
        file.seek(end)
        offset = end
    walk.head, walk.number, walk.good = head, at, good


def _entries_follow(file: BinaryIO, offset: int) -> bool:
    """Whether a line at or after the offset has the form of an entry."""
    file.seek(offset)
    return any(line.endswith(b"\n") and claimed(line) for line in file)


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def sound_lines(folder: Path, ring: KeyRing) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, line and MAC of each entry of a verified log; bytes of interrupted writes are left out."""
    head, at = START, 0
    for number in segments(folder):
        with segment_path(folder, number).open("rb") as file:
            key = ring.find(str(read_line(file.readline()).get("key", ""))) or ring.active
            file.seek(0)
            for line in file:
                mac = check_line(key, head, at + 1, line)
                if mac is not None:
                    head, at = mac, at + 1
                    yield at, line, mac


def entries(folder: Path, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """Entries in order as dictionaries, unverified; other lines are left out."""
    for number in segments(folder):
        with segment_path(folder, number).open("rb") as file:
            for line in file:
                claim = claimed(line)
                if claim and claim[0] > after:
                    yield read_line(line)
