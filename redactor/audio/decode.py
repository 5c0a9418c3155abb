"""Decode bytes to a complete `Recording`, or raise an `InputError`: never return less than the file declares.

`decode` is a pure function of its arguments, all of which pickle, so that the same call can run in a sandboxed process:
see `Decoder`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from redactor.audio.containers import sniff
from redactor.audio.containers.stream import Stream
from redactor.audio.ffmpeg import read_ffmpeg
from redactor.audio.formats import suffix_matches
from redactor.audio.limits import Limits
from redactor.audio.raw import RawFormat, raw_format
from redactor.audio.rawfile import read_raw
from redactor.audio.sndfile import read_soundfile
from redactor.audio.source import Source
from redactor.errors import DamagedAudio, EmptyAudio, LimitExceeded, UnsupportedAudio
from redactor.types import AudioFormat, Recording, Samples


def decode(source: Source, *, raw: RawFormat | None = None, limits: Limits | None = None) -> Recording:
    """Decode one file.

    The content determines the format. Only content that begins like no known format is read as headerless, in the
    format that `raw` or the suffix names.

    Args:
        source: the bytes.
        raw: the format of a headerless file; takes precedence over the suffix, never over a header in the file.
        limits: larger recordings are refused, before memory is allocated where a header gives the size.

    Returns:
        A Recording whose samples are read-only, shape (frames, channels), in the narrowest exact type.

    Raises:
        EmptyAudio: no bytes or no samples.
        UnsupportedAudio: not audio, several audio streams, or an unsupported codec.
        DamagedAudio: truncated, corrupt, or of another length than declared once decoded.
        LimitExceeded
    """
    limits = limits or Limits()
    data = source.untrusted_data
    if not data:
        raise EmptyAudio("The file is empty.")
    if len(data) > limits.max_bytes:
        raise LimitExceeded(f"The file is larger than {limits.max_bytes >> 20} MiB.")
    headerless = raw or raw_format(source.suffix)
    inspect = sniff.inspector(data, headerless=headerless is not None)
    warnings: tuple[str, ...] = ()
    if inspect is not None:
        recording = _decode_stream(source, inspect(data), limits)
        if source.suffix and not suffix_matches(recording.format.container, source.suffix):
            warnings = ("The file name's suffix does not match the content; the content was used.",)
    elif sniff.is_something_else(data) or headerless is None:
        raise UnsupportedAudio("This is not audio in a supported format.")
    else:
        recording = read_raw(source, headerless, limits)
    if not recording.frames:
        raise EmptyAudio("The recording has no samples.")
    recording.samples.flags.writeable = False
    return replace(recording, warnings=warnings + recording.warnings)


def _decode_stream(source: Source, stream: Stream, limits: Limits) -> Recording:
    if stream.declared is not None and stream.declared_rate:
        limits.check_seconds(stream.declared / stream.declared_rate)
    warnings = stream.warnings
    if stream.backend == "soundfile":
        buffer, codec = read_soundfile(stream.open(), limits=limits)
        bit_rate, seconds, complete = stream.bit_rate, None, False
    else:
        decoded = read_ffmpeg(stream, limits=limits)
        buffer, codec, seconds = decoded.buffer, decoded.codec, decoded.declared
        bit_rate, complete = decoded.bit_rate, decoded.complete
        warnings += decoded.warnings
    rate, channels = buffer.sample_rate, buffer.channels
    expected = _expected_frames(stream, rate, seconds)
    # If every packet of the index was decoded nothing is missing, though the duration may include removed priming.
    if expected is not None and not complete and buffer.frames < expected - round(stream.slack * rate):
        raise DamagedAudio(f"Only {buffer.frames} of {expected} frames could be decoded.")
    keep = buffer.frames
    if expected is not None and expected < buffer.frames <= expected + round(stream.excess * rate):
        keep = expected
    samples = buffer.samples(keep)
    if stream.md5 and _pcm_md5(samples, stream.bits) != stream.md5:
        raise DamagedAudio("The checksum of the decoded samples differs from the one in the file.")
    if bit_rate is None and keep:
        bit_rate = round(len(source.untrusted_data) * 8 * rate / keep)
    form = AudioFormat(stream.container, codec, source.suffix, rate, channels, stream.backend, bit_rate)
    return Recording(source.id, samples, form, warnings)


def _expected_frames(stream: Stream, rate: int, seconds: float | None) -> int | None:
    """Frames at the decoder's rate that decoding must give."""
    if stream.declared is not None:
        return round(stream.declared * rate / stream.declared_rate) if stream.declared_rate else stream.declared
    if stream.container == "MP4" and seconds is not None:
        return round(seconds * rate)
    return None


def _pcm_md5(samples: Samples, bits: int) -> bytes | None:
    """MD5 as FLAC defines it: signed little-endian integers of whole bytes, interleaved."""
    width = (bits + 7) // 8
    digest = hashlib.md5(usedforsecurity=False)
    shift = samples.dtype.itemsize * 8 - bits
    for start in range(0, len(samples), 1 << 18):
        block = np.ascontiguousarray(samples[start : start + (1 << 18)] >> shift).astype("<i4")
        digest.update(block.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return digest.digest()
