"""Predicates on the neighbours of a word that may be a name, for `person`."""

from __future__ import annotations

from collections.abc import Sequence

from redactor.phi.recognizers import name_cues as cues
from redactor.phi.recognizers.name_words import INITIAL, MARK, SURE, SURNAME, NameWord


def ends(tokens: Sequence[NameWord], at: int) -> bool:
    """Whether a word after a relation cannot be a verb there: "our son will and I", "my uncle will is here"."""
    if at + 1 == len(tokens):
        return True
    after = tokens[at + 1]
    return after.kind == MARK or after.lower in {
        tokens[at].lower,
        "and",
        "or",
        "is",
        "was",
        "has",
        "had",
        "who",
        "he",
        "she",
    }


def alone(tokens: Sequence[NameWord], at: int) -> bool:
    """Whether it is between two marks, as at the end of "the one you want is me, Hope"."""
    return tokens[at - 1].kind == MARK and (at + 1 == len(tokens) or tokens[at + 1].kind == MARK)


def follows(tokens: Sequence[NameWord], at: int) -> str:
    """The kind of word after a name: "calling", "follow" (as "from"), "stop", "end"; "" for any other."""
    after = at + 1
    if after < len(tokens) and tokens[after].kind in {SURNAME, SURE, INITIAL}:
        after += 1
    if after >= len(tokens):
        return "end"
    lower = tokens[after].lower
    if lower in {",", ".", "?", "!"}:
        return "stop"
    if lower in cues.CALLING:
        return "calling"
    return "follow" if lower in cues.FOLLOW else ""


def presents(tokens: Sequence[NameWord], at: int) -> bool:
    """Whether speakers introduce themselves here: then the word before is the person addressed."""
    if at < len(tokens) and tokens[at].lower == ",":
        at += 1
    two = " ".join(word.lower for word in tokens[at : at + 2])
    return two in {"this is", "it is", "my name", "it's me"} or two.startswith(("it's ", "i'm "))


def beside_name(tokens: Sequence[NameWord], at: int) -> bool:
    """Whether "and" or "or" joins it to an unambiguous name: "either penny or jenny"."""
    return any(
        0 <= at + 2 * step < len(tokens)
        and tokens[at + step].lower in {"and", "or"}
        and tokens[at + 2 * step].kind == SURE
        for step in (-1, 1)
    )


def household(tokens: Sequence[NameWord], at: int) -> bool:
    return at < len(tokens) and tokens[at].lower in cues.HOUSEHOLD


def next_is(tokens: Sequence[NameWord], at: int, kinds: set[int], *, capital: bool = False) -> bool:
    after = at + 1
    if after < len(tokens) and tokens[after].kind == INITIAL and tokens[after].lower not in {"a", "i"}:
        after += 1
    return after < len(tokens) and tokens[after].kind in kinds and (not capital or tokens[after].capital)


def spells(spelled: str, word: str) -> bool:
    """Whether letters spell a word near them, or the first of several words, give or take what recognition misheard."""
    if len(word) < 3:
        return False
    return (
        spelled.startswith(word)
        or word.startswith(spelled)
        or spelled.endswith(word)
        or word.endswith(spelled)
        or (spelled[:2] == word[:2] and abs(len(spelled) - len(word)) < 4)
    )
