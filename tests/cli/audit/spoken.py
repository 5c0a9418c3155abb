"""Audio of messages with the time of every word: spoken by flite if its libraries are installed, otherwise shaped like
their letters.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from models.tts.shaped import uttered

RATE = 16_000


@cache  # the engine takes 0.15 s, and many messages differ only in what is known of their recipients
def utter(text: str) -> tuple[np.ndarray, tuple[tuple[str, float, float], ...]]:
    """Samples at 16 kHz (read-only, since they are kept) and (word, start, end)."""
    samples, words = _uttered(text)
    samples.flags.writeable = False
    return samples, tuple(words)


def _uttered(text: str) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    from models.tts import EngineMissing, say

    try:
        speech = say(text, "flite/slt", rate=1.2)
    except EngineMissing:
        return _shaped(text)
    speech = speech.resampled(RATE)
    return np.asarray(speech.samples, dtype=np.float32), [(w.text, w.start, w.end) for w in speech.words]


def _shaped(text: str) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    words, now = [], 0.3
    for word in text.split():
        length = max(0.15, 0.06 * len(word))
        words.append((word, now, now + length))
        now += length + 0.05
    return uttered(words, now + 0.4, rate=RATE, seed=len(text)), words


def save(
    folder: Path, name: str, text: str, *, confidence: float = 0.9, unsaid: str = "", loud: bool = False
) -> tuple[tuple[str, float, float], ...]:
    """NAME.wav and NAME.json (as Whisper writes it) in a folder; returns the transcript's words."""
    samples, words = utter(text)
    if unsaid:
        samples = np.concatenate([samples, utter(unsaid)[0]])
    if loud:
        samples = samples * 40
    soundfile.write(folder / f"{name}.wav", np.clip(samples, -1, 1), RATE, subtype="PCM_16")
    rows = [{"word": f" {w}", "start": round(a, 3), "end": round(b, 3), "probability": confidence} for w, a, b in words]
    segment = {"id": 0, "start": rows[0]["start"], "end": rows[-1]["end"], "text": text, "words": rows}
    (folder / f"{name}.json").write_text(json.dumps({"text": text, "segments": [segment], "language": "en"}))
    return words
