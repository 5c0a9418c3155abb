"""A compositional grammar: rules of patterns.toml, `(a|b|)` alternatives, `{slot}` for another rule or a value.

In every group of four or more alternatives about 11 % are held out for the test, by hash of the alternative's text.
"""

import random
import re
import zlib
from dataclasses import dataclass

HELD_PERCENT = 11
SMALLEST_GROUP = 4  # in smaller groups nothing is held out
HELD_USE = 0.45  # a test text takes a held-out alternative this often where there is one

PLURAL = "results|records|keys|vitamins|stitches"
SINGULAR = (
    "appointment|visit|surgery|balance|test|payment|form|bill|scan|report|panel|biopsy|study|ultrasound|physical|order"
)
AN = (
    "appointment|invoice|insurance|authorization|order|x ray|ultrasound|endoscopy|eye|allergy|echocardiogram|infusion|"
    "estimate|email|apartment|issue|operator|emergency"
)
AGREEMENT = [
    (r"\b(I|[Ww]e|[Tt]hey|[Yy]ou) (need|want|take)s\b", r"\1 \2"),
    (r"\b(I|[Ww]e|[Tt]hey|[Yy]ou) has\b", r"\1 have"),
    (r"\b([Hh]e|[Ss]he) take\b", r"\1 takes"),
    (r"\b([Hh]e|[Ss]he) am\b", r"\1 is"),
    (r"\bI is\b", "I am"),
    (r"\b([Hh]e|[Ss]he) (arrive|leave|close|open|land|start) ", r"\1 \2s "),
    (r"\b([Hh]e|[Ss]he) finish ", r"\1 finishes "),
    (rf"\b({PLURAL}) is\b", r"\1 are"),
    (rf"\b({PLURAL}) was\b", r"\1 were"),
    (rf"\b({PLURAL}) has\b", r"\1 have"),
    (rf"\b({SINGULAR}) are\b", r"\1 is"),
    (rf"\b({SINGULAR}) were\b", r"\1 was"),
    (rf"\b([Aa]) ({AN})\b", r"\1n \2"),
    (rf"\b(a|another) ({PLURAL}|paperwork|blood work)\b", r"some \2"),
]


@dataclass(frozen=True)
class Slot:
    name: str


@dataclass(frozen=True)
class Choice:
    options: tuple["Sequence", ...]
    raw: tuple[str, ...]


Sequence = tuple["str | Slot | Choice", ...]


def held_out(alternative: str) -> bool:
    return len(alternative) > 2 and zlib.crc32(b"g" + alternative.encode()) % 100 < HELD_PERCENT


def parse(text: str) -> Sequence:
    """Pattern text → nested sequence."""
    sequence, end = _parse(text, 0)
    if end != len(text):
        raise ValueError(f"unbalanced pattern: {text}")
    return sequence


def _parse(text: str, i: int) -> tuple[Sequence, int]:
    out: list[str | Slot | Choice] = []
    plain = ""
    while i < len(text) and text[i] not in "|)":
        if text[i] == "(":
            options, raw = [], []
            while text[i] != ")":
                begin = i + 1
                option, i = _parse(text, begin)
                options.append(option)
                raw.append(text[begin:i])
            out += [plain, Choice(tuple(options), tuple(raw))]
            plain = ""
        elif text[i] == "{":
            close = text.index("}", i)
            out += [plain, Slot(text[i + 1 : close])]
            plain, i = "", close
        else:
            plain += text[i]
        i += 1
    return tuple(x for x in (*out, plain) if x != ""), i


def agree(text: str) -> str:
    """Mend what free combination breaks: "she take", "a appointment", "results is"."""
    for pattern, replacement in AGREEMENT:
        text = re.sub(pattern, replacement, text)
    return text


class Grammar:
    """Expands rules to text whose only slots left are values (names, numbers, lists), for `Writer` to fill."""

    def __init__(self, patterns: dict[str, list[str]]) -> None:
        self._rules = {k: Choice(tuple(parse(a) for a in v), tuple(v)) for k, v in patterns.items()}
        self.held_used = 0

    def sentences(self, rule: str, rng: random.Random, *, held: bool = False) -> list[str]:
        """One expansion of a rule, cut into sentences."""
        text = re.sub(r"\s+", " ", self._expand((Slot(rule),), rng, held=held)).strip()
        text = re.sub(r"\s+([.,?!])", r"\1", text)
        text = agree(re.sub(r"([.,?])[.,]+", r"\1", text))
        return [s for s in re.split(r"(?<=[.?!])\s+", text) if s]

    def _expand(self, sequence: Sequence, rng: random.Random, *, held: bool) -> str:
        out = ""
        for node in sequence:
            if isinstance(node, str):
                out += node
            elif isinstance(node, Choice):
                out += self._expand(self._choose(node, rng, held=held), rng, held=held)
            elif node.name.lower() not in self._rules:
                out += "{" + node.name + "}"
            else:
                text = self._expand(self._choose(self._rules[node.name.lower()], rng, held=held), rng, held=held)
                out += text[:1].upper() + text[1:] if node.name[0].isupper() else text
        return out

    def _choose(self, choice: Choice, rng: random.Random, *, held: bool) -> Sequence:
        kept, spare = [], []
        for option, raw in zip(choice.options, choice.raw, strict=True):
            (spare if len(choice.raw) >= SMALLEST_GROUP and held_out(raw) else kept).append(option)
        if spare and held and rng.random() < HELD_USE:
            self.held_used += 1
            return rng.choice(spare)
        return rng.choice(kept or spare)
