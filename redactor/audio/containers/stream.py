"""What a container declares about its audio, parsed in plain Python before a decoder runs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

Part = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Stream:
    """One audio stream, ready for a decoder, with the declared length that the decoder's result is checked against.

    Attributes:
        container: "WAV", "FLAC", "OGG", …
        backend: "soundfile" or "pyav".
        parts: the bytes to decode, in order (a rewritten header and the untouched rest need no copy).
        declared: frames that the container declares, None where it declares none.
        declared_rate: Hz in which `declared` counts; 0 means the decoder's own rate.
        slack: seconds that may be missing: codecs whose container only knows rounded times.
        excess: seconds of codec padding that may follow the declared end, and are removed.
        demuxer: FFmpeg's name for the container (FFmpeg is never left to guess: some of its guesses open other files).
        options: for FFmpeg's demuxer.
        bit_rate: bits per second, if the container states it.
        md5: of the decoded PCM, if the container has it.
        bits: bits per sample in which `md5` is computed.
    """

    container: str
    backend: str
    parts: tuple[Part, ...] = field(repr=False)
    declared: int | None = None
    declared_rate: int = 0
    slack: float = 0.0
    excess: float = 0.0
    demuxer: str = ""
    options: tuple[tuple[str, str], ...] = ()
    bit_rate: int | None = None
    md5: bytes = b""
    bits: int = 0
    warnings: tuple[str, ...] = ()

    def open(self) -> io.RawIOBase | io.BytesIO:
        """A seekable binary file over `parts`."""
        if len(self.parts) == 1 and isinstance(self.parts[0], bytes):
            return io.BytesIO(self.parts[0])
        return Joined(self.parts)


class Joined(io.RawIOBase):
    """Several buffers read as one file, without joining them in memory."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = [memoryview(p) for p in parts if len(p)]
        self._size = sum(map(len, self._parts))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        target = memoryview(buffer).cast("B")
        done = 0
        start = self._position
        for part in self._parts:
            if start < len(part) and done < len(target):
                piece = part[start : start + len(target) - done]
                target[done : done + len(piece)] = piece
                done += len(piece)
                start = 0
            else:
                start = max(0, start - len(part))
        self._position += done
        return done
