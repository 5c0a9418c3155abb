"""On the natural voices of the sample recordings; tests/hostile has voices that the network was not trained on."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sounds import noise, tone

from redactor.audio import decode, read_source, recognition_audio
from redactor.speech.activity import listen
from redactor.speech.overlap import STEP, overlaps, probabilities
from redactor.types import Mono

SAMPLES = Path(__file__).parents[2] / "sample_audio"


@cache
def voice(name: str) -> Mono:
    recording = decode(read_source(SAMPLES / name))
    channel = recognition_audio(recording, 0)
    return np.asarray(channel[: len(channel)], np.float32)


def seconds(sound: Mono) -> float:
    return sum(end - start for start, end in overlaps(sound, listen(sound)))


def mixed(one: str, two: str, decibels: float) -> Mono:
    a, b = voice(one), voice(two)
    length = min(len(a), len(b))
    a, b = a[:length], b[:length]
    return (a + b * a.std() / b.std() * 10 ** (decibels / 20)).astype(np.float32)


@pytest.mark.parametrize(
    "name", ["incoming/in-01.wav", "incoming/in-10.gsm", "outgoing/out-03.wav", "outgoing/out-08.gsm"]
)
def test_one_voice_is_no_overlap(name: str) -> None:
    assert seconds(voice(name)) < 0.6


@pytest.mark.parametrize("decibels", [0, -5])
def test_two_voices_at_once_are_found(decibels: float) -> None:
    both = mixed("incoming/in-01.wav", "incoming/in-02.wav", decibels)
    assert seconds(both) > 0.4 * listen(both).speech_seconds


def test_noise_and_tones_are_no_voices() -> None:
    assert overlaps(noise(5, -20), listen(noise(5, -20))) == ()
    assert overlaps(tone(5, 440, 480), listen(tone(5, 440, 480))) == ()


def test_there_is_a_probability_for_every_step() -> None:
    assert len(probabilities(noise(4, -20))) == pytest.approx(4 / STEP, abs=3)
    assert len(probabilities(noise(0.01, -20))) == 1


def test_a_short_or_empty_channel_has_none() -> None:
    assert overlaps(noise(0.02, -20), listen(noise(0.02, -20))) == ()
    assert overlaps(np.zeros(0, np.float32), listen(np.zeros(0, np.float32))) == ()
