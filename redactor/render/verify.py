"""Proof, after the fact, on the very bytes that will be saved.

`still_audible` looks at samples, always: what lies in a bleeped stretch of the decoded output must owe nothing to the original.
`leaks` looks at words, on request: the output is recognised and searched again, and any hit outside the bleeps counts.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from redactor.types import Action, Decision, Interval, Plan, Recording, Samples

EDGE = 0.03
"""Seconds left out at each edge of a bleep: lossy codecs smear a little across it (an MP3 frame at 8 kHz is 72 ms, half its
window 36 ms), and the ramp begins there."""
LIKENESS = 0.35
"""Largest allowed correlation of bleep and original at any lag: tones against voiced speech reach about 0.25 by chance."""
LAG = 0.06
"""Seconds of lag searched either way: longer than any codec delay that decoders fail to trim."""


def still_audible(original: Recording, output: Recording, intervals: Iterable[Interval]) -> list[Interval]:
    """The intervals in which the output still resembles the original: normalised cross-correlation above `LIKENESS`.

    Intervals that are silent in the original, or too short to judge (under 0.1 s), hold nothing to compare and pass.
    """
    out: list[Interval] = []
    rate = original.sample_rate
    for interval in intervals:
        a, b = round((interval.start + EDGE) * rate), round((interval.end - EDGE) * rate)
        if b - a < 0.1 * rate or interval.channel >= output.channels:
            continue
        before = _float(original.samples[a:b, interval.channel])
        low, high = max(0, a - round(LAG * rate)), min(output.frames, b + round(LAG * rate))
        after = _float(output.samples[low:high, interval.channel])
        if len(after) < len(before) or np.sqrt(np.mean(before**2)) < 1e-3:
            continue
        if _likeness(before, after) > LIKENESS:
            out.append(interval)
    return out


def _likeness(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float:
    """Largest |normalised cross-correlation| of `before` slid along the longer `after`, by FFT."""
    n = len(before)
    before = before - before.mean()
    size = 1 << (len(after) + n - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(after, size) * np.conj(np.fft.rfft(before, size)), size)[: len(after) - n + 1]
    total = np.concatenate(([0.0], np.cumsum(after)))
    squares = np.concatenate(([0.0], np.cumsum(after**2)))
    mean = (total[n:] - total[:-n]) / n
    power = np.maximum((squares[n:] - squares[:-n]) - n * mean**2, 1e-12)
    return float(np.max(np.abs(product) / np.sqrt(power * np.sum(before**2) + 1e-12)))


def _float(samples: Samples) -> npt.NDArray[np.float64]:
    scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "i" else 1.0
    return samples.astype(np.float64) / scale


def leaks(plan: Plan, again: Plan, *, tolerance: float = 0.15) -> list[Decision]:
    """Findings to be redacted in the second reading (`again`) that are not inside the first reading's bleeps.

    A recogniser may hear words in a tone; a finding that lies wholly inside bleeps (give or take `tolerance` seconds at its
    edges) can hold nothing of the original and is passed over.
    """
    out: list[Decision] = []
    for decision in again.decisions:
        if decision.action is not Action.REDACT:
            continue
        mine = [i for i in plan.intervals if i.channel == decision.finding.channel]
        open_seconds = (decision.end - decision.start) - sum(
            max(0.0, min(decision.end, i.end) - max(decision.start, i.start)) for i in mine
        )
        if open_seconds > tolerance:
            out.append(decision)
    return out
