#!/usr/bin/env python3
"""Measures the gain and cost of covering words of low confidence (redactor/phi/low_confidence.py), on generated
voicemails with recognition errors.

    python benchmarks/phi_low_confidence.py [--out benchmarks/phi_low_confidence.json]

Text has no confidences, so they are simulated: 70 % of the words changed by an error get a low one, and 5 % of the
others. This is a guess at a recogniser that is aware of most of its errors; dropped words have no confidence. Measures
as in phi_measures.py.
"""

from __future__ import annotations

import argparse
import difflib
import json
import random
from pathlib import Path
from typing import Any

import phi_cases
from phi_measures import found, measure
from recognition_errors import worsen

from redactor.phi import build_detector
from redactor.phi.low_confidence import LOW
from redactor.types import TimedText, Transcript

CHANGED_UNSURE, OTHERS_UNSURE = 0.7, 0.05


def heard(row: dict[str, Any], worse: dict[str, Any]) -> Transcript:
    """The changed text as a transcript with simulated confidences."""
    rnd = random.Random(f"doubt-{row['id']}")
    before, after = row["text"].lower().split(), worse["text"].split()
    kept: set[int] = set()
    for _, start, size in difflib.SequenceMatcher(
        a=before, b=[w.lower() for w in after], autojunk=False
    ).get_matching_blocks():
        kept.update(range(start, start + size))
    words = []
    for at, word in enumerate(after):
        unsure = rnd.random() < (OTHERS_UNSURE if at in kept else CHANGED_UNSURE)
        words.append(TimedText(word, at * 0.4, at * 0.4 + 0.3, LOW / 2 if unsure else 0.9))
    return Transcript.of(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    detector = build_detector()
    report: dict[str, Any] = {}
    print(
        "| errors | low confidence | leak % | recall % | precision % | false alarms /1,000 words "
        "|\n|---|---|---|---|---|---|"
    )
    clean = phi_cases.cases("test")
    for rate in (0.0, 0.1, 0.2):
        rows = [worsen(row, rate) for row in clean]
        said = [heard(row, worse) for row, worse in zip(clean, rows, strict=True)]
        rows = [
            row
            for row, transcript in zip(rows, said, strict=True)
            if transcript.text == row["text"]  # offsets must be those of the labels
        ]
        said = [t for t in said if t.text in {row["text"] for row in rows}]
        for name, every in (
            ("ignored", detector.pipe(t.text for t in said)),
            ("covered in context", detector.search(said)),
        ):
            values = measure(rows, [found(items) for items in every]).measures()
            report[f"{rate:.0%} {name}"] = {"texts": len(rows), **values}
            cells = [100 * values[key] for key in ("leak", "recall", "precision")]
            print(
                f"| {rate:.0%} | {name} | "
                + " | ".join(f"{c:.1f}" for c in cells)
                + f" | {values['false_alarms_per_1000']:.1f} |",
                flush=True,
            )
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
