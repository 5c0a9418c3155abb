"""Keypad tones in every format, and none in sample recordings without any."""

from pathlib import Path

import numpy as np
import pytest
from keypad import ALL, dialled, heard

from redactor.audio import decode, read_source, recognition_audio
from redactor.errors import RedactorError
from redactor.speech import key_tones
from redactor.types import RECOGNITION_RATE
from sample_audio import codecs

FOLDER = Path(__file__).parents[2] / "sample_audio"


@pytest.mark.parametrize("tone", [0.05, 0.1])
@pytest.mark.parametrize("level", [-10.0, -35.0, -55.0])
@pytest.mark.parametrize("form", [name for name in codecs.FORMATS if name != "wav-stereo"])
def test_keys_outlive_every_codec(tmp_path: Path, form: str, level: float, tone: float) -> None:
    kind = codecs.FORMATS[form]
    samples, spans = dialled(ALL, kind.sample_rate, tone=tone, pause=tone, level=level)
    padded = np.pad(samples, (0, -len(samples) % kind.block)).astype(np.float32)[:, np.newaxis]
    path = tmp_path / f"a{kind.suffix}"
    codecs.write(path, padded, kind)
    recording = decode(read_source(path))
    late = codecs.delay(*codecs.read_av(path), padded, kind.sample_rate) if form in ("amr", "mp3", "m4a") else 0.0
    shares = heard([(a + late, b + late) for a, b in spans], key_tones(recognition_audio(recording, 0)))
    assert min(shares) > 0.95


def test_no_voice_and_no_music_of_the_samples_is_a_key() -> None:
    wrong, seconds = [], 0.0
    for path in sorted(p for kind in ("incoming", "outgoing", "hard") for p in (FOLDER / kind).iterdir()):
        if path.stem == "keypad":
            continue
        try:
            recording = decode(read_source(path))
        except RedactorError:
            continue  # one of them is damaged on purpose
        for channel in range(recording.channels):
            sound = recognition_audio(recording, channel)
            seconds += len(sound) / RECOGNITION_RATE
            wrong += [(path.name, channel, span) for span in key_tones(sound)]
    assert seconds > 900
    assert wrong == []
