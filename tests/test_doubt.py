"""Doubt: misheard words that stay are counted, and where they stand; covered ones are not."""

from dataclasses import replace

import pytest

from redactor.doubt import SIGNS, WEIGHTS, doubt_of, signs
from redactor.policy import load_policy, make_plan
from redactor.speech.fake import FAKE
from redactor.types import AudioFormat, Finding, Recording, Speech, TimedText, Transcript

POLICY = load_policy("deidentify")


def plan_of(said, *, engine=FAKE, findings=()):
    import numpy as np

    words = [TimedText(text, 0.5 * at, 0.5 * at + 0.4, confidence) for at, (text, confidence) in enumerate(said)]
    samples = np.zeros((round(50 * (len(words) + 2)), 1), dtype=np.int16)
    recording = Recording("a" * 64, samples, AudioFormat("WAV", "PCM_16", ".wav", 100, 1, "soundfile"))
    transcript = Transcript.of(words)
    found = [
        Finding("PERSON", transcript.text.index(part), transcript.text.index(part) + len(part), 0.9, "test")
        for part in findings
    ]
    return make_plan(recording, Speech((transcript,), (0,), engine), found, POLICY)


def sure(text):
    return [(word, 0.99) for word in text.split()]


CLEAR = sure("please call the office back about the form before noon on Friday thank you")
GARBLED = [
    *sure("she is taking"),
    ("softest", 0.2),
    ("fever", 0.25),
    *sure("every day since the visit please call back"),
]


def test_every_sign_has_a_weight():
    assert len(WEIGHTS) == len(SIGNS)
    transcript = plan_of(GARBLED).speech.transcripts[0]
    assert {len(row) for _, row in signs(transcript, frozenset(), frozenset())} == {len(SIGNS)}


def test_misheard_words_raise_the_doubt_and_are_the_stretch_to_listen_to():
    clear, garbled = doubt_of(plan_of(CLEAR)), doubt_of(plan_of(GARBLED))
    assert 0 < clear.probability < garbled.probability < 1
    assert not clear.stretches
    first = garbled.stretches[0]
    assert (first.start, first.end) == (pytest.approx(1.5), pytest.approx(2.4))  # "softest fever", as one
    assert first.channel == 0


def test_covered_words_raise_none():
    covered = plan_of(GARBLED, findings=["softest fever"])
    doubt = doubt_of(covered)
    assert doubt.probability < doubt_of(plan_of(GARBLED)).probability
    assert all(s.end <= 1.5 or s.start >= 2.4 for s in doubt.stretches)


def test_the_most_doubtful_stretch_comes_first():
    said = [
        *sure("this is for"),
        ("carrier", 0.45),
        *sure("and it says we should try"),
        ("zorb", 0.05),
        *sure("today ok"),
    ]
    stretches = doubt_of(plan_of(said)).stretches
    assert [s.probability for s in stretches] == sorted((s.probability for s in stretches), reverse=True)
    assert stretches[0].start == pytest.approx(0.5 * 9)


def test_confidences_made_elsewhere_point_out_stretches_and_give_no_probability():
    doubt = doubt_of(plan_of(GARBLED, engine=replace(FAKE, engine="transcript")))
    assert doubt.probability == 0.0
    assert [s.start for s in doubt.stretches] == [pytest.approx(1.5)]


def test_an_empty_channel_leaves_little_doubt():
    assert doubt_of(plan_of([])).probability < 0.2


def test_the_document_has_seconds_and_no_words():
    said = doubt_of(plan_of(GARBLED)).as_json()
    assert said["stretches"][0].keys() == {"start", "end", "channel", "probability"}
    assert "softest" not in repr(said)
