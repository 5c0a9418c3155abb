"""Step 6, test recordings: `python -m models.training.testset --prose prose.json --out testset`.

Text comes from grammar alternatives, names and prose that no training text holds; everything goes through a telephone line (8 kHz,
300-3400 Hz, µ-law or GSM, 25 dB of noise or better). Kinds: whole voicemails of 15-30 s, single sentences, prose sentences, sentences with a
drug in them; each in trained voices and in festival's, an engine that training never uses (ked is another speaker; slt-hts and kal are speakers that training
knows from flite). Writes one 16 kHz WAV per recording and labels.jsonl with the text and the time of every word.
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.tts import SynthesisError, channel
from models.tts.noise import NOISES

from .speech import RATE, speak
from .text import Units, Writer, written
from .text.writer import lexicon

SEEN = [
    *("flite/slt", "flite/rms", "flite/awb", "flite/kal16"),
    *("espeak/en-us+m1", "espeak/en-us+f2", "espeak/en-us+m3", "espeak/en-gb-x-rp+f5"),
]
UNSEEN = ["festival/ked", "festival/ked", "festival/slt-hts", "festival/kal"]
SENTENCES = ["open", "reason", "detail", "admin", "callback"]
COUNTS = {
    "voicemail": (20, 8),
    "sentence": (60, 20),
    "prose": (36, 12),
    "drug": (40, 0),
}  # trained voices, unseen engine
VOICEMAIL = (15.0, 30.0)  # seconds


@dataclass
class Recording:
    samples: NDArray[np.float32]
    text: str
    words: list[tuple[str, float, float]]


def record(sentences: list[Units], voice: str, rng: random.Random) -> Recording:
    """The sentences with pauses between them, clean, and the time of each written word."""
    pieces: list[NDArray[np.float32]] = []
    words: list[tuple[str, float, float]] = []
    clock = 0.0
    for units in sentences:
        if pieces:
            pieces.append(np.zeros(round(rng.uniform(0.2, 0.9) * RATE), np.float32))
            clock += len(pieces[-1]) / RATE
        speech, times = speak(units, voice, rng)
        begun = False
        for (text, spoken), (start, end) in zip(units, times, strict=True):
            if not text:
                continue
            if text.startswith(" ") or not begun:
                words.append((text.strip(), clock + start, clock + end))
                begun = True
            else:
                before = words[-1]
                words[-1] = (before[0] + text, before[1], clock + end if spoken else before[2])
        pieces.append(speech.peak_normalised(0.7).samples)
        clock += speech.duration
    return Recording(np.concatenate(pieces), " ".join(written(u) for u in sentences), words)


def line(samples: NDArray[np.float32], rng: random.Random, noise_rng: np.random.Generator) -> NDArray[np.float32]:
    noise = NOISES[rng.choice(["white", "pink", "car", "street", "hum"])](len(samples), RATE, noise_rng)
    samples = channel.add_noise(samples, noise, rng.uniform(25, 40))
    return channel.telephone(samples, RATE, codec=rng.choice(["mulaw", "mulaw", "gsm"]))


def draw(kind: str, voice: str, seed: str, prose: Path, rng: random.Random) -> tuple[Recording, Writer]:
    """Try seeds until the text is long enough and held out enough."""
    drugs = {drug for drug in lexicon()["drug"] if " " not in drug}
    for attempt in range(100):
        writer = Writer(f"{seed}-{attempt}", prose, held=True)
        if kind == "voicemail":
            sentences = writer.voicemail()
        elif kind == "drug":
            drawn = (writer.of(rng.choice(SENTENCES)) for _ in range(500))
            sentences = [next(units for units in drawn if any(text.strip().lower() in drugs for text, _ in units))]
            writer.names_used.clear()  # of the sentences that were passed over, too
        else:
            sentences = [writer.of("prose" if kind == "prose" else rng.choice(SENTENCES))]
        if kind == "voicemail" and writer.grammar.held_used < 3:
            continue
        try:
            recording = record(sentences, voice, rng)
        except SynthesisError:
            continue
        if kind != "voicemail" or VOICEMAIL[0] < len(recording.samples) / RATE < VOICEMAIL[1]:
            return recording, writer
    raise SystemExit(f"no text for {seed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prose", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--seed", default="testset", help="another seed, another set: for choices, so that the test stays one"
    )
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    rng, noise_rng = random.Random(a.seed), np.random.default_rng(2026)
    prefix = "" if a.seed == "testset" else f"{a.seed}-"
    with (a.out / "labels.jsonl").open("w") as labels:
        for kind, counts in COUNTS.items():
            for unseen, count in zip((False, True), counts, strict=True):
                voices = UNSEEN if unseen else SEEN
                for i in range(count):
                    name = f"{kind}-{'unseen' if unseen else 'seen'}-{i:02d}"
                    voice = voices[i % len(voices)]
                    recording, writer = draw(kind, voice, prefix + name, a.prose, rng)
                    soundfile.write(a.out / f"{name}.wav", line(recording.samples, rng, noise_rng), RATE)
                    row = {
                        "file": f"{name}.wav",
                        "kind": kind,
                        "voice": voice,
                        "unseen": unseen,
                        "text": recording.text,
                    }
                    row |= {
                        "words": recording.words,
                        "names": sorted({n for n in writer.names_used if n in recording.text}),
                    }
                    labels.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
