"""Make the sample recordings and their labels from scripts.toml and hard.toml.

Run `python -m sample_audio.make` in the repository root.

Needs the natural voices of models/tts (its README says how to get them). Deterministic: what they have spoken once is
kept, and from that the same libraries give the same files. Every file is decoded again with libsndfile and FFmpeg; word
times are put on the decoded clock, and the run fails if the decoders disagree by more than 15 ms.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from models.tts import channel as line
from models.tts.noise import NOISES

from . import codecs, sounds
from .compose import RATE, Timed, compose

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
FOLDERS = {"in": "incoming", "out": "outgoing", "hard": "hard"}
MISALIGNMENT = 0.015  # s
FLOOR = -62.0  # dBFS: no line is digitally silent


def messages() -> list[dict[str, Any]]:
    """The ordinary ones, then the hard ones."""
    files = ("scripts.toml", "hard.toml")
    return [m for name in files for m in tomllib.loads((HERE / name).read_text(encoding="utf-8"))["message"]]


def call(samples: np.ndarray, message: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """One channel through the room, the background and the line."""
    if "room" in message:
        samples = line.room(samples, RATE, rng, rt60=message["room"])
    if "noise" in message:
        noise = sounds.babble if message["noise"] == "babble" else NOISES[message["noise"]]
        samples = line.add_noise(samples, noise(len(samples), RATE, rng), message["snr"])
    if message["line"] == "wide":
        samples = line.level(samples, -20.0)
    else:
        samples = line.telephone(samples, RATE, codec=message["line"])
    if "loss" in message:
        samples = line.packet_loss(samples, RATE, message["loss"], rng)
    if "peak" in message:
        samples = samples * (10 ** (message["peak"] / 20) / np.abs(samples).max())
    floor = rng.standard_normal(len(samples)) * 10 ** (message.get("floor", FLOOR) / 20)
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
    if "peak" in message:
        parts.append(f"peak {message['peak']} dBFS")
    if "together" in message:
        parts.append("both at once")
    if "cut" in message:
        parts.append("cut off")
    return ", ".join(parts)


def record(
    message: dict[str, Any],
    folder: Path,
    *,
    tell: Callable[[str], object] = print,
    through: Callable[[np.ndarray, dict[str, Any], np.random.Generator], np.ndarray] = call,
) -> dict[str, Any]:
    """Make one file under `folder` and return its line of labels.jsonl; `tell` is told about it.

    through: what happens to each channel (samples at RATE, the message, random numbers) on its way to the recorder;
        keeps the clock.
    """
    rng = np.random.default_rng(zlib.crc32(message["id"].encode()))
    form = codecs.FORMATS[message["format"]]
    clean, timed = compose(message, rng, form.channels)
    source = np.stack([through(clean[:, k], message, rng) for k in range(clean.shape[1])], axis=1)
    if form.sample_rate != RATE:
        divisor = np.gcd(form.sample_rate, RATE)
        source = resample_poly(source, form.sample_rate // divisor, RATE // divisor, axis=0)
    source = np.pad(source, ((0, -len(source) % form.block), (0, 0))).astype(np.float32)
    kind, _, rest = message["id"].partition("-")
    name = f"{FOLDERS[kind]}/{rest if kind == 'hard' else message['id']}{form.suffix}"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    codecs.write(path, np.clip(source, -1, 1), form)
    if "cut" in message:
        start, end = timed[0].times[-1]
        codecs.cut(path, len(source), start + message["cut"] * (end - start), form)

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
        "direction": message.get("direction", "out" if kind == "out" else "in"),
        "duration": round(duration, 3),
        "sample_rate": sample_rate,
        "format": form.title,
        "voices": message["voices"] if "voices" in message else [message["voice"]],
        "conditions": conditions(message),
        "outcome": message.get("outcome", "redacted"),
        **({"why": message["why"]} if "why" in message else {}),
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
        if label["outcome"] != "redacted":
            continue
        holds = [label["kind"]] if "kind" in label else []
        holds += [" ".join(sorted(found))] if found else []
        if "breaks" in label:
            holds.append(f"breaks {' '.join(label['breaks'])}" if label["breaks"] else "exemplary")
        rows.append(
            f"| {label['file']} | {label['duration']:.1f} | {label['format']}, {label['sample_rate'] / 1000:g} kHz "
            f"| {', '.join(label['voices'])} | {label['conditions']} | {'; '.join(holds)} |"
        )
    return "\n".join(rows)


def hard_table(labels: list[dict[str, Any]]) -> str:
    """The hard recordings as a Markdown table."""
    rows = ["| file | s | format | voices | outcome | why |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {label['file']} | {label['duration']:.1f} | {label['format']}, {label['sample_rate'] / 1000:g} kHz "
        f"| {', '.join(label['voices']) or '-'} | {' or '.join(label['outcome'])} | {label['why']} |"
        for label in labels
        if label["outcome"] != "redacted"
    ]
    return "\n".join(rows)


def write_tables(readme: Path, labels: list[dict[str, Any]]) -> None:
    """Put each table between its two marks in `readme`."""
    text = readme.read_text(encoding="utf-8")
    for mark, filled in (("<!-- table -->", table(labels)), ("<!-- hard -->", hard_table(labels))):
        before, rest = text.split(mark)[0::2]
        text = f"{before}{mark}\n{filled}\n{mark}{rest}"
    readme.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample recordings and labels.jsonl.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write (default: this one)")
    parser.add_argument("--only", nargs="*", help="ids to make; the lines of the others in labels.jsonl stay")
    arguments = parser.parse_args()
    path = arguments.out / "labels.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if arguments.only and path.exists() else []
    rows = {row["id"]: row for row in map(json.loads, lines)}
    for message in messages():
        if not arguments.only or message["id"] in arguments.only:
            rows[message["id"]] = record(message, arguments.out)
    labels = [rows[message["id"]] for message in messages() if message["id"] in rows]
    path.write_text("".join(f"{json.dumps(label, ensure_ascii=False)}\n" for label in labels), encoding="utf-8")
    if (arguments.out / "README.md").exists():
        write_tables(arguments.out / "README.md", labels)


if __name__ == "__main__":
    main()
