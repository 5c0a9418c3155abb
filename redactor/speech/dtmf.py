"""Find the tones of a telephone's keypad (DTMF) on a channel, at any level. Which keys they are is not kept.

ITU-T Q.23 gives a key two frequencies, one of 697, 770, 852, 941 Hz and one of 1209, 1336, 1477, 1633 Hz; Q.24
specifies receivers: tones 1.5 % off are accepted and 3.5 % off rejected; 40 ms are enough, for tones and for pauses.

Every 5 ms the spectrum of 25 ms is taken. A frame may belong to a key if the highest peak of each group of frequencies
is at one of the group's own, and the two peaks hold at least half of all power in the telephone band: a ratio, so that
a tone of -80 dBFS on a line of -100 dBFS is found like a loud one. Voices have such frames as well, but few in a row,
with less of the power and gliding. So the more of the power the two tones hold, the fewer frames make a key (`SURE`);
near a certain key fewer suffice (`NEAR`). The rules were chosen on 3.5 hours of voices at 14 speeds and on tones in
noise, voices and codecs (tests/speech/test_dtmf.py has some of both).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from redactor.errors import RecognitionFailed
from redactor.types import RECOGNITION_RATE, Channel

from .spans import Span, union

LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)  # Hz, ITU-T Q.23
FRAME, HOP, SIZE = 400, 80, 512  # samples: 25 ms, 5 ms, and the transform's length
HOP_SECONDS = HOP / RECOGNITION_RATE
BLOCK_FRAMES = 2_048  # 10 s at a time: a block fits the processor's cache

BAND = (250.0, 3_500.0)  # Hz: what a telephone carries, above the harmonics of mains hum
LOW_GROUP, HIGH_GROUP = (655.0, 1_000.0), (1_150.0, 1_720.0)  # Hz
BESIDE = 2  # bins beside a peak that are its own: the window's main lobe
OFF = 0.032  # a frame's frequencies may be off by so much …
OFF_MEAN = 0.025  # … and a key's on average by so much, between the 1.5 % and the 3.5 % of Q.24
TWIST = 12.0  # dB between the two tones; telephones make up to 8, and lines add to it


class ToneLimits(NamedTuple):
    """When a run of frames is a key: at least `frames` of them have at least `share` of their power in the tones, and
    their frequencies have a relative standard deviation of at most `spread`.
    """

    share: float
    frames: int
    spread: float


SURE = (
    ToneLimits(0.9, 3, 0.02),
    ToneLimits(0.8, 5, 0.012),
    ToneLimits(0.7, 9, 0.008),
    ToneLimits(0.6, 13, 0.006),
    ToneLimits(0.5, 18, 0.005),
)
NEAR = (
    ToneLimits(0.9, 2, 0.02),
    ToneLimits(0.8, 3, 0.02),
    ToneLimits(0.7, 5, 0.012),
    ToneLimits(0.6, 8, 0.01),
    ToneLimits(0.5, 12, 0.008),
)
NEIGHBOURHOOD = 3.0  # seconds from a certain key

TAIL = 1e-3  # a tone lasts until its power has fallen by 30 dB …
TAIL_SHARE = 0.3  # … or something else holds most of it
LONGEST_TAIL = 0.5  # seconds
EDGE = 0.02  # seconds added to each side: codecs (Opus at 20 kbit/s) bend up to 15 ms of a tone's beginning


class _Frames(NamedTuple):
    """Frames that may belong to keys; `number` counts from the channel's start, `low` and `high` are relative
    deviations.
    """

    number: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]
    share: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]


def key_tones(channel: Channel) -> tuple[Span, ...]:
    """Find the tones of keys in one channel.

    Args:
        channel: 16 kHz mono of any length; read in blocks of ten seconds.

    Returns:
        Seconds from the start of each tone to its audible end; sorted and disjoint.

    Raises:
        RecognitionFailed: samples that are not numbers.
    """
    blocks = list(_candidates(channel))
    if not blocks:
        return ()
    frames = _joined(blocks)
    runs = _runs(frames)
    sure = [run for run in runs if _meets(frames, run, SURE)]
    doubtful = [run for run in runs if run not in sure and _meets(frames, run, NEAR)]
    found = [_extent(channel, frames, run) for run in sure]
    while doubtful and found:
        near = [run for run in doubtful if _distance(frames, run, found) <= NEIGHBOURHOOD]
        if not near:
            break
        doubtful = [run for run in doubtful if run not in near]
        found += [_extent(channel, frames, run) for run in near]
    return tuple(union(found))


def _joined(parts: Sequence[_Frames]) -> _Frames:
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return _Frames(*columns)


def _candidates(channel: Channel) -> Iterator[_Frames]:
    count = max(0, -(-len(channel) // HOP))
    for first in range(0, count, BLOCK_FRAMES):
        last = min(count, first + BLOCK_FRAMES)
        part = np.asarray(channel[first * HOP : (last - 1) * HOP + FRAME], np.float32)
        if not np.isfinite(part).all():
            raise RecognitionFailed("The audio contains samples that are not numbers.")
        block = np.zeros((last - first - 1) * HOP + FRAME, np.float32)
        block[: len(part)] = part
        frames = np.lib.stride_tricks.sliding_window_view(block, FRAME)[::HOP]
        # No rule is met by a single frame: every second one, and the neighbours of the possible ones, are enough.
        even = _possible(frames, np.arange(0, len(frames), 2))
        beside = np.unique(np.concatenate([even.number - 1, even.number + 1]))
        odd = _possible(frames, beside[(beside >= 0) & (beside < len(frames))])
        found = _joined((even, odd))
        order = np.argsort(found.number)
        if len(order):
            yield _Frames(
                first + found.number[order],
                found.key[order],
                found.share[order],
                found.low[order],
                found.high[order],
            )


def _possible(frames: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]) -> _Frames:
    """The frames in `rows` of a block that may belong to keys; `number` counts from the block's start."""
    least = min(rule.share for rule in (*SURE, *NEAR))
    power = _power(frames[rows])
    total = _total(power)
    highest = sum(power[:, slice(*_bins(group))].max(axis=1) for group in (LOW_GROUP, HIGH_GROUP))
    # A peak with its neighbours holds at most so many times its highest bin.
    close = np.flatnonzero((2 * BESIDE + 1) * highest >= least * total)
    rows, power, total = rows[close], power[close], total[close]
    low, low_off, low_power = _peak(power, LOW_GROUP, LOW)
    high, high_off, high_power = _peak(power, HIGH_GROUP, HIGH)
    share = (low_power + high_power) / total
    twist = np.float32(10 ** (TWIST / 10))
    at = np.flatnonzero(
        (share >= least)
        & (np.abs(low_off) <= OFF)
        & (np.abs(high_off) <= OFF)
        & (low_power <= twist * high_power)
        & (high_power <= twist * low_power)
    )
    return _Frames(rows[at], low[at] * len(HIGH) + high[at], share[at], low_off[at], high_off[at])


@lru_cache(maxsize=1)
def _window() -> npt.NDArray[np.float32]:
    return np.hanning(FRAME + 2)[1:-1].astype(np.float32)


def _power(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Power spectra of frames of samples up to the end of BAND, shape (frames, bins)."""
    spectrum = np.fft.rfft(frames * _window(), SIZE, axis=1)[:, : _bins(BAND)[1]]
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


def _bins(band: tuple[float, float]) -> tuple[int, int]:
    width = RECOGNITION_RATE / SIZE
    return round(band[0] / width), round(band[1] / width) + 1


def _total(power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    first, last = _bins(BAND)
    return np.asarray(power[:, first:last].sum(axis=1) + np.float32(1e-20))


def _peak(
    power: npt.NDArray[np.float32], group: tuple[float, float], nominal: Sequence[float]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """For each frame: the group's frequency nearest to its highest peak, the peak's deviation, its power."""
    first, last = _bins(group)
    peak = first + power[:, first:last].argmax(axis=1)
    rows = np.arange(len(power))
    # The window's main lobe is nearly a parabola in decibels.
    left, top, right = (np.log(power[rows, peak + k] + np.float32(1e-20)) for k in (-1, 0, 1))
    bend = np.minimum(left - 2 * top + right, -1e-6)
    hertz = (peak + np.clip((left - right) / (2 * bend), -0.6, 0.6)) * (RECOGNITION_RATE / SIZE)
    off = hertz[:, np.newaxis] / np.asarray(nominal) - 1
    nearest = np.abs(off).argmin(axis=1)
    own = power[rows[:, np.newaxis], peak[:, np.newaxis] + np.arange(-BESIDE, BESIDE + 1)].sum(axis=1)
    return nearest, off[rows, nearest].astype(np.float32), own


def _runs(frames: _Frames) -> list[slice]:
    """Runs of adjacent frames of one key."""
    breaks = np.flatnonzero((np.diff(frames.number) != 1) | (np.diff(frames.key) != 0)) + 1
    edges = [0, *breaks.tolist(), len(frames.number)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _meets(frames: _Frames, run: slice, rules: Sequence[ToneLimits]) -> bool:
    share = frames.share[run]
    for rule in rules:
        enough = share >= rule.share
        if np.count_nonzero(enough) < rule.frames:
            continue
        for off in (frames.low[run][enough], frames.high[run][enough]):
            if abs(float(off.mean())) > OFF_MEAN or float(off.std()) > rule.spread:
                break
        else:
            return True
    return False


def _distance(frames: _Frames, run: slice, spans: Sequence[Span]) -> float:
    """Seconds from a run to the nearest span."""
    first, last = (float(frames.number[i]) * HOP_SECONDS for i in (run.start, run.stop - 1))
    return min(max(start - last, first - end, 0.0) for start, end in spans)


def _extent(channel: Channel, frames: _Frames, run: slice) -> Span:
    """The whole tone of a key: the run's frames, and adjacent ones in which it is still audible."""
    first, last = int(frames.number[run.start]), int(frames.number[run.stop - 1])
    reach = round(LONGEST_TAIL / HOP_SECONDS)
    begin = max(0, first - reach)
    part = np.asarray(channel[begin * HOP : (last + reach) * HOP + FRAME], np.float32)
    if len(part) < FRAME:
        part = np.concatenate([part, np.zeros(FRAME - len(part), np.float32)])
    power = _power(np.lib.stride_tricks.sliding_window_view(part, FRAME)[::HOP])
    width = RECOGNITION_RATE / SIZE
    low, high = divmod(int(frames.key[run.start]), len(HIGH))
    own = np.zeros(len(power), np.float32)
    for hertz in (LOW[low], HIGH[high]):
        middle = round(hertz / width)
        own += power[:, middle - BESIDE : middle + BESIDE + 1].sum(axis=1)
    heard = (own >= TAIL * own[first - begin : last - begin + 1].max()) & (own >= TAIL_SHARE * _total(power))
    start, end = first - begin, last - begin
    while start > 0 and heard[start - 1]:
        start -= 1
    while end + 1 < len(heard) and heard[end + 1]:
        end += 1
    duration = len(channel) / RECOGNITION_RATE
    first_heard, last_heard = (begin + start) * HOP_SECONDS, (begin + end) * HOP_SECONDS + FRAME / RECOGNITION_RATE
    return max(0.0, first_heard - EDGE), min(duration, last_heard + EDGE)
