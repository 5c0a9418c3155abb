"""Fixtures: one spoken voicemail and the shipped checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from redactor.speech import DecodingOptions, WhisperEngine, resolve
from redactor.types import Mono

HERE = Path(__file__).parent

SPOKEN = "Hi, this is Maria Lopez. Please call me back at five five five, oh one three, two two oh four. Thank you."


@pytest.fixture(scope="session")
def voicemail() -> Mono:
    """6.9 s of a synthetic voice (flite slt, 8 kHz) saying SPOKEN, at 16 kHz."""
    samples, rate = soundfile.read(HERE / "data" / "voicemail.flac", dtype="float32")
    assert rate == 8000
    # Plain interpolation is enough here: redactor.audio has a proper resampler.
    return np.interp(np.arange(2 * len(samples)) / 2, np.arange(len(samples)), samples).astype(np.float32)


@pytest.fixture(scope="session")
def micro() -> WhisperEngine:
    """The shipped checkpoint, greedy."""
    options = DecodingOptions(beam_size=1)
    return WhisperEngine.load(resolve("voicemail-micro"), device="cpu", cpu_threads=1, options=options)
