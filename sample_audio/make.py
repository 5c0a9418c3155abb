"""Make the sample recordings and their labels from scripts.toml: `python -m sample_audio.make` in the repository root.

Needs the engines of models/tts (its README names the Debian packages). Deterministic: the same engines and libraries
give the same files. Every file is decoded again with libsndfile and FFmpeg; word times are put on the decoded clock, and
the run fails if the decoders disagree by more than 15 ms.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import resample_poly

from models.tts import Speech, say
from models.tts import channel as line
from models.tts.noise import NOISES, beep, ringback
from models.tts.voices import is_natural

from . import codecs
from .markup import Script, ScriptWord, calls, parse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
RATE = 16000  # Hz, of everything before the line
FOLDERS = {"in": "incoming", "out": "outgoing"}
MISALIGNMENT = 0.015  # s
GAP = 0.4  # s between sentences, mean


class Timed(NamedTuple):
    """Times in seconds of each written word of a script, in order."""

    script: Script
    times: list[tuple[float, float]]


def speak(words: list[ScriptWord], voice: str, message: dict[str, Any]) -> Speech:
    """The words in one call of the engine, cut to them."""
    text = " ".join(token for word in words for token in word.spoken)
    speech = say(text, voice, rate=message.get("rate", 1.0), pitch=message.get("pitch", 1.0), sample_rate=RATE)
    return speech.warped(message.get("warp", 1.0)).trimmed(0.03).peak_normalised(0.7)


def compose(message: dict[str, Any], rng: np.random.Generator) -> tuple[np.ndarray, list[Timed]]:
    """Samples (frames, channels) at RATE, clean, and the words of each channel with their times."""
    voices = message.get("voices") or [message["voice"]]
    turns = _turns(message["script"], len(voices))
    scripts = [
        parse(" ".join(t for c, t in turns if c == k), zero=message.get("zero", "oh")) for k in range(len(voices))
    ]
    queues = [script.sentences() for script in scripts]
    timed = [Timed(script, []) for script in scripts]
    lead = _lead(message.get("lead", ()))
    pieces: list[tuple[int, float, np.ndarray]] = []  # channel, start, samples
    clock = len(lead) / RATE + 0.3
    for channel, turn in turns:
        sentences = [queues[channel].pop(0) for _ in range(len(parse(turn).sentences()))]
        for words in calls(sentences) if is_natural(voices[channel]) else sentences:
            speech = speak(words, voices[channel], message)
            pieces.append((channel, clock, speech.samples))
            position = 0
            for word in words:
                first, last = speech.words[position], speech.words[position + len(word.spoken) - 1]
                timed[channel].times.append((clock + first.start, clock + last.end))
                position += len(word.spoken)
            clock += speech.duration + words[-1].pause + message.get("gap", GAP) * rng.uniform(0.7, 1.3)
    out = np.zeros((round((clock + 0.3) * RATE), len(voices)), dtype=np.float32)
    out[: len(lead), 0] = lead
    for channel, start, samples in pieces:
        begin = round(start * RATE)
        out[begin : begin + len(samples), channel] += samples
    return out, timed


def _turns(script: str, channels: int) -> list[tuple[int, str]]:
    if channels == 1:
        return [(0, script.strip())]
    return [("AB".index(text[0]), text[2:].strip()) for text in script.strip().splitlines()]


def _lead(names: list[str]) -> np.ndarray:
    quiet = np.zeros(RATE // 4, dtype=np.float32)
    sounds = {"ring": ringback(RATE), "beep": beep(RATE)}
    return np.concatenate([x for name in names for x in (quiet, sounds[name])] or [quiet[:0]])


def call(samples: np.ndarray, message: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """One channel through the room, the background and the line."""
    if "room" in message:
        samples = line.room(samples, RATE, rng, rt60=message["room"])
    if "noise" in message:
        samples = line.add_noise(samples, NOISES[message["noise"]](len(samples), RATE, rng), message["snr"])
    if message["line"] == "wide":
        samples = line.level(samples, -20.0)
    else:
        samples = line.telephone(samples, RATE, codec=message["line"])
    if "loss" in message:
        samples = line.packet_loss(samples, RATE, message["loss"], rng)
    floor = rng.standard_normal(len(samples)) * 10 ** (-62 / 20)  # no line is digitally silent
    return (samples + floor).astype(np.float32)


def conditions(message: dict[str, Any]) -> str:
    """What happened to the sound, in words."""
    codec = {"mulaw": ", µ-law", "gsm": ", GSM", "none": ""}
    parts = ["wide band" if message["line"] == "wide" else "telephone band" + codec[message["line"]]]
    if "noise" in message:
        parts.append(f"{message['snr']} dB {message['noise']}")
    if "room" in message:
        parts.append(f"room {message['room']} s")
    if "loss" in message:
        parts.append(f"{100 * message['loss']:.0f} % packet loss")
    if "lead" in message:
        parts.append(f"leading {' and '.join(message['lead'])}")
    if "<" in message["script"]:
        parts.append("long pause")
    return ", ".join(parts)


def record(
    message: dict[str, Any],
    folder: Path,
    *,
    tell: Callable[[str], object] = print,
    through: Callable[[np.ndarray, dict[str, Any], np.random.Generator], np.ndarray] = call,
) -> dict[str, Any]:
    """Make one file under `folder` and return its line of labels.jsonl; `tell` is told about it.

    through: what happens to each channel (samples at RATE, the message, random numbers) on its way to the recorder; keeps the clock.
    """
    rng = np.random.default_rng(zlib.crc32(message["id"].encode()))
    form = codecs.FORMATS[message["format"]]
    clean, timed = compose(message, rng)
    source = np.stack([through(clean[:, k], message, rng) for k in range(clean.shape[1])], axis=1)
    if form.sample_rate != RATE:
        divisor = np.gcd(form.sample_rate, RATE)
        source = resample_poly(source, form.sample_rate // divisor, RATE // divisor, axis=0)
    source = np.pad(source, ((0, -len(source) % form.block), (0, 0))).astype(np.float32)
    direction = message["id"].split("-")[0]
    name = f"{FOLDERS[direction]}/{message['id']}{form.suffix}"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    codecs.write(path, np.clip(source, -1, 1), form)

    decodings = [d for d in (codecs.read_soundfile(path), codecs.read_av(path)) if d]
    delays = [codecs.delay(*decoding, source, form.sample_rate) for decoding in decodings]
    lengths = [len(samples) / rate for samples, rate in decodings]
    if max(delays) - min(delays) > MISALIGNMENT or max(lengths) - min(lengths) > 2 * MISALIGNMENT:
        raise SystemExit(f"{message['id']}: decoders disagree: delays {delays}, lengths {lengths}")
    decoded, sample_rate = decodings[0]
    duration, shift = len(decoded) / sample_rate, delays[0]
    size = path.stat().st_size / 1000
    tell(f"{name:24} {duration:6.2f} s {size:7.1f} kB  delay {1000 * shift:5.2f} ms  {conditions(message)}")
    return {
        "id": message["id"],
        "file": name,
        "direction": direction,
        "duration": round(duration, 3),
        "sample_rate": sample_rate,
        "format": form.title,
        "voices": message.get("voices") or [message["voice"]],
        "conditions": conditions(message),
        **({"kind": message["kind"]} if "kind" in message else {}),
        **({"breaks": message["breaks"]} if "breaks" in message else {}),
        "channels": [_channel(k, words, shift, duration) for k, words in enumerate(timed)],
    }


def _channel(number: int, timed: Timed, shift: float, duration: float) -> dict[str, Any]:
    script = timed.script
    words = [
        {
            "text": word.text,
            "start": round(min(max(start + shift, 0.0), duration), 3),
            "end": round(min(max(end + shift, 0.0), duration), 3),
            "char_start": word.start,
            "char_end": word.end,
        }
        for word, (start, end) in zip(script.words, timed.times, strict=True)
    ]
    spans = [{**span._asdict(), "text": script.text[span.start : span.end]} for span in script.spans]
    intervals = []
    for span in script.spans:
        covered = [w for w in words if w["char_start"] < span.end and span.start < w["char_end"]]
        intervals.append({"start": covered[0]["start"], "end": covered[-1]["end"], "label": span.label})
    return {"channel": number, "text": script.text, "words": words, "spans": spans, "intervals": intervals}


def table(labels: list[dict[str, Any]]) -> str:
    """The recordings as a Markdown table."""
    rows = ["| file | s | format | voices | conditions | what it holds |", "|---|---|---|---|---|---|"]
    for label in labels:
        found = {span["label"] for channel in label["channels"] for span in channel["spans"] if span["tier"] == "must"}
        holds = [label["kind"]] if "kind" in label else []
        holds += [" ".join(sorted(found))] if found else []
        if "breaks" in label:
            holds.append(f"breaks {' '.join(label['breaks'])}" if label["breaks"] else "exemplary")
        rows.append(
            f"| {label['file']} | {label['duration']:.1f} | {label['format']}, {label['sample_rate'] / 1000:g} kHz "
            f"| {', '.join(label['voices'])} | {label['conditions']} | {'; '.join(holds)} |"
        )
    return "\n".join(rows)


def write_table(readme: Path, labels: list[dict[str, Any]]) -> None:
    """Put the table between the two marks in `readme`."""
    before, rest = readme.read_text(encoding="utf-8").split("<!-- table -->")[0::2]
    text = f"{before}<!-- table -->\n{table(labels)}\n<!-- table -->{rest}"
    readme.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample recordings and labels.jsonl.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write (default: this one)")
    parser.add_argument("--only", nargs="*", help="ids to make; labels.jsonl is then not written")
    arguments = parser.parse_args()
    messages = tomllib.loads((HERE / "scripts.toml").read_text(encoding="utf-8"))["message"]
    chosen = [m for m in messages if not arguments.only or m["id"] in arguments.only]
    labels = [record(message, arguments.out) for message in chosen]
    if not arguments.only:
        lines = (json.dumps(label, ensure_ascii=False) for label in labels)
        (arguments.out / "labels.jsonl").write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
        if (arguments.out / "README.md").exists():
            write_table(arguments.out / "README.md", labels)


if __name__ == "__main__":
    main()
