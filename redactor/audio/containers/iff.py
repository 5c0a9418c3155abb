"""AIFF, AIFF-C and AU: the length is checked against the bytes present.

Sources: Apple "Audio Interchange File Format AIFF-C" (1991), Sun/NeXT `audio_filehdr`.
"""

from __future__ import annotations

import struct

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio, EmptyAudio, UnsupportedAudio

_AU_UNKNOWN = 0xFFFF_FFFF
_AU_BITS = {1: 8, 2: 8, 3: 16, 4: 24, 5: 32, 6: 32, 7: 64, 23: 4, 25: 3, 26: 5, 27: 8}
"""Bits per sample by encoding number: µ-law, PCM 8 to 32, float, double, G.721, G.723 at 24 and 40 kbit/s, A-law."""


def aiff(untrusted_data: bytes) -> Stream:
    """AIFF or AIFF-C. Raises DamagedAudio, EmptyAudio."""
    data = untrusted_data
    frames = channels = bits = None
    codec = b"NONE"
    position = 12
    while position + 8 <= len(data):
        name = data[position : position + 4]
        (size,) = struct.unpack_from(">I", data, position + 4)
        start = position + 8
        if name == b"COMM" and start + 18 <= len(data):
            channels, frames, bits = struct.unpack_from(">hIh", data, start)
            if data[8:12] == b"AIFC" and start + 22 <= len(data):
                codec = data[start + 18 : start + 22]
        elif name == b"SSND":
            if size > len(data) - start:
                raise DamagedAudio(
                    f"The AIFF file is truncated: {len(data) - start} of {size} bytes of audio are present."
                )
            if frames is None or channels is None or bits is None:
                raise DamagedAudio("The AIFF file has audio before its format, or no format.")
            if not frames or size <= 8:
                raise EmptyAudio("The AIFF file has a header but no samples.")
            plain = codec in (b"NONE", b"sowt", b"twos")
            if plain and frames * channels * ((bits + 7) // 8) > size - 8:
                raise DamagedAudio("The AIFF header declares more samples than the file holds.")
            # IMA counts packets of 64 samples where plain PCM counts frames; libsndfile reports what it read.
            exact = plain or codec.lower() in (b"ulaw", b"alaw", b"fl32", b"fl64")
            return Stream("AIFF", "soundfile", (data,), declared=frames if exact else None)
        position = start + size + (size & 1)
    raise DamagedAudio("The AIFF file has no audio chunk.")


def au(untrusted_data: bytes) -> Stream:
    """Sun/NeXT AU. A length of 0xFFFFFFFF is the format's own "unknown". Raises DamagedAudio, EmptyAudio."""
    data = untrusted_data
    if len(data) < 24:
        raise DamagedAudio("The AU header is cut short.")
    start, size, encoding, _rate, channels = struct.unpack_from(">5I", data, 4)
    bits = _AU_BITS.get(encoding)
    if bits is None:
        raise UnsupportedAudio(f"The AU file uses encoding {encoding}, which is not supported.")
    if start < 24 or not channels:
        raise DamagedAudio("The AU header contradicts itself.")
    available = max(0, len(data) - start)
    warnings: tuple[str, ...] = ()
    if size == 0 and available:
        warnings = ("The AU header was never closed; everything up to the end of the file was read.",)
    elif size != _AU_UNKNOWN and size > available:
        raise DamagedAudio(f"The AU file is truncated: {available} of {size} bytes of audio are present.")
    length = available if size in (0, _AU_UNKNOWN) else size
    declared = length * 8 // (bits * channels)
    if not declared:
        raise EmptyAudio("The AU file has a header but no samples.")
    head = data[:8] + struct.pack(">I", length) + data[12:24]
    # The rest of the header is a comment: drop it.
    body = memoryview(data)[start : start + length]
    head = head[:4] + struct.pack(">I", 24) + head[8:]
    return Stream("AU", "soundfile", (head, body), declared=declared, excess=0.1 if bits < 8 else 0, warnings=warnings)
