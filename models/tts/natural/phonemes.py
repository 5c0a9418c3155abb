"""Word times from the synthesiser's own durations of each phoneme, matched to the tokens with the help of the forced
alignment.

The durations are exact but belong to phonemes, and espeak-ng joins some words ("of the") and splits others; the
alignment refers to words but is off by some tens of milliseconds. Together they give each word the edges of its
phonemes. All functions are pure functions on numbers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import alignment
from .alignment import HOP, Times, monotone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.tts.speech import Samples

PAUSES = frozenset(' ,.?!;:—…"“”()^$')
STRESS = "ˈˌː"
UNEQUAL = 0.2  # s, added for each word that a match joins or splits
JOINED = 3  # words in one group, or groups in one word, at most
DISAGREE = 0.13  # s, median difference from the alignment above which the match is not believed
LATE = 0.25  # s, the largest shift between the phonemes' clock and the sound's


class Group(NamedTuple):
    """Phonemes between two pauses or blanks: start and end in seconds, and the inner edges."""

    start: float
    end: float
    edges: tuple[float, ...] = ()


def grouped(phonemes: Sequence[tuple[str, float, float]]) -> list[Group]:
    """One group for each word as it was read, from (symbol, start, end) in seconds."""
    groups: list[list[tuple[float, float]]] = [[]]
    for symbol, start, end in phonemes:
        if symbol in PAUSES:
            groups.append([])
        elif end > start:
            groups[-1].append((start, end))
    return [Group(g[0][0], g[-1][1], tuple(a for a, _ in g[1:])) for g in groups if g]


def matched(words: Sequence[Times], groups: Sequence[Group]) -> list[tuple[int, int, int, int]]:
    """(first word, stop, first group, stop) in order: the cheapest way to give all groups to all words."""
    if len(words) == len(groups):
        apart = [abs(w[0] - g.start) + abs(w[1] - g.end) for w, g in zip(words, groups, strict=True)]
        if np.mean(apart) / 2 < DISAGREE:
            return [(k, k + 1, k, k + 1) for k in range(len(words))]
    cost = np.full((len(words) + 1, len(groups) + 1), np.inf)
    cost[0, 0] = 0
    back: dict[tuple[int, int], tuple[int, int]] = {}
    steps = [(1, n) for n in range(1, JOINED + 1)] + [(n, 1) for n in range(2, JOINED + 1)]
    for i in range(len(words) + 1):
        for j in range(len(groups) + 1):
            for a, b in steps:
                if i >= a and j >= b and np.isfinite(cost[i - a, j - b]):
                    apart = abs(words[i - a][0] - groups[j - b].start) + abs(words[i - 1][1] - groups[j - 1].end)
                    total = cost[i - a, j - b] + apart + UNEQUAL * (a + b - 2)
                    if total < cost[i, j]:
                        cost[i, j], back[i, j] = total, (a, b)
    if not np.isfinite(cost[-1, -1]):
        return []
    out, i, j = [], len(words), len(groups)
    while i:
        a, b = back[i, j]
        out.append((i - a, i, j - b, j))
        i, j = i - a, j - b
    return out[::-1]


def shift(groups: Sequence[Group], silent: Sequence[Times], words: Sequence[Times]) -> float:
    """Seconds to add to the phonemes' clock: where sound begins after a pause a group begins as well."""
    rough = float(np.median([w[0] for w in words]) - np.median([g.start for g in groups])) if words and groups else 0.0
    if silent and silent[0][0] == 0:
        rough = silent[0][1] - groups[0].start
    elif groups:
        rough = -groups[0].start
    starts = np.array([group.start for group in groups])
    found = []
    for _, onset in silent:
        nearest = float(np.abs(starts + rough - onset).min())
        if nearest < 0.12:
            found.append(onset - starts[int(np.abs(starts + rough - onset).argmin())])
    return float(np.median(found)) if found else rough


def exact(words: Sequence[Times], phonemes: Sequence[tuple[str, float, float]], samples: Samples) -> list[Times] | None:
    """Better times for the aligned words, in seconds; None where phonemes and words do not fit each other.

    samples: the clean sound at alignment.RATE. Between two words without a pause the boundary is the middle of the
        blank.
    """
    groups = grouped(phonemes)
    if not groups or not words:
        return None
    silent = alignment.pauses(alignment.loudness(samples))
    late = shift(groups, silent, words)
    groups = [Group(g.start + late, g.end + late, tuple(e + late for e in g.edges)) for g in groups]
    times: list[Times] = []
    for first, stop, a, b in matched(words, groups):
        start, end = groups[a].start, groups[b - 1].end
        inner = [words[k][0] for k in range(first + 1, stop)]
        cuts = [min(groups[a].edges, key=lambda e: abs(e - t), default=t) for t in inner]
        bounds = [start, *sorted(cuts), end]
        times += list(pairwise(bounds))
    if len(times) != len(words):
        return None
    apart = [abs(t[0] - w[0]) + abs(t[1] - w[1]) for t, w in zip(times, words, strict=True)]
    if np.median(apart) / 2 > DISAGREE:
        return None
    return monotone(_without_silence(times, silent), len(samples) / alignment.RATE)


def _without_silence(times: Sequence[Times], silent: Sequence[Times]) -> list[Times]:
    """Blanks between words are halved, and pauses taken off both edges."""
    starts, ends = [t[0] for t in times], [t[1] for t in times]
    for k in range(len(times) - 1):
        gap = (ends[k], starts[k + 1])
        pause = max(
            (p for p in silent if p[0] < gap[1] + 0.05 and p[1] > gap[0] - 0.05),
            key=lambda p: p[1] - p[0],
            default=None,
        )
        if pause is None or pause[1] - pause[0] < 3 * HOP:
            ends[k] = starts[k + 1] = (gap[0] + gap[1]) / 2
        else:
            # A word that is too quiet to be distinguished from the pause keeps its phonemes' edge.
            if pause[0] > (starts[k] + ends[k]) / 2:
                ends[k] = pause[0]
            if pause[1] < (starts[k + 1] + ends[k + 1]) / 2:
                starts[k + 1] = pause[1]
    if silent and silent[0][0] == 0:
        starts[0] = min(silent[0][1], ends[0])
    else:
        starts[0] = min(starts[0], 0.0) if starts[0] < 0.05 else starts[0]
    if silent and silent[-1][1] >= ends[-1] and silent[-1][0] > starts[-1]:
        ends[-1] = silent[-1][0]
    return [(max(a, 0.0), b) for a, b in zip(starts, ends, strict=True)]
