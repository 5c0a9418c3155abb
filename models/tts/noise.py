"""Background sounds and call signals: mono float32, unit-free level (scale with `channel.add_noise`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfilt

from .voices import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from .speech import Samples

_BABBLE = (
    ("flite/slt", "The meeting moved to the small room because the large one was taken by another group."),
    ("flite/rms", "They planted the garden early and the rain came late, so nothing grew before the summer."),
    ("flite/awb", "He painted the fence on one side only, and the neighbours noticed within a single day."),
    ("flite/kal16", "The train was full again and most of the people were standing near the doors."),
    ("espeak/en-us+f2", "She reads the paper in the kitchen and folds every page before turning the next."),
    ("espeak/en-us+m3", "A long road runs along the river and ends at the old stone bridge in the hills."),
)


def coloured(length: int, sample_rate: int, rng: np.random.Generator, *, exponent: float = 1.0) -> Samples:
    """Noise whose power falls as 1/f**exponent above 20 Hz: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / sample_rate), 20.0)
    return np.fft.irfft(spectrum / frequency ** (exponent / 2), length).astype(np.float32)


def car(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Engine and tyres: brown noise with slow swells."""
    swell = 1 + 0.4 * np.sin(2 * np.pi * 0.13 * np.arange(length) / sample_rate + rng.uniform(0, 6))
    return (coloured(length, sample_rate, rng, exponent=1.6) * swell).astype(np.float32)


def street(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Pink noise with passing vehicles (swells of 2-4 s)."""
    time = np.arange(length) / sample_rate
    passing = sum(
        np.exp(-(((time - rng.uniform(0, time[-1])) / rng.uniform(1.0, 2.0)) ** 2))
        for _ in range(max(1, length // (6 * sample_rate)))
    )
    return (coloured(length, sample_rate, rng) * (0.4 + passing)).astype(np.float32)


def hum(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """60 Hz mains hum with harmonics, over a little white noise."""
    time = np.arange(length) / sample_rate
    tones = sum(np.sin(2 * np.pi * 60 * k * time + rng.uniform(0, 6)) / k for k in (1, 2, 3, 5, 7, 9, 11))
    return (tones + 0.1 * rng.standard_normal(length)).astype(np.float32)


def television(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Speech-band noise with the rhythm of syllables (3-5 Hz)."""
    band = sosfilt(butter(2, [200, 3000], "bandpass", fs=sample_rate, output="sos"), rng.standard_normal(length))
    beat = np.abs(np.sin(np.pi * rng.uniform(3, 5) * np.arange(length) / sample_rate))
    return (band * (0.15 + beat)).astype(np.float32)


def babble(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Six voices played backwards, so that the noise contains no word that a recogniser could correctly write."""
    mix = np.zeros(length, dtype=np.float32)
    for voice, text in _BABBLE:
        speech = say(text, voice, sample_rate=sample_rate).trimmed(0.1)
        talker = np.resize(np.roll(speech.samples[::-1], int(rng.integers(len(speech.samples)))), length)
        mix += talker / max(float(talker.std()), 1e-6) * rng.uniform(0.6, 1.0)
    return mix


NOISES: dict[str, Callable[[int, int, np.random.Generator], Samples]] = {
    "white": lambda n, sr, rng: coloured(n, sr, rng, exponent=0.0),
    "pink": coloured,
    "car": car,
    "street": street,
    "hum": hum,
    "television": television,
    "babble": babble,
}


def tone(duration: float, sample_rate: int, *frequencies: float, amplitude: float = 0.2) -> Samples:
    """Sum of sines with 5 ms ramps; `duration` in seconds, `amplitude` of each."""
    time = np.arange(round(duration * sample_rate)) / sample_rate
    wave = amplitude * sum(np.sin(2 * np.pi * f * time) for f in frequencies)
    ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.005)
    return (wave * ramp).astype(np.float32)


def beep(sample_rate: int) -> Samples:
    """The recorder's beep: 1000 Hz for 0.4 s."""
    return tone(0.4, sample_rate, 1000.0)


def ringback(sample_rate: int) -> Samples:
    """One North American ringback: 440 + 480 Hz for 2 s."""
    return tone(2.0, sample_rate, 440.0, 480.0, amplitude=0.1)
