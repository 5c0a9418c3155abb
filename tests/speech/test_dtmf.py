"""The limits of ITU-T Q.24, and beyond them what is met in recordings: faint, short, noisy and bent tones; and what is
no key.
"""

import numpy as np
import pytest
from keypad import ALL, dialled, heard
from sounds import noise, silence, tone

from redactor.errors import RecognitionFailed
from redactor.speech import dtmf, key_tones
from redactor.types import Mono, Packed

RATE = 16_000


def found_of(made: tuple[np.ndarray, list[tuple[float, float]]], background: Mono | None = None) -> list[float]:
    sound, spans = made
    sound = sound.astype(np.float32)
    if background is not None:
        sound = sound + np.resize(background, len(sound))
    return heard(spans, key_tones(sound))


def all_whole(shares: list[float]) -> bool:
    return min(shares) > 0.99


@pytest.mark.parametrize("off", [0.0, 0.01, -0.01, 0.015, -0.015])
@pytest.mark.parametrize("length", [0.04, 0.1])
def test_tones_within_one_and_a_half_per_cent_are_keys(off: float, length: float) -> None:
    for wrong in ((off, off), (off, 0.0), (0.0, off), (off, -off)):
        assert all_whole(found_of(dialled(ALL, RATE, tone=length, off=wrong)))


@pytest.mark.parametrize("off", [0.035, -0.035, 0.045, -0.045])
@pytest.mark.parametrize("length", [0.04, 0.1, 0.5])
def test_a_tone_three_and_a_half_per_cent_off_makes_no_key(off: float, length: float) -> None:
    for wrong in ((off, off), (off, 0.0), (0.0, off), (off, -off)):
        assert max(found_of(dialled(ALL, RATE, tone=length, off=wrong))) == 0


@pytest.mark.parametrize("length", [0.02, 0.023, 0.03, 0.04, 0.065, 0.1, 0.5, 3.0])
def test_keys_are_found_however_short_or_long_they_are_held(length: float) -> None:
    assert all_whole(found_of(dialled(ALL, RATE, tone=length, pause=0.06)))


@pytest.mark.parametrize("pause", [0.01, 0.03, 0.04, 0.1, 0.7])
def test_keys_are_found_however_fast_they_follow(pause: float) -> None:
    assert all_whole(found_of(dialled("1471#0000", RATE, tone=0.04, pause=pause)))


@pytest.mark.parametrize("twist", [-10.0, -8.0, -4.0, 4.0, 8.0, 10.0])
def test_one_of_the_tones_may_be_weaker(twist: float) -> None:
    assert all_whole(found_of(dialled(ALL, RATE, tone=0.04, twist=twist)))


@pytest.mark.parametrize("level", range(-10, -90, -10))
def test_the_level_does_not_matter(level: float) -> None:
    assert all_whole(found_of(dialled(ALL, RATE, level=level), noise(3, level - 20.0)))
    assert all_whole(found_of(dialled(ALL, RATE, level=level)))


@pytest.mark.parametrize("over", [3.0, 12.0])
def test_tones_that_are_clipped_are_keys(over: float) -> None:
    sound, spans = dialled(ALL, RATE, level=over)
    assert all_whole(heard(spans, key_tones(np.clip(sound, -1, 1).astype(np.float32))))


HUM = sum(tone(3, 60.0 * k, level=-20.0 - 2 * k) for k in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("background", "length"),
    [(noise(3, -20.0), 0.04), (noise(3, -16.0), 0.1), (HUM, 0.04), (tone(3, 350, 440, level=-22.0), 0.05)],
    ids=["10 dB over noise", "6 dB over noise", "hum", "dial tone"],
)
def test_tones_are_found_over_other_sound(background: Mono, length: float) -> None:
    assert all_whole(found_of(dialled(ALL, RATE, tone=length, pause=length, level=-10.0), background))


@pytest.mark.parametrize("below", [10.0, 15.0])
def test_tones_are_found_over_a_voice(voicemail: Mono, below: float) -> None:
    # The voice is as loud as `below` dB under the tones where it speaks, not on average over its pauses.
    power = np.square(voicemail[: len(voicemail) // 320 * 320]).reshape(-1, 320).mean(axis=1)
    spoken = 10 * np.log10(power[power > 0.03 * np.percentile(power, 90)].mean())
    voice = voicemail * np.float32(10 ** ((-10 - below - spoken) / 20))
    shares = found_of(dialled(ALL * 2, RATE, tone=0.08, pause=0.08, level=-10.0), voice)
    assert sum(share > 0.95 for share in shares) >= 31


def test_a_single_key_is_found_with_its_hang() -> None:
    sound, ((start, end),) = dialled("5", RATE, tone=0.1)
    rng = np.random.default_rng(1)
    room = rng.standard_normal(4_000) * np.exp(-np.arange(4_000) / 500) * 0.05
    room[0] = 1.0
    ((low, high),) = key_tones(np.convolve(sound, room)[: len(sound)].astype(np.float32))
    assert start - 0.05 < low <= start
    assert end + 0.1 < high < end + 0.35


OTHERS = {
    "beep": [(1000.0,)],
    "beep at a key's frequency": [(941.0,)],
    "high beep": [(1336.0,)],
    "dial tone": [(350.0, 440.0)],
    "ringback": [(440.0, 480.0)],
    "busy": [(480.0, 620.0)],
    "European": [(425.0,)],
    "SIT": [(913.8,), (1370.6,), (1776.7,)],
    "fax call": [(1100.0,)],
    "fax answer": [(2100.0,)],
    "modem": [(980.0,), (1180.0,), (1650.0,), (1850.0,)],
    "two low tones": [(697.0, 941.0)],
    "two high tones": [(1209.0, 1477.0)],
    "chord": [(262.0, 330.0, 392.0)],
    "harmonics": [(697.0, 1394.0, 2091.0)],
    "many": [(697.0, 1020.0, 1209.0, 2000.0, 2500.0)],
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_tones_are_no_keys(name: str) -> None:
    for length in (0.05, 0.33, 2.0):
        pieces = [part for hertz in OTHERS[name] for part in (tone(length, *hertz), silence(0.1))]
        assert key_tones(np.concatenate([silence(0.3), *pieces, silence(0.3)])) == ()


def test_voice_noise_and_silence_hold_no_keys(voicemail: Mono) -> None:
    for gain in (1.0, 0.01):
        assert key_tones(voicemail * np.float32(gain)) == ()
    for seed in range(5):
        assert key_tones(noise(20, -20.0, seed=seed)) == ()
    assert key_tones(silence(3)) == ()
    assert key_tones(np.zeros(0, np.float32)) == ()
    assert key_tones(np.zeros(100, np.float32)) == ()


def test_neither_blocks_nor_16_bits_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sound, spans = dialled("0123456789", RATE, level=-40.0)
    whole = key_tones(sound.astype(np.float32))
    monkeypatch.setattr(dtmf, "BLOCK_FRAMES", 7)
    assert key_tones(sound.astype(np.float32)) == whole
    packed = Packed(np.rint(sound * 32767).astype(np.int16))
    assert all_whole(heard(spans, key_tones(packed)))


def test_a_tone_at_the_very_edge_of_a_recording_is_found() -> None:
    sound, _ = dialled("7", RATE, tone=0.06)
    only = sound[RATE // 2 : RATE // 2 + round(0.06 * RATE)].astype(np.float32)
    ((start, end),) = key_tones(only)
    assert start == 0
    assert end == pytest.approx(0.06)


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(RecognitionFailed):
        key_tones(np.full(16_000, np.nan, np.float32))
