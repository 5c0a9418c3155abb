"""Redacts hostile clips with the command line, as a user does, and judges the results."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clips import CONTROL
from .judge import Heard, judge

COMMAND = (sys.executable, "-c", "from redactor.cli.main import main; main()")


@dataclass(frozen=True)
class Verdict:
    """The verdict on one clip. status: "redacted", "withheld" or "failed". confidence: mean of the words that stayed.
    heard: None without output.
    """

    row: dict[str, Any]
    status: str
    reason: str
    finished: Path | None
    heard: Heard | None
    confidence: float | None

    @property
    def leaks(self) -> bool:
        return self.heard is not None and self.heard.leaks

    @property
    def met(self) -> bool:
        """Whether it ended as its labels allow: covered or withheld."""
        return self.status in self.row["outcome"] and not self.leaks


def verdicts(
    rows: Sequence[dict[str, Any]], folder: Path, work: Path, *, model: str, options: Sequence[str] = ()
) -> list[Verdict]:
    """Redact the clips of `folder` that have a row, with the checkpoint `model`, and judge them. `work`: an empty
    folder.
    """
    found: list[Verdict] = []
    for imported in (False, True):
        chosen = [row for row in rows if bool(row.get("transcript")) == imported]
        if chosen:
            found += _redacted(
                chosen, folder, work / ("imported" if imported else "recognised"), model, options, imported=imported
            )
    return sorted(found, key=lambda verdict: [row["id"] for row in rows].index(verdict.row["id"]))


def _redacted(
    rows: Sequence[dict[str, Any]], folder: Path, work: Path, model: str, options: Sequence[str], *, imported: bool
) -> list[Verdict]:
    given, out = work / "in", work / "out"
    given.mkdir(parents=True)
    by_id: dict[str, tuple[dict[str, Any], Path]] = {}
    for row in rows:
        path = given / f"{row['id']}{Path(row['file']).suffix}"
        shutil.copyfile(folder / row["file"], path)
        by_id[hashlib.sha256(path.read_bytes()).hexdigest()] = (row, path)
    arguments = ["redact", str(given), "--out", str(out), "--model", model, "--names", "keep", "--redo", *options]
    if imported:
        transcripts = work / "transcripts"
        transcripts.mkdir()
        for row in rows:
            source = folder / row["transcript"]
            shutil.copyfile(source, transcripts / f"{row['id']}{source.suffix}")
        arguments += ["--transcript", str(transcripts)]
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    if done.returncode not in (0, 3, 65):  # redacted, some withheld, some not readable
        raise RuntimeError(f"redact ended with {done.returncode}: {done.stderr[-2000:]}")
    outcomes = [json.loads(line) for line in (out / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()]
    ended = {outcome["id"]: outcome for outcome in outcomes}
    if missing := sorted(row["id"] for identity, (row, _) in by_id.items() if identity not in ended):
        raise RuntimeError(f"no outcome for {', '.join(missing)}")
    return [_verdict(row, path, out, ended[identity]) for identity, (row, path) in by_id.items()]


def _verdict(row: dict[str, Any], original: Path, out: Path, outcome: dict[str, Any]) -> Verdict:
    status = {"redacted": "redacted", "quarantined": "withheld"}.get(outcome["status"], "failed")
    finished = out / f"{original.stem}.redacted{original.suffix}"
    if status != "redacted":
        if finished.exists():
            raise AssertionError(f"{row['id']} was {status}, but there is a finished sound")
        return Verdict(row, status, outcome.get("reason", ""), None, None, None)
    document = json.loads((out / f"{original.stem}.redacted.json").read_text(encoding="utf-8"))
    sure = [word["confidence"] for word in document["words"] if not word["redacted"]]
    return Verdict(row, status, "", finished, judge(row, original, finished), statistics.mean(sure) if sure else None)


def by_class(found: Sequence[Verdict]) -> list[dict[str, Any]]:
    """A row for each class, and one for all but the control: counts, and means over redacted clips."""
    groups: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in found:
        groups[verdict.row["class"]].append(verdict)
    groups = defaultdict(
        list, {k: v for k, v in groups.items() if k != CONTROL} | {k: v for k, v in groups.items() if k == CONTROL}
    )
    rows = [_summary(kind, several) for kind, several in groups.items()]
    return [*rows, _summary("all hostile", [v for v in found if v.row["class"] != CONTROL])]


def _summary(kind: str, several: Sequence[Verdict]) -> dict[str, Any]:
    heard = [v.heard for v in several if v.heard]
    return {
        "class": kind,
        "clips": len(several),
        "withheld": sum(v.status == "withheld" for v in several),
        "failed": sum(v.status == "failed" for v in several),
        "leaking": sum(v.leaks for v in several),
        "audible_percent": _mean([100 * h.audible for h in heard if h.audible is not None]),
        "over_bleep_percent": _mean([100 * h.over_bleep for h in heard if h.over_bleep is not None]),
        "keys_heard_percent": _mean([100 * h.keys_heard for h in heard if h.keys_heard is not None]),
        "confidence": _mean([v.confidence for v in several if v.confidence is not None], 2),
    }


def _mean(values: Sequence[float], digits: int = 1) -> float | None:
    return round(statistics.mean(values), digits) if values else None
