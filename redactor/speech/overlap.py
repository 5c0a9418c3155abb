"""Find stretches where two people speak at once.

A recogniser transcribes one of two voices with confidence; the other one would stay audible. A small convolutional
network (models/voicemail-overlap, made by models/overlap) examines the harmonics: one voice has one comb of them. It
gives a probability every STEP seconds from spectra of WIDTH samples, 62 ms, which is long enough to tell the harmonics
of two low voices apart.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.errors import ModelUnavailable
from redactor.types import RECOGNITION_RATE, Channel

from .activity import Activity
from .spans import Span, overlapping, union

NAME = "voicemail-overlap"
WIDTH = 1024  # samples of a spectrum
HOP = 320  # samples, 20 ms
BANDS = slice(6, 246)  # of 15.6 Hz: 94 … 3830 Hz, what every telephone carries
STEP = 2 * HOP / RECOGNITION_RATE  # seconds for each probability
DEPTH = 6.0  # powers of ten below the loudest that are told apart
LONGEST = 30.0  # seconds in one call: memory
CONTEXT = 0.6  # seconds around speech
PROBABILITY = 0.65
SMOOTH = 0.6  # seconds over which probabilities are averaged
SHORTEST = 0.4  # seconds: shorter ones are echoes of a word, or coughs
JOIN = 0.8  # seconds: the second voice continues between its loud syllables
REACH = 0.15  # seconds added on both sides


def features(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Logarithmic spectra, shape (frames, 240), of 16 kHz samples, relative to the loudest frames of the stretch."""
    frames = max(1, (len(samples) - WIDTH) // HOP + 1)
    padded = np.zeros(max(len(samples), WIDTH), np.float32)
    padded[: len(samples)] = samples
    grid = np.lib.stride_tricks.sliding_window_view(padded, WIDTH)[::HOP][:frames]
    spectrum = np.fft.rfft(grid * np.hanning(WIDTH).astype(np.float32), axis=1)[:, BANDS]
    power = np.log10(spectrum.real**2 + spectrum.imag**2 + 1e-9)
    power -= np.percentile(power.max(axis=1), 90)
    return np.asarray(np.clip(power, -DEPTH, 0.5) / 2 + 1, np.float32)


def probabilities(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probability that two people speak, one every STEP seconds of 16 kHz samples."""
    seen = features(samples)
    output = _session().run(None, {"spectra": seen[None, None]})[0]
    return np.asarray(output, np.float32).reshape(-1)


def overlaps(channel: Channel, activity: Activity) -> tuple[Span, ...]:
    """Stretches of a channel, in seconds, in which two people speak at once; sorted, disjoint."""
    found: list[Span] = []
    voices = union(
        [(max(0.0, a - CONTEXT), min(activity.duration, b + CONTEXT)) for a, b in (*activity.speech, *activity.faint)]
    )
    for start, end in voices:
        first = start
        while first < end:
            last = min(end, first + LONGEST)
            samples = np.asarray(channel[round(first * RECOGNITION_RATE) : round(last * RECOGNITION_RATE)], np.float32)
            if len(samples) >= WIDTH:
                found += [(first + a, first + b) for a, b in _stretches(probabilities(samples))]
            first = last
    speech = union((*activity.speech, *activity.faint))
    return tuple(
        (max(0.0, a - REACH), min(activity.duration, b + REACH))
        for a, b in union(found, join=JOIN)
        if b - a >= SHORTEST and overlapping(speech, a, b)
    )


def _stretches(probability: npt.NDArray[np.float32]) -> list[Span]:
    """Runs in which the smoothed probability is high: seconds."""
    width = max(1, round(SMOOTH / STEP))
    smooth = np.convolve(
        np.pad(probability, (width // 2, width - 1 - width // 2), mode="edge"), np.ones(width) / width, "valid"
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[False], smooth >= PROBABILITY, [False]]).astype(np.int8)))
    offset = WIDTH / 2 / RECOGNITION_RATE - STEP / 2
    return [
        (a * STEP + offset, b * STEP + offset) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


@lru_cache(maxsize=1)
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(_folder() / "overlap.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
    )


def _folder() -> Path:
    """models/voicemail-overlap of a checkout, or the installed wheel's."""
    package = Path(__file__).resolve().parent.parent
    for root in (package.parent / "models", package / "_models"):
        if (root / NAME / "overlap.onnx").is_file():
            return root / NAME
    raise ModelUnavailable(
        "This installation does not include the detector of overlapping voices.", hint="Reinstall redactor."
    )
