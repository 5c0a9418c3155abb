"""Units: the written and the spoken form of a text, side by side.

A unit is (written, spoken words). `written` carries its own leading space, so that joining all of them gives the text;
punctuation has no spoken words; a spoken "," alone is an audible pause that is not written ("555, 0142" in one id).

    (" March", ("March",)), (" 14th", ("fourteenth",)), (",", ()), (" 1962", ("nineteen", "sixty", "two"))
"""

import random
import re
from collections.abc import Sequence

Unit = tuple[str, tuple[str, ...]]
Units = list[Unit]

PAUSE: Unit = ("", (",",))
COMMA: Unit = (",", ())
HYPHEN: Unit = ("-", ())
LETTERS = {c: c for c in "bcdefghijklmnopqrstuvwxyz"} | {"a": "ay"}
SPOKEN = {"AM": ("ay", "em"), "PM": ("pee", "em"), "CAT": ("cat",), "Dr": ("doctor",)}


def words(text: str) -> Units:
    """Plain words, each with the punctuation that follows it."""
    units: Units = []
    for token in text.split():
        word = token.rstrip(".,?!")
        units.append((" " + word, SPOKEN.get(word, (word,))))
        units += [(mark, ()) for mark in token[len(word) :]]
    return units


def letters(text: str, *, hyphens: bool) -> Units:
    """Letters said one by one: "K-I-M" or "X ray" style single capitals."""
    units: Units = []
    for i, c in enumerate(text.upper()):
        if i and hyphens:
            units.append(HYPHEN)
        units.append(((" " if i == 0 or not hyphens else "") + c, (LETTERS[c.lower()],)))
    return units


def capitalised(units: Units) -> Units:
    """The same with the first word's first letter in upper case."""
    for i, (text, spoken) in enumerate(units):
        if text.startswith(" "):
            return [*units[:i], (" " + text[1:2].upper() + text[2:], spoken), *units[i + 1 :]]
    return units


def written(units: Units) -> str:
    """The text as the recogniser should write it."""
    return "".join(text for text, _ in units).strip()


def spoken_tokens(units: Units, rng: random.Random) -> tuple[list[str], list[tuple[int, int] | None]]:
    """Tokens for a text-to-speech engine, and per unit the tokens [first, last) that it is heard in (None: in none)."""
    tokens: list[str] = []
    spans: list[tuple[int, int] | None] = []
    for text, spoken in units:
        if spoken and spoken != (",",):
            spans.append((len(tokens), len(tokens) + len(spoken)))
            tokens += spoken
            continue
        spans.append(None)
        if not tokens:
            continue
        last = tokens[-1]
        if spoken == (",",) or (text == "-" and len(last) > 1 and rng.random() < 0.7):
            tokens[-1] = last if last.endswith(",") else last + ","
        elif re.fullmatch(r"[.,?!]", text) and last[-1] not in ".,?!":
            tokens[-1] = last + text
    return tokens, spans


def unit_times(
    spans: Sequence[tuple[int, int] | None], heard: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Per unit (start, end) in seconds, from the times of the spoken tokens; punctuation gets the pause after it."""
    times: list[tuple[float, float]] = []
    clock = 0.0
    for span in spans:
        if span is None:
            times.append((clock, clock))
        else:
            clock = heard[span[1] - 1][1]
            times.append((heard[span[0]][0], clock))
    following: float | None = None
    for i in range(len(times) - 1, -1, -1):
        start = times[i][0]
        if spans[i] is not None:
            following = start
        elif following is None:
            times[i] = (start, start + 0.2)
        else:
            times[i] = (start, max(start + 0.04, min(following, start + 0.4)))
    return times
