"""Bleeps over unheard sound reach to the neighbouring words, but not into them."""

from contextlib import nullcontext

import numpy as np
import pytest

from redactor.errors import NotUnderstood, UntranscribedSpeech
from redactor.policy import load_policy, make_plan
from redactor.policy.withheld import guessed_stretches, stretches_of
from redactor.types import (
    AudioFormat,
    Finding,
    ModelInfo,
    Recording,
    Speech,
    TimedText,
    Transcript,
    Unheard,
    WithheldStretch,
)

FORMAT = AudioFormat("WAV", "PCM_16", ".wav", 8000, 1, "soundfile")


@pytest.mark.parametrize(
    ("unheard", "expected"),
    [
        ((3.0, 5.0), (2.75, 5.25)),  # free on both sides: the padding
        ((2.1, 5.9), (2.0, 6.0)),  # words close by: up to their edges
        ((0.1, 0.8), (0.0, 1.0)),  # the recording's beginning
        ((1.5, 6.5), (1.25, 6.75)),  # overlapping words were not believed: the padding
    ],
)
def test_reach(unheard, expected):
    transcript = Transcript.of([TimedText("hello", 1.0, 2.0), TimedText("bye", 6.0, 7.0)])
    speech = Speech((transcript,), (0,), ModelInfo("x", "x"), 0.0, (Unheard(0, *unheard, "sound"),))
    plan = make_plan(Recording("0" * 64, np.zeros((64000, 1), np.int16), FORMAT), speech, (), load_policy("deidentify"))
    assert [(i.start, i.end) for i in plan.intervals] == [pytest.approx(expected)]


def planned(words, unheard, **changes):
    speech = Speech((Transcript.of(words),), (0,), ModelInfo("x", "x"), 0.0, (Unheard(0, *unheard),))
    recording = Recording("0" * 64, np.zeros((64000, 1), np.int16), FORMAT)
    return make_plan(recording, speech, (), load_policy("deidentify").with_changes(**changes))


WORDS = [TimedText(text, float(i), i + 0.8) for i, text in enumerate(("please", "call", "bill", "or", "bell", "back"))]


@pytest.mark.parametrize("kind", ["doubt", "overlap"])
def test_words_that_were_guessed_are_covered_with_their_sound(kind):
    plan = planned(WORDS, (1.9, 4.1, kind))
    assert [(c.first, c.last, c.label) for c in plan.covers] == [(2, 5, "UNTRANSCRIBED")]
    (interval,) = plan.intervals
    assert interval.start <= 1.9
    assert interval.end >= 4.8  # the whole of the last guessed word


@pytest.mark.parametrize("kind", ["faint", "doubt", "overlap"])
@pytest.mark.parametrize("policy", ["quarantine", "bleep"])
def test_what_was_not_understood_is_bleeped_under_any_policy(kind, policy):
    assert planned(WORDS, (6.0, 7.5, kind), unheard_speech=policy, unheard_sound="keep").intervals


@pytest.mark.parametrize("kind", ["nothing", "unclear"])
@pytest.mark.parametrize("policy", ["quarantine", "bleep"])
def test_a_recording_that_was_not_understood_is_withheld(kind, policy):
    with pytest.raises(NotUnderstood) as caught:
        planned(WORDS, (0.0, 8.0, kind), unheard_speech=policy)
    assert caught.value.stretches == (WithheldStretch(0, 0.0, 8.0, kind),)


def test_a_withheld_recording_says_where_to_listen():
    with pytest.raises(UntranscribedSpeech) as caught:
        planned(WORDS, (7.5, 9.0, "speech"), unheard_speech="quarantine")  # it ends after 8 s
    assert caught.value.stretches == (WithheldStretch(0, 7.5, 8.0, "speech"),)


def test_guessed_words_that_are_neighbours_are_one_stretch():
    words = [TimedText(t, s, s + 0.5, 0.1) for t, s in (("a", 1.0), ("b", 2.0), ("c", 5.0))]
    said = Transcript.of([*words, TimedText("never", None, None, 0.1)]).words
    assert guessed_stretches(said, 1) == (WithheldStretch(1, 1.0, 2.5, "guess"), WithheldStretch(1, 5.0, 5.5, "guess"))


def test_malformed_times_are_no_stretches():
    assert stretches_of([Unheard(0, float("nan"), 2.0, "speech"), Unheard(0, 3.0, 1.0, "speech")], 8.0) == (
        WithheldStretch(0, 1.0, 3.0, "speech"),
    )


@pytest.mark.parametrize(("confidence", "withheld"), [(0.5, True), (0.9, False)])
def test_words_that_stay_must_be_sure_on_average(confidence, withheld):
    """The finding's word is sure, so that the channel as a whole passes; only the words beside it are guesses."""
    words = [word._replace(confidence=1.0 if word.text == "bill" else confidence) for word in WORDS]
    speech = Speech((Transcript.of(words),), (0,), ModelInfo("x", "x"), least_confidence=0.7)
    recording = Recording("0" * 64, np.zeros((64000, 1), np.int16), FORMAT)
    found = [Finding("PERSON", 12, 16, 0.9, "test")]
    with pytest.raises(NotUnderstood) if withheld else nullcontext():
        assert make_plan(recording, speech, found, load_policy("deidentify")).covers
