"""What stands beside a word that may be a name: questions that `person` asks of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from redactor.phi.recognizers import name_cues as cues
from redactor.phi.recognizers.name_words import INITIAL, MARK, SURE, SURNAME, NameWord


def ends(said: Sequence[NameWord], at: int) -> bool:
    """Whether a word after a relation cannot be a verb there: "our son will and I", "my uncle will is here"."""
    if at + 1 == len(said):
        return True
    after = said[at + 1]
    return after.kind == MARK or after.low in {
        said[at].low,
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


def alone(said: Sequence[NameWord], at: int) -> bool:
    """Whether it stands between two marks, as at the end of "the one you want is me, Hope"."""
    return said[at - 1].kind == MARK and (at + 1 == len(said) or said[at + 1].kind == MARK)


def follows(said: Sequence[NameWord], at: int) -> str:
    """What comes after a name that was said in passing: "calling", "from", a stop; "" for anything else."""
    after = at + 1
    if after < len(said) and said[after].kind in {SURNAME, SURE, INITIAL}:
        after += 1
    if after >= len(said):
        return "end"
    low = said[after].low
    if low in {",", ".", "?", "!"}:
        return "stop"
    if low in cues.CALLING:
        return "calling"
    return "follow" if low in cues.FOLLOW else ""


def presents(said: Sequence[NameWord], at: int) -> bool:
    """Whether the speaker says who they are from here on: then the word before was the one spoken to."""
    if at < len(said) and said[at].low == ",":
        at += 1
    two = " ".join(word.low for word in said[at : at + 2])
    return two in {"this is", "it is", "my name", "it's me"} or two.startswith(("it's ", "i'm "))


def beside_name(said: Sequence[NameWord], at: int) -> bool:
    """Whether "and" or "or" joins it to a name that is nothing else: "either penny or jenny"."""
    return any(
        0 <= at + 2 * step < len(said) and said[at + step].low in {"and", "or"} and said[at + 2 * step].kind == SURE
        for step in (-1, 1)
    )


def household(said: Sequence[NameWord], at: int) -> bool:
    return at < len(said) and said[at].low in cues.HOUSEHOLD


def next_is(said: Sequence[NameWord], at: int, kinds: set[int], *, capital: bool = False) -> bool:
    after = at + 1
    if after < len(said) and said[after].kind == INITIAL and said[after].low not in {"a", "i"}:
        after += 1
    return after < len(said) and said[after].kind in kinds and (not capital or said[after].capital)


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
