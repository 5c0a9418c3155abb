#!/usr/bin/env python3
"""Generates invented voicemails with exact labels, to tune and test the PHI detector.

    python benchmarks/phi_cases.py --part test --seed 1 --out CASES.jsonl

A message is written from sentence frames with slots ("my number is {phone}"). A slot gives pieces of text, each with
its label, so labels are exact by construction. Numbers are said in every way that people say them: digit by digit, in
pairs, in hundreds, with "double" and "triple", interrupted by "uh", corrected, in figures. Names, places, frames and
clinical words are split into two disjoint halves (they share only mail domains, months and the ways to say numbers):
part "tuning" draws from one, part "test" from the other. Nothing here is used for training.

Format of a line: {"id","kind","form","text","spans":[{"start","end","label","text","tier"?}]}; labels PERSON
PHONE_NUMBER EMAIL ADDRESS DATE AGE_OVER_89 ID URL_IP ORGANIZATION MEDICATION CONDITION LAB_OR_PROCEDURE SPECIALTY
BILLING; tier "may" (a year alone, a bare weekday, an age under 90, a state) is neutral: neither a miss nor a false
alarm.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import phi_vocabulary as vocabulary
from phi_numbers import DAYS, ONES, cardinal
from phi_speaker import Piece, Pieces, Speaker

IDENTIFIERS = ("PERSON", "PHONE_NUMBER", "EMAIL", "ADDRESS", "DATE", "AGE_OVER_89", "ID", "URL_IP")
_SLOT = re.compile(r"\{(\w+)\}")


class Caller(Speaker):
    """A speaker who fills the slots of sentence frames."""

    def age(self) -> Pieces:
        value = self.rnd.randrange(90, 104)
        said = (
            str(value)
            if self.figures
            else (
                cardinal(value)
                if value < 100
                else self.rnd.choice(
                    [cardinal(value), f"a hundred and {ONES[value - 100]}" if value > 100 else "a hundred"]
                )
            )
        )
        return [Piece(said, "AGE_OVER_89")]

    def slot(self, name: str) -> Pieces:
        maker = getattr(self, f"slot_{name}", None)
        if maker is not None:
            return maker()
        codes = {
            "mrn": (7, 0),
            "member": (8, 3),
            "account": (9, 0),
            "claim": (8, 1),
            "rx": (7, 0),
            "plate": (4, 3),
            "serial": (7, 2),
            "license": (8, 1),
            "group": (5, 0),
            "reference": (6, 2),
        }
        if name in codes:
            count, prefix = codes[name]
            return [
                Piece(
                    self.code(
                        count - self.rnd.randrange(3) if count > 5 else count,
                        prefix if self.chance(0.6) or name == "plate" else 0,
                    ),
                    "ID",
                )
            ]
        if name in vocabulary.CLINICAL:
            return [Piece(self.pick(name), vocabulary.CLINICAL[name])]
        raise KeyError(name)

    def slot_me(self) -> Pieces:
        return [Piece(self.cased(" ".join(self.own)), "PERSON")]

    def slot_myfirst(self) -> Pieces:
        return [Piece(self.cased(self.own[0]), "PERSON")]

    def slot_mylast(self) -> Pieces:
        return [Piece(self.cased(self.own[1]), "PERSON")]

    def slot_spelled(self) -> Pieces:
        return [Piece(self.letters(self.own[1]), "PERSON")]

    def slot_restart(self) -> Pieces:
        first, last = self.own
        return [
            Piece(self.cased(first), "PERSON"),
            Piece(self.rnd.choice([", uh, ", " um ", ", "])),
            Piece(self.cased(f"{first} {last}"), "PERSON"),
        ]

    def slot_first(self) -> Pieces:
        return [Piece(self.cased(self.first()), "PERSON")]

    def slot_last(self) -> Pieces:
        return [Piece(self.cased(self.last()), "PERSON")]

    def slot_full(self) -> Pieces:
        return [Piece(self.cased(f"{self.first()} {self.last()}"), "PERSON")]

    def slot_doctor(self) -> Pieces:
        title = "doctor" if self.style == "asr" else self.rnd.choice(["Dr.", "Doctor", "Dr."])
        return [Piece(f"{title} "), Piece(self.cased(self.last()), "PERSON")]

    def slot_titled(self) -> Pieces:
        title = self.rnd.choice(["missus", "mister", "miss"] if self.style == "asr" else ["Mrs.", "Mr.", "Ms."])
        return [Piece(f"{title} "), Piece(self.cased(self.last()), "PERSON")]

    def slot_org(self) -> Pieces:
        return [Piece(self.cased(self.pick("practices")), "ORGANIZATION", "may")]

    def slot_surgery(self) -> Pieces:
        return [Piece("surgery", "LAB_OR_PROCEDURE", "may")]

    def slot_phone(self) -> Pieces:
        return self.phone()

    def slot_local(self) -> Pieces:
        return self.phone(local=True)

    def slot_dob(self) -> Pieces:
        return self.date(birth=True)

    def slot_date(self) -> Pieces:
        return self.appointment()

    def slot_ssn(self) -> Pieces:
        return self.ssn()

    def slot_four(self) -> Pieces:
        return self.four()

    def slot_email(self) -> Pieces:
        return self.email()

    def slot_url(self) -> Pieces:
        return self.url()

    def slot_ip(self) -> Pieces:
        return self.ip()

    def slot_address(self) -> Pieces:
        return self.address()

    def slot_box(self) -> Pieces:
        return self.box()

    def slot_city(self) -> Pieces:
        return [Piece(self.cased(self.pick("cities")), "ADDRESS")]

    def slot_zip(self) -> Pieces:
        return [Piece(self.zip(), "ADDRESS")]

    def slot_age(self) -> Pieces:
        return self.age()

    def slot_ageyears(self) -> Pieces:
        return [piece._replace(text=f"{piece.text} years old") for piece in self.age()]

    def slot_young(self) -> Pieces:
        value = self.rnd.randrange(3, 89)
        return [Piece(str(value) if self.figures else cardinal(value), "AGE_OVER_89", "may")]

    def slot_year(self) -> Pieces:
        value = self.rnd.randrange(1960, 2020)
        return [
            Piece(
                str(value)
                if self.figures
                else f"nineteen {cardinal(value - 1900)}"
                if value < 2000 and value > 1909
                else self.year(value),
                "DATE",
                "may",
            )
        ]

    def slot_weekday(self) -> Pieces:
        return [Piece(self.cased(self.rnd.choice(DAYS)), "DATE", "may")]

    def slot_time(self) -> Pieces:
        hour, minute = self.rnd.randrange(8, 13), self.rnd.choice([0, 15, 30, 45])
        half = (
            self.rnd.choice(["a m", "in the morning", ""])
            if not self.figures
            else self.rnd.choice([" AM", " a.m.", ""]).strip()
        )
        said = f"{hour}:{minute:02d}" if self.figures else cardinal(hour) + (f" {cardinal(minute)}" if minute else "")
        return [Piece(f"{said} {half}".strip(), "DATE", "may")]

    def slot_number(self) -> Pieces:
        value = self.rnd.randrange(2, 60)
        return [Piece(str(value) if self.figures else cardinal(value))]

    def slot_dose(self) -> Pieces:
        value = self.rnd.choice([5, 10, 20, 25, 40, 50, 81, 100, 250, 500])
        unit = "mg" if self.figures and self.chance(0.5) else "milligrams"
        return [Piece(f"{value if self.figures else cardinal(value)} {unit}", "MEDICATION", "may")]

    def slot_money(self) -> Pieces:
        value = self.rnd.choice([25, 40, 85, 120, 240, 312])
        return [Piece(f"${value}" if self.figures else f"{cardinal(value)} dollars", "BILLING", "may")]

    def fill(self, frame: str) -> Pieces:
        """A frame with its slots filled."""
        pieces: Pieces = []
        at = 0
        for match in _SLOT.finditer(frame):
            pieces.append(Piece(frame[at : match.start()]))
            pieces += self.slot(match[1])
            at = match.end()
        pieces.append(Piece(frame[at:]))
        return pieces


def sentence(speaker: Caller, frame: str) -> Pieces:
    """A filled frame in the speaker's style: with capital and full stop, or in bare lower case."""
    pieces = [p for p in speaker.fill(frame) if p.text]
    if speaker.style == "asr":
        return [p._replace(text=_bare(p.text)) for p in pieces]
    first = pieces[0]
    pieces[0] = first._replace(text=first.text[:1].upper() + first.text[1:])
    pieces = [p if p.label else p._replace(text=re.sub(r"\bi\b(?='|\s|$)", "I", p.text)) for p in pieces]
    if pieces[-1].text[-1:] not in ".?!":
        pieces.append(Piece("."))
    return pieces


def _bare(text: str) -> str:
    keep = re.sub(r"(?<![\w])[.,?!;:]|[.,?!;:](?=\s|$)", "", text)
    return re.sub(r" {2,}", " ", keep).lower()


def assemble(pieces: Sequence[Piece]) -> tuple[str, list[dict[str, Any]]]:
    """Text and spans of pieces put one after the other, blanks tidied."""
    text, spans = "", []
    for piece in pieces:
        said = piece.text
        if (not text or text.endswith(" ")) and not piece.label:
            said = said.lstrip(" ")
        start = len(text)
        text += said
        if piece.label:
            span: dict[str, Any] = {"start": start, "end": len(text), "label": piece.label, "text": said}
            spans.append(span | ({"tier": piece.tier} if piece.tier else {}))
    return text.rstrip(), spans


def said(speaker: Caller, kind: str, *, matters: int = 0) -> Pieces:
    """What one caller says: greeting, at most `matters` sentences (0: two to five) on different matters, goodbye."""
    rnd = speaker.rnd
    frames = vocabulary.FRAMES[kind]
    half = {group: entries[0 if speaker.part == "tuning" else 1 :: 2] for group, entries in frames.items()}
    chosen = [rnd.choice(half["open"])]
    body = [group for group in half if group not in {"open", "close"}]
    weights = [vocabulary.WEIGHTS.get(group, 1.0) for group in body]
    count = matters or rnd.randrange(2, 6)
    chosen.extend(rnd.choice(half[group]) for group in dict.fromkeys(rnd.choices(body, weights, k=count)))
    chosen.append(rnd.choice(half["close"]))
    pieces: Pieces = []
    for frame in chosen:
        pieces += [*sentence(speaker, frame), Piece(" ")]
    return pieces


def message(rnd: random.Random, part: str, kind: str) -> dict[str, Any]:
    """One message: greeting, two to five sentences on different matters, goodbye."""
    speaker = Caller(rnd, part)
    text, spans = assemble(said(speaker, kind))
    scope = IDENTIFIERS if kind == "without" else (*IDENTIFIERS, *dict.fromkeys(vocabulary.CLINICAL.values()))
    return {"kind": kind, "form": speaker.style, "scope": [*scope, "ORGANIZATION"], "text": text, "spans": spans}


def cases(part: str, seed: int = 1, *, identified: int = 480, without: int = 140) -> list[dict[str, Any]]:
    """The split: `identified` messages in and out, and `without` identifiers."""
    rnd = random.Random(f"{part}-{seed}")
    kinds = [*(["incoming", "incoming", "outgoing"] * (identified // 3)), *(["without"] * without)]
    return [{"id": f"{part}-{seed}-{n:04d}", **message(rnd, part, kind)} for n, kind in enumerate(kinds, 1)]


def write(rows: Sequence[dict[str, Any]], path: Path) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["tuning", "test"], default="test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = cases(options.part, options.seed)
    write(rows, options.out)
    print(
        f"{len(rows)} messages, {sum(len(row['text'].split()) for row in rows)} words, "
        f"{sum(len(row['spans']) for row in rows)} spans"
    )


if __name__ == "__main__":
    main()
