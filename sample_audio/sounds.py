"""What a line carries beside speech: keypad tones, hold music, a click. Mono float32, full scale 1.0."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.signal import butter, sosfilt

from models.tts import Speech, Word, say
from models.tts.noise import tone

from .markup import DIGITS

LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)  # Hz (ITU-T Q.23)
PAD = ("123", "456", "789", "*0#")
KEYS = {key: (LOW[row], HIGH[column]) for row, keys in enumerate(PAD) for column, key in enumerate(keys)}
SPOKEN_KEYS = {name: str(digit) for digit, name in enumerate(DIGITS)} | {"oh": "0", "pound": "#", "star": "*"}
KEY_SECONDS, KEY_GAP = 0.12, 0.14

BABBLE = (
    ("kokoro/am_eric", "The meeting moved to the small room, because the large one was taken by another group."),
    ("kokoro/af_aoede", "They planted the garden early and the rain came late, so nothing grew before the summer."),
    ("kokoro/bm_fable", "He painted the fence on one side only, and the neighbours noticed within a single day."),
    ("kokoro/bf_lily", "She reads the paper in the kitchen and folds every page before turning the next."),
)

TEMPO = 96.0  # beats a minute
CHORDS = ((43, 59, 62, 67), (40, 55, 59, 64), (48, 55, 60, 64), (50, 57, 60, 66))  # MIDI notes: G, E minor, C, D7
TUNE = (74, 71, 67, 71, 76, 74, 71, 67, 72, 76, 79, 76, 78, 74, 72, 69)  # a note each beat


def keyed(text: str, sample_rate: int) -> Speech:
    """DTMF of spoken key names ("nine oh pound."): one Word per name."""
    pieces, words, clock = [], [], 0.0
    for name in text.split():
        low, high = KEYS[SPOKEN_KEYS[name.lower().strip(",.?!")]]
        pieces += [tone(KEY_SECONDS, sample_rate, low, high, amplitude=0.3), silence(KEY_GAP, sample_rate)]
        words.append(Word(name, clock, clock + KEY_SECONDS))
        clock += KEY_SECONDS + KEY_GAP
    return Speech(np.concatenate(pieces), sample_rate, tuple(words))


def music(seconds: float, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Hold music: a plucked tune of four bars over chords, invented, again and again."""
    out = silence(seconds + 4.0, sample_rate)
    beat = 60.0 / TEMPO
    for number in range(int(seconds / beat)):
        chord = CHORDS[number // 4 % len(CHORDS)]
        notes = [(TUNE[number % len(TUNE)], 0.5, 1.2), (chord[1 + number % 3], 0.25, 0.8)]
        if number % 4 == 0:
            notes += [(note, 0.2, 3.0) for note in chord]
        for note, amplitude, decay in notes:
            start = round((number * beat + rng.uniform(0.0, 0.012)) * sample_rate)
            plucked = _plucked(note, decay, sample_rate)[: len(out) - start]
            out[start : start + len(plucked)] += amplitude * plucked
    out = out[: round(seconds * sample_rate)]
    fade = np.minimum(1.0, np.arange(len(out))[::-1] / (0.5 * sample_rate))
    return (0.5 * out / np.abs(out).max() * fade).astype(np.float32)


def _plucked(note: int, decay: float, sample_rate: int) -> np.ndarray:
    """A string: harmonics of which the higher ones die sooner; `decay` in seconds."""
    time = np.arange(round(decay * sample_rate)) / sample_rate
    pitch = 440.0 * 2 ** ((note - 69) / 12)
    partials = sum(
        np.sin(2 * np.pi * pitch * k * time) * np.exp(-(2 + 1.5 * k) * time / decay) / k
        for k in range(1, 7)
        if pitch * k < 0.45 * sample_rate
    )
    return np.asarray(partials * np.minimum(1.0, time / 0.004))


def babble(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Four voices played backwards, so that the noise holds no word that a recogniser could rightly write down.

    length: in samples.
    """
    mix = np.zeros(length, dtype=np.float32)
    for voice, text in BABBLE:
        reversed_ = _said(voice, text, sample_rate)[::-1]
        talker = np.resize(np.roll(reversed_, int(rng.integers(len(reversed_)))), length)
        mix += talker / max(float(talker.std()), 1e-6) * rng.uniform(0.6, 1.0)
    return mix


@cache
def _said(voice: str, text: str, sample_rate: int) -> np.ndarray:
    return say(text, voice, sample_rate=sample_rate).trimmed(0.05).samples


def silence(seconds: float, sample_rate: int) -> np.ndarray:
    """Nothing, for so many seconds."""
    return np.zeros(round(seconds * sample_rate), dtype=np.float32)


def click(seconds: float, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """A handset that is put down, then nothing: `seconds` in all."""
    out = silence(seconds, sample_rate)
    time = np.arange(round(0.012 * sample_rate)) / sample_rate
    knock = rng.standard_normal(len(time)) * np.exp(-time / 0.002)
    band = sosfilt(butter(2, [400, 3000], "bandpass", fs=sample_rate, output="sos"), knock)
    out[: len(time)] = 0.5 * band / np.abs(band).max()
    return out
