"""What was recognised in a recording as bytes, and back: everything that later steps use, unredacted.

    {"schema": "redactor-speech/1", "sound": [[frames, level] of each channel], "speech": the fields of `Speech`}

`sound` tells whether the bytes belong to these channels: headerless audio may be decoded in several ways.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from redactor.types import Channel, KeyTone, ModelInfo, Speech, Transcript, Unheard, Word

SCHEMA = "redactor-speech/1"
SAME_LEVEL = 0.01
"""Relative difference in level up to which a channel is the same: another processor rounds otherwise."""
_BLOCK = 1 << 20


def pack_speech(speech: Speech, channels: Sequence[Channel]) -> bytes:
    """The bytes of what was recognised in these channels."""
    data = {"schema": SCHEMA, "sound": sound_of(channels), "speech": asdict(speech)}
    return json.dumps(data, ensure_ascii=False, default=float).encode("utf-8", "surrogatepass")


def unpack_speech(data: bytes, channels: Sequence[Channel]) -> Speech:
    """What was recognised in these channels.

    Raises:
        ValueError: another version wrote it, or it belongs to other channels. The message contains no speech.
    """
    try:
        given: dict[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
        if given["schema"] != SCHEMA or not _same(given["sound"], sound_of(channels)):
            raise ValueError("other channels, or another version")
        speech = given["speech"]
        return Speech(
            transcripts=tuple(
                Transcript(t["channel"], t["text"], tuple(Word(**word) for word in t["words"]), t["language"])
                for t in speech.pop("transcripts")
            ),
            same_as=tuple(speech.pop("same_as")),
            model=ModelInfo(**speech.pop("model")),
            unheard=tuple(Unheard(**u) for u in speech.pop("unheard")),
            warnings=tuple(speech.pop("warnings")),
            key_tones=tuple(KeyTone(**k) for k in speech.pop("key_tones")),
            **speech,
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not what a recogniser wrote ({type(error).__name__})") from None


def sound_of(channels: Sequence[Channel]) -> list[list[float]]:
    """Frames and level (root mean square) of each channel."""
    return [[len(channel), round(_level(channel), 7)] for channel in channels]


def _level(channel: Channel) -> float:
    total = 0.0
    for start in range(0, len(channel), _BLOCK):
        block = np.asarray(channel[start : start + _BLOCK], np.float64)
        total += float(block @ block)
    return math.sqrt(total / max(1, len(channel)))


def _same(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> bool:
    return len(one) == len(other) and all(
        a[0] == b[0] and math.isclose(a[1], b[1], rel_tol=SAME_LEVEL, abs_tol=1e-6)
        for a, b in zip(one, other, strict=True)
    )
