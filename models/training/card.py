"""Model card: `python -m models.training.card --model models/voicemail-micro result.json …` writes the measured tables into README.md.

The text between the two marks is replaced; everything else in the card is written by hand.
"""

import argparse
import json
import re
from pathlib import Path

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def table(document: dict[str, object]) -> str:
    """One evaluation as Markdown."""
    s = document["settings"]
    if s["full"]:
        how = "stock faster-whisper, 30 s windows"
    else:
        context = "padded to 30 s" if s["margin"] < 0 else f"{s['margin']:g} s of zeros after each"
        stamps = "with" if s["timestamps"] else "without"
        how = f"cut at pauses, windows of at most {s['window']:g} s, {context}, {stamps} timestamps"
        if s["batched"]:
            how += ", all windows of a recording in one batch"
    search = "greedy" if s["beam"] == 1 else f"beam {s['beam']}"
    rows = document["result"]
    columns = list(next(iter(rows.values())))
    lines = [
        f"{search.capitalize()}, {how}:",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for kind, row in rows.items():
        lines.append(f"| {kind} | " + " | ".join("-" if row[c] is None else str(row[c]) for c in columns) + " |")
    lines += ["", f"Processor time for a second of audio: {document['cpu_seconds_per_second']} s."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("results", type=Path, nargs="+")
    a = parser.parse_args()
    card = a.model / "README.md"
    tables = "\n".join(table(json.loads(r.read_text())) for r in a.results)
    text = re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{tables}{END}", card.read_text(), flags=re.DOTALL)
    part = card.with_suffix(".part")
    part.write_text(text)
    part.replace(card)


if __name__ == "__main__":
    main()
