"""Measures an audit log of a million events: how fast it is written and verified, and whether single changes are found.

    python benchmarks/trail.py [--events 1000000] [--changes 40] [--json FILE]

Events are appended in batches of 10,000 (one flush each); appending one at a time, as the service does, is timed
separately. Then the whole log is verified three times (the median counts), and again after each of --changes changes at
random places, whose kinds alternate: a bit flipped, an entry removed, doubled, moved or inserted from elsewhere, the
tail cut off, a segment removed. Every change must be found; after each the file is restored.

Caveats: one process and one core; the files come from the page cache after the first reading; changes by an attacker
with the key are not tried, because nothing on the host can show them (see `redactor/audit_log`).
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from report import Row, progress, save, stamp, table

from redactor.audit_log import Anchor, KeyRing, Trail, events, verify

BATCH = 10_000
SINGLE = 200


class Specimen:
    """An audit log in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trail = Trail.open(folder / "trail", key=folder / "keys", anchor=folder / "anchor")

    def fill(self, count: int, rng: random.Random) -> float:
        """Seconds that appending took."""
        took = 0.0
        for first in range(0, count, BATCH):
            batch = [made(rng) for _ in range(min(BATCH, count - first))]
            began = time.perf_counter()
            self.trail.append_many(batch)
            took += time.perf_counter() - began
        return took

    def check(self) -> tuple[bool, int, float]:
        """Whether the log is intact, the number of verified entries, and the seconds that it took."""
        began = time.perf_counter()
        report = verify(
            self.folder / "trail", KeyRing.load(self.folder / "keys"), anchor=Anchor.load(self.folder / "anchor")
        )
        return report.sound, report.entries, time.perf_counter() - began

    def segments(self) -> list[Path]:
        return sorted((self.folder / "trail").glob("*.jsonl"))


def made(rng: random.Random) -> events.Event:
    """One of the events that reviewing makes."""
    message, by = f"{rng.getrandbits(256):064x}", f"person:{rng.randint(1, 40)}"
    return rng.choice(
        [
            lambda: events.MessageOpened(by=by, message=message, version=1),
            lambda: events.RedactedHeard(by=by, message=message, version=1),
            lambda: events.OriginalHeard(by=by, message=message, version=1, reason=message[:32]),
            lambda: events.FindingDecided(by=by, message=message, rule="V02", finding=3, decision="accept"),
            lambda: events.VaultOpened(by=by, message=message, item="original", reason=message[:32]),
        ]
    )()


def line_at(content: bytes, rng: random.Random) -> tuple[int, int]:
    """Where a random line begins and ends."""
    begin = content.find(b"\n", rng.randrange(max(1, len(content) - 2000))) + 1
    return begin, content.find(b"\n", begin) + 1


def flipped(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]


def removed(content: bytes, rng: random.Random) -> bytes:
    begin, end = line_at(content, rng)
    return content[:begin] + content[end:]


def doubled(content: bytes, rng: random.Random) -> bytes:
    begin, end = line_at(content, rng)
    return content[:end] + content[begin:end] + content[end:]


def moved(content: bytes, rng: random.Random) -> bytes:
    begin, end = line_at(content, rng)
    after = content.find(b"\n", end) + 1
    return content[:begin] + content[end:after] + content[begin:end] + content[after:]


def put_in(content: bytes, rng: random.Random) -> bytes:
    begin, end = line_at(content, rng)
    at, _ = line_at(content, rng)
    return content[:at] + content[begin:end] + content[at:] if at != end else content[:at] + b"{}\n" + content[at:]


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: -rng.randint(1, min(len(content), 5000))]


CHANGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bit flipped": flipped,
    "entry removed": removed,
    "entry doubled": doubled,
    "entries swapped": moved,
    "entry put in": put_in,
    "tail cut": cut,
    "segment gone": lambda _content, _rng: b"",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng, stamped = random.Random(7), stamp(cores=1)
    with tempfile.TemporaryDirectory(prefix="redactor-trail-") as name:
        one = Specimen(Path(name))
        took = one.fill(given.events, rng)
        progress(f"written in {took:.1f} s")
        began = time.perf_counter()
        for _ in range(SINGLE):
            one.trail.append(made(rng))
        single = (time.perf_counter() - began) / SINGLE
        checks = [one.check() for _ in range(3)]
        assert all(sound for sound, _, _ in checks), "an untouched trail must be sound"
        count, seconds = checks[0][1], statistics.median(s for _, _, s in checks)
        found: Counter[str] = Counter()
        tried: Counter[str] = Counter()
        for number in range(given.changes):
            kind = list(CHANGES)[number % len(CHANGES)]
            # The tail is that of the last segment.
            path = one.segments()[-1] if kind == "tail cut" else rng.choice(one.segments())
            whole = path.read_bytes()
            changed = CHANGES[kind](whole, rng)
            assert changed != whole
            path.write_bytes(changed)
            if kind == "segment gone":
                path.unlink()
            sound, _, _ = one.check()
            path.write_bytes(whole)
            tried[kind] += 1
            found[kind] += not sound
            progress(f"{number + 1}/{given.changes} {kind}: {'found' if not sound else 'NOT FOUND'}")
        size = sum(p.stat().st_size for p in one.segments())
        sound = one.check()[0]
    result: Row = {
        "stamp": stamped,
        "events": count,
        "bytes": size,
        "segments": -(-size // (64 << 20)),
        "verify_seconds": round(seconds, 3),
        "verify_events_per_second": round(count / seconds),
        "append_batches_events_per_second": round(given.events / took),
        "append_one_milliseconds": round(single * 1000, 2),
        "changes": {k: {"tried": tried[k], "found": found[k]} for k in tried},
        "sound_after_restoring": sound,
    }
    print(table(["change", "tried", "found"], [[k, tried[k], found[k]] for k in tried]))
    print(
        f"{count:,} events checked in {seconds:.2f} s: {count / seconds:,.0f} a second; "
        f"{given.events / took:,.0f} a second written in batches,"
    )
    print(f"{single * 1000:.1f} ms for one alone (flushed twice)")
    if given.json:
        save(given.json, result)
    return 0 if sound and found == tried and count / seconds >= 100_000 else 1


if __name__ == "__main__":
    sys.exit(main())
