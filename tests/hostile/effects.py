"""Audio effects of the clips. Every effect takes mono float32 samples, their rate in Hz and random numbers, and keeps
the number of samples, so that word times stay correct.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter, resample_poly

from models.tts import channel as line
from models.tts.noise import NOISES
from sample_audio import codecs, sounds

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))  # its babble is the cheaper one: one voice

Samples = np.ndarray
Effect = Callable[..., Samples]
LPC_ORDER, LPC_FRAME = 18, 0.03
"""Coefficients and seconds: enough for the formants up to 8 kHz, short enough for one sound."""


def gain(samples: Samples, rate: int, rng: np.random.Generator, *, db: float) -> Samples:
    """Louder or softer; nothing is clipped."""
    return (samples * 10 ** (db / 20)).astype(np.float32)


def telephone(samples: Samples, rate: int, rng: np.random.Generator, *, codec: str = "none") -> Samples:
    """A line of 300-3400 Hz at -20 dBFS."""
    return line.telephone(samples, rate, codec=codec)


def band(samples: Samples, rate: int, rng: np.random.Generator, *, low: float, high: float) -> Samples:
    """A line with a narrower band than a telephone's."""
    return line.bandpass(samples, rate, low, high, 8)


def whisper(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Whispered: the vocal tract's filter (linear prediction) stays, its excitation becomes white noise of the same
    power.
    """
    size = round(LPC_FRAME * rate)
    window, out = np.hanning(size), np.zeros(len(samples))
    for start in range(0, len(samples) - size, size // 2):
        frame = samples[start : start + size] * window
        lags = np.correlate(frame, frame, "full")[size - 1 : size + LPC_ORDER]
        if lags[0] < 1e-6:
            continue
        lags[0] *= 1.001  # a little white noise keeps the filter stable
        predictor = np.concatenate([[1.0], -solve_toeplitz(lags[:-1], lags[1:])])
        power = lfilter(predictor, [1.0], frame).std()
        out[start : start + size] += lfilter([1.0], predictor, rng.standard_normal(size) * power) * window
    tilted = out - 0.6 * np.concatenate([[0.0], out[:-1]])  # a whisper has little below the first formant
    return (0.7 * tilted / max(np.abs(tilted).max(), 1e-9)).astype(np.float32)


def clipped(samples: Samples, rate: int, rng: np.random.Generator, *, drive: float) -> Samples:
    """A microphone that is overdriven by `drive` dB above full scale."""
    full = samples / max(float(np.abs(samples).max()), 1e-9)
    return 0.7 * line.gain(full.astype(np.float32), drive)


def reverberant(samples: Samples, rate: int, rng: np.random.Generator, *, rt60: float, direct: float) -> Samples:
    """A room; `direct`: the direct sound above the reverberation in dB."""
    return line.room(samples, rate, rng, rt60=rt60, direct_db=direct)


def noise(samples: Samples, rate: int, rng: np.random.Generator, *, kind: str, snr: float) -> Samples:
    """Noise under the voice: music, babble (voices played backwards) or one of models/tts/noise.py."""
    if kind == "music":
        under = sounds.music(len(samples) / rate + 1.0, rate, rng)[: len(samples)]
    elif kind == "babble":
        from voicemails import babble

        under = babble(len(samples), rate, rng)
    else:
        under = NOISES[kind](len(samples), rate, rng)
    peak = max(float(np.abs(samples).max()), 1e-9)
    mixed = line.add_noise((samples * (0.1 / peak)).astype(np.float32), under, snr)  # room for the noise's peaks
    return mixed * np.float32(peak / 0.1)


def hum(samples: Samples, rate: int, rng: np.random.Generator, *, snr: float) -> Samples:
    """Mains hum of 50 Hz with its harmonics."""
    time = np.arange(len(samples)) / rate
    under = sum(np.sin(2 * np.pi * 50 * k * time + rng.uniform(0, 6)) / k for k in (1, 2, 3, 4, 5, 7))
    return line.add_noise((0.1 * samples).astype(np.float32), np.asarray(under, np.float32), snr) * np.float32(10)


def offset(samples: Samples, rate: int, rng: np.random.Generator, *, share: float) -> Samples:
    """With a constant offset of `share` of full scale."""
    return (samples * (0.5 / max(float(np.abs(samples).max()), 1e-9)) + share).astype(np.float32)


def inverted(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """An old voice scrambler: the telephone band inverted; applied twice it restores the voice."""
    line_rate = 8000
    narrow = resample_poly(samples, line_rate, rate)
    narrow = narrow * np.where(np.arange(len(narrow)) % 2, -1.0, 1.0)
    return np.resize(resample_poly(narrow, rate, line_rate), len(samples)).astype(np.float32)


def lossy(samples: Samples, rate: int, rng: np.random.Generator, *, rate_lost: float, silent: bool = False) -> Samples:
    """Packets of 20 ms lost, each concealed by the one before, or of 40 ms as silence."""
    if not silent:
        return line.packet_loss(samples, rate, rate_lost, rng)
    out, size = samples.copy(), round(0.04 * rate)
    for start in range(0, len(out), size):
        if rng.random() < rate_lost:
            out[start : start + size] = 0.0
    return out


def fade(samples: Samples, rate: int, rng: np.random.Generator, *, start: float, end: float) -> Samples:
    """A level that changes evenly from `start` to `end` dB over the whole."""
    return (samples * 10 ** (np.linspace(start, end, len(samples)) / 20)).astype(np.float32)


def chain(samples: Samples, rate: int, rng: np.random.Generator, *, through: tuple[str, ...]) -> Samples:
    """One codec after the other ("gsm", "amr", "mulaw", "mp3"), as in forwarded messages."""
    out = line.telephone(samples, rate)
    for codec in through:
        out = _amr(out, rate) if codec == "amr" else line.telephone(out, rate, codec=codec)
    return out


def _amr(samples: Samples, rate: int) -> Samples:
    form = codecs.FORMATS["amr"]
    narrow = resample_poly(samples, form.sample_rate, rate)
    narrow = np.clip(np.pad(narrow, (0, -len(narrow) % form.block)), -1, 1)[:, None].astype(np.float32)
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        path = Path(folder) / "line.amr"
        codecs.write(path, narrow, form)
        decoded, _ = codecs.read_av(path)
    late = round(codecs.delay(decoded, form.sample_rate, narrow, form.sample_rate) * form.sample_rate)
    wide = resample_poly(decoded[max(0, late) :, 0], rate, form.sample_rate)
    return np.pad(wide, (0, max(0, len(samples) - len(wide))))[: len(samples)].astype(np.float32)


EFFECTS: dict[str, Effect] = {
    f.__name__: f
    for f in (gain, telephone, band, whisper, clipped, reverberant, noise, hum, offset, inverted, lossy, fade, chain)
}


def applied(samples: Samples, rate: int, rng: np.random.Generator, effects: tuple[tuple[str, Any], ...]) -> Samples:
    """Apply the effects one after the other: (name, its arguments)."""
    for name, arguments in effects:
        samples = EFFECTS[name](samples, rate, rng, **arguments)
    return samples


def tempo(samples: Samples, rate: int, factor: float) -> Samples:
    """Faster by `factor` at the same pitch (FFmpeg's atempo); word times have to be divided by it."""
    graph: Any = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base=f"1/{rate}")
    stretch, sink = graph.add("atempo", str(factor)), graph.add("abuffersink")
    source.link_to(stretch)
    stretch.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="flt", layout="mono")
    frame.sample_rate, frame.pts = rate, 0
    source.push(frame)
    source.push(None)
    blocks: list[np.ndarray] = []
    with suppress(av.error.EOFError, av.error.BlockingIOError):
        while True:
            blocks.append(sink.pull().to_ndarray()[0])
    wanted = round(len(samples) / factor)
    out = np.concatenate(blocks)
    return np.pad(out, (0, max(0, wanted - len(out))))[:wanted].astype(np.float32)
