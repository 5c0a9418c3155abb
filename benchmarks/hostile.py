"""Measures how many hostile clips evade the redaction, by class, and what the checks against them cost.

    python benchmarks/hostile.py [--model base] [--clips .train/hostile] [--only CLASS …] [--ears tiny.en]
        [--price .train/voicemails] [--out benchmarks/results/hostile-base.json]

`python -m tests.hostile.make` makes the clips. Each is redacted with `redactor redact`. A clip passes if it was
withheld, or if its redacted audio, judged by tests/hostile/judge.py, equals the original in at most 5 % of its PHI's
time and a tone decoder reads no keyed number from it. --ears: another checkpoint recognises both recordings, amplified,
and the script counts the words and numbers of the PHI that it finds. --price: an archive of ordinary messages
(benchmarks/voicemails.py), of which the script reports how many are withheld and how much other speech is bleeped.

Caveat: the clips are natural synthetic voices with computed effects.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from report import ROOT, Row, folder_of, headline, progress, save, stamp, table

sys.path.insert(0, str(ROOT))  # for tests/, which no other package of that name may hide

from tests.hostile.clips import OVERLAP
from tests.hostile.judge import words_heard
from tests.hostile.make import FOLDER, read
from tests.hostile.run import Verdict, by_class, verdicts

COLUMNS = (
    "class",
    "clips",
    "withheld",
    "failed",
    "leaking",
    "audible_percent",
    "over_bleep_percent",
    "keys_heard_percent",
    "confidence",
)
TITLES = (
    "class",
    "clips",
    "withheld",
    "failed",
    "leaking",
    "audible PHI %",
    "over-bleep %",
    "keys read %",
    "confidence",
)


def measured(clips: Path, model: str, *, only: Sequence[str] | None, ears: str | None, options: Sequence[str]) -> Row:
    """All clips of a folder, by class and one by one."""
    rows = [row for row in read(clips / "labels.jsonl").values() if not only or row["class"] in only]
    with tempfile.TemporaryDirectory(prefix="hostile-") as work:
        found = verdicts(rows, clips, Path(work), model=model, options=options)
        single = [_single(verdict, clips, ears) for verdict in found]
    held = [v for v in found if v.row["class"] in OVERLAP]
    return {
        "classes": by_class(found),
        "overlap": {"clips": len(held), "leaking": sum(v.leaks for v in held)},
        "leaking": [v.row["id"] for v in found if v.leaks],
        "not_met": [v.row["id"] for v in found if not v.met],
        "clips": single,
    }


def _single(verdict: Verdict, clips: Path, ears: str | None) -> Row:
    heard = verdict.heard
    row: Row = {
        "id": verdict.row["id"],
        "condition": verdict.row["condition"],
        "status": verdict.status,
        "reason": verdict.reason,
    }
    if heard:
        row |= {
            "audible": heard.audible,
            "over_bleep": heard.over_bleep,
            "keys_heard": heard.keys_heard,
            "confidence": verdict.confidence and round(verdict.confidence, 3),
            "spans": [list(span) for span in heard.spans],
        }
    if ears and verdict.finished:
        progress(f"{ears} listens to {verdict.row['id']}")
        row["words_heard"] = {
            "original": words_heard(verdict.row, clips / verdict.row["file"], ears),
            "finished": words_heard(verdict.row, verdict.finished, ears),
        }
    return row


def priced(archive: Path, model: str, files: int, options: Sequence[str]) -> Row:
    """Ordinary messages: how many are withheld, how much is bleeped beside PHI."""
    lines = (archive / "labels.jsonl").read_text(encoding="utf-8").splitlines()[:files]
    rows = [row | {"class": "ordinary", "outcome": ["redacted"], "condition": ""} for row in map(json.loads, lines)]
    with tempfile.TemporaryDirectory(prefix="hostile-price-") as work:
        found = verdicts(rows, archive, Path(work), model=model, options=options)
    (summary, _) = by_class(found)
    reasons = sorted({v.reason for v in found if v.reason})
    return summary | {"reasons": {reason: sum(v.reason == reason for v in found) for reason in reasons}}


def caption(document: Row) -> str:
    """The number of clips and the checkpoint."""
    return f"{len(document.get('clips', ()))} clips, {document['model']}."


def shown_table(document: Row) -> str:
    """The tables."""
    parts = [table(TITLES, [[row[c] for c in COLUMNS] for row in document.get("classes", ())])]
    if document.get("overlap", {}).get("clips"):
        parts.append(f"Two people at once: {document['overlap']['leaking']} of {document['overlap']['clips']} leak.")
    if any("words_heard" in clip for clip in document.get("clips", ())):
        pairs = [clip["words_heard"] for clip in document.get("clips", ()) if "words_heard" in clip]
        sums = [[sum(pair[which][k] for pair in pairs) for k in (0, 1)] for which in ("original", "finished")]
        parts.append(
            f"Words and numbers of the PHI that {document['ears']} finds, turned up: {sums[0][0]} of "
            f"{sums[0][1]} in the originals, {sums[1][0]} in the finished sounds."
        )
    if price := document.get("price"):
        parts.append(
            f"The price, on {price['clips']} ordinary messages: {price['withheld']} withheld, over-bleep "
            f"{price['over_bleep_percent']} %, audible PHI {price['audible_percent']} %."
        )
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--clips", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", help="classes of clips")
    parser.add_argument("--ears", help="another checkpoint that recognises the redacted audio")
    parser.add_argument("--price", type=Path, help="an archive of ordinary messages")
    parser.add_argument("--files", type=int, default=200, help="number of ordinary messages")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--option", action="append", default=[], help="passed on to redact, as in --option=--verify")
    given = parser.parse_args()
    document: dict[str, Any] = {**stamp(folder_of(given.model)), "ears": given.ears}
    if given.clips.joinpath("labels.jsonl").exists():
        document |= measured(given.clips, given.model, only=given.only, ears=given.ears, options=given.option)
    if given.price:
        document["price"] = priced(given.price, given.model, given.files, given.option)
    print(f"{headline(document)}\n\n{shown_table(document)}")
    if given.out:
        save(given.out, document)


if __name__ == "__main__":
    main()
