"""Messages that the benchmarks of the hook report to the service."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import soundfile

from models.tts.shaped import uttered

SAID = "hi this is dana whitlock please call me back at two oh six five five five oh one four two thank you"


def message(seed: int) -> tuple[bytes, str]:
    """A message that sounds like the letters of its words (µ-law, 8 kHz, 6 s), and its transcript as Whisper writes
    it.
    """
    words: list[dict[str, Any]] = []
    now = 0.3
    for word in SAID.split():
        words.append({"word": " " + word, "start": round(now, 3), "end": round(now + 0.2, 3), "probability": 0.9})
        now += 0.27
    spans = [(w["word"], w["start"], w["end"]) for w in words]
    held = io.BytesIO()
    soundfile.write(held, uttered(spans, now + 0.3, rate=8000, seed=seed), 8000, format="WAV", subtype="ULAW")
    text = "".join(w["word"] for w in words)
    segment = {"id": 0, "start": words[0]["start"], "end": words[-1]["end"], "text": text, "words": words}
    return held.getvalue(), json.dumps({"text": text, "segments": [segment], "language": "en"})


def natural_messages(seconds: float = 15.0, files: int = 66) -> list[np.ndarray]:
    """The first `seconds` of natural voicemails of the benchmark archive, 8 kHz."""
    import voicemails

    paths = [voicemails.FOLDER / row["file"] for row in voicemails.archive(files)]
    return [soundfile.read(path, dtype="int16", frames=round(seconds * 8000))[0] for path in paths]


def varied(samples: np.ndarray, number: int) -> bytes:
    """The same message in other bytes."""
    held = io.BytesIO()
    soundfile.write(held, samples[number % 97 :], 8000, format="WAV", subtype="PCM_16")
    return held.getvalue()
