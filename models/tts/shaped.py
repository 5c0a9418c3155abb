"""Audio shaped like the letters of words: nobody understands it, but a transcript's times can be compared with it.

For tests and benchmarks of imported transcripts that need no voice. Level and bands rise and fall as those of speech do
on average (`redactor.speech.synchrony`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from redactor.speech.synchrony import BANDS, LETTER_SOUND, LETTERS, spoken_letters
from redactor.types import TimedText

FRAME = 0.01  # seconds
DEVIATION = (9.0, 10.0, 8.0)  # dB of one standard deviation: level, low over high, middle over both


def uttered(
    words: Iterable[tuple[str, float, float]], seconds: float, *, rate: int = 16_000, peak: float = 0.4, seed: int = 0
) -> np.ndarray:
    """float32 samples, shape (seconds · rate,), of (word, start, end)."""
    rng = np.random.default_rng(seed)
    length = round(seconds * rate)
    frames = int(np.ceil(seconds / FRAME)) + 1
    sounds = np.zeros(frames, np.intp)
    for letters, start, end in spoken_letters([TimedText(*word) for word in words]):
        a, b = round(start / FRAME), max(round(start / FRAME) + 1, round(end / FRAME))
        place = np.arange(max(0, a), min(frames, b))
        known = np.array([LETTERS.index(c) + 1 for c in letters])
        sounds[place] = known[(place - a) * len(known) // (b - a)]
    level, balance, middle = (LETTER_SOUND[sounds] * DEVIATION).T
    gains = np.stack([level + balance / 2 - middle / 3, level + 2 * middle / 3, level - balance / 2 - middle / 3])
    gains[:, sounds == 0] = -50.0
    clock = np.arange(length) / rate
    source = rng.standard_normal(length) + sum(np.sin(2 * np.pi * (118 + seed % 7) * k * clock) for k in range(1, 30))
    spectrum, hertz = np.fft.rfft(source), np.fft.rfftfreq(length, 1 / rate)
    out = np.zeros(length)
    for (low, high), gain in zip(BANDS[:3], gains, strict=True):
        band = np.fft.irfft(np.where((hertz >= low) & (hertz < high), spectrum, 0), length)
        out += band / band.std() * 10 ** (np.interp(clock, np.arange(frames) * FRAME, gain) / 20)
    return (out * peak / max(float(np.abs(out).max()), 1e-9)).astype(np.float32)
