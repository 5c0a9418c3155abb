"""Redacts with imported transcripts whose times are wrong, and measures the effect of each kind of error end to end.

    python benchmarks/imports.py .train/voicemails [--files 40] [--model base] [--option=--no-verify]
        [--only TEXT …] [--out benchmarks/results/imports.json]

Each message is redacted with the transcript of its labels (the exact words), once with times for each word, as a
recogniser gives them (edges off by 40 ms), and once as subtitles of 5 to 9 words, after its times were moved by an
offset, a drift, or a jump in the middle. tests/hostile/judge.py judges the redacted audio. "leaking": in more than 5 %
of the PHI's time the audio is still the original, and in more than with the right times.

Caveat: the words are right; a transcript that also misspells PHI leaks more.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from report import ROOT, Row, folder_of, headline, progress, save, stamp, table

sys.path.insert(0, str(ROOT))  # for tests/, which no other package of that name may hide

from tests.hostile.run import Verdict, verdicts

EDGE = 0.04  # s, standard deviation of a recogniser's word edges
CUE = (5, 9)  # words
OFFSETS = (0.2, 0.4, 0.8, -0.4)  # s
DRIFTS = (0.03, 0.05, -0.03, -0.05)
JUMPS = (0.3, 0.5, 0.8)  # s, from the middle on
Timed = tuple[str, float, float]


def moves() -> Iterator[tuple[str, Callable[[float, float], float]]]:
    """What is done to a time (seconds, of a recording of so many seconds)."""
    yield "right", lambda time, _: time
    for offset in OFFSETS:
        yield f"offset {offset:+.1f} s", lambda time, _, offset=offset: time + offset
    for drift in DRIFTS:
        yield f"drift {100 * drift:+.0f} %", lambda time, _, drift=drift: time * (1 + drift)
    yield "offset +0.5 s, drift -4 %", lambda time, _: 0.5 + time * 0.96
    for jump in JUMPS:
        yield f"jump {jump:+.1f} s", lambda time, length, jump=jump: time + jump * (time > length / 2)


def as_words(said: list[Timed], seed: str) -> list[Timed]:
    """Edges as a recogniser puts them; two words that touch go on touching."""
    rng = random.Random(seed)
    edges = sorted({edge for _, start, end in said for edge in (start, end)})
    moved = {edge: max(0.0, edge + min(0.1, max(-0.1, rng.gauss(0, EDGE)))) for edge in edges}
    return [(text, moved[start], max(moved[end], moved[start] + 0.02)) for text, start, end in said]


def as_cues(said: list[Timed], seed: str) -> list[list[Timed]]:
    rng = random.Random(seed)
    cues, first = [], 0
    while first < len(said):
        count = rng.randint(*CUE)
        cues.append(said[first : first + count])
        first += count
    return cues


def stamp_of(time: float) -> str:
    whole, thousandths = divmod(round(1000 * time), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"


def written(kind: str, said: list[Timed], move: Callable[[float], float], seed: str) -> str:
    """A transcript file: Whisper's JSON, or WebVTT."""
    if kind == "words":
        words = [
            {"word": f" {text}", "start": max(0.0, move(a)), "end": max(0.01, move(b)), "probability": 0.95}
            for text, a, b in as_words(said, seed)
        ]
        text = " ".join(word for word, _, _ in said)
        segment = {"start": words[0]["start"], "end": words[-1]["end"], "text": text, "words": words}
        return json.dumps({"text": text, "language": "en", "segments": [segment]})
    cues = [
        f"{stamp_of(max(0.0, move(cue[0][1])))} --> {stamp_of(max(0.01, move(cue[-1][2])))}\n"
        + " ".join(text for text, _, _ in cue)
        for cue in as_cues(said, seed)
    ]
    return "WEBVTT\n\n" + "\n\n".join(cues) + "\n"


def measured(archive: Path, model: str, files: int, only: list[str], options: list[str]) -> list[Row]:
    lines = (archive / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    labelled = [row for row in map(json.loads, lines) if len(row["channels"]) == 1]
    labelled = labelled[:: max(1, len(labelled) // files)][:files]
    out: list[Row] = []
    for kind in ("words", "cues"):
        right: dict[str, float] = {}
        for name, move in moves():
            if only and name != "right" and not any(text in name for text in only):
                continue
            found = redacted(archive, labelled, kind, move, model, options)
            audible = {v.row["id"]: v.heard.audible or 0.0 for v in found if v.heard}
            right = right or audible
            out.append(summary(kind, name, found, audible, right))
            progress(f"{kind}, {name}: {out[-1]}")
    return out


def redacted(
    archive: Path, labelled: list[Row], kind: str, move: Callable[[float, float], float], model: str, options: list[str]
) -> list[Verdict]:
    with tempfile.TemporaryDirectory(prefix="imports-") as name:
        folder = Path(name)
        (folder / "made").mkdir()
        rows = []
        for row in labelled:
            said = [(w["text"], w["start"], w["end"]) for w in row["channels"][0]["words"]]
            length = row["duration"]
            file = folder / "made" / f"{row['id']}{'.json' if kind == 'words' else '.vtt'}"
            content = written(kind, said, lambda time, length=length: min(move(time, length), length), row["id"])
            file.write_text(content, encoding="utf-8")
            rows.append(
                row
                | {
                    "file": str((archive / row["file"]).resolve()),
                    "transcript": str(file),
                    "class": kind,
                    "outcome": ["redacted"],
                }
            )
        return verdicts(rows, folder, folder / "work", model=model, options=options)


def summary(kind: str, name: str, found: list[Verdict], audible: dict[str, float], right: dict[str, float]) -> Row:
    count = len(found)
    leaking = [i for i, share in audible.items() if share > max(0.05, right.get(i, 0.0) + 0.02)]
    bleeped = [v.heard.over_bleep for v in found if v.heard and v.heard.over_bleep is not None]
    return {
        "transcript": kind,
        "times": name,
        "messages": count,
        "refused": sum(v.status == "failed" for v in found),
        "withheld": sum(v.status == "withheld" for v in found),
        "leaking": len(leaking),
        "audible_percent": round(100 * sum(audible.values()) / len(audible), 1) if audible else None,
        "over_bleep_percent": round(100 * sum(bleeped) / len(bleeped), 1) if bleeped else None,
        "leaks": leaking,
    }


TITLES = ("transcript", "times", "messages", "refused", "withheld", "leaking", "audible PHI %", "over-bleep %")
COLUMNS = (
    "transcript",
    "times",
    "messages",
    "refused",
    "withheld",
    "leaking",
    "audible_percent",
    "over_bleep_percent",
)


def caption(document: Row) -> str:
    """The number of messages and the verifying checkpoint."""
    return f"{document['rows'][0]['messages']} messages, each with every error; verified with {document['model']}."


def shown_table(document: Row) -> str:
    """The table."""
    return table(TITLES, [[row[c] for c in COLUMNS] for row in document["rows"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--model", default="base", help="the checkpoint that verifies")
    parser.add_argument("--only", nargs="*", default=[], help="errors whose name contains one of these")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--option", action="append", default=[], help="passed on to redact, as in --option=--no-verify")
    given = parser.parse_args()
    rows = measured(given.archive, given.model, given.files, given.only, given.option)
    document: dict[str, Any] = {**stamp(folder_of(given.model)), "rows": rows}
    print(f"{headline(document)}\n\n{shown_table(document)}")
    if given.out:
        save(given.out, document)


if __name__ == "__main__":
    main()
