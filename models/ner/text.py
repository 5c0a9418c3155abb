"""Expands the templates of a grammar into labelled words, then writes them as a recogniser would.

A `Said` is one word with the tag of its entity (None outside entities) and that entity's number, so that two adjacent
names stay separate. Case, punctuation and recognition errors are applied to the list, and offsets are computed last.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tomllib

from redactor.phi.lexicons.library import disease_names, drug_names

from .names import Names, invented

GRAMMAR = Path(__file__).with_name("grammar.toml")
LABELS = {"P": "PERSON", "L": "LOCATION", "O": "ORGANIZATION", "X": None}
USUAL = Path(__file__).parent / "usual.toml"
HELD_ONE_IN = 8
_ITEM = re.compile(r"\[([PLOX])\||\]|\{(\w+)\}|\(([^()]*\|[^()]*)\)|([^\[\]{}()]+)")
_SOMEBODY = re.compile(
    r"\b(?:he|she|him|his|someone|somebody|the "
    r"(?:man|woman|boy|girl|child|doctor|teacher|lawyer|president|king|driver|speaker))\b",
    re.IGNORECASE,
)
_SOMEWHERE = re.compile(
    r"\bthe (city|town|village|country|company|school|hospital|church|bank|store|university|college|clinic)\b",
    re.IGNORECASE,
)
DIGITS = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SOUNDS_LIKE = {
    "insurance": "in sure ance",
    "refill": "re fill",
    "prescription": "per scription",
    "about": "a bout",
    "office": "off is",
    "appointment": "a point mint",
    **dict(
        pair.split("=")
        for pair in "calling=coughing name=main doctor=docked call=cold for=four to=two this=the is=as my=by "
        "from=form at=and in=and number=lumber patient=patience thank=tank you=your hi=high here=hear "
        "need=kneed week=weak would=wood see=sea there=their be=bee way=weigh right=write new=knew no=know "
        "hour=our whole=hole knee=me blood=bud test=text results=result back=pack nurse=worse clinic=clinical".split()
    ),
}
SOUNDS = (
    ("ph", "f"),
    ("ck", "k"),
    ("c", "k"),
    ("k", "c"),
    ("z", "s"),
    ("s", "z"),
    ("ie", "y"),
    ("y", "ie"),
    ("ee", "ea"),
    ("ai", "ay"),
    ("d", "t"),
    ("t", "d"),
    ("b", "p"),
    ("v", "f"),
    ("m", "n"),
    ("n", "m"),
    ("l", "ll"),
    ("tt", "t"),
    ("o", "a"),
    ("a", "e"),
    ("e", "i"),
    ("th", "t"),
    ("w", "wh"),
    ("g", "j"),
    ("er", "a"),
    ("en", "in"),
)
ENDINGS = ("ton", "son", "man", "field", "berg", "stein", "well", "ford", "ley", "land", "worth", "more", "wood")
FILLERS = ("uh", "um", "er", "like", "you know")


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    label: str | None
    entity: int


def held_line(line: str) -> bool:
    return zlib.crc32(b"line" + line.encode()) % HELD_ONE_IN == 0


class Grammar:
    """Expands rules. Training takes the lines that are not held out; the test prefers the held-out ones."""

    def __init__(self, prose: list[str], *, test: bool) -> None:
        rules: dict[str, list[str]] = tomllib.loads(GRAMMAR.read_text(encoding="utf-8"))
        self._rules: dict[str, list[str]] = {}
        for name, lines in rules.items():
            if len(lines) < 10:
                self._rules[name] = lines
                continue
            self._rules[name] = [line for line in lines if held_line(line) == test] or lines
        self._names = Names(test=test)
        self._prose = prose
        self._peopled = [line for line in prose if _SOMEBODY.search(line)]
        self._placed = [line for line in prose if _SOMEWHERE.search(line)]
        self._vocabulary = sorted(
            {w for line in prose[::7] for w in line.lower().strip(".?!").replace(",", "").split()}
        )
        usual = tomllib.loads(USUAL.read_text(encoding="utf-8"))
        self._usual_drugs, self._usual_conditions = usual["drug"], usual["cond"]
        self._drugs = sorted(d for d in drug_names() if len(d) < 30)
        self._conditions = sorted(c for c in disease_names() if len(c) < 40)
        self._entity = 0

    def message(self, rng: random.Random) -> list[Said]:
        """One voicemail (45 %) or piece of conversation, in normal spelling."""
        rule = "voicemail" if rng.random() < 0.45 else "conversation"
        self._entity = 0
        return list(self._expand(rng.choice(self._rules[rule]), rng, None))

    def other_word(self, rng: random.Random) -> str:
        """Any word of the prose."""
        return rng.choice(self._vocabulary)

    def _named(self, rng: random.Random) -> str:
        """Prose in which a name replaces a pronoun, or a place replaces "the town", for varied contexts."""
        if rng.random() < 0.15:
            line = rng.choice(self._placed)
            kinds = {"city": "[L|{city}]", "town": "[L|{city}]", "village": "[L|{city}]", "country": "[L|{city}]"}
            return _SOMEWHERE.sub(lambda m: kinds.get(m.group(1).lower(), "{named_org}"), line, count=1)
        line = rng.choice(self._peopled)
        who = rng.choice(("[P|{first}]", "[P|{first}]", "[P|{name}]", "{dr}", "Mrs. [P|{last}]", "Mr. [P|{last}]"))
        return _SOMEBODY.sub(lambda m: who + ("'s" if m.group().lower() in {"his", "their"} else ""), line, count=1)

    def _expand(self, template: str, rng: random.Random, within: tuple[str, int] | None) -> Iterator[Said]:
        held: list[Said] = []
        open_end = True  # whether the next piece is a word of its own, not "," or "'s" that sticks to the last one
        stack = [within]
        for match in _ITEM.finditer(template):
            opened, slot, options, plain = match.groups()
            if opened:
                self._entity += 1
                label = LABELS[opened] if stack[-1] is None else stack[-1][0]
                stack.append((str(label), self._entity) if stack[-1] is None else stack[-1])
                continue
            if match.group() == "]":
                stack.pop()
                continue
            now = stack[-1]
            if slot:
                piece = list(self._slot(slot, rng, now))
            else:
                text = rng.choice(options.split("|")) if options is not None else plain
                if held and text and not open_end and not text[0].isspace():
                    glued = text.split(maxsplit=1)[0]
                    text = text[len(glued) :]
                    last = held.pop()
                    held.append(Said(last.text + glued, last.label, last.entity))
                piece = [Said(w, now[0] if now else None, now[1] if now else 0) for w in text.split()]
                open_end = text[-1:].isspace() or (open_end and not text)
            if slot:
                open_end = False
            held.extend(piece)
        yield from held

    def _slot(self, slot: str, rng: random.Random, within: tuple[str, int] | None) -> Iterator[Said]:
        if slot == "named":
            yield from self._expand(self._named(rng), rng, within)
            return
        if slot in self._rules:
            yield from self._expand(rng.choice(self._rules[slot]), rng, within)
            return
        label, entity = within or (None, 0)
        for word in self._words(slot, rng).split():
            yield Said(word, label, entity)

    def _words(self, slot: str, rng: random.Random) -> str:
        names = self._names
        if slot == "first":
            return names.first(rng).title()
        if slot == "last":
            return names.last(rng).title()
        if slot == "name":
            return names.full(rng).title()
        if slot == "city":
            return names.city(rng).title()
        if slot == "spelled":
            return rng.choice((" ", "-", " ", ". ")).join(names.last(rng).replace(" ", "").upper()[:10])
        if slot == "spelledas":
            return " ".join(f"{c} as in {names.first(rng)}" for c in names.last(rng)[:3])
        if slot == "letter":
            return rng.choice("abcdefghijklmnoprstuvwyz").upper()
        if slot == "drug":
            kind = rng.random()
            if kind < 0.12:
                return invented(rng) + rng.choice(
                    ("in", "ol", "ine", "ide", "pam", "pril", "artan", "statin", "mab", "cillin", "zole")
                )
            return rng.choice(self._usual_drugs if kind < 0.6 else self._drugs)
        if slot == "cond":
            return rng.choice(self._usual_conditions if rng.random() < 0.7 else self._conditions)
        if slot == "prose":
            return rng.choice(self._prose)
        if slot == "phone":
            return number(rng, rng.choice((7, 10, 10, 10)))
        if slot == "num2":
            return said_number(rng.randrange(2, 99), rng)
        if slot == "num1":
            return said_number(rng.randrange(1, 9), rng)
        if slot == "house":
            return number(rng, rng.choice((2, 3, 4)))
        if slot == "zip":
            return number(rng, 5)
        if slot == "code":
            return rng.choice("ABCMQX") + number(rng, 6)
        if slot == "time":
            return rng.choice(
                (
                    f"{rng.randrange(1, 12)}:{rng.choice(('00', '15', '30', '45'))}",
                    (
                        f"{said_number(rng.randrange(1, 12), rng)} "
                        f"{rng.choice(('thirty', 'fifteen', 'o clock', 'pm', 'a.m.'))}"
                    ),
                )
            )
        if slot == "date":
            month = rng.choice(self._rules["month"])
            return rng.choice(
                (
                    f"{month} {said_number(rng.randrange(1, 30), rng)} {said_number(rng.randrange(40, 99), rng)}",
                    f"{rng.randrange(1, 12)}/{rng.randrange(1, 28)}/{rng.randrange(1930, 2020)}",
                    number(rng, 6),
                    f"the {rng.choice(self._rules['ordinal'])} of {month}",
                )
            )
        if slot == "email":
            return (
                f"{names.first(rng)}{rng.choice((' dot ', '.', ' '))}{names.last(rng).split()[-1]} at "
                f"{rng.choice(('gmail', 'yahoo', 'aol'))} dot com"
            )
        raise KeyError(slot)


def said_number(value: int, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return str(value)
    if value < 10:
        return DIGITS[value]
    if value < 20:
        return TEENS[value - 10]
    return TENS[value // 10 - 2] + (f" {DIGITS[value % 10]}" if value % 10 else "")


def number(rng: random.Random, length: int) -> str:
    figures = [rng.randrange(10) for _ in range(length)]
    if rng.random() < 0.5:
        joined = "".join(map(str, figures))
        return f"{joined[:3]}-{joined[3:6]}-{joined[6:]}".strip("-") if length >= 7 else joined
    return " ".join("oh" if f == 0 and rng.random() < 0.6 else DIGITS[f] for f in figures)


def misheard(word: str, rng: random.Random) -> str:
    """A spelling that sounds much the same."""
    low = word.lower()
    for _ in range(4):
        old, new = rng.choice(SOUNDS)
        at = low.find(old, 1)
        if at > 0:
            return word[:at] + new + word[at + len(old) :]
    return word


def with_errors(
    said: list[Said], rng: random.Random, rate: float, other_word: Callable[[random.Random], str]
) -> list[Said]:
    """Mishear, split, merge, drop and repeat about a share `rate` of the words; entities keep their label."""
    out: list[Said] = []
    skip = False
    for at, word in enumerate(said):
        if skip:
            skip = False
            continue
        following = said[at + 1] if at + 1 < len(said) else None
        if rng.random() >= rate or any(c.isdigit() for c in word.text):
            out.append(word)
            continue
        kind, core = rng.random(), re.sub(r"\W+$", "", word.text)
        tail = word.text[len(core) :]
        if word.label is None and core.lower() in SOUNDS_LIKE and kind < 0.4:
            out.extend(Said(w, None, 0) for w in (SOUNDS_LIKE[core.lower()] + tail).split())
        elif kind < 0.5 and (word.label or len(core) > 5):
            out.append(Said(misheard(core, rng) + tail, word.label, word.entity))
        elif kind < 0.62 and len(core) > 6:
            cut = next(
                (len(core) - len(e) for e in ENDINGS if core.lower().endswith(e)), rng.randrange(3, len(core) - 2)
            )
            out.extend((Said(core[:cut], word.label, word.entity), Said(core[cut:] + tail, word.label, word.entity)))
        elif (
            0.6 < kind < 0.63
            and following
            and not tail
            and following.label == word.label
            and following.entity == word.entity
        ):
            out.append(Said(core + following.text.lower(), word.label, word.entity))
            skip = True
        elif 0.63 < kind < 0.75 and word.label is None:
            out.append(Said(other_word(rng) + tail, None, 0))
        elif 0.75 < kind < 0.8 and word.label is None:
            continue  # dropped
        elif kind < 0.9:
            out.extend(
                (word, Said(rng.choice(FILLERS), None, 0))
                if following is None or following.entity != word.entity or not word.entity
                else (word,)
            )
        else:
            out.extend((Said(core, word.label, word.entity), word))  # restarted
    return out


STYLES = {"lower": 0.48, "mixed": 0.26, "unpunctuated": 0.08, "lower punctuated": 0.1, "upper": 0.08}


def styled(said: list[Said], style: str, rng: random.Random) -> tuple[str, list[tuple[int, int, str]]]:
    """(text, [(start, end, label)]) in one of STYLES."""
    text, spans = "", []
    last = 0
    apart = rng.random() < 0.3  # "name ," as some corpora write it
    for word in said:
        shown = word.text
        if style in {"lower", "unpunctuated"}:
            shown = re.sub(r"[.,?!;:]+$", "", shown) if not re.fullmatch(r"(?:[A-Za-z]\.)+", shown) else shown
        if style.startswith("lower"):
            shown = shown.lower()
        elif style == "upper":
            shown = shown.upper()
        if not shown:
            continue
        text += " " if text else ""
        start = len(text)
        core = re.sub(r"[.,?!;:]+$", "", shown)
        end = start + len(core)
        if apart and style == "lower punctuated" and core != shown:
            shown = f"{core} {shown[len(core) :]}"
        text += shown
        if word.label and core and word.label != "None":
            # the possessive stays outside
            possessive = re.search(r"['\u2019]s$", core, re.IGNORECASE)
            if possessive:
                end -= 2
            if spans and word.entity == last and spans[-1][2] == word.label:
                spans[-1] = (spans[-1][0], end, word.label)
            else:
                spans.append((start, end, word.label))
            last = word.entity
        elif not word.label:
            last = 0
    return text, spans
