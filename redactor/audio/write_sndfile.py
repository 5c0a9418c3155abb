"""Write with libsndfile, and remove everything but sound from its files."""

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
    """Whether `write` supports this container and codec. Opus and MP3 are left to FFmpeg, which keeps a bit rate."""
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
    file = _write(samples, audio_format.sample_rate, options)
    return _without_metadata(file.getbuffer(), len(samples)) if container == "WAV" else file.getvalue()


def _write(samples: Samples, rate: int, options: dict[str, Any]) -> io.BytesIO:
    import soundfile

    if options["subtype"] == "VOX_ADPCM" and len(samples) % 2:
        samples = np.concatenate([samples, samples[-1:] * 0])  # two samples per byte; libsndfile fails on half a byte
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate, samples.shape[1], **options) as sound:
        sound.write(samples)
    return file


def _vorbis_level(samples: Samples, audio_format: AudioFormat, options: dict[str, Any]) -> float:
    """The level whose bit rate is nearest to the input's on an excerpt: Vorbis has quality levels, not bit rates."""
    excerpt = samples[: _EXCERPT_SECONDS * audio_format.sample_rate]
    if audio_format.bit_rate is None:
        return 0.6
    wanted = audio_format.bit_rate * len(excerpt) / audio_format.sample_rate / 8

    def miss(level: float) -> float:
        size = _write(excerpt, audio_format.sample_rate, {**options, "compression_level": level}).tell()
        return abs(float(np.log(size / max(wanted, 1.0))))

    return min(_LEVELS, key=miss)


def _without_metadata(data: memoryview, frames: int) -> bytes:
    """Keep fmt, fact and data of a WAV file; libsndfile adds a PEAK chunk with the time of day to float files."""
    kept, position = b"", 12
    while True:
        name, size = struct.unpack_from("<4sI", data, position)
        if name == b"fmt ":
            kept = bytes(data[position : position + 8 + size])
            if kept[8:10] != b"\x01\x00":  # every codec but PCM states its length in samples
                kept += struct.pack("<4sII", b"fact", 4, frames)
        elif name == b"data":
            body = data[position : position + 8 + size]
            # A chunk has even length; the pad byte does not count in its size.
            pad = bytes(len(body) & 1)
            head = struct.pack("<4sI4s", b"RIFF", 4 + len(kept) + len(body) + len(pad), b"WAVE")
            return b"".join((head, kept, body, pad))
        position += 8 + size + (size & 1)
