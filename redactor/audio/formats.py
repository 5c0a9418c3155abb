"""The usual suffixes of each container, the suffix for a file whose own did not match, and the level of a codec's
silence.
"""

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

IDLE = {"ULAW": -70.0, "ALAW": -70.0, "GSM610": -70.0, "PCM_S8": -50.0, "PCM_U8": -50.0}
"""dBFS: the level of a codec's last steps, which an idle line makes it toggle between. Codecs of 16 bits and those that
start from 16 bits have IDLE_16."""
IDLE_16 = -84.0


def codec_floor(codec: str) -> float:
    """Level (dBFS in the telephone band) up to which a recording in this codec is silent."""
    return IDLE.get(codec, IDLE_16)


def suffix_matches(container: str, suffix: str) -> bool:
    """Whether a suffix, in any case, is usual for a container; headerless audio may have any."""
    return container == "RAW" or suffix.lower() in SUFFIXES[container]


def matching_suffix(audio_format: AudioFormat) -> str:
    """The format's own suffix where it matches (case kept: Asterisk's `.WAV` is not its `.wav`), else the usual one."""
    suffix = audio_format.suffix
    if audio_format.container == "RAW":
        return raw_suffix(audio_format.codec, audio_format.sample_rate, suffix)
    return suffix if suffix_matches(audio_format.container, suffix) else SUFFIXES[audio_format.container][0]
