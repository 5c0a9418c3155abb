"""The tones of a keypad at any level, length and fault, and a decoder of them (Goertzel's) that is independent of
redactor's own.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)  # Hz, ITU-T Q.23
PAD = ("123A", "456B", "789C", "*0#D")


KEYS = {key: (LOW[row], HIGH[column]) for row, keys in enumerate(PAD) for column, key in enumerate(keys)}
ALL = "123A456B789C*0#D"
MARGIN = 0.5
"""Seconds of silence before the first key and after the last."""


def dialled(
    pressed: str,
    rate: int = 8000,
    *,
    tone: float = 0.05,
    pause: float = 0.05,
    level: float = -10.0,
    twist: float = 0.0,
    off: tuple[float, float] = (0.0, 0.0),
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Samples, and the seconds in which each key sounds.

    Args:
        tone, pause: seconds.
        level: RMS of both tones together, dBFS.
        twist: dB by which the high tone is louder than the low one.
        off: share by which the low and the high frequency are wrong.
    """
    power = 10 ** (level / 10)
    high_power = power / (1 + 10 ** (-twist / 10))
    amplitudes = np.sqrt(2 * (power - high_power)), np.sqrt(2 * high_power)
    time = np.arange(round(tone * rate)) / rate
    ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.001)
    pieces, spans, clock = [np.zeros(round(MARGIN * rate))], [], MARGIN
    for number, key in enumerate(pressed):
        waves = (
            amplitude * np.sin(2 * np.pi * hertz * (1 + wrong) * time + number)
            for amplitude, hertz, wrong in zip(amplitudes, KEYS[key], off, strict=True)
        )
        pieces += [sum(waves) * ramp, np.zeros(round(pause * rate))]
        spans.append((clock, clock + len(time) / rate))
        clock += (len(time) + len(pieces[-1])) / rate
    return np.concatenate([*pieces, pieces[0]]), spans


def heard(spans: list[tuple[float, float]], found: Iterable[tuple[float, float]]) -> list[float]:
    """For each key, the share of its time that the findings cover."""
    found = list(found)
    return [sum(max(0.0, min(b, d) - max(a, c)) for c, d in found) / (b - a) for a, b in spans]


def goertzel(samples: np.ndarray, rate: int, frequency: float) -> float:
    """Power of one frequency, by Goertzel's recurrence."""
    turn = 2 * np.cos(2 * np.pi * frequency / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, float(sample) + turn * last - before
    return (before**2 + last**2 - turn * before * last) / len(samples) ** 2


def keys(samples: np.ndarray, rate: int, *, least: float = 1e-4) -> list[tuple[str, float]]:
    """The keys of a keypad that sound, with the time of each in seconds.

    A key is two tones that hold most of the power of a block with at least the power `least`.
    """
    size, found, last = round(0.0255 * rate), [], ""
    for start in range(0, len(samples) - size, size):
        block = samples[start : start + size]
        power = float((block.astype(np.float64) ** 2).mean())
        key = ""
        if power > least:
            low, high = ([goertzel(block, rate, f) for f in band] for band in (LOW, HIGH))
            if 2 * (max(low) + max(high)) > 0.85 * power and min(max(low), max(high)) > 0.1 * power:
                key = PAD[int(np.argmax(low))][int(np.argmax(high))]
        if key and key != last:
            found.append((key, start / rate))
        last = key
    return found
