"""Where a word or a phrase occurs again in the words of a recording: the same, or one that sounds like it.

A recogniser that does not know a name writes it differently each time. So sounds are compared as with the known names
of a recording's own people (`known_names`); everyday words and drugs, which those leave out, as in the lexicons of
drugs. The same words are found whatever they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from redactor.phi.known_names import OWN, KnownNames
from redactor.phi.known_phrases import is_everyday, is_function, plain
from redactor.phi.lexicons.phonetic import PhoneticMatcher
from redactor.types import TimedText, Transcript, Word

EVERYDAY = 0.82
"""Similarity that an everyday word or a drug needs. A single word that sounds like it needs `PhoneticMatcher.WORD`."""


class AlikeWords(NamedTuple):
    """words[first:last] are the same as those that are sought, or sound like them."""

    first: int
    last: int
    same: bool


def alike(sought: Sequence[str], words: Sequence[Word]) -> list[AlikeWords]:
    """Where a phrase occurs, or one of its words that is no everyday word ("Whitlock" of "Dana Whitlock").

    Args:
        sought: the words of the phrase, as written.
        words: in the order in which they were said, without gaps.

    Returns:
        In order, not overlapping. Nothing for a phrase of function words ("it is").
    """
    form = [key for word in sought if (key := word_key(word))]
    if not form or all(map(is_function, form)):
        return []
    forms = list(dict.fromkeys([tuple(form), *((word,) for word in form if not is_everyday(word) and len(word) > 1)]))
    keys = [word_key(word.text) for word in words]
    found: list[AlikeWords] = []
    taken: set[int] = set()
    for one in forms:
        for first in range(len(keys) - len(one) + 1):
            span = range(first, first + len(one))
            if tuple(keys[first : span.stop]) == one and taken.isdisjoint(span):
                taken.update(span)
                found.append(AlikeWords(first, span.stop, same=True))
    for first, last in _by_sound(forms, words):
        if taken.isdisjoint(range(first, last)):
            taken.update(range(first, last))
            found.append(AlikeWords(first, last, same=False))
    return sorted(found)


def _by_sound(forms: Sequence[tuple[str, ...]], words: Sequence[Word]) -> list[tuple[int, int]]:
    letters = [spoken for form in forms if all(spoken := tuple(map(plain, form)))]
    said = Transcript.of(TimedText(w.text, w.start, w.end, w.confidence) for w in words)
    if not letters or len(said.words) != len(words):
        return []
    out = []
    for match in KnownNames([("PERSON", letters)], OWN, indexed=False).find(said.text, said.words):
        span = [i for i, w in enumerate(said.words) if w.char_start < match.end and match.start < w.char_end]
        out.append((span[0], span[-1] + 1))
    everyday = [form[0] for form in letters if len(form) == 1 and is_everyday(form[0])]
    if everyday:
        enough = [EVERYDAY] * (len(words) + 1)
        matches = PhoneticMatcher(everyday).find([plain(w.text) for w in words], enough, enough)
        out.extend((match.first, match.last) for match in matches)
    return out


def word_key(text: str) -> str:
    """A word as it is compared: letters and digits in lower case, without accents and a possessive "'s"."""
    lower = text.casefold().strip(".,;:!?\"'\u2019")
    for ending in ("'s", "\u2019s"):
        lower = lower.removesuffix(ending)
    return "".join(c for c in unicodedata.normalize("NFKD", lower) if c.isalnum())
