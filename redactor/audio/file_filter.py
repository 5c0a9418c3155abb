"""Whether a file in a folder is worth decoding: by its suffix or, if that is unknown, by its first bytes."""

from __future__ import annotations

import os
from pathlib import PurePath

from redactor.audio.containers import sniff
from redactor.audio.source import AUDIO_SUFFIXES

_HEAD = 1 << 16
"""Bytes read: enough for an ID3 tag without a large picture and a few MP3 frames after it."""


def looks_like_audio(path: str | os.PathLike[str]) -> bool:
    """True for a known suffix, for content that begins like a known audio format, and for a file that cannot be opened.

    When in doubt a file is audio: it then gets an outcome of its own instead of being skipped silently.
    """
    if PurePath(os.fsdecode(path)).suffix.lower() in AUDIO_SUFFIXES:
        return True
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path of undecodable bytes is fine here
            head = file.read(_HEAD)
    except OSError:
        return True
    return sniff.inspector(head, headerless=False) is not None
