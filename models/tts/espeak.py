"""espeak-ng through ctypes, with its word and phoneme events. Debian: libespeak-ng1, espeak-ng-data."""

from __future__ import annotations

import ctypes as c
import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .errors import EngineMissing, SynthesisError, TTSError
from .speech import Phone, Speech
from .timing import Times, attach

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The voices this project uses; any other espeak-ng voice, alone or with a "+variant", works too.
VOICES = (
    "en-us",
    "en-us+m1",
    "en-us+m3",
    "en-us+m7",
    "en-us+f1",
    "en-us+f2",
    "en-us+f4",
    "en-us+klatt4",
    "en",
    "en+m2",
    "en-gb-x-rp+f5",
    "en-gb-scotland",
)
WORDS_PER_MINUTE = 165

_END, _WORD, _PHONEME = 0, 1, 7  # espeak_EVENT_TYPE: list terminated, word, phoneme
_SYNCHRONOUS, _PHONEME_EVENTS, _CHARS_UTF8, _PHONEMES = 2, 1, 1, 0x100
_RATE, _PITCH = 1, 3


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),  # ms
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", c.c_char * 8),
    )


_CALLBACK = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))
_chunks: list[np.ndarray] = []
_events: list[tuple[int, int, float, str]] = []  # type, character position, seconds, phoneme


@_CALLBACK
def _collect(wave, count, events):  # type: ignore[no-untyped-def]
    if count > 0 and wave:
        _chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
    index = 0
    while events[index].type != _END:
        event = events[index]
        name = event.id.decode("utf-8", "replace") if event.type == _PHONEME else ""
        _events.append((event.type, event.text_position - 1, event.audio_position / 1000, name))
        index += 1
    return 0


@cache
def _library() -> tuple[c.CDLL, int]:
    try:
        lib = c.CDLL("libespeak-ng.so.1")
    except OSError as error:
        raise EngineMissing("espeak-ng", "libespeak-ng1", "espeak-ng-data") from error
    sample_rate = lib.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
    if sample_rate <= 0:
        raise EngineMissing("espeak-ng data", "espeak-ng-data")
    lib.espeak_SetSynthCallback(_collect)
    lib.espeak_Synth.argtypes = (
        c.c_char_p,
        c.c_size_t,
        c.c_uint,
        c.c_int,
        c.c_uint,
        c.c_uint,
        c.c_void_p,
        c.c_void_p,
    )
    return lib, sample_rate


def synthesise(tokens: Sequence[str], voice: str, rate: float, pitch: float) -> Speech:
    """See `models.tts.say`. Phones are espeak-ng mnemonics ("aI", "@2") without the pauses."""
    lib, sample_rate = _library()
    if lib.espeak_SetVoiceByName(voice.encode()) != 0:
        raise TTSError(f"unknown espeak-ng voice {voice!r}")
    lib.espeak_SetParameter(_RATE, round(WORDS_PER_MINUTE * rate), 0)
    lib.espeak_SetParameter(_PITCH, round(min(99, max(0, 50 + 50 * math.log2(pitch)))), 0)
    spoken = ["[[eI]]" + t[1:] if t[0] == "A" and not t[1:].strip(".,?!") else t for t in tokens]
    positions = np.cumsum([0] + [len(t) + 1 for t in spoken])
    text = " ".join(spoken).encode() + b"\0"
    _chunks.clear()
    _events.clear()
    lib.espeak_Synth(text, len(text), 0, 1, 0, _CHARS_UTF8 | _PHONEMES, None, None)
    lib.espeak_Synchronize()
    if not _chunks:
        raise SynthesisError("espeak-ng returned no audio")
    samples = np.concatenate(_chunks).astype(np.float32) / 32768
    duration = len(samples) / sample_rate
    starts: list[float | None] = [None] * len(tokens)
    for kind, position, seconds, _ in _events:
        if kind == _WORD:
            token = int(np.searchsorted(positions, position, side="right")) - 1
            if 0 <= token < len(tokens) and starts[token] is None:
                starts[token] = seconds
    phones = _phones(duration)
    times: list[Times | None] = [None] * len(tokens)
    heard = [(index, start) for index, start in enumerate(starts) if start is not None]
    for (index, start), (_, limit) in zip(heard, [*heard[1:], (0, duration)], strict=True):
        inside = [p for p in phones if start - 0.005 <= p.start < limit - 0.005]
        if inside:
            times[index] = (start, inside[-1].end)
    return Speech(samples, sample_rate, attach(tokens, times, duration), phones)


def _phones(duration: float) -> tuple[Phone, ...]:
    marks = [(seconds, name) for kind, _, seconds, name in _events if kind == _PHONEME]
    ends = [*(seconds for seconds, _ in marks[1:]), duration]
    return tuple(
        Phone(name, start, end)
        for (start, name), end in zip(marks, ends, strict=True)
        if not name.startswith("_") and name != ";" and end > start
    )
