"""The text that a natural synthesiser reads for a list of spoken tokens.

The tokens follow `models.tts.say`: numbers are words, and a single capital letter is the letter's name. A synthesiser
reads a row of letters or digits as one hurried word; commas make it read them one by one, as people do on the
telephone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGITS = frozenset("zero oh one two three four five six seven eight nine".split())
MARKS = ",.?!"
LONGEST_GROUP = 4  # digits that people say in one breath
INITIALS = 3  # letters that are said in one breath, as in "MRI"
LETTER_A = "eigh"  # espeak-ng reads "ay" as the letter I, and "A" before a word as the article
GROUP = 3  # digits between the commas that are put into longer rows


def _letter(token: str) -> bool:
    bare = token.rstrip(MARKS)
    return len(bare) == 1 and bare.isupper()


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Half-open index ranges where `flags` holds."""
    runs, start = [], None
    for index, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            runs.append((start, index))
            start = None
    return runs


def readable(tokens: Sequence[str]) -> list[str]:
    """One text for each token, for the synthesiser.

    >>> " ".join(readable("That's W H A L E.".split()))
    "That's W, H, eigh, L, E."
    >>> " ".join(readable("the M R I is".split()))
    'the M R I is'
    >>> " ".join(readable("It is four four seven one nine oh two.".split()))
    'It is four four seven, one nine oh two.'
    >>> " ".join(readable("A nurse said I can come at three P M today.".split()))
    'A nurse said I can come at three PM today.'
    """
    out = list(tokens)
    for start, stop in _letter_runs(tokens):
        for index in range(start, stop):
            bare = out[index].rstrip(MARKS)
            name = (LETTER_A if bare == "A" else bare) + out[index][len(bare) :]
            whole = name[-1] in MARKS or index == stop - 1 or stop - start <= INITIALS
            out[index] = name if whole else f"{name},"
        if stop - start == 2 and tokens[start] in {"A", "P"} and tokens[start + 1].rstrip(MARKS) == "M":
            out[start], out[start + 1] = tokens[start] + tokens[start + 1], ""
    for start, stop in _runs([token.rstrip(MARKS).lower() in DIGITS for token in tokens]):
        since = 0
        row = range(start, stop)
        for index in row:
            since += 1
            if out[index][-1] in MARKS:
                since = 0
            elif since == GROUP and index < stop - 1 and _rest(out, index, stop) + GROUP > LONGEST_GROUP:
                out[index] += ","
                since = 0
    return [text for text in out if text]


def _rest(texts: Sequence[str], index: int, stop: int) -> int:
    """Digits after `index` up to the next mark or the end of the row."""
    count = 0
    for text in texts[index + 1 : stop]:
        count += 1
        if text[-1] in MARKS:
            break
    return count


def _letter_runs(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Rows of letters; "I" alone is the pronoun, "A" alone before a word in lower case the article."""
    kept = []
    for start, stop in _runs([_letter(token) for token in tokens]):
        first = tokens[start]
        if stop - start == 1 and (first.rstrip(MARKS) == "I" or (first == "A" and _opens(tokens, start))):
            continue
        kept.append((start, stop))
    return kept


def _opens(tokens: Sequence[str], index: int) -> bool:
    """Whether the token begins a sentence that goes on in lower case."""
    begins = index == 0 or tokens[index - 1][-1] in ".?!"
    return begins and index + 1 < len(tokens) and tokens[index + 1][0].islower()
