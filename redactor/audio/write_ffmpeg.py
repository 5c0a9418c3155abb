"""Writing with PyAV (FFmpeg): the lossy codecs, with their priming described or taken out so that time stays where
it was.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.audio.convert import as_int16, unit
from redactor.types import AudioFormat, Samples

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How one kind of file is written.

    Attributes:
        muxer: FFmpeg's container, "" where the packets in a row, after `head`, are the file.
        kind: sample format the encoder takes.
        lead: samples by which the encoder delays the sound and no header says so; taken from the beginning instead.
        whole: the last frame is filled up to a multiple of this many samples (a frame, or a whole number of bytes).
        rates: sample rates the codec has, empty for any.
        kbits: bit rates it has, empty for any.
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
_NO_TRACES = {"fflags": "+bitexact"}


def _recipe(audio_format: AudioFormat) -> _Recipe | None:
    rate = audio_format.sample_rate
    match audio_format.container, audio_format.codec:
        case "MP3", ("mp3float" | "mp3"):
            kbits = _MPEG_KBITS_1 if rate >= 32_000 else _MPEG_KBITS_2 if rate >= 16_000 else _MPEG_KBITS_25
            rates = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
            return _Recipe("libmp3lame", "mp3", "s16p", rates=rates, kbits=kbits, options=(("id3v2_version", "0"),))
        case "OGG", ("OPUS" | "opus" | "libopus"):
            return _Recipe("libopus", "ogg", "s16", rates=_OPUS_RATES)
        case "WEBM", ("opus" | "libopus"):
            return _Recipe("libopus", "webm", "s16", rates=_OPUS_RATES)
        case "MP4", "aac":
            return _Recipe("aac", "ipod", "fltp", options=(("movie_timescale", str(rate)),))
        case "MP4", "alac":
            return _Recipe("alac", "ipod", "s16p", options=(("movie_timescale", str(rate)),))
        case "ADTS", "aac":
            # The first packet only primes the decoder; bare frames cannot say so, so it is left out.
            return _Recipe("aac", "adts", "fltp", drop_packets=1)
        case "AMR", ("amrnb" | "amr_nb" | "libopencore_amrnb"):
            kbits_amr = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
            return _Recipe("libopencore_amrnb", "", "s16", 1, 40, 160, (8_000,), kbits_amr, b"#!AMR\n")
        case "RAW", "g722":
            return _Recipe("g722", "", "s16", 1, 22, 2, (16_000,))
        case "RAW", ("g726" | "g726le") as codec:
            bits = round((audio_format.bit_rate or 32_000) / rate)
            return _Recipe(codec, "", "s16", 1, whole=8, options=(("code_size", str(bits)),))
        case "RAW", "g723_1":
            return _Recipe("g723_1", "", "s16", 1, 60, 240, (8_000,), (6.3,))
    return None


def can_write(audio_format: AudioFormat) -> bool:
    """Whether `write` gives this container and codec back with this build of FFmpeg."""
    import av
    import av.codec.codec

    recipe = _recipe(audio_format)
    if recipe is None or audio_format.channels > recipe.channels:
        return False
    if recipe.rates and audio_format.sample_rate not in recipe.rates:
        return False
    try:
        av.Codec(recipe.encoder, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def write(samples: Samples, audio_format: AudioFormat) -> bytes:
    """Encode samples of shape (frames, channels) to a whole file."""
    recipe = _recipe(audio_format)
    assert recipe is not None
    return _muxed(samples, audio_format, recipe) if recipe.muxer else _bare(samples, audio_format, recipe)


def _muxed(samples: Samples, audio_format: AudioFormat, recipe: _Recipe) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=recipe.muxer, options={**_NO_TRACES, **dict(recipe.options)}) as container:
        stream: Any = container.add_stream(recipe.encoder, rate=audio_format.sample_rate)
        _configure(stream, audio_format, recipe)
        dropped = 0
        for packet in _packets(stream, samples, audio_format, recipe):
            if dropped < recipe.drop_packets:
                dropped += 1
                continue
            container.mux(packet)
    return file.getvalue()


def _bare(samples: Samples, audio_format: AudioFormat, recipe: _Recipe) -> bytes:
    import av

    context: Any = av.CodecContext.create(recipe.encoder, "w")
    context.sample_rate = audio_format.sample_rate
    _configure(context, audio_format, recipe)
    packets = [bytes(p) for p in _packets(context, samples, audio_format, recipe)]
    # Flushing the encoder's look-ahead may add a frame that the input did not have.
    packets = packets[: -(-len(samples) // (context.frame_size or _CHUNK))]
    return recipe.head + b"".join(packets)


def _configure(context: Any, audio_format: AudioFormat, recipe: _Recipe) -> None:
    context.layout = "mono" if audio_format.channels == 1 else "stereo"
    context.format = recipe.kind
    wanted = audio_format.bit_rate
    if wanted is not None and recipe.encoder != "g722":
        if recipe.kbits:
            wanted = round(min(recipe.kbits, key=lambda k: abs(k * 1000 - (wanted or 0))) * 1000)
        context.bit_rate = min(max(wanted, 4_000), 512_000)
    if not recipe.muxer and recipe.options:
        context.options = dict(recipe.options)


def _packets(encoder: Any, samples: Samples, audio_format: AudioFormat, recipe: _Recipe) -> Iterator[Any]:
    import av

    context = getattr(encoder, "codec_context", encoder)
    context.open(strict=False)
    step = context.frame_size or _CHUNK
    layout = "mono" if audio_format.channels == 1 else "stereo"
    total = len(samples)
    for at in range(0, total, step):
        block = samples[at + recipe.lead : min(at + step, total) + recipe.lead]
        size = min(step, total - at)
        missing = size + -size % recipe.whole - len(block)
        if missing:
            block = np.concatenate([block, np.zeros((missing, samples.shape[1]), samples.dtype)])
        frame = av.AudioFrame.from_ndarray(_as_kind(block, recipe.kind), format=recipe.kind, layout=layout)
        frame.sample_rate = audio_format.sample_rate
        frame.pts = at
        yield from encoder.encode(frame)
    yield from encoder.encode(None)


def _as_kind(block: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Shape (frames, channels) as PyAV wants it: planar (channels, frames), packed (1, frames x channels)."""
    values: npt.NDArray[Any] = as_int16(block) if kind.startswith("s16") else unit(block)
    return np.ascontiguousarray(values.T if kind.endswith("p") else values.reshape(1, -1))
