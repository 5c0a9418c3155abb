"""Figures that nothing harmless explains (45 CFR 164.514(b)(2)(i)(R)): "the 9's 1.9", "interpreter for 221".

Recognition garbles the words around a figure more often than the figure: what it belongs to ("creatinine", "February
21st", "room") is then lost, and no other recognizer finds it. In voicemail such a figure is nearly always a test's
value, a date, or a part of a number or of an address. Clock times, counts with a unit and short codes of services stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.recognizers.base import Candidate, NamedPattern, PatternBase
from redactor.phi.recognizers.number import UNIT
from redactor.phi.spoken import WrittenForm

_CLOCK = re.compile(r"(?:0?[1-9]|1[0-2])[.:]?[0-5]\d")
_BEFORE_CLOCK = re.compile(
    r"\b(?:at|until|till?|by|before|after|around|about|like|between|from|to|and|or|past|since|opens?|closes?|is|"
    r"today|tomorrow|tonight|morning|afternoon|evening|\w+day)\W*$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\s(?:of (?:us|them)|kids|copies|blocks?|inch(?:es)?)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SERVICE = frozenset("211 311 411 511 711 811 911 988".split())
_WRITTEN_SHORT = re.compile(r"\d+[xkds]|a1|b12|h1|n1|4h|w2|d3|3d|2d", re.IGNORECASE)
"""Multiples, thousands, degrees, decades, vitamins, viruses and other words that are written with a figure."""
SCORE, CLINICAL_SCORE = 0.45, 0.55
FEWEST_WORDS = 5
"""In a shorter text, as a file's name, a figure was not torn out of speech."""
REACH = 16  # characters around a figure that are searched for a unit or a clock time's cue


class _Unexplained(PatternBase):
    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        if len(_WORD.findall(form.original)) >= FEWEST_WORDS:
            yield from super().spans(form)

    def score_of(self, candidate: Candidate) -> float:
        figure = candidate.match.group()
        after = candidate.text[candidate.end : candidate.end + REACH]
        if figure in _SERVICE or UNIT.match(after) or _COUNTED.match(after) or _WRITTEN_SHORT.fullmatch(figure):
            return 0.0
        before = candidate.text[max(0, candidate.start - REACH) : candidate.start]
        if _CLOCK.fullmatch(figure) and _BEFORE_CLOCK.search(before):
            return 0.0
        return candidate.pattern.score


class FigureRecognizer(_Unexplained):
    """Figures of three and more digits, digits with a letter, and days that no month has."""

    label = "OTHER_ID"
    patterns = (
        NamedPattern("digits", r"(?<![\w.,$:/-])\d{3,}(?![\w%]|[.,:/-]\d)", SCORE, form="original"),
        NamedPattern("with a letter", r"(?<![\w'-])(?:[a-z]\d{1,4}|\d{1,4}[a-z])(?![\w'-])", SCORE, form="original"),
        NamedPattern("no such day", r"(?<![\w.,-])(?:3[2-9]|[4-9]\d)(?:st|nd|rd|th)\b", SCORE, form="original"),
    )
    needs = r"\d{3}|\d[a-z]|[a-z]\d"


class DecimalRecognizer(_Unexplained):
    """Decimals: values of tests."""

    label = "LAB_RESULT"
    patterns = (
        NamedPattern("decimal", r"(?<![\w.,$:/-])\d{1,3}\.\d{1,2}(?![\w%]|[.,:/-]\d)", CLINICAL_SCORE, form="original"),
    )
    needs = r"\d\.\d"
