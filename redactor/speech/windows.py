"""Activity → windows: stretches that are short enough for the model, cut at pauses.

The active stretches of a channel, with the pauses between them, are grouped by dynamic programming: every window fits
`max_window`, and the sum of a constant cost for each window and a cost for each cut, high for short pauses, is minimal.
A stretch longer than a window without a pause is cut where the level drops longest, or else at its quietest point; both
windows then share the sound around the cut, so that a word at the cut is complete in at least one of them
(`Window.keep_from`, `recognize.join`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redactor.types import RECOGNITION_RATE, Channel, Mono

from .activity import FRAME_SECONDS, Activity, Levels, Region
from .spans import overlapping, subtract

MARGIN = 0.3  # seconds of the pause kept before and after: soft onsets, and models recognise a clip's first sound badly
OVERLAP = 1.2  # seconds shared by two windows that meet inside continuous speech: longer than almost any word
LEVEL_PAUSE = 0.16  # seconds below the level of sound inside speech: probably between words
LEVEL_PAUSE_OVERLAP = 0.2  # seconds shared beyond such a pause, 0.1 each side
LONGEST_PAUSE = 2.0  # seconds: longer pauses end a window (Whisper invents text in long silences)
LONE_SOUND = 1.0  # seconds: ringing, beeps and music of this length get windows of their own
WINDOW_COST = 2.0
LEVEL_PAUSE_COST = 3.0
FORCED_COST = 30.0


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one channel to recognise: seconds on the recording's clock.

    Attributes:
        keep_from, keep_to: words whose middle is outside belong to the neighbouring window; start and end of the window
            except where two windows overlap.
        speech: whether it has speech to the voice detector.
        gain: factor that makes faint speech as loud as ordinary speech.
    """

    start: float
    end: float
    keep_from: float
    keep_to: float
    speech: bool
    gain: float = 1.0

    def of(self, channel: Channel) -> Mono:
        """Its samples, amplified."""
        samples: Mono = channel[round(self.start * RECOGNITION_RATE) : round(self.end * RECOGNITION_RATE)]
        return samples if self.gain == 1.0 else np.clip(samples * np.float32(self.gain), -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Activity that is not cut further.

    `shared`: seconds on each side that two windows share if they meet at its start; 0: there is a pause before it.
    `cost`: added to the cost of a cut before it.
    """

    start: float
    end: float
    speech: bool
    shared: float = 0.0
    cost: float = 0.0

    @property
    def lone_sound(self) -> bool:
        return not self.speech and self.end - self.start >= LONE_SOUND


def plan_windows(
    activity: Activity, *, max_window: float, regions: Sequence[Region] | None = None
) -> tuple[Window, ...]:
    """Group a channel's activity into windows.

    Args:
        max_window: longest window, seconds, 2 … 30.
        regions: what to cover, by default all activity; sorted and disjoint.

    Returns:
        Windows in time order; together they cover every region. Only windows that meet inside continuous speech, or in
        the pause between two words, overlap.
    """
    if not 2 <= max_window <= 30:
        raise ValueError("max_window must be 2 … 30 seconds")
    longest = max_window - OVERLAP
    pieces: list[_Piece] = []
    for region in activity.active if regions is None else regions:
        pieces += _divide(region, activity, longest)
    return tuple(_window(pieces, a, b, activity) for a, b in _group(pieces, activity.duration, max_window))


def _divide(region: Region, activity: Activity, longest: float) -> list[_Piece]:
    """Cut a region until each piece is at most `longest` seconds."""
    pieces: list[_Piece] = []
    start, shared, cost = region.start, 0.0, 0.0
    while region.end - start > longest:
        # Never in the first half, so that windows stay long, and never so late that only a scrap remains.
        low = start + longest / 2
        high = max(low + FRAME_SECONDS, min(start + longest, region.end - 1.0))
        gaps = subtract([(low, high)], overlapping(activity.sound, low, high))
        gap_start, gap_end = max(gaps, key=lambda gap: gap[1] - gap[0], default=(low, low))
        if gap_end - gap_start >= LEVEL_PAUSE:
            cut = (gap_start + gap_end) / 2
            next_shared, next_cost = (gap_end - gap_start + LEVEL_PAUSE_OVERLAP) / 2, LEVEL_PAUSE_COST
        else:
            cut = _quietest(activity.level, low, high)
            next_shared, next_cost = OVERLAP / 2, FORCED_COST
        pieces.append(_Piece(start, cut, region.speech, shared, cost))
        start, shared, cost = cut, min(next_shared, OVERLAP / 2), next_cost
    pieces.append(_Piece(start, region.end, region.speech, shared, cost))
    return pieces


def _quietest(level: Levels, low: float, high: float) -> float:
    first, last = int(low / FRAME_SECONDS), max(int(low / FRAME_SECONDS) + 1, int(high / FRAME_SECONDS))
    # About 100 ms, the length of a stop consonant's closure: a single quiet frame may be inside a vowel.
    padded = np.pad(level[first:last], 1, mode="edge")
    smooth = np.convolve(10 ** (padded / 10), np.ones(3), mode="valid")
    return (first + int(np.argmin(smooth)) + 0.5) * FRAME_SECONDS


def _edges(pieces: Sequence[_Piece], first: int, last: int, duration: float) -> tuple[float, float]:
    """Start and end of the window of pieces first … last (inclusive): margins end where the neighbour begins."""
    if pieces[first].shared:
        start = max(0.0, pieces[first].start - pieces[first].shared)
    else:
        start = max(pieces[first].start - MARGIN, pieces[first - 1].end if first else 0.0)
    if last + 1 < len(pieces) and pieces[last + 1].shared:
        end = min(duration, pieces[last].end + pieces[last + 1].shared)
    else:
        end = min(pieces[last].end + MARGIN, pieces[last + 1].start if last + 1 < len(pieces) else duration)
    return start, end


def _cut_cost(before: _Piece, after: _Piece) -> float:
    """The cost of a cut between two neighbours."""
    return after.cost if after.shared else 1.0 / (after.start - before.end + 0.05)


def _must_cut(before: _Piece, after: _Piece) -> bool:
    if after.shared:
        return False
    return after.start - before.end > LONGEST_PAUSE or before.lone_sound != after.lone_sound


def _group(pieces: Sequence[_Piece], duration: float, max_window: float) -> list[tuple[int, int]]:
    """The cheapest grouping, as (first, last) piece of each window."""
    best: list[float] = [0.0]
    back: list[int] = [0]
    for last in range(len(pieces)):
        lowest, origin = float("inf"), last
        for first in range(last, -1, -1):
            if first < last and _must_cut(pieces[first], pieces[first + 1]):
                break
            start, end = _edges(pieces, first, last, duration)
            # A single piece always fits, thanks to _divide.
            if first < last and end - start > max_window:
                break
            cost = best[first] + WINDOW_COST + (_cut_cost(pieces[first - 1], pieces[first]) if first else 0.0)
            if cost < lowest:
                lowest, origin = cost, first
        best.append(lowest)
        back.append(origin)
    groups: list[tuple[int, int]] = []
    last = len(pieces)
    while last:
        groups.append((back[last], last - 1))
        last = back[last]
    return groups[::-1]


def _window(pieces: Sequence[_Piece], first: int, last: int, activity: Activity) -> Window:
    start, end = _edges(pieces, first, last, activity.duration)
    shared_end = last + 1 < len(pieces) and pieces[last + 1].shared
    return Window(
        start,
        end,
        pieces[first].start if pieces[first].shared else start,
        pieces[last].end if shared_end else end,
        any(piece.speech for piece in pieces[first : last + 1]),
        activity.gain(pieces[first].start, pieces[last].end),
    )
