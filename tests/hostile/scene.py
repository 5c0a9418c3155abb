"""A clip's sound before its effects: speech, keys and music with their time, level and channel."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from models.tts.natural import engine
from models.tts.noise import tone
from models.tts.timing import Times
from sample_audio import sounds
from sample_audio.compose import RATE, Timed, compose
from sample_audio.markup import parse

from .effects import applied, tempo

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = Path(__file__).with_name("texts.toml")
GAP = 0.5  # s between parts
KEY_LEVEL = 0.3  # amplitude of each of a key's two tones
ENGLISH = ("en-us", "en")


class Part(NamedTuple):
    """One voice's turn, a row of keys, or a sound.

    text: a key of texts.toml; for keys: label and digits ("US_SSN 900417726"); for a sound: its seconds. kind: "say",
    "keys", "music" or "silence". at: seconds at which it begins; None: when the part before it has ended. gain: dB.
    keys: seconds of each tone and of the pause behind it. accent: an English text in a voice of another language, read
    as English. without_pauses: pauses are shortened. cut: trimmed from within the first to within the last word.
    """

    text: str
    voice: str = ""
    kind: str = "say"
    at: float | None = None
    gain: float = 0.0
    channel: int = 0
    effects: tuple[tuple[str, dict[str, Any]], ...] = ()
    rate: float = 1.0
    pitch: float = 1.0
    warp: float = 1.0
    tempo: float = 1.0
    keys: tuple[float, float] = (0.12, 0.14)
    accent: bool = False
    without_pauses: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Scene:
    """samples: (frames, channels) at RATE. timed: the words of each channel. parts: for each channel, which part each
    of its spans belongs to.
    """

    samples: np.ndarray
    timed: list[Timed]
    parts: list[list[int]]


@cache
def texts() -> dict[str, str]:
    """Scripts by name."""
    read = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    return {name: entry["script"].strip() for name, entry in read.items()}


def staged(parts: Iterable[Part], rng: np.random.Generator, channels: int = 1) -> Scene:
    """All parts together. Raises SynthesisError if a voice cannot be understood."""
    clock, placed = 0.0, []
    sources: list[list[str]] = [[] for _ in range(channels)]
    times: list[list[Times]] = [[] for _ in range(channels)]
    owners: list[list[int]] = [[] for _ in range(channels)]
    for number, part in enumerate(parts):
        samples, source, words = _sounding(part, rng)
        samples = applied(samples * np.float32(10 ** (part.gain / 20)), RATE, rng, part.effects)
        start = clock if part.at is None else part.at
        placed.append((part.channel, start, samples))
        if source:
            sources[part.channel].append(source)
            times[part.channel].extend((start + a, start + b) for a, b in words)
            owners[part.channel].extend([number] * len(parse(source).spans))
        clock = max(clock, start + len(samples) / RATE)
    out = np.zeros((round(clock * RATE), channels), dtype=np.float32)
    for channel, start, samples in placed:
        begin = round(start * RATE)
        out[begin : begin + len(samples), channel] += samples[: len(out) - begin]
    timed = [Timed(parse(" ".join(source)), spoken) for source, spoken in zip(sources, times, strict=True)]
    return Scene(out, timed, owners)


def _sounding(part: Part, rng: np.random.Generator) -> tuple[np.ndarray, str, list[Times]]:
    """Samples at RATE, the script in the notation, and the time of each word."""
    if part.kind == "music":
        return sounds.music(float(part.text), RATE, rng), "", []
    if part.kind == "silence":
        return sounds.silence(float(part.text), RATE), "", []
    if part.kind == "keys":
        label, _, digits = part.text.partition(" ")
        samples = keyed(digits, *part.keys)
        quiet = sounds.silence(GAP, RATE)
        spoken = (GAP, GAP + len(samples) / RATE - part.keys[1])
        return np.concatenate([quiet, samples, quiet]), f"[{label}|{{{digits}}}].", [spoken]
    source = texts()[part.text]
    samples, words = _spoken(part.text, part.voice, part.rate, part.pitch, part.warp, accent=part.accent)
    if part.tempo != 1.0:
        samples, words = tempo(samples, RATE, part.tempo), [(a / part.tempo, b / part.tempo) for a, b in words]
    if part.without_pauses:
        samples, words = _closed(samples, words)
    if part.cut:
        samples, words = _cut(samples, words)
    return samples, source, words


@cache
def _spoken(
    text: str, voice: str, rate: float, pitch: float, warp: float, *, accent: bool
) -> tuple[np.ndarray, list[Times]]:
    """Clean speech and the time of each word; finding the words takes longest."""
    message = {"id": text, "script": texts()[text], "voice": voice, "rate": rate, "pitch": pitch, "warp": warp}
    language = voice.partition("/")[2][0]
    reading = mock.patch.dict(engine.LANGUAGES, {language: ENGLISH}) if accent else nullcontext()
    with reading:
        clean, (timed,) = compose(message, np.random.default_rng(1))
    return clean[:, 0], timed.times


def keyed(digits: str, seconds: float, gap: float) -> np.ndarray:
    """DTMF: each key's tones for `seconds`, then silence for `gap`."""
    pieces = [
        piece
        for digit in digits
        for piece in (tone(seconds, RATE, *sounds.KEYS[digit], amplitude=KEY_LEVEL), sounds.silence(gap, RATE))
    ]
    return np.concatenate(pieces)


def _closed(samples: np.ndarray, words: list[Times], longest: float = 0.03) -> tuple[np.ndarray, list[Times]]:
    """The same without pauses: the time between two words is shortened to `longest` seconds."""
    kept, moved, clock = [], [], 0.0
    for number, (start, end) in enumerate(words):
        following = words[number + 1][0] if number + 1 < len(words) else end
        until = min(max(end, following), end + longest)
        moved.append((clock, clock + end - start))
        kept.append(samples[round(start * RATE) : round(until * RATE)])
        clock += len(kept[-1]) / RATE
    return np.concatenate(kept), moved


def _cut(samples: np.ndarray, words: list[Times]) -> tuple[np.ndarray, list[Times]]:
    """Trimmed from within the first word to within the last one."""
    (first, first_end), (last, last_end) = words[0], words[-1]
    begin, end = first + 0.3 * (first_end - first), last + 0.7 * (last_end - last)
    moved = [(max(0.0, a - begin), min(b, end) - begin) for a, b in words]
    return samples[round(begin * RATE) : round(end * RATE)], moved
