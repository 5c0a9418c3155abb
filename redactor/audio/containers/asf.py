"""WMA in ASF: sizes and play duration from the File Properties object (ASF specification 1.2, section 3.2)."""

from __future__ import annotations

import struct

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio

HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_TICKS = 10_000_000


def asf(untrusted_data: bytes) -> Stream:
    """Raises DamagedAudio."""
    data = untrusted_data
    if len(data) < 30:
        raise DamagedAudio("The ASF header is cut short.")
    (header_size,) = struct.unpack_from("<Q", data, 16)
    ticks = None
    position, end = 30, min(header_size, len(data))
    while position + 24 <= end:
        (size,) = struct.unpack_from("<Q", data, position + 16)
        if data[position : position + 16] == _PROPERTIES and position + 88 <= end:
            play, preroll, flags = (
                struct.unpack_from(f"<{f}", data, position + o)[0] for f, o in (("Q", 64), ("Q", 80), ("I", 88))
            )
            # Flag 1 marks a broadcast that was never closed: its durations are meaningless.
            ticks = None if flags & 1 else max(0, play - preroll * 10_000)
        position += max(size, 24)
    if header_size + 24 > len(data) or data[header_size : header_size + 16] != _DATA:
        raise DamagedAudio("The ASF file is truncated before its audio.")
    (size,) = struct.unpack_from("<Q", data, header_size + 16)
    if size and header_size + size > len(data):
        raise DamagedAudio("The ASF file is truncated: its audio extends past the end of the file.")
    return Stream(
        "ASF",
        "pyav",
        (data,),
        declared=ticks,
        declared_rate=_TICKS,
        # WMA's first frame only primes the decoder (2048 samples at 44.1 kHz) and writers count it or not.
        slack=0.2,
        demuxer="asf",
    )
