"""Doubt: how likely it is that an output still says something that its policy would have covered.

What stays audible was mostly misheard: a drug became everyday words, and nothing covers them. Recognition is less sure
of such words, they follow cues ("taking", "my name is"), stand beside something that was found, or are in no list of
everyday words. Each word that stays gets a probability from these signs, by a logistic function; words in a row of at
least `DOUBTFUL` are a stretch to listen to first, and what all words of a recording add up to is its doubt.

The weights come from `benchmarks/doubt.py`, which also measures them on recordings that they were not fitted to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from redactor.errors import TooDoubtful
from redactor.phi import follows_cue, is_everyday_word, is_function_word
from redactor.types import UNTRANSCRIBED, Plan, Transcript, WithheldStretch, Word

SECONDS = 0.5
"""A recording's doubt is the probability that more than so many seconds of a labelled span stay audible."""
DOUBTFUL = 0.1
"""Probability from which a word belongs to a stretch to listen to."""
GAP = 0.3
"""Stretches of one channel that are closer, in seconds, are one."""
LEAST_CONFIDENCE = 0.02
"""Confidences below it say nothing more."""
NEVER_NONE = 0.01
"""Seconds added to the expected ones, whose logarithm is taken."""

SIGNS = (
    "always",
    "unsure",
    "unsure before",
    "unsure after",
    "unsure content word",
    "least sure nearby",
    "not an everyday word",
    "function word",
    "figure",
    "capital inside a sentence",
    "beside a finding",
    "beside a guess",
    "after a cue",
    "unsure after a cue",
    "slow",
)
"""What is known of a word, in the order of `WEIGHTS`. "Unsure" is the negative logarithm of a confidence."""
WEIGHTS = (
    -3.636,
    1.518,
    0.812,
    0.747,
    0.273,
    0.106,
    0.595,
    -1.247,
    0.636,
    0.281,
    0.956,
    0.623,
    -0.024,
    0.246,
    0.078,
)
OF_RECORDING = (0.368, 1.888)
"""Of a recording: a constant, and the weight of the logarithm of the expected audible seconds of PHI."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


class DoubtfulStretch(NamedTuple):
    """Words that stay and may be PHI.

    start, end: seconds on a channel (of a transcript). probability: the highest of one of the words. first, last:
    numbers of the words in the transcript, first … last - 1.
    """

    channel: int
    start: float
    end: float
    probability: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """Of one recording.

    Attributes:
        probability: that more than `SECONDS` of something identifying or clinical stay audible, 0 … 1.
        stretches: where to listen first, the most doubtful first.
    """

    probability: float
    stretches: tuple[DoubtfulStretch, ...]

    def as_json(self) -> dict[str, object]:
        """For the document: seconds and probabilities to the third place."""
        return {
            "probability": round(self.probability, 3),
            "stretches": [
                {
                    "start": round(s.start, 3),
                    "end": round(s.end, 3),
                    "channel": s.channel,
                    "probability": round(s.probability, 3),
                }
                for s in self.stretches
            ],
        }


def doubt_of(plan: Plan) -> Doubt:
    """The doubt that is left in a plan.

    The confidences of transcripts made elsewhere mean something else, if there are any: they point out stretches, but
    give no probability.
    """
    expected = 0.0
    stretches: list[DoubtfulStretch] = []
    for transcript in plan.speech.transcripts:
        covered, guessed = covered_words_of(plan, transcript)
        words = word_doubts(transcript, covered, guessed)
        expected += sum(probability * _seconds(transcript.words[at]) for at, probability in words)
        stretches += _stretches(transcript, words)
    constant, weight = OF_RECORDING
    known = plan.speech.model.engine != "transcript"
    probability = _logistic(constant + weight * math.log(expected + NEVER_NONE)) if known else 0.0
    return Doubt(probability, tuple(sorted(stretches, key=lambda s: (-s.probability, s.channel, s.start))))


def accept(plan: Plan, limit: float) -> None:
    """Nothing if a plan's doubt is within a policy's limit. Checkpoints for demonstrations are not judged: their
    confidences mean something else.

    Raises:
        TooDoubtful: with the stretches in which the doubt is.
    """
    if limit >= 1 or plan.speech.model.synthetic_only:
        return
    doubt = doubt_of(plan)
    if doubt.probability > limit:
        places = (WithheldStretch(s.channel, s.start, s.end, "guess") for s in doubt.stretches)
        raise TooDoubtful("Too many words that stay audible may be misheard.", stretches=places)


def word_doubts(transcript: Transcript, covered: frozenset[int], guessed: frozenset[int]) -> list[tuple[int, float]]:
    """Number and probability of each word that is in none of the sets."""
    rows = signs(transcript, covered, guessed)
    return [(at, _logistic(sum(w * x for w, x in zip(WEIGHTS, row, strict=True)))) for at, row in rows]


def signs(
    transcript: Transcript, covered: frozenset[int], guessed: frozenset[int]
) -> list[tuple[int, tuple[float, ...]]]:
    """`SIGNS` of each word that stays, with its number.

    Args:
        covered: numbers of the words that a finding covers.
        guessed: of those that are covered because they are guesses.
    """
    words = transcript.words
    lower = [(m.group().lower() if (m := _WORD.search(word.text)) else "") for word in words]
    unsure = [
        -math.log(max(LEAST_CONFIDENCE, word.confidence)) if said else 0.0
        for word, said in zip(words, lower, strict=True)
    ]
    found: list[tuple[int, tuple[float, ...]]] = []
    for at, word in enumerate(words):
        if at in covered or at in guessed:
            continue
        function = is_function_word(lower[at])
        cue = float(
            follows_cue(" ".join(lower[max(0, at - 6) : at]))
            or follows_cue(" ".join(lower[max(0, at - 7) : max(0, at - 1)]))
        )
        near = unsure[max(0, at - 2) : at + 3]
        row = (
            1.0,
            unsure[at],
            unsure[at - 1] if at else 0.0,
            unsure[at + 1] if at + 1 < len(words) else 0.0,
            0.0 if function else unsure[at],
            max(near),
            float(lower[at].isalpha() and not is_everyday_word(lower[at])),
            float(function),
            float(any(c.isdigit() for c in word.text)),
            float(
                word.text[:1].isupper()
                and at > 0
                and words[at - 1].text[-1:] not in ".?!"
                and lower[at] not in ("i", "i'm")
            ),
            float(at - 1 in covered or at + 1 in covered),
            float(at - 1 in guessed or at + 1 in guessed),
            cue,
            cue * unsure[at],
            math.log(max(0.02, _seconds(word)) / (len(word.text) + 1) / 0.06),
        )
        found.append((at, row))
    return found


def covered_words_of(plan: Plan, transcript: Transcript) -> tuple[frozenset[int], frozenset[int]]:
    """Numbers of the words that findings cover, and of those that are covered as guesses."""
    covered: set[int] = set()
    guessed: set[int] = set()
    for cover in plan.covers:
        if cover.channel == transcript.channel:
            (guessed if cover.label == UNTRANSCRIBED else covered).update(range(cover.first, cover.last))
    return frozenset(covered), frozenset(guessed)


def _stretches(transcript: Transcript, words: Iterable[tuple[int, float]]) -> list[DoubtfulStretch]:
    """The doubtful ones of the words (number, probability), joined where the gap is short."""
    found: list[DoubtfulStretch] = []
    for at, probability in words:
        word = transcript.words[at]
        if probability < DOUBTFUL or word.start is None or word.end is None:
            continue
        if found and word.start - found[-1].end < GAP:
            last = found.pop()
            joined = last._replace(end=word.end, last=at + 1, probability=max(last.probability, probability))
            found.append(joined)
        else:
            found.append(DoubtfulStretch(transcript.channel, word.start, word.end, probability, at, at + 1))
    return found


def _seconds(word: Word) -> float:
    return max(0.0, (word.end or 0.0) - (word.start or 0.0))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, x))))
