"""From a message of scripts.toml or hard.toml to clean sound with the time of each word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from models.tts import Speech, say
from models.tts.noise import beep, ringback
from models.tts.voices import is_natural

from . import sounds
from .markup import Script, ScriptWord, calls, parse

RATE = 16000  # Hz
GAP = 0.4  # s between sentences, mean
EDGE = 0.3  # s of silence at both ends
PARTIES, KEYPAD = "AB", "K"
SOUNDS = {
    "M": sounds.music,
    "S": lambda seconds, rate, _rng: sounds.silence(seconds, rate),
    "C": sounds.click,
}


class Timed(NamedTuple):
    """Times in seconds of each written word of a script, in order."""

    script: Script
    times: list[tuple[float, float]]


class Turn(NamedTuple):
    """kind: a letter of PARTIES, KEYPAD or SOUNDS; text: what is said or keyed, or the seconds of a sound."""

    kind: str
    text: str


class _Piece(NamedTuple):
    channel: int
    start: float  # s
    samples: np.ndarray


def turns(message: dict[str, Any]) -> list[Turn]:
    """A message of one `voice` is one turn; one with `voices` has a turn a line."""
    if "voice" in message:
        return [Turn("A", message["script"].strip())]
    found = [Turn(line[0], line[2:].strip()) for line in message["script"].strip().splitlines()]
    if any(not re.fullmatch(r"[ABKMSC]: .+", line) for line in message["script"].strip().splitlines()):
        raise ValueError(f"{message['id']}: a line of a message with voices begins with a letter and a colon")
    return found


def scripts(message: dict[str, Any], channels: int = 1) -> list[Script]:
    """What is said on each channel: turn after turn."""
    texts: list[list[str]] = [[] for _ in range(channels)]
    for turn in turns(message):
        if turn.kind not in SOUNDS:
            texts[_channel(turn, channels)].append(turn.text)
    return [parse(" ".join(text), zero=message.get("zero", "oh")) for text in texts]


def compose(message: dict[str, Any], rng: np.random.Generator, channels: int = 1) -> tuple[np.ndarray, list[Timed]]:
    """Samples (frames, channels) at RATE, clean, and the words of each channel with their times.

    Two channels hold a party each; on one channel the voices follow each other, or speak at once where the message
    says "together".
    """
    timed = [Timed(script, []) for script in scripts(message, channels)]
    lead = _lead(message.get("lead", ()))
    clocks = dict.fromkeys(PARTIES, len(lead) / RATE + EDGE)
    pieces: list[_Piece] = []
    for turn in turns(message):
        clock = clocks[turn.kind] if turn.kind in PARTIES else max(clocks.values())
        channel = _channel(turn, channels)
        if turn.kind in SOUNDS:
            samples = SOUNDS[turn.kind](float(turn.text), RATE, rng)
            pieces.append(_Piece(channel, clock, samples))
            clock += len(samples) / RATE
        else:
            for words, speech in _spoken(turn, message):
                pieces.append(_Piece(channel, clock, speech.samples))
                timed[channel].times.extend((clock + a, clock + b) for a, b in _word_times(words, speech))
                clock += speech.duration + words[-1].pause + message.get("gap", GAP) * rng.uniform(0.7, 1.3)
        clocks.update(dict.fromkeys(turn.kind if message.get("together") else PARTIES, clock))
    out = np.zeros((round((max(clocks.values()) + EDGE) * RATE), channels), dtype=np.float32)
    out[: len(lead), 0] = lead
    for channel, start, samples in pieces:
        begin = round(start * RATE)
        out[begin : begin + len(samples), channel] += samples
    return out, timed


def _channel(turn: Turn, channels: int) -> int:
    return PARTIES.index(turn.kind) if channels > 1 else 0


def _spoken(turn: Turn, message: dict[str, Any]) -> Iterator[tuple[list[ScriptWord], Speech]]:
    """The calls of the engine that a turn takes: short sentences of a natural voice are said in one."""
    sentences = parse(turn.text, zero=message.get("zero", "oh")).sentences()
    if turn.kind == KEYPAD:
        for words in sentences:
            yield words, sounds.keyed(_text(words), RATE)
        return
    number = PARTIES.index(turn.kind)
    voice = (message.get("voices") or [message["voice"]])[number]
    gain = 10 ** (message.get("levels", (0, 0))[number] / 20)
    for words in calls(sentences) if is_natural(voice) else sentences:
        speech = say(
            _text(words), voice, rate=message.get("rate", 1.0), pitch=message.get("pitch", 1.0), sample_rate=RATE
        )
        yield words, speech.warped(message.get("warp", 1.0)).trimmed(0.03).peak_normalised(0.7 * gain)


def _text(words: list[ScriptWord]) -> str:
    return " ".join(token for word in words for token in word.spoken)


def _word_times(words: list[ScriptWord], speech: Speech) -> Iterator[tuple[float, float]]:
    position = 0
    for word in words:
        first, last = speech.words[position], speech.words[position + len(word.spoken) - 1]
        yield first.start, last.end
        position += len(word.spoken)


def _lead(names: list[str] | tuple[str, ...]) -> np.ndarray:
    quiet = np.zeros(RATE // 4, dtype=np.float32)
    made = {"ring": ringback(RATE), "beep": beep(RATE)}
    return np.concatenate([x for name in names for x in (quiet, made[name])] or [quiet[:0]])
