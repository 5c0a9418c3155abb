import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.audio import RAMP_SECONDS, bleep, sample_range
from redactor.errors import UnlocatedFinding
from redactor.types import Interval

STYLES = ["tone", "silence", "noise"]
DTYPES = ["int16", "int32", "float32", "float64"]


def interval(start, end, channel=0):
    return Interval(channel, start, end, ("PERSON",))


spans = st.lists(
    st.tuples(st.floats(-0.1, 1.9), st.floats(0.001, 0.8), st.integers(0, 1)).map(lambda t: (t[0], t[0] + t[1], t[2])),
    min_size=1,
    max_size=5,
).filter(lambda s: all(end > 0.001 for _, end, _ in s))


def masks(recording, covered):
    """(inside, inside or soft edge), each of shape (frames, channels)."""
    inside = np.zeros(recording.samples.shape, bool)
    near = inside.copy()
    ramp = math.ceil(RAMP_SECONDS * recording.sample_rate) + 1
    for start, end, channel in covered:
        first, last = sample_range(start, end, recording.sample_rate, recording.frames)
        inside[first:last, channel] = True
        near[max(0, first - ramp) : last + ramp, channel] = True
    return inside, near


@settings(deadline=None, max_examples=60, derandomize=True)
@given(spans=spans, style=st.sampled_from(STYLES), dtype=st.sampled_from(DTYPES))
def test_inside_nothing_is_left_and_elsewhere_nothing_changes(kit, spans, style, dtype):
    """Two recordings that agree outside the intervals and differ inside get the same bleeps."""
    base = np.stack([kit.voice(2, 8000, 1), kit.voice(2, 8000, 2)], 1)
    recording = kit.recording(kit.as_dtype(base, dtype))
    before = recording.samples.copy()
    out = bleep(recording, [interval(*s) for s in spans], style=style)
    inside, near = masks(recording, spans)
    assert out.dtype == recording.samples.dtype
    assert out.shape == recording.samples.shape
    assert np.array_equal(recording.samples, before)
    assert np.array_equal(out[~near], before[~near])
    other = before.copy()
    other[inside] = kit.as_dtype(base[::-1, ::-1] * 0.7, dtype)[inside]
    again = bleep(kit.recording(other), [interval(*s) for s in spans], style=style)
    for start, end, channel in spans:
        first, last = sample_range(start, end, recording.sample_rate, recording.frames)
        a, b = (x[first:last, channel].astype(float) for x in (out, again))
        if style == "silence":
            assert not a.any()
            assert not b.any()
        else:  # equal but for the loudness
            assert np.abs(a @ b) >= 0.999 * np.linalg.norm(a) * np.linalg.norm(b)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_bleeps_are_independent_of_the_speech(kit, style, dtype):
    """Same loudness around, different speech inside: identical samples come out, so their correlation with either is
    chance.
    """
    outside = kit.voice(6, 8000, 1)
    results, secrets = [], []
    for seed in (11, 12):
        said = kit.voice(1, 8000, seed)
        said *= np.sqrt(np.mean(outside**2) / np.mean(said**2))
        sound = outside.copy()
        sound[20_000:28_000] = said
        results.append(
            bleep(kit.recording(kit.as_dtype(sound, dtype)), [interval(2.5, 3.5)], style=style)[
                20_000:28_000, 0
            ].astype(float)
        )
        secrets.append(said)
    first, second = results
    if style == "silence":
        assert not first.any()
        assert not second.any()
        return
    assert 0.85 < np.linalg.norm(first) / np.linalg.norm(second) < 1.18, "whole decibels apart at most"
    assert np.corrcoef(first, second)[0, 1] > 0.999
    for result, said in zip(results, secrets, strict=True):
        assert abs(kit.lag_ms(said, result, 8000)[1]) < 0.35


def test_a_value_that_is_not_a_number_does_not_survive(kit):
    sound = np.full(8000, 0.1, np.float32)
    sound[4000] = np.nan
    for style in STYLES:
        assert np.isfinite(bleep(kit.recording(sound), [interval(0.4, 0.6)], style=style)).all()


@pytest.mark.parametrize("gain_db", [-60, -30, -20, -10, 0])
@pytest.mark.parametrize("style", ["tone", "noise"])
def test_as_loud_as_the_speech_but_bounded(kit, gain_db, style):
    sound = kit.voice(6, 8000, 1)
    sound *= 10 ** (gain_db / 20) * 0.3 / np.sqrt(np.mean(sound**2))
    recording = kit.recording(kit.as_dtype(sound, "int16"))
    out = bleep(recording, [interval(2.5, 3.5)], style=style)[20_000:28_000, 0] / 32768
    level = 20 * math.log10(np.sqrt(np.mean(out**2)))
    assert -36.5 <= level <= -14.5
    assert np.abs(out).max() < 0.35, "far from clipping"
    if gain_db in (-20, -10):
        speech = np.sort([np.mean(f**2) for f in np.clip(sound, -1, 1).reshape(-1, 160)])[-30]
        assert abs(level - min(10 * math.log10(speech), -15)) < 4


@pytest.mark.parametrize("rate", [4000, 6000, 8000, 11_025, 44_100])
def test_tone_is_one_kilohertz_where_the_rate_can_hold_it(kit, rate):
    out = bleep(kit.recording(kit.as_dtype(kit.voice(3, rate), "int16"), rate), [interval(1, 2)])[rate : 2 * rate, 0]
    peak = np.argmax(np.abs(np.fft.rfft(out * np.hanning(rate))))
    assert abs(peak - 1000) <= 1


def test_edges_are_soft_and_outside(kit):
    recording = kit.recording(np.zeros(16_000, np.int16))
    out = bleep(recording, [interval(1.0, 1.2)])[:, 0].astype(float)
    ramp = round(RAMP_SECONDS * 8000)
    assert not out[: 8000 - ramp].any()
    assert not out[9600 + ramp :].any()
    assert out[8000 - ramp : 8000].any()
    assert out[9600 : 9600 + ramp].any()
    full = np.abs(out[8000:9600]).max()
    assert np.abs(out[8000 - ramp : 8000 - ramp // 2]).max() < 0.6 * full
    assert np.abs(np.diff(out)).max() < 1.05 * full * 2 * np.sin(np.pi / 8), "no step larger than the tone's own"


def test_start_and_end_round_outward_and_stop_at_the_file(kit):
    assert sample_range(0.10001, 0.19999, 8000, 8000) == (800, 1600)
    assert sample_range(-5, 99, 8000, 8000) == (0, 8000)
    recording = kit.recording(np.full(8000, 9999, np.int16))
    assert not bleep(recording, [interval(-1, 99)], style="silence").any()
    assert not bleep(recording, [interval(0, 0.1)], style="silence")[:800].any()


def test_intervals_whose_edges_meet_are_one(kit):
    recording = kit.recording(np.full(16_000, 9999, np.int16))
    out = bleep(recording, [interval(1.0, 1.1), interval(1.11, 1.2), interval(0.9, 1.05)], style="silence")
    assert not out[7200:9600].any()


def test_noise_is_the_same_at_every_run_and_another_at_every_place(kit):
    recording = kit.recording(kit.as_dtype(kit.voice(4, 8000), "int16"))
    first, second = (bleep(recording, [interval(1, 2), interval(3, 3.9)], style="noise") for _ in range(2))
    assert np.array_equal(first, second)
    assert abs(np.corrcoef(first[8000:15_000, 0], first[24_000:31_000, 0])[0, 1]) < 0.1


def test_long_intervals_are_seamless(kit):
    recording = kit.recording(np.zeros(8000 * 80, np.int16))
    out = bleep(recording, [interval(1, 79)])[8000:-8000, 0].astype(float)
    assert np.abs(np.diff(out)).max() < 1.05 * np.abs(out).max() * 2 * np.sin(np.pi / 8)


@pytest.mark.parametrize(
    "bad",
    [
        interval(1, 1),
        interval(2, 1),
        interval(float("nan"), 1),
        interval(0, float("inf")),
        interval(0, 1, 1),
        interval(0, 1, -1),
    ],
)
def test_impossible_intervals_are_refused(kit, bad):
    with pytest.raises(ValueError, match="interval"):
        bleep(kit.recording(np.zeros(8000, np.int16)), [bad])


@pytest.mark.parametrize("span", [(7, 8), (1, 1.5), (-2, -1), (-2, 0)])
def test_an_interval_outside_the_recording_is_not_passed_over(kit, span):
    with pytest.raises(UnlocatedFinding):
        bleep(kit.recording(np.zeros(8000, np.int16)), [interval(*span)])


def test_unknown_styles_are_refused(kit):
    with pytest.raises(ValueError, match="style"):
        bleep(kit.recording(np.zeros(8000, np.int16)), [], style="hum")


def test_no_intervals_is_a_copy(kit):
    recording = kit.recording(np.ones(800, np.int16))
    out = bleep(recording, [])
    assert np.array_equal(out, recording.samples)
    assert out.flags.writeable
