"""Ogg (RFC 3533): Opus, Vorbis, Speex, FLAC. Each page is checked: checksum, order, and the end of the stream.

A decoder skips a broken or missing page silently; here it makes the file be refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio, EmptyAudio, UnsupportedAudio

_REVERSED = bytes(int(f"{b:08b}"[::-1], 2) for b in range(256))
_OPUS_CLOCK = 48_000
_LIBSNDFILE_OPUS = (8_000, 12_000, 16_000, 24_000, 48_000)


@dataclass(frozen=True, slots=True)
class _Page:
    first: bool
    last: bool
    granule: int
    serial: int
    sequence: int
    lacing: bytes
    body: memoryview


def checksum(page: bytes) -> int:
    """Ogg's CRC-32 (polynomial 04C11DB7, most significant bit first), of a page whose checksum field is zero.

    zlib's CRC is the same polynomial with bits mirrored, so mirrored bytes go through C instead of a Python loop.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _pages(data: bytes) -> Iterator[_Page]:
    position, count = 0, 0
    view = memoryview(data)
    while position < len(data):
        if data[position : position + 4] != b"OggS":
            if count and not any(data[position:]):
                return  # zero padding
            raise DamagedAudio(f"The Ogg file is damaged after {count} pages.")
        if position + 27 > len(data):
            raise DamagedAudio(f"The Ogg file is truncated after {count} pages.")
        flags, granule, serial, sequence, crc, segments = struct.unpack_from("<BqIIIB", data, position + 5)
        start = position + 27 + segments
        end = start + sum(data[position + 27 : start])
        if start > len(data) or end > len(data):
            raise DamagedAudio(f"The Ogg file is truncated after {count} pages.")
        page = data[position : position + 22] + b"\0\0\0\0" + data[position + 26 : end]
        if checksum(page) != crc:
            raise DamagedAudio(f"The Ogg file is damaged after {count} pages: a checksum is wrong.")
        yield _Page(
            bool(flags & 2), bool(flags & 4), granule, serial, sequence, data[position + 27 : start], view[start:end]
        )
        position, count = end, count + 1


def ogg(untrusted_data: bytes) -> Stream:
    """Raises DamagedAudio, EmptyAudio, UnsupportedAudio (video, several audio streams, chained streams)."""
    serial = None
    head = b""
    sequence = granule = offset = 0
    begun = ended = False
    for page in _pages(untrusted_data):
        if page.first:
            if serial is not None:
                raise UnsupportedAudio(
                    "The Ogg file holds several streams; export the one to redact to a file of its own."
                )
            serial, sequence, head = page.serial, page.sequence, bytes(page.body[:64])
        elif page.serial != serial:
            raise DamagedAudio("The Ogg file holds a page of a stream that never began.")
        elif ended:
            raise DamagedAudio("The Ogg file continues after the end of its stream.")
        else:
            sequence += 1
            if page.sequence != sequence:
                raise DamagedAudio("A page is missing from the Ogg file.")
        if page.granule >= 0:
            granule = page.granule
        if head[:8] == b"OpusHead" and page.granule > 0 and not begun:
            begun = True
            # RFC 7845 section 4.3: the first audio page gives the start of the clock; FFmpeg starts it at its own
            # delay.
            offset = 0 if page.last else max(0, page.granule - _opus_samples(page))
        ended = page.last
    if not ended:
        raise DamagedAudio("The Ogg file is truncated: its stream does not end.")
    return _stream(untrusted_data, head, granule - offset)


def _opus_samples(page: _Page) -> int:
    """Samples at 48 kHz in the packets that end on a page (RFC 6716 section 3.1)."""
    total = position = length = 0
    for lace in page.lacing:
        length += lace
        if lace < 255:
            if length:
                total += _opus_packet(page.body[position : position + length])
            position += length
            length = 0
    return total


def _opus_packet(packet: memoryview) -> int:
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        size = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        size = (480, 960)[config & 1]
    else:
        size = (120, 240, 480, 960)[config & 3]
    count = (1, 2, 2)[code] if code < 3 else (packet[1] & 63 if len(packet) > 1 else 0)
    return size * count


def _stream(data: bytes, head: bytes, granule: int) -> Stream:
    if head[:8] == b"OpusHead" and len(head) >= 19:
        skip, rate = struct.unpack_from("<HI", head, 10)
        frames = granule - skip
        if head[18] == 0 and rate in _LIBSNDFILE_OPUS:
            # libsndfile decodes to the rate the encoder was fed with, so 8 kHz telephone audio stays 8 kHz.
            stream = Stream("OGG", "soundfile", (data,), frames, _OPUS_CLOCK, slack=0.001, excess=0.001)
        else:
            stream = Stream("OGG", "pyav", (data,), frames, _OPUS_CLOCK, slack=0.001, excess=0.001, demuxer="ogg")
    elif head[:7] == b"\x01vorbis" and len(head) >= 30:
        frames = granule
        stream = Stream("OGG", "soundfile", (data,), granule)
    elif head[:8] == b"Speex   " and len(head) >= 56:
        frames = granule
        (rate,) = struct.unpack_from("<I", head, 36)
        # The last granule may or may not count the encoder's look-ahead, and padding fills the last packet.
        stream = Stream("OGG", "pyav", (data,), granule, rate, slack=0.04, excess=0.2, demuxer="ogg")
    elif head[:5] == b"\x7fFLAC" and len(head) >= 51:
        frames = granule
        stream = Stream("OGG", "pyav", (data,), granule, demuxer="ogg")
    else:
        raise UnsupportedAudio("The codec of this Ogg file is not supported.")
    if frames <= 0:
        raise EmptyAudio("The Ogg file has headers but no samples.")
    return stream
