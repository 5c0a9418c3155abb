"""Kills an archive run (kill -9) at random moments: every file must end with exactly one correct result.

    python benchmarks/kills.py [--kills 20] [--copies 2] [--seed 1] [--json FILE]

Copies sample_audio/ (`--copies` times, so that there are duplicates) into a temporary archive, makes a reference in one
undisturbed run, then runs `redactor redact` repeatedly into another folder and kills it, each time a random while after
its first sign of work. After each kill every existing document is checked against its files. At the end, a run that is
not killed must leave the artefacts of the reference for every input, byte for byte except for values that depend on the
clock, and must not have redone finished recordings.

Caveats: kill -9 is not a power cut (data in the system's memory survives); the moments are random, so run several
seeds.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from redactor import __version__

ROOT = Path(__file__).parents[1]


def command(archive: Path, out: Path) -> list[str]:
    redactor = str(Path(sys.executable).with_name("redactor"))
    return [
        redactor,
        "redact",
        str(archive),
        "--out",
        str(out),
        "--model",
        "voicemail-micro",
        "--unheard",
        "bleep",
        "--names",
        "keep",
    ]


def documents(out: Path) -> dict[str, Path]:
    return {str(p.relative_to(out)): p for p in sorted(out.rglob("*.redacted.json"))}


def check(out: Path) -> list[str]:
    """The faults of the existing artefacts: a document whose files are missing or do not match its id."""
    wrong = []
    for name, path in documents(out).items():
        try:
            doc = json.loads(path.read_bytes())
        except ValueError:
            wrong.append(f"{name}: half a document")
            continue
        stem = path.name.removesuffix(".json")
        wrong += [
            f"{name}: no {s}" for s in (doc["audio"], ".txt", ".srt", ".vtt") if not path.with_name(stem + s).is_file()
        ]
    return wrong


def content(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*.redacted.*"))}


def kill_runs(archive: Path, out: Path, *, kills: int, longest: float, chance: random.Random) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    stamps: dict[str, int] = {}
    while len(rows) < kills:
        before = len(documents(out))
        process = subprocess.Popen(command(archive, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # The first sign of work: the ledger's companion file of this run; loading takes seconds, in which a kill shows
        # little.
        log = out / "outcomes.jsonl"
        last = log.stat().st_ino if log.exists() else 0
        while process.poll() is None and (not log.exists() or log.stat().st_ino == last):
            time.sleep(0.005)
        wait = chance.uniform(0.0, longest) if chance.random() < 0.9 else 0.0
        try:
            process.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            process.kill()
        code = process.wait()
        now = {name: path.stat().st_mtime_ns for name, path in documents(out).items()}
        redone = [name for name, stamp in stamps.items() if now.get(name) != stamp]
        stamps.update(now)
        rows.append(
            {
                "kill": len(rows) + 1,
                "after_s": round(wait, 2),
                "ended": code,
                "documents_before": before,
                "documents_after": len(now),
                "redone": len(redone),
                "wrong": check(out),
            }
        )
        print(
            (
                "{kill:4d}  {after_s:7.2f} s  {ended:6d}  {documents_before:6d} -> {documents_after:<6d}  "
                "{redone:6d}  {wrong}"
            ).format(**rows[-1]),
            flush=True,
        )
        if code >= 0:  # it had finished: what is left to kill is a run over something new
            for path in chance.sample(sorted(documents(out).values()), k=max(1, len(now) // 2)):
                path.unlink()
                stamps.pop(str(path.relative_to(out)), None)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive, out, reference = (Path(folder, name) for name in ("archive", "out", "reference"))
        for copy in range(given.copies):
            for kind in ("incoming", "outgoing"):
                shutil.copytree(ROOT / "sample_audio" / kind, archive / str(copy) / kind)
        out.mkdir()
        subprocess.run(command(archive, reference), check=True, capture_output=True)
        undisturbed = json.loads((reference / "summary.json").read_text())
        inputs = undisturbed["items"]
        print("kill   after      ended  documents          redone  wrong")
        # Each run works off what it began last, and warms up: on average a run must get further than that.
        longest = 4.0 * undisturbed["wall_seconds"] / given.kills
        rows = kill_runs(archive, out, kills=given.kills, longest=longest, chance=random.Random(given.seed))
        stamps = {name: path.stat().st_mtime_ns for name, path in documents(out).items()}
        # --retry-failed: a file that chance had under way at three kills is set aside, as one that kills runs should
        # be.
        last = subprocess.run([*command(archive, out), "--retry-failed"], check=False, capture_output=True)
        now = {name: path.stat().st_mtime_ns for name, path in documents(out).items()}
        outcomes = [json.loads(line) for line in (out / "outcomes.jsonl").read_text().splitlines()]
        want, got = content(reference), content(out)
        result = {
            "inputs": inputs,
            "kills": len(rows),
            "killed_at_work": sum(row["ended"] < 0 for row in rows),
            "last_exit_code": last.returncode,
            "statuses": dict(Counter(str(o["status"]) for o in outcomes)),
            "outcomes_one_each": sorted(o["item"] for o in outcomes) == list(range(1, inputs + 1)),
            "finished_redone": sum(row["redone"] for row in rows) + sum(now.get(n) != s for n, s in stamps.items()),
            "as_the_reference": want == got,
            "half_written": [w for row in rows for w in row["wrong"]]
            + [p.name for p in out.rglob("*.part")]
            + check(out),
        }
    print(json.dumps(result, indent=1))
    good = (
        result["outcomes_one_each"]
        and result["as_the_reference"]
        and not result["half_written"]
        and not result["finished_redone"]
        and last.returncode == 0
    )
    print("every file has exactly one correct result, nothing is half-written" if good else "NOT as it should be")
    if given.json:
        stamp = {"redactor": __version__, "machine": platform.machine(), "python": platform.python_version()}
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT
        )
        given.json.write_text(
            json.dumps({**stamp, "commit": commit.stdout.strip(), "seed": given.seed, **result, "rows": rows}, indent=1)
            + "\n"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
