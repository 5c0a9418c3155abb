"""What recognition hears: one channel, 16 kHz, float32, on the recording's own clock.

FFmpeg's resampler (through PyAV) does the work: it is already needed for decoding, streams block by block, and puts output
sample n exactly at n / 16000 s (its filter's delay is taken out; tests measure it).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.audio.convert import unit
from redactor.types import RECOGNITION_RATE, Mono, Recording

_BLOCK = 1 << 18


def recognition_audio(recording: Recording, channel: int) -> Mono:
    """Resample one channel.

    Args:
        recording: samples of shape (frames, channels).
        channel: counted from 0.

    Returns:
        float32, shape (n,), 16 kHz, -1 … 1, n = frames x 16000 / sample_rate rounded up. Sample n belongs to n / 16000 s.
        Memory: the result and one block.

    Raises:
        IndexError: no such channel.
    """
    if not 0 <= channel < recording.channels:
        raise IndexError("the recording has no such channel")
    rate = recording.sample_rate
    total = -(-recording.frames * RECOGNITION_RATE // rate)
    out: Mono = np.zeros(total, np.float32)
    if rate == RECOGNITION_RATE:
        for at in range(0, recording.frames, _BLOCK):
            out[at : at + _BLOCK] = unit(recording.samples[at : at + _BLOCK, channel])
        return out

    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RECOGNITION_RATE)
    done = 0
    for at in range(0, recording.frames, _BLOCK):
        frame = av.AudioFrame.from_ndarray(
            unit(recording.samples[at : at + _BLOCK, channel])[np.newaxis], format="flt", layout="mono"
        )
        frame.sample_rate = rate
        for piece in resampler.resample(frame):
            done = _put(out, done, piece)
    for piece in resampler.resample(None):
        done = _put(out, done, piece)
    return out


def _put(out: Mono, done: int, piece: Any) -> int:
    block: npt.NDArray[np.float32] = piece.to_ndarray()[0]
    out[done : done + len(block)] = block[: max(0, len(out) - done)]
    return done + len(block)
