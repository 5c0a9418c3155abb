import tracemalloc

import numpy as np
import pytest

from redactor.audio import recognition_audio
from redactor.types import Packed

RATES = [4000, 6000, 7999, 8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]


@pytest.mark.parametrize("rate", RATES)
def test_length_is_the_duration_to_one_sample(kit, rate):
    for frames in (1, 7, rate // 3 + 1, 2 * rate + 17):
        audio = recognition_audio(kit.recording(np.zeros(frames, np.int16), rate), 0)
        assert audio.dtype == np.float32
        assert audio.shape == (-(-frames * 16_000 // rate),)


@pytest.mark.parametrize("rate", RATES)
def test_nothing_moves(kit, rate):
    """A click keeps its place, and a chirp fits without any delay."""
    click = np.zeros(2 * rate, np.float32)
    click[rate] = 0.9
    assert abs(int(np.argmax(np.abs(recognition_audio(kit.recording(click, rate), 0)))) - 16_000) <= 1

    def chirp(t):
        return 0.5 * np.sin(2 * np.pi * (200 * t + 250 * t * t))

    audio = recognition_audio(kit.recording(chirp(np.arange(2 * rate) / rate).astype(np.float32), rate), 0)
    middle = np.arange(800, 30_400)
    errors = {ms: np.abs(audio[middle] - chirp(middle / 16_000 - ms / 1000)).max() for ms in (-0.05, 0, 0.05)}
    assert min(errors, key=errors.get) == 0
    assert errors[0] < 0.02


def test_block_borders_leave_no_trace(kit):
    """Longer than a block: the same as one that fits a block, piece by piece."""
    rate = 8000
    sound = kit.voice(40, rate).astype(np.float32)
    whole = recognition_audio(kit.recording(sound, rate), 0)
    part = recognition_audio(kit.recording(sound[30 * rate :].copy(), rate), 0)
    assert np.abs(whole[31 * 16_000 :] - part[16_000:]).max() < 1e-4


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("rate", [8000, 16_000])
def test_every_sample_type_has_full_scale_one(kit, dtype, rate):
    tone = 0.5 * np.sin(2 * np.pi * 300 * np.arange(rate) / rate)
    audio = recognition_audio(kit.recording(kit.as_dtype(tone, dtype), rate), 0)
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.01)


def test_channels_are_taken_one_by_one(kit):
    stereo = np.stack([np.full(800, 1000), np.full(800, -1000)], 1).astype(np.int16)
    recording = kit.recording(stereo, 16_000)
    assert recognition_audio(recording, 0)[0] > 0 > recognition_audio(recording, 1)[0]
    with pytest.raises(IndexError):
        recognition_audio(recording, 2)


def test_values_that_are_not_numbers_become_silence(kit):
    sound = np.array([np.nan, np.inf, -np.inf, 1e300, 0.25], np.float64)
    assert recognition_audio(kit.recording(sound, 16_000), 0).tolist() == [0.0, 1.0, -1.0, 1.0, 0.25]


def test_a_long_file_needs_its_result_and_little_more(kit):
    recording = kit.recording(np.zeros(8000 * 600, np.int16), 8000)
    tracemalloc.start()
    audio = recognition_audio(recording, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < audio.nbytes + 12 * 2**20


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_hours_are_kept_in_16_bits_and_sound_the_same(kit, rate, monkeypatch):
    """Same clock, same samples to a 16-bit step, for any part."""
    sound = np.random.default_rng(3).uniform(-1, 1, rate * 5).astype(np.float32)
    recording = kit.recording(sound, rate)
    whole = recognition_audio(recording, 0)
    monkeypatch.setattr("redactor.audio.resample.LONG", 10_000)
    packed = recognition_audio(recording, 0)
    assert isinstance(packed, Packed)
    assert len(packed) == len(whole)
    assert packed.samples.nbytes == whole.nbytes // 2
    for part in (slice(0, 7), slice(30_001, 64_000), slice(79_000, 99_000)):
        assert packed[part].dtype == np.float32
        assert np.abs(packed[part] - np.clip(whole[part], -1, 1)).max(initial=0) <= 0.51 / 32767
