"""The pipeline's types: offsets agree with the text, and no `repr` shows speech."""

import math
import traceback
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.types import (
    CLINICAL,
    IDENTIFIERS,
    LABELS,
    UNSEEN,
    AudioFormat,
    Cover,
    Interval,
    ModelInfo,
    Plan,
    Recording,
    Speech,
    TimedText,
    Transcript,
)

SECRET = "Whitlock"


def holders() -> dict[str, object]:
    transcript = Transcript.of([TimedText("Dana", 0.0, 0.5), TimedText(SECRET, 0.5, 1.0)])
    speech = Speech((transcript,), (0,), ModelInfo("fake", "fake"))
    samples = np.frombuffer(SECRET.encode(), dtype=np.int16)[:, np.newaxis]
    cover = Cover(0, 1, 2, 0.5, 1.0, "PERSON", ("PERSON",))
    return {
        "TimedText": TimedText(SECRET, 0.5, 1.0),
        "Word": transcript.words[1],
        "Transcript": transcript,
        "Speech": speech,
        "Recording": Recording("a" * 64, samples, AudioFormat("WAV", "PCM_16", ".wav", 8000, 1, "soundfile")),
        "Plan": Plan("a" * 64, "p/1", 1.0, 8000, 1, speech, (), (cover,), (Interval(0, 0.5, 1.0, ("PERSON",)),)),
    }


@pytest.mark.parametrize("name", holders())
def test_repr_hides_speech(name):
    holder = holders()[name]
    for shown in (repr(holder), str(holder), f"{holder}", repr([holder])):
        assert SECRET not in shown
        assert str(np.frombuffer(SECRET.encode(), dtype=np.int16)[0]) not in shown
        assert name in shown


def test_an_error_that_quotes_a_holder_hides_speech():
    error = KeyError(*(h for name, h in holders().items() if name != "TimedText"))
    assert SECRET not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("Da\u200bna", "Dana"),  # zero-width space
        ("Whit\u00adlock", "Whitlock"),  # soft hyphen
        ("\x1b[31mDana", "[31mDana"),  # escape code
        ("Dana\ud800", "Dana"),  # lone surrogate
        ("\u2060", ""),  # nothing but a word joiner
        ("Zo\u0308e", "Zo\u0308e"),  # combining marks are seen
        ("\u5f20\u4f1f", "\u5f20\u4f1f"),
    ],
)
def test_characters_that_nobody_sees_are_dropped(given_text, kept):
    assert Transcript.of([TimedText(given_text, 0.0, 1.0)]).text == kept


times = st.one_of(st.none(), st.floats(-5, 50), st.sampled_from([math.nan, math.inf, -math.inf]))
timed = st.builds(TimedText, st.text(max_size=8), times, times, st.one_of(st.floats(-1, 2), st.just(math.nan)))


@given(st.lists(timed, max_size=12))
def test_offsets_agree_with_the_text(words):
    transcript = Transcript.of(words)
    assert transcript.text == " ".join(w.text for w in transcript.words)
    seen = ["".join(c for c in " ".join(w.text.split()) if unicodedata.category(c) not in UNSEEN) for w in words]
    spoken = [" ".join(text.split()) for text in seen]
    assert [w.text for w in transcript.words] == [s for s in spoken if s]
    for word in transcript.words:
        assert transcript.text[word.char_start : word.char_end] == word.text
        assert word.text.strip()
        assert 0 <= word.confidence <= 1
        assert (word.start is None) == (word.end is None)
        assert word.start is None or 0 <= word.start < word.end


def test_labels():
    assert IDENTIFIERS.isdisjoint(CLINICAL)
    assert LABELS == IDENTIFIERS | CLINICAL
    assert all(label == label.upper() for label in LABELS)


def test_a_recordings_measures():
    samples = np.zeros((12_000, 2), dtype=np.int16)
    recording = Recording("a" * 64, samples, AudioFormat("WAV", "PCM_16", ".wav", 8000, 2, "soundfile"))
    assert (recording.frames, recording.channels, recording.sample_rate, recording.duration) == (12_000, 2, 8000, 1.5)
    assert repr(recording) == f"Recording({'a' * 12}, 1.50 s, 8000 Hz, 2 ch, PCM_16)"
