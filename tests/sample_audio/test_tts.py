"""Speech engines and channel effects; an engine that is not installed is skipped."""

from __future__ import annotations

import numpy as np
import pytest

from models.tts import EngineMissing, Speech, TTSError, channel, say

TEXT = "Hi, it's for the end of the day. A B C, oh one four two."


def spoken(voice: str, **options: float) -> Speech:
    try:
        return say(TEXT, voice, **options)
    except EngineMissing as missing:
        assert "apt-get install" in str(missing)  # noqa: PT017
        pytest.skip(f"{voice} is not installed")


@pytest.mark.parametrize("voice", ["flite/slt", "flite/kal", "espeak/en-us+f2"])
def test_one_word_a_token_where_the_sound_is(voice: str) -> None:
    speech = spoken(voice, rate=1.1)
    assert [word.text for word in speech.words] == TEXT.split()
    edges = [t for word in speech.words for t in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= speech.duration
    inside = np.zeros(len(speech.samples), dtype=bool)
    for word in speech.words:
        inside[round(word.start * speech.sample_rate) : round(word.end * speech.sample_rate)] = True
    assert speech.samples[inside].std() > 4 * speech.samples[~inside].std()


def test_rate_and_pitch_change_the_speech() -> None:
    assert spoken("flite/slt", rate=1.3).duration < 0.85 * spoken("flite/slt").duration


def test_unknown_voices_are_named() -> None:
    for voice in ("flite", "flite/nobody", "nobody/slt"):
        with pytest.raises(TTSError, match="unknown"):
            say("Hello.", voice)


@pytest.mark.parametrize("codec", ["none", "mulaw", "gsm", "mp3"])
def test_the_line_keeps_the_clock(codec: str) -> None:
    clicks = np.zeros(16000, dtype=np.float32)
    clicks[8000:8400] = np.sin(2 * np.pi * 1000 * np.arange(400) / 16000)
    line = channel.telephone(clicks, 16000, codec=codec)
    lag = int(np.correlate(line, clicks, "full").argmax()) - len(clicks) + 1
    assert len(line) == len(clicks)
    assert abs(lag) / 16000 < 0.003
