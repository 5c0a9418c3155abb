"""Sends mutated recordings through the running service: whatever a file contains, the service must stay up and write
only redacted output.

    python benchmarks/fuzz_audio.py [--files 10000] [--seed 1] [--json FILE]

Takes a short message in several formats, changes each copy in one or more places (bits, bytes, blocks, lengths in
headers, cuts, splices of two files), and puts all copies below the root of a real `redactor serve`, whose sweeper finds
them. Each has a transcript with words to cover, so that everything that can be decoded is redacted. At the end, the
service must be the same process as at the start, every file must have exactly one outcome, the covered stretch of every
result must differ from the original, and no document may contain the words. Prints counts by reason; "internal-error"
is a bug.

Caveat: the mutations reach the container more often than the depths of a codec; this is not coverage-guided fuzzing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hooks
import numpy as np
from hook_messages import message
from report import progress, stamp

from redactor.audio import decode, encode, read_source
from redactor.audio.source import Source
from redactor.errors import RedactorError
from redactor.types import AudioFormat

FORMATS = (
    ("WAV", "PCM_16", ".wav", "soundfile"),
    ("WAV", "ULAW", ".wav", "soundfile"),
    ("WAV", "GSM610", ".WAV", "soundfile"),
    ("FLAC", "PCM_16", ".flac", "soundfile"),
    ("OGG", "OPUS", ".opus", "soundfile"),
    ("MP3", "mp3float", ".mp3", "pyav"),
    ("MP4", "aac", ".m4a", "pyav"),
    ("AMR", "amr_nb", ".amr", "pyav"),
    ("AU", "ULAW", ".au", "soundfile"),
    ("WAV", "MS_ADPCM", ".wav", "soundfile"),
)
COVERED = (1.15, 1.55)
"""Seconds of the message in which the name is said, well inside (`hook_messages.SAID`: 0.27 s a word)."""


def originals() -> list[tuple[bytes, str]]:
    """The message in every format that this machine writes."""
    data, _ = message(1)
    samples = decode(Source.of(data, ".wav")).samples
    made: list[tuple[bytes, str]] = []
    for container, codec, suffix, backend in FORMATS:
        try:
            encoded = encode(samples, AudioFormat(container, codec, suffix, 8000, 1, backend, 12_200))
        except RedactorError:
            continue
        if encoded.suffix == suffix:
            made.append((encoded.data, suffix))
    return made


def mutated(data: bytes, chance: random.Random, other: bytes) -> bytes:
    """A copy with something wrong."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16, 64))):
        at = chance.randrange(min(len(out), 128) if chance.random() < 0.6 else len(out)) if out else 0
        match chance.randrange(8):
            case 0:
                out[at : at + 1] = bytes([(out[at] if out else 0) ^ (1 << chance.randrange(8))])
            case 1:
                out[at : at + 1] = bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))])
            case 2:
                out[at : at + 4] = chance.choice(
                    (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(data), chance.randrange(1 << 32))
                ).to_bytes(4, chance.choice(("little", "big")))
            case 3:
                del out[at : at + chance.randrange(1, 200)]
            case 4:
                out[at:at] = chance.randbytes(chance.randrange(1, 200))
            case 5:
                del out[at:]
            case 6:
                begin = chance.randrange(len(other))
                out[at : at + 64] = other[begin : begin + chance.randrange(1, 400)]
            case _:
                out += out[at : at + 300]
    return bytes(out)


def corpus(count: int, seed: int) -> Iterator[tuple[bytes, str]]:
    chance = random.Random(seed)
    sources = originals()
    for _ in range(count):
        data, suffix = chance.choice(sources)
        yield mutated(data, chance, chance.choice(sources)[0]), suffix


def run(folder: Path, *, count: int, seed: int) -> dict[str, Any]:
    site = hooks.Site(folder, more='sandbox = "auto"\n')
    files: dict[str, str] = {}
    transcript = message(1)[1]
    for number, (data, suffix) in enumerate(corpus(count, seed)):
        name = f"f{number:05d}{suffix}"
        (site.recordings / name).write_bytes(data)
        identity = hashlib.sha256(data).hexdigest()
        (site.transcripts / f"{identity}.json").write_text(transcript)
        files[name] = identity
    process = site.start()
    began = time.monotonic()
    try:
        hooks.wait_for_ready(site)
        with site.queue() as queue:
            until = time.monotonic() + 3600
            said = 0.0
            while time.monotonic() < until and process.poll() is None:
                counts = queue.counts()
                if sum(counts.values()) >= count and not counts.get("queued", 0) + counts.get("claimed", 0):
                    break
                if time.monotonic() - said > 60:
                    said = time.monotonic()
                    progress(json.dumps(counts))
                time.sleep(0.5)
            alive = process.poll() is None
            counts = queue.counts()
            reasons = Counter(
                row["reason"] for state in ("failed", "quarantined") for row in hooks.all_of(queue, state)
            )
    finally:
        hooks.stop(process)
    return {
        "files": count,
        "seed": seed,
        "alive": alive,
        "seconds": round(time.monotonic() - began, 1),
        "states": counts,
        "reasons": dict(reasons),
        "wrong": wrong(site, files),
        "log": "whitlock" in site.log.read_text().lower(),
    }


def wrong(site: hooks.Site, files: dict[str, str]) -> list[str]:
    """Results that are not redacted."""
    problems: list[str] = []
    for document in sorted(site.recordings.glob("*.redacted.json")):
        doc = json.loads(document.read_bytes())
        stem = document.name.removesuffix(".redacted.json")
        name = next((n for n in files if stem in (n, Path(n).stem)), "")
        if "whitlock" in document.read_text().lower() or doc["id"] != files.get(name):
            problems.append(f"{stem}: the document")
            continue
        # These were decoded in a sandbox by the service; what it let through is decoded here to be compared.
        before = decode(read_source(site.recordings / name))
        after = decode(read_source(document.with_name(f"{stem}.redacted{doc['audio']}")))
        a, b = (int(s * before.sample_rate) for s in COVERED)
        x, y = (np.asarray(r.samples[a:b, 0], float) for r in (before, after))
        n = min(len(x), len(y))
        if n > 800 and x[:n].std() > 1 and y[:n].std() > 1 and abs(np.corrcoef(x[:n], y[:n])[0, 1]) > 0.5:
            problems.append(f"{stem}: the covered stretch sounds as before")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with hooks.workspace() as folder:
        found = run(folder, count=given.files, seed=given.seed)
        if not found["alive"] or found["wrong"]:
            print((folder / "log").read_text()[-3000:], file=sys.stderr)
    print(json.dumps(found, indent=1))
    if given.json:
        given.json.write_text(json.dumps({"stamp": stamp(), **found}, indent=1) + "\n")
    sys.exit(not found["alive"] or bool(found["wrong"]) or found["log"] or "internal-error" in found["reasons"])


if __name__ == "__main__":
    main()
