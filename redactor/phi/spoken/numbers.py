"""Spoken numbers to figures: cardinals, ordinals, years, "oh", "double five", "fifty four hundred".

The reader is greedy inside one number and never joins two: "four one oh" stays "4 1 0", "three fourteen sixty two"
stays "3 14 62", so that a recognizer still sees how the speaker grouped the digits. Only a year is joined from its two
halves ("nineteen sixty two" → "1962"), since that is how it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from redactor.phi.spoken.words import DIGITS, OH, ORDINAL_UNITS, ORDINALS, REPEATS, SCALES, TEENS, TENS, SpokenToken

_JOINTS = frozenset({"", " ", "-", "  ", " - ", "\u2010", "\u2011", "\u2013"})
_UNITS = {word: value for word, value in DIGITS.items() if value}


class Number(NamedTuple):
    """tokens[first:last] say `written`."""

    last: int
    written: str


class _Reader:
    """Looks words up by index, but only across a gap that may lie inside one number."""

    __slots__ = ("text", "tokens")

    def __init__(self, text: str, tokens: Sequence[SpokenToken]) -> None:
        self.text, self.tokens = text, tokens

    def word(self, index: int) -> str:
        """The word at `index` if it follows its predecessor directly, else ""."""
        if index >= len(self.tokens):
            return ""
        if self.text[self.tokens[index - 1].end : self.tokens[index].start] not in _JOINTS:
            return ""
        return self.tokens[index].lower

    def below_hundred(self, index: int, word: str) -> tuple[int, int] | None:
        """(value, next index) of a number 1 … 99 that starts with `word` at `index`."""
        if word in TENS:
            unit = _UNITS.get(self.word(index + 1))
            return (TENS[word] + unit, index + 2) if unit else (TENS[word], index + 1)
        if word in TEENS:
            return TEENS[word], index + 1
        if word in _UNITS:
            return _UNITS[word], index + 1
        return None

    def rest(self, index: int, limit: int) -> tuple[int, int]:
        """What follows a scale word: "(and) forty two", "two hundred (and) six" when limit is 1000."""
        at = index + 1 if self.word(index) == "and" else index
        part = self.below_hundred(at, self.word(at))
        if part is None:
            return 0, index
        value, after = part
        if limit == 1000 and self.word(after) == "hundred" and value < 10:
            more, after = self.rest(after + 1, 100)
            value = value * 100 + more
        return value, after


def suffix(value: int) -> str:
    """14 → "th", 1 → "st"."""
    if value % 100 in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def read_number(text: str, tokens: Sequence[SpokenToken], index: int) -> Number | None:
    """Read one number that starts at tokens[index], or None. "oh" alone is left to the caller."""
    reader = _Reader(text, tokens)
    word = tokens[index].lower
    if word in REPEATS:
        return _repeated(reader, index, REPEATS[word])
    if word in ORDINALS:
        return Number(index + 1, f"{ORDINALS[word]}{suffix(ORDINALS[word])}")
    if word in TENS:
        unit = ORDINAL_UNITS.get(reader.word(index + 1))
        if unit:
            return Number(index + 2, f"{TENS[word] + unit}{suffix(unit)}")
    if word == "hundred":  # "a hundred and two"
        more, after = reader.rest(index + 1, 100)
        return Number(after, str(100 + more))
    if word in SCALES:
        return Number(index + 1, str(SCALES[word]))
    part = reader.below_hundred(index, word)
    if part is None:
        return Number(index + 1, "0") if DIGITS.get(word) == 0 else None
    value, after = part
    year = _year(reader, value, after)
    if year is not None:
        return year
    return _scaled(reader, value, after)


def _repeated(reader: _Reader, index: int, times: int) -> Number | None:
    word = reader.word(index + 1)
    if word in OH:
        return Number(index + 2, "0" * times)
    if word in DIGITS:
        return Number(index + 2, str(DIGITS[word]) * times)
    if len(word) == 1 and word.isdigit():
        return Number(index + 2, word * times)
    return None


def _year(reader: _Reader, value: int, after: int) -> Number | None:
    """As in "nineteen sixty two", "nineteen and thirty one", "nineteen oh four", "twenty twenty one", "twenty oh
    five".
    """
    if value not in {18, 19, 20}:
        return None
    at = after + 1 if value == 19 and reader.word(after) == "and" else after
    word = reader.word(at)
    if word in OH:
        unit = _UNITS.get(reader.word(at + 1))
        return Number(at + 2, f"{value}0{unit}") if unit else None
    if word in TENS or word in TEENS:
        part = reader.below_hundred(at, word)
        # "nineteen sixty second": the second half is an ordinal, so this is no year.
        if part and not (word in TENS and reader.word(at + 1) in ORDINAL_UNITS):
            return Number(part[1], f"{value}{part[0]:02d}")
    return None


def _scaled(reader: _Reader, value: int, after: int) -> Number:
    scale = reader.word(after)
    if scale == "hundred":
        more, after = reader.rest(after + 1, 100)
        value = value * 100 + more
        scale = reader.word(after)
    if scale == "thousand":
        more, after = reader.rest(after + 1, 1000)
        value = value * 1000 + more
    return Number(after, str(value))
