"""Word times from an engine's output; shared by the engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import SynthesisError
from .speech import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

Times = tuple[float, float]


def bare(token: str) -> str:
    """The token without its punctuation."""
    return token.strip(".,?!;:\"'")


def attach(tokens: Sequence[str], times: Sequence[Times | None], end: float) -> tuple[Word, ...]:
    """Words from one (start, end) per token.

    A token without a time (engines merge "of the" into one word) shares the time of its neighbour on the left, or on
    the right for the first one, in proportion to its letters. Raises SynthesisError when more than a third is missing.
    """
    if len(times) != len(tokens) or sum(t is None for t in times) > max(1, len(times) // 3):
        raise SynthesisError(f"engine reported times for {sum(t is not None for t in times)} of {len(tokens)} words")
    groups: list[tuple[list[str], Times | None]] = []
    for token, span in zip(tokens, times, strict=True):
        if groups and (span is None or groups[-1][1] is None):
            groups[-1] = ([*groups[-1][0], token], groups[-1][1] or span)
        else:
            groups.append(([token], span))
    words: list[Word] = []
    floor = 0.0
    for members, span in groups:
        if span is None:
            raise SynthesisError("engine reported no word times")
        start, stop = max(span[0], floor), min(max(span[1], span[0]), end)
        if stop <= start:
            raise SynthesisError("engine reported an empty word")
        letters = sum(len(bare(m)) or 1 for m in members)
        for member in members:
            floor = start + (stop - start) * (len(bare(member)) or 1) / letters
            words.append(Word(member, start, floor))
            start, letters = floor, letters - (len(bare(member)) or 1)
    return tuple(words)
