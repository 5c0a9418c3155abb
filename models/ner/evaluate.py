"""Step 4, evaluation: `python -m models.ner.evaluate --test work/ner/test.jsonl --set NAME=GOLD.jsonl … --json
out.json`.

First evaluates the tagger alone on the held-out generated split, word by word, by case style: a word counts as found if
its label is right (probability of at least 0.5). Then evaluates the whole detector without and with the tagger, on the
generated split and on every labelled file given with --set (the format of tests/phi/data/spoken_cases.jsonl;
`NAME:part=FILE` takes one part of it).

    leak        share of the identifying letters and figures that no finding covers
    precision   share of the words covered by findings of identifiers that are labelled (without neutral spans)
    clean       share of the texts with identifiers in which nothing leaks
    FP/1k       covered words that are not labelled, per 1,000 words
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from redactor.phi import build_detector
from redactor.phi.ner import load_entities
from redactor.phi.tagger import LABELS
from redactor.types import IDENTIFIERS

from .text import STYLES

WORD = re.compile(r"\w+(?:'\w+)?")
NAMED = {"PERSON": "PERSON", "LOCATION": "LOCATION", "ADDRESS": "LOCATION", "ORGANIZATION": "ORGANIZATION"}


def read(path: Path, part: str | None = None) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for row in rows:
        row["spans"] = [s if isinstance(s, dict) else {"start": s[0], "end": s[1], "label": s[2]} for s in row["spans"]]
    return [row for row in rows if part is None or row.get("part") == part]


def alone(rows: list[dict[str, Any]], model: str) -> dict[str, dict[str, float]]:
    """Words of the tagger by style: {style: {"P", "R", "F", "words"}}, and by label under the label's name."""
    source = load_entities(model)
    assert source is not None
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row, (entities, _) in zip(rows, source.pipe((r["text"] for r in rows), 64), strict=True):
        for word in WORD.finditer(row["text"]):
            gold = next((s["label"] for s in row["spans"] if s["start"] < word.end() and s["end"] > word.start()), None)
            said = next(
                (
                    e.label_
                    for e in entities
                    if e.score >= 0.5 and e.start_char < word.end() and e.end_char > word.start()
                ),
                None,
            )
            if word.group() in {"s", "S"}:
                continue
            for group in {row["style"], "all", gold or said or "all"}:
                counts[group]["gold"] += gold is not None and group in {row["style"], "all", gold}
                counts[group]["said"] += said is not None and group in {row["style"], "all", said}
                counts[group]["both"] += gold is not None and gold == said
            if said and gold and said != gold:
                counts[said]["said"] += 1
    out = {}
    for group, c in counts.items():
        p, r = c["both"] / max(1, c["said"]), c["both"] / max(1, c["gold"])
        out[group] = {"P": 100 * p, "R": 100 * r, "F": 200 * p * r / max(1e-9, p + r), "words": c["gold"]}
    return out


def whole(rows: list[dict[str, Any]], found: list[Any], *, only_named: bool = False) -> dict[str, float]:
    """The measures of the first lines; `only_named` where nothing but names is labelled: others' findings are
    neutral.
    """
    chars = leak = documents = clean = right = wrong = words = 0
    for row, findings in zip(rows, found, strict=True):
        text = row["text"]
        mark = bytearray(len(text))
        for wanted in (0, 1):
            for s in row["spans"]:
                must = (
                    s.get("tier") != "may"
                    and (only_named or s["label"] != "ORGANIZATION")
                    and s["label"] not in CLINICAL
                )
                if must == bool(wanted):
                    mark[s["start"] : s["end"]] = bytes([1 if must else 2]) * (s["end"] - s["start"])
        cover = bytearray(len(text))
        named = bytearray(len(text))
        for f in findings:
            cover[f.start : f.end] = b"\1" * (f.end - f.start)
            if (f.label in NAMED) if only_named else (f.label in IDENTIFIERS and f.label != "ORGANIZATION"):
                named[f.start : f.end] = b"\1" * (f.end - f.start)
        missed = sum(m == 1 and not c and t.isalnum() for m, c, t in zip(mark, cover, text, strict=True))
        here = sum(m == 1 and t.isalnum() for m, t in zip(mark, text, strict=True))
        chars, leak = chars + here, leak + missed
        documents, clean = documents + bool(here), clean + bool(here and not missed)
        for word in WORD.finditer(text):
            words += 1
            a, b = word.span()
            if any(named[a:b]) and 2 not in mark[a:b]:
                right += 1 in mark[a:b]
                wrong += 1 not in mark[a:b]
    return {
        "leak": 100 * leak / max(1, chars),
        "precision": 100 * right / max(1, right + wrong),
        "clean": 100 * clean / max(1, documents),
        "FP/1k": 1000 * wrong / max(1, words),
        "words": words,
        "chars": chars,
        "texts": len(rows),
    }


CLINICAL = frozenset("MEDICATION CONDITION LAB_OR_PROCEDURE LAB_RESULT PROCEDURE SPECIALTY BILLING".split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME[:PART]=FILE")
    parser.add_argument("--prose", type=Path, help="prose.json, whose held-out sentences contain no identifiers")
    parser.add_argument("--ner", default="voicemail-ner")
    parser.add_argument("--card", type=Path, help="write the tables into this model card")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    test = read(options.test)
    report: dict[str, Any] = {"alone": alone(test, options.ner), "whole": {}}
    lines: list[str] = []

    def show(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    show("| generated, held out | P | R | F | words |\n|---|---|---|---|---|")
    for group in (*LABELS, *STYLES, "all"):
        m = report["alone"][group]
        show(f"| {group} | {m['P']:.1f} | {m['R']:.1f} | {m['F']:.1f} | {m['words']} |")
    sets: dict[str, tuple[list[dict[str, Any]], bool]] = {"generated, held out": (test, True)}
    for given in options.set:
        name, _, file = given.partition("=")
        _, _, part = name.partition(":")
        sets[name] = (read(Path(file), part or None), False)
    if options.prose:
        held = json.loads(options.prose.read_text(encoding="utf-8"))["held"]
        sets["prose"] = ([{"text": t, "spans": []} for t in held], False)
        sets["prose, lower case"] = ([{"text": re.sub(r"[.,?!]", "", t).lower(), "spans": []} for t in held], False)
    detectors = {"without": build_detector(ner="none"), "with": build_detector(ner=options.ner)}
    show("\n| texts | tagger | leak % | precision % | clean % | FP/1k |\n|---|---|---|---|---|---|")
    for name, (rows, only_named) in sets.items():
        for which, detector in detectors.items():
            m = whole(rows, list(detector.pipe(r["text"] for r in rows)), only_named=only_named)
            report["whole"][f"{name}, {which}"] = m
            leak, precision, clean = (f"{m[key]:.2f}" if m["chars"] else "-" for key in ("leak", "precision", "clean"))
            show(f"| {name} ({m['texts']}) | {which} | {leak} | {precision} | {clean} | {m['FP/1k']:.2f} |")
    if options.card:
        card = options.card.read_text(encoding="utf-8")
        before, _, rest = card.partition("<!-- tables -->\n")
        _, _, after = rest.partition("<!-- end -->\n")
        tables = "\n".join(lines)
        options.card.write_text(f"{before}<!-- tables -->\n{tables}\n<!-- end -->\n{after}", encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
