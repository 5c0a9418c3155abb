"""Write lossy codecs with PyAV (FFmpeg). Their priming is described or removed, so that times do not shift."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.audio.convert import as_float32, as_int16
from redactor.types import AudioFormat, Samples

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class _EncoderSettings:
    """How one kind of file is written.

    Attributes:
        muxer: FFmpeg's container, "" where the file consists of `head` and the packets.
        kind: sample format the encoder takes.
        lead: samples by which the encoder delays the sound without a header that says so; cut from the beginning
            instead.
        whole: the last frame is padded to a multiple of this many samples (a frame, or a whole number of bytes).
        rates: sample rates of the codec, empty for any.
        kbits: bit rates of the codec, empty for any.
    """

    encoder: str
    muxer: str
    kind: str
    channels: int = 2
    lead: int = 0
    whole: int = 1
    rates: tuple[int, ...] = ()
    kbits: tuple[float, ...] = ()
    head: bytes = b""
    drop_packets: int = 0
    options: tuple[tuple[str, str], ...] = ()


_MPEG_KBITS_25 = (8, 16, 24, 32, 40, 48, 56, 64)
_MPEG_KBITS_2 = (*_MPEG_KBITS_25, 80, 96, 112, 128, 144, 160)
_MPEG_KBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
_BITEXACT = {"fflags": "+bitexact"}


def _encoder_settings(audio_format: AudioFormat) -> _EncoderSettings | None:
    rate = audio_format.sample_rate
    match audio_format.container, audio_format.codec:
        case "MP3", ("mp3float" | "mp3"):
            kbits = _MPEG_KBITS_1 if rate >= 32_000 else _MPEG_KBITS_2 if rate >= 16_000 else _MPEG_KBITS_25
            rates = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
            return _EncoderSettings(
                "libmp3lame", "mp3", "s16p", rates=rates, kbits=kbits, options=(("id3v2_version", "0"),)
            )
        case "OGG", ("OPUS" | "opus" | "libopus"):
            return _EncoderSettings("libopus", "ogg", "s16", rates=_OPUS_RATES)
        case "WEBM", ("opus" | "libopus"):
            return _EncoderSettings("libopus", "webm", "s16", rates=_OPUS_RATES)
        case "MP4", "aac":
            return _EncoderSettings("aac", "ipod", "fltp", options=(("movie_timescale", str(rate)),))
        case "MP4", "alac":
            return _EncoderSettings("alac", "ipod", "s16p", options=(("movie_timescale", str(rate)),))
        case "ADTS", "aac":
            # The first packet only primes the decoder; bare frames cannot say so, so it is omitted.
            return _EncoderSettings("aac", "adts", "fltp", drop_packets=1)
        case "AMR", ("amrnb" | "amr_nb" | "libopencore_amrnb"):
            kbits_amr = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
            return _EncoderSettings("libopencore_amrnb", "", "s16", 1, 40, 160, (8_000,), kbits_amr, b"#!AMR\n")
        case "RAW", "g722":
            return _EncoderSettings("g722", "", "s16", 1, 22, 2, (16_000,))
        case "RAW", ("g726" | "g726le") as codec:
            bits = round((audio_format.bit_rate or 32_000) / rate)
            return _EncoderSettings(codec, "", "s16", 1, whole=8, options=(("code_size", str(bits)),))
        case "RAW", "g723_1":
            return _EncoderSettings("g723_1", "", "s16", 1, 60, 240, (8_000,), (6.3,))
    return None


def can_write(audio_format: AudioFormat) -> bool:
    """Whether `write` supports this container and codec with this build of FFmpeg."""
    import av
    import av.codec.codec

    settings = _encoder_settings(audio_format)
    if settings is None or audio_format.channels > settings.channels:
        return False
    if settings.rates and audio_format.sample_rate not in settings.rates:
        return False
    try:
        av.Codec(settings.encoder, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def write(samples: Samples, audio_format: AudioFormat) -> bytes:
    """Encode samples of shape (frames, channels) to a whole file."""
    settings = _encoder_settings(audio_format)
    assert settings is not None
    return _muxed(samples, audio_format, settings) if settings.muxer else _bare(samples, audio_format, settings)


def _muxed(samples: Samples, audio_format: AudioFormat, settings: _EncoderSettings) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=settings.muxer, options={**_BITEXACT, **dict(settings.options)}) as container:
        stream: Any = container.add_stream(settings.encoder, rate=audio_format.sample_rate)
        _configure(stream, audio_format, settings)
        dropped = 0
        for packet in _packets(stream, samples, audio_format, settings):
            if dropped < settings.drop_packets:
                dropped += 1
                continue
            container.mux(packet)
    return file.getvalue()


def _bare(samples: Samples, audio_format: AudioFormat, settings: _EncoderSettings) -> bytes:
    import av

    context: Any = av.CodecContext.create(settings.encoder, "w")
    context.sample_rate = audio_format.sample_rate
    _configure(context, audio_format, settings)
    packets = [bytes(p) for p in _packets(context, samples, audio_format, settings)]
    # Flushing the encoder's look-ahead may add a frame that the input did not have.
    packets = packets[: -(-len(samples) // (context.frame_size or _CHUNK))]
    return settings.head + b"".join(packets)


def _configure(context: Any, audio_format: AudioFormat, settings: _EncoderSettings) -> None:
    context.layout = "mono" if audio_format.channels == 1 else "stereo"
    context.format = settings.kind
    wanted = audio_format.bit_rate
    if wanted is not None and settings.encoder != "g722":
        if settings.kbits:
            wanted = round(min(settings.kbits, key=lambda k: abs(k * 1000 - (wanted or 0))) * 1000)
        context.bit_rate = min(max(wanted, 4_000), 512_000)
    if not settings.muxer and settings.options:
        context.options = dict(settings.options)


def _packets(encoder: Any, samples: Samples, audio_format: AudioFormat, settings: _EncoderSettings) -> Iterator[Any]:
    import av

    context = getattr(encoder, "codec_context", encoder)
    context.open(strict=False)
    step = context.frame_size or _CHUNK
    layout = "mono" if audio_format.channels == 1 else "stereo"
    total = len(samples)
    for at in range(0, total, step):
        block = samples[at + settings.lead : min(at + step, total) + settings.lead]
        size = min(step, total - at)
        missing = size + -size % settings.whole - len(block)
        if missing:
            block = np.concatenate([block, np.zeros((missing, samples.shape[1]), samples.dtype)])
        frame = av.AudioFrame.from_ndarray(_as_kind(block, settings.kind), format=settings.kind, layout=layout)
        frame.sample_rate = audio_format.sample_rate
        frame.pts = at
        yield from encoder.encode(frame)
    yield from encoder.encode(None)


def _as_kind(block: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Shape (frames, channels) as PyAV wants it: planar (channels, frames), packed (1, frames x channels)."""
    values: npt.NDArray[Any] = as_int16(block) if kind.startswith("s16") else as_float32(block)
    return np.ascontiguousarray(values.T if kind.endswith("p") else values.reshape(1, -1))
