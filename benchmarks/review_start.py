"""Measures how long the review of a large archive takes to start: from the command's work to a queue that can be shown.

    python benchmarks/review_start.py                       # 50,000 recordings
    python benchmarks/review_start.py --recordings 5000 --folder KEPT

The archive consists of small files, the ledger and the documents are those of a run (60 words each); one in 20 is
withheld. Three starts are timed: the first, one that is ended after its first page and continued, and one in which
nothing has changed. "whole list" is when the list is complete; people work meanwhile.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from report import RESULTS, stamp

from redactor.audio import looks_like_audio
from redactor.crypto import Sealer
from redactor.database import connect
from redactor.review.archive.listing import ArchiveListing
from redactor.review.archive.run import ArchiveRun
from redactor.review.kept_words import KeptWords
from redactor.review.repository import Filters, ReviewRepository
from redactor.storage import ArchiveJournal, Claim, Fingerprints, Inputs, Target, artefact, fingerprints
from redactor.types import Outcome, Status

LIMIT = 3.0
"""Seconds until the first page."""
HEADER = b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x08\0\0\0"


def fill(folder: Path, count: int, rng: random.Random) -> None:
    """The archive and what a run has left: ledger and documents."""
    archive, out = folder / "archive", folder / "out"
    out.mkdir()
    for n in range(count):
        place = archive / f"{n // 1000:03d}"
        if n % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"E{n:06d}.wav").write_bytes(HEADER + n.to_bytes(8, "little"))
    vocabulary = [f"word{n}" for n in range(20_000)]
    inputs = Inputs([archive], is_audio=looks_like_audio, outside=out)
    with closing(ArchiveJournal(out, naming="keep")) as journal:
        for item in inputs:
            identity = hashlib.sha256(item.path.read_bytes()).hexdigest()
            target = Target(out) / os.fspath(item.stem)
            journal.known(item)
            journal.begin(Claim(item, identity, ".wav", "settings", target))
            files: Fingerprints = {}
            if item.number % 20 == 0:
                outcome = Outcome(item.number, identity, Status.QUARANTINED, reason="untranscribed-speech")
            else:
                outcome = Outcome(item.number, identity, Status.REDACTED)
                words = [
                    {"text": word, "start": k, "end": k + 1, "channel": 0, "confidence": 0.9, "redacted": False}
                    for k, word in enumerate(rng.choices(vocabulary, k=60))
                ]
                document = artefact(out / item.stem, ".json")
                document.parent.mkdir(parents=True, exist_ok=True)
                content = json.dumps({"words": words, "doubt": {"probability": rng.random()}}).encode()
                document.write_bytes(content)
                files = fingerprints([(".json", content)])
            journal.finish(item, outcome, files)


def start(folder: Path, *, to_the_end: bool = True) -> dict[str, Any]:
    """Seconds of one start."""
    out = folder / "out"
    (out / ".redactor-review").mkdir(exist_ok=True)
    begun, busy = time.perf_counter(), time.process_time()
    engine = connect(f"sqlite:///{out}/.redactor-review/review.sqlite")
    sealer = Sealer(b"k" * 32)
    store = ReviewRepository(engine)
    store.prepare()
    inputs = Inputs([folder / "archive"], is_audio=looks_like_audio, outside=out)
    listing = ArchiveListing(ArchiveRun(out, "keep"), inputs, store, sealer, KeptWords(engine, sealer))
    listing.start()
    page = store.page(Filters(urgent=True))
    first = time.perf_counter() - begun
    found: dict[str, Any] = {
        "first page": round(first, 2),
        "processor until then": round(time.process_time() - busy, 2),
        "rows": len(page.rows),
    }
    if to_the_end:
        while not listing.done:
            time.sleep(0.05)
        found |= {"whole list": round(time.perf_counter() - begun, 2), "counts": dict(listing.counts)}
    listing.stop()
    engine.dispose()
    if listing.trouble is not None:
        raise listing.trouble
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--recordings", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--json", type=Path, default=RESULTS / "review_start.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        if not (folder / "archive").exists():
            folder.mkdir(exist_ok=True)
            fill(folder, given.recordings, random.Random(1))
        found = {
            "first start, ended after the first page": start(folder, to_the_end=False),
            "continued": start(folder),
            "nothing changed": start(folder),
        }
    print(json.dumps(found, indent=2))
    slowest = max(one["first page"] for one in found.values())
    given.json.write_text(json.dumps({**stamp(), "recordings": given.recordings, "starts": found}, indent=2) + "\n")
    if slowest > LIMIT:
        raise SystemExit(f"A start took {slowest} s until the first page; the limit is {LIMIT} s.")


if __name__ == "__main__":
    main()
