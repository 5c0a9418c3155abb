"""A check of the bytes that will be saved: no bleeped stretch of the decoded output may resemble the original.
`altered` checks where the bleeps are, `second_reading` what can be heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from redactor.types import Interval, Recording, Samples

EDGE = 0.05
"""Seconds ignored at each edge of a bleep, at most a quarter of it: lossy codecs smear across edges (an MP3 frame at 8
kHz lasts 72 ms, half its window 36 ms)."""
SHORTEST = 0.08
"""Seconds: nobody understands a syllable in a shorter bleep, and there is too little to compare."""
LIKENESS = 0.5
FAINT = 0.03
"""A bleep fails if it correlates with the original by more than LIKENESS and has more than FAINT (-30 dB) of its
level.

Measured on sample_audio/ with bleeps of 0.08 … 1 s, in PCM, u-law, MP3 and Vorbis, as tone, noise and silence: 5 false
alarms in 2,964 bleeps, all in MP3 and at most 0.14 s long. Untouched: found in 1,740 of 1,745 stretches; the 5 hold a
bare 1 kHz beep, no speech. Inverted, 20 dB fainter or shifted by 50 ms (PCM, u-law, MP3, Opus, GSM): 525 of 527 each.
20 dB under a tone: all in PCM, 97 % in u-law, 98 % in MP3, but 64 % in Opus and 29 % in GSM, which keep little of such
speech. Under noise as loud as itself speech is found in long bleeps only."""
LAG = 0.06
"""Seconds of lag searched either way: longer than any codec delay that decoders fail to trim."""
TONE_HZ = 1_000.0
"""The bleep's own tone, removed before comparing, so that speech under a tone is found, and a voicemail's beep not."""


def still_audible(original: Recording, output: Recording, intervals: Iterable[Interval]) -> list[Interval]:
    """The intervals in which the output still resembles the original.

    The inside of each bleep, without tone, is slid along the original around it; an inverted, fainter or shifted copy
    counts. All of them are returned if the two recordings differ in sample rate or channels, or the output ends before
    a bleep does.
    """
    given = list(intervals)
    if output.sample_rate != original.sample_rate or output.channels != original.channels:
        return given
    out: list[Interval] = []
    for interval in given:
        if interval.end - interval.start < SHORTEST:
            continue
        edge = min(EDGE, (interval.end - interval.start) / 4)
        if resembles(original, output, interval.channel, interval.start + edge, interval.end - edge):
            out.append(interval)
    return out


def resembles(original: Recording, output: Recording, channel: int, start: float, end: float) -> bool:
    """Whether the output from … to (seconds) is a copy of any stretch of the original around there, or missing."""
    rate = original.sample_rate
    a, b = round(start * rate), round(end * rate)
    reach = round(LAG * rate)
    before = _float(original.samples[max(0, a - reach) : b + reach, channel])
    inside = _float(output.samples[a:b, channel])
    return len(inside) < b - a or _resembles(_without_tone(inside, rate), before, _step(rate))


def _resembles(inside: npt.NDArray[np.float64], before: npt.NDArray[np.float64], step: float) -> bool:
    """Whether `inside` (without mean and tone) is much like any stretch of `before`: normalised cross-correlation, by
    FFT.
    """
    n = len(inside)
    # Only lags at which `inside` is completely within `before` count: none of them wraps around the end.
    size = _fft_size(len(before))
    product = np.fft.irfft(np.fft.rfft(before, size) * np.conj(np.fft.rfft(inside, size)), size)[: len(before) - n + 1]
    total = np.concatenate(([0.0], np.cumsum(before)))
    squares = np.concatenate(([0.0], np.cumsum(before**2)))
    power = np.maximum((squares[n:] - squares[:-n]) - (total[n:] - total[:-n]) ** 2 / n, 0.0)
    own = float(np.sum(inside**2))
    loudest = float(power.max())
    if loudest < 1e-12 * n:  # digital silence
        return False
    # Speech under a voicemail's beep is judged without the beep. The floors prevent rests of a bare beep, and rounding
    # errors in near-silent stretches, from correlating.
    turning = np.concatenate(
        ([0.0], np.cumsum(before * _turns(step, 1 << (len(before) - 1).bit_length())[: len(before)]))
    )
    beep = 2 * np.abs(turning[n:] - turning[:-n]) ** 2 / n
    power = np.maximum(np.maximum(power - beep, 0.05 * power), 1e-6 * loudest)
    return bool(np.any((np.abs(product) > LIKENESS * np.sqrt(power * own)) & (own > FAINT**2 * power)))


def _fft_size(least: int) -> int:
    """A length that FFTs are fast at: a power of two, or 3/4 or 5/8 of one."""
    whole = 1 << max(3, (least - 1).bit_length())
    return next(size for size in (whole * 5 // 8, whole * 3 // 4, whole) if size >= least)


def _without_tone(samples: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """The samples without their mean and a steady tone of `TONE_HZ` (least squares)."""
    turns = _turns(_step(rate), 1 << (len(samples) - 1).bit_length())[: len(samples)]
    basis = np.stack([np.ones(len(samples)), turns.real, turns.imag])
    # The normal equations: the three are nearly orthogonal over some periods of the tone. A bleep is shorter only if a
    # header gives a false sample rate; then least squares decides again.
    weights, *_ = np.linalg.lstsq(basis @ basis.T, basis @ samples, rcond=None)
    return np.asarray(samples - weights @ basis, dtype=np.float64)


@lru_cache(maxsize=8)
def _turns(step: float, length: int) -> npt.NDArray[np.complex128]:
    """The tone as clockwise rotations; lengths are powers of two, so that a few cached ones serve every bleep."""
    turns: npt.NDArray[np.complex128] = np.exp(-1j * step * np.arange(length))
    turns.setflags(write=False)
    return turns


def _step(rate: int) -> float:
    """Radians per sample of the tone, which is lower at low sample rates."""
    return 2 * np.pi * min(TONE_HZ, rate / 4) / rate


def _float(samples: Samples) -> npt.NDArray[np.float64]:
    scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "i" else 1.0
    return np.nan_to_num(samples.astype(np.float64) / scale, posinf=0.0, neginf=0.0)
