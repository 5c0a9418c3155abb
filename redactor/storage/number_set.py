"""Sets of numbers and tallies of names at a few bytes an entry: what a run must remember of each of a million files."""

from __future__ import annotations

from array import array
from hashlib import blake2b

_EMPTY = 0
_FIRST_SIZE = 64
_FEW = 5_000


class NumberSet:
    """A set of integers of 64 bits, 12-24 bytes each (Python's own takes about 80): open addressing in one array."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FIRST_SIZE))
        self._used = 0
        self._zero = False

    def __len__(self) -> int:
        return self._used + self._zero

    def add(self, number: int) -> bool:
        """True if it was not there before."""
        if number == _EMPTY:
            new, self._zero = not self._zero, True
            return new
        place = self._place(number)
        if self._slots[place] == number:
            return False
        self._slots[place] = number
        self._used += 1
        if 3 * self._used > 2 * len(self._slots):
            self._grow()
        return True

    def __contains__(self, number: int) -> bool:
        return self._zero if number == _EMPTY else self._slots[self._place(number)] == number

    def copy(self) -> NumberSet:
        """An independent copy."""
        other = NumberSet()
        other._slots, other._used, other._zero = self._slots[:], self._used, self._zero
        return other

    def _place(self, number: int) -> int:
        """Where it is, or would be. Inode numbers run in series: the multiplication scatters them."""
        slots, mask = self._slots, len(self._slots) - 1
        place = (number * 0x9E3779B97F4A7C15 >> 17) & mask
        while slots[place] not in (_EMPTY, number):
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(16 * len(old)))
        for number in old:
            if number != _EMPTY:
                self._slots[self._place(number)] = number


class RepeatedTexts:
    """Which texts came more than once.

    Many texts are remembered by digests of 64 bits: once in very many runs a text may count as met that was not.
    """

    def __init__(self) -> None:
        self._few: set[str] | None = set()
        self._many = NumberSet()
        self._again: set[str] = set()

    def add(self, text: str) -> bool:
        """True the first time."""
        if self._few is not None:
            new = text not in self._few
            self._few.add(text)
            if len(self._few) > _FEW:
                for known in self._few:
                    self._many.add(_digest(known))
                self._few = None
        else:
            new = self._many.add(_digest(text))
        if not new:
            self._again.add(text)
        return new

    def repeated(self, text: str) -> bool:
        """Whether it was added more than once."""
        return text in self._again


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
