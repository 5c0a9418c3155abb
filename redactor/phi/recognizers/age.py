"""Ages over 89 (45 CFR 164.514(b)(2)(i)(C)): "ninety two", "94", "a hundred and two", "in her nineties".

A bare number is an age only after a person ("he's", "turned") and before no unit: "he's ninety percent better" is none.
"""

from __future__ import annotations

import re

from redactor.phi.recognizers.base import Candidate, PatternBase, Shape

_OLD = r"(?P<value>(?:a (?=1[0-2]\d(?!-)))?(?:9\d|1[0-2]\d)(?!\d))"
_NOT_AGE = re.compile(
    r"[\s-]*(?:percent|%|over|mg|milligrams?|mcg|ml|units?|degrees?|minutes?|min|hours?|days?|weeks?|months?|dollars?|bucks|pounds?|lbs?|"
    r"kilos?|kg|beats?|bpm|point|\.\d|miles?|times|by|and a half|cents|inches|feet|cc|proof|or so (?:minutes|days)|systolic|/|\d|,\s?\d|st\b|th\b|"
    r"to \d+ (?:percent|minutes|days|pounds))",
    re.IGNORECASE,
)


class AgeRecognizer(PatternBase):
    """Ages 90 to 129 said as ages. Younger ages are no identifiers."""

    label = "AGE"
    shapes = (
        Shape(
            "years old",
            r"\b(?P<value>(?:a (?=1[0-2]\d(?!-)))?(?:9\d|1[0-2]\d)[\s-]*(?:years?|yrs?|y)(?:[\s-]*(?:old|of age|young)|/?o\b))",
            0.95,
        ),
        Shape("aged", rf"\b(?:age[ds]?|age of|age is|age at)(?: is| was| of)?:?\s+{_OLD}", 0.85),
        Shape(
            "person is",
            r"\b(?:he|she|they|i|who|mother|father|mom|dad|grandmother|grandfather|grandma|grandpa|wife|husband|aunt|uncle|patient)"
            r"(?:'s|'m|'re|'d|'ll| is| am| are| was| turned| turns| just turned| will be| be| would| have| been| gonna| going to| she's| he's)+"
            rf"(?: now| about| almost| nearly| only| over| just| going on| already| turning| like| a(?! 1[0-2]\d))*\s+{_OLD}",
            0.7,
        ),
        Shape("turning", rf"\b(?:turn(?:ed|s|ing)?|going on|pushing)\s+{_OLD}", 0.75),
        Shape("at an age", rf"\bat {_OLD}(?=,? (?:he|she|i|they|my)\b)", 0.65),
        Shape("years young", rf"\b{_OLD}(?=\s+(?:and lives|and still|and living|and doing|years))", 0.6),
        Shape("birthday", r"\b(?P<value>(?:9\d|1[0-2]\d)(?:st|nd|rd|th))(?=\s+(?:birthday|year))", 0.8),
        Shape(
            "soon",
            rf"\b{_OLD}(?=,? (?:next|this|last|come) (?:week|month|year|january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|fall|winter)\b)",
            0.6,
        ),
        Shape("nineties", r"\bin (?:his|her|their|my) (?:early |mid |late |mid-)?(?P<value>nineties|90s|90's)", 0.7),
    )
    needs = r"9\d|1[0-2]\d|nineties"

    def judge(self, candidate: Candidate) -> float:
        if candidate.shape.name not in {"years old", "aged", "nineties"} and _NOT_AGE.match(
            candidate.text, candidate.end
        ):
            return 0.0
        return candidate.shape.score
