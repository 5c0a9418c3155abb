"""The effects of a telephone call on speech.

Every function takes mono float32 samples (full scale 1.0) and their rate in Hz and returns as many samples on the same
clock, so word times stay true: filters delay by less than 2 ms, codecs are compensated. `rng` makes a run repeatable.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

if TYPE_CHECKING:
    from .speech import Samples

LINE_RATE = 8000  # Hz, of every codec here
GSM_FRAME = 160  # samples, 20 ms


def gain(samples: Samples, decibels: float) -> Samples:
    """Louder or softer, with hard clipping at full scale as a sound card does."""
    return np.clip(samples * 10 ** (decibels / 20), -1.0, 1.0).astype(np.float32)


def level(samples: Samples, dbfs: float) -> Samples:
    """Scaled so that the RMS of the active parts (blocks above -45 dB of the loudest) is `dbfs`, or less where the peak
    would pass 0.9.
    """
    frame = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    power = (frame.astype(np.float64) ** 2).mean(axis=1)
    if not len(power) or power.max() == 0:
        return samples
    active = power[power > power.max() * 10**-4.5].mean()
    factor = min(10 ** (dbfs / 20) / np.sqrt(active), 0.9 / np.abs(samples).max())
    return (samples * factor).astype(np.float32)


def bandpass(samples: Samples, sample_rate: int, low: float = 300.0, high: float = 3400.0, order: int = 4) -> Samples:
    """The band of an analogue line, 300-3400 Hz (ITU-T G.712)."""
    high = min(high, 0.49 * sample_rate)
    return sosfilt(butter(order, [low, high], "bandpass", fs=sample_rate, output="sos"), samples).astype(np.float32)


def mulaw(samples: Samples) -> Samples:
    """8-bit µ-law quantisation (ITU-T G.711, continuous form, µ = 255)."""
    compressed = np.sign(samples) * np.log1p(255 * np.abs(np.clip(samples, -1, 1))) / np.log(256)
    steps = np.round(compressed * 127) / 127
    return (np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255).astype(np.float32)


def gsm(samples: Samples, sample_rate: int) -> Samples:
    """GSM 06.10 full rate, 13 kbit/s, there and back through libsndfile."""
    line = np.clip(_resampled(samples, sample_rate, LINE_RATE), -1, 1)
    coded = io.BytesIO()
    soundfile.write(coded, line, LINE_RATE, format="WAV", subtype="GSM610")
    coded.seek(0)
    decoded, _ = soundfile.read(coded, dtype="float32")
    return _fitted(_resampled(decoded[: len(line)], LINE_RATE, sample_rate), len(samples))


def mp3(samples: Samples, sample_rate: int, *, effort: float = 0.5) -> Samples:
    """MPEG 2.5 layer III at 8 kHz, constant bit rate, as PBXs that archive in MP3 write it, there and back through
    libsndfile.

    effort: 0 … 0.7, libsndfile's compression level: 64 … 24 kbit/s.
    """
    line = np.clip(_resampled(samples, sample_rate, LINE_RATE), -1, 1)
    coded = io.BytesIO()
    with soundfile.SoundFile(
        coded,
        "w",
        LINE_RATE,
        1,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=effort,
        bitrate_mode="CONSTANT",
    ) as file:
        file.write(line)
    coded.seek(0)
    decoded, _ = soundfile.read(coded, dtype="float32")
    return _fitted(_resampled(decoded, LINE_RATE, sample_rate), len(samples))


def telephone(
    samples: Samples, sample_rate: int, *, codec: str = "mulaw", dbfs: float = -20.0, effort: float = 0.5
) -> Samples:
    """A whole line: 8 kHz, 300-3400 Hz, level in dBFS, then codec "mulaw", "gsm", "mp3" (with `effort`) or "none"."""
    line = level(bandpass(_resampled(samples, sample_rate, LINE_RATE), LINE_RATE), dbfs)
    if codec == "gsm":
        line = gsm(line, LINE_RATE)
    elif codec == "mp3":
        line = mp3(line, LINE_RATE, effort=effort)
    elif codec == "mulaw":
        line = mulaw(line)
    elif codec != "none":
        raise ValueError(f"unknown codec {codec!r}")
    return _fitted(_resampled(line, LINE_RATE, sample_rate), len(samples))


def packet_loss(
    samples: Samples, sample_rate: int, rate: float, rng: np.random.Generator, *, frame: float = 0.02
) -> Samples:
    """A share `rate` of the packets (`frame` seconds each) lost; a lost one repeats the one before at half level."""
    size = round(frame * sample_rate)
    out = samples.copy()
    for start in range(size, len(out) - size + 1, size):
        if rng.random() < rate:
            out[start : start + size] = 0.5 * out[start - size : start]
    return out


def room(
    samples: Samples, sample_rate: int, rng: np.random.Generator, *, rt60: float = 0.4, direct_db: float = 6.0
) -> Samples:
    """Reverberation: the direct sound at time zero, then exponentially decaying noise.

    rt60: seconds to fall by 60 dB; direct_db: direct-to-reverberant ratio in dB.
    """
    time = np.arange(round(rt60 * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / rt60) * (time > 0.004)
    tail *= 10 ** (-direct_db / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return fftconvolve(samples, tail)[: len(samples)].astype(np.float32)


def add_noise(samples: Samples, noise: Samples, snr: float) -> Samples:
    """`noise` (cut or repeated to fit) added at `snr` dB below the speech's active level."""
    fitted = np.resize(noise, len(samples))
    active = samples[np.abs(samples) > 0.02 * np.abs(samples).max(initial=0.0)]
    reference = float(active.std()) if len(active) else 1e-3
    scaled = fitted * (reference / max(float(fitted.std()), 1e-9) * 10 ** (-snr / 20))
    return np.clip(samples + scaled, -1.0, 1.0).astype(np.float32)


def _resampled(samples: Samples, source: int, target: int) -> Samples:
    if source == target:
        return samples
    divisor = np.gcd(source, target)
    return resample_poly(samples, target // divisor, source // divisor).astype(np.float32)


def _fitted(samples: Samples, length: int) -> Samples:
    return np.pad(samples, (0, max(0, length - len(samples))))[:length].astype(np.float32)
