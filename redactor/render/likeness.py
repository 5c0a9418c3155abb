"""How alike two recognised words are, by their letters and by their sound."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

PART = 0.9
"""Likeness of a number and a part of it ("555-013" and "555-013-2204")."""
SHORT = 3
"""Characters that a part of a number has at least."""

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_DIGITS = {word: str(number) for number, word in enumerate(_NUMBERS)}
_SOUNDS = (
    ("ph", "f"),
    ("ck", "k"),
    ("qu", "k"),
    ("wh", "w"),
    ("gh", "g"),
    ("x", "ks"),
    ("c", "k"),
    ("z", "s"),
    ("y", "i"),
)


def likeness(one: str, other: str) -> float:
    """How alike two words look or sound, 0 … 1. Numbers are alike only if they are equal, or one is a part of the
    other.
    """
    a, b = bare(one), bare(other)
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    if any(c.isdigit() for c in a + b):
        return PART if min(len(a), len(b)) >= SHORT and (a in b or b in a) else 0.0
    return max(Levenshtein.normalized_similarity(a, b), Levenshtein.normalized_similarity(sound(a), sound(b)))


def bare(text: str) -> str:
    """Letters and digits in lower case; small numbers as digits."""
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return _DIGITS.get(letters, letters)


def sound(text: str) -> str:
    """A rough phonetic key: one letter for each consonant, vowels only at the beginning."""
    for written, spoken in _SOUNDS:
        text = text.replace(written, spoken)
    out = ""
    for k, c in enumerate(text):
        if (c not in "aeiouhw" or k == 0) and not out.endswith(c):
            out += c
    return out
