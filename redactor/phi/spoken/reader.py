"""Finds every spoken form in one pass over a text."""

from __future__ import annotations

from collections.abc import Sequence

from redactor.phi.spoken.digits import digit_edits, same_length
from redactor.phi.spoken.form import TextEdit, WrittenForm
from redactor.phi.spoken.letters import read_spelling
from redactor.phi.spoken.numbers import read_number
from redactor.phi.spoken.symbols import SIGNS, read_at, read_sign
from redactor.phi.spoken.words import (
    CORRECTION,
    CORRECTION_STRONG,
    CORRECTION_WEAK,
    DIGITS,
    FILLERS,
    HOMOPHONES,
    NUMBER_STARTS,
    OH,
    REPEATS,
    SPELLING_WORDS,
    SpokenToken,
    tokens_of,
)

_SIGNS = SIGNS.keys() | {"under"}
_TRIGGERS = (
    NUMBER_STARTS
    | REPEATS.keys()
    | OH
    | HOMOPHONES.keys()
    | _SIGNS
    | FILLERS
    | CORRECTION_STRONG
    | SPELLING_WORDS.keys()
    | {"at", "i", "i'm", "im", "let", "make"}
)
_LONGEST_CORRECTION = 6


_ANNOUNCES = frozenset("at is it's its that's number ending in was code".split())
_WORDS_TOO = frozenset("to too for then".split())
"""Homophones with which the sentence may continue after a number."""


def written_form(text: str) -> WrittenForm:
    """Write out what was said in words: "four one oh" → "4 1 0", "j-o-n at aol dot com" → "jon@aol.com".

    Text without spoken forms comes back as it is. Never fails, whatever the text.
    """
    digits = digit_edits(text)
    read = same_length(text, digits)
    tokens = tokens_of(read)
    edits: list[TextEdit] = []
    index, count = 0, len(tokens)
    numbers = _numeric_places(tokens)
    while index < count:
        lower = tokens[index].lower
        if len(lower) > 1 and lower not in _TRIGGERS:
            index += 1
            continue
        index, found = _read(read, tokens, index, numbers)
        for edit in found:
            _append(edits, edit)
    return WrittenForm.of(text, _merged(edits, digits) if digits else edits)


def _merged(edits: list[TextEdit], digits: list[TextEdit]) -> list[TextEdit]:
    """Add the digits outside the reader's edits as edits of their own; the reader's edits have ASCII digits already."""
    taken = {position for edit in edits for position in range(edit.start, edit.end)}
    return sorted([*edits, *(d for d in digits if taken.isdisjoint(range(d.start, d.end)))])


def _append(edits: list[TextEdit], edit: TextEdit) -> None:
    """Keep edits disjoint: signs include the space before them, which may belong to a spelling already."""
    start, end, written = edit
    if edits and start < edits[-1].end:
        start = edits[-1].end
    if start < end:
        edits.append(TextEdit(start, end, written))


def _numeric_places(tokens: Sequence[SpokenToken]) -> list[bool]:
    return [t.lower in NUMBER_STARTS or t.lower.isdigit() or t.lower in REPEATS for t in tokens]


def _read(
    text: str, tokens: Sequence[SpokenToken], index: int, numbers: Sequence[bool]
) -> tuple[int, Sequence[TextEdit]]:
    """Read whatever starts at tokens[index]; (next index, edits)."""
    token = tokens[index]
    lower = token.lower
    if lower in OH and _beside_number(text, tokens, index, numbers):
        return index + 1, (TextEdit(token.start, token.end, "0"),)
    if lower in CORRECTION_STRONG or lower in {"i", "i'm", "im", "let", "make"}:
        correction = _correction(tokens, index, numbers)
        if correction is not None:
            return correction
    if lower in REPEATS or len(lower) == 1 or lower in SPELLING_WORDS:
        spelled = read_spelling(text, tokens, index)
        if spelled is not None:
            return spelled
    if lower in NUMBER_STARTS or lower in REPEATS:
        number = read_number(text, tokens, index)
        if number is not None:
            return number.last, (TextEdit(token.start, tokens[number.last - 1].end, number.written),)
    elif lower in _SIGNS:
        sign = read_sign(text, tokens, index) if lower != "under" or _next(tokens, index) == "score" else None
        if sign is not None:
            return sign[0], (sign[1],)
    elif lower == "at":
        domain = read_at(text, tokens, index)
        if domain is not None:
            return domain
    elif lower in FILLERS:
        return index + 1, _without_filler(text, tokens, index)
    elif lower in HOMOPHONES and _inside_digits(tokens, index):
        return index + 1, (TextEdit(token.start, token.end, str(HOMOPHONES[lower])),)
    return index + 1, ()


def _next(tokens: Sequence[SpokenToken], index: int) -> str:
    return tokens[index + 1].lower if index + 1 < len(tokens) else ""


def _beside_number(text: str, tokens: Sequence[SpokenToken], index: int, numbers: Sequence[bool]) -> bool:
    """As in "oh" is a zero when a number, or another "oh" beside a number, touches it."""
    if index and text[tokens[index].start] == "O" and "." in text[tokens[index - 1].end : tokens[index].start]:
        following = tokens[index + 1].start if index + 1 < len(tokens) else len(text)
        if "," in text[tokens[index].end : following]:
            return False  # "… 0128. Oh, and"
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(tokens):
            left, right = (at, at + 1) if step < 0 else (at - 1, at)
            if text[tokens[left].end : tokens[right].start].strip(" ,-.\u2013\u2014\u2026"):
                break
            if numbers[at]:
                return True
            if tokens[at].lower not in OH and tokens[at].lower not in FILLERS:
                break
            at += step
    return False


def _inside_digits(tokens: Sequence[SpokenToken], index: int) -> bool:
    """As in "to", "for", "ate" said inside a run of at least three other digits, or at its end if it is no everyday
    word.
    """
    here = index
    if tokens[here].lower == "or":
        return _or_for_oh(tokens, here)
    if tokens[here].lower in {"to", "too"} and here + 2 < len(tokens) and tokens[here + 1].lower == "thousand":
        return here > 0 and tokens[here + 2].lower in NUMBER_STARTS
    near = [at for at in range(max(0, index - 7), min(len(tokens), index + 8)) if tokens[at].lower not in FILLERS]
    index = near.index(here)

    def digit(at: int) -> bool:
        lower = tokens[near[at]].lower if 0 <= at < len(near) else ""
        return lower in DIGITS or lower in OH or lower in REPEATS or (lower.isdigit() and len(lower) < 5)

    def like(at: int) -> bool:
        return digit(at) or (0 <= at < len(near) and tokens[near[at]].lower in HOMOPHONES)

    if not like(index - 1):
        announced = index > 0 and tokens[near[index - 1]].lower in _ANNOUNCES
        following = range(index + 1, index + 5)
        return announced and all(map(like, following)) and sum(map(digit, following)) >= 3
    before = sum(digit(at) for at in range(index - 5, index))
    if not like(index + 1):
        return (
            before >= (4 if tokens[here].lower in {"fine", "free", "mine"} else 3)
            and tokens[here].lower not in _WORDS_TOO
        )
    return before >= 1 and before + sum(digit(at) for at in range(index + 1, index + 5)) >= 3


def _or_for_oh(tokens: Sequence[SpokenToken], index: int) -> bool:
    """As in "907 555 or 155": a number that lacks one digit, where "or" stands between its last two groups."""

    def digits(places: range) -> int:
        count = 0
        for at in places:
            lower = tokens[at].lower
            if not (lower in DIGITS or lower in OH or lower.isdigit()):
                break
            count += len(lower) if lower.isdigit() else 1
        return count

    return digits(range(index + 1, len(tokens))) == 3 and digits(range(index - 1, -1, -1)) in {6, 7}


def _correction(
    tokens: Sequence[SpokenToken], index: int, numbers: Sequence[bool]
) -> tuple[int, Sequence[TextEdit]] | None:
    """As in "… one three, no wait, one four": the words between two numbers become the correction sign."""
    if index == 0 or not (numbers[index - 1] or tokens[index - 1].lower in OH):
        return None
    at, strong = index, False
    while at < len(tokens) and at - index < _LONGEST_CORRECTION and not numbers[at]:
        word = tokens[at].lower
        if word in CORRECTION_STRONG:
            strong = True
        elif word not in CORRECTION_WEAK:
            return None
        if word in OH and at + 1 < len(tokens) and (numbers[at + 1] or tokens[at + 1].lower in OH):
            break
        at += 1
    if not strong or at >= len(tokens) or at == index or not (numbers[at] or tokens[at].lower in OH):
        return None
    edits = [TextEdit(tokens[index - 1].end, tokens[at].start, f" {CORRECTION} ")]
    while at < len(tokens) and tokens[at].lower in OH:
        edits.append(TextEdit(tokens[at].start, tokens[at].end, "0"))
        at += 1
    return at, edits


def _without_filler(text: str, tokens: Sequence[SpokenToken], index: int) -> Sequence[TextEdit]:
    """Remove "uh" with the commas around it, but keep one space so that no words join."""
    if not 0 < index < len(tokens) - 1:
        return ()
    start, end = tokens[index - 1].end, tokens[index + 1].start
    around = text[start : tokens[index].start] + text[tokens[index].end : end]
    if around.strip(" ,-\u2013\u2014\u2026.") or "." in text[start : tokens[index].start]:
        return ()
    return (TextEdit(start, end, " "),)
