"""The audio for recognition: one channel, 16 kHz, float32, on the recording's own clock.

FFmpeg's resampler (through PyAV) is used: it is needed for decoding anyway, works block by block, and places output
sample n exactly at n / 16000 s (its filter's delay is compensated; tests measure it).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.audio.convert import as_float32
from redactor.types import RECOGNITION_RATE, Mono, Packed, Recording

_BLOCK = 1 << 18


LONG = 20 * 60 * RECOGNITION_RATE
"""Samples from which a channel is kept in 16 bits: three hours are then 350 MB instead of 700."""


def recognition_audio(recording: Recording, channel: int) -> Mono | Packed:
    """Resample one channel.

    Args:
        recording: samples of shape (frames, channels).
        channel: counted from 0.

    Returns:
        float32, shape (n,), 16 kHz, -1 … 1, n = frames x 16000 / sample_rate rounded up. Sample n belongs to n / 16000
        s. `Packed` from `LONG` samples on. Memory: the result and one block.

    Raises:
        IndexError: no such channel.
    """
    if not 0 <= channel < recording.channels:
        raise IndexError("the recording has no such channel")
    rate = recording.sample_rate
    total = -(-recording.frames * RECOGNITION_RATE // rate)
    out: npt.NDArray[Any] = np.zeros(total, np.int16 if total > LONG else np.float32)
    if rate == RECOGNITION_RATE:
        for at in range(0, recording.frames, _BLOCK):
            _put(out, at, as_float32(recording.samples[at : at + _BLOCK, channel]))
        return _packed(out)

    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RECOGNITION_RATE)
    done = 0
    for at in range(0, recording.frames, _BLOCK):
        frame = av.AudioFrame.from_ndarray(
            as_float32(recording.samples[at : at + _BLOCK, channel])[np.newaxis], format="flt", layout="mono"
        )
        frame.sample_rate = rate
        for piece in resampler.resample(frame):
            done = _put(out, done, piece.to_ndarray()[0])
    for piece in resampler.resample(None):
        done = _put(out, done, piece.to_ndarray()[0])
    return _packed(out)


def _put(out: npt.NDArray[Any], done: int, block: Mono) -> int:
    kept = block[: max(0, len(out) - done)]
    if out.dtype == np.int16:
        kept = np.rint(np.clip(kept, -1.0, 1.0) * np.float32(32767))
    out[done : done + len(kept)] = kept
    return done + len(block)


def _packed(out: npt.NDArray[Any]) -> Mono | Packed:
    return Packed(out) if out.dtype == np.int16 else out
