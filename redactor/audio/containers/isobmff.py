"""MP4, M4A, MOV, 3GP (ISO 14496-12): the boxes must fit the file, and the index must point inside it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio

_TOP = frozenset(b"ftyp moov mdat free skip wide uuid moof mfra sidx styp meta pdin pnot emsg prft udta".split())


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, body start, box end) of the boxes in a range."""
    position = start
    while position + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, position)
        body = position + 8
        if size == 1 and position + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - position
        if size < body - position or position + size > end:
            raise DamagedAudio("The MP4 file is truncated: a box extends past the end of the file.")
        yield name, body, position + size
        position += size
    if any(data[position:end]):
        raise DamagedAudio("The MP4 file is truncated in the header of a box.")


def is_mp4(head: bytes) -> bool:
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free", b"pnot")


def mp4(untrusted_data: bytes) -> Stream:
    """Raises DamagedAudio."""
    moov = False
    for name, _, _ in _boxes(untrusted_data, 0, len(untrusted_data)):
        if name not in _TOP:
            raise DamagedAudio("The MP4 file has an unknown box amid its audio.")
        moov = moov or name == b"moov"
    if not moov:
        raise DamagedAudio("The MP4 file has no index: the recorder never closed it.")
    return Stream(
        "MP4",
        "pyav",
        (untrusted_data,),
        # Movie durations count in units of a thousandth (edit lists); one AAC frame of padding may follow.
        slack=0.005,
        excess=0.3,
        demuxer="mov,mp4,m4a,3gp,3g2,mj2",
    )
