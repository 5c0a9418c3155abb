"""Writes utterances and whole voicemails: sentences from the grammar, prose, drills of numbers and names."""

import json
import random
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from . import names, numbers
from .grammar import Grammar
from .units import COMMA, Units, capitalised, letters, words

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
FILLERS = 0.08  # share of sentences with a filler
REPEATS = 0.008  # share of sentences with a repeated word
DOSES = (5, 10, 20, 25, 40, 50, 75, 80, 100, 150, 200, 250, 300, 500)
MAIL = "gmail yahoo hotmail outlook aol icloud comcast mail work".split()
#: what one utterance is: weight, and "prose", "drill", "carrier" or a rule of the grammar
MIX = {
    "prose": 30, "drill": 12, "carrier": 2, "open": 9, "reason": 19, "detail": 13, "admin": 5, "callback": 6, "close": 4,
    "medicine": 9,
}  # fmt: skip


@cache
def _table(name: str) -> dict[str, list[str]]:
    with (HERE / name).open("rb") as file:
        return tomllib.load(file)


@cache
def _name_lists() -> tuple[names.NameList, names.NameList]:
    return names.first_names(), names.last_names()


class Writer:
    """An endless source of text; one seed, one sequence.

    prose: the file that `python -m models.training.prose` wrote.
    held: prefer grammar alternatives, names and prose that no training text holds.
    """

    def __init__(self, seed: int | str, prose: Path, *, held: bool = False) -> None:
        self.rng = random.Random(seed)
        self.held = held
        self.grammar = Grammar(_table("patterns.toml"))
        self.names_used: list[str] = []
        collected = _prose(prose)
        self._sentences = collected["held" if held else "train"]
        self._words = collected["words"]
        self._first, self._last = _name_lists()
        self._slots = self._values()

    # texts

    def utterance(self) -> Units:
        """One or two sentences."""
        kind = self.rng.choices(list(MIX), list(MIX.values()))[0]
        units = self.of(kind)
        if sum(len(spoken) for _, spoken in units) < 9 and self.rng.random() < 0.45:
            units = units + self.of(
                "prose" if kind == "prose" else self.rng.choice(["detail", "reason", "callback", "close"])
            )
        return units

    def of(self, kind: str) -> Units:
        """One sentence: "prose", "drill", "carrier" or a rule of the grammar."""
        if kind == "prose":
            return self.fill(self.rng.choice(self._sentences))
        if kind in ("drill", "carrier"):
            return self.fill(self.rng.choice(_table("lexicon.toml")[kind]))
        units: Units = []
        for sentence in self.grammar.sentences(kind, self.rng, held=self.held):
            units += self.fill(sentence)
        return self._hesitant(units)

    def voicemail(self) -> list[Units]:
        """A whole message, sentence by sentence: opening, two to four things said, usually a number, closing."""
        kinds = self.rng.choices(["reason", "detail", "admin"], [50, 34, 16], k=self.rng.randint(2, 4))
        if self.rng.random() < 0.8:
            kinds.append("callback")
        return [self.of(kind) for kind in ["open", *kinds, "close"]]

    def fill(self, text: str) -> Units:
        """A sentence's slots filled, its first letter capital."""
        units: Units = []
        for part in re.split(r"(\{\w+\}[.,?!]?)", text):
            slot = re.fullmatch(r"\{(\w+)\}([.,?!]?)", part)
            if slot:
                units += self._slots[slot[1]]()
                if slot[2]:
                    units.append((slot[2], ()))
                continue
            rest = part.strip()
            if units and rest.startswith("'"):  # {last}'s
                ending, _, rest = rest.partition(" ")
                text, spoken = units[-1]
                units[-1] = (text + ending, (*spoken[:-1], spoken[-1] + ending))
            while rest and rest[0] in ".,?!":
                units.append((rest[0], ()))
                rest = rest[1:].strip()
            units += words(rest)
        return capitalised(units)

    def _hesitant(self, units: Units) -> Units:
        rng = self.rng
        inside = [i for i, (t, s) in enumerate(units) if i and t.startswith(" ") and s and units[i - 1][1]]
        if inside and rng.random() < FILLERS:
            i = rng.choice(inside)
            filler = words(rng.choice(_table("lexicon.toml")["filler"]))
            units = [*units[:i], *([COMMA] if rng.random() < 0.6 else []), *filler, COMMA, *units[i:]]
        elif inside and rng.random() < REPEATS:
            i = rng.choice(inside)
            units = [*units[:i], units[i], *units[i:]] if units[i][0][1:].islower() else units
        return units

    # values

    def _name(self, pool: names.NameList) -> str:
        name = pool.pick(self.rng, held=self.held)
        self.names_used.append(name)
        return name

    def _values(self) -> dict[str, Callable[[], Units]]:
        rng, lists = self.rng, _table("lexicon.toml")
        months = lists["month"]

        def listed(key: str) -> Callable[[], Units]:
            return lambda: _with_letters(rng.choice(lists[key]))

        slots = {key: listed(key) for key in lists}
        slots |= {
            "first": lambda: words(self._name(self._first)),
            "last": lambda: words(self._name(self._last)),
            "name": lambda: slots["first"]() + slots["last"](),
            "dr": lambda: words("Doctor") + slots["last" if rng.random() < 0.85 else "name"](),
            "clinic": lambda: words(rng.choice(lists["clinic_first"]) + " " + rng.choice(lists["clinic_last"])),
            "street": lambda: words(rng.choice(lists["street"]) if rng.random() < 0.5 else self._name(self._last)),
            "addr": self._address,
            "spell": self._spelled,
            "email": self._email,
            "ww": lambda: words(rng.choice(self._words)),
            "prosecl": self._clause,
            "phone": lambda: numbers.phone(rng),
            "idn": lambda: numbers.identifier(rng),
            "idx": lambda: numbers.lettered_identifier(rng),
            "digl": lambda: numbers.long_digits(rng),
            "zip": lambda: numbers.digits(rng, 5),
            "last4": lambda: numbers.last_four(rng),
            "shortn": lambda: (
                numbers.digits(rng, rng.randint(2, 4)) if rng.random() < 0.5 else numbers.number(rng, 1, 99)
            ),
            "digit": lambda: numbers.number(rng, 1, 9),
            "small": lambda: numbers.number(rng, 2, 12),
            "num": lambda: numbers.number(rng, 2, 99),
            "num2": lambda: numbers.number(rng, 60, 250),
            "dose": lambda: [(f" {n}", numbers.cardinal(n)) for n in [rng.choice(DOSES)]],
            "dollars": lambda: numbers.dollars(rng),
            "date": lambda: numbers.date(rng, months),
            "dob": lambda: numbers.birth_date(rng, months),
            "year": lambda: [numbers.year(rng)],
            "time": lambda: numbers.clock_time(rng),
        }
        return slots

    def _clause(self) -> Units:
        text = self.rng.choice(self._sentences).rstrip(".?")
        return words(text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:])

    def _spelled(self) -> Units:
        kind = self.rng.random()
        if kind < 0.15:
            return letters("".join(self.rng.choices(numbers.CAPITALS, k=self.rng.randint(2, 6))), hyphens=True)
        return letters(self._name(self._last if kind < 0.83 else self._first)[:9], hyphens=True)

    def _address(self) -> Units:
        rng = self.rng
        if rng.random() < 0.15:
            street = words(
                rng.choice("Oak Maple Rose Cherry Green Stone River Lake".split())
                + " "
                + rng.choice("Hill Creek Wood Ridge Valley Grove Park Field".split())
            )
        else:
            street = self._slots["street"]()
        units = numbers.house(rng) + street + self._slots["suf"]()
        if rng.random() < 0.12:
            units += [COMMA, *words(rng.choice(["apartment", "unit", "suite"])), *numbers.number(rng, 1, 40)]
        return units

    def _email(self) -> Units:
        rng = self.rng
        first, last = self._name(self._first).lower(), self._name(self._last).lower()
        user = words(rng.choice([f"{first} dot {last}", first, last, f"{first} {last}"]))
        tail = numbers.digits(rng, rng.randint(1, 4)) if rng.random() < 0.4 else []
        return user + tail + words(f"at {rng.choice(MAIL)} dot {rng.choice(['com', 'com', 'net', 'org', 'edu'])}")


def _with_letters(text: str) -> Units:
    """List entries such as "M R I" are letters; "a" and "I" are words."""
    units: Units = []
    for word in text.split():
        single = len(word) == 1 and word.isupper() and word not in "AI"
        units += letters(word, hyphens=False) if single else words(word)
    return units


@cache
def _prose(path: Path) -> dict[str, list[str]]:
    return json.loads(path.read_text())


def lexicon() -> dict[str, list[str]]:
    """The word lists of lexicon.toml."""
    return _table("lexicon.toml")


def patterns() -> dict[str, list[str]]:
    """The rules of patterns.toml."""
    return _table("patterns.toml")
