"""The usual name endings of each container, and the one to give a file whose own ending lied."""

from __future__ import annotations

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


_RAW_SUFFIXES = {
    "ULAW": ".ulaw", "ALAW": ".alaw", "GSM610": ".gsm", "VOX_ADPCM": ".vox", "g722": ".g722", "g729": ".g729", "g723_1": ".g723",
    "g726": ".g726", "g726le": ".g726",
}  # fmt: skip


def fits(container: str, suffix: str) -> bool:
    """Whether a suffix, in any case, is usual for a container; headerless audio may be called anything."""
    return container == "RAW" or suffix.lower() in SUFFIXES[container]


def honest_suffix(container: str, codec: str, suffix: str) -> str:
    """The suffix itself where it fits (case kept: Asterisk's `.WAV` is not its `.wav`), else the usual one."""
    if container == "RAW":
        return suffix or _RAW_SUFFIXES.get(codec, ".raw")
    return suffix if fits(container, suffix) else SUFFIXES[container][0]
