"""Decoding with libsndfile, block by block, in the narrowest type that holds the codec exactly."""

from __future__ import annotations

import io
from typing import Any

from redactor.audio.limits import Limits
from redactor.audio.sample_buffer import BLOCK, SampleBuffer
from redactor.errors import DamagedAudio

_INT16 = frozenset("PCM_S8 PCM_U8 PCM_16 ULAW ALAW IMA_ADPCM MS_ADPCM GSM610 VOX_ADPCM G721_32 G723_24 G723_40".split())
_INT32 = frozenset({"PCM_24", "PCM_32"})
_FLOAT64 = frozenset({"DOUBLE"})


def exact_dtype(subtype: str) -> str:
    """Narrowest of int16, int32, float32 and float64 that holds a libsndfile subtype; lossy transform codecs are
    float32.
    """
    if subtype in _INT16:
        return "int16"
    if subtype in _INT32:
        return "int32"
    return "float64" if subtype in _FLOAT64 else "float32"


def read_soundfile(
    file: io.RawIOBase | io.BytesIO, *, limits: Limits, raw: dict[str, Any] | None = None
) -> tuple[SampleBuffer, str]:
    """Decode the whole file: (buffer, subtype). `raw`: samplerate, channels, subtype, endian of a headerless file.

    Raises:
        DamagedAudio, LimitExceeded, UnsupportedAudio
    """
    import soundfile

    try:
        with soundfile.SoundFile(file, "r", **({"format": "RAW", **raw} if raw else {})) as sound:
            subtype = str(sound.subtype)
            dtype = exact_dtype(subtype)
            buffer = SampleBuffer(sound.samplerate, sound.channels, dtype, limits)
            width = buffer.dtype.itemsize * buffer.channels
            if 0 < sound.frames < 1 << 60:  # larger means "unknown" to libsndfile
                limits.check_length(sound.frames, sound.samplerate, width)
            while True:
                block = sound.read(BLOCK, dtype=dtype, always_2d=True)
                if not len(block):
                    return buffer, subtype
                buffer.append(block)
    except (soundfile.SoundFileError, ValueError, TypeError) as error:
        # libsndfile's messages can quote the file; only the kind of failure is passed on.
        raise DamagedAudio(f"libsndfile cannot decode it ({type(error).__name__}).") from None
