"""Ages over 89 (45 CFR 164.514(b)(2)(i)(C)): "ninety two", "94", "a hundred and two", "in her nineties", and the years
of birth that reveal them.

A bare number is an age only after a person ("he's", "turned") and before no unit: "he's ninety percent better" is none.
Once a message has told such an age, every other number of that size in it is one too, unless something is measured with
it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from redactor.phi.recognizers.base import Candidate, NamedPattern, PatternBase
from redactor.phi.spoken import WrittenForm

YOUNGEST = 90
_PART = r"(?:(?: and)? (?:a half|a quarter|three quarters|1/2|3/4|3 quarters|something|odd|plus)|\+)?"
_ONE = r"(?:a (?=1[0-2]\d(?!-)))?(?:9\d|1[0-2]\d)(?!\d)"
_OLD = rf"(?P<value>{_ONE}{_PART}(?:(?:,? or| going on|, maybe| to) {_ONE})?)"
_NOT_AGE = re.compile(
    r"[\s-]*(?:percent|%|over|mg|milligrams?|mcg|ml|units?|degrees?|minutes?|min|hours?|days?|weeks?|months?|dollars?|"
    r"bucks|pounds?|lbs?|kilos?|kg|beats?|bpm|point|\.\d|miles?|times|by|and a half (?:hours|days|miles|pounds)|"
    r"cents|inches|feet|cc|proof|or so (?:minutes|days)|systolic|/|\d|,\s?\d|st\b|th\b|to \d+ (?:percent|minutes|"
    r"days|pounds)|(?:north|south|east|west|street|avenue|road|drive|lane|calories|steps|pills?|tablets?|carbs|"
    r"puffs)\b)",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"(?:\d[\s,./-]*|[$#]|\b(?:oxygen|sats?|saturation|sugars?|glucose|pressure|pulse|rate|temp\w*|fever|weigh\w*|"
    r"weight|room|apartment|apt|unit|suite|box|number|route|highway|extension|option|press|over|under|above|below|"
    r"every|by|reading|level|count|score|diastolic|bottom|top)(?: (?:is|was|of|at|to|number|hit|around|about|been|"
    r"down|up))*\s+)$",
    re.IGNORECASE,
)
_BORN = re.compile(
    r"\b(?:born|birth(?: ?day| ?date| year)?|dob)\b(?:,? (?:was|is|back|way|on|in|the|year|of|it's|around|about|they|"
    r"say))*,? (?P<value>1[89]\d\d|['\u2019]?[2-9]\d)(?![\d/,-]|\s\d)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?<![\d$#/.,:-]){_OLD}")


class AgeRecognizer(PatternBase):
    """Ages 90 to 129. Younger ages are not identifiers."""

    label = "AGE"
    patterns = (
        NamedPattern(
            "years old",
            r"\b(?P<value>(?:a (?=1[0-2]\d(?!-)))?(?:9\d|1[0-2]\d)(?:(?: and)? (?:a half|1/2))?[\s-]*(?:years?|yrs?|"
            r"y)(?:[\s-]*(?:old|of age|young)|/?o\b))",
            0.95,
        ),
        NamedPattern("aged", rf"\b(?:age[ds]?|age of|age is|age at)(?: is| was| of)?:?\s+{_OLD}", 0.85),
        NamedPattern(
            "person is",
            r"\b(?:he|she|they|i|who|mother|father|mom|mama|mum|dad|daddy|grandmother|grandfather|grandma|"
            r"grandpa|granddad|grandad|gran|granny|nana|papa|pop|pops|neighbor|client|resident|gentleman|fella|"
            r"wife|husband|aunt|uncle|patient|lady|man|woman|sister|brother)"
            r"(?:'s|'m|'re|'d|'ll| is| am| are| was| turned| turns| hit| made| reached| just turned| will be| "
            r"be| would| have| been| gonna| going to| she's| he's)+"
            rf"(?: now| about| almost| nearly| only| over| just| going on| already| turning| like| all of| "
            rf"every bit of| the big| a(?! 1[0-2]\d))*\s+{_OLD}",
            0.7,
        ),
        NamedPattern(
            "turning",
            rf"\b(?:turn(?:ed|s|ing)?|liv(?:ed|es?|ing) to(?: be)?|lasted to|going on|pushing|nearing|approaching|"
            rf"celebrat\w+ (?:his|her|my|their)|the big) {_OLD}",
            0.75,
        ),
        NamedPattern(
            "praised",
            rf"\b(?:spry|ripe|feisty|sharp|healthy|hearty|grand)(?:,? (?:old|young))?(?: age of)? {_OLD}",
            0.75,
        ),
        NamedPattern("at an age", rf"\bat {_OLD}(?=,? (?:he|she|i|they|my|you)\b|[.!?]|$)", 0.65),
        NamedPattern(
            "years young",
            rf"\b{_OLD}(?=\s+(?:and lives|and still|and living|and doing|and sharp|and a half\b(?! "
            rf"(?:hours|days))|years))",
            0.6,
        ),
        NamedPattern("set apart", rf"(?<=[a-z], ){_OLD}(?=, (?!\d))", 0.5),
        NamedPattern("birthday", r"\b(?P<value>(?:9\d|1[0-2]\d)(?:st|nd|rd|th))(?=\s+(?:birthday|year))", 0.8),
        NamedPattern(
            "soon",
            rf"\b{_OLD}(?=,? (?:(?:next|this|last|come|in) "
            rf"(?:week|month|year|january|february|march|april|may|june|july|august|september|october|november|"
            rf"december|spring|summer|fall|winter)|on "
            rf"(?:my|his|her|their) birthday)\b)",
            0.6,
        ),
        NamedPattern(
            "nineties",
            r"\bin (?:his|her|their|my) (?P<value>(?:very )?(?:(?:early|mid|middle|late|upper|high)[ -]+)?(?:nineties|"
            r"90s|90's))",
            0.7,
        ),
        NamedPattern("a word for it", r"\b(?P<value>nonagenarian|centenarian)\b", 0.7),
    )
    needs = r"9\d|1[0-2]\d|nineties|enarian|\bborn\b|\bbirth|\bdob\b"

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        if self._needs is not None and not self._needs.search(form.text):
            return
        found = list(super().spans(form))
        for match in _BORN.finditer(form.text):
            said = match["value"].lstrip("'\u2019")
            if _is_ninety(said, dt.datetime.now(tz=dt.timezone.utc).year):
                found.append((*form.to_original(*match.span("value")), 0.7, "year of birth"))
        yield from found
        if not found:
            return
        for match in _BARE.finditer(form.text):
            if not (
                _NOT_AGE.match(form.text, match.end())
                or _MEASURED.search(form.text, max(0, match.start() - 40), match.start())
            ):
                yield *form.to_original(*match.span("value")), 0.5, "another age"

    def score_of(self, candidate: Candidate) -> float:
        if candidate.pattern.name not in {"years old", "aged", "nineties", "a word for it"} and _NOT_AGE.match(
            candidate.text, candidate.end
        ):
            return 0.0
        return candidate.pattern.score


def _is_ninety(said: str, now: int) -> bool:
    """Whether a year of birth, of four figures or two, means an age of ninety: "28" was in the last century, "12" may
    have been in this one.
    """
    latest = now - YOUNGEST
    return int(said) <= latest if len(said) == 4 else now % 100 < int(said) <= latest % 100
