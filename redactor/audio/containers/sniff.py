"""Detect a file's format from its content: suffixes can be wrong, and FFmpeg's own detection opens playlists and other
files.
"""

from __future__ import annotations

from collections.abc import Callable

from redactor.audio.containers import amr, asf, ebml, flac, iff, isobmff, mpeg, ogg, riff
from redactor.audio.containers.stream import Stream
from redactor.audio.containers.tags import skip_id3

Inspect = Callable[[bytes], Stream]

_NOT_AUDIO = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x7fELF",
    b"MZ",
    b"SQLite format 3",
    b"\xd0\xcf\x11\xe0",
    b"ustar",
    b"RIFX",
    b"II*\x00",
    b"MM\x00*",
    b"\x28\xb5\x2f\xfd",
)


def inspector(data: bytes, *, headerless: bool) -> Inspect | None:
    """The function that parses this content, None if it begins like no known format.

    With `headerless` (a suffix or an option says that there is no header) only long and unmistakable signatures count.
    """
    head = data[:64]
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return riff.wav
    if riff.is_w64(head):
        return riff.w64
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return iff.aiff
    if head[:4] == b".snd":
        return iff.au
    if head[:4] == b"OggS":
        return ogg.ogg
    if head[:5] == b"#!AMR":
        return amr.amr
    if head[:4] == b"\x1aE\xdf\xa3":
        return ebml.webm
    if head[:16] == asf.HEADER:
        return asf.asf
    if head[4:8] == b"ftyp" or (not headerless and isobmff.is_mp4(head)):
        return isobmff.mp4
    after_tags = skip_id3(data)
    if data[after_tags : after_tags + 4] == b"fLaC":
        return flac.flac
    if not headerless or after_tags:
        if mpeg.is_mp3(data):
            return mpeg.mp3
        if mpeg.is_adts(data):
            return mpeg.adts
    return None


def is_something_else(data: bytes) -> bool:
    """Whether this is certainly not headerless audio: a known file type of another kind, or text.

    Text has spaces or line ends and many letters; A-law silence (0x55, "U") is printable too and has neither.
    """
    if data.startswith(_NOT_AUDIO):
        return True
    head = data[:4096]
    printable = sum(32 <= b < 127 or b in (9, 10, 13) for b in head)
    blank = head.count(b" ") + head.count(b"\n")
    return len(head) >= 16 and printable >= 0.95 * len(head) and blank >= 0.01 * len(head) and len(set(head)) >= 8
