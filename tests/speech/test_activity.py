import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import noise, silence, tone

from redactor.errors import RecognitionFailed
from redactor.speech import activity
from redactor.speech.activity import VadOptions, listen, loudest
from redactor.speech.spans import overlapping, subtract, union
from redactor.types import Mono


def shape(sound: Mono) -> tuple[float, float]:
    """Seconds of speech and of sound."""
    found = listen(sound)
    return found.speech_seconds, sum(end - start for start, end in found.sound)


RINGBACK = np.concatenate([tone(2, 440, 480), silence(4), tone(2, 440, 480)])
BEEP = np.concatenate([silence(2), tone(1, 1000), silence(2)])


@pytest.mark.parametrize(
    ("what", "sound", "seconds_of_sound"),
    [
        ("digital silence", silence(8), 0),
        ("hiss of a quiet line", noise(8, -55), 0),
        ("noise, loud", noise(8, -20), 8),
        ("noise, quiet but audible", noise(8, -40), 8),
        ("mains hum", tone(8, 50), 0),
        ("mains hum, 60 Hz", tone(8, 60), 0),
        ("ringback tone (440 + 480 Hz)", RINGBACK, 4),
        ("the beep", BEEP, 1),
        ("dial tone", tone(8, 350, 440), 8),
        ("a click", np.concatenate([silence(2), noise(0.05, -20), silence(2)]), 0),
        ("a chord", tone(5, 262, 330, 392), 5),
    ],
)
def test_sounds_that_are_no_speech(what: str, sound: Mono, seconds_of_sound: float) -> None:
    speech, speaking_amplified = shape(sound)
    assert speech == 0
    assert speaking_amplified == pytest.approx(seconds_of_sound, abs=0.15)


def test_a_voice_is_speech_and_sound(voicemail: Mono) -> None:
    speech, sound = shape(voicemail)
    assert 5 < speech < 7
    assert 4 < sound < 7


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
def test_a_voice_is_found_at_any_level(voicemail: Mono, gain: float) -> None:
    assert shape(voicemail * np.float32(gain))[0] > 4.5


def test_noise_below_the_voice_is_not_sound(voicemail: Mono) -> None:
    padded = np.concatenate([silence(3), voicemail, silence(3)])
    found = listen(padded + noise(len(padded) / 16_000, -45))
    assert found.sound[0][0] > 2.8
    assert found.sound[-1][1] < 10.2


def test_noise_as_loud_as_the_voice_is_sound(voicemail: Mono) -> None:
    level = 20 * np.log10(np.sqrt(np.mean(voicemail**2)))
    padded = np.concatenate([silence(3), voicemail, silence(3)])
    found = listen(padded + noise(12.9, level + 6))
    assert sum(end - start for start, end in found.sound) > 11


def test_a_burst_of_noise_is_sound_in_a_quiet_recording(voicemail: Mono) -> None:
    burst = np.concatenate([voicemail, silence(2), noise(1, -25), silence(2)])
    assert any(start > 8.5 and end - start > 0.9 for start, end in listen(burst).sound)


def test_blocks_and_one_pass_agree(voicemail: Mono, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = listen(voicemail)
    monkeypatch.setattr(activity, "BLOCK_FRAMES", 7)
    parts = listen(voicemail)
    assert (parts.speech, parts.sound) == (whole.speech, whole.sound)
    assert np.array_equal(parts.level, whole.level)


def test_agrees_with_faster_whisper(voicemail: Mono) -> None:
    from faster_whisper.vad import get_vad_model

    grid = np.pad(voicemail, (0, -len(voicemail) % 512)).reshape(-1, 512)
    ours = activity._VadState().probabilities(grid)
    assert np.allclose(ours, get_vad_model()(grid.reshape(-1)).reshape(-1), atol=1e-5)


def test_options(voicemail: Mono) -> None:
    strict = listen(voicemail, vad=VadOptions(threshold=0.9, neg_threshold=0.85))
    lenient = listen(voicemail, vad=VadOptions(threshold=0.1, neg_threshold=0.05))
    assert strict.speech_seconds < lenient.speech_seconds
    joined = listen(voicemail, vad=VadOptions(min_silence_duration=2.0))
    assert len(joined.speech) == 1


def test_samples_that_are_no_numbers_fail() -> None:
    broken = silence(1)
    broken[5000] = np.nan
    with pytest.raises(RecognitionFailed):
        listen(broken)


def test_times_end_with_the_recording() -> None:
    odd = noise(1.0, -20)[:15_999]
    assert listen(odd).sound == ((0.0, 15_999 / 16_000),)


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)).map(lambda p: (float(p[0]), float(p[0] + p[1]))))


def cells(some: list[tuple[float, float]]) -> set[int]:
    return {i for start, end in some for i in range(int(start), int(end))}


@given(spans, spans)
def test_union_and_subtract(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> None:
    assert cells(union(a)) == cells(a)
    assert cells(subtract(union(a), union(b))) == cells(a) - cells(b)


@given(spans, st.integers(0, 70), st.integers(1, 9))
def test_overlapping(a: list[tuple[float, float]], start: int, length: int) -> None:
    merged = union(a)
    assert list(overlapping(merged, start, start + length)) == [
        span for span in merged if span[0] < start + length and span[1] > start
    ]


@pytest.mark.parametrize("peak", [-50, -58, -66])
def test_a_voice_too_faint_for_the_detector_is_found_when_it_is_amplified(voicemail: Mono, peak: float) -> None:
    quiet = voicemail * np.float32(10 ** (peak / 20) / np.abs(voicemail).max())
    found = listen(np.round(quiet * 32767).astype(np.int16) / np.float32(32767))
    voices = union((*found.speech, *found.faint))
    assert sum(end - start for start, end in voices) > 4.5
    assert all(region.speech for region in found.active if region.end - region.start > 0.5)
    assert 20 * np.log10(found.gain(*voices[0])) == pytest.approx(-peak - 20, abs=14)


def test_a_faint_second_voice_after_a_loud_one_is_found(voicemail: Mono) -> None:
    found = listen(np.concatenate([voicemail, silence(1), voicemail * np.float32(10**-2)]))
    second = [(a, b) for a, b in union((*found.speech, *found.faint)) if a > len(voicemail) / 16_000]
    assert sum(b - a for a, b in second) > 4.5


@pytest.mark.parametrize("level", [-80, -65, -50])
def test_hiss_is_no_faint_voice_however_it_is_amplified(voicemail: Mono, level: float) -> None:
    padded = np.concatenate([silence(3), voicemail, silence(3)])
    found = listen(padded + noise(len(padded) / 16_000, level))
    assert not [span for span in found.faint if span[0] > 9.5 or span[1] < 2.8]


def test_ordinary_speech_is_not_amplified(voicemail: Mono) -> None:
    found = listen(voicemail)
    assert found.gain(0.0, found.duration) == 1.0


def test_the_loudest_of_a_channel_is_more_than_a_click() -> None:
    click = np.concatenate([silence(2), noise(0.05, -10), silence(2)])
    assert loudest(click) < -100
    assert loudest(np.concatenate([silence(2), noise(0.5, -60), silence(2)])) == pytest.approx(-63, abs=2)
    assert loudest(silence(0)) < -100
