"""Voices for training, and four-second examples of one voice or two over a telephone line, labelled frame by frame.

Voices: the sample recordings (20 Kokoro voices) and Piper's "joe" at eight pitches, synthesised here. Each is used at
several speeds, so that pitch and timbre vary more than the speakers do.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from redactor.speech.overlap import HOP, WIDTH, features

RATE = 16_000
SECONDS = 4.0
OVERLAP = -14.0  # dB: a second voice louder than this beside the first counts
NEITHER = -20.0  # dB: below this it is background; between the two nothing is learnt
ACTIVE = -28.0  # dB under a voice's own level: quieter frames are its pauses
PITCHES = (0.8, 0.86, 0.93, 1.0, 1.08, 1.16, 1.25, 1.35)
ROOT = Path(__file__).parents[2]

Voice = tuple[str, np.ndarray]


def sample_voices() -> list[Voice]:
    """(speaker, 16 kHz samples) of the ordinary sample recordings that have one speaker."""
    import json

    from redactor.audio import decode, read_source, recognition_audio

    out: list[Voice] = []
    for line in (ROOT / "sample_audio" / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if len(row["channels"]) != 1 or row.get("outcome", "redacted") != "redacted":
            continue
        recording = decode(read_source(ROOT / "sample_audio" / row["file"]))
        channel = recognition_audio(recording, 0)
        words = row["channels"][0]["words"]
        start, end = words[0]["start"], words[-1]["end"]
        samples = np.asarray(channel[int(start * RATE) : int(end * RATE)], np.float32)
        out.append((row.get("voice", row["file"]), samples))
    return out


def texts() -> list[str]:
    """The first 300 characters of 80 messages of the benchmark archive; only the voices matter here."""
    import tomllib

    from sample_audio.markup import parse

    found = [
        parse(message["script"]).text
        for file in sorted((ROOT / "benchmarks" / "texts").glob("?.toml"))
        for message in tomllib.loads(file.read_text(encoding="utf-8"))["message"]
    ]
    random.Random(5).shuffle(found)
    return [text[:300] for text in found[:80]]


def piper_voices(cache: Path) -> list[Voice]:
    """`texts` read by "joe" at PITCHES in turn; kept in `cache`."""
    if not cache.exists():
        from models.tts import say

        spoken = [
            say(text, "piper/joe", pitch=PITCHES[i % 8], sample_rate=RATE).samples for i, text in enumerate(texts())
        ]
        np.savez(cache, **{f"{i % 8}_{i}": s.astype(np.float32) for i, s in enumerate(spoken)})
    with np.load(cache) as stored:
        return [(f"joe/{name.partition('_')[0]}", stored[name]) for name in stored.files]


class Mixer:
    """Makes examples."""

    def __init__(self, voices: list[Voice], seed: int) -> None:
        self.voices = voices
        self.rng = np.random.default_rng(seed)
        self.random = random.Random(seed)

    def example(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Spectra (frames, 240); labels and weights (frames / 2,)."""
        rng = self.rng
        length = round(SECONDS * RATE)
        speaker, one = self.random.choice(self.voices)
        one = self._cut(one, length)
        two = np.zeros(length, np.float32)
        if rng.random() < 0.55:
            other, source = self.random.choice(self.voices)
            while other == speaker:
                other, source = self.random.choice(self.voices)
            spoken = self._cut(source, length)
            begin, end = (0, length) if rng.random() < 0.4 else sorted(rng.integers(0, length, 2).tolist())
            two[begin:end] = spoken[begin:end]
            two *= _level(one) / max(_level(two), 1e-6) * 10 ** (rng.uniform(-22, 0) / 20)
        room = rng.random() < 0.2
        if room:
            impulse = _impulse(rng)
            one, two = _convolved(one, impulse), _convolved(two, impulse)
        labels, weights = _labels(one, two)
        mixed = one + two
        if rng.random() < 0.65:
            noise = self._noise(length)
            mixed = mixed + noise * _level(mixed) / max(_level(noise), 1e-6) * 10 ** (-rng.uniform(10, 36) / 20)
        mixed = _line(mixed, rng)
        seen = features(np.concatenate([np.zeros(WIDTH // 2, np.float32), mixed, np.zeros(WIDTH // 2, np.float32)]))
        frames = len(labels) * 2
        return seen[:frames], labels, weights

    def _cut(self, samples: np.ndarray, length: int) -> np.ndarray:
        speed = self.rng.uniform(0.86, 1.16)
        wanted = int(length * speed) + 1
        if len(samples) < wanted:
            samples = np.concatenate([samples, np.zeros(RATE // 3, np.float32)] * (wanted // len(samples) + 1))
        start = int(self.rng.integers(0, len(samples) - wanted + 1))
        part = samples[start : start + wanted]
        return np.interp(np.arange(length) * speed, np.arange(wanted), part).astype(np.float32)

    def _noise(self, length: int) -> np.ndarray:
        rng = self.rng
        kind = rng.integers(6)
        if kind == 0:
            return rng.standard_normal(length).astype(np.float32)
        if kind == 1:  # pink to brown
            shape = np.fft.rfft(rng.standard_normal(length))
            shape /= np.maximum(np.arange(len(shape)), 1) ** rng.uniform(0.4, 1.0)
            return np.fft.irfft(shape, length).astype(np.float32)
        if kind == 2:  # a room of talkers
            talkers = [
                self._cut(self.random.choice(self.voices)[1], length)[::-1] for _ in range(int(rng.integers(4, 8)))
            ]
            return np.sum([t / max(_level(t), 1e-6) for t in talkers], axis=0).astype(np.float32)
        time = np.arange(length) / RATE
        if kind == 3:  # hum
            base = self.random.choice((50, 60, 100, 120))
            return sum(np.sin(2 * np.pi * base * n * time + n) / n for n in range(1, 12)).astype(np.float32)
        out = np.zeros(length)
        if kind == 4:  # music: chords with decay
            at = 0
            while at < length:
                last = min(length, at + int(rng.uniform(0.2, 0.9) * RATE))
                root = 110 * 2 ** (rng.integers(0, 30) / 12)
                for step in self.random.sample((0, 3, 4, 7, 10, 12, 16), int(rng.integers(1, 5))):
                    pitch = root * 2 ** (step / 12)
                    for harmonic in range(1, 5):
                        if harmonic * pitch < 3800:
                            out[at:last] += (
                                np.sin(2 * np.pi * harmonic * pitch * time[at:last])
                                / harmonic
                                * np.exp(-2 * (time[at:last] - time[at]))
                            )
                at = last
            return out.astype(np.float32)
        for _ in range(int(rng.integers(3, 12))):  # knocks and clatter
            at = int(rng.integers(length))
            burst = rng.standard_normal(int(rng.uniform(0.01, 0.2) * RATE))
            burst *= np.exp(-np.arange(len(burst)) / (0.2 * len(burst)))
            last = min(length, at + len(burst))
            out[at:last] += burst[: last - at]
        return out.astype(np.float32)


def _level(samples: np.ndarray) -> float:
    """Level of the speech: of the blocks of 20 ms within 25 dB of the loudest."""
    power = np.square(samples[: len(samples) // HOP * HOP].reshape(-1, HOP)).mean(axis=1)
    loud = power[power > power.max() * 10**-2.5]
    return float(np.sqrt(loud.mean())) if len(loud) and power.max() > 0 else 0.0


def _frames(samples: np.ndarray) -> np.ndarray:
    power = np.square(samples[: len(samples) // (2 * HOP) * 2 * HOP].reshape(-1, 2 * HOP)).mean(axis=1)
    smooth = np.convolve(np.pad(power, 2, mode="edge"), np.ones(5) / 5, "valid")
    return 10 * np.log10(smooth + 1e-12)


def _labels(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = _frames(one), _frames(two)
    levels = [20 * np.log10(max(_level(x), 1e-6)) for x in (one, two)]
    talking = [(f > level + ACTIVE) for f, level in zip((first, second), levels, strict=True)]
    quieter = np.minimum(first, second) - max(levels)
    both = talking[0] & talking[1]
    labels = (both & (quieter > OVERLAP - 6)).astype(np.float32)
    weights = np.ones_like(labels)
    weights[both & (quieter <= OVERLAP - 6) & (quieter > NEITHER - 12)] = 0.0
    if levels[1] - levels[0] < OVERLAP:  # the whole second voice is background, or nearly so
        labels[:] = 0.0
        weights[talking[1]] = 0.0 if levels[1] - levels[0] > NEITHER else 1.0
    return labels, weights


def _impulse(rng: np.random.Generator) -> np.ndarray:
    length = int(rng.uniform(0.1, 0.5) * RATE)
    impulse = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length) * rng.uniform(0.02, 0.12)
    impulse[0] = 1.0
    return impulse.astype(np.float32)


def _convolved(samples: np.ndarray, impulse: np.ndarray) -> np.ndarray:
    size = 1 << int(np.ceil(np.log2(len(samples) + len(impulse))))
    out = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(impulse, size), size)
    return out[: len(samples)].astype(np.float32)


def _line(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Band, tilt, level, and µ-law in half of the cases."""
    spectrum = np.fft.rfft(samples)
    pitch = np.fft.rfftfreq(len(samples), 1 / RATE)
    low, high, tilt = rng.uniform(60, 350), rng.uniform(2900, 3900), rng.uniform(-0.5, 0.5)
    shape = (
        1
        / (1 + (low / np.maximum(pitch, 1)) ** 4)
        / (1 + (pitch / high) ** 16)
        * (np.maximum(pitch, 50) / 1000) ** tilt
    )
    out = np.fft.irfft(spectrum * shape, len(samples))
    out *= 10 ** (rng.uniform(-40, -6) / 20) / max(np.abs(out).max(), 1e-6)
    if rng.random() < 0.5:
        scaled = np.round(127 * np.log1p(255 * np.abs(out)) / np.log1p(255))
        out = np.sign(out) * np.expm1(scaled / 127 * np.log1p(255)) / 255
    return (out + rng.standard_normal(len(out)) * 10 ** (-rng.uniform(66, 90) / 20)).astype(np.float32)
