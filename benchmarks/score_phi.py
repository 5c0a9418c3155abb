#!/usr/bin/env python3
"""Runs the detector over labelled texts and writes its findings with the labels of an external scorer.

    python benchmarks/score_phi.py GOLD.jsonl --out PRED.jsonl [--part held-out] [--min-score 0.4]
    python score.py --gold GOLD.jsonl --pred PRED.jsonl --ci --by form

The scorer has eight kinds of identifier. Our labels map to them as follows:

    MEDICAL_RECORD_NUMBER, HEALTH_PLAN_ID, ACCOUNT_NUMBER, LICENSE_NUMBER, VEHICLE_ID, DEVICE_ID, OTHER_ID → ID (as
    US_SSN)
    LAB_RESULT, PROCEDURE → LAB_OR_PROCEDURE        LOCATION → ADDRESS        DATE_TIME → DATE        AGE → AGE_OVER_89
    EMAIL_ADDRESS → EMAIL        URL, IP_ADDRESS → URL_IP        the others are called the same

Without the scorer, the script itself prints the main figure: the share of identifying characters that no finding
covers. Caveats: a text is scored as given (without speech recognition); tests/phi/data/spoken_cases.jsonl is invented
and small.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from phi_measures import IDENTIFIERS, SCORER

from redactor.phi import Detector, build_detector
from redactor.types import Finding


def read(path: Path, part: str | None = None) -> list[dict[str, Any]]:
    """The labelled texts of a file, or of one part if it has parts."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if part is None or row.get("part") == part]


def span(finding: Finding) -> dict[str, Any]:
    """A finding as the scorer reads it."""
    return {
        "start": finding.start,
        "end": finding.end,
        "label": SCORER.get(finding.label, finding.label),
        "score": round(finding.score, 3),
        "source": finding.source,
    }


def leak(rows: list[dict[str, Any]], found: list[tuple[Finding, ...]]) -> tuple[int, int]:
    """(identifying letters and figures that nothing covers, all of them); neutral spans left out."""
    missed = total = 0
    for row, findings in zip(rows, found, strict=True):
        for gold in row["spans"]:
            if gold.get("tier") == "may" or gold["label"] not in IDENTIFIERS:
                continue
            for at in range(gold["start"], gold["end"]):
                if row["text"][at].isalnum():
                    total += 1
                    missed += not any(f.start <= at < f.end for f in findings)
    return missed, total


def predict(detector: Detector, rows: list[dict[str, Any]]) -> list[tuple[Finding, ...]]:
    return list(detector.pipe(row["text"] for row in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--out", type=Path, help="write predictions here")
    parser.add_argument("--part", help='only texts with this "part": tuning, held-out')
    parser.add_argument("--min-score", type=float, help="minimum score, instead of the table of thresholds")
    options = parser.parse_args()
    rows = read(options.gold, options.part)
    found = predict(build_detector(min_score=options.min_score), rows)
    missed, total = leak(rows, found)
    print(f"{len(rows)} texts: {missed} of {total} identifying characters leak ({100 * missed / max(1, total):.1f} %)")
    if options.out:
        lines = (
            json.dumps({"id": row["id"], "spans": [span(f) for f in findings]})
            for row, findings in zip(rows, found, strict=True)
        )
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
