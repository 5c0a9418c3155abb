"""Spelled letters: "J-O-N", "j o n", "d as in david", "double l", "double u"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from redactor.phi.spoken.form import TextEdit
from redactor.phi.spoken.words import ALSO_WORDS, NUMBER_STARTS, OH, REPEATS, SPELLING_WORDS, SpokenToken

# Between two letters of one spelling: a space, a hyphen, a point, a comma; not the end of a sentence before a new word.
_GAP = re.compile(r"\s?[-\u2010-\u2014.,]?\s?|\s-\s")
_LIKE = frozenset({"as", "like", "for", "is"})


_AFTER_I = frozenset(
    "am need was have want just can will would do don't live had got think said take called saw".split()
)


class _Letter(NamedTuple):
    first: int
    last: int
    written: str
    named: bool
    """Said with a word: "d as in david"."""


def read_spelling(text: str, tokens: Sequence[SpokenToken], index: int) -> tuple[int, list[TextEdit]] | None:
    """A run of spelled letters that starts at tokens[index]: (next index, edits), or None if this is no spelling.

    Three letters or more are a spelling; two are one only when hyphenated or named, since "a b" and "e g" are also
    talk.
    """
    if (
        tokens[index].lower == "a" and index and tokens[index - 1].lower == "with"
    ):  # "with a c" names a letter, it does not spell
        return min(index + 2, len(tokens)), []
    letters: list[_Letter] = []
    at = index
    while at < len(tokens):
        if letters and not _GAP.fullmatch(text[tokens[at - 1].end : tokens[at].start]):
            break
        letter = _letter(tokens, at)
        if letter is None or (
            letters and _is_word(text, tokens, at, index, "".join(known.written.lower() for known in letters))
        ):
            break
        letters.append(letter)
        at = letter.last
    if not letters:
        return None
    word = "".join(letter.written for letter in letters)
    named = any(letter.named for letter in letters)
    hyphenated = len(letters) > 1 and "-" in text[tokens[letters[0].last - 1].end : tokens[letters[1].first].start]
    if not named and not (len(word) >= 3 or (len(word) == 2 and hyphenated)):
        return None
    if not named and len(set(word.lower())) == 1 and word[0] in "iIaA":  # "i i i think"
        return None
    edits = []
    for place, letter in enumerate(letters):
        following = letters[place + 1] if place + 1 < len(letters) else None
        end = tokens[following.first].start if following else tokens[letter.last - 1].end
        start = tokens[letter.first].start
        written = letter.written if letter.written.lower() != text[start].lower() else text[start] + letter.written[1:]
        if text[start:end] != written:
            edits.append(TextEdit(start, end, written))
    return at, edits


def _letter(tokens: Sequence[SpokenToken], at: int) -> _Letter | None:
    lower = tokens[at].lower
    if lower in REPEATS and at + 1 < len(tokens) and len(tokens[at + 1].lower) == 1 and tokens[at + 1].lower.isalpha():
        nxt = tokens[at + 1].lower
        return _Letter(at, at + 2, "w" if nxt == "u" and lower == "double" else nxt * REPEATS[lower], named=nxt != "u")
    if lower in SPELLING_WORDS and _beside_code(tokens, at):
        return _Letter(at, at + 1, SPELLING_WORDS[lower], named=True)
    if len(lower) != 1 or not lower.isalpha():
        return None
    if at + 2 < len(tokens) and tokens[at + 1].lower in _LIKE:
        named = at + 3 if tokens[at + 1].lower in {"as", "like"} and tokens[at + 2].lower == "in" else at + 2
        spells = named == at + 3 or tokens[at + 1].lower in {"like", "for"}
        if spells and named < len(tokens) and len(tokens[named].lower) > 2 and tokens[named].lower[0] == lower:
            # "a for april" is talk unless it was said inside a spelling; "as in" always spells.
            return _Letter(at, named + 1, lower, named=named == at + 3 or lower not in {"a", "i"})
    return _Letter(at, at + 1, lower, named=False)


def _is_word(text: str, tokens: Sequence[SpokenToken], at: int, first: int, so_far: str) -> bool:
    """As in "… e r i need", "… E, R. I take": "i" or "a" that goes on with the sentence instead of the spelling."""
    if tokens[at].lower not in {"a", "i"} or at + 1 >= len(tokens) or len(tokens[at + 1].lower) == 1:
        return False
    if "." in text[tokens[at - 1].end : tokens[at].start]:
        return True
    near = {token.lower for token in tokens[max(0, first - 8) : first]}
    if so_far + tokens[at].lower in near:
        return False  # "dombrowski, d o m b r o w s k i can you …"
    return so_far in near or (tokens[at].lower == "i" and tokens[at + 1].lower in _AFTER_I)


def _beside_code(tokens: Sequence[SpokenToken], at: int) -> bool:
    """Whether a word of the spelling alphabet is part of a code: a figure, a letter or another such word is beside
    it.
    """
    near = [tokens[place].lower for place in (at - 1, at + 1) if 0 <= place < len(tokens)]
    return any(
        lower in SPELLING_WORDS
        or (len(lower) == 1 and lower.isalpha() and lower not in {"a", "i", "o"})
        or (tokens[at].lower not in ALSO_WORDS and (lower in NUMBER_STARTS or lower in OH or lower.isdigit()))
        for lower in near
    )
