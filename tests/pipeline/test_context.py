"""Context in the pipeline: settings, hot words, the second reading; without it nothing changes."""

from dataclasses import replace

import numpy as np
import pytest

from redactor.errors import NotUnderstood
from redactor.phi import KnownParty, build_detector
from redactor.pipeline import Pipeline
from redactor.policy import load_policy
from redactor.recording_context import RecordingContexts
from redactor.render import Replacer
from redactor.speech.fake import FAKE
from redactor.types import IDENTIFIERS, AudioFormat, Recording, Speech, TimedText, Transcript, Unheard

KEY = bytes(32)
OWN = [KnownParty("patient", "Alcide Broussard")]
SAID = "hi I talked to my brother all side about it please call back".split()


class Scripted:
    """A transcriber that records the hot words it gets; with them it hears `biased`."""

    info = replace(FAKE, engine="scripted")

    def __init__(self, unclear=False):
        self.asked, self.unclear = [], unclear

    def transcribe(self, channels, *, recording_id, hotwords=None):
        self.asked.append(hotwords)
        words = [TimedText(w, 0.2 + 0.3 * n, 0.45 + 0.3 * n, 0.95) for n, w in enumerate(SAID)]
        unheard = (Unheard(0, 0.0, 4.0, "unclear"),) if hotwords and self.unclear else ()
        return Speech((Transcript.of(words),), (0,), self.info, unheard=unheard)


class Old:
    """A transcriber of an earlier interface."""

    info = replace(FAKE, engine="scripted")

    def transcribe(self, channels, *, recording_id):
        return Scripted().transcribe(channels, recording_id=recording_id)


@pytest.fixture(scope="module")
def detector():
    return build_detector(labels=IDENTIFIERS, ner="none")


@pytest.fixture
def recording():
    samples = np.random.default_rng(0).normal(0, 3000, (8000 * 5, 1)).astype(np.int16)
    return Recording("a" * 64, samples, AudioFormat("WAV", "PCM_16", ".wav", 8000, 1, "soundfile"))


def pipeline(detector, **options):
    return Pipeline(
        transcriber_for=lambda _: None,
        detector=detector,
        policy=load_policy("deidentify").with_changes(unheard_speech="bleep"),
        replacer=Replacer(),
        **options,
    )


def covered(plan):
    words = plan.speech.transcripts[0].words
    return {words[i].text for cover in plan.covers for i in range(cover.first, cover.last)}


def test_known_names_are_in_the_plan(detector, recording):
    context = RecordingContexts(key=KEY).with_parties(OWN)
    made = pipeline(detector)
    assert {"all", "side"} <= covered(made.plan(recording, Scripted(), context=context))
    assert not {"all", "side"} & covered(made.plan(recording, Scripted()))


def test_settings_change_with_a_context_only(detector):
    made, transcriber = pipeline(detector), Scripted()
    contexts = RecordingContexts(key=KEY)
    own, other = contexts.with_parties(OWN), contexts.with_parties([KnownParty("patient", "Dana Whitlock")])
    marks = [made.settings(transcriber, context=context) for context in (None, own, other)]
    marks.append(pipeline(detector, context_hotwords=True).settings(transcriber, context=own))
    assert len(set(marks)) == 4
    assert made.settings(transcriber) == made.settings(transcriber, context=None) == marks[0]
    assert pipeline(detector, context_hotwords=True).settings(transcriber) == marks[0]
    again = RecordingContexts(key=KEY).with_parties(OWN)
    assert made.settings(transcriber, context=again) == marks[1]


def test_hot_words_are_those_of_the_recording_and_off_by_default(detector, recording):
    contexts = RecordingContexts([KnownParty("staff", "Leilani Kahananui")], key=KEY)
    for options, asked in (({}, [None]), ({"context_hotwords": True}, ["Alcide Broussard"])):
        transcriber = Scripted()
        pipeline(detector, **options).plan(recording, transcriber, context=contexts.with_parties(OWN))
        assert transcriber.asked == asked
    transcriber = Scripted()
    pipeline(detector, context_hotwords=True).plan(recording, transcriber, context=contexts.with_parties(()))
    assert transcriber.asked == [None]


def test_what_hot_words_would_withhold_is_recognised_without_them(detector, recording):
    transcriber = Scripted(unclear=True)
    context = RecordingContexts(key=KEY).with_parties(OWN)
    assert pipeline(detector, context_hotwords=True).plan(recording, transcriber, context=context).covers
    assert transcriber.asked == ["Alcide Broussard", None]


def test_a_recording_that_is_unclear_without_them_is_withheld(detector, recording):
    class Unclear(Scripted):
        def transcribe(self, channels, *, recording_id, hotwords=None):
            speech = super().transcribe(channels, recording_id=recording_id, hotwords=hotwords)
            return replace(speech, unheard=(Unheard(0, 0.0, 4.0, "unclear"),))

    context = RecordingContexts(key=KEY).with_parties(OWN)
    with pytest.raises(NotUnderstood):
        pipeline(detector, context_hotwords=True).plan(recording, Unclear(), context=context)


def test_a_transcriber_without_hot_words_is_never_given_any(detector, recording):
    assert pipeline(detector).plan(recording, Old()).speech
