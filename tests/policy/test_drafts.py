"""Drafts: what would withhold a recording is covered, and nothing else is lost; and what a person may clear of it."""

import numpy as np
import pytest

from redactor.errors import NotUnderstood, UnlocatedFinding, UntranscribedSpeech
from redactor.policy import Edit, draft_plan, edited, load_policy, make_plan
from redactor.types import AudioFormat, Finding, ModelInfo, Recording, Speech, TimedText, Transcript, Unheard

SECONDS = 12.0
POLICY = load_policy("deidentify")
RECORDING = Recording(
    "0" * 64, np.zeros((96_000, 1), np.int16), AudioFormat("WAV", "PCM_16", ".wav", 8000, 1, "soundfile")
)
WORDS = [TimedText(text, 1.0 + i, 1.35 + i, 0.9) for i, text in enumerate("please call bill back today".split())]


def speech(*unheard, words=WORDS, least=0.0):
    return Speech((Transcript.of(words),), (0,), ModelInfo("x", "x"), 0.0, unheard, least_confidence=least)


def silent(plan, start, end):
    """Whether a stretch is bleeped completely."""
    return any(i.start <= start and i.end >= end for i in plan.intervals)


def hidden(plan):
    return {i for c in plan.covers for i in range(c.first, c.last)}


@pytest.mark.parametrize(
    ("said", "found", "error"),
    [
        (speech(Unheard(0, 0.0, SECONDS, "unclear")), (), NotUnderstood),
        (speech(Unheard(0, 0.0, SECONDS, "nothing"), words=[]), (), NotUnderstood),
        (speech(words=[w._replace(confidence=0.2) for w in WORDS], least=0.7), (), NotUnderstood),
        (speech(), (Finding("PERSON", 6, 99, 0.9, "x"),), UnlocatedFinding),
        (speech(), (Finding("PERSON", 6, 7, 0.9, "x"),), UnlocatedFinding),
    ],
)
def test_a_recording_that_is_in_doubt_as_a_whole_is_covered_as_a_whole(said, found, error):
    with pytest.raises(error):
        make_plan(RECORDING, said, found, POLICY)
    plan = draft_plan(RECORDING, said, found, POLICY)
    assert silent(plan, 0.0, SECONDS)
    assert hidden(plan) == set(range(len(plan.speech.transcripts[0].words)))


def test_a_stretch_of_speech_without_words_is_covered_and_the_rest_stays():
    said = speech(Unheard(0, 7.0, 9.0, "speech"))
    found = (Finding("PERSON", 12, 16, 0.9, "x"),)
    with pytest.raises(UntranscribedSpeech):
        make_plan(RECORDING, said, found, POLICY)
    plan = draft_plan(RECORDING, said, found, POLICY)
    assert plan.policy == POLICY.stamp
    assert silent(plan, 7.0, 9.0)
    assert hidden(plan) == {2}
    assert not silent(plan, 4.1, 4.3)


def test_a_recording_without_doubt_has_the_plan_of_a_run():
    found = (Finding("PERSON", 12, 16, 0.9, "x"),)
    assert draft_plan(RECORDING, speech(), found, POLICY) == make_plan(RECORDING, speech(), found, POLICY)


def test_a_cleared_stretch_is_audible_and_the_rest_stays_covered():
    plan = draft_plan(RECORDING, speech(Unheard(0, 7.0, 10.0, "speech")), (), POLICY)
    after = edited(plan, [Edit("clear", 0, start=8.0, end=10.0)], POLICY)
    (interval,) = after.intervals
    assert (interval.start, interval.end) == (pytest.approx(6.75), pytest.approx(8.25, abs=0.01))
    assert not edited(plan, [Edit("clear", 0, start=7.0, end=10.0)], POLICY).intervals
    # A region marked afterwards counts.
    again = edited(plan, [Edit("clear", 0, start=7.0, end=10.0), Edit("region", 0, start=8.0, end=9.0)], POLICY)
    assert [(i.start, i.end) for i in again.intervals] == [(8.0, 9.0)]


def test_words_inside_a_cleared_stretch_are_shown_and_words_at_its_edge_are_not():
    plan = draft_plan(RECORDING, speech(Unheard(0, 0.0, SECONDS, "unclear")), (), POLICY)
    after = edited(plan, [Edit("clear", 0, start=1.9, end=4.2)], POLICY)
    assert hidden(after) == {0, 3, 4}
    assert silent(after, 4.0, 4.35)
    assert not any(i.start < 3.2 < i.end for i in after.intervals)


def test_a_stretch_outside_the_recording_is_refused():
    plan = draft_plan(RECORDING, speech(), (), POLICY)
    for start, end in ((-1.0, 2.0), (3.0, 3.0), (2.0, SECONDS + 1)):
        with pytest.raises(ValueError, match="outside"):
            edited(plan, [Edit("clear", 0, start=start, end=end)], POLICY)


@pytest.mark.parametrize("kind", ["overlap", "doubt"])
def test_an_edit_elsewhere_does_not_uncover_the_sound_between_guessed_words(kind):
    plan = make_plan(RECORDING, speech(Unheard(0, 2.0, 7.9, kind)), (), POLICY)
    assert silent(plan, 2.0, 7.9)
    assert silent(edited(plan, [Edit("cover", 0, 0, 1)], POLICY), 2.0, 7.9)
    shown = edited(plan, [Edit("uncover", 0, 2, 3)], POLICY)
    assert not any(i.start < 3.2 < i.end for i in shown.intervals)  # the word that a person heard
    assert silent(shown, 3.4, 7.9)
    assert silent(shown, 2.0, 2.9)
