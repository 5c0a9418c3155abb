"""FLAC: STREAMINFO holds a sample count and the MD5 of the samples, so that any damage is detected (RFC 9639)."""

from __future__ import annotations

import struct

from redactor.audio.containers.stream import Stream
from redactor.audio.containers.tags import skip_id3
from redactor.errors import DamagedAudio


def flac(untrusted_data: bytes) -> Stream:
    """Raises DamagedAudio."""
    start = skip_id3(untrusted_data)
    info = untrusted_data[start + 8 : start + 42]
    if len(info) < 34 or untrusted_data[start + 4] & 0x7F != 0:
        raise DamagedAudio("The FLAC header is cut short.")
    (word,) = struct.unpack_from(">Q", info, 10)
    frames = word & 0xF_FFFF_FFFF
    bits = (word >> 36 & 0x1F) + 1
    md5 = info[18:34]
    return Stream(
        "FLAC",
        "soundfile",
        (memoryview(untrusted_data)[start:],) if start else (untrusted_data,),
        # 0 means unknown: a stream encoder that could not seek back.
        declared=frames or None,
        declared_rate=word >> 44,
        md5=md5 if any(md5) else b"",
        bits=bits,
    )
