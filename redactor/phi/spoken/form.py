"""A written form of a spoken text, with an exact map back to the words that were said."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_LETTERS = re.compile(r"[a-z]+")


class TextEdit(NamedTuple):
    """original[start:end] is written as `written`; neither side is ever empty."""

    start: int
    end: int
    written: str


@dataclass(frozen=True, slots=True, repr=False)
class WrittenForm:
    """`original` with its spoken numbers, letters and symbols written out, and the map between the two.

    Outside the edits the two texts are equal character by character. An edit is indivisible: a position anywhere in its
    written side maps to its whole original side, and vice versa. So both maps are total and monotone, and a span that
    is mapped there and back always covers itself.

    Attributes:
        text: the written form.
        original: the text it was made from.
        edits: sorted, disjoint, both sides non-empty.
        words: the written form's runs of letters in lower case, by which recognizers see that there is nothing to find.
    """

    original: str
    text: str
    edits: tuple[TextEdit, ...]
    words: frozenset[str]
    _original_starts: tuple[int, ...] = field(repr=False)
    _written_starts: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, original: str, edits: Sequence[TextEdit]) -> WrittenForm:
        """Apply sorted, disjoint, non-empty edits."""
        if not edits:
            return cls(original, original, (), _words(original), (), ())
        parts: list[str] = []
        written_starts: list[int] = []
        position = length = 0
        for start, end, written in edits:
            kept = original[position:start]
            parts.append(kept)
            parts.append(written)
            length += len(kept)
            written_starts.append(length)
            length += len(written)
            position = end
        parts.append(original[position:])
        text = "".join(parts)
        return cls(original, text, tuple(edits), _words(text), tuple(e.start for e in edits), tuple(written_starts))

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """The smallest original span that became text[start:end]. 0 ≤ start ≤ end ≤ len(text); an empty span maps to a
        point.
        """
        low = self._original_point(start, upper=False)
        return low, max(low, self._original_point(end, upper=True)) if end > start else low

    def to_written(self, start: int, end: int) -> tuple[int, int]:
        """The smallest written span that holds everything original[start:end] became; an empty span maps to a point."""
        low = self._written_point(start, upper=False)
        return low, max(low, self._written_point(end, upper=True)) if end > start else low

    def _original_point(self, position: int, *, upper: bool) -> int:
        # An upper bound is the end of the character before it, hence the search one to the left.
        index = bisect_right(self._written_starts, position - upper) - 1
        if index < 0:
            return position
        edit, written_start = self.edits[index], self._written_starts[index]
        if position - upper < written_start + len(edit.written):
            return edit.end if upper else edit.start
        return position - written_start - len(edit.written) + edit.end

    def _written_point(self, position: int, *, upper: bool) -> int:
        index = bisect_right(self._original_starts, position - upper) - 1
        if index < 0:
            return position
        edit, written_start = self.edits[index], self._written_starts[index]
        if position - upper < edit.end:
            return written_start + len(edit.written) if upper else written_start
        return position - edit.end + written_start + len(edit.written)

    def __repr__(self) -> str:
        return f"WrittenForm({len(self.original)} characters, {len(self.edits)} edits)"


def _words(text: str) -> frozenset[str]:
    return frozenset(_LETTERS.findall(text.lower()))
