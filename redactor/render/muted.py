"""The redacted audio for a second reading, with silence instead of bleeps.

A recogniser would search for words in a tone, which takes time. Only an actual tone (or silence, in that style) is
muted: where a bleep is missing or misplaced, the second reading gets the original.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from redactor.types import Interval, Recording, Samples

FRAME = 0.02
"""Seconds."""
PURE = 0.7
"""Share of a frame's power that its tone has, after any codec."""
QUIET = 10 ** (-60 / 20)
"""RMS of full scale below which sound is silence."""
BRIDGED = 2
"""Frames between tones that a codec may have spoiled."""


def muted(output: Recording, intervals: Iterable[Interval], *, style: str = "tone") -> tuple[Recording, list[Interval]]:
    """The output with its bleeps silenced, and their positions: parts of `intervals`.

    `style` "noise": nothing distinguishes a bleep from speech that it left uncovered, so the planned intervals are
    taken as bleeps.
    """
    rate = output.sample_rate
    size = max(1, round(FRAME * rate))
    samples: Samples = output.samples.copy()
    bleeps: list[Interval] = []
    for interval in intervals:
        first, last = round(interval.start * rate), min(output.frames, round(interval.end * rate))
        part = samples[first:last, interval.channel]
        if style == "noise" or len(part) < size:
            runs = [(0, len(part))]
        else:
            runs = _runs(_bleeped(part, size, rate, style), size, len(part))
        for a, b in runs:
            part[a:b] = 0
            bleeps.append(replace(interval, start=(first + a) / rate, end=(first + b) / rate))
    return replace(output, samples=samples), bleeps


def _bleeped(part: Samples, size: int, rate: int, style: str) -> npt.NDArray[np.bool_]:
    """The whole frames of a stretch that are tone, or silence in that style (in the other, a pause is no bleep)."""
    scale = float(np.iinfo(part.dtype).max) if part.dtype.kind == "i" else 1.0
    frames = np.nan_to_num(part[: len(part) // size * size].astype(np.float64) / scale).reshape(-1, size)
    power = np.mean(frames**2, axis=1)
    turns = np.exp(-2j * np.pi * min(1_000.0, rate / 4) / rate * np.arange(size))
    tone = 2 * np.abs(frames @ turns / size) ** 2
    return np.asarray(power < QUIET**2 if style == "silence" else (tone > PURE * power) & (power > 0))


def _runs(frames: npt.NDArray[np.bool_], size: int, length: int) -> list[tuple[int, int]]:
    """Samples from … to of the runs of frames, bridged; the scrap behind the last whole frame goes with it."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], frames, [False])).astype(np.int8)))
    out: list[tuple[int, int]] = []
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if out and a * size - out[-1][1] <= BRIDGED * size:
            out[-1] = (out[-1][0], b * size)
        else:
            out.append((0 if a <= BRIDGED else a * size, b * size))
    if out and length - out[-1][1] <= (BRIDGED + 1) * size:
        out[-1] = (out[-1][0], length)
    return [(a, b) for a, b in out if b - a > BRIDGED * size]
