"""Makes the benchmark archive: 200 invented voicemails (more than an hour) in natural voices over a telephone line,
with the time of every word and exact PHI labels.

    python benchmarks/voicemails.py [--files 200] [--out .train/voicemails]
    python benchmarks/voicemails.py --texts benchmarks/texts/unseen --out .train/unseen

The texts (texts/a.toml, b.toml, c.toml) are by three authors who saw neither the others' texts nor the detector. Five
more wrote texts/fresh, on which detection was developed, and texts/unseen, which is only scored: never read it; nor
texts/scored, by five others. The
voices are eight of Kokoro's that no sample recording uses, and Piper's "joe" at several speeds and pitches, so that it
sounds like several speakers. The files are WAV at 8 kHz: µ-law, 16-bit PCM and GSM in turn, each with its own band,
level and, in half of them, noise. Authors, voices and formats alternate, so the first N represent all.

Text, voice and line depend on the message's number alone, and existing files are not made again: an archive of 12 is
the beginning of one of 200. The synthesisers draw their own random numbers, so a second archive has other samples and
word times that differ by some hundredths of a second. Needs the environment that `python -m models.tts.natural.setup`
makes.

Caveat: near-human voices that read written texts are easier to recognise than people on telephones.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from report import ROOT, progress

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = ROOT / ".train" / "voicemails"
TEXTS = ROOT / "benchmarks" / "texts"
FILES = 200
RECIPE = "2"
"""To be increased whenever the audio or the labels change."""
RATE = 16000  # Hz, before the recorder
#: Reserved for this archive; the sample recordings take the others.
KOKORO = ("af_bella", "am_michael", "bf_emma", "bm_george", "af_sarah", "am_fenrir", "af_kore", "bm_lewis")
KOKORO_SHARE = (6, 20)  # of the messages
#: Speed and pitch of "joe": what it takes to sound like other men and, raised most, a woman with a low voice.
JOE = ((1.0, 1.0), (1.1, 0.93), (0.92, 1.05), (1.0, 0.9), (1.15, 1.08), (0.9, 0.97), (1.05, 1.12))
FORMATS = ("ulaw", "wav8", "wav49")
NOISES = ("street", "babble", "hum", "pink")
TRIES = 3  # voices for a message whose words could not be found in what the first one said

_BABBLE = (
    ("The meeting moved to the small room because the large one was taken by another group.", 1.0),
    ("They planted the garden early and the rain came late, so nothing grew before the summer.", 0.88),
    ("He painted the fence on one side only, and the neighbours noticed within a single day.", 1.12),
    ("The train was full again and most of the people were standing near the doors.", 0.94),
    ("She reads the paper in the kitchen and folds every page before turning the next.", 1.06),
)


def texts(folder: Path = TEXTS) -> dict[str, list[dict[str, str]]]:
    """Messages (id, script) of each author, a file of the folder each, in the order of the file.

    Raises ValueError for a script that cannot be spoken, a label that is not ours, an id that comes twice.
    """
    from redactor.types import LABELS
    from sample_audio.markup import parse

    found: dict[str, list[dict[str, str]]] = {}
    seen: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        found[path.stem] = tomllib.loads(path.read_text(encoding="utf-8"))["message"]
        for message in found[path.stem]:
            script = parse(message["script"])
            unknown = {span.label for span in script.spans} - set(LABELS)
            if unknown or message["id"] in seen or message["id"].partition("-")[0] not in {"in", "out"}:
                raise ValueError(f"{path.name}: {message['id']}: {unknown or 'bad or repeated id'}")
            seen.add(message["id"])
    return found


def ordered(found: dict[str, list[dict[str, str]]]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Number from 0, author, message: one of each author in turn. Ends when the author whose turn it is has no more,
    because the number identifies the message.
    """
    number, authors = 0, sorted(found)
    while authors and (turn := number // len(authors)) < len(found[hand := authors[number % len(authors)]]):
        yield number, hand, found[hand][turn]
        number += 1


def planned(number: int, text: dict[str, str], attempt: int = 0) -> dict[str, Any]:
    """One message in the form that sample_audio/make.py speaks. attempt: how many voices have failed."""
    rng = random.Random(f"voicemail-{RECIPE}-{number}-{attempt}")
    share, of = KOKORO_SHARE
    kokoro = number * share % of < share
    before = sum(n * share % of < share for n in range(number))  # messages that Kokoro spoke before this one
    if kokoro:
        voice, speed, pitch = (
            f"kokoro/{KOKORO[(before + attempt) % len(KOKORO)]}",
            round(rng.uniform(0.88, 1.18), 2),
            1.0,
        )
    else:
        speed, pitch = JOE[(number - before + attempt) % len(JOE)]
        voice, speed = "piper/joe", round(min(1.18, max(0.88, speed * rng.uniform(0.96, 1.04))), 2)
    row: dict[str, Any] = {
        "id": text["id"],
        "script": text["script"],
        "format": FORMATS[(number + number // len(FORMATS)) % len(FORMATS)],
        "voice": voice,
        "rate": speed,
        "pitch": pitch,
        "zero": rng.choice(["oh", "oh", "zero"]),
        "gap": round(rng.uniform(0.4, 0.8), 2),
        "band": [rng.randint(180, 340), rng.randint(3000, 3650)],
        "order": rng.choice([2, 4, 6]),
        "tilt": round(rng.uniform(-0.3, 0.5), 2),
        "peak": rng.randint(-30, -12),
    }
    if (number // 2) % 2:
        row |= {"noise": rng.choice(NOISES), "snr": rng.randint(18, 30)}
    return row


def condition(message: dict[str, Any]) -> str:
    """The line in words."""
    low, high = message["band"]
    noise = f", {message['snr']} dB {message['noise']}" if "noise" in message else ""
    return f"{low}-{high} Hz, peak {message['peak']} dBFS{noise}"


def line(samples: np.ndarray, message: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """One channel at RATE through background, handset, band and level; the recorder's format does the rest."""
    from models.tts import channel
    from models.tts.noise import NOISES as SOUNDS

    if "noise" in message:
        make = babble if message["noise"] == "babble" else SOUNDS[message["noise"]]
        samples = channel.add_noise(samples, make(len(samples), RATE, rng), message["snr"])
    tilted = samples - message["tilt"] * np.concatenate([samples[:1], samples[:-1]])
    low, high = message["band"]
    banded = channel.bandpass(tilted, RATE, low, high, message["order"])
    levelled = banded * (10 ** (message["peak"] / 20) / max(float(np.abs(banded).max()), 1e-6))
    return (levelled + rng.standard_normal(len(levelled)) * 10 ** (-72 / 20)).astype(np.float32)  # no line is silent


def babble(length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Five talkers played backwards: the rhythm of speech without a word that a recogniser could rightly write down."""
    mix = np.zeros(length, dtype=np.float32)
    for talker in _talkers(sample_rate):
        mix += np.resize(np.roll(talker, int(rng.integers(len(talker)))), length) * rng.uniform(0.6, 1.0)
    return mix


@cache
def _talkers(sample_rate: int) -> tuple[np.ndarray, ...]:
    from models.tts import say

    spoken = [say(text, "piper/joe", pitch=pitch, sample_rate=sample_rate).samples[::-1] for text, pitch in _BABBLE]
    return tuple(samples / max(float(samples.std()), 1e-6) for samples in spoken)


def fingerprint(message: dict[str, Any]) -> int:
    """A fingerprint of all properties of a recording."""
    return zlib.crc32(json.dumps([RECIPE, message], sort_keys=True).encode())


def make(number: int, hand: str, text: dict[str, str], folder: Path) -> dict[str, Any] | None:
    """Write one recording and return its line of labels.jsonl; None where no voice spoke it well enough to be
    labelled.
    """
    from models.tts import SynthesisError
    from sample_audio.make import record

    for attempt in range(TRIES):
        message = planned(number, text, attempt)
        try:
            label = record(message | {"line": "wide"}, folder, tell=lambda _: None, through=line)
        except SynthesisError as error:
            progress(f"{text['id']} with {message['voice']}: {error}")
            continue
        extra = {"conditions": condition(message), "condition": condition(message), "hand": hand}
        speaker = {"voice": message["voice"], "rate": message["rate"], "pitch": message["pitch"]}
        asked = {"number": number, "made_from": fingerprint(planned(number, text))}
        return label | extra | speaker | asked
    return None


def archive(files: int = FILES, folder: Path = FOLDER, *, source: Path = TEXTS) -> list[dict[str, Any]]:
    """The labels of the first `files` recordings (fewer if the texts end), which are made if they do not exist."""
    wanted = [(n, hand, text, fingerprint(planned(n, text))) for n, hand, text in ordered(texts(source))]
    folder.mkdir(parents=True, exist_ok=True)
    lines = folder / "labels.jsonl"
    there = _kept(lines, {mark for *_, mark in wanted})
    _write(lines, there)
    rows: list[dict[str, Any]] = []
    for number, hand, text, mark in wanted:
        if len(rows) == files:
            break
        row = there.get(mark) or make(number, hand, text, folder)
        if row is None:
            continue
        rows.append(row)
        if mark not in there:
            there[mark] = row
            with lines.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
            if len(rows) % 20 == 0:
                progress(f"voicemail {len(rows)} of {files}")
    _write(lines, there)
    return rows


def _kept(lines: Path, marks: set[int]) -> dict[int, dict[str, Any]]:
    """Recordings of an earlier run that this one would make in the same way, by fingerprint."""
    if not lines.exists():
        return {}
    made = [json.loads(text) for text in lines.read_text(encoding="utf-8").splitlines() if text.endswith("}")]
    return {
        row["made_from"]: row for row in made if row.get("made_from") in marks and (lines.parent / row["file"]).exists()
    }


def _write(lines: Path, rows: dict[int, dict[str, Any]]) -> None:
    """labels.jsonl in the order of the messages, the rows of a longer archive included; a broken last line goes."""
    content = "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in sorted(rows.values(), key=lambda row: row["number"])
    )
    fresh = lines.with_suffix(".new")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--texts", type=Path, default=TEXTS)
    given = parser.parse_args()
    rows = archive(given.files, given.out, source=given.texts)
    seconds = [row["duration"] for row in rows]
    spans = [span for row in rows for channel in row["channels"] for span in channel["spans"] if span["tier"] == "must"]
    words = sum(len(channel["words"]) for row in rows for channel in row["channels"])
    print(
        f"{len(rows)} voicemails, {sum(seconds) / 60:.1f} min ({min(seconds):.1f}-{max(seconds):.1f} s), "
        f"{words} words, "
        f"{len(spans)} PHI spans"
    )
    from models.tts.natural.engine import SpeechCounts

    print(
        f"spoken now: {SpeechCounts.spoken} calls, {SpeechCounts.again} spoken again, {SpeechCounts.failed} given up, "
        f"{SpeechCounts.inexact} timed by alignment alone"
    )


if __name__ == "__main__":
    main()
