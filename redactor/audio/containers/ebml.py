"""WebM and Matroska (RFC 8794, RFC 9559): elements must fit the file; a live stream's open-ended segment is walked to
its end.
"""

from __future__ import annotations

import struct

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio

_EBML, _SEGMENT, _CLUSTER, _INFO = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1549A966
_TIMESTAMP_SCALE, _DURATION = 0x2AD7B1, 0x4489
_IN_CLUSTER = frozenset({0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854, 0xEC, 0xBF})
_IN_SEGMENT = frozenset(
    {_CLUSTER, _INFO, 0x114D9B74, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, 0xEC, 0xBF}
)
_UNKNOWN = -1


def _element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Read one element head: (id, body start, body size or `_UNKNOWN`)."""
    numbers = []
    for keep_marker in (True, False):
        if at >= end or not data[at]:
            raise DamagedAudio("The WebM file is truncated in the header of an element.")
        length = 9 - data[at].bit_length()
        if at + length > end:
            raise DamagedAudio("The WebM file is truncated in the header of an element.")
        value = int.from_bytes(data[at : at + length], "big")
        marker = 1 << 7 * length
        if not keep_marker:
            value = _UNKNOWN if value == 2 * marker - 1 else value - marker
        numbers.append(value)
        at += length
    return numbers[0], at, numbers[1]


def webm(untrusted_data: bytes) -> Stream:
    """Raises DamagedAudio."""
    data = untrusted_data
    position, end = 0, len(data)
    duration = None
    clusters = 0
    while position < end:
        name, body, size = _element(data, position, end)
        if name == _SEGMENT or (name == _CLUSTER and size == _UNKNOWN):
            if size != _UNKNOWN and body + size > end:
                raise DamagedAudio("The WebM file is truncated: its segment extends past the end of the file.")
            clusters += name == _CLUSTER
            position = body  # walk the children; their ids tell where they belong
            continue
        known = name == _EBML or name in _IN_SEGMENT or (clusters and name in _IN_CLUSTER)
        if not known or size == _UNKNOWN or body + size > end:
            raise DamagedAudio("The WebM file is truncated or damaged: an element does not fit.")
        clusters += name == _CLUSTER
        if name == _INFO:
            duration = _duration(data, body, body + size)
        position = body + size
    if not clusters:
        raise DamagedAudio("The WebM file has no audio.")
    return Stream(
        "WEBM",
        "pyav",
        (data,),
        declared=duration,
        declared_rate=1_000_000_000,
        # Times are rounded to milliseconds, and the duration ends with the last packet, padding included (60 ms at
        # most).
        slack=0.07,
        excess=0.0,
        demuxer="matroska,webm",
    )


def _duration(data: bytes, position: int, end: int) -> int | None:
    """Segment duration in nanoseconds."""
    scale, length = 1_000_000, 0.0
    while position < end:
        name, body, size = _element(data, position, end)
        if size == _UNKNOWN or body + size > end:
            raise DamagedAudio("The WebM file is damaged: an element does not fit.")
        if name == _TIMESTAMP_SCALE:
            scale = int.from_bytes(data[body : body + size], "big")
        elif name == _DURATION and size in (4, 8):
            (length,) = struct.unpack_from(">f" if size == 4 else ">d", data, body)
        position = body + size
    return int(length * scale) if 0 < length < 1e15 else None
