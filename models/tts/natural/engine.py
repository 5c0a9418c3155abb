"""Kokoro and Piper through the worker process, with word times from their phonemes and forced alignment."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from models.tts.errors import EngineMissing, SynthesisError, TTSError
from models.tts.speech import Speech, Word

from . import alignment
from .phonemes import exact
from .spelling import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

Phonemes = list[tuple[str, float, float]]

FOLDER = Path(os.environ.get("NATURAL_VOICES") or Path(__file__).resolve().parents[3] / ".train" / "natural")
#: First letter of a Kokoro voice: espeak-ng's language, Whisper's language.
LANGUAGES = {
    "a": ("en-us", "en"),
    "b": ("en-gb", "en"),
    "e": ("es", "es"),
    "f": ("fr-fr", "fr"),
    "h": ("hi", "hi"),
    "i": ("it", "it"),
    "p": ("pt-br", "pt"),
}
#: English first. Kokoro's Japanese and Mandarin voices need a reader of their own and are left out.
KOKORO = tuple(
    """af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky
    am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa bf_alice bf_emma bf_isabella bf_lily
    bm_daniel bm_fable bm_george bm_lewis ef_dora em_alex em_santa ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara
    im_nicola pf_dora pm_alex
    pm_santa""".split()
)
PIPER = ("joe",)
POOR = 0.30  # mean probability of the words below which a sentence is spoken again
LOST = 0.005  # probability of a word below which …
SWALLOWED = 0.06  # … and with a length in seconds below which it was not said
RETRIES = (1.0, 0.95, 1.04)  # of the speed


class SpeechCounts:
    """Counts for reports: calls, calls spoken again, given up, and attempts whose phonemes did not fit the words."""

    spoken = again = failed = inexact = 0


@cache
def _process() -> subprocess.Popen[str]:
    python = FOLDER / "venv" / "bin" / "python"
    if not python.exists() or not (FOLDER / "durations.onnx").exists():
        raise EngineMissing("the natural voices' environment", command="python -m models.tts.natural.setup")
    worker = Path(__file__).with_name("worker.py")
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    process = subprocess.Popen(
        [str(python), str(worker), str(FOLDER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )

    def stop() -> None:
        process.kill()
        process.communicate()

    atexit.register(stop)
    return process


def _spoken(request: dict[str, Any]) -> tuple[Speech, Phonemes]:
    """The synthesiser's audio, without words, and its intended time of each phoneme, in seconds from an origin near the
    audio's.

    Cached under FOLDER/spoken: the same request never sounds the same twice, and a second of Kokoro takes a second of
    processor time.
    """
    name = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:32]
    sound, times = (FOLDER / "spoken" / f"{name}{suffix}" for suffix in (".flac", ".json"))
    if not sound.exists() or not (times.exists() or request["engine"] == "kokoro"):
        speech, phonemes = _said(request)
        sound.parent.mkdir(exist_ok=True)
        speech = speech.peak_normalised()
        fresh = sound.with_suffix(f".{os.getpid()}")
        soundfile.write(fresh, speech.samples, speech.sample_rate, format="FLAC", subtype="PCM_16")
        _keep(times, phonemes)
        fresh.replace(sound)
    elif not times.exists():
        _keep(times, _asked({**request, "out": None})["phonemes"])
    samples, sample_rate = soundfile.read(sound, dtype="float32")
    return Speech(samples, sample_rate, ()), json.loads(times.read_text(encoding="utf-8"))


def _keep(path: Path, phonemes: Phonemes) -> None:
    fresh = path.with_suffix(f".{os.getpid()}-times")
    fresh.write_text(json.dumps(phonemes, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def _said(request: dict[str, Any]) -> tuple[Speech, Phonemes]:
    with tempfile.TemporaryDirectory(prefix="natural-") as folder:
        out = Path(folder) / "speech.npy"
        answer = _asked({**request, "out": str(out)})
        return Speech(np.load(out), answer["sample_rate"], ()), answer["phonemes"]


def _asked(request: dict[str, Any]) -> dict[str, Any]:
    """The worker's answer. Raises SynthesisError for its errors."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        _process.cache_clear()
        raise SynthesisError("the synthesiser's process ended")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise SynthesisError(answer["error"])
    return answer


def _synthesise(engine: str, tokens: Sequence[str], voice: str, rate: float, pitch: float) -> Speech:
    """Pitch and formants are raised together by playing slower speech faster (Speech.warped)."""
    known = KOKORO if engine == "kokoro" else PIPER
    if voice not in known:
        raise TTSError(f"unknown voice {engine}/{voice}: one of {', '.join(known)}")
    reader, language = LANGUAGES[voice[0]] if engine == "kokoro" else ("en-us", "en")
    text = " ".join(readable(tokens) if language == "en" else tokens)
    best: tuple[float, Speech] | None = None
    SpeechCounts.spoken += 1
    for attempt, factor in enumerate(RETRIES):
        speed = float(np.clip(rate / pitch * factor, 0.5, 2.0))
        request = {"engine": engine, "voice": voice, "language": reader, "text": text, "speed": speed}
        speech, phonemes = _spoken(request)
        clean = speech.resampled(alignment.RATE).samples
        heard = alignment.aligner(FOLDER / "base").align(clean, tokens, language)
        times = exact(heard.times, phonemes, clean)
        SpeechCounts.inexact += times is None
        swallowed = [
            token
            for token, (start, end), probability in zip(tokens, heard.times, heard.probabilities, strict=True)
            if probability < LOST and end - start < SWALLOWED
        ]
        quality = heard.quality - 0.1 * len(swallowed)
        words = tuple(Word(token, *span) for token, span in zip(tokens, times or heard.times, strict=True))
        if best is None or quality > best[0]:
            best = (quality, replace(speech, words=words))
        if heard.quality >= POOR and not swallowed:
            break
        SpeechCounts.again += attempt == 0
    assert best is not None
    if best[0] < POOR:
        SpeechCounts.failed += 1
        raise SynthesisError(f"the words could not be found in what {engine}/{voice} said (probability {best[0]:.2f})")
    return best[1].warped(pitch)


def kokoro(tokens: Sequence[str], voice: str, rate: float, pitch: float) -> Speech:
    """See `models.tts.say`."""
    return _synthesise("kokoro", tokens, voice, rate, pitch)


def piper(tokens: Sequence[str], voice: str, rate: float, pitch: float) -> Speech:
    """See `models.tts.say`."""
    return _synthesise("piper", tokens, voice, rate, pitch)
