"""Step 3, evaluation: `python -m models.clinical.evaluate --run work/held/run --authors j,l,n --prose work/prose.json
--card models/voicemail-clinical/README.md`.

The whole detector without and with the tagger, on the messages of some authors, who must have been held out of the
run's training (`models.clinical.train --held`). leak is the share of the letters and figures of clinical facts that no
finding covers, precision the share of the words covered by clinical findings that are labelled
(benchmarks/phi_measures.py). FP/1k: words covered by a clinical finding in 1,000 words of prose without any word of the
clinical lists.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.phi_measures import Counts, Found, found
from redactor.phi import build_detector, ner
from redactor.phi.clinical_tagger import LABELS
from redactor.phi.lexicons.vocabulary import clinical_words
from redactor.types import CLINICAL
from redactor.types import LABELS as EVERY

from .text import MESSAGES, messages


def counts(rows: Sequence[dict[str, Any]], findings: Iterable[Sequence[Any]]) -> Counts:
    """By the labels of the texts: PROCEDURE and LAB_RESULT apart."""
    total = Counts(LABELS)
    for row, items in zip(rows, findings, strict=True):
        total.add(row | {"scope": EVERY}, [Found(f.start, f.end, f.label, f.score) for f in items])
    return total


def alarms(texts: Sequence[str], detector: Any) -> float:
    """Words in clinical findings, per 1,000."""
    covered = words = 0
    for text, items in zip(texts, detector.pipe(texts), strict=True):
        spans = [(f.start, f.end) for f in found(items)]
        for word in re.finditer(r"\w+(?:'\w+)?", text):
            words += 1
            covered += any(start < word.end() and word.start() < end for start, end in spans)
    return 1000 * covered / max(1, words)


def detectors(run: Path | None) -> dict[str, Any]:
    """The detector without taggers' facts, and with those of a run (default: the shipped weights)."""
    without = build_detector(ner=ner.NAMES)
    if run is not None:
        folders = {ner.NAMES: ner.shipped(), ner.FACTS: run}
        ner.shipped = folders.get  # type: ignore[assignment]
    return {"rules": without, "with": build_detector()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="a folder of models.clinical.train with a card.json")
    parser.add_argument("--authors", required=True, help="names of files in messages/, separated by commas")
    parser.add_argument("--prose", type=Path)
    parser.add_argument("--card", type=Path, help="write the tables into this model card")
    options = parser.parse_args()
    authors = set(options.authors.split(","))
    known = detectors(options.run)
    lines = [
        "| label | written, rules | with tagger | said, rules | with tagger | spans |",
        "|---|---|---|---|---|---|",
    ]
    columns: list[Counts] = []
    for said in (False, True):
        rows = [row for row in messages(MESSAGES, said=said, labels=EVERY) if row["id"].partition(":")[0] in authors]
        columns += [counts(rows, detector.pipe(row["text"] for row in rows)) for detector in known.values()]
    for label in LABELS:
        shares = [100 * c.labels[label]["leaked"] / max(1, c.labels[label]["characters"]) for c in columns]
        lines.append(f"| {label} | {' | '.join(f'{s:.1f}' for s in shares)} | {columns[0].labels[label]['spans']} |")
    spans = sum(c["spans"] for c in columns[0].labels.values())
    leak = " | ".join(f"{100 * c.leaked / max(1, c.characters):.1f}" for c in columns)
    precision = " | ".join(f"{100 * c.hit / max(1, c.hit + c.extra):.1f}" for c in columns)
    lines += [f"| all, leak % | {leak} | {spans} |", f"| all, precision % | {precision} | |"]
    if options.prose:
        held = json.loads(options.prose.read_text(encoding="utf-8"))["held"]
        plain = [text for text in held if clinical_words().isdisjoint(re.findall(r"[a-z]+", text.lower()))]
        rates = [alarms(plain, build_detector(labels=CLINICAL, ner="none"))]
        rates += [alarms(plain, build_detector(labels=CLINICAL))]
        lines.append(
            f"\n{len(plain)} sentences of prose: {rates[0]:.2f} FP/1k by the rules, {rates[1]:.2f} with the tagger."
        )
    print("\n".join(lines))
    if options.card:
        card = options.card.read_text(encoding="utf-8")
        before, _, rest = card.partition("<!-- tables -->\n")
        after = rest.partition("<!-- end -->\n")[2]
        tables = "\n".join(lines)
        options.card.write_text(f"{before}<!-- tables -->\n{tables}\n<!-- end -->\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
