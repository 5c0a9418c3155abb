"""Writing with libsndfile, and taking out of its files what is not sound."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from redactor.types import AudioFormat, Samples

_CONTAINERS = frozenset({"WAV", "RF64", "W64", "AIFF", "AU", "FLAC", "OGG", "RAW"})
_MONO_ONLY = frozenset({"GSM610", "VOX_ADPCM", "G721_32", "G723_24", "G723_40"})
_BIG_ENDIAN = "_BE"
_EXCERPT_SECONDS = 10
_LEVELS = (0.95, 0.8, 0.6, 0.4, 0.2, 0.05)


def can_write(audio_format: AudioFormat) -> bool:
    """Whether `write` gives this container and codec back. Opus and MP3 go through FFmpeg, which keeps to a bit rate."""
    import soundfile

    container, codec = audio_format.container, audio_format.codec.removesuffix(_BIG_ENDIAN)
    if container not in _CONTAINERS or codec == "OPUS" or (codec in _MONO_ONLY and audio_format.channels > 1):
        return False
    return bool(soundfile.check_format(container, codec))


def write(samples: Samples, audio_format: AudioFormat) -> bytes:
    """Encode samples of shape (frames, channels) to a whole file."""
    container, codec = audio_format.container, audio_format.codec
    options: dict[str, Any] = {"format": container, "subtype": codec.removesuffix(_BIG_ENDIAN)}
    if container == "RAW" and codec.startswith("PCM_16"):
        options["endian"] = "BIG" if codec.endswith(_BIG_ENDIAN) else "LITTLE"
    if codec == "VORBIS":
        options["compression_level"] = _vorbis_level(samples, audio_format, options)
    data = _write(samples, audio_format.sample_rate, options)
    return _only_sound(data, len(samples)) if container == "WAV" else data


def _write(samples: Samples, rate: int, options: dict[str, Any]) -> bytes:
    import soundfile

    if options["subtype"] == "VOX_ADPCM" and len(samples) % 2:
        samples = np.concatenate([samples, samples[-1:] * 0])  # two samples a byte; libsndfile gives up on half of one
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate, samples.shape[1], **options) as sound:
        sound.write(samples)
    return file.getvalue()


def _vorbis_level(samples: Samples, audio_format: AudioFormat, options: dict[str, Any]) -> float:
    """The level whose rate comes nearest to the input's, tried on some seconds: Vorbis has qualities, not bit rates."""
    excerpt = samples[: _EXCERPT_SECONDS * audio_format.sample_rate]
    if audio_format.bit_rate is None:
        return 0.6
    wanted = audio_format.bit_rate * len(excerpt) / audio_format.sample_rate / 8

    def miss(level: float) -> float:
        size = len(_write(excerpt, audio_format.sample_rate, {**options, "compression_level": level}))
        return abs(float(np.log(size / max(wanted, 1.0))))

    return min(_LEVELS, key=miss)


def _only_sound(data: bytes, frames: int) -> bytes:
    """Keep fmt, fact and data of a WAV file; libsndfile adds a PEAK chunk with the time of day to float files."""
    kept, position = b"", 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        if name == b"fmt ":
            kept += data[position : position + 8 + size]
        elif name == b"data":
            tag = kept[8:10]
            if tag != b"\x01\x00":
                kept += struct.pack("<4sII", b"fact", 4, frames)
            # A chunk has even length; the pad byte does not count in its size.
            body: bytes = data[position : position + 8 + size] + b"\0" * (size & 1)
            return struct.pack("<4sI4s", b"RIFF", 4 + len(kept) + len(body), b"WAVE") + kept + body
        position += 8 + size + (size & 1)
    return data
