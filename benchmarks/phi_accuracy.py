#!/usr/bin/env python3
"""Measures how much PHI the detector misses and how much other text it covers, with recognition errors, by component,
and beside Presidio.

    python benchmarks/phi_accuracy.py [--dev CONVERSATIONS.jsonl] [--out benchmarks/phi_accuracy.json] [--curve
    benchmarks/phi_curve.png]

Texts: generated voicemails (phi_cases.py, part "test"; during development we read its totals, not its leaks), clean and
with 10 % and 20 % of the words misrecognised (recognition_errors.py); their part "tuning"; the invented spoken cases of
the tests; the true words of sample_audio; the scripts of voicemails.py, of which texts/unseen and texts/scored are only
scored; and, with --dev, labelled real conversations in the same format (never committed).

Systems: "patterns" is the recognizers on the text as said, "+ spoken" also on its written form, "+ NER" with the
bundled tagger, "all" with names corrected by their sound; "Presidio" is its default recognizers on a blank tokenizer,
"Presidio + spaCy" the stock stack: the same with spaCy's pipeline for names (needs the extra `bench`).

phi_measures.py defines the measures. Caveats: the authors of the detector invented the generated texts; recognition
errors are simulated. Use `redactor evaluate` to measure a practice's own recordings.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import phi_cases
from baselines import SPACY, analyzer
from detection_speed import presidio_defaults
from phi_measures import CLINICAL, IDENTIFIERS, SCORER, Found, found, leak_interval, measure

ROOT = Path(__file__).resolve().parent.parent
MESSAGES = ROOT / "benchmarks" / "texts"
UNWRITTEN = str.maketrans("", "", ",.?!")
Rows = list[dict[str, Any]]
System = Callable[[Rows], list[list[Found]]]
SPOKEN_SCOPE = [*IDENTIFIERS, "ORGANIZATION"]


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def sample_audio() -> Rows:
    """The labelled words of the sample recordings, a row a channel."""
    rows = []
    for recording in read(ROOT / "sample_audio" / "labels.jsonl"):
        if recording["outcome"] != "redacted":  # the hard ones, which are about sound
            continue
        for channel in recording["channels"]:
            spans = [{**s, "label": SCORER.get(s["label"], s["label"])} for s in channel["spans"]]
            rows.append({"id": f"{recording['id']}-{channel['channel']}", "text": channel["text"], "spans": spans})
    return rows


def messages(folder: Path, *, said: bool = False) -> Rows:
    """The scripts of voicemails.py as labelled texts: as they would be written, or word by word as they are said."""
    import voicemails

    from sample_audio.markup import parse

    rows = []
    for message in (m for several in voicemails.texts(folder).values() for m in several):
        script = parse(message["script"])
        if not said:
            text = script.text
            place = {word.start: (word.start, word.end) for word in script.words}
        else:
            text, place = "", {}
            for word in script.words:
                spoken = " ".join(word.spoken).lower().translate(UNWRITTEN)
                text += f" {spoken}" if text else spoken
                place[word.start] = (len(text) - len(spoken), len(text))
        spans = []
        for span in script.spans:
            touched = [place[word.start] for word in script.words if word.start < span.end and span.start < word.end]
            start, end = (touched[0][0], touched[-1][1]) if said else (span.start, span.end)
            label = SCORER.get(span.label, span.label)
            spans.append({"start": start, "end": end, "label": label, "tier": span.tier, "text": text[start:end]})
        rows.append({"id": message["id"], "text": text, "spans": spans})
    return rows


def texts(dev: Path | None) -> dict[str, Rows]:
    """Name → labelled texts."""
    from recognition_errors import worsen

    clean = phi_cases.cases("test")
    spoken = read(ROOT / "tests" / "phi" / "data" / "spoken_cases.jsonl")
    out = {
        "generated test": clean,
        "… 10 % errors": [worsen(row, 0.1) for row in clean],
        "… 20 % errors": [worsen(row, 0.2) for row in clean],
        "generated tuning": phi_cases.cases("tuning"),
        "spoken cases, tuning": [row for row in spoken if row["part"] == "tuning"],
        "spoken cases, held out": [row for row in spoken if row["part"] == "held-out"],
        "sample_audio": sample_audio(),
        "three authors": messages(MESSAGES),
        "five more authors, developed on": messages(MESSAGES / "fresh"),
        "five more authors, unseen": messages(MESSAGES / "unseen"),
        "… as said": messages(MESSAGES / "unseen", said=True),
        "five newest authors, only scored": messages(MESSAGES / "scored"),
        "… as they said": messages(MESSAGES / "scored", said=True),
    }
    return out | ({"conversations": read(dev)} if dev else {})


def systems() -> dict[str, System]:
    """Systems by name. Presidio's are loaded first, because its loader looks recognizers up by class name among all
    existing classes.
    """
    with_spacy = analyzer() if find_spec(SPACY) else None
    defaults = presidio_defaults()
    from redactor.phi import build_detector
    from redactor.phi.recognizers import clinical
    from redactor.phi.spoken import WrittenForm

    def stock(engine: Any) -> System:
        return lambda rows: [
            [
                Found(r.start, r.end, SCORER.get(r.entity_type, r.entity_type), r.score)
                for r in engine.analyze(row["text"], "en")
            ]
            for row in rows
        ]

    def ours(*, ner: bool, spoken: bool, repair: bool) -> System:
        def predict(rows: Rows) -> list[list[Found]]:
            with ExitStack() as stack:
                if not spoken:
                    stack.enter_context(
                        mock.patch("redactor.phi.nlp_engine.written_form", lambda text: WrittenForm.of(text, ()))
                    )
                if not repair:
                    stack.enter_context(mock.patch.object(clinical.ClinicalText, "sounds_like", ()))
                detector = build_detector(ner="auto" if ner else "none")
                return [found(items) for items in detector.pipe(row["text"] for row in rows)]

        return predict

    return {
        "Presidio": stock(defaults),
        **({"Presidio + spaCy": stock(with_spacy)} if with_spacy else {}),
        "patterns": ours(ner=False, spoken=False, repair=False),
        "+ spoken": ours(ner=False, spoken=True, repair=False),
        "+ NER": ours(ner=True, spoken=True, repair=False),
        "all": ours(ner=True, spoken=True, repair=True),
    }


def evaluate(rows: Rows, findings: Sequence[Sequence[Found]]) -> dict[str, Any]:
    """Identifier and clinical measures of one system on one set of texts."""
    without = [n for n, row in enumerate(rows) if row.get("kind") == "without"]
    out: dict[str, Any] = {
        "identifiers": measure(rows, findings).measures(),
        "clinical": measure(rows, findings, group=CLINICAL).measures(),
    }
    out["identifiers"]["leak_95"] = [round(x, 5) for x in leak_interval(rows, findings)]
    if without:
        plain = measure([rows[n] for n in without], [findings[n] for n in without])
        out["without_identifiers"] = {
            "texts": len(without),
            "false_alarms_per_1000": plain.measures()["false_alarms_per_1000"],
        }
    return out


def curve(rows: Rows, findings: Sequence[Sequence[Found]]) -> list[dict[str, Any]]:
    """Leak, recall and precision of identifiers as the score that counts goes from 0.4 to 0.95."""
    points: list[dict[str, Any]] = []
    for step in range(8, 20):
        threshold = step / 20
        values = measure(rows, findings, threshold=threshold).measures()
        points.append({"threshold": threshold} | {key: values[key] for key in ("leak", "recall", "precision", "clean")})
    return points


def draw(curves: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Recall against precision, a line for each kind of text, the default threshold marked."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5.6, 3.8), dpi=110)
    for name, every in curves.items():
        points = [p for p in every if p["precision"] is not None]
        x, y = [100 * p["recall"] for p in points], [100 * p["precision"] for p in points]
        axes.plot(x, y, marker=".", linewidth=1.2, label=name)
        axes.plot(x[0], y[0], marker="o", markersize=7, color=axes.lines[-1].get_color())
    axes.set_xlabel("identifiers found, % (recall)")
    axes.set_ylabel("covered words that are PHI, % (precision)")
    axes.set_title("score threshold 0.4 (large dot, default) to 0.95", fontsize=9)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def row_of(name: str, system: str, values: dict[str, Any]) -> str:
    one, two = values["identifiers"], values["clinical"]
    plain = values.get("without_identifiers", {}).get("false_alarms_per_1000")
    cells = [percent(one[key]) for key in ("leak", "recall", "precision", "clean")]
    cells += [
        f"{one['false_alarms_per_1000']:.1f}",
        "-" if plain is None else f"{plain:.1f}",
        percent(two["recall"]),
        percent(two["precision"]),
    ]
    return f"| {name} | {system} | " + " | ".join(cells) + " |"


def stamp() -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return {
        "commit": commit.stdout.strip(),
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dev", type=Path, help="labelled conversations to measure too")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "phi_accuracy.json")
    parser.add_argument("--curve", type=Path, help="draw the recall/precision curve here (needs matplotlib)")
    parser.add_argument("--quick", action="store_true", help="only the whole detector")
    options = parser.parse_args()
    known = systems()
    if options.quick:
        known = {"all": known["all"]}
    report: dict[str, Any] = stamp() | {"results": {}, "curves": {}}
    print(
        "| texts | system | leak % | recall % | precision % | clean texts % | false alarms /1,000 words | on "
        "texts without identifiers | clinical recall % | clinical precision % |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, rows in texts(options.dev).items():
        for system, predict in known.items():
            findings = predict(rows)
            values = evaluate(rows, findings)
            report["results"].setdefault(name, {})[system] = values
            print(row_of(name, system, values), flush=True)
            if system == "all" and name in {"generated test", "… 10 % errors", "… 20 % errors", "conversations"}:
                report["curves"][name] = curve(rows, findings)
    print(
        "\n| leak by label, % | "
        + " | ".join((*IDENTIFIERS, *CLINICAL))
        + " |\n"
        + "|---" * (len(IDENTIFIERS) + len(CLINICAL) + 1)
        + "|"
    )
    for name, by_system in report["results"].items():
        labels = by_system["all"]["identifiers"]["labels"] | by_system["all"]["clinical"]["labels"]
        print(
            f"| {name} | "
            + " | ".join(
                percent(labels[label]["leak"]) if label in labels else "-" for label in (*IDENTIFIERS, *CLINICAL)
            )
            + " |"
        )
    options.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.curve:
        draw(report["curves"], options.curve)


if __name__ == "__main__":
    main()
