"""Recordings, transcripts and findings for the tests of this folder, by hand and by Hypothesis."""

import math

import numpy as np
from hypothesis import strategies as st

from redactor.policy import Policy, load_policy
from redactor.types import (
    AudioFormat,
    Finding,
    KeyTone,
    ModelInfo,
    Recording,
    Speech,
    TimedText,
    Transcript,
    Unheard,
    Word,
)

RATE = 100
"""The sound is never analysed: few samples make long recordings cheap."""


def recording(duration: float = 10.0, channels: int = 1) -> Recording:
    samples = np.zeros((round(duration * RATE), channels), dtype=np.int16)
    return Recording("a" * 64, samples, AudioFormat("WAV", "PCM_16", ".wav", RATE, channels, "soundfile"))


def speech(
    *transcripts: Transcript,
    same_as: tuple[int, ...] | None = None,
    unheard: tuple[Unheard, ...] = (),
    key_tones: tuple[KeyTone, ...] = (),
) -> Speech:
    return Speech(
        transcripts,
        same_as if same_as is not None else tuple(t.channel for t in transcripts),
        ModelInfo("fake", "fake"),
        unheard=unheard,
        key_tones=key_tones,
    )


def spoken(text: str, *, pace: float = 0.4, channel: int = 0) -> Transcript:
    """Words one after the other, each `pace` seconds long, no pause between."""
    return Transcript.of([TimedText(w, i * pace, (i + 1) * pace) for i, w in enumerate(text.split())], channel=channel)


def finding(
    text: str, part: str, label: str = "PERSON", *, score: float = 0.9, source: str = "test", channel: int = 0
) -> Finding:
    """The position of `part` in `text` (once)."""
    assert text.count(part) == 1, part
    start = text.index(part)
    return Finding(label, start, start + len(part), score, source, channel)


DEIDENTIFY: Policy = load_policy("deidentify").with_changes(unheard_speech="bleep")

odd_seconds = st.one_of(
    st.none(),
    st.floats(-2, 14, allow_nan=False).map(lambda x: round(x, 2)),
    st.sampled_from([0.0, math.nan, math.inf, -math.inf, 10.0, 1e9]),
)
"""Times from bad engines, for a recording of 10 s: missing, before it, after it, not numbers."""

letters = st.text("abcdefghij0123456789-.,'", min_size=1, max_size=8)


@st.composite
def transcripts(draw: st.DrawFn, *, channel: int = 0, min_words: int = 0, max_words: int = 8) -> Transcript:
    """Orderly words with some wrong times, or all times wild (overlapping, unsorted, zero, inverted, out of range)."""
    texts = draw(st.lists(letters, min_size=min_words, max_size=max_words))
    if draw(st.booleans()):
        times = [(draw(odd_seconds), draw(odd_seconds)) for _ in texts]
    else:
        times, now = [], 0.0
        for _ in texts:
            now += draw(st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.3, 1.2]))
            length = draw(st.sampled_from([0.02, 0.1, 0.3, 0.9]))
            times.append((now, now + length) if draw(st.integers(0, 4)) else (None, None))
            now += length
    with_times = [TimedText(text, start, end) for text, (start, end) in zip(texts, times, strict=True)]
    made = Transcript.of(with_times, channel=channel)
    if draw(st.booleans()):
        return made
    # As an importer might build it, past the checks of Transcript.of.
    words = [
        Word(w.text, start, end, 0.5, w.char_start, w.char_end)
        for w, (_, start, end, _) in zip(made.words, with_times, strict=True)
    ]
    return Transcript(channel, made.text, tuple(words))


@st.composite
def findings_in(draw: st.DrawFn, transcript: Transcript) -> list[Finding]:
    """Spans that touch at least one word."""
    found = []
    for _ in range(draw(st.integers(0, 4)) if transcript.words else 0):
        start = draw(st.integers(0, len(transcript.text) - 1))
        end = draw(st.integers(start + 1, len(transcript.text)))
        if transcript.text[start:end].strip():
            label = draw(st.sampled_from(["PERSON", "PHONE_NUMBER", "DATE_TIME", "MEDICATION"]))
            found.append(Finding(label, start, end, draw(st.floats(0.4, 1)), "test", transcript.channel))
    return found
