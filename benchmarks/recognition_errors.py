#!/usr/bin/env python3
"""Puts recognition errors into labelled texts and keeps the labels aligned.

    python benchmarks/recognition_errors.py CASES.jsonl --rate 0.1 --seed 1 --out WORSE.jsonl

A share `rate` of the words is changed. Half of them become a word that sounds alike (same phonetic key: consonants by
place, voiced and voiceless as one, vowels ignored) or, if the lists contain none, lose or change a sound; the rest are
dropped, split in two, joined with the next word, or preceded by "uh". Half of the texts also lose capitals and
punctuation, and figures are misheard as other figures. A misheard name keeps its label, because the person is still
named. The same text, rate and seed give the same errors.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from redactor.phi.gazetteers import words

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+")
SAID_ALIKE = {
    "four": "for",
    "two": "to",
    "eight": "ate",
    "one": "won",
    "five": "fine",
    "nine": "mine",
    "six": "sick",
    "three": "free",
    "ten": "then",
    "oh": "o",
    "seven": "heaven",
    "eighty": "a d",
    "forty": "fourteen",
    "fifty": "fifteen",
    "sixty": "sixteen",
    "thirty": "thirteen",
    "dot": "dat",
    "march": "much",
    "may": "make",
    "birth": "bird",
    "number": "number's",
    "doctor": "doctor's",
    "street": "straight",
}
_SOUND = str.maketrans(
    {
        "b": "p",
        "v": "f",
        "d": "t",
        "z": "s",
        "c": "k",
        "q": "k",
        "g": "k",
        "j": "x",
        "y": "",
        "h": "",
        "w": "",
        "a": "",
        "e": "",
        "i": "",
        "o": "",
        "u": "",
    }
)


def sound(word: str) -> str:
    """A phonetic key: near sounds fall together, vowels away, doubles are one; the first letter counts if it is a
    vowel.
    """
    low = re.sub(r"[^a-z]", "", word.lower())
    low = re.sub(r"^(?:kn|gn|pn)", "n", low)
    low = re.sub(r"^wr", "r", low)
    low = (
        low.replace("ph", "f")
        .replace("ght", "t")
        .replace("ck", "k")
        .replace("sch", "x")
        .replace("sh", "x")
        .replace("ch", "x")
        .replace("th", "t")
    )
    low = re.sub(r"c(?=[eiy])", "s", low).replace("mb", "m")
    first = "a" if low[:1] in tuple("aeiou") else ""
    return first + re.sub(r"(.)\1+", r"\1", low.translate(_SOUND))


@cache
def _alike(*, names: bool) -> dict[str, list[str]]:
    """Words by their sound; names only if a name was said, because recognisers prefer everyday words."""
    lists: dict[str, list[str]] = defaultdict(list)
    first = words("first_names")
    everyday = words("function_words") | words("common_words")
    for word in sorted(everyday | first if names else everyday - first):
        if word.isalpha() and 2 < len(word) < 12:
            lists[sound(word)].append(word)
    return dict(lists)


class _Chunk(NamedTuple):
    text: str
    word: bool
    span: int
    """Which span it belongs to, -1 for none."""


def _chunks(row: dict[str, Any]) -> list[_Chunk]:
    text = row["text"]
    owner = [-1] * len(text)
    for number, span in enumerate(row["spans"]):
        owner[span["start"] : span["end"]] = [number] * (span["end"] - span["start"])
    chunks: list[_Chunk] = []

    def split(start: int, end: int, word: bool) -> None:
        while start < end:
            stop = start
            while stop < end and owner[stop] == owner[start]:
                stop += 1
            chunks.append(_Chunk(text[start:stop], word, owner[start]))
            start = stop

    at = 0
    for match in _WORD.finditer(text):
        split(at, match.start(), word=False)
        split(*match.span(), word=True)
        at = match.end()
    split(at, len(text), word=False)
    return chunks


def _misheard(word: str, rnd: random.Random, *, name: bool) -> str:
    low = word.lower()
    if word.isdigit():
        at = rnd.randrange(len(word))
        return word[:at] + rnd.choice("0123456789") + word[at + 1 :]
    if low in SAID_ALIKE:
        return SAID_ALIKE[low]
    if len(low) < 3:
        return low
    alike = [w for w in _alike(names=name).get(sound(low), ()) if w != low and abs(len(w) - len(low)) < 4]
    if alike:
        return rnd.choice(alike)
    vowels = [at for at, c in enumerate(low) if c in "aeiou" and at]
    if vowels and rnd.random() < 0.7:
        at = rnd.choice(vowels)
        return low[:at] + rnd.choice("aeiou") + low[at + 1 :]
    at = rnd.randrange(1, len(low))
    return low[:at] + low[at + 1 :]


def worsen(row: dict[str, Any], rate: float, seed: int = 1) -> dict[str, Any]:
    """The row with errors in a share of its words."""
    rnd = random.Random(f"{seed}-{rate}-{row['id']}-{len(row['text'])}")
    chunks = _chunks(row)
    out: list[_Chunk] = []
    at = 0
    while at < len(chunks):
        chunk = chunks[at]
        if not chunk.word or rnd.random() >= rate:
            out.append(chunk)
            at += 1
            continue
        kind = rnd.choices(["alike", "drop", "filler", "split", "merge"], [58, 17, 12, 7, 6])[0]
        if (
            kind == "merge"
            and at + 2 < len(chunks)
            and chunks[at + 2].word
            and chunks[at + 1].text == " "
            and chunks[at + 2].span == chunk.span
        ):
            out.append(chunk._replace(text=chunk.text + chunks[at + 2].text.lower()))
            at += 3
            continue
        if kind == "drop":
            at += 1
            continue
        if kind == "filler":
            inside = chunk.span >= 0 and any(c.span == chunk.span for c in out[-2:])
            owner = chunk.span if inside else -1
            out += [_Chunk(rnd.choice(["uh", "um"]), word=True, span=owner), _Chunk(" ", word=False, span=owner), chunk]
        elif kind == "split" and len(chunk.text) > 4 and chunk.text.isalpha():
            cut = rnd.randrange(2, len(chunk.text) - 1)
            out.append(chunk._replace(text=f"{chunk.text[:cut]} {chunk.text[cut:]}"))
        else:
            out.append(
                chunk._replace(
                    text=_misheard(
                        chunk.text, rnd, name=chunk.span >= 0 and row["spans"][chunk.span]["label"] == "PERSON"
                    )
                )
            )
        at += 1
    bare = rnd.random() < 0.5
    return row | _joined(row, out, bare=bare)


def _joined(row: dict[str, Any], chunks: Sequence[_Chunk], *, bare: bool) -> dict[str, Any]:
    parts: list[str] = []
    length = 0
    places: dict[int, list[int]] = {}
    for chunk in chunks:
        said = chunk.text
        if bare:
            said = said.lower() if chunk.word else re.sub(r"[,;:?!]|\.(?=\s|$)", "", said)
        if not chunk.word:
            said = re.sub(r"\s+", " ", said)
            if parts and parts[-1].endswith(" "):
                said = said.lstrip(" ")
            elif not parts:
                said = said.lstrip()
        if not said:
            continue
        if chunk.word and chunk.span >= 0:
            place = places.setdefault(chunk.span, [length, length])
            place[1] = length + len(said)
        elif chunk.span >= 0 and chunk.span in places and said.strip():
            places[chunk.span][1] = length + len(said)
        parts.append(said)
        length += len(said)
    text = "".join(parts)
    spans = [
        {**row["spans"][number], "start": start, "end": end, "text": text[start:end]}
        for number, (start, end) in sorted(places.items(), key=lambda item: item[1])
    ]
    return {"text": text, "spans": spans}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.cases.read_text(encoding="utf-8").splitlines() if line.strip()]
    options.out.write_text(
        "".join(json.dumps(worsen(row, options.rate, options.seed), ensure_ascii=False) + "\n" for row in rows),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
