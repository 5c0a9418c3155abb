"""The labelled texts, and their copies as a recogniser might write them.

A row is {"id", "text", "spans"}, a span {"start", "end", "label", "tier"}. Spans of the tier "may" are neither taught
nor counted.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import tomllib

from benchmarks.recognition_errors import worsen
from redactor.types import CLINICAL
from sample_audio.markup import parse

ROOT = Path(__file__).resolve().parents[2]
FRAGMENTS = Path(__file__).parent / "fragments"
MESSAGES = Path(__file__).parent / "messages"
RECOGNISED = Path(__file__).parent / "recognised"
"""What base and tiny.en wrote for messages of four of these authors (`models.clinical.recognise`)."""
EARLIER = ROOT / "benchmarks" / "texts" / "fresh"
"""Messages of five authors that the rules were developed on. Those of three more, in the folder above, leave facts in
lay words without a label, and would teach the opposite; benchmarks/texts/unseen is only ever scored.
"""
Row = dict[str, Any]

_SPAN = re.compile(r"\[([A-Z_]+)\|([^\]]*)\]")
_MARKS = str.maketrans("", "", ",.?!;:")
_FIGURES = re.compile(
    r"(?P<money>\$)?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))?(?:/(?P<under>\d+))?(?P<percent>%)?"
)
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
ERROR_RATES = (0.0, 0.0, 0.0, 0.03, 0.06, 0.1)


def fragments(folder: Path = FRAGMENTS) -> list[Row]:
    """One or two sentences a line, labelled `[LABEL|words]`."""
    rows = []
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            if line.strip():
                rows.append(_fragment(f"{path.stem}-{number}", line.strip()))
    return rows


def _fragment(name: str, line: str) -> Row:
    text, spans, at = "", [], 0
    for match in _SPAN.finditer(line):
        text += line[at : match.start()]
        spans.append(_span(len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    text += line[at:]
    if "|" in text or "[" in text or any(span["label"] not in CLINICAL for span in spans):
        raise ValueError(f"{name}: unreadable labels")
    return {"id": name, "text": text, "spans": spans}


def _span(start: int, end: int, label: str, tier: str = "must") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "tier": tier}


def messages(*folders: Path, said: bool = False, labels: AbstractSet[str] = CLINICAL) -> list[Row]:
    """The messages of TOML files, as they would be written or word by word as they are said; the id begins with the
    file's name.
    """
    rows = []
    for path in sorted(p for folder in folders for p in folder.glob("*.toml")):
        for message in tomllib.loads(path.read_text(encoding="utf-8"))["message"]:
            script = parse(message["script"])
            text = "" if said else script.text
            place = {} if said else {word.start: (word.start, word.end) for word in script.words}
            for word in script.words if said else ():
                spoken = " ".join(word.spoken).lower().translate(_MARKS)
                text += f" {spoken}" if text else spoken
                place[word.start] = (len(text) - len(spoken), len(text))
            spans = []
            for span in script.spans:
                if span.label in labels:
                    touched = [place[w.start] for w in script.words if w.start < span.end and span.start < w.end]
                    start, end = (touched[0][0], touched[-1][1]) if said else (span.start, span.end)
                    spans.append(_span(start, end, span.label, span.tier))
            rows.append({"id": f"{path.stem}:{message['id']}", "text": text, "spans": spans})
    return rows


def cardinal(value: int, rng: random.Random) -> str:
    """A number in words, as it is said: "one forty", "a hundred and forty", "fourteen hundred"."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f" {_ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        short = rng.random() < 0.4 and rest
        if short:
            return f"{_ONES[hundreds]} {cardinal(rest, rng) if rest > 9 else 'oh ' + _ONES[rest]}"
        first = "a hundred" if hundreds == 1 and rng.random() < 0.4 else f"{_ONES[hundreds]} hundred"
        return first + (rng.choice((" ", " and ")) + cardinal(rest, rng) if rest else "")
    if value < 1_000_000:
        if value < 10_000 and value % 1000 and value % 100 == 0 and rng.random() < 0.5:
            return f"{cardinal(value // 100, rng)} hundred"
        thousands, rest = divmod(value, 1000)
        return f"{cardinal(thousands, rng)} thousand" + (f" {cardinal(rest, rng)}" if rest else "")
    return " ".join(_ONES[int(figure)] for figure in str(value))


def _in_words(match: re.Match[str], rng: random.Random) -> str:
    whole, part = match["whole"].replace(",", ""), match["part"]
    if len(whole) > 6 or (len(whole) > 1 and whole[0] == "0"):
        said = " ".join(_ONES[int(figure)] for figure in whole)
    else:
        said = cardinal(int(whole), rng)
    if match["money"]:
        said += " dollars" if not part or rng.random() < 0.7 else ""
        said += f" and {cardinal(int(part[:2]), rng)} cents" if part and int(part[:2]) else ""
    elif part:
        said += " point " + " ".join(_ONES[int(figure)] for figure in part)
    if match["under"]:
        said += f" over {cardinal(int(match['under']), rng)}"
    return said + (" percent" if match["percent"] else "")


def replaced(row: Row, pattern: re.Pattern[str], other: Callable[[re.Match[str]], str]) -> Row:
    """The row with every match replaced and its spans moved."""
    pieces, changes, at = [], [], 0
    for match in pattern.finditer(row["text"]):
        new = other(match)
        pieces += [row["text"][at : match.start()], new]
        changes.append((match.start(), match.end(), len(new)))
        at = match.end()
    pieces.append(row["text"][at:])

    def moved(place: int, *, end: bool) -> int:
        shift = 0
        for start, stop, length in changes:
            if stop <= place:
                shift += length - (stop - start)
            elif start < place:
                return start + shift + (length if end else 0)
        return place + shift

    spans = [{**s, "start": moved(s["start"], end=False), "end": moved(s["end"], end=True)} for s in row["spans"]]
    return row | {"text": "".join(pieces), "spans": [s for s in spans if s["start"] < s["end"]]}


def varied(row: Row, rng: random.Random) -> Row:
    """The row as a recogniser might write it: numbers in words or figures, without case or marks, with errors."""
    if rng.random() < 0.5:
        row = replaced(row, _FIGURES, lambda m: _in_words(m, rng))
    rate = rng.choice(ERROR_RATES)
    if rate:
        row = worsen(row, rate, rng.randrange(1 << 30))
    if rng.random() < 0.15:
        row = replaced(
            row,
            re.compile(r" "),
            lambda _: rng.choice((" um ", " uh ", ", um, ", " like ")) if rng.random() < 0.04 else " ",
        )
    style = rng.random()
    if style < 0.55:
        row = replaced(row, re.compile(r"[,;:?!]|\.(?=\s|$)"), lambda _: "")
    if style < 0.65:
        row = row | {"text": row["text"].lower()}
    return row


def rows_of(*, held: frozenset[str] = frozenset(), said: bool = False) -> Iterator[Row]:
    """All labelled messages, but those of the files `held`."""
    for row in messages(EARLIER, MESSAGES, said=said):
        if row["id"].partition(":")[0] not in held:
            yield row


def recognised(*, held: frozenset[str] = frozenset(), folder: Path = RECOGNISED) -> Iterator[Row]:
    """The messages that were spoken and recognised, but those of the files `held`."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if re.sub(r"^(?:in|out)-|\d+:.*$", "", row["id"]) not in held:
                yield row
