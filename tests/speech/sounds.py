"""Synthetic sounds, 16 kHz mono."""

import numpy as np

from redactor.types import Mono


def seconds(duration: float) -> np.ndarray:
    return np.arange(round(duration * 16_000)) / 16_000


def noise(duration: float, level: float, *, seed: int = 3) -> Mono:
    """White noise of `level` dBFS."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 10 ** (level / 20), round(duration * 16_000)).astype(np.float32)


def tone(duration: float, *hertz: float, level: float = -20.0) -> Mono:
    wave = sum(np.sin(2 * np.pi * f * seconds(duration)) for f in hertz)
    return (wave / len(hertz) * 10 ** (level / 20) * 2**0.5).astype(np.float32)


def silence(duration: float) -> Mono:
    return np.zeros(round(duration * 16_000), np.float32)
