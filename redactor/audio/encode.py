"""Encode samples in the format they came from: same codec, rate, channels and length, and nothing else.

Every file is built from samples alone, so no tag, picture, cue or caller ID of the input can survive. A codec that
cannot be written is replaced with WAV PCM_16 and a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from redactor.audio import write_ffmpeg, write_sndfile
from redactor.audio.convert import as_int16
from redactor.audio.formats import matching_suffix
from redactor.audio.sndfile import exact_dtype
from redactor.errors import ConfigurationError
from redactor.types import AudioFormat, Samples

Writer = Callable[[Samples, AudioFormat], bytes]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished file in memory.

    Attributes:
        data: its bytes.
        suffix: for the file's name; differs from the input's where the format had to change or the input's did not
            match its content.
        format: what `data` is.
        warnings: without PHI.
    """

    data: bytes = field(repr=False)
    suffix: str
    format: AudioFormat
    warnings: tuple[str, ...] = ()


def encode(samples: Samples, audio_format: AudioFormat) -> Encoded:
    """Write samples as the format says.

    Args:
        samples: shape (frames, channels), int16, int32, float32 or float64; as `decode` gave them or `bleep` changed
            them.
        audio_format: of the recording they came from.

    Returns:
        A file that `decode` reads back with the same rate, channels and length. Exact for PCM, µ-law, A-law and FLAC;
        lossy codecs start aligned and end within one codec frame, near the input's bit rate.

    Raises:
        ConfigurationError: samples whose shape does not fit the format.
    """
    if samples.ndim != 2 or samples.shape[1] != audio_format.channels or not len(samples):
        raise ConfigurationError("The samples do not have the shape that the format requires.")
    if samples.dtype.kind == "f" and audio_format.backend == "soundfile" and exact_dtype(audio_format.codec) == "int16":
        samples = as_int16(samples)  # libsndfile would wrap values out of range
    writer = _writer(audio_format)
    if writer is not None:
        suffix = matching_suffix(audio_format)
        return Encoded(writer(samples, audio_format), suffix, replace(audio_format, suffix=suffix))
    plain = AudioFormat(
        "WAV",
        "PCM_16",
        ".wav",
        audio_format.sample_rate,
        audio_format.channels,
        "soundfile",
        audio_format.sample_rate * audio_format.channels * 16,
    )
    channels = "mono" if audio_format.channels == 1 else f"{audio_format.channels}-channel"
    warning = f"Written as WAV PCM_16: {channels} {audio_format.codec} in {audio_format.container} cannot be written."
    return Encoded(write_sndfile.write(as_int16(samples), plain), ".wav", plain, (warning,))


def _writer(audio_format: AudioFormat) -> Writer | None:
    if audio_format.backend == "soundfile" and write_sndfile.can_write(audio_format):
        return write_sndfile.write
    if write_ffmpeg.can_write(audio_format):
        return write_ffmpeg.write
    return None
