"""A check of the samples that the bleeps are where they were planned, and nowhere else.

    altered   outside the bleeps, the output must sound like the original: a misplaced bleep turns speech into one loud
        band
    exposed   inside them, no part may: a misplaced bleep leaves a part audible that it should cover

Levels in a few bands of the telephone range are compared every 50 ms, not waveforms: codecs change the second much and
the first little. On sample_audio/ (PCM, A- and mu-law, GSM, AMR, MP3, AAC, Opus) kept sound differs by at most 5 dB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from redactor.render.verify import resembles
from redactor.types import Interval, Recording

HOP = 0.05
"""Seconds from one level to the next; each is taken over twice as long."""
BANDS = (200, 450, 700, 900, 1100, 1400, 1800, 2300, 3000)
"""Hz: edges of the bands. One contains only a bleep's tone; low bit rates keep nothing above the last."""
TONE = 3
FLOOR = 25.0
"""dB below the loud parts of the recording: anything fainter counts as silence, which codecs change freely."""
CHANGED = 8.0
"""dB by which a band of kept sound must differ, in at least LEAST_CHANGED consecutive levels."""
LEAST_CHANGED = 3
ALIKE = 6.0
"""dB within which every band must be, in at least LEAST_ALIKE consecutive levels, for a closer check."""
LEAST_ALIKE = 3
EDGE = 0.06
"""Seconds beside a bleep that are ignored: soft edges, and smearing by codecs."""

Levels = npt.NDArray[np.float64]


def band_levels(original: Recording, output: Recording) -> list[tuple[Levels, Levels]]:
    """What `altered` and `exposed` compare, a pair for each channel; [] if the two recordings differ in sample rate or
    channels.
    """
    if output.sample_rate != original.sample_rate or output.channels != original.channels:
        return []
    return [_comparable(original, output, channel) for channel in range(original.channels)]


def altered(
    original: Recording,
    output: Recording,
    intervals: Iterable[Interval],
    *,
    levels: Sequence[tuple[Levels, Levels]] | None = None,
) -> list[Interval]:
    """The stretches outside `intervals` in which the output is not what the original was.

    `levels`: what `band_levels` gave for the two, where it is known already; here and in `exposed`.

    Everything, if the two recordings differ in sample rate or channels.
    """
    if output.sample_rate != original.sample_rate or output.channels != original.channels:
        return [Interval(c, 0.0, original.duration, ()) for c in range(original.channels)]
    given = list(intervals)
    out: list[Interval] = []
    for channel, (before, after) in enumerate(levels or band_levels(original, output)):
        high, low = _around(before)
        changed = np.maximum(after - high, low - after).max(axis=1, initial=0.0) > CHANGED
        for interval in given:
            if interval.channel == channel:
                first, last = interval.start - EDGE - 2 * HOP, interval.end + EDGE
                changed[max(0, int(np.ceil(first / HOP))) : max(0, int(last / HOP) + 1)] = False
        out += [Interval(channel, a, b, ()) for a, b in _runs(changed, LEAST_CHANGED)]
    return out


def exposed(
    original: Recording,
    output: Recording,
    intervals: Iterable[Interval],
    *,
    levels: Sequence[tuple[Levels, Levels]] | None = None,
) -> list[Interval]:
    """The parts of `intervals` in which the output still is the original: alike in every band, and in its waveform.

    Nothing, if the two recordings differ in sample rate or channels (`still_audible` then returns all intervals).
    """
    if output.sample_rate != original.sample_rate or output.channels != original.channels:
        return []
    out: list[Interval] = []
    levels = levels or band_levels(original, output)
    for interval in intervals:
        before, after = levels[interval.channel]
        first, last = int(np.ceil(interval.start / HOP)), int(interval.end / HOP) - 1
        before, after = before[first:last], after[first:last]
        if not len(before):
            continue
        high, low = _around(before)
        floor = before.min()
        loud = np.delete(before, TONE, axis=1).max(axis=1) > floor  # a bare beep is not speech
        alike = loud & (np.maximum(after - high, low - after).max(axis=1) < ALIKE)
        for a, b in _runs(alike, LEAST_ALIKE):
            start, end = interval.start + a, min(interval.end, interval.start + b)
            if resembles(original, output, interval.channel, start, end):
                out.append(Interval(interval.channel, start, end, interval.labels))
    return out


def _comparable(original: Recording, output: Recording, channel: int) -> tuple[Levels, Levels]:
    """Levels of both, equally many, raised to the floor where they are below it."""
    before, after = _levels(original, channel), _levels(output, channel)
    n = min(len(before), len(after))
    floor = float(np.percentile(before.max(axis=1), 95)) - FLOOR if n else 0.0
    return np.maximum(before[:n], floor), np.maximum(after[:n], floor)


def _levels(recording: Recording, channel: int) -> Levels:
    """Decibels in each band, one row every HOP seconds; shape (rows, bands)."""
    rate = recording.sample_rate
    hop = round(HOP * rate)
    samples = recording.samples[:, channel]
    rows = max(0, len(samples) // hop - 1)
    scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "i" else 1.0
    window = np.hanning(2 * hop).astype(np.float32)
    hertz = np.fft.rfftfreq(2 * hop, 1 / rate)
    inside = np.stack([(hertz >= low) & (hertz < high) for low, high in pairwise(BANDS)], axis=1).astype(np.float32)
    out = np.full((rows, len(BANDS) - 1), -120.0)
    for first in range(0, rows, 1024):  # no second copy in memory of hours of audio
        last = min(rows, first + 1024)
        part = np.nan_to_num(
            samples[first * hop : (last + 1) * hop].astype(np.float32) / np.float32(scale), posinf=0.0, neginf=0.0
        )
        frames = np.lib.stride_tricks.sliding_window_view(part, 2 * hop)[::hop]
        power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
        out[first:last] = 10 * np.log10(power @ inside + 1e-12)
    return out


def _around(levels: Levels) -> tuple[Levels, Levels]:
    """The highest and lowest of each row and its neighbours: decoders may leave a codec's delay in."""
    high, low = levels.copy(), levels.copy()
    high[1:], low[1:] = np.maximum(high[1:], levels[:-1]), np.minimum(low[1:], levels[:-1])
    high[:-1], low[:-1] = np.maximum(high[:-1], levels[1:]), np.minimum(low[:-1], levels[1:])
    return high, low


def _runs(rows: npt.NDArray[np.bool_], least: int) -> list[tuple[float, float]]:
    """Start and end in seconds of the runs of at least `least` rows."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], rows, [False])).astype(np.int8)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(a * HOP, (b + 1) * HOP) for a, b in pairs if b - a >= least]
