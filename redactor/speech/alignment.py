"""Aligned pieces of text → words and their times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redactor.types import TimedText

SPOKEN_SIGNS = "&%+@#=$£€°"
"""Signs that are spoken; other signs have no sound."""


def words_of(aligned: Sequence[dict[str, Any]], *, duration: float, delay: float = 0.0) -> list[TimedText]:
    """Join aligned pieces into words: a piece that starts with a space starts a word; "555", "-013" becomes "555-013".

    Times are clipped to the window and moved `delay` seconds earlier; starts do not decrease. Punctuation has no time:
    alignment gives it the pause that follows. Confidence is the mean over the word's tokens.
    """
    words: list[TimedText] = []
    sums: list[tuple[float, int]] = []  # of token probabilities
    for item in aligned:
        text = str(item["word"])
        bare = text.strip()
        if not bare:
            continue
        weight = max(1, len(item["tokens"]))
        spoken = any(character.isalnum() or character in SPOKEN_SIGNS for character in bare)
        start: float | None = min(duration, max(0.0, float(item["start"]) - delay)) if spoken else None
        end: float | None = min(duration, max(0.0, float(item["end"]) - delay)) if spoken else None
        if words and not text[0].isspace():
            before = words.pop()
            total, count = sums.pop()
            bare = before.text + bare
            start = start if before.start is None else before.start
            end = before.end if end is None else end
        else:
            total, count = 0.0, 0
        words.append(TimedText(bare, start, end))
        sums.append((total + weight * float(item["probability"]), count + weight))
    return _ordered([word._replace(confidence=t / n) for word, (t, n) in zip(words, sums, strict=True)])


def _ordered(words: list[TimedText]) -> list[TimedText]:
    """Signs on their own (a dash, a note) are appended to the word before; starts never decrease."""
    out: list[TimedText] = []
    latest = 0.0
    for word in words:
        if word.start is None or word.end is None:
            if out:
                out[-1] = out[-1]._replace(text=f"{out[-1].text} {word.text}")
            continue
        latest = max(latest, word.start)
        out.append(word._replace(start=latest, end=max(latest, word.end)))
    return out
