"""Tags around frames of MPEG audio: only their length matters, their content is dropped."""

from __future__ import annotations

import struct


def skip_id3(data: bytes) -> int:
    """Offset after the ID3v2 tags at the start (several may follow each other)."""
    position = 0
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        size = 0
        for byte in data[position + 6 : position + 10]:
            size = size << 7 | byte & 0x7F
        footer = 10 if data[position + 5] & 0x10 else 0
        position += 10 + size + footer
    return min(position, len(data))


def trim_tail(data: bytes, start: int) -> int:
    """Offset at which ID3v1, Lyrics3, APE tags and zero padding begin at the end."""
    end = len(data)
    while end > start:
        before = end
        if end - start >= 128 and data[end - 128 : end - 125] == b"TAG":
            end -= 128
        if end - start >= 32 and data[end - 32 : end - 24] == b"APETAGEX":
            (size,) = struct.unpack_from("<I", data, end - 20)
            header = 32 if data[end - 9] & 0x80 else 0
            end = max(start, end - size - header)
        if end - start >= 15 and data[end - 9 : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
            end = max(start, end - 15 - int(data[end - 15 : end - 9]))
        if end == before:
            break
    return len(data[:end].rstrip(b"\0")) if data[max(start, end - 1) : end] == b"\0" else end
