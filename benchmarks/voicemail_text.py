"""What the callers of the benchmark archive say: phi_cases.py's messages in the script notation of sample_audio.

Sentence frames, names and clinical words are those of phi_cases.py (part "tuning": its test part stays unheard). Numbers are written in
figures, as recognisers write them, and carry how they are said: "[DATE_TIME|March {14th=fourteenth}]". They come from
models/training/text/numbers.py, so they are said in ways that voicemail-micro has heard; the sentences are not from its training.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

import phi_cases
import phi_vocabulary as vocabulary
from phi_numbers import MONTHS
from phi_speaker import Piece, Pieces

from models.training.text import numbers
from models.training.text.units import Units, letters
from sample_audio.markup import read_out

LABELS = {
    "EMAIL": "EMAIL_ADDRESS",
    "ADDRESS": "LOCATION",
    "DATE": "DATE_TIME",
    "AGE_OVER_89": "AGE",
    "ID": "OTHER_ID",
    "URL_IP": "URL",
    "LAB_OR_PROCEDURE": "PROCEDURE",
}
"""Labels of phi_cases.py in the product's terms; the others are the same."""

BY_SLOT = {
    "mrn": "MEDICAL_RECORD_NUMBER",
    "member": "HEALTH_PLAN_ID",
    "group": "HEALTH_PLAN_ID",
    "account": "ACCOUNT_NUMBER",
    "plate": "VEHICLE_ID",
    "serial": "DEVICE_ID",
    "license": "LICENSE_NUMBER",
    "ssn": "US_SSN",
    "ip": "IP_ADDRESS",
    "lab": "LAB_RESULT",
}
"""Where the slot of a sentence frame says more than the label."""

MONTH_NAMES = [name.capitalize() for name in MONTHS]
_FIGURES = re.compile(r"\{[^}]*\}|\d+")


def script_of(units: Units) -> str:
    """Units (see models/training/text/units.py) in script notation, without the leading blank.

    >>> script_of([(" March", ("March",)), (" 14th", ("fourteenth",)), (",", ()), (" 19", ("nineteen",)), ("62", ("sixty", "two"))])
    'March {14th=fourteenth}, {1962=nineteen sixty two}'
    """
    words: list[tuple[str, list[str], str]] = []  # written, spoken, marks behind
    for text, spoken in units:
        if text in {",", ".", "?", "!"}:
            written, said, marks = words[-1]
            words[-1] = written, said, marks + text
        elif text.startswith(" ") or not words:
            words.append((text.strip(), list(spoken), ""))
        else:
            written, said, marks = words[-1]
            pause = text == "-" or spoken == (",",)
            said = [*said[:-1], f"{said[-1].rstrip(',')},"] if pause else [*said, *spoken]
            words[-1] = written + text, said, marks
    shown = []
    for written, said, marks in words:
        same = written.lower() == " ".join(said).lower() and not any(c.isdigit() for c in written)
        shown.append((written if same else f"{{{written}={' '.join(said)}}}") + marks)
    return " ".join(shown)


def figures_read(text: str) -> str:
    """Bare figures with how they are said.

    >>> figures_read("94 years old at {555-0142}")
    '{94=ninety four} years old at {555-0142}'
    """

    def read(match: re.Match[str]) -> str:
        found = match[0]
        return found if found.startswith("{") else f"{{{found}={' '.join(numbers.cardinal(int(found)))}}}"

    return _FIGURES.sub(read, text)


class Voice(phi_cases.Caller):
    """A caller whose figures carry their reading."""

    def __init__(self, rnd: random.Random, part: str) -> None:
        super().__init__(rnd, part)
        self.style, self.figures = "plain", True

    def slot(self, name: str) -> Pieces:
        """Pieces in script notation, with the product's labels."""
        pieces = super().slot(name)
        return [
            p._replace(text=figures_read(p.text), label=(BY_SLOT.get(name) or LABELS.get(p.label, p.label)) if p.label else "")
            for p in pieces
        ]  # fmt: skip

    def code(self, count: int, prefix: int = 0) -> str:
        start = letters("".join(self.rnd.choices(numbers.CAPITALS, k=prefix)), hyphens=True) if prefix else []
        sizes = numbers.groups(self.rnd, count, (2, 3, 3, 4)) if self.chance(0.6) else ()
        return script_of(start + numbers.digits(self.rnd, count, sizes))

    def phone(self, *, local: bool = False) -> Pieces:
        area, exchange, line = self.phone_figures()
        written = f"{exchange}-{line}" if local else f"{area}-{exchange}-{line}"
        return [Piece(f"{{{written}={read_out(written, zero=self.zero)}}}", "PHONE_NUMBER")]

    def date(self, *, birth: bool) -> Pieces:
        units = numbers.birth_date(self.rnd, MONTH_NAMES) if birth else numbers.date(self.rnd, MONTH_NAMES)
        return [Piece(script_of(units), "DATE")]

    def letters(self, word: str) -> str:
        return f"{{{'-'.join(c.upper() for c in word if c.isalpha())}}}"

    def ssn(self) -> Pieces:
        return [Piece(script_of(numbers.digits(self.rnd, 9, (3, 2, 4))), "ID")]

    def four(self) -> Pieces:
        return [Piece(script_of(numbers.last_four(self.rnd)), "ID")]

    def email(self) -> Pieces:
        first, last = (re.sub(r"[^a-z]", "", w.lower()) for w in self.own)
        local = self.rnd.choice([f"{first} dot {last}", f"{first} {last}", first, last])
        if self.chance(0.4):
            local += " " + script_of(numbers.digits(self.rnd, self.rnd.randint(1, 4)))
        host = self.rnd.choice(vocabulary.MAIL).replace("-", " dash ").replace(".", " dot ")
        return [Piece(f"{local} at {host}", "EMAIL")]

    def url(self) -> Pieces:
        return [
            Piece(self.pick("sites").replace("-", " dash ").replace(".", " dot ").replace("/", " slash "), "URL_IP")
        ]

    def ip(self) -> Pieces:
        parts = (self.rnd.choice([10, 172, 192]), *(self.rnd.randrange(200) for _ in range(3)))
        return [Piece(" dot ".join(str(p) for p in parts), "URL_IP")]

    def house(self) -> str:
        return script_of(numbers.house(self.rnd))

    def zip(self) -> str:
        return script_of(numbers.digits(self.rnd, 5))

    def box(self) -> Pieces:
        return [Piece(f"{{PO}} Box {script_of(numbers.digits(self.rnd, self.rnd.randint(2, 4)))}", "ADDRESS")]

    def slot_age(self) -> Pieces:
        return [Piece(str(self.rnd.randrange(90, 104)), "AGE_OVER_89")]

    def slot_year(self) -> Pieces:
        return [Piece(script_of([numbers.year(self.rnd)]), "DATE", "may")]

    def slot_time(self) -> Pieces:
        return [Piece(script_of(numbers.clock_time(self.rnd)), "DATE", "may")]

    def slot_dose(self) -> Pieces:
        return [Piece(f"{self.rnd.choice([5, 10, 20, 25, 40, 50, 100, 250, 500])} milligrams", "MEDICATION", "may")]

    def slot_money(self) -> Pieces:
        return [Piece(script_of(numbers.dollars(self.rnd)), "BILLING", "may")]


def notation(pieces: Iterable[Piece]) -> str:
    """Pieces as one script."""
    out = ""
    for text, label, tier in pieces:
        mark = "?" if tier == "may" else ""
        out += f"[{label}{mark}|{text.strip()}]" if label else text
    return re.sub(r" +", " ", out).strip()


def message(rnd: random.Random, *, words: float, length: Callable[[str], int], tries: int = 12) -> tuple[str, str]:
    """(direction, script) of the one of `tries` messages whose `length` is nearest to `words`; direction "in" or "out"."""
    kind = rnd.choices(["incoming", "outgoing", "without"], [60, 25, 15])[0]
    drawn = [notation(phi_cases.said(Voice(rnd, "tuning"), kind, matters=rnd.randint(1, 7))) for _ in range(tries)]
    return "out" if kind == "outgoing" else "in", min(drawn, key=lambda script: abs(length(script) - words))
