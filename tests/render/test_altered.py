"""Bleeps that lie elsewhere than planned are found on both sides: what they should cover is heard, what they do cover
was kept."""

import numpy as np
import pytest
from voices import RATE, bleeped, fill, recording, voiced

from redactor.audio import Source, decode, encode
from redactor.render import altered, exposed, muted
from redactor.types import AudioFormat, Interval, Recording

SPANS = [Interval(0, 0.6, 1.3, ()), Interval(0, 2.0, 3.5, ()), Interval(0, 5.0, 5.5, ())]
SECONDS = 7.0
STYLES = ("tone", "silence", "noise")


def moved(spans, which: int, by: float) -> list[Interval]:
    return [Interval(0, s.start + by * (i == which), s.end + by * (i == which), ()) for i, s in enumerate(spans)]


def inside(stretches, span: Interval, *, slack: float = 0.25) -> bool:
    return all(span.start - slack <= s.start and s.end <= span.end + slack for s in stretches)


@pytest.mark.parametrize("style", STYLES)
def test_bleeps_where_they_were_planned_raise_no_alarm(style):
    rng = np.random.default_rng(21)
    for pitch in (100, 200, 333.3, *[None] * 6):
        sound = voiced(rng, SECONDS, pitch=pitch)
        original, out = recording(sound), recording(bleeped(sound, SPANS, style, rng))
        assert altered(original, out, SPANS) == []
        assert exposed(original, out, SPANS) == []


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("by", [0.5, -0.5, 0.3])
@pytest.mark.parametrize("which", range(3))
def test_a_bleep_that_was_moved_is_found_on_both_sides(style, by, which):
    rng = np.random.default_rng(which)
    sound = voiced(rng, SECONDS)
    original, out = recording(sound), recording(bleeped(sound, moved(SPANS, which, by), style, rng))
    parts, changed = exposed(original, out, SPANS), altered(original, out, SPANS)
    assert parts
    assert inside(parts, SPANS[which], slack=0.05)
    if style == "tone":  # silence may lie on a pause, and noise on a sibilant
        assert changed
        assert not inside(changed, SPANS[which], slack=0.0)


@pytest.mark.parametrize("style", ["tone", "noise"])
def test_a_bleep_too_many_is_found(style):
    rng = np.random.default_rng(7)
    sound = voiced(rng, SECONDS)
    extra = Interval(0, 4.0, 4.5, ())
    (found,) = altered(recording(sound), recording(bleeped(sound, [*SPANS, extra], style, rng)), SPANS)
    assert inside([found], extra)
    assert found.end - found.start > 0.3


def test_a_tone_over_a_pause_is_found_and_silence_over_one_is_nothing():
    rng = np.random.default_rng(8)
    sound = voiced(rng, SECONDS)
    sound[int(3.8 * RATE) : int(4.8 * RATE)] *= 0.001
    pause = Interval(0, 4.0, 4.6, ())
    assert altered(recording(sound), recording(bleeped(sound, [pause], "tone", rng)), [])
    assert altered(recording(sound), recording(bleeped(sound, [pause], "silence", rng)), []) == []


@pytest.mark.parametrize(
    ("container", "codec", "suffix", "rate"),
    [
        ("WAV", "ULAW", ".wav", 8000),
        ("WAV", "GSM610", ".wav", 8000),
        ("OGG", "OPUS", ".ogg", 16000),
        ("MP3", "MPEG_LAYER_III", ".mp3", 16000),
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_codecs_change_no_kept_sound_so_much(container, codec, suffix, rate, style):
    rng = np.random.default_rng(3)
    sound = voiced(rng, SECONDS, rate=rate) + 0.002 * rng.standard_normal(int(SECONDS * rate))
    form = AudioFormat(container, codec, suffix, rate, 1, "soundfile")

    def coded(samples: np.ndarray) -> Recording:
        stored = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[:, np.newaxis]
        return decode(Source.of(encode(stored, form).data, suffix))

    original = coded(sound)
    plain = (
        original.samples[:, 0].astype(float) / np.iinfo(np.int16).max
        if original.samples.dtype.kind == "i"
        else original.samples[:, 0].astype(float)
    )
    good = coded(bleeped(plain, SPANS, style, rng, rate=rate))
    assert altered(original, good, SPANS) == []
    assert exposed(original, good, SPANS) == []
    bad = coded(bleeped(plain, moved(SPANS, 1, 0.5), style, rng, rate=rate))
    assert altered(original, bad, SPANS)
    assert exposed(original, bad, SPANS)


def test_a_voicemails_own_beep_under_a_bleep_is_no_speech():
    rng = np.random.default_rng(1)
    sound = voiced(rng, SECONDS)
    sound[16000:28000] = fill("tone", 12000, rng)
    out = recording(bleeped(sound, SPANS, "tone", rng))
    assert exposed(recording(sound), out, SPANS) == []
    assert altered(recording(sound), out, SPANS) == []


def test_only_the_intervals_channel_is_looked_at():
    rng = np.random.default_rng(3)
    one, other = voiced(rng, SECONDS), voiced(rng, SECONDS)
    original = recording(np.stack([one, other], axis=1))
    out = recording(np.stack([bleeped(one, SPANS, "tone", rng), other], axis=1))
    assert altered(original, out, SPANS) == []
    second = [Interval(1, s.start, s.end, ()) for s in SPANS]
    assert {s.channel for s in altered(original, out, second)} == {0}
    assert {s.channel for s in exposed(original, out, second)} == {1}


def test_an_output_that_cannot_be_compared_is_altered_as_a_whole():
    sound = voiced(np.random.default_rng(4), SECONDS)
    other = recording(sound, rate=16000)
    assert altered(recording(sound), other, []) == [Interval(0, 0.0, SECONDS, ())]
    assert exposed(recording(sound), other, SPANS) == []


def test_silence_and_the_shortest_of_recordings_raise_no_alarm():
    for seconds in (0.0, 0.02, 0.1, 0.3, SECONDS):
        nothing = recording(np.zeros(int(seconds * RATE)))
        assert altered(nothing, nothing, []) == []
        assert exposed(nothing, nothing, [Interval(0, 0.0, seconds, ())]) == []


# --- muted -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_bleeps_are_muted_and_nothing_else(style):
    rng = np.random.default_rng(5)
    sound = voiced(rng, SECONDS)
    out = recording(bleeped(sound, SPANS, style, rng))
    quiet, bleeps = muted(out, SPANS, style=style)
    assert [(b.start, b.end) for b in bleeps] == [pytest.approx((s.start, s.end), abs=0.001) for s in SPANS]
    for span in SPANS:
        assert not quiet.samples[round(span.start * RATE) : round(span.end * RATE)].any()
        out.samples[round(span.start * RATE) : round(span.end * RATE)] = 0
    assert (quiet.samples == out.samples).all()


@pytest.mark.parametrize("style", ["tone", "silence"])
def test_what_is_no_bleep_is_not_muted(style):
    rng = np.random.default_rng(6)
    sound = voiced(rng, SECONDS)
    _, bleeps = muted(recording(sound), SPANS, style=style)
    assert sum(b.end - b.start for b in bleeps) < 0.4  # a pause may be silent
    out = recording(bleeped(sound, moved(SPANS, 1, 0.5), style, rng))
    _, bleeps = muted(out, [SPANS[1]], style=style)
    assert max(b.end - b.start for b in bleeps) == pytest.approx(1.0, abs=0.1)
    assert bleeps[-1].start == pytest.approx(2.5, abs=0.1)
