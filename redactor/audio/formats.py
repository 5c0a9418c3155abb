"""The usual name endings of each container, and the one to give a file whose own ending lied."""

from __future__ import annotations

from redactor.audio.raw import raw_suffix
from redactor.types import AudioFormat

SUFFIXES = {
    "WAV": (".wav", ".wave", ".bwf", ".wav49"),
    "RF64": (".wav", ".wave", ".bwf", ".rf64"),
    "W64": (".w64",),
    "AIFF": (".aiff", ".aif", ".aifc"),
    "AU": (".au", ".snd"),
    "FLAC": (".flac",),
    "OGG": (".ogg", ".oga", ".opus", ".spx"),
    "MP3": (".mp3", ".mp2", ".mpga"),
    "ADTS": (".aac", ".adts"),
    "MP4": (".m4a", ".m4b", ".mp4", ".mov", ".3gp", ".3g2"),
    "WEBM": (".webm", ".weba", ".mka", ".mkv"),
    "ASF": (".wma", ".asf"),
    "AMR": (".amr", ".awb"),
}


def fits(container: str, suffix: str) -> bool:
    """Whether a suffix, in any case, is usual for a container; headerless audio may be called anything."""
    return container == "RAW" or suffix.lower() in SUFFIXES[container]


def honest_suffix(audio_format: AudioFormat) -> str:
    """The format's own suffix where it fits (case kept: Asterisk's `.WAV` is not its `.wav`), else the usual one."""
    suffix = audio_format.suffix
    if audio_format.container == "RAW":
        return raw_suffix(audio_format.codec, audio_format.sample_rate, suffix)
    return suffix if fits(audio_format.container, suffix) else SUFFIXES[audio_format.container][0]
