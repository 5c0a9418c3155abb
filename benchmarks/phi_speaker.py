"""One invented caller: how numbers, dates, codes, addresses and names are said."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

import phi_vocabulary as vocabulary
from phi_numbers import DAYS, MONTHS, ONES, cardinal, ordinal, suffix


class Piece(NamedTuple):
    """Text with a label, or without ("")."""

    text: str
    label: str = ""
    tier: str = ""


Pieces = list[Piece]


class Speaker:
    """One caller: habits of saying numbers, a half of the vocabulary, and a random source.

    Attributes:
        style: "asr" (lower case, no marks, numbers in words), "plain" (marks and capitals, numbers in words), "figures"
            (marks, capitals, most numbers in figures), as different recognisers write.
    """

    def __init__(self, rnd: random.Random, part: str) -> None:
        self.rnd = rnd
        self.part = part
        self.style = rnd.choices(["asr", "plain", "figures"], [45, 25, 30])[0]
        self.zero = rnd.choice(["oh", "oh", "zero"])
        self.figures = self.style == "figures"
        self.own: tuple[str, str] = (self.first(), self.last())

    # ------------------------------------------------------------------ vocabulary

    def pick(self, name: str) -> str:
        """An entry of the half of a list that belongs to this part."""
        entries = vocabulary.LISTS[name]
        return self.rnd.choice(entries[0 if self.part == "tuning" else 1 :: 2])

    def first(self) -> str:
        kind = self.rnd.choices(["first_names", "first_names_world", "first_names_words"], [45, 35, 20])[0]
        return self.pick(kind)

    def last(self) -> str:
        return self.pick(self.rnd.choices(["last_names", "last_names_world", "last_names_words"], [45, 35, 20])[0])

    def chance(self, share: float) -> bool:
        return self.rnd.random() < share

    # ------------------------------------------------------------------ numbers

    def digit(self, figure: str) -> str:
        return self.zero if figure == "0" else ONES[int(figure)]

    def digits(self, figures: str, *, plain: bool = False) -> str:
        """Figures read out; `plain` without pairs and hundreds."""
        out: list[str] = []
        at = 0
        while at < len(figures):
            rest = figures[at:]
            if len(rest) >= 3 and len(set(rest[:3])) == 1 and self.chance(0.4):
                out.append(f"triple {self.digit(rest[0])}")
                at += 3
            elif len(rest) >= 2 and rest[0] == rest[1] and self.chance(0.35):
                out.append(f"double {self.digit(rest[0])}")
                at += 2
            elif not plain and len(rest) == 4 and rest[2:] == "00" and rest[0] != "0" and self.chance(0.6):
                out.append(f"{cardinal(int(rest[:2]))} hundred")
                at += 4
            elif not plain and len(rest) % 2 == 0 and rest[0] != "0" and self.chance(0.3):
                out.append(cardinal(int(rest[:2])))
                at += 2
            else:
                out.append(self.digit(rest[0]))
                at += 1
        return " ".join(out)

    def broken(self, groups: Sequence[str]) -> str:
        """Groups, joined as the speaker joins them."""
        text = groups[0]
        for group in groups[1:]:
            joint = self.rnd.choices([" ", ", ", " uh ", ", um, ", " dash "], [60, 15, 8, 4, 5])[0]
            text += joint + group
        return text

    def corrected(self, figures: str) -> tuple[str, str]:
        """(wrong, right) last figures."""
        wrong = str((int(figures[-1]) + self.rnd.randrange(1, 9)) % 10)
        return figures[:-1] + wrong, figures

    # ------------------------------------------------------------------ identifiers

    def phone_figures(self) -> tuple[str, str, str]:
        area = self.rnd.choice("212 303 404 410 503 512 617 702 773 808 907 919 201 330".split())
        return area, "555", f"01{self.rnd.randrange(100):02d}"

    def phone(self, *, local: bool = False) -> Pieces:
        area, exchange, line = self.phone_figures()
        if self.chance(0.15):
            line = f"{self.rnd.randrange(11, 99)}00"
        groups = [exchange, line] if local else [area, exchange, line]
        label = "PHONE_NUMBER"
        if self.figures and self.chance(0.75):
            a, b, c = area, exchange, line
            shape = self.rnd.choice(
                [
                    "{a}-{b}-{c}",
                    "({a}) {b}-{c}",
                    "{a} {b} {c}",
                    "{a}{b}{c}",
                    "{a}.{b}.{c}",
                    "{a}, {b}, {c}",
                    "1-{a}-{b}-{c}",
                ]
            )
            return [Piece(f"{b}-{c}" if local else shape.format(a=a, b=b, c=c), label)]
        said = [self.digits(group, plain=group != line) for group in groups]
        if self.chance(0.12):
            said[0] = f"one {said[0]}" if not local else said[0]
        if self.style != "asr" and self.chance(0.2):
            said[-1] = line
        if self.chance(0.12):
            wrong, right = self.corrected(line)
            fix = self.rnd.choice([" no ", " no wait ", ", sorry, ", " i mean ", " no i'm sorry ", " correction "])
            tail = right[-2:] if self.chance(0.5) else right
            said[-1] = self.digits(wrong, plain=True) + fix + self.digits(tail, plain=True)
        pieces = [Piece(self.broken(said), label)]
        if not local and self.chance(0.1):
            pieces = [Piece("area code "), Piece(said[0], label), Piece(" "), Piece(self.broken(said[1:]), label)]
        if self.chance(0.12):
            code = str(self.rnd.randrange(10, 999))
            pieces += [Piece(self.rnd.choice([" extension ", " ext "])), Piece(self.digits(code), label)]
        return pieces

    def year(self, value: int) -> str:
        if value >= 2010:
            return f"twenty {cardinal(value - 2000)}"
        if value >= 2000:
            return (
                self.rnd.choice([f"two thousand {cardinal(value - 2000)}", f"twenty oh {ONES[value - 2000]}"])
                if value > 2000
                else "two thousand"
            )
        short = value - 1900
        tail = f"oh {ONES[short]}" if short < 10 else cardinal(short)
        return self.rnd.choice([f"nineteen {tail}", f"nineteen {tail}", tail if short >= 10 else f"nineteen {tail}"])

    def date(self, *, birth: bool) -> Pieces:
        year = self.rnd.randrange(1931, 2019) if birth else self.rnd.choice([2025, 2026, 2026])
        month, day = self.rnd.randrange(1, 13), self.rnd.randrange(1, 29)
        name = MONTHS[month - 1]
        if self.style != "asr":
            name = name.capitalize()
        if self.figures and self.chance(0.75):
            shapes = [
                "{m}/{d}/{y}",
                "{m}-{d}-{s:02d}",
                "{n} {d}{x}, {y}",
                "{n} {d}, {y}",
                "{m:02d}/{d:02d}/{y}",
                "{d}{x} of {n} {y}",
                "{d} {n} {y}",
            ]
            if not birth:
                shapes = ["{m}/{d}/{y}", "{n} {d}{x}", "{n} {d}", "the {d}{x} of {n}", "{n} {d}, {y}"]
            elif self.chance(0.2):
                shapes = [
                    "{m} {d} {s:02d}",
                    "{m:02d}{d:02d} {y}",
                    "0{m}-{d}-{s:02d}" if month < 10 else "{m}-{d}-{s:02d}",
                ]
            text = self.rnd.choice(shapes).format(m=month, d=day, y=year, s=year % 100, n=name, x=suffix(day))
            return [Piece(text, "DATE")]
        said = self.year(year)
        shapes = [
            f"{name} {ordinal(day)} {said}",
            f"{name} {cardinal(day)} {said}",
            f"the {ordinal(day)} of {name} {said}",
        ]
        if birth:
            figures = self.year(year) if year >= 1910 else said
            plain_month = cardinal(month) if month > 9 or self.chance(0.5) else f"{self.zero} {cardinal(month)}"
            plain_day = cardinal(day) if day > 9 or self.chance(0.5) else f"{self.zero} {cardinal(day)}"
            shapes += [f"{plain_month} {plain_day} {figures}", f"{plain_month} {plain_day} {figures}"]
            shapes += [self.digits(f"{month:02d}{day:02d}{year}", plain=True)] if self.chance(0.3) else []
            shapes += [f"{plain_month} slash {plain_day} slash {figures}"] if self.chance(0.3) else []
        else:
            shapes = [
                f"{name} {ordinal(day)}",
                f"the {ordinal(day)} of {name}",
                f"{name} {cardinal(day)}",
                f"{name} {ordinal(day)} {said}",
            ]
            if self.chance(0.12):
                shapes = [f"{name} uh {ordinal(day)}", f"{ordinal(month)} of {name}"]
            if self.chance(0.1):
                other = day % 28 + 1
                shapes = [
                    f"{name} {ordinal(other)} no wait {ordinal(day)}",
                    f"{name} {ordinal(other)} i mean the {ordinal(day)}",
                ]
        return [Piece(self.rnd.choice(shapes), "DATE")]

    def appointment(self) -> Pieces:
        pieces: Pieces = []
        if self.chance(0.35):
            pieces = [Piece(self.cased(self.rnd.choice(DAYS)), "DATE", "may"), Piece(" ")]
        return pieces + self.date(birth=False)

    def cased(self, text: str) -> str:
        return text if self.style == "asr" else " ".join(w[:1].upper() + w[1:] for w in text.split(" "))

    def letters(self, word: str) -> str:
        """A spelled word."""
        kind = self.rnd.random()
        low = [c for c in word.lower() if c.isalpha()]
        if self.style != "asr" and kind < 0.6:
            return "-".join(c.upper() for c in low)
        if kind < 0.75:
            return " ".join(low)
        if kind < 0.85:
            return ", ".join(low) if self.style != "asr" else " ".join(low)
        words = {w[0]: w for w in vocabulary.SPELLING}
        at = self.rnd.randrange(len(low))
        return " ".join(
            f"{c} {self.rnd.choice(['as in', 'like', 'for'])} {words[c]}" if i == at and c in words else c
            for i, c in enumerate(low)
        )

    def code(self, count: int, prefix: int = 0) -> str:
        """An identifier as it is said: figures, maybe with letters before them."""
        figures = "".join(self.rnd.choice("0123456789") for _ in range(count))
        letters = "".join(self.rnd.choice("bcdfghjklmnprstvwxz") for _ in range(prefix))
        if self.figures and self.chance(0.7):
            shape = self.rnd.random()
            if shape < 0.25:
                return f"{letters.upper()}{figures}"
            if shape < 0.5:
                return (f"{letters.upper()}-" if letters else "") + f"{figures[: count // 2]}-{figures[count // 2 :]}"
            if shape < 0.75:
                return " ".join([*letters.upper(), *figures])
            return (f"{letters.upper()} " if letters else "") + f"{figures[: count // 2]} {figures[count // 2 :]}"
        spelled = ""
        if letters:
            words = {w[0]: w for w in vocabulary.SPELLING}
            spelled = (
                " ".join(f"{c} as in {words[c]}" if c in words and self.chance(0.25) else c for c in letters) + " "
            )
        cut = self.rnd.choice([2, 3, 4])
        groups = [self.digits(figures[i : i + cut]) for i in range(0, count, cut)]
        text = spelled + self.broken(groups)
        if self.chance(0.08):
            wrong, right = self.corrected(figures[-2:])
            text = (
                spelled
                + self.digits(figures[:-2] + wrong, plain=True)
                + self.rnd.choice([" no ", " sorry ", " no wait "])
                + self.digits(right, plain=True)
            )
        return text

    def ssn(self) -> Pieces:
        a, b, c = (
            f"9{self.rnd.randrange(100):02d}",
            f"{self.rnd.randrange(1, 99):02d}",
            f"{self.rnd.randrange(1, 9999):04d}",
        )
        if self.figures and self.chance(0.7):
            return [Piece(self.rnd.choice([f"{a}-{b}-{c}", f"{a} {b} {c}", f"{a}{b}{c}"]), "ID")]
        return [Piece(self.broken([self.digits(a, plain=True), self.digits(b), self.digits(c)]), "ID")]

    def four(self) -> Pieces:
        figures = f"{self.rnd.randrange(10000):04d}"
        return [Piece(figures if self.figures else self.digits(figures), "ID")]

    def email(self) -> Pieces:
        first, last = (re.sub(r"[^a-z]", "", w.lower()) for w in self.own)
        number = self.rnd.choice(["", "", str(self.rnd.randrange(10, 99)), str(self.rnd.randrange(1950, 1999))])
        domain = self.rnd.choice(vocabulary.MAIL)
        if self.figures and self.chance(0.5):
            local = self.rnd.choice([f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}"]) + number
            if self.chance(0.3):
                return [Piece(f"{local} at {domain}", "EMAIL")]
            return [Piece(f"{local}@{domain}", "EMAIL")]
        local = self.rnd.choice(
            [
                f"{first} dot {last}",
                f"{first[0]} {last}",
                f"{first} underscore {last}",
                f"{first}{last[0]}",
                " ".join(last),
                f"{first} dash {last}",
                f"{first} {last}",
            ]
        )
        if number:
            said = self.year(int(number)) if len(number) == 4 else cardinal(int(number))
            local += f" {said}"
        host, _, top = domain.rpartition(".")
        host = (
            " ".join(host)
            if host in {"aol", "msn"} and self.chance(0.5)
            else host.replace("-", " dash ").replace(".", " dot ")
        )
        return [Piece(f"{local} at {host} dot {top}", "EMAIL")]

    def url(self) -> Pieces:
        site = self.pick("sites")
        if self.figures and self.chance(0.6):
            return [Piece(self.rnd.choice([f"www.{site}", f"https://{site}", site]), "URL_IP")]
        said = site.replace("-", " dash ").replace(".", " dot ").replace("/", " slash ")
        return [Piece(self.rnd.choice(["w w w dot ", "www dot ", "", "https colon slash slash "]) + said, "URL_IP")]

    def ip(self) -> Pieces:
        parts = [str(self.rnd.choice([10, 192, 172])), *(str(self.rnd.randrange(0, 200)) for _ in range(3))]
        if self.figures:
            return [Piece(".".join(parts), "URL_IP")]
        return [
            Piece(
                " dot ".join(cardinal(int(p)) if self.chance(0.5) else self.digits(p, plain=True) for p in parts),
                "URL_IP",
            )
        ]

    def house(self) -> str:
        number = self.rnd.choice(
            [self.rnd.randrange(2, 99), self.rnd.randrange(100, 999), self.rnd.randrange(1000, 9999)]
        )
        if self.figures and self.chance(0.8):
            return str(number)
        if number < 100:
            return cardinal(number)
        text = str(number)
        if number % 100 == 0:
            return f"{cardinal(number // 100)} hundred"
        if number < 1000:
            return self.rnd.choice(
                [
                    f"{ONES[int(text[0])]} {cardinal(int(text[1:])) if text[1] != '0' else 'oh ' + ONES[int(text[2])]}",
                    self.digits(text, plain=True),
                ]
            )
        tail = cardinal(int(text[2:])) if text[2] != "0" else f"oh {ONES[int(text[3])]}"
        return self.rnd.choice([f"{cardinal(int(text[:2]))} {tail}", self.digits(text, plain=True)])

    def zip(self) -> str:
        figures = f"{self.rnd.randrange(1000, 99950):05d}"
        return figures if self.figures and self.chance(0.85) else self.digits(figures, plain=True)

    def address(self) -> Pieces:
        label = "ADDRESS"
        street = f"{self.house()} {self.cased(self.pick('streets'))} {self.cased(self.pick('suffixes'))}"
        if self.chance(0.12):
            street = f"{self.house()} no wait {street}"
        pieces = [Piece(street, label)]
        if self.chance(0.3):
            number = self.rnd.randrange(1, 40)
            said = str(number) if self.figures else cardinal(number)
            unit = self.rnd.choice(["apartment", "unit", "suite", "apt", "floor"])
            letter = self.rnd.choice(["", "", " b", " c"]) if unit != "floor" else ""
            pieces += [Piece(self.rnd.choice([" ", ", "])), Piece(f"{unit} {said}{letter}", label)]
        if self.chance(0.55):
            pieces += [Piece(self.rnd.choice([", ", " in ", " "])), Piece(self.cased(self.pick("cities")), label)]
            if self.chance(0.5):
                pieces += [Piece(" "), Piece(self.cased(self.pick("states")), label, "may")]
            if self.chance(0.4):
                pieces += [Piece(self.rnd.choice([" ", ", ", " zip code ", " zip "])), Piece(self.zip(), label)]
                if pieces[-2].text in {" ", ", "} and pieces[-3].tier != "may":
                    pieces[-2] = Piece(" zip code ")
        return pieces

    def box(self) -> Pieces:
        number = str(self.rnd.randrange(12, 9999))
        return [
            Piece(
                f"{self.rnd.choice(['p o box', 'post office box']) if not self.figures else 'P.O. Box'} "
                f"{number if self.figures else self.digits(number)}",
                "ADDRESS",
            )
        ]
