"""Strict decoding with PyAV (FFmpeg): a corrupt, missing or mistimed packet makes the file be refused.

FFmpeg gets the container format and never guesses. Times come from counting samples; a container's time stamps are only
compared with that count, since a decoder that skips a bad frame would otherwise shift everything after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.audio.containers.stream import Stream
from redactor.audio.limits import Limits
from redactor.audio.sample_buffer import SampleBuffer
from redactor.errors import DamagedAudio, UnsupportedAudio

_STRICT = {"err_detect": "crccheck+bitstream+buffer+explode"}
_DTYPES = {"u8": "int16", "s16": "int16", "s32": "int32", "flt": "float32", "dbl": "float64"}
_AUDIO_CODECS = frozenset(
    "aac mp3 mp3float mp2 mp2float mp1 mp1float opus libopus vorbis speex flac alac amr_nb amrnb libopencore_amrnb "
    "amr_wb amrwb libopencore_amrwb wmav1 wmav2 wmapro wmalossless wmavoice g722 adpcm_g722 g726 adpcm_g726 g726le "
    "adpcm_g726le g729 g723_1 truespeech pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_mulaw pcm_alaw pcm_u8 pcm_s8 "
    "pcm_f32le adpcm_ima_qt adpcm_ima_wav adpcm_ms gsm gsm_ms ac3 eac3".split()
)

_REFERENCE_DECODERS = {
    "amrnb": "libopencore_amrnb",
    "amr_nb": "libopencore_amrnb",
    "amrwb": "libopencore_amrwb",
    "amr_wb": "libopencore_amrwb",
}
"""FFmpeg's own AMR decoders return nothing for some silence frames; the reference decoder returns 20 ms for every
frame.
"""


@dataclass(frozen=True, slots=True)
class DecodedStream:
    """The result of one pass over a file.

    Attributes:
        codec: FFmpeg's codec name.
        bit_rate: bits per second of the packets themselves.
        declared: duration in seconds in the stream header, None if it has none.
        complete: the container has an index and every packet of it was decoded.
    """

    buffer: SampleBuffer
    codec: str
    bit_rate: int | None
    declared: float | None
    complete: bool
    warnings: tuple[str, ...]


def read_ffmpeg(stream: Stream, *, limits: Limits) -> DecodedStream:
    """Decode the one audio stream.

    Raises:
        DamagedAudio, LimitExceeded, UnsupportedAudio
    """
    import av
    import av.error

    try:
        with av.open(
            stream.open(), "r", format=stream.demuxer, options=dict(stream.options), metadata_errors="ignore"
        ) as container:
            return _Pass(container, stream, limits).run()
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        raise DamagedAudio(f"FFmpeg cannot decode it ({type(error).__name__}).") from None


class _Pass:
    """One run through an open container."""

    def __init__(self, container: Any, stream: Stream, limits: Limits) -> None:
        self._container = container
        self._stream = stream
        self._limits = limits
        self._buffer: SampleBuffer | None = None
        self._bytes = 0
        self._first_time: float | None = None
        self._complete = False

    def run(self) -> DecodedStream:
        audio = self._container.streams.audio
        if not audio:
            raise UnsupportedAudio("The file holds no audio stream.")
        if len(audio) > 1:
            raise UnsupportedAudio(
                f"The file holds {len(audio)} audio streams; export the one to redact to a file of its own."
            )
        track = audio[0]
        codec = str(track.codec_context.name) if track.codec_context is not None else ""
        if codec not in _AUDIO_CODECS:
            raise UnsupportedAudio("The codec of this file is not supported.")
        if track.codec_context.sample_rate and track.codec_context.channels:
            self._limits.check_shape(track.codec_context.sample_rate, track.codec_context.channels)
        declared = float(track.duration * track.time_base) if track.duration and track.time_base else None
        if declared is not None:
            self._limits.check_seconds(declared)
        for frame in self._frames(track):
            self._append(frame)
        buffer = self._buffer
        if buffer is None or not buffer.frames:
            raise DamagedAudio("No frame could be decoded.")
        rate = round(self._bytes * 8 * buffer.sample_rate / buffer.frames) or None
        warnings = ("Pictures and video in the file were dropped.",) if self._container.streams.video else ()
        return DecodedStream(buffer, codec, rate, declared, self._complete, warnings)

    def _frames(self, track: Any) -> Iterator[Any]:
        context = self._context(track)
        packets = 0
        for packet in self._container.demux(track):
            # A headerless file is read in arbitrary pieces, of which FFmpeg calls the last, shorter one corrupt.
            if packet.is_corrupt and self._stream.container != "RAW":
                raise DamagedAudio(f"Packet {packets + 1} is corrupt.")
            if packet.size:
                packets += 1
                self._bytes += packet.size
                yield from context.decode(packet)
        yield from context.decode(None)
        self._complete = bool(track.frames) and packets == track.frames

    def _context(self, track: Any) -> Any:
        import av

        decoder = _REFERENCE_DECODERS.get(track.codec_context.name)
        if decoder is None:
            track.codec_context.options = _STRICT
            return track.codec_context
        if decoder not in av.codecs_available:
            raise UnsupportedAudio("This build of FFmpeg has no decoder for this codec that keeps its time.")
        context: Any = av.CodecContext.create(decoder, "r")
        context.sample_rate = track.codec_context.sample_rate
        context.layout = "mono"
        context.options = _STRICT
        return context

    def _append(self, frame: Any) -> None:
        block = _interleaved(frame)
        if self._buffer is None:
            self._buffer = SampleBuffer(frame.sample_rate, block.shape[1], block.dtype, self._limits)
        buffer = self._buffer
        if (frame.sample_rate, *block.shape[1:]) != (
            buffer.sample_rate,
            buffer.channels,
        ) or block.dtype != buffer.dtype:
            raise DamagedAudio("The sample rate or the number of channels changes within the recording.")
        if frame.pts is not None and frame.time_base and self._stream.container in ("MP4", "WEBM", "ASF"):
            self._check_clock(float(frame.pts * frame.time_base), buffer)
        buffer.append(block)

    def _check_clock(self, time: float, buffer: SampleBuffer) -> None:
        if self._first_time is None:
            self._first_time = time - buffer.frames / buffer.sample_rate
        drift = time - self._first_time - buffer.frames / buffer.sample_rate
        # A missing packet is 20 ms or more; rounding of the container's times and trimmed priming stay far below 15.
        if abs(drift) > 0.015:
            raise DamagedAudio(
                f"A gap of {drift:.3f} s in the recording after {buffer.frames / buffer.sample_rate:.2f} s."
            )


def _interleaved(frame: Any) -> npt.NDArray[Any]:
    """Samples of one frame, shape (frames, channels)."""
    kind = frame.format.name.removesuffix("p")
    if kind not in _DTYPES:
        raise UnsupportedAudio("The decoder returned samples of an unknown type.")
    array: npt.NDArray[Any] = frame.to_ndarray()
    channels = len(frame.layout.channels)
    block = array.T if frame.format.is_planar else array.reshape(-1, channels)
    if kind == "u8":
        return (block.astype(np.int16) - 128) * 256
    return block.astype(_DTYPES[kind], copy=False)
