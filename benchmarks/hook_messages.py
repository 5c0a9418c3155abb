"""Messages that the hook's benchmarks tell the service of."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

ROOT = Path(__file__).parents[1]
SAID = "hi this is dana whitlock please call me back at two oh six five five five oh one four two thank you"


def message(seed: int) -> tuple[bytes, str]:
    """A message that sounds like speech to a level meter (µ-law, 8 kHz, 6 s), and its transcript as Whisper writes it."""
    rng = np.random.default_rng(seed)
    words: list[dict[str, Any]] = []
    now = 0.3
    for word in SAID.split():
        words.append({"word": " " + word, "start": round(now, 3), "end": round(now + 0.2, 3), "probability": 0.9})
        now += 0.27
    t = np.arange(int((now + 0.3) * 8000)) / 8000
    loud = np.full(len(t), 0.0004)
    for word in words:
        loud[int(word["start"] * 8000) : int(word["end"] * 8000)] = 0.14
    tone = sum(np.sin(2 * np.pi * k * (125 + 15 * np.sin(2 * t + seed)) * t) / k for k in range(1, 12))
    held = io.BytesIO()
    soundfile.write(
        held, (loud * (tone + 0.3 * rng.standard_normal(len(t)))).clip(-0.9, 0.9), 8000, format="WAV", subtype="ULAW"
    )
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
