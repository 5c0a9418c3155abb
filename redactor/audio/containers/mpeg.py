"""MPEG audio layers 1 to 3 and ADTS AAC: every frame is parsed, because these files have no reliable length.

A decoder resynchronises after damage without an error, and its clock is then wrong; here a gap between frames, a
truncated last frame or a count that disagrees with the Xing/Info frame makes the file be refused. Headers: ISO 11172-3
2.4.1.3, ISO 13818-3, ISO 14496-3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from redactor.audio.containers.stream import Stream
from redactor.audio.containers.tags import skip_id3, trim_tail
from redactor.errors import DamagedAudio

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBIT_V1 = {
    3: (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBIT_V2 = {
    3: (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    1: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_DECODER_DELAY = 529
"""Samples a layer 3 decoder adds; LAME's tag counts its own delay without them."""


@dataclass(frozen=True, slots=True)
class _Frame:
    size: int
    frames: int
    rate: int
    channels: int
    layer: int = 0
    side: int = 0


def _mpeg_frame(data: bytes, at: int) -> _Frame | None:
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    kbit, rate = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or layer == 0 or kbit in (0, 15) or rate == 3:
        return None
    hz = _RATES[version][rate]
    bits = (_KBIT_V1 if version == 3 else _KBIT_V2)[layer][kbit] * 1000
    padding = data[at + 2] >> 1 & 1
    channels = 1 if data[at + 3] >> 6 == 3 else 2
    if layer == 3:
        return _Frame((12 * bits // hz + padding) * 4, 384, hz, channels, layer)
    frames = 576 if layer == 1 and version != 3 else 1152
    side = (17 if channels == 1 else 32) if version == 3 else (9 if channels == 1 else 17)
    return _Frame(frames // 8 * bits // hz + padding, frames, hz, channels, layer, side)


def _adts_frame(data: bytes, at: int) -> _Frame | None:
    if at + 7 > len(data) or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return None
    rate = data[at + 2] >> 2 & 15
    size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    if rate >= len(_AAC_RATES) or size < 7:
        return None
    channels = (data[at + 2] & 1) << 2 | data[at + 3] >> 6
    return _Frame(size, 1024 * ((data[at + 6] & 3) + 1), _AAC_RATES[rate], channels)


def looks_like(data: bytes, frame: Callable[[bytes, int], _Frame | None]) -> bool:
    """Whether three frames follow each other at the start (or fewer that reach the end exactly).

    One sync word alone proves nothing: headerless PCM contains some by chance.
    """
    at = first = skip_id3(data)
    for _ in range(3):
        found = frame(data, at)
        if found is None:
            return first < at >= len(data) - 1
        at += found.size
    return True


def is_mp3(data: bytes) -> bool:
    return looks_like(data, _mpeg_frame)


def is_adts(data: bytes) -> bool:
    return looks_like(data, _adts_frame)


def _walk(data: bytes, frame: Callable[[bytes, int], _Frame | None], name: str) -> tuple[list[_Frame], int, int]:
    start = at = skip_id3(data)
    end = trim_tail(data, start)
    found: list[_Frame] = []
    while at < end:
        one = frame(data, at)
        if one is None:
            # Zeros cut off by trim_tail may have belonged to the last frame; anything else between frames is damage.
            raise DamagedAudio(f"The {name} file is damaged after {len(found)} frames.")
        if found and (one.rate, one.layer) != (found[0].rate, found[0].layer):
            raise DamagedAudio(f"The {name} file changes its sample rate after {len(found)} frames.")
        if at + one.size > len(data):
            raise DamagedAudio(f"The {name} file is truncated in its last frame.")
        found.append(one)
        at += one.size
    if not found:
        raise DamagedAudio(f"The {name} file has no frames.")
    return found, start, at


def mp3(untrusted_data: bytes) -> Stream:
    """MPEG layer 1, 2 or 3, with or without Xing/Info and LAME tag. Raises DamagedAudio."""
    frames, start, end = _walk(untrusted_data, _mpeg_frame, "MP3")
    first = frames[0]
    length = sum(f.frames for f in frames)
    bytes_of_audio, seconds = end - start, length / first.rate
    tag = start + 4 + first.side
    if first.layer == 1 and untrusted_data[tag : tag + 4] in (b"Xing", b"Info"):
        length -= first.frames
        bytes_of_audio -= first.size
        seconds = max(length / first.rate, 1e-3)
        length = _gapless(untrusted_data, tag, length, len(frames) - 1)
    return Stream(
        "MP3",
        # Not libsndfile: its mpg123 reports broken frames on stderr and goes on.
        "pyav",
        (memoryview(untrusted_data)[start:end],),
        declared=length,
        declared_rate=first.rate,
        excess=0.2,
        demuxer="mp3",
        bit_rate=round(bytes_of_audio * 8 / seconds),
    )


def _gapless(data: bytes, tag: int, length: int, count: int) -> int:
    """Length without the encoder's delay and padding, if LAME's tag has them."""
    (flags,) = struct.unpack_from(">I", data, tag + 4)
    at = tag + 8
    if flags & 1:
        (promised,) = struct.unpack_from(">I", data, at)
        if promised != count:
            raise DamagedAudio(f"The MP3 file is truncated: {count} of {promised} frames are present.")
    at += 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    lame = data[at : at + 24]
    if len(lame) < 24 or lame[:4] not in (b"LAME", b"Lavf", b"Lavc"):
        return length
    delay, padding = lame[21] << 4 | lame[22] >> 4, (lame[22] & 15) << 8 | lame[23]
    trimmed = length - delay - padding
    return trimmed if 0 < trimmed <= length else length


def adts(untrusted_data: bytes) -> Stream:
    """Bare AAC frames. Their first 1024 samples are the encoder's priming, which nothing in the file marks: kept.
    Raises DamagedAudio.
    """
    frames, start, end = _walk(untrusted_data, _adts_frame, "AAC")
    length = sum(f.frames for f in frames)
    return Stream(
        "ADTS",
        "pyav",
        (memoryview(untrusted_data)[start:end],),
        declared=length,
        declared_rate=frames[0].rate,
        demuxer="aac",
        bit_rate=round((end - start) * 8 * frames[0].rate / length),
    )
