"""Bytes become a `Recording`, or an `InputError`: nothing in between, and never less than the file promises.

`decode` is a pure function of its arguments, all of which pickle, so the same call can run in a confined process: see
`Decoder`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from redactor.audio.containers import sniff
from redactor.audio.containers.stream import Stream
from redactor.audio.ffmpeg import read_ffmpeg
from redactor.audio.formats import fits
from redactor.audio.limits import Limits
from redactor.audio.raw import RawFormat, raw_format
from redactor.audio.rawfile import read_raw
from redactor.audio.sndfile import read_soundfile
from redactor.audio.source import Source
from redactor.errors import DamagedAudio, EmptyAudio, LimitExceeded, UnsupportedAudio
from redactor.types import AudioFormat, Recording, Samples


def decode(source: Source, *, raw: RawFormat | None = None, limits: Limits | None = None) -> Recording:
    """Decode one file.

    The content decides what it is. Only content without a known beginning is taken as headerless, as `raw` says or the
    suffix.

    Args:
        source: the bytes.
        raw: what a headerless file holds; wins over the suffix, never over a header that is there.
        limits: refused beyond these, before memory is set aside where a header tells.

    Returns:
        A Recording whose samples are read-only, shape (frames, channels), in the narrowest exact type.

    Raises:
        EmptyAudio: no bytes or no samples.
        UnsupportedAudio: not audio, several audio streams, or a codec nothing here reads.
        DamagedAudio: cut, corrupt, or decoded to another length than promised.
        LimitExceeded
    """
    limits = limits or Limits()
    data = source.untrusted_data
    if not data:
        raise EmptyAudio("The file has no bytes.")
    if len(data) > limits.max_bytes:
        raise LimitExceeded(f"The file is larger than {limits.max_bytes >> 20} MiB.")
    headerless = raw or raw_format(source.suffix)
    inspect = sniff.inspector(data, headerless=headerless is not None)
    warnings: tuple[str, ...] = ()
    if inspect is not None:
        recording = _decode_stream(source, inspect(data), limits)
        if source.suffix and not fits(recording.format.container, source.suffix):
            warnings = ("The name's ending does not fit the content; the content decided.",)
    elif sniff.is_something_else(data) or headerless is None:
        raise UnsupportedAudio("This is not audio that anything here reads.")
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
        reel, codec = read_soundfile(stream.open(), limits=limits)
        bit_rate, seconds, complete = stream.bit_rate, None, False
    else:
        decoded = read_ffmpeg(stream, limits=limits)
        reel, codec, seconds = decoded.reel, decoded.codec, decoded.declared
        bit_rate, complete = decoded.bit_rate, decoded.complete
        warnings += decoded.warnings
    rate, channels = reel.sample_rate, reel.channels
    promised = _promise(stream, rate, seconds)
    # With every packet of the index decoded nothing is missing, though the duration may count priming that was cut off.
    if promised is not None and not complete and reel.frames < promised - round(stream.slack * rate):
        raise DamagedAudio(f"Only {reel.frames} of {promised} promised frames could be decoded.")
    keep = reel.frames
    if promised is not None and promised < reel.frames <= promised + round(stream.excess * rate):
        keep = promised
    samples = reel.samples(keep)
    if stream.md5 and _pcm_md5(samples, stream.bits) != stream.md5:
        raise DamagedAudio("The decoded samples do not have the checksum that the file promises.")
    if bit_rate is None and keep:
        bit_rate = round(len(source.untrusted_data) * 8 * rate / keep)
    form = AudioFormat(stream.container, codec, source.suffix, rate, channels, stream.backend, bit_rate)
    return Recording(source.id, samples, form, warnings)


def _promise(stream: Stream, rate: int, seconds: float | None) -> int | None:
    """Frames at the decoder's rate that must come out."""
    if stream.declared is not None:
        return round(stream.declared * rate / stream.declared_rate) if stream.declared_rate else stream.declared
    if stream.container == "MP4" and seconds is not None:
        return round(seconds * rate)
    return None


def _pcm_md5(samples: Samples, bits: int) -> bytes | None:
    """MD5 as FLAC counts it: signed little-endian integers of whole bytes, interleaved."""
    width = (bits + 7) // 8
    digest = hashlib.md5(usedforsecurity=False)
    shift = samples.dtype.itemsize * 8 - bits
    for start in range(0, len(samples), 1 << 18):
        block = np.ascontiguousarray(samples[start : start + (1 << 18)] >> shift).astype("<i4")
        digest.update(block.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return digest.digest()
