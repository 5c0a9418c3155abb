"""Common forms without a cue, repeated values, and texts without identifiers."""

from __future__ import annotations

import random
import re
import sys

import pytest

from redactor.phi import Detector, build_detector
from redactor.phi.recognizers.cued import CuedValue
from redactor.phi.registry import identifiers

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser


@pytest.fixture(scope="module")
def patterns() -> Detector:
    return build_detector(ner="none")


@pytest.mark.parametrize(
    "marked",
    [
        "nací [el catorce de marzo]",
        "fecha de nacimiento [marzo catorce del sesenta y dos]",
        "[el veintiuno de mayo de mil novecientos ochenta y cinco]",
        "born on [twenty seven de marzo]",
        "my birthday is [1967 June 30]",
        "out sick [the sixth and seventh of march]",
        "i'm tibbets [nine nine thirty eight] thanks",
        "his birthday is [april fools nineteen seventy one]",
        "a scan booked on [22/08] at noon",
        "i gave the number [4 1 1 9] instead of my name",
        "the confirmation they gave me was [tango seven four bravo two]",
        "the docket is [two three dash c r dash five oh oh six]",
        "reach the lab at [ext 5 5 1 4]",
        "call [617 555 0124], extension [3]",
        "our patient is wandering near [Tenth and Maple]",
        "i'm at [slip nine pelican cove marina]",
        "deliver it to [route two box one forty seven]",
        "mail it to p o box nine in [tioga]",
        "bring it to [west one oh fifth]",
        "we live out past the tower near [yelm]",
        "she lives at [5 Paseo del Sol]",
        "he's gonna be [ninety four] if he makes it",
        "for her [ninetieth] birthday",
        "email me [christian the great two thousand and one at yahoo dot com]",
        "it's in the chart of [d'andre]",
        "about the [okafor] twins",
        "about [april's] mammogram",
        "yeah [grace] this is mark over at the pharmacy",
        "the mother of [okonjo]",
        "for [goodson] that is [g o o d s o n]",
        # said again: spelled, in other groups, corrected
        "my name is [pelquist] that is [p e l q u i s t] and [pelquist] again",
        "claim number [four four one seven two] i repeat [44 17 2]",
        "claim number [four four one seven two no wait seven three] so again [44173]",
    ],
)
def test_everything_marked_is_covered(patterns: Detector, marked: str) -> None:
    text = re.sub(r"[\[\]]", "", marked)
    covered = {at for f in patterns.detect(text) for at in range(f.start, f.end)}
    at = 0
    for piece in re.split(r"(\[[^\]]*\])", marked):
        if piece.startswith("["):
            assert all(at + n in covered for n, c in enumerate(piece[1:-1]) if c.isalnum()), piece
            at -= 2
        at += len(piece)


@pytest.mark.parametrize(
    "text",
    [
        "i take five hundred milligrams twice a day",
        "spin it at 3200 rpm for 10 minutes",
        "we close at five fifteen and open at seven thirty",
        "i've been a patient since nineteen ninety eight",
        "there were one hundred twenty people",
        "the psa has gone from 2.1 to 6.8",
        "i like mayo on it and the march was long",
        "count one two three four and breathe",
        "i am breastfeeding so no",
        "msg0001",
        "this is message 0012",
    ],
)
def test_talk_without_identifiers(patterns: Detector, text: str) -> None:
    assert [f.label for f in patterns.detect(text) if f.label not in {"MEDICATION", "LAB_RESULT", "CONDITION"}] == []


def _example(parsed: object, rnd: random.Random) -> str:
    """Any string that a cue's regular expression matches, with letters where there is a choice."""
    out = ""
    for kind, value in parsed:  # type: ignore[attr-defined]
        name = str(kind)
        if name == "LITERAL":
            out += chr(value)
        elif name == "IN":
            choices = [chr(v) for k, v in value if str(k) == "LITERAL"]
            out += rnd.choice(choices) if choices else ("e" if "WORD" in str(value) else " ")
        elif name == "BRANCH":
            out += _example(rnd.choice(value[1]), rnd)
        elif name == "SUBPATTERN":
            out += _example(value[3], rnd)
        elif name in {"MAX_REPEAT", "MIN_REPEAT"}:
            low, high, inner = value
            out += "".join(_example(inner, rnd) for _ in range(rnd.randint(low, min(high, low + 1))))
    return out


@pytest.mark.parametrize("recognizer", [r for r in identifiers() if isinstance(r, CuedValue)], ids=lambda r: r.name)
def test_every_cue_holds_one_of_its_words(recognizer: CuedValue) -> None:
    rnd, parsed = random.Random(1), parser.parse(recognizer.cue)
    for _ in range(600):
        cue = _example(parsed, rnd)
        if "expire" not in cue or cue == "expire":
            assert recognizer.cue_words & set(re.findall(r"[a-z]+", cue)), cue
