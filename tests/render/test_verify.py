"""The proof on the finished bytes: what was not covered is found, what was covered is not taken for speech."""

import numpy as np
import pytest
from voices import RATE, bleeped, fill, recording, voiced

from redactor.render import still_audible
from redactor.types import AudioFormat, Interval, Recording

SPANS = [Interval(0, 0.5, 0.65, ()), Interval(0, 1.0, 1.4, ()), Interval(0, 2.0, 3.5, ())]


def shifted(sound: np.ndarray, seconds: float) -> np.ndarray:
    return np.roll(sound, round(seconds * RATE))


COPIES = {
    "untouched": lambda s: s,
    "inverted": lambda s: -s,
    "20 dB fainter": lambda s: s * 0.1,
    "inverted and fainter": lambda s: s * -0.1,
    "50 ms later": lambda s: shifted(s, 0.05),
    "50 ms earlier": lambda s: shifted(s, -0.05),
    "under a tone of its loudness": lambda s: s + 0.2 * np.sin(2 * np.pi * 1000 / RATE * np.arange(len(s))),
    "20 dB under a tone": lambda s: s * 0.1 + 0.2 * np.sin(2 * np.pi * 1000 / RATE * np.arange(len(s))),
    "with an offset": lambda s: s * 0.5 + 0.3,
}


@pytest.mark.parametrize("copy", COPIES)
def test_whatever_is_left_of_the_original_is_found(copy):
    rng = np.random.default_rng(12)
    for _ in range(5):
        sound = voiced(rng, 4.0)
        assert still_audible(recording(sound), recording(COPIES[copy](sound)), SPANS) == SPANS


def test_a_copy_under_noise_is_found_where_there_is_enough_of_it():
    rng = np.random.default_rng(13)
    for _ in range(5):
        sound = voiced(rng, 4.0)
        assert SPANS[2] in still_audible(
            recording(sound), recording(sound + 0.1 * rng.standard_normal(len(sound))), SPANS
        )


@pytest.mark.parametrize("missed", range(3))
def test_the_one_bleep_that_is_missing_is_named(missed):
    rng = np.random.default_rng(missed)
    sound = voiced(rng, 4.0)
    out = bleeped(sound, [s for i, s in enumerate(SPANS) if i != missed], "tone", rng)
    assert still_audible(recording(sound), recording(out), SPANS) == [SPANS[missed]]


@pytest.mark.parametrize("style", ["tone", "silence", "noise"])
def test_no_bleep_is_taken_for_speech(style):
    rng = np.random.default_rng(17)
    for pitch in (100, 125, 200, 250, 333.3, 500, *[None] * 10):  # harmonics exactly on the tone, and anywhere
        sound = voiced(rng, 4.0, pitch=pitch)
        spans = [*SPANS, Interval(0, 0.0, 0.2, ()), Interval(0, 3.75, 4.0, ())]
        assert still_audible(recording(sound), recording(bleeped(sound, spans, style, rng)), spans) == []


def test_a_voicemails_own_beep_under_a_bleep_is_no_speech():
    rng = np.random.default_rng(1)
    sound = voiced(rng, 4.0)
    sound[8000:11200] = fill("tone", 3200, rng)
    out = bleeped(sound, SPANS, "tone", rng)
    assert still_audible(recording(sound), recording(out), SPANS) == []
    assert still_audible(recording(sound), recording(sound), SPANS) == [SPANS[0], SPANS[2]]


def test_quiet_recordings_are_judged_like_loud_ones():
    rng = np.random.default_rng(2)
    sound = voiced(rng, 4.0)
    faint = Recording(
        "a" * 64,
        (sound * 1e-4).astype(np.float32)[:, np.newaxis],
        AudioFormat("WAV", "FLOAT", ".wav", RATE, 1, "soundfile"),
    )
    assert still_audible(faint, faint, SPANS) == SPANS


def test_silence_holds_nothing():
    nothing = recording(np.zeros(4 * RATE))
    assert still_audible(nothing, nothing, SPANS) == []
    assert (
        still_audible(nothing, recording(bleeped(np.zeros(4 * RATE), SPANS, "tone", np.random.default_rng(0))), SPANS)
        == []
    )


def test_only_the_intervals_channel_is_looked_at():
    rng = np.random.default_rng(3)
    one, other = voiced(rng, 4.0), voiced(rng, 4.0)
    out = recording(np.stack([bleeped(one, SPANS, "tone", rng), other], axis=1))
    original = recording(np.stack([one, other], axis=1))
    assert still_audible(original, out, SPANS) == []
    second = [Interval(1, s.start, s.end, ()) for s in SPANS]
    assert still_audible(original, out, second) == second


def test_an_output_that_cannot_be_compared_fails():
    rng = np.random.default_rng(4)
    sound = voiced(rng, 4.0)
    out = bleeped(sound, SPANS, "tone", rng)
    assert still_audible(recording(sound), recording(out, rate=16000), SPANS) == SPANS
    assert still_audible(recording(np.stack([sound, sound], axis=1)), recording(out), SPANS) == SPANS
    assert still_audible(recording(sound), recording(out[: 3 * RATE]), SPANS) == [SPANS[2]]


def test_broken_samples_do_not_hide_a_copy():
    rng = np.random.default_rng(5)
    sound = voiced(rng, 4.0)
    sound[[5000, 12000, 20000]] = [np.nan, np.inf, -np.inf]
    broken = Recording("a" * 64, sound[:, np.newaxis], AudioFormat("WAV", "DOUBLE", ".wav", RATE, 1, "soundfile"))
    assert still_audible(broken, broken, SPANS) == SPANS
