"""A growing array of samples: decoders append blocks, whatever length the header declares."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.audio.limits import Limits
from redactor.types import Samples

BLOCK = 1 << 16
"""Frames decoded at a time."""


class SampleBuffer:
    """Collects blocks of shape (frames, channels) and one dtype; enforces `Limits` as it grows.

    Memory grows in place by a quarter (realloc), so the peak is near the size of the result and not twice that.
    """

    def __init__(self, sample_rate: int, channels: int, dtype: npt.DTypeLike, limits: Limits) -> None:
        limits.check_shape(sample_rate, channels)
        self.sample_rate = sample_rate
        self.channels = channels
        self.dtype = np.dtype(dtype)
        self.frames = 0
        self._limits = limits
        self._store = np.empty(0, self.dtype)

    def append(self, block: npt.NDArray[Any]) -> None:
        """Add samples of shape (n, channels).

        Raises:
            LimitExceeded
        """
        total = self.frames + len(block)
        self._limits.check_length(total, self.sample_rate, self.dtype.itemsize * self.channels)
        if total * self.channels > self._store.size:
            self._store.resize(max(total, self.frames + self.frames // 4) * self.channels, refcheck=False)
        self._store[self.frames * self.channels : total * self.channels] = block.reshape(-1)
        self.frames = total

    def samples(self, frames: int | None = None) -> Samples:
        """Return what was collected, at most `frames` of it, and empty the buffer. Shape (frames, channels)."""
        keep = self.frames if frames is None else min(frames, self.frames)
        store, self._store, self.frames = self._store, np.empty(0, self.dtype), 0
        store.resize(keep * self.channels, refcheck=False)
        return store.reshape(keep, self.channels)
