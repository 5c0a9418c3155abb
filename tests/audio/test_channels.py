import numpy as np
import pytest

from redactor.audio import Source, decode, echoes, encode, same_as
from redactor.types import AudioFormat, Interval


def stereo(kit, *channels, dtype="int16"):
    return kit.recording(kit.as_dtype(np.stack(channels, 1), dtype))


def test_identical_channels_are_recognised_once(kit):
    a, b = kit.voice(3, 8000, 1), kit.voice(3, 8000, 2)
    assert same_as(stereo(kit, a)) == (0,)
    assert same_as(stereo(kit, a, a)) == (0, 0)
    assert same_as(stereo(kit, a, b)) == (0, 1)
    assert same_as(stereo(kit, a, b, a, b)) == (0, 1, 0, 1)


def test_gain_and_rounding_do_not_make_another_channel(kit):
    a = kit.voice(3, 8000, 1)
    rng = np.random.default_rng(0)
    assert same_as(stereo(kit, a, 0.8 * a)) == (0, 0)
    assert same_as(stereo(kit, a, a + 0.00005 * rng.standard_normal(len(a)))) == (0, 0)
    form = AudioFormat("WAV", "ULAW", ".wav", 8000, 2, "soundfile")
    pair = kit.as_dtype(np.stack([a, 0.9 * a], 1), "int16")
    assert same_as(decode(Source.of(encode(pair, form).data, ".wav"))) == (0, 0)


def test_one_quiet_word_makes_another_channel(kit):
    a = kit.voice(5, 8000, 1)
    b = a.copy()
    b[20_000:24_000] += 0.1 * kit.voice(0.5, 8000, 2)
    assert same_as(stereo(kit, a, b)) == (0, 1)


def test_a_silent_or_inverted_channel_is_another(kit):
    a = kit.voice(2, 8000, 1)
    assert same_as(stereo(kit, a, 0 * a)) == (0, 1)
    assert same_as(stereo(kit, 0 * a, 0 * a)) == (0, 0)
    assert same_as(stereo(kit, a, -a)) == (0, 1)


@pytest.mark.parametrize("lag", [0, 80, 390, -200])
@pytest.mark.parametrize("decibels", [0, -20, -35])
def test_crosstalk_is_found(kit, lag, decibels):
    a = kit.voice(4, 8000, 1)
    b = np.roll(a, lag) * 10 ** (decibels / 20) + 0.0003 * np.random.default_rng(0).standard_normal(len(a))
    for start, end in ((0.5, 3.0), (1.0, 1.3), (0.0, 4.0)):
        assert echoes(stereo(kit, a, b), Interval(0, start, end, ())) == (1,)
        assert echoes(stereo(kit, -a, b), Interval(0, start, end, ())) == (1,)


def test_crosstalk_under_the_other_party_is_found(kit):
    a, other = kit.voice(4, 8000, 1), kit.voice(4, 8000, 2)
    recording = stereo(kit, a, np.roll(a, 100) * 0.25 + other)
    assert echoes(recording, Interval(0, 0.5, 3.5, ())) == (1,)


def test_only_the_channels_that_carry_it(kit):
    a = kit.voice(4, 8000, 1)
    recording = stereo(kit, a, kit.voice(4, 8000, 2), np.roll(a, 50) * 0.1, 0 * a)
    assert echoes(recording, Interval(0, 1.0, 2.0, ())) == (2,)
    assert echoes(recording, Interval(1, 1.0, 2.0, ())) == ()
    assert echoes(stereo(kit, a), Interval(0, 1.0, 2.0, ())) == ()


def test_two_people_are_not_each_others_echo(kit):
    found = 0
    for seed in range(12):
        recording = stereo(kit, kit.voice(4, 8000, seed), kit.voice(4, 8000, 100 + seed))
        found += bool(echoes(recording, Interval(0, 0.5, 3.5, ())))
    assert found <= 1


def test_edges_and_short_recordings_do_not_break_it(kit):
    a = kit.voice(0.2, 8000, 1)
    recording = stereo(kit, a, a)
    for start, end in ((0, 0.2), (0.19, 0.2), (-1, 5)):
        assert echoes(recording, Interval(0, start, end, ())) in ((), (1,))
