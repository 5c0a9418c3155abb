"""AMR narrow-band and wide-band storage format (RFC 4867 section 5): each frame's first byte tells its size.

Silence frames (SID) and "no data" frames last 20 ms like any other. FFmpeg's own decoder returns nothing for some of
them, so that all later sound shifts; the count of frames is the clock that the decoder is checked against.
"""

from __future__ import annotations

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio, EmptyAudio, UnsupportedAudio

NARROW = b"#!AMR\n"
WIDE = b"#!AMR-WB\n"

# Bytes per frame by frame type, header byte included: 3GPP TS 26.101 table 1a and TS 26.201 table 2, octet-aligned.
_NARROW_SIZES = {0: 13, 1: 14, 2: 16, 3: 18, 4: 20, 5: 21, 6: 27, 7: 32, 8: 6, 15: 1}
_WIDE_SIZES = {0: 18, 1: 24, 2: 33, 3: 37, 4: 41, 5: 47, 6: 51, 7: 59, 8: 61, 9: 6, 14: 1, 15: 1}


def frame_sizes(untrusted_data: bytes) -> list[int]:
    """Size of every frame, header byte included.

    Raises:
        DamagedAudio: an impossible frame type, or a cut last frame.
        UnsupportedAudio: several channels.
    """
    data = untrusted_data
    if data[:6] not in (NARROW, WIDE[:6]):
        raise UnsupportedAudio("The AMR file holds several channels.")
    wide = data.startswith(WIDE)
    sizes = _WIDE_SIZES if wide else _NARROW_SIZES
    position = len(WIDE if wide else NARROW)
    found: list[int] = []
    while position < len(data):
        kind = data[position] >> 3 & 15
        size = sizes.get(kind)
        if size is None or data[position] & 0x83:
            raise DamagedAudio(f"The AMR file is damaged after {len(found)} frames.")
        if position + size > len(data):
            raise DamagedAudio(f"The AMR file is truncated in frame {len(found) + 1}.")
        found.append(size)
        position += size
    return found


def amr(untrusted_data: bytes) -> Stream:
    """Raises DamagedAudio, EmptyAudio, UnsupportedAudio."""
    count = len(frame_sizes(untrusted_data))
    if not count:
        raise EmptyAudio("The AMR file has a header but no frames.")
    wide = untrusted_data.startswith(WIDE)
    rate = 16_000 if wide else 8_000
    return Stream(
        "AMR",
        "pyav",
        (untrusted_data,),
        declared=count * rate // 50,
        declared_rate=rate,
        demuxer="amr",
        bit_rate=round(len(untrusted_data) * 8 * 50 / count),
    )
