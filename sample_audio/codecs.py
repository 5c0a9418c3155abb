"""The formats of the sample recordings: writing without tags, reading back, and measuring the codec's delay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soundfile
from scipy.signal import correlate, resample_poly

Samples = npt.NDArray[np.float32]
"""(frames, channels), full scale 1.0."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is written.

    suffix, sample_rate in Hz; block: frames to which the length is rounded up, so that every decoder agrees on it;
    sound: soundfile's format and subtype; codec, container: PyAV's, with its bit rate and the codec's sample format.
    """

    title: str
    suffix: str
    sample_rate: int
    block: int = 1
    sound: tuple[str, str] | None = None
    codec: str = ""
    container: str = ""
    bit_rate: int = 0
    sample_format: str = "s16"
    channels: int = 1


FORMATS = {
    "wav8": Format("WAV, PCM 16 bit", ".wav", 8000, sound=("WAV", "PCM_16")),
    "wav16": Format("WAV, PCM 16 bit", ".wav", 16000, sound=("WAV", "PCM_16")),
    "wav-stereo": Format("WAV, PCM 16 bit, one party a channel", ".wav", 8000, sound=("WAV", "PCM_16"), channels=2),
    "ulaw": Format("WAV, µ-law", ".wav", 8000, sound=("WAV", "ULAW")),
    "alaw": Format("WAV, A-law", ".wav", 8000, sound=("WAV", "ALAW")),
    "wav49": Format("WAV49 (GSM 6.10)", ".WAV", 8000, 640, sound=("WAV", "GSM610")),
    "gsm": Format("raw GSM 6.10", ".gsm", 8000, 160, sound=("RAW", "GSM610")),
    "flac": Format("FLAC", ".flac", 16000, sound=("FLAC", "PCM_16")),
    "mp3": Format("MP3, 32 kbit/s", ".mp3", 8000, 576, None, "libmp3lame", "mp3", 32000, "s16p"),
    "opus": Format("Ogg Opus", ".opus", 48000, 960, None, "libopus", "ogg", 20000, "s16"),
    "webm": Format("WebM Opus", ".webm", 48000, 960, None, "libopus", "webm", 20000, "s16"),
    "m4a": Format("M4A, AAC", ".m4a", 16000, 1024, None, "aac", "ipod", 32000, "fltp"),
    "amr": Format("AMR narrow band, 12.2 kbit/s", ".amr", 8000, 160, None, "libopencore_amrnb", "amr", 12200, "s16"),
}


def write(path: Path, samples: Samples, form: Format) -> None:
    """Write `samples` (already a multiple of `form.block` frames, at its rate) with no tags."""
    if form.sound:
        container, subtype = form.sound
        soundfile.write(path, samples, form.sample_rate, format=container, subtype=subtype)
        return
    options = {"fflags": "+bitexact"}
    if form.container == "mp3":
        options |= {"id3v2_version": "0", "write_id3v1": "0"}
    pcm = np.clip(np.round(samples[:, 0] * 32767), -32768, 32767).astype(np.int16)
    with av.open(str(path), "w", format=form.container, options=options) as container_:
        stream: Any = container_.add_stream(form.codec, rate=form.sample_rate, options={"flags": "+bitexact"})
        stream.layout, stream.format, stream.bit_rate = "mono", form.sample_format, form.bit_rate
        stream.codec_context.open(strict=False)
        size = stream.codec_context.frame_size
        convert = av.AudioResampler(format=form.sample_format, layout="mono", rate=form.sample_rate)
        for start in range(0, len(pcm), size):
            frame = av.AudioFrame.from_ndarray(pcm[None, start : start + size], format="s16", layout="mono")
            frame.sample_rate, frame.pts = form.sample_rate, start
            for converted in convert.resample(frame):
                container_.mux(stream.encode(converted))
        container_.mux(stream.encode(None))


def cut(path: Path, frames: int, seconds: float, form: Format) -> None:
    """Take away what comes after `seconds` of a µ-law WAV of one channel; its header goes on stating `frames`."""
    if form.sound != ("WAV", "ULAW"):
        raise ValueError("only µ-law has a byte a frame")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - frames + round(seconds * form.sample_rate)])


def read_soundfile(path: Path) -> tuple[Samples, int] | None:
    """Decode with libsndfile: (frames, channels) and Hz, or None for a format that it does not know."""
    raw: dict[str, Any] = {"samplerate": 8000, "channels": 1, "format": "RAW", "subtype": "GSM610"}
    try:
        samples, sample_rate = soundfile.read(
            path, dtype="float32", always_2d=True, **(raw if path.suffix == ".gsm" else {})
        )
    except soundfile.LibsndfileError:
        return None
    return samples, sample_rate


def read_av(path: Path) -> tuple[Samples, int]:
    """Decode with FFmpeg through PyAV: (frames, channels) and Hz."""
    blocks, sample_rate = [], 0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            block, sample_rate = frame.to_ndarray(), frame.sample_rate
            if not frame.format.is_planar:
                block = block.reshape(-1, len(frame.layout.channels)).T
            scale = 32768.0 if block.dtype == np.int16 else 1.0
            blocks.append(block.T.astype(np.float32) / scale)
    return np.concatenate(blocks), sample_rate


def tags(path: Path) -> dict[str, str]:
    """Every tag FFmpeg sees in the container and its stream, less what the muxers must write."""
    structural = {"major_brand", "minor_version", "compatible_brands", "handler_name", "language", "DURATION"}
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    return {k: v for k, v in found.items() if k not in structural and (k, v) != ("encoder", "Lavf")}


def delay(decoded: Samples, decoded_rate: int, source: Samples, source_rate: int) -> float:
    """Seconds by which `decoded` lags `source`, by cross-correlation of their first channels at 8 kHz."""
    a, b = (
        resample_poly(x[:, 0], 1, rate // 8000) if rate > 8000 else x[:, 0]
        for x, rate in ((decoded, decoded_rate), (source, source_rate))
    )
    correlation = correlate(a, b, "full", method="fft")
    return (int(correlation.argmax()) - len(b) + 1) / 8000
