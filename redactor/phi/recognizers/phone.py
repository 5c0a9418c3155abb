"""Telephone and fax numbers of the North American Numbering Plan, as dictated.

Format: NPA-NXX-XXXX, ten digits; eleven with the leading 1, seven for a local number, any number more for an extension
(https://www.nanpa.com/; 45 CFR 164.514(b)(2)(i)(D) and (E)). Speakers group them as they like, correct themselves and
repeat them, and recognition regroups them again, so digits are counted over a whole run, whatever stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.number import UNIT
from redactor.phi.recognizers.runs import bridged, digit_runs, digits
from redactor.phi.spoken import CORRECTION, WrittenForm

_CUE = re.compile(
    r"\b(?:call(?:ed|ing)?|call ?back|phone|telephone|cell|mobile|fax|number(?:'s)?|reach|text|dial|line|contact|ring|"
    r"tel|at home|at work|landline|voice ?mail|toll free|pager|beeper|hot ?line|direct)\b",
    re.IGNORECASE,
)
_ID_CUE = re.compile(
    r"\b(?:social|ssn|member|policy|group|account|acct|claim|record|mrn|chart|license|licence|serial|plate|vin|"
    r"prescription|rx|r x|card|invoice|case|confirmation|reference|id|i d|npi|birth|dob|born|birthday|"
    r"zip)\b[^\d]{0,40}$",
    re.IGNORECASE,
)
_AREA = re.compile(r"\barea codes?(?: is| of|:)?\s+(?P<area>\(?\d(?:\s*[-,]?\s*\d){2}\)?)", re.IGNORECASE)
_EXTENSION = re.compile(
    rf"[\s,.]*(?:and )?(?:at |then )?(?:(?:ext(?:ension)?\.?|x)\s*(?:number |is |# ?)?(?=\d)|(?:option|press|enter)\s*"
    rf"(?=\d[\s,-]*\d))(?P<value>\d(?:[\s,-]*\d){{0,4}}(?: {CORRECTION} [\d ]+)?)",
    re.IGNORECASE,
)
_EXTENSION_ALONE = re.compile(
    r"\b(?:ext(?:ension)?\b\.?|page me(?: at)?|pager(?: number)?|bleep(?: number)?|beeper(?: number)?)(?: number| is|,|"
    r":|#| at)*\s+(?P<value>\d(?:[\s,-]*\d){1,5})(?!\d)",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"\(?\d{3}\)?[-. /,]{1,2}\d{3}[-. ,]{1,2}\d{4}$|\d{3}[-.]\d{4}$")
_INTERRUPTED = re.compile(
    r"[\s,.-]+(?:(?:no|wait|hang on|hold on|sorry|scratch|oops|hmm|shoot|i mean|let me|that's|that is|this is|"
    r"not)\b[\s,]*)+(?:[a-z']+[\s,.]+){0,8}?(?P<rest>\(?\d(?:[\s,.()-]{0,3}\d){3,12})",
    re.IGNORECASE,
)
"""Between two pieces of a number that the speaker interrupts: "303 55, sorry, my old line, 720 …"."""
_DIRECT = re.compile(
    r"\b(?:(?:call|reach|text|ring|phone|contact|dial|page)(?: (?:me|us|him|her|them))?(?: back)?|me|us|"
    r"(?:(?:phone|cell|mobile|fax|home|work|call ?back) )?number(?: here| there| again)?)(?: at| on| is|'s)[\s,:]*$",
    re.IGNORECASE,
)
"""Right before a number: what follows is one, even if little of it was recognised."""
_CLOCK = re.compile(r"\s*(?:a\.? ?m\b|p\.? ?m\b|o'?clock|in the (?:morning|afternoon|evening)|over \d)", re.IGNORECASE)
_PIECES = 40  # characters from one recognised piece of a number to the next
_MEASURE = re.compile(r"\s*(?:mg|milligrams?|ml|percent|%|dollars?|units?|degrees|pounds)\b", re.IGNORECASE)


_OTHER_END = re.compile(
    r"\b(?:not|instead of|rather than|it's|that's|ends? (?:in|with)|ending(?: in)?|last (?:four|4|two|"
    r"2)(?: digits)?(?: are| is)?|the end is|same (?:area code|exchange|prefix|beginning|start|first \w+)(?:,? (?:but|"
    r"and|then))?|or)[\s,]+"
    r"(?P<value>\d(?:[\s-]?\d){1,3})(?![\d:/]|\.\d|[\s-]\d)",
    re.IGNORECASE,
)
"""The end of a number, said again in another way: "that's 0147, not 0174"."""
_END_REACH = 70


def _corrected_ends(text: str) -> Iterator[tuple[int, int]]:
    for match in _OTHER_END.finditer(text):
        start, end = match.span("value")
        if _CLOCK.match(text, end) or _MEASURE.match(text, end) or UNIT.match(text, end):
            continue
        before = [
            run for run in digit_runs(text[max(0, start - _END_REACH) : match.start()]) if len(digits(run.group())) >= 7
        ]
        if before:
            yield start, end


class PhoneRecognizer(SpokenRecognizer):
    """Counts digits: 7, 10 or 11 are a number; near a cue word any 5 to 25."""

    label = "PHONE_NUMBER"

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        for run in digit_runs(text):
            score, name = self._score(text, run.start(), run.end(), run.group())
            whole = self._broken(text, run.start(), run.end(), len(digits(run.group())))
            if whole > run.end():
                yield *form.to_original(run.start(), whole), 0.6, "broken number"
            broken_off = self._broken_off(text, run.start(), run.end(), len(digits(run.group())))
            if broken_off > run.end():
                yield *form.to_original(run.start(), broken_off), 0.6, "broken off"
            for start, end in self._pieces(text, run.start(), run.end(), len(digits(run.group()))):
                yield *form.to_original(start, end), 0.5, "piece of a number"
            if score <= 0:
                continue
            yield *form.to_original(*run.span()), score, name
            extension = _EXTENSION.match(text, run.end())
            if extension:
                yield *form.to_original(*extension.span("value")), score, "extension"
        for alone in _EXTENSION_ALONE.finditer(text):
            yield *form.to_original(*alone.span("value")), 0.7, "extension"
        for other in _corrected_ends(text):
            yield *form.to_original(*other), 0.5, "other end"
        for area in _AREA.finditer(text):
            yield *form.to_original(*area.span("area")), 0.8, "area code"

    @staticmethod
    def _pieces(text: str, start: int, end: int, count: int) -> Iterator[tuple[int, int]]:
        """The recognised parts of a number that is announced right before `start`: its first digits, and those soon
        after.
        """
        if count not in {3, 4, 5, 6, 8, 9} or not _DIRECT.search(text[max(0, start - 40) : start]):
            return
        if ":" in text[start:end] or _CLOCK.match(text, end) or _MEASURE.match(text, end):
            return
        yield start, end
        for run in digit_runs(text):
            if run.start() < end:
                continue
            count += len(digits(run.group()))
            if run.start() - end > _PIECES or count > 11:
                break
            yield run.span()
            end = run.end()

    @staticmethod
    def _broken(text: str, start: int, end: int, count: int) -> int:
        """Where a number near a cue ends when misheard words interrupt it; `end` if it does not go on."""
        if count in {7, 10, 11} or count > 11:
            return end
        more = bridged(text, end)
        if more is None:
            return end
        before = text[max(0, start - 60) : start]
        if not _CUE.search(before) or _ID_CUE.search(before):
            return end
        whole = end
        while more is not None and count + more[1] <= 12:
            whole, count = more[0], count + more[1]
            more = bridged(text, whole)
        return whole if count >= 6 else end

    @staticmethod
    def _broken_off(text: str, start: int, end: int, count: int) -> int:
        """Where the number ends that a speaker gives instead of, or in addition to, an interrupted one; `end` if there
        is none.
        """
        if not 3 <= count <= 10:
            return end
        more = _INTERRUPTED.match(text, end)
        if more is None or len(digits(more["rest"])) not in {4, 7, 10, 11}:
            return end
        before = text[max(0, start - 60) : start]
        return more.end("rest") if _CUE.search(before) and not _ID_CUE.search(before) else end

    @staticmethod
    def _score(text: str, start: int, end: int, run: str) -> tuple[float, str]:
        count = len(digits(run))
        if count < 5 or _MEASURE.match(text, end):
            return 0.0, ""
        before = text[max(0, start - 60) : start]
        if _ID_CUE.search(before):
            return (0.45, "long number") if count >= 7 else (0.0, "")
        cued = _CUE.search(before) is not None
        if CORRECTION in run and count >= 6:
            return (0.9 if cued else 0.6), "corrected number"
        if _GROUPED.search(run) and count in {7, 10, 11}:
            return 0.95, "written number"
        if count in {7, 10, 14, 20} or (count == 11 and digits(run)[0] == "1"):
            return (0.9 if cued else 0.7), f"{count} digits"
        if cued:
            return 0.6, "digits after a cue"
        return (0.5, "long number") if count >= 8 else (0.0, "")
