"""The words of a transcript as known names are compared with them: tokens, and phrases of adjacent ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from redactor.phi.gazetteers import words as listed
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.lexicons.phonetic import consonants, pronounced
from redactor.phi.recognizers import name_cues as cues
from redactor.types import Word

WIDEST = 4
"""Words of a phrase."""

_TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+|[.?!,;:]")
_POSSESSIVE = re.compile("['\u2019]s$")
_ENDS = frozenset(".?!")
MARKS = frozenset(".?!,;:")


class HeardToken(NamedTuple):
    """A word, a number or a mark: characters start … end. `lower`: as the cues have it; `word`: see `plain`."""

    start: int
    end: int
    lower: str
    word: str
    confidence: float
    capital: bool


class HeardPhrase(NamedTuple):
    """tokens[first:last], written as one word.

    Attributes:
        letters, sounds, key: its letters, their pronunciation, its consonants.
        confidence: mean. everyday: of everyday words alone.
    """

    first: int
    last: int
    letters: str
    sounds: str
    key: str
    confidence: float
    everyday: bool


def plain(text: str) -> str:
    """A word in lower case without accents, apostrophes and a possessive "'s"; letters of other scripts stay."""
    apart = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text.casefold()))
    return "".join(c for c in apart if c.isalpha() and not unicodedata.combining(c))


@cache
def _everyday() -> frozenset[str]:
    every = listed("common_words") | listed("function_words") | cues.FUNCTION | cues.WEAK_ANYWAY | known_drugs()
    return every | {word.replace("'", "") for word in every if "'" in word}


def is_everyday(word: str) -> bool:
    """Whether a word (lower case) is said in other senses than as a name."""
    return word in _everyday()


@cache
def _function() -> frozenset[str]:
    every = listed("function_words") | cues.FUNCTION | cues.WEAK_ANYWAY
    return every | {word.replace("'", "") for word in every if "'" in word}


def is_function(word: str) -> bool:
    """Whether a word (as `plain` gives it) is a function word, or a name that is one."""
    return word in _function()


def tokens_of(text: str, words: Sequence[Word]) -> list[HeardToken]:
    """The tokens of a text; `words`: those of the text, with their confidence."""
    tokens: list[HeardToken] = []
    cased = not text.isupper() and any(c.isupper() for c in text)
    begins, at = True, 0
    for match in _TOKEN.finditer(text):
        raw, start = match.group(), match.start()
        while at < len(words) and words[at].char_end <= start:
            at += 1
        confidence = words[at].confidence if at < len(words) else 1.0
        lower = raw.lower().replace("\u2019", "'")
        word = raw if raw in MARKS or raw.isdigit() else plain(raw)
        capital = cased and not begins and raw[0].isupper()
        tokens.append(HeardToken(start, match.end(), lower, word, confidence, capital))
        begins = raw in _ENDS or (begins and raw in MARKS)
    return tokens


def phrases_of(tokens: Sequence[HeardToken], *, longest: int) -> list[HeardPhrase]:
    """Phrases of up to `WIDEST` words within a sentence, with up to `longest` consonants and two more."""
    phrases: list[HeardPhrase] = []
    everyday = _everyday()
    for first, token in enumerate(tokens):
        if not token.word or token.word in MARKS:
            continue
        letters = sounds = key = ""
        confidence, count, plainly = 0.0, 0, True
        for last in range(first, min(len(tokens), first + 2 * WIDEST)):
            word = tokens[last].word
            if word in MARKS:
                if word in _ENDS and not (count and tokens[last - 1].lower in cues.TITLES):
                    break
                continue
            if count == WIDEST or not word.isalpha():
                break
            letters += word
            sounds += pronounced(word)
            key += consonants(word)
            if len(key) > longest + 2:
                break
            count += 1
            confidence += tokens[last].confidence
            plainly = plainly and word in everyday
            phrases.append(HeardPhrase(first, last + 1, letters, sounds, key, confidence / count, plainly))
    return phrases
