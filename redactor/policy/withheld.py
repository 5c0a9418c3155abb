"""Where in a withheld recording a person should listen: times alone, never words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from redactor.types import Unheard, WithheldStretch, Word

TOGETHER = 1.0
"""Seconds: stretches of guessed words that are no further apart are listened to in one go."""


def stretches_of(unheard: Iterable[Unheard], duration: float) -> tuple[WithheldStretch, ...]:
    """The stretches of sound that was not understood, in the order of a listener, within the recording.

    Args:
        duration: of the recording, seconds.
    """
    found = []
    for u in unheard:
        if not math.isfinite(u.start + u.end):  # malformed times say nothing
            continue
        start, end = (min(max(0.0, t), duration) for t in sorted((u.start, u.end)))
        found.append(WithheldStretch(u.channel, start, end, u.kind))
    return tuple(sorted(set(found), key=lambda s: (s.start, s.channel, s.end, s.kind)))


def guessed_stretches(words: Sequence[Word], channel: int) -> tuple[WithheldStretch, ...]:
    """Where words of a channel were guessed; neighbours within `TOGETHER` are one stretch. Words without a time are
    left out.
    """
    spans: list[tuple[float, float]] = []
    for start, end in sorted((w.start, w.end) for w in words if w.start is not None and w.end is not None):
        if spans and start - spans[-1][1] <= TOGETHER:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return tuple(WithheldStretch(channel, start, end, "guess") for start, end in spans)
