"""The quality gate: which decoded windows are accepted, and which are decoded again in the full context.

Thresholds are Whisper's own (Radford et al. 2022, section 4.5), plus two signs of a loop for short windows, where the
compression ratio shows none: the search reached its token limit, or ended by repeating a few words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

COMPRESSION_RATIO = 2.4
LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
SURE = -0.5
"""Mean log probability from which a greedy text is accepted without a wider search."""
LONGEST_LOOP = 12  # tokens of the phrase that is repeated
FEWEST_REPEATS = 4
SHORTEST_LOOP = 8  # tokens in all: "five five five five" is a number, not a loop
LONG_LOOP = 20
"""Tokens of a loop that the search got out of; what follows one is seldom where it should be."""


class DecodedWindow(NamedTuple):
    """The result of one search for a window.

    Attributes:
        tokens: of the text, without time tokens.
        log_probability: mean over the tokens and the end of text.
        no_speech: probability of "nothing said".
        compression: of the text's bytes by zlib; 1 for no text.
        ended: False if the search ran into its token limit.
    """

    tokens: tuple[int, ...]
    log_probability: float
    no_speech: float
    compression: float
    ended: bool


def loops(tokens: Sequence[int]) -> bool:
    """Whether one phrase is repeated over and over: to the end of the text, or LONG_LOOP tokens long inside it."""
    for length in range(1, LONGEST_LOOP + 1):
        same = 0  # tokens up to here that equal the ones `length` before
        for at in range(length, len(tokens)):
            same = same + 1 if tokens[at] == tokens[at - length] else 0
            if same + length >= max(LONG_LOOP, FEWEST_REPEATS * length):
                return True
        if same + length >= max(SHORTEST_LOOP, FEWEST_REPEATS * length):
            return True
    return False


def is_accepted(found: DecodedWindow) -> bool:
    """Whether a search's result is accepted.

    An improbable text that the model itself rates as "nothing said" is accepted: decoding again would only invent
    another one.
    """
    if not found.ended or found.compression > COMPRESSION_RATIO or loops(found.tokens):
        return found.log_probability < LOG_PROBABILITY and found.no_speech > NO_SPEECH
    return found.log_probability >= LOG_PROBABILITY or found.no_speech > NO_SPEECH


def is_confident(found: DecodedWindow) -> bool:
    """Whether a greedy result is so probable that a wider search would hardly find another text."""
    return is_accepted(found) and found.log_probability >= SURE


def best(tries: Sequence[DecodedWindow]) -> DecodedWindow:
    """The most probable of several doubtful results, those without repetition first."""
    calm = [t for t in tries if t.ended and t.compression <= COMPRESSION_RATIO and not loops(t.tokens)]
    return max(calm or tries, key=lambda t: t.log_probability)
