"""Decode headerless files. Every byte is audio, so that the length is known beforehand."""

from __future__ import annotations

import io

from redactor.audio.containers.stream import Stream
from redactor.audio.ffmpeg import read_ffmpeg
from redactor.audio.limits import Limits
from redactor.audio.raw import RawFormat
from redactor.audio.sndfile import read_soundfile
from redactor.audio.source import Source
from redactor.errors import DamagedAudio, EmptyAudio
from redactor.types import AudioFormat, Recording

_GSM_FRAME = 33
_G723_SIZES = (24, 20, 4, 1)


def read_raw(source: Source, raw: RawFormat, limits: Limits) -> Recording:
    """Decode a headerless file in the format `raw`. Bytes after the last whole frame are dropped with a warning.

    Raises:
        DamagedAudio, EmptyAudio, LimitExceeded, UnsupportedAudio
    """
    data = source.untrusted_data
    limits.check_shape(raw.sample_rate, raw.channels)
    frames, used = _measure(data, raw)
    if not frames:
        raise EmptyAudio("The file is shorter than one frame of its format.")
    limits.check_length(frames, raw.sample_rate, 2 * raw.channels)
    warnings = [f"No header: read as {raw.codec}, {raw.sample_rate} Hz, {raw.channels} channel(s)."]
    if used < len(data):
        warnings.append(f"{len(data) - used} bytes after the last whole frame were ignored.")
    view = memoryview(data)[:used]
    if raw.subtype is not None:
        layout = {
            "samplerate": raw.sample_rate,
            "channels": raw.channels,
            "subtype": raw.subtype,
            "endian": "BIG" if raw.big_endian else "LITTLE" if raw.codec == "s16" else "FILE",
        }
        buffer, _ = read_soundfile(io.BytesIO(view), limits=limits, raw=layout)
        backend, bit_rate = "soundfile", round(used * 8 * raw.sample_rate / frames)
    else:
        options: dict[str, str] = {}
        if raw.codec in ("g726", "g726be"):
            options = {"code_size": str(raw.bits), "sample_rate": str(raw.sample_rate)}
        decoded = read_ffmpeg(
            Stream("RAW", "pyav", (view,), demuxer=raw.demuxer or "", options=tuple(options.items())), limits=limits
        )
        buffer, bit_rate, backend = decoded.buffer, decoded.bit_rate or 0, "pyav"
    if buffer.frames < frames or buffer.sample_rate != raw.sample_rate:
        raise DamagedAudio(f"Only {buffer.frames} of {frames} frames could be decoded.")
    form = AudioFormat("RAW", raw.name, source.suffix, raw.sample_rate, raw.channels, backend, bit_rate)
    return Recording(source.id, buffer.samples(frames), form, tuple(warnings))


def _measure(data: bytes, raw: RawFormat) -> tuple[int, int]:
    """(frames, bytes they use) of a headerless file."""
    size = len(data)
    if raw.codec == "gsm":
        return size // _GSM_FRAME * 160, size // _GSM_FRAME * _GSM_FRAME
    if raw.codec == "vox":
        return size * 2, size
    if raw.codec == "g722":
        return size * 2, size
    if raw.codec in ("g726", "g726be"):
        # Whole groups of 8 codes, so that the last byte is full.
        return size // raw.bits * 8, size // raw.bits * raw.bits
    if raw.codec == "g729":
        return size // 10 * 80, size // 10 * 10
    if raw.codec == "g723":
        return _measure_g723(data)
    width = (2 if raw.codec.startswith("s16") else 1) * raw.channels
    return size // width, size // width * width


def _measure_g723(data: bytes) -> tuple[int, int]:
    position = count = 0
    while position < len(data):
        size = _G723_SIZES[data[position] & 3]
        if position + size > len(data):
            break
        position += size
        count += 1
    return count * 240, position
