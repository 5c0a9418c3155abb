"""Makes the hostile clips: `python -m tests.hostile.make [--out .train/hostile] [--only CLASS …]`.

Needs the natural voices (`python -m models.tts.natural.setup`). Clips that exist and would be made the same way are
kept; labels.jsonl is written after each clip, so that the finished ones can be used. The form of a line is that of
sample_audio/labels.jsonl (`redactor.labels` reads it), and

    class, condition, seed, made_from    its kind, its effect, the seed of its random numbers, the fingerprint of its
                                         properties
    channels[].spans[].judged            whether the PHI is the subject of the clip, and counts
    transcript                           a transcript to import with it, below the labels' folder
    brief                                kept in tests/hostile/clips for the test run
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from models.tts import TTSError
from sample_audio import codecs
from sample_audio.compose import RATE, Timed
from sample_audio.make import _channel

from .clips import Clip, catalogue
from .effects import applied
from .scene import Scene, staged, texts

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".train" / "hostile"
COMMITTED = Path(__file__).with_name("clips")
RECIPE = "1"
"""To be increased if a clip's audio or labels change for a reason that is not one of its properties."""
UNTIMED_AFTER = 3
"""Words with times, before those that have none."""


def fingerprint(clip: Clip) -> int:
    """Changes with any property of a clip."""
    scripts = [texts()[part.text] for part in clip.parts if part.kind == "say"]
    return zlib.crc32(json.dumps([RECIPE, clip.recipe(), scripts], sort_keys=True).encode())


def make(clip: Clip, folder: Path) -> dict[str, Any]:
    """Write one clip below `folder`; its line of labels.jsonl. Raises TTSError."""
    seed = zlib.crc32(clip.id.encode())
    rng = np.random.default_rng(seed)
    scene = staged(clip.parts, rng, clip.channels)
    sound = _sound(clip, scene, rng)
    form = codecs.FORMATS[clip.form]
    if form.sample_rate != RATE:
        divisor = np.gcd(form.sample_rate, RATE)
        sound = resample_poly(sound, form.sample_rate // divisor, RATE // divisor, axis=0)
    sound = np.pad(sound, ((0, -len(sound) % form.block), (0, 0))).astype(np.float32)
    name = f"{clip.kind}/{clip.id}{form.suffix}"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    codecs.write(path, np.clip(sound, -1, 1), form)
    decoded, sample_rate = codecs.read_av(path)
    duration, shift = len(decoded) / sample_rate, codecs.delay(decoded, sample_rate, sound, form.sample_rate)
    channels = [_labels(clip, k, scene, shift, duration) for k in range(clip.channels)]
    row: dict[str, Any] = {
        "id": clip.id,
        "file": name,
        "class": clip.kind,
        "condition": clip.condition,
        "seed": seed,
        "duration": round(duration, 3),
        "sample_rate": sample_rate,
        "format": form.title,
        "voices": [part.voice for part in clip.parts if part.voice],
        "outcome": clip.outcome,
        "made_from": fingerprint(clip),
        "channels": channels,
    }
    if clip.brief:
        row["brief"] = True
    if clip.transcript:
        row["transcript"] = f"transcripts/{clip.id}.json"
        target = folder / row["transcript"]
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(imported(channels[0], clip.transcript), ensure_ascii=False), encoding="utf-8")
    return row


def _sound(clip: Clip, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """(frames, channels) at RATE: effects, level and the line's noise. One level for all channels."""
    clean = scene.samples if clip.judged else scene.samples[::-1]
    if clip.channels == 1:
        sound = applied(np.ascontiguousarray(clean[:, 0]), RATE, rng, clip.effects)[:, None]
    else:
        bands = [applied(np.ascontiguousarray(c), RATE, rng, (("band", {"low": 300, "high": 3400}),)) for c in clean.T]
        sound = np.stack(bands, axis=1)
    sound = sound * (10 ** (clip.peak / 20) / max(float(np.abs(sound).max()), 1e-9))
    return (sound + rng.standard_normal(sound.shape) * 10 ** (clip.floor / 20)).astype(np.float32)


def _labels(clip: Clip, number: int, scene: Scene, shift: float, duration: float) -> dict[str, Any]:
    if not clip.judged:
        return {"channel": number, "text": "", "words": [], "spans": [], "intervals": []}
    timed = scene.timed[number]
    row = _channel(number, Timed(timed.script, timed.times), shift, duration)
    for span, part in zip(row["spans"], scene.parts[number], strict=True):
        span["judged"] = clip.hostile is None or part in clip.hostile
    return row


def imported(channel: dict[str, Any], how: str) -> dict[str, Any]:
    """A transcript as Whisper writes it, with the true words and times that are wrong.

    how: "shift S": all later by S seconds. "drift D": by D of their time. "untimed N": after the first words, N
        harmless ones without a time stand for all the rest. "instant N": the same, and they begin and end at once.
    """
    kind, _, amount = how.partition(" ")
    last = channel["words"][-1]["end"] + 0.4
    words = [
        {"word": f" {word['text']}", "start": word["start"], "end": word["end"], "probability": 0.95}
        for word in channel["words"]
    ]
    if kind in ("untimed", "instant"):
        kept = words[:UNTIMED_AFTER]
        at = kept[-1]["end"]
        times = {"start": None, "end": None} if kind == "untimed" else {"start": at, "end": at}
        words = [*kept, *({"word": " okay", "probability": 0.95, **times} for _ in range(int(amount)))]
    else:
        for word in words:
            for edge in ("start", "end"):
                moved = word[edge] + float(amount) if kind == "shift" else word[edge] * (1 + float(amount))
                word[edge] = round(min(max(0.0, moved), last), 3)
    text = "".join(word["word"] for word in words)
    return {
        "text": text,
        "language": "en",
        "segments": [{"id": 0, "start": 0.0, "end": last, "text": text, "words": words}],
    }


def made(folder: Path, clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """The labels of these clips, which are made if they do not exist. Labels of other clips stay."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = folder / "labels.jsonl"
    for clip in clips:
        old = read(lines).get(clip.id)
        if old and old["made_from"] == fingerprint(clip) and (folder / old["file"]).exists():
            continue
        try:
            row = make(clip, folder)
        except TTSError as error:
            print(f"{clip.id}: {error}", file=sys.stderr)
            continue
        print(f"{row['file']:60} {row['duration']:6.2f} s", flush=True)
        _write(lines, (read(lines) | {clip.id: row}).values())
    there = read(lines)
    return [there[clip.id] for clip in clips if clip.id in there]


def read(lines: Path) -> dict[str, dict[str, Any]]:
    """labels.jsonl by id; empty if it does not exist."""
    if not lines.exists():
        return {}
    rows = map(json.loads, lines.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


def _write(lines: Path, rows: Any) -> None:
    fresh = lines.with_suffix(".new")
    fresh.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    fresh.replace(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", help="classes to make")
    parser.add_argument("--brief", action="store_true", help="only the short ones, into tests/hostile/clips")
    given = parser.parse_args()
    clips = [c for c in catalogue() if (not given.only or c.kind in given.only) and c.brief == given.brief]
    rows = made(COMMITTED if given.brief else given.out, clips)
    seconds = sum(row["duration"] for row in rows)
    print(f"{len(rows)} of {len(clips)} clips of {len({row['class'] for row in rows})} classes, {seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
