"""Find words that are guesses: stretches of low confidence, and channels that were hardly understood.

A recogniser always writes something. In noise, in another language or where two people speak it writes words that were
not said, with low probabilities, though only on average: single words of ordinary messages have as low ones. So
confidence is averaged over RUN words, and over the whole channel. The limits depend on the checkpoint (`Checkpoint`): a
larger one has a higher confidence in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from redactor.types import TimedText, Unheard

from .activity import Activity
from .language import has_another_language
from .spans import Span, overlapping, union

RUN = 4  # words over which confidence is averaged
FEWEST, BRIEF = 8, 3.0
"""Fewer words in less than BRIEF seconds of speech say little about the channel as a whole; low-confidence runs are
covered all the same. Few words in more seconds than that are themselves a sign that it was not understood."""
MOSTLY = 0.5  # share of speech that may be doubt or overlap
CROWDED = (
    0.25  # share of speech that may be overlap, of which only a part is found (45 ordinary recordings: at most 0.06)
)


@dataclass(frozen=True, slots=True)
class Floors:
    """Mean confidence of words below which they are guesses.

    Attributes:
        run: of RUN neighbouring words.
        pair: of each of two neighbouring words.
        channel: of all words of a channel.
    """

    run: float = 0.47
    channel: float = 0.77
    pair: float = 0.4


FLOORS = Floors()
"""Of a checkpoint that was not measured."""


def find_guesses(
    words: Sequence[TimedText], activity: Activity, overlaps: Sequence[Span], *, channel: int, floors: Floors
) -> tuple[Unheard, ...]:
    """The stretches of a channel that were recognised but not understood.

    Args:
        words: of the channel, in order.
        overlaps: where two people speak at once, seconds, sorted and disjoint.

    Returns:
        Stretches of kind "doubt" and "overlap"; one of kind "unclear" over the whole channel if they are most of the
            speech, if the words' mean confidence is too low, or if they are in another language.
    """
    runs = _low_confidence_runs(words, floors.run)
    runs = union((*runs, *_low_confidence_pairs(words, floors.pair)))
    guessed = _with_sentences(runs, words, (floors.run + floors.channel) / 2)
    found = [Unheard(channel, a, b, "doubt") for a, b in guessed] + [
        Unheard(channel, a, b, "overlap") for a, b in overlaps
    ]
    voices = union((*activity.speech, *activity.faint))
    spoken = sum(end - start for start, end in voices)
    both = union((*guessed, *overlaps))
    lost = sum(min(b, end) - max(a, start) for start, end in both for a, b in overlapping(voices, start, end))
    confidence = float(np.mean([word.confidence for word in words])) if words else 1.0
    crowded = sum(end - start for start, end in overlaps) > CROWDED * spoken
    if (
        crowded
        or has_another_language(word.text for word in words)
        or ((len(words) >= FEWEST or spoken >= BRIEF) and (confidence < floors.channel or lost > MOSTLY * spoken))
    ):
        return (Unheard(channel, 0.0, activity.duration, "unclear"),)
    return tuple(sorted(found, key=lambda stretch: stretch.start))


def _low_confidence_runs(words: Sequence[TimedText], floor: float) -> list[Span]:
    """From the first to the last word of runs whose mean confidence is below `floor`."""
    if not words:
        return []
    width = min(RUN, len(words))
    means = np.convolve([word.confidence for word in words], np.ones(width) / width, "valid")
    spans: list[Span] = []
    for first in np.flatnonzero(means < floor).tolist():
        run = [w for w in words[first : first + width] if w.start is not None and w.end is not None]
        # Confident words at the edges of a run are not guesses.
        while run and run[0].confidence >= floor:
            run = run[1:]
        while run and run[-1].confidence >= floor:
            run = run[:-1]
        if run:
            spans.append((min(w.start or 0.0 for w in run), max(w.end or 0.0 for w in run)))
    return union(spans)


def _low_confidence_pairs(words: Sequence[TimedText], floor: float) -> list[Span]:
    return [
        (one.start, other.end)
        for one, other in pairwise(words)
        if max(one.confidence, other.confidence) < floor and one.start is not None and other.end is not None
    ]


def _with_sentences(guessed: Sequence[Span], words: Sequence[TimedText], floor: float) -> list[Span]:
    """`guessed`, and the whole sentence of each of these stretches if the sentence's mean confidence is below `floor`.

    Of an invented sentence only parts are improbable.
    """
    spans, sentence = list(guessed), list[TimedText]()
    for number, word in enumerate(words, 1):
        sentence.append(word)
        if number < len(words) and word.text[-1:] not in ".?!":
            continue
        timed = [w for w in sentence if w.start is not None and w.end is not None]
        if timed and sum(w.confidence for w in sentence) < floor * len(sentence):
            start, end = timed[0].start or 0.0, timed[-1].end or 0.0
            if any(a < end and b > start for a, b in guessed):
                spans.append((start, end))
        sentence = []
    return union(spans)
