"""WAV and its 64-bit variants RF64, BW64 and Wave64: find the samples, repair a header that was never closed, refuse a
truncated file.

Every variant is passed on as one plain RIFF header (fmt, fact, data) and the untouched samples, so that one decoder
path is tested instead of five. Layouts: Microsoft "Multimedia Programming Interface" 1.0; EBU Tech 3306 (RF64); Sony
"Wave64".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from redactor.audio.containers.stream import Stream
from redactor.errors import DamagedAudio, EmptyAudio, UnsupportedAudio

_PCM, _MS_ADPCM, _FLOAT, _ALAW, _ULAW, _IMA, _GSM, _EXTENSIBLE = 1, 2, 3, 6, 7, 0x11, 0x31, 0xFFFE
_BLOCK_CODECS = frozenset({_MS_ADPCM, _IMA, _GSM})
_SOUNDFILE_TAGS = frozenset({_PCM, _FLOAT, _ALAW, _ULAW}) | _BLOCK_CODECS
_FFMPEG_TAGS = frozenset(
    {
        0x22,  # TrueSpeech
        0x42,
        0x111,  # G.723.1
        0x45,
        0x64,  # G.726
        0x50,
        0x55,  # MPEG layer 2, 3
        0x83,  # G.729
        0xFF,  # AAC
        0x160,
        0x161,  # WMA
        0x28F,  # G.722
    }
)
_UNCLOSED_FROM = 0x7FFF_0000
"""Recorders that cannot seek back write a size from here up (0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF) or 0."""

_TAIL_IGNORED = 16
"""Bytes after the last chunk that are taken for padding. More means that the header was not updated."""

_W64_GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_RIFF_TAIL = bytes.fromhex("2e91cf11a5d628db04c10000")


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    start: int
    size: int


def wav(untrusted_data: bytes) -> Stream:
    """RIFF/WAVE, RF64 or BW64.

    Raises:
        DamagedAudio: less data than the header promises, contradictory format, or audio after the declared end.
        EmptyAudio, UnsupportedAudio
    """
    container = "WAV" if untrusted_data[:4] == b"RIFF" else "RF64"
    return _stream(untrusted_data, container, _riff_chunks(untrusted_data), header=8, align=2)


def w64(untrusted_data: bytes) -> Stream:
    """Sony Wave64. Raises as `wav` does."""
    return _stream(untrusted_data, "W64", _w64_chunks(untrusted_data), header=24, align=8)


def is_w64(head: bytes) -> bool:
    return head[:4] == b"riff" and head[4:16] == _W64_RIFF_TAIL and head[24:28] == b"wave"


def _riff_chunks(data: bytes) -> Iterator[_Chunk]:
    position, large = 12, {}
    while position + 8 <= len(data):
        name = data[position : position + 4]
        (size,) = struct.unpack_from("<I", data, position + 4)
        if name == b"ds64" and position + 32 <= len(data):
            (large[b"data"],) = struct.unpack_from("<Q", data, position + 16)
        if size == 0xFFFF_FFFF and large.get(name):
            size = large[name]
        yield _Chunk(name, position + 8, size)
        position += 8 + size + (size & 1)


def _w64_chunks(data: bytes) -> Iterator[_Chunk]:
    position = 40
    while position + 24 <= len(data):
        name = data[position : position + 4]
        known = data[position + 4 : position + 16] == _W64_GUID_TAIL
        (size,) = struct.unpack_from("<Q", data, position + 16)
        size = max(0, size - 24)
        yield _Chunk(name if known else b"?", position + 24, size)
        position += 24 + (size + 7) // 8 * 8


def _stream(data: bytes, container: str, chunks: Iterator[_Chunk], *, header: int, align: int) -> Stream:
    form = fact = None
    for chunk in chunks:
        if chunk.name == b"fmt ":
            form = _Form.read(data[chunk.start : chunk.start + min(chunk.size, 1024)])
        elif chunk.name == b"fact" and chunk.size >= 4 and chunk.start + 4 <= len(data):
            (fact,) = struct.unpack_from("<I", data, chunk.start)
        elif chunk.name == b"data":
            if form is None:
                raise DamagedAudio("The WAV file has audio before its format, or no format.")
            size, warnings = _data_size(data, chunk, form, header=header, align=align)
            return _finish(data, container, chunk.start, size, form, fact, warnings)
    raise DamagedAudio("The WAV file has no audio chunk.")


@dataclass(frozen=True, slots=True)
class _Form:
    """The fmt chunk. `tag` is the real codec, looked up inside WAVE_FORMAT_EXTENSIBLE."""

    raw: bytes
    tag: int
    channels: int
    rate: int
    byte_rate: int
    block: int
    bits: int
    frames_a_block: int

    @classmethod
    def read(cls, raw: bytes) -> _Form:
        if len(raw) < 16:
            raise DamagedAudio("The WAV format chunk is cut short.")
        tag, channels, rate, byte_rate, block, bits = struct.unpack_from("<HHIIHH", raw)
        if tag == _EXTENSIBLE:
            if len(raw) < 26:
                raise DamagedAudio("The extensible WAV format chunk is cut short.")
            (tag,) = struct.unpack_from("<H", raw, 24)
        if tag not in _SOUNDFILE_TAGS | _FFMPEG_TAGS:
            raise UnsupportedAudio(f"The WAV file uses codec 0x{tag:04X}, which is not supported.")
        if not channels or not block or not rate:
            raise DamagedAudio("The WAV header claims no channels, no rate or no block size.")
        frames = 1
        if tag in _BLOCK_CODECS:
            frames = _frames_a_block(tag, block, channels)
            if len(raw) < 20 or struct.unpack_from("<H", raw, 18)[0] != frames:
                raise DamagedAudio(
                    "The WAV header contradicts itself: the block size does not match the samples per block."
                )
        elif tag in (_PCM, _FLOAT, _ALAW, _ULAW) and block != channels * ((bits + 7) // 8):
            raise DamagedAudio(
                "The WAV header contradicts itself: the block size does not match the channels and bits."
            )
        return cls(raw, tag, channels, rate, byte_rate, block, bits, frames)


def _frames_a_block(tag: int, block: int, channels: int) -> int:
    """Frames in one block of a 4-bit ADPCM or WAV49 file, 0 if there is no such block."""
    if tag == _GSM:
        return 320 if (block, channels) == (65, 1) else 0
    # Each channel starts a block with its state and, for MS ADPCM, two samples of it (IMA: one).
    state, given = (7, 2) if tag == _MS_ADPCM else (4, 1)
    codes = (block - state * channels) * 2
    return codes // channels + given if codes > 0 and codes % channels == 0 else 0


def _data_size(data: bytes, chunk: _Chunk, form: _Form, *, header: int, align: int) -> tuple[int, tuple[str, ...]]:
    available = len(data) - chunk.start
    after = chunk.start + chunk.size
    if chunk.size > available:
        if chunk.size < _UNCLOSED_FROM:
            raise DamagedAudio(f"The WAV file is truncated: {available} of {chunk.size} bytes of audio are present.")
    elif chunk.size or _is_chunks(data, after, header):
        after += -after % align if align == 8 else chunk.size & 1
        tail = data[after:]
        if not _is_chunks(data, after, header) and len(tail) > _TAIL_IGNORED and any(tail):
            seconds = len(tail) / max(form.byte_rate, 1)
            raise DamagedAudio(f"The WAV file continues for {seconds:.1f} s after the end that its header declares.")
        return chunk.size, ()
    return available, ("The WAV header was never closed; everything up to the end of the file was read.",)


def _is_chunks(data: bytes, position: int, header: int) -> bool:
    """Whether the rest is nothing, or a list of chunks without more audio; the last one may be cut."""
    while position < len(data):
        name = data[position : position + 4]
        if len(name) < 4 or not all(32 <= c < 127 for c in name) or name == b"data" or position + header > len(data):
            return False
        if header == 8:
            (size,) = struct.unpack_from("<I", data, position + 4)
            position += 8 + size + (size & 1)
        else:
            (size,) = struct.unpack_from("<Q", data, position + 16)
            if size < 24:
                return False
            position += (size + 7) // 8 * 8
    return True


def _finish(
    data: bytes, container: str, start: int, size: int, form: _Form, fact: int | None, warnings: tuple[str, ...]
) -> Stream:
    native = form.tag in _SOUNDFILE_TAGS
    filler = b""
    if form.tag in _BLOCK_CODECS:
        blocks, rest = divmod(size, form.block)
        if rest > 1:  # one byte is the chunk's padding
            filler, blocks = bytes(form.block - rest), blocks + 1
            warnings += ("The last block of the WAV file was incomplete; it was padded.",)
        whole = blocks * form.frames_a_block
        # The last block is padded; `fact` says where the sound ends. Its word is taken inside that block only.
        declared = fact if fact and whole - form.frames_a_block < fact < whole else whole
        # libsndfile takes the pad byte behind an odd number of GSM blocks for one more block.
        excess = 2 * form.frames_a_block / form.rate
        size = blocks * form.block - len(filler)
    elif native:
        declared, excess = size // form.block, 0.0
        size = declared * form.block
    else:
        declared = fact or int(size * form.rate / max(form.byte_rate, 1))
        excess = 0.0
    if not declared:
        raise EmptyAudio("The WAV file has a header but no samples.")
    fact_chunk = struct.pack("<4sII", b"fact", 4, declared & 0xFFFF_FFFF) if form.tag != _PCM else b""
    raw = form.raw[: len(form.raw) // 2 * 2]
    head = struct.pack("<4sI", b"fmt ", len(raw)) + raw + fact_chunk + struct.pack("<4sI", b"data", size + len(filler))
    length = len(head) + 4 + size + len(filler)
    return Stream(
        container,
        "soundfile" if native else "pyav",
        (struct.pack("<4sI4s", b"RIFF", length, b"WAVE") + head, memoryview(data)[start : start + size], filler),
        declared=declared,
        declared_rate=form.rate,
        # FFmpeg's frame codecs in WAV know their length only through an average byte rate.
        slack=0.0 if native else 0.1,
        excess=excess,
        demuxer="wav",
        bit_rate=form.byte_rate * 8,
        warnings=warnings,
    )
