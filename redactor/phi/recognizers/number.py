"""Numbers without a cue: whatever is dictated figure by figure, long numbers and codes (fail closed).

Four figures said one by one, or letters with figures, are taken for a number that identifies someone or something (45
CFR 164.514(b)(2)(i)(R)). Common numbers are left out: years, times, amounts, doses, readings, counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.name_cues import NOT_SPELLED
from redactor.phi.recognizers.runs import JOINT, digit_runs, digits
from redactor.phi.spoken import WrittenForm

UNIT = re.compile(
    r"[\s-]*(?:mg|milli\w+|mcg|micro\w+|grams?|ml|cc|units?|iu|percent|%|dollars?|bucks|cents|degrees?|pounds?|lbs?|"
    r"kilos?|kg|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|times?|calories|steps|miles?|feet|foot|"
    r"inch(?:es)?|people|pills?|tablets?|a\.?\s?m\b|p\.?\s?m\b|o'?clock|over\b|hundred|thousand|million|beats|bpm|"
    r"pages?|square|watts?|volts?|rpm|something|or so|k\b|[.:]\d|,\d{3})",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?:[$\u00a3\u20ac]|\b(?:about|around|over|under|roughly|nearly|almost|maybe|owe[ds]?|paid|pay|paying|charged?|"
    r"costs?|worth|balance(?: of| is)?|total(?: of| is)?|bill (?:for|of)|was|than|up to|every|count (?:of|was|is)|"
    r"counted|pressure|ratio|score|level|reading|sugar))\s*$",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    r"(?:msg|message|recording|rec|file|track|part|voicemail|vm|page|chapter|step)[\s_#.-]*(?:number\s+)?$",
    re.IGNORECASE,
)
"""Before a number that enumerates things: "msg0001"."""
_CLOCK = re.compile(r"\b(?:at|by|until|till?|before|after|around|from|to|between)\s*$", re.IGNORECASE)
_YEAR = re.compile(r"1[89]\d\d|20[0-3]\d")
_GROUP = re.compile(r"\d+")
_COUNTED = ("1234", "12345", "123", "4321", "54321", "12345678910")
_NO_PART = (
    "mrn rx ssn dob pls plz til no num ext apt ste tel ph fax acct ref covid iv bp hr mg psa tsh bmi ldl hdl inr hpv"
).split()
"""Abbreviations before a number, and of measures: not part of a code."""
_NO_CODE = "|".join(_NO_PART)
_LETTERS = r"(?:[b-hj-z]|[a-z]{2,5}(?=[\s-]*\d))"
_CODE = re.compile(
    rf"(?<![\w.@/'-])(?:{_LETTERS}[\s-]*)?(?:{_LETTERS}[\s-]*)?(?:{_LETTERS}[\s-]*)?\d[a-z\d]*(?:{JOINT}(?:\d[a-z\d]*|"
    rf"[b-hj-z](?![a-z'])|(?!(?:{_NO_CODE})\b)[bcdfghjklmnpqrstvwxz]{{2,4}}(?=[\s-]*\d)))*",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"(?<![\w-])(?=[A-Z -]{0,5}\d)(?:[A-Z]{1,3}[ -]?\d{2,4}|\d{1,4}[ -]?[A-Z]{1,3}|[A-Z]\d{2,3})[ -](?:[A-Z]{2,4}|"
    r"\d{2,4})(?![\w-])"
)
"""Written in capitals, as on a plate: "Q83 WLK". """
_WORD = re.compile(r"[a-z]{2,}", re.IGNORECASE)
_BLANK = re.compile(r"[\s-]*")
_READING = re.compile(r"(?<!\d)\d{1,2}\.\d(?!\d)")
_DECIMAL = re.compile(r"\d\.\d")
SCORE = 0.45


class NumberRecognizer(SpokenRecognizer):
    """Four figures and more said one by one, five and more in any grouping, letters with three figures."""

    label = "OTHER_ID"

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        for run in digit_runs(text):
            if self._identifies(text, run.start(), run.end()):
                yield *form.to_original(*run.span()), SCORE, "figures"
        for code in _CODE.finditer(text):
            start = self._after_words(code)
            figure = next(at for at in range(start, code.end()) if text[at].isdigit())
            said = text[start : code.end()].lower()
            if (
                any(c.isalpha() for c in said)
                and len(digits(said)) >= 3
                and not _DECIMAL.search(said)
                and not UNIT.match(text, code.end())
                and not _COUNTER.search(text, max(0, figure - 24), figure)
            ):
                yield *form.to_original(start, code.end()), SCORE, "letters and figures"

        for plate in _PLATE.finditer(text):
            said = plate.group()
            parts = re.findall(r"[A-Z]+", said)
            if parts and len(digits(said)) >= 2 and not any(part.lower() in NOT_SPELLED for part in parts):
                yield *form.to_original(*plate.span()), SCORE, "plate"

    @staticmethod
    def _measured(text: str, start: int, end: int) -> bool:
        return UNIT.match(text, end) is not None or _AMOUNT.search(text, max(0, start - 16), start) is not None

    def _identifies(self, text: str, start: int, end: int) -> bool:
        run = text[start:end]
        figures = digits(run)
        if (
            len(figures) < 4
            or figures in _COUNTED
            or (len(figures) == 4 and _COUNTER.search(text, max(0, start - 24), start))
            or _READING.search(run)
            or self._measured(text, start, end)
        ):
            return False
        groups = _GROUP.findall(run)
        if len(figures) == 4 and figures[0] == "0" and len(groups) > 1 and "." not in run:
            return True  # the end of a number: nothing else is said as "oh one fifty three"
        if any(_YEAR.fullmatch(group) for group in groups) and len(figures) < 9:
            return False
        if len(groups) == 1:
            clock = len(figures) == 4 and int(figures[:2]) < 24 and int(figures[2:]) < 60 and figures[3] in "05"
            return not (clock and _CLOCK.search(text, max(0, start - 10), start))
        apart = re.search(r"[.,;?!]\s", run) is not None
        singles = sum(len(group) == 1 for group in groups)
        return (
            len(figures) >= 7
            or singles >= 4
            or (not apart and len(figures) >= 5 and (singles > 1 or max(map(len, groups)) > 2))
        )

    @staticmethod
    def _after_words(code: re.Match[str]) -> int:
        """Where a code begins: an everyday word before its figures is not part of it ("of 4417")."""
        start = code.start()
        while first := _WORD.match(code.string, start, code.end()):
            low = first.group().lower()
            if low not in _NO_PART and (
                first.group().isupper() or not (low in words("common_words") or low in words("function_words"))
            ):
                break
            rest = _BLANK.match(code.string, first.end(), code.end())
            start = rest.end() if rest else first.end()
        return start
