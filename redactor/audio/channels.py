"""How channels relate: which carry the same sound (recognised once), which carry an echo of another (bleeped too)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from redactor.audio.resample import unit
from redactor.types import Interval, Recording

SAME_RESIDUAL = 10.0**-3.5
"""Two channels are the same if, block by block, what is left after matching their gain is 35 dB below them …"""

SAME_FLOOR = 2.0**-26
"""… or weaker than this power (-78 dB of full scale: rounding of 16-bit and telephone codecs in pauses)."""

SAME_GAIN_DB = 6.0

ECHO_REACH = 0.05
"""Seconds by which an echo may come early or late."""

ECHO_THRESHOLD = 0.3
"""Normalised cross-correlation of pre-emphasised speech from which a window counts as an echo."""

_ECHO_WINDOW = 0.5
_BLOCK_SECONDS = 0.5


def same_as(recording: Recording) -> tuple[int, ...]:
    """For each channel, the first channel that carries the same sound (itself if none does).

    Same means equal up to a constant gain within 6 dB and a faint difference, in every half second: a channel on which the
    other party whispers once is another channel.
    """
    result: list[int] = []
    for channel in range(recording.channels):
        earlier = (c for c in range(channel) if result[c] == c and _same(recording, c, channel))
        result.append(next(earlier, channel))
    return tuple(result)


def _same(recording: Recording, a: int, b: int) -> bool:
    samples = recording.samples
    block = max(1, int(_BLOCK_SECONDS * recording.sample_rate))
    starts = range(0, recording.frames, block)
    if all(np.array_equal(samples[s : s + block, a], samples[s : s + block, b]) for s in starts):
        return True
    cross = energy = 0.0
    for s in starts:
        x, y = (unit(samples[s : s + block, c]).astype(np.float64) for c in (a, b))
        cross += float(x @ y)
        energy += float(x @ x)
    if energy <= 0.0 or cross <= 0.0 or abs(20 * np.log10(cross / energy)) > SAME_GAIN_DB:
        return False
    gain = cross / energy
    for s in starts:
        x, y = (unit(samples[s : s + block, c]).astype(np.float64) for c in (a, b))
        left = float(np.mean(np.square(y - gain * x)))
        if left > max(SAME_FLOOR, SAME_RESIDUAL * float(np.mean(np.square(y)))):
            return False
    return True


def echoes(recording: Recording, interval: Interval) -> tuple[int, ...]:
    """Other channels on which the speech of an interval can be heard too (crosstalk, line echo, a mixed channel).

    The interval is compared in windows of half a second with each other channel, at every lag up to `ECHO_REACH`, polarity
    ignored; one window over `ECHO_THRESHOLD` is enough. An echo may outlast the interval by `ECHO_REACH`: cover that too.

    Returns:
        Channel numbers in rising order, without `interval.channel`.
    """
    if recording.channels == 1:
        return ()
    rate = recording.sample_rate
    reach = round(ECHO_REACH * rate)
    window = max(64, round(_ECHO_WINDOW * rate))
    first, last = max(0, int(interval.start * rate)), min(recording.frames, int(np.ceil(interval.end * rate)))
    found = []
    for channel in range(recording.channels):
        if channel == interval.channel:
            continue
        for start in range(first, last, window // 2):
            stop = min(start + window, last)
            if stop - start < 64:
                continue
            spoken = _emphasised(recording, interval.channel, start, stop)
            heard = _emphasised(recording, channel, start - reach, stop + reach)
            if _peak(spoken, heard) >= ECHO_THRESHOLD:
                found.append(channel)
                break
    return tuple(found)


def _emphasised(recording: Recording, channel: int, start: int, stop: int) -> npt.NDArray[np.float64]:
    """Samples start … stop, zeros outside the recording, high frequencies raised: pitch alone must not look like an echo."""
    out = np.zeros(stop - start)
    a, b = max(0, start), min(recording.frames, stop)
    if b > a:
        out[a - start : b - start] = unit(recording.samples[a:b, channel])
    return np.diff(out, prepend=out[:1])


def _peak(spoken: npt.NDArray[np.float64], heard: npt.NDArray[np.float64]) -> float:
    """Largest normalised cross-correlation of `spoken` at any place inside `heard`; 0 for silence."""
    n = len(spoken)
    energy = float(spoken @ spoken)
    if energy <= n * 1e-10:
        return 0.0
    size = 1 << (len(heard) + n - 1).bit_length()
    cross = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)), size)[: len(heard) - n + 1]
    running = np.concatenate([[0.0], np.cumsum(np.square(heard))])
    local = running[n:] - running[:-n]
    # Below the rounding of 16-bit audio nothing can be heard, and a quotient of two roundings means nothing.
    audible = local > n * 1e-10
    return float(np.max(np.where(audible, np.abs(cross) / np.sqrt(np.maximum(local, 1e-30) * energy), 0.0)))
