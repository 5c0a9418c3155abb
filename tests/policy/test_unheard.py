"""Bleeps over unheard sound reach to the neighbouring words, but not into them."""

import numpy as np
import pytest

from redactor.policy import load_policy, make_plan
from redactor.types import AudioFormat, ModelInfo, Recording, Speech, TimedText, Transcript, Unheard

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
