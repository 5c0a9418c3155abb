"""Longest match of many phrases in the words of a text, in all forms in which recognised speech writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

from redactor.phi.lexicons import plural

WORD = re.compile(r"\d+(?:[.,/:]\d+)*|[^\W_]+(?:['\u2019][^\W_]+)*")
INITIALS = re.compile(r"(?=.*[A-Z])[A-Z0-9]{2,}")
DOTTED = re.compile(r"(?:[A-Z0-9]\.)+")
SPOKEN_DIGITS = {
    "0": "zero",
    "1": "one",
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "9": "nine",
    "12": "twelve",
}
# A letter beside a spelled abbreviation makes it a spelled name ("w i l l i a m s" is no "m s"); these two are words.
LETTER_WORDS = frozenset("ai")


STOP = "."
"""Separates sentences in `TextWords.plain`, so that nothing matches across them ("any other? Sore throat")."""


class Entry(NamedTuple):
    """What a phrase means: its label ("" = not clinical), its strength, and its list."""

    label: str
    strength: str
    source: str


class Hit(NamedTuple):
    """words[first:last] are `entry`."""

    first: int
    last: int
    entry: Entry


class TextWords(NamedTuple):
    """A text split into words: `plain` in lower case without possessive, character offsets `starts`, `ends`."""

    text: str
    plain: list[str]
    starts: list[int]
    ends: list[int]


def tokenize(text: str) -> TextWords:
    """Split `text` into words. "40mg" is two, "x-ray" is two, "7.2" is one, "Crohn's" becomes "crohn"."""
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    end = 0
    for found in WORD.finditer(text):
        word = found.group().lower()
        start = found.start()
        if start - end > 1 and text[end] in ".?!" and plain and len(plain[-1]) > 1:
            plain.append(STOP)
            starts.append(end)
            ends.append(end + 1)
        end = found.end()
        if word[-2:-1] in ("'", "\u2019") and word[-1] == "s":
            word = word[:-2]
        plain.append(word)
        starts.append(start)
        ends.append(end)
    return TextWords(text, plain, starts, ends)


def forms(term: str) -> Iterator[tuple[str, ...]]:
    """All word sequences in which `term` (written as lexicons/__init__.py says) can show in a transcript."""
    for words in product(*(tuple(_word_forms(word)) for word in term.split())):
        flat = tuple(part for word in words for part in word)
        yield flat
        last = flat[-1]
        if not last.isdigit() and (len(last) > 1 or len(flat) > 1):  # "s t ds" too
            yield (*flat[:-1], plural(last) if len(last) > 1 else last + "s")


def _word_forms(word: str) -> Iterator[tuple[str, ...]]:
    if DOTTED.fullmatch(word):
        letters = word.replace(".", "")
        yield from _spoken_forms(letters)
        if len(letters) > 1:
            yield (letters,)  # upper case: matched against capitals only
        return
    if "-" in word:
        yield from product(*(_plain_forms(part) for part in word.split("-")))
        yield (word.replace("-", "").lower(),)
        return
    if INITIALS.fullmatch(word):
        yield from _spoken_forms(word)
        yield (word.lower(),)
        return
    for plain in _plain_forms(word):
        yield (plain,)


def _spoken_forms(letters: str) -> Iterator[tuple[str, ...]]:
    lower = letters.lower()
    if len(lower) == 1 and lower.isalpha():
        yield (lower,)
        return
    yield from product(*((char, SPOKEN_DIGITS[char]) if char in SPOKEN_DIGITS else (char,) for char in lower))
    for at in range(1, len(lower)):  # "a1 c", "b 12"
        if lower[at].isdigit() != lower[at - 1].isdigit():
            yield (lower[:at], lower[at:])
            if lower[at:] in SPOKEN_DIGITS:
                yield (lower[:at], SPOKEN_DIGITS[lower[at:]])


def _plain_forms(word: str) -> tuple[str, ...]:
    lower = word.lower()
    if lower in SPOKEN_DIGITS:
        return (lower, SPOKEN_DIGITS[lower])
    if lower.endswith("'s"):
        return (lower[:-2], lower[:-2] + "s")
    return (lower,)


class Trie:
    """Phrases by their words. `find` is linear in the words of the text."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self.size = 0

    def add(self, words: Iterable[str], entry: Entry, *, replace: bool = True) -> None:
        """Enter one word sequence; `replace=False` keeps what is there already."""
        node = self._root
        for word in words:
            node = node.setdefault(word, {})
        if replace or "" not in node:
            self.size += "" not in node
            node[""] = entry

    def get(self, words: tuple[str, ...]) -> Entry | None:
        """The entry of exactly these words."""
        node = self._root
        for word in words:
            if word not in node:
                return None
            node = node[word]
        return node.get("")

    def __contains__(self, words: tuple[str, ...]) -> bool:
        node = self._root
        for word in words:
            if word not in node:
                return False
            node = node[word]
        return "" in node

    def find(self, words: TextWords) -> list[Hit]:
        """Longest matches from the left, not overlapping. Phrases of entries labelled "" are found too."""
        root, plain, hits = self._root, words.plain, []
        capitals = not words.text.isupper()
        at, count = 0, len(plain)
        while at < count:
            word = plain[at]
            node = root.get(word)
            entry: Entry | None = None
            last = at
            if node is not None:
                step = at + 1
                entry = node.get("")
                last = step
                while step < count:
                    node = node.get(plain[step])
                    if node is None:
                        break
                    step += 1
                    if "" in node:
                        entry, last = node[""], step
                if entry is not None and last - at > 1 and self._spelled_name(plain, at, last):
                    entry = None
            if entry is None and capitals and len(word) < 6:
                written = words.text[words.starts[at] : words.ends[at]]
                if len(written) > 1 and written.isupper() and written in root:
                    entry, last = root[written].get(""), at + 1
            if entry is None:
                at += 1
            else:
                hits.append(Hit(at, last, entry))
                at = last
        return hits

    @staticmethod
    def _spelled_name(plain: list[str], first: int, last: int) -> bool:
        if any(len(word) > 1 and word not in SPOKEN_DIGITS.values() for word in plain[first:last]):
            return False
        return _letter_run(plain[max(0, first - 2) : first][::-1]) or _letter_run(plain[last : last + 2])


def _letter_run(neighbours: list[str]) -> bool:
    """Whether the nearest word is a lone letter; "a" and "i" count only beside another letter."""
    letters = [len(word) == 1 and word.isalpha() for word in neighbours]
    return bool(letters) and letters[0] and (neighbours[0] not in LETTER_WORDS or letters[1:] == [True])
