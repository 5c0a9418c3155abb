import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import noise, silence

from redactor.speech.activity import FRAME_SECONDS, Activity, listen
from redactor.speech.windows import LONGEST_PAUSE, plan_windows
from redactor.types import Mono


def made(*runs: tuple[float, float], duration: float = 120.0, quiet: tuple[float, ...] = ()) -> Activity:
    """Activity of the given stretches, all of them speech, with level dips at `quiet`."""
    level = np.full(round(duration / FRAME_SECONDS), -20, np.float32)
    for at in quiet:
        level[round(at / FRAME_SECONDS) - 3 : round(at / FRAME_SECONDS) + 3] = -70
    return Activity(duration, level, runs, runs)


def test_one_sentence_is_one_window_with_margins() -> None:
    (window,) = plan_windows(made((2.0, 5.0)), max_window=28)
    assert (window.start, window.end) == (pytest.approx(1.7), pytest.approx(5.3))
    assert window.speech


def test_long_pauses_are_skipped() -> None:
    a, b = plan_windows(made((1.0, 3.0), (3.0 + LONGEST_PAUSE + 1, 10.0)), max_window=28)
    assert a.end == pytest.approx(3.3)
    assert b.start == pytest.approx(5.7)


def test_cuts_at_the_longest_pause() -> None:
    runs = ((0.0, 2.9), (3.0, 5.0), (5.8, 8.0), (8.1, 9.0))
    a, b = plan_windows(made(*runs), max_window=8)
    assert 5.0 < a.end < 5.8
    assert 5.0 < b.start < 5.8
    assert a.end < b.start + 0.6


def test_cuts_speech_without_a_pause_at_its_quietest_point_and_shares_it() -> None:
    a, b = plan_windows(made((0.0, 12.0), quiet=(5.5,)), max_window=8)
    assert b.keep_from == pytest.approx(5.5, abs=0.1)
    assert a.end > 5.9
    assert b.start < 5.1


def test_a_dip_in_level_is_a_pause() -> None:
    level = np.full(400, -20, np.float32)
    activity = Activity(12.8, level, ((0.0, 12.0),), ((0.0, 5.0), (5.3, 12.0)))
    _, b = plan_windows(activity, max_window=8)
    assert b.keep_from == pytest.approx(5.15)
    assert b.start < 5.0


def test_ringing_does_not_share_a_window_with_speech() -> None:
    activity = Activity(10, np.full(313, -20, np.float32), ((3.0, 5.0),), ((0.0, 2.0), (3.0, 5.0)))
    ringing, speech = plan_windows(activity, max_window=28)
    assert not ringing.speech
    assert speech.speech
    assert ringing.end < speech.start + 0.7


def test_nothing_active_is_no_window() -> None:
    assert plan_windows(made(), max_window=28) == ()


@pytest.mark.parametrize("wrong", [0.5, 31, float("nan")])
def test_window_length_has_limits(wrong: float) -> None:
    with pytest.raises(ValueError, match="max_window"):
        plan_windows(made((0.0, 1.0)), max_window=wrong)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 120), st.integers(1, 900)), min_size=1, max_size=40),
    st.sampled_from([2.0, 5.0, 8.0, 15.0, 28.0, 30.0]),
    st.randoms(use_true_random=False),
)
def test_every_active_moment_is_in_a_window_and_none_is_too_long(parts, max_window, random) -> None:
    """Pauses of 1 to 120 and runs of 1 to 900 hundredths of a second; all are covered."""
    runs, now = [], 0.0
    for pause, length in parts:
        runs.append((now + pause / 100, now + pause / 100 + length / 100))
        now = runs[-1][1]
    duration = now + 0.5
    level = np.array([random.uniform(-60, -10) for _ in range(int(duration / FRAME_SECONDS) + 1)], np.float32)
    windows = plan_windows(Activity(duration, level, tuple(runs), ()), max_window=max_window)
    for start, end in runs:
        pieces = [(w.keep_from, w.keep_to) for w in windows if w.keep_from < end and w.keep_to > start]
        assert pieces[0][0] <= start
        assert pieces[-1][1] >= end
        assert all(a[1] >= b[0] - 1e-9 for a, b in itertools.pairwise(pieces))
    for window in windows:
        assert 0 <= window.start < window.end <= duration
        assert window.end - window.start <= max_window + 1e-6
        assert window.start <= window.keep_from < window.keep_to <= window.end
    assert [w.start for w in windows] == sorted(w.start for w in windows)


def test_windows_are_views(voicemail: Mono) -> None:
    window = plan_windows(listen(voicemail), max_window=8)[0]
    assert np.shares_memory(window.of(voicemail), voicemail)


def test_an_hour_is_planned_quickly() -> None:
    activity = made(*((float(t), t + 0.9) for t in range(3600)), duration=3600)
    windows = plan_windows(activity, max_window=28)
    assert 3600 / 28 <= len(windows) < 200


def test_noise_is_recognised_anyway() -> None:
    windows = plan_windows(listen(np.concatenate([silence(3), noise(2, -20), silence(3)])), max_window=28)
    assert [w.speech for w in windows] == [False]


def test_a_window_of_faint_speech_is_amplified() -> None:
    level = np.full(1000, -90, np.float32)
    level[100:200] = -66
    level[400:600] = -24
    faint, loud = (100 * FRAME_SECONDS, 200 * FRAME_SECONDS), (400 * FRAME_SECONDS, 600 * FRAME_SECONDS)
    activity = Activity(32.0, level, (loud,), (loud,), faint=(faint,))
    first, second = plan_windows(activity, max_window=28)
    assert first.speech
    assert 20 * np.log10(first.gain) == pytest.approx(40, abs=1)
    assert second.gain == 1.0
    assert np.abs(first.of(np.full(32 * 16_000, 0.001, np.float32))).max() == pytest.approx(0.1, abs=0.02)
    assert np.abs(first.of(np.full(32 * 16_000, 0.5, np.float32))).max() == 1.0
