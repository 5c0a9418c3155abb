"""Voices to bleep, as recordings, and bleeps of all styles made without the code that is tested."""

import numpy as np

from redactor.types import AudioFormat, Recording

RATE = 8000


def voiced(rng: np.random.Generator, seconds: float, *, rate: int = RATE, pitch: float | None = None) -> np.ndarray:
    """Like speech to a correlator: syllables of harmonics under moving formants (one near 1 kHz, where the bleep's tone
    is)."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    base = pitch or rng.uniform(85, 240)
    drift = np.interp(t, np.linspace(0, seconds, 12), rng.uniform(0.9, 1.1, 12))
    phase = 2 * np.pi * np.cumsum(base * drift) / rate
    formants = [
        np.interp(t, np.linspace(0, seconds, 20), rng.uniform(*band, 20))
        for band in ((300, 800), (900, 1100), (1200, 2500))
    ]
    voice = np.zeros(n)
    for k in range(1, int(rate / 2 / base)):
        weight = sum(np.exp(-(((k * base * drift - f) / 150) ** 2)) for f in formants)
        voice += (weight + 0.05) * np.sin(k * phase + rng.uniform(0, 6))
    syllables = np.clip(
        np.interp(t, np.arange(0, seconds + 0.2, 0.12), rng.uniform(-0.3, 1, len(np.arange(0, seconds + 0.2, 0.12)))),
        0.02,
        1,
    )
    sound = voice * syllables + 0.05 * rng.standard_normal(n) * syllables
    return 0.2 * sound / np.sqrt(np.mean(sound**2))


def recording(samples: np.ndarray, *, rate: int = RATE) -> Recording:
    if samples.ndim == 1:
        samples = samples[:, np.newaxis]
    stored = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    return Recording("a" * 64, stored, AudioFormat("WAV", "PCM_16", ".wav", rate, stored.shape[1], "soundfile"))


def fill(style: str, n: int, rng: np.random.Generator, *, rate: int = RATE) -> np.ndarray:
    if style == "silence":
        return np.zeros(n)
    return 0.2 * (
        rng.uniform(-1, 1, n)
        if style == "noise"
        else np.sin(2 * np.pi * 1000 / rate * np.arange(n) + rng.uniform(0, 6))
    )


def bleeped(sound: np.ndarray, spans, style: str, rng: np.random.Generator, *, rate: int = RATE) -> np.ndarray:
    out = sound.copy()
    for s in spans:
        a, b = round(s.start * rate), round(s.end * rate)
        out[a:b] = fill(style, b - a, rng, rate=rate)
    return out
