"""flite (festival-lite) through ctypes: exact word and phone times. Debian: libflite1."""

from __future__ import annotations

import ctypes as c
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .errors import EngineMissing, SynthesisError, TTSError
from .speech import Phone, Speech
from .timing import Times, attach

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: name: mean fundamental frequency in Hz. All are US English but awb (Scottish); kal is 8 kHz, the others 16 kHz.
VOICES = {"slt": 170.0, "rms": 95.0, "awb": 115.0, "kal16": 105.0, "kal": 105.0}

_SEGMENT_START = b"R:SylStructure.daughter1.daughter1.R:Segment.p.end"
_SEGMENT_END = b"R:SylStructure.daughtern.daughtern.R:Segment.end"


class _Voice(c.Structure):
    _fields_ = (("name", c.c_char_p), ("features", c.c_void_p))


class _Wave(c.Structure):
    _fields_ = (
        ("type", c.c_char_p),
        ("sample_rate", c.c_int),
        ("num_samples", c.c_int),
        ("num_channels", c.c_int),
        ("samples", c.POINTER(c.c_short)),
    )


@cache
def _library() -> c.CDLL:
    try:
        lib = c.CDLL("libflite.so.1", mode=c.RTLD_GLOBAL)
        for part in ("usenglish", "cmulex"):
            c.CDLL(f"libflite_{part}.so.1", mode=c.RTLD_GLOBAL)
    except OSError as error:
        raise EngineMissing("flite", "libflite1") from error
    lib.flite_init()
    pointer, string = c.c_void_p, c.c_char_p
    for name, result, arguments in (
        ("flite_synth_text", pointer, (string, c.POINTER(_Voice))),
        ("utt_wave", c.POINTER(_Wave), (pointer,)),
        ("utt_relation", pointer, (pointer, string)),
        ("relation_head", pointer, (pointer,)),
        ("item_next", pointer, (pointer,)),
        ("item_daughter", pointer, (pointer,)),
        ("item_feat_string", string, (pointer, string)),
        ("ffeature_float", c.c_float, (pointer, string)),
        ("delete_utterance", None, (pointer,)),
        ("feat_set_float", None, (pointer, string, c.c_float)),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


@cache
def _voice(name: str) -> c._Pointer[_Voice]:
    if name not in VOICES:
        raise TTSError(f"unknown flite voice {name!r}: one of {', '.join(VOICES)}")
    _library()
    try:
        register = getattr(c.CDLL(f"libflite_cmu_us_{name}.so.1"), f"register_cmu_us_{name}")
    except OSError as error:
        raise EngineMissing(f"flite voice {name}", "libflite1") from error
    register.restype, register.argtypes = c.POINTER(_Voice), (c.c_char_p,)
    return register(None)


def _items(first: int | None) -> Iterator[int]:
    while first:
        yield first
        first = _library().item_next(first)


def synthesise(tokens: Sequence[str], voice: str, rate: float, pitch: float) -> Speech:
    """See `models.tts.say`. Phones are CMU phones ("ax", "iy") without the pauses."""
    lib, handle = _library(), _voice(voice)
    features = handle.contents.features
    lib.feat_set_float(features, b"duration_stretch", 1.0 / rate)
    lib.feat_set_float(features, b"f0_shift", pitch)
    if voice.startswith("kal"):  # the diphone voice ignores f0_shift
        lib.feat_set_float(features, b"int_f0_target_mean", VOICES[voice] * pitch)
    spoken = " ".join("ay" + t[1:] if t[0] == "A" and not t[1:].strip(".,?!") else t for t in tokens)
    utterance = lib.flite_synth_text(spoken.encode("ascii", "replace"), handle)
    if not utterance:
        raise SynthesisError("flite returned no utterance")
    try:
        wave = lib.utt_wave(utterance).contents
        samples = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).astype(np.float32) / 32768
        sample_rate = int(wave.sample_rate)
        times: list[Times | None] = []
        for token in _items(lib.relation_head(lib.utt_relation(utterance, b"Token"))):
            words = list(_items(lib.item_daughter(token)))
            starts = [lib.ffeature_float(word, _SEGMENT_START) for word in words]
            ends = [lib.ffeature_float(word, _SEGMENT_END) for word in words]
            times.append((min(starts), max(ends)) if words and max(ends) > 0 else None)
        phones, before = [], 0.0
        for segment in _items(lib.relation_head(lib.utt_relation(utterance, b"Segment"))):
            name, end = lib.item_feat_string(segment, b"name").decode(), lib.ffeature_float(segment, b"end")
            if name != "pau":
                phones.append(Phone(name, before, end))
            before = end
    finally:
        lib.delete_utterance(utterance)
    return Speech(samples, sample_rate, attach(tokens, times, len(samples) / sample_rate), tuple(phones))


@cache
def word_phones(word: str) -> tuple[tuple[str, float], ...]:
    """Phones of one word with the kal16 voice's durations in seconds, for engines that report none in this notation."""
    return tuple((p.name, p.end - p.start) for p in synthesise([word], "kal16", 1.0, 1.0).phones)
