"""Replace stretches of a recording with a tone, silence or noise, so that nothing of the speech there remains.

Inside an interval every sample is new: it depends on the original only through one loudness value, rounded to whole
decibels. The soft edges (a short crossfade against clicks) lie outside the interval. All other samples are
bit-identical.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from redactor.errors import UnlocatedFinding
from redactor.types import Interval, Recording, Samples

Style = Literal["tone", "silence", "noise"]

RAMP_SECONDS = 0.008
TONE_HZ = 1_000.0
QUIETEST_DB, LOUDEST_DB = -36, -15
"""Bounds of the bleep's RMS level in dB of full scale: always audible, and a sine's peak (3 dB more) never clips."""

_CONTEXT_SECONDS = 3.0
_FRAME_SECONDS = 0.02
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class _Stretch:
    first: int
    last: int


def bleep(recording: Recording, intervals: Iterable[Interval], *, style: Style = "tone") -> Samples:
    """Return new samples with the intervals bleeped; the recording is not changed.

    Args:
        recording: samples of shape (frames, channels).
        intervals: seconds, rounded outward to whole samples and cut at the recording's ends; each applies to its own
            channel only. Overlapping intervals, and intervals whose soft edges meet, are merged.
        style: "tone" (1 kHz, as loud as the speech around), "silence", or "noise" (as loud, and the same in every run).

    Returns:
        Shape and dtype of `recording.samples`.

    Raises:
        ValueError: an interval is inverted, not finite or on a channel that does not exist: the plan is wrong.
        UnlocatedFinding: an interval is outside the recording; bleeping nothing would look like redaction.
    """
    if style not in ("tone", "silence", "noise"):
        raise ValueError(f"unknown bleep style {style!r}")
    out: Samples = np.array(recording.samples, order="C", copy=True)
    ramp = max(1, round(RAMP_SECONDS * recording.sample_rate))
    for channel, stretches in _stretches(recording, intervals, ramp).items():
        for stretch in stretches:
            level = 0.0 if style == "silence" else _level(recording, channel, stretch)
            _replace(out[:, channel], recording, stretch, ramp, style, level)
    return out


def sample_range(start: float, end: float, sample_rate: int, frames: int) -> tuple[int, int]:
    """First sample to bleep and first sample after it: rounded outward, inside 0 … frames."""
    return max(0, math.floor(start * sample_rate)), min(frames, math.ceil(end * sample_rate))


def _stretches(recording: Recording, intervals: Iterable[Interval], ramp: int) -> dict[int, list[_Stretch]]:
    by_channel: dict[int, list[tuple[int, int]]] = {}
    for interval in intervals:
        if not (math.isfinite(interval.start) and math.isfinite(interval.end) and interval.end > interval.start):
            raise ValueError("an interval has no length")
        if not 0 <= interval.channel < recording.channels:
            raise ValueError("an interval is on a channel that the recording does not have")
        first, last = sample_range(interval.start, interval.end, recording.sample_rate, recording.frames)
        if first >= last:
            raise UnlocatedFinding("An interval to bleep is outside the recording.")
        by_channel.setdefault(interval.channel, []).append((first, last))
    return {channel: list(_merge(ranges, 2 * ramp)) for channel, ranges in by_channel.items()}


def _merge(ranges: list[tuple[int, int]], gap: int) -> Iterator[_Stretch]:
    ranges.sort()
    first, last = ranges[0]
    for start, end in ranges[1:]:
        if start - last <= gap:
            last = max(last, end)
        else:
            yield _Stretch(first, last)
            first, last = start, end
    yield _Stretch(first, last)


def _full_scale(dtype: np.dtype[Any]) -> float:
    return float(-int(np.iinfo(dtype).min)) if dtype.kind == "i" else 1.0


def _level(recording: Recording, channel: int, stretch: _Stretch) -> float:
    """RMS of the surrounding speech, full scale 1: the 90th percentile of 20 ms frames, so that pauses do not count."""
    rate = recording.sample_rate
    reach = int(_CONTEXT_SECONDS * rate)
    frame = max(1, int(_FRAME_SECONDS * rate))
    # The first seconds of a long interval are enough; hours of it would tell no more.
    begin, end = max(0, stretch.first - reach), min(recording.frames, min(stretch.last, stretch.first + reach) + reach)
    around = recording.samples[begin:end, channel].astype(np.float64) / _full_scale(recording.samples.dtype)
    around = np.nan_to_num(around[: len(around) // frame * frame] if len(around) >= frame else around)
    frames = around.reshape(-1, frame) if len(around) >= frame else around[np.newaxis]
    power = np.mean(np.square(frames - frames.mean(axis=1, keepdims=True)), axis=1)
    loud = float(np.percentile(power, 90))
    decibels = 10 * math.log10(loud) if loud > 0 else QUIETEST_DB
    # Whole decibels: the bleep's loudness must not describe what was said.
    return float(10 ** (min(max(round(decibels), QUIETEST_DB), LOUDEST_DB) / 20))


def _replace(
    out: npt.NDArray[Any], recording: Recording, stretch: _Stretch, ramp: int, style: Style, level: float
) -> None:
    begin, end = max(0, stretch.first - ramp), min(len(out), stretch.last + ramp)
    generator = np.random.default_rng(stretch.first)
    scale = _full_scale(out.dtype)
    for at in range(begin, end, _BLOCK):
        index = np.arange(at, min(at + _BLOCK, end))
        fill = _fill(index, recording.sample_rate, style, level, generator)
        outside = np.maximum(
            stretch.first - index, index - stretch.last + 1
        )  # samples away from the interval, <= 0 inside
        weight = np.where(outside <= 0, 1.0, 0.5 + 0.5 * np.cos(np.pi * outside / (ramp + 1)))
        original = out[index[0] : index[-1] + 1]
        # Where the weight is 1 the original must not contribute at all: 0 x NaN would still be NaN.
        kept = np.where(outside <= 0, 0.0, np.nan_to_num(original.astype(np.float64) / scale))
        mixed = fill * weight + kept * (1.0 - weight)
        if out.dtype.kind == "i":
            original[:] = np.clip(np.rint(mixed * scale), -scale, scale - 1).astype(out.dtype)
        else:
            original[:] = mixed


def _fill(
    index: npt.NDArray[np.int64], rate: int, style: Style, level: float, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    if style == "silence":
        return np.zeros(len(index))
    if style == "noise":
        # Uniform: same loudness as Gaussian noise without its rare peaks, which would clip.
        return generator.uniform(-1.0, 1.0, len(index)) * (level * math.sqrt(3))
    hertz = min(TONE_HZ, rate / 4)
    tone: npt.NDArray[np.float64] = np.sin(2 * np.pi * hertz / rate * index) * (level * math.sqrt(2))
    return tone
