"""Step 3, speech and features: `python -m models.training.speech --prose prose.json --out shards --worker 0 --shards 40`.

Each utterance is spoken once (that is 80 % of the time) and stored several times: clean, and through telephone lines with noise, rooms,
codecs and lost packets. What is stored is the log-mel spectrogram exactly as faster-whisper computes it, with the written text, its
times and the phones. Any number of workers may run at once; a shard that exists is skipped, so a stopped worker goes on where it was.
"""

import argparse
import random
import time
from functools import cache
from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from models.tts import SynthesisError, channel, say
from models.tts.noise import NOISES, beep, ringback, tone
from models.tts.speech import Phone, Speech

from .shards import write_shard
from .text import Units, Writer
from .text.units import spoken_tokens, unit_times

RATE = 16000  # Hz
SHORTEST, LONGEST = 0.3, 14.0  # seconds
TELEPHONE_VARIANTS = 2
NOTHING_SAID = 0.03  # share of utterances that are silence, noise, ringing, beeps or a tune
FLITE = {"slt": 20, "rms": 16, "awb": 16, "kal16": 10}
ESPEAK_ACCENTS = {"en-us": 26, "en": 3, "en-gb-x-rp": 4, "en-gb-scotland": 3, "en-029": 2}
ESPEAK_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f4 f5 klatt klatt2 klatt3 klatt4 adam Andy Annie belinda caleb david ed edward grandma "
    "grandpa iven iven2 john linda Mario max michael norbert paul quincy robert steph steph2 travis victor zac"
).split()
#: Never in training, so that the test can use them: every festival voice, flite/kal, espeak-ng's variant f3.


def pick_voice(rng: random.Random) -> str:
    """A training voice; the flite ones sound less mechanical and come more often."""
    kind = rng.choices([*FLITE, *ESPEAK_ACCENTS], [*FLITE.values(), *ESPEAK_ACCENTS.values()])[0]
    return f"flite/{kind}" if kind in FLITE else f"espeak/{kind}+{rng.choice(ESPEAK_VARIANTS)}"


def speak(units: Units, voice: str, rng: random.Random) -> tuple[Speech, list[tuple[float, float]]]:
    """The text in one voice at a random speed and pitch, and the time of each unit."""
    tokens, spans = spoken_tokens(units, rng)
    speech = say(" ".join(tokens), voice, rate=rng.uniform(0.85, 1.25), pitch=rng.uniform(0.88, 1.14), sample_rate=RATE)
    return speech, unit_times(spans, [(w.start, w.end) for w in speech.words])


def phones_of(speech: Speech, voice: str) -> list[tuple[str, float, float]]:
    """Phones in flite's notation; for another engine those of flite's kal16, stretched to each word."""
    if voice.startswith("flite/"):
        return [(p.name, p.start, p.end) for p in speech.phones]
    out: list[tuple[str, float, float]] = []
    for word in speech.words:
        pattern = _word_phones(word.text.strip(".,?!"))
        total = sum(p.end - p.start for p in pattern)
        start = word.start
        for p in pattern:
            end = start + (word.end - word.start) * (p.end - p.start) / total
            out.append((p.name, start, end))
            start = end
    return out


@cache
def _word_phones(word: str) -> tuple[Phone, ...]:
    try:
        return say(word, "flite/kal16").phones
    except SynthesisError:
        return ()


def telephone(samples: NDArray[np.float32], rng: random.Random, noise_rng: np.random.Generator) -> NDArray[np.float32]:
    """One way a call may sound: room, background, level, codec, packet loss."""
    if rng.random() < 0.25:
        samples = channel.room(samples, RATE, noise_rng, rt60=rng.uniform(0.15, 0.6), direct_db=rng.uniform(0, 12))
    if rng.random() < 0.6:
        samples = _noisy(samples, rng, noise_rng)
    codec = rng.choices(["mulaw", "gsm", "mp3", "none"], [55, 20, 12, 13])[0]
    samples = channel.telephone(samples, RATE, codec=codec, dbfs=rng.uniform(-32, -14), effort=rng.uniform(0.2, 0.7))
    if rng.random() < 0.1:
        samples = channel.packet_loss(samples, RATE, rng.uniform(0.002, 0.03), noise_rng)
    return _noisy(samples, rng, noise_rng) if rng.random() < 0.2 else samples


def _noisy(samples: NDArray[np.float32], rng: random.Random, noise_rng: np.random.Generator) -> NDArray[np.float32]:
    noise = NOISES[rng.choice([n for n in NOISES if n != "babble"])](len(samples), RATE, noise_rng)
    return channel.add_noise(samples, noise, rng.uniform(8, 40))


def sound_without_speech(rng: random.Random, noise_rng: np.random.Generator) -> NDArray[np.float32]:
    """What a recording holds besides speech: 0.2-4 s."""
    kind = rng.choice(["silence", "noise", "noise", "ring", "beep", "tune"])
    length = round(rng.uniform(0.2, 4.0) * RATE)
    if kind == "ring":
        samples = np.concatenate([ringback(RATE), np.zeros(round(rng.uniform(0, 2) * RATE), np.float32)])
    elif kind == "beep":
        samples = beep(RATE) if rng.random() < 0.5 else tone(rng.uniform(0.1, 1.2), RATE, rng.uniform(350, 1500))
    elif kind == "tune":
        notes = [220 * 2 ** (rng.randint(0, 24) / 12) for _ in range(rng.randint(3, 10))]
        samples = np.concatenate([tone(rng.uniform(0.15, 0.5), RATE, n, 2 * n, 1.5 * n, amplitude=0.1) for n in notes])
    else:
        level = 10 ** rng.uniform(-4.5, -1) if kind == "noise" else 1e-4
        noise = NOISES[rng.choice([n for n in NOISES if n != "babble"])](length, RATE, noise_rng)
        samples = noise / max(float(noise.std()), 1e-9) * level
    hiss = noise_rng.standard_normal(len(samples)) * 10 ** rng.uniform(-5, -2.5)
    return (samples * rng.uniform(0.2, 1) + hiss).astype(np.float32)


class ShardMaker:
    """Speaks and stores; one per process, because the engines keep global state."""

    def __init__(self, prose: Path, out: Path) -> None:
        self.prose, self.out = prose, out
        self._extract = FeatureExtractor()

    def make(self, name: str, count: int) -> None:
        rng, noise_rng = random.Random(name), np.random.default_rng(list(name.encode()))
        writer = Writer(name, self.prose)
        features: list[NDArray[np.float16]] = []
        lines: list[dict[str, object]] = []
        for _ in range(count):
            voice = pick_voice(rng)
            if rng.random() < NOTHING_SAID:
                samples = channel.telephone(sound_without_speech(rng, noise_rng), RATE, dbfs=rng.uniform(-45, -14))
                features.append(self._extract(samples).T.astype(np.float16))
                lines.append({"voice": voice, "channel": 1, "units": [], "phones": []})
                continue
            units = writer.utterance()
            try:
                speech, times = speak(units, voice, rng)
            except SynthesisError:
                continue
            if not SHORTEST < speech.duration < LONGEST:
                continue
            phones = phones_of(speech, voice)
            for telephoned in [False, *[True] * TELEPHONE_VARIANTS]:
                factor = round(rng.choice([1.0, rng.uniform(0.88, 1.15), rng.uniform(0.88, 1.15)]), 2)
                samples = speech.warped(factor).peak_normalised(rng.uniform(0.1, 0.95)).samples
                if telephoned:
                    samples = telephone(samples, rng, noise_rng)
                elif rng.random() < 0.4:
                    samples = _noisy(samples, rng, noise_rng)
                features.append(self._extract(samples).T.astype(np.float16))
                lines.append(_line(units, times, phones, voice, telephoned, factor))
        write_shard(self.out, name, features, lines)


def _line(
    units: Units,
    times: list[tuple[float, float]],
    phones: list[tuple[str, float, float]],
    voice: str,
    telephoned: bool,
    factor: float,
) -> dict[str, object]:
    ratio = 100 / round(100 * factor)
    return {
        "voice": voice,
        "channel": int(telephoned),
        "units": [
            [u[0], round(s * ratio, 3), round(e * ratio, 3)] for u, (s, e) in zip(units, times, strict=True) if u[0]
        ],
        "phones": [[p, round(s * ratio, 3), round(e * ratio, 3)] for p, s, e in phones],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prose", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--worker", type=int, default=0, help="each worker makes shards of its own")
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--utterances", type=int, default=400, help="per shard")
    a = parser.parse_args()
    maker = ShardMaker(a.prose, a.out)
    for k in range(a.shards):
        name = f"w{a.worker:02d}-{k:04d}"
        if (a.out / f"{name}.npy").exists():
            continue
        began = time.time()
        maker.make(name, a.utterances)
        print(f"{name}: {a.utterances} utterances in {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
