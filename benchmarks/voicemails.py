"""The benchmark archive: invented voicemails of 5-40 s over a telephone line, with the time of every word and exact PHI labels.

    python benchmarks/voicemails.py [--files 200] [--out .train/voicemails]

WAV of 8 kHz, µ-law and 16-bit PCM in turn, in folders "incoming" and "outgoing"; labels.jsonl as `redactor evaluate` reads it. Each
message depends on its number alone: an archive of 12 is the beginning of one of 200, and what is already there is not made again.
Texts: voicemail_text.py. Voices: those that voicemail-micro was trained on (models/training/speech.py), with noise of 25-40 dB below
the speech in half of them. Sound, times and labels are made as those of sample_audio (sample_audio/make.py).

Needs the Debian packages libflite1, libespeak-ng1 and espeak-ng-data, no model. Caveat: synthetic voices in sentences that
the detector's makers wrote; error rates say how systems compare on the same words, not how well any of them hears people.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

from report import ROOT, progress

FOLDER = ROOT / ".train" / "voicemails"
FILES = 200
RECIPE = "1"
"""Changes with anything that changes the sound or the labels."""
SHORTEST, LONGEST = 5.0, 40.0  # seconds
WORDS_A_SECOND = 2.3  # of these voices, pauses included; only for choosing texts of about the wanted length


def draw(number: int, attempt: int) -> dict[str, Any]:
    """One message in the form that sample_audio/make.py speaks."""
    from voicemail_text import message

    from models.training.speech import pick_voice
    from sample_audio.markup import parse

    rng = random.Random(f"voicemail-{RECIPE}-{number}-{attempt}")
    seconds = rng.uniform(SHORTEST + 1, LONGEST - 2)
    direction, script = message(
        rng,
        words=seconds * WORDS_A_SECOND,
        length=lambda script: sum(len(word.spoken) for word in parse(script).words),
    )
    row: dict[str, Any] = {
        "id": f"{direction}-{number:05d}",
        "script": script,
        "format": "ulaw" if number % 2 else "wav8",
        "line": rng.choice(["mulaw", "mulaw", "gsm", "none"]) if number % 2 == 0 else "mulaw",
        "voice": pick_voice(rng),
        "rate": round(rng.uniform(0.85, 1.25), 2),
        "pitch": round(rng.uniform(0.88, 1.14), 2),
        "zero": rng.choice(["oh", "zero"]),
        "gap": round(rng.uniform(0.3, 0.8), 2),
    }
    if rng.random() < 0.5:
        row |= {"noise": rng.choice(["white", "pink", "car", "street", "hum"]), "snr": rng.randint(25, 40)}
    return row


def make(number: int, folder: Path) -> dict[str, Any]:
    """Write one recording and return its line of labels.jsonl; texts are drawn until its length fits."""
    from models.tts import SynthesisError
    from sample_audio.make import record

    for attempt in range(50):
        message = draw(number, attempt)
        try:
            label = record(message, folder, tell=lambda _: None)
        except SynthesisError:
            continue
        if SHORTEST <= label["duration"] <= LONGEST:
            return label
        (folder / label["file"]).unlink()
    raise SystemExit(f"message {number}: no text of the wanted length")


def archive(files: int = FILES, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The labels of the first `files` recordings, made now if they are not there."""
    rows: list[dict[str, Any]] = []
    lines, recipe = folder / "labels.jsonl", folder / "recipe"
    if lines.exists() and recipe.exists() and recipe.read_text(encoding="utf-8") == RECIPE:
        rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    folder.mkdir(parents=True, exist_ok=True)
    recipe.write_text(RECIPE, encoding="utf-8")
    with lines.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        for number in range(len(rows) + 1, files + 1):
            rows.append(make(number, folder))
            out.write(json.dumps(rows[-1], ensure_ascii=False) + "\n")
            out.flush()
            if number % 20 == 0:
                progress(f"voicemail {number} of {files}")
    return rows[:files]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    rows = archive(given.files, given.out)
    seconds = [row["duration"] for row in rows]
    spans = [span for row in rows for channel in row["channels"] for span in channel["spans"] if span["tier"] == "must"]
    words = sum(len(channel["words"]) for row in rows for channel in row["channels"])
    print(
        f"{len(rows)} voicemails, {sum(seconds) / 60:.1f} min ({min(seconds):.1f}-{max(seconds):.1f} s), {words} words, {len(spans)} PHI spans"
    )


if __name__ == "__main__":
    main()
