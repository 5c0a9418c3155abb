"""Shared by the number recognizers: runs of digits in any grouping, and values that mix letters and figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.name_cues import FUNCTION
from redactor.phi.spoken import CORRECTION
from redactor.phi.spoken.words import HOMOPHONES

NUMBER_LABELS = frozenset(
    "PHONE_NUMBER US_SSN MEDICAL_RECORD_NUMBER HEALTH_PLAN_ID ACCOUNT_NUMBER LICENSE_NUMBER VEHICLE_ID DEVICE_ID "
    "OTHER_ID".split()
)
"""Labels of values that are told apart by their figures."""

# What may stand between two digits of one value: blanks, one mark with blanks around it, brackets, a correction.
JOINT = rf"(?:\s*[-.,/()\u2010-\u2014\u2026]{{1,2}}\s*[()]?|\s*{CORRECTION}\s*|\s+)"
RUN = re.compile(rf"\(?\+?\d+(?:(?:{JOINT}|,?\s+(?:and )?then,?\s+)\(?\d+)*")

_NOT_CODE = (
    r"(?!(?:is|its?|was|and|the|my|of|on|or|to|for|in|at|no|not|are|am|that|has|have|um|uh|with|ends?|be|by|so|"
    r"then|if|we|he|she|you|i|a|but|can|per|or|his|her|ext|plus|too|did|had|may|mr|dr|mrs|year|day|days|am|pm)\b)"
)
# Figures; a letter; letters that cannot be a word (they were spelled); "a" and "i" only before a figure.
_PART = (
    rf"(?:[a-z]{{0,5}}\d[a-z\d]*|[b-hj-z](?![a-z'])|(?:{_NOT_CODE}[a-z]{{2,3}}|"
    rf"[b-df-hj-np-tv-xz]{{2,5}})(?={JOINT}[a-z]?\d)|[ai](?={JOINT}\d|\s*$|[.,]))"
)
VALUE = rf"(?:{_NOT_CODE}[a-z]{{1,5}}{JOINT})?{_PART}(?:{JOINT}{_PART})*"
"""A number or code after a cue: "4417", "xgp 884 219", "m 530-441-22", "sn 88417"; blanks and hyphens inside."""


def digits(text: str) -> str:
    """The figures of a value."""
    return "".join(c for c in text if c.isdigit())


def digit_runs(text: str) -> Iterator[re.Match[str]]:
    """Maximal runs of figures, left to right."""
    return RUN.finditer(text)


_ODD = re.compile(
    r"(?P<words>(?:[\s,.-]+[a-z]{1,3}(?= \d)|[\s,-]+[a-z']{2,10}){1,2})[\s,-]+(?P<rest>\(?\d+(?:[\s,.-]{1,2}\(?\d+)*)",
    re.IGNORECASE,
)
GOES_ON = frozenset(
    "dollars cents minutes hours days weeks months years times milligrams mg street avenue road drive lane court "
    "apartment zip birthday birth phone number numbers cell home work fax claim member policy group account pills "
    "people percent january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday extension ext option dob born age aged old floor suite unit "
    "room box area half past oclock morning ending called since last next please email mrn ssn social insurance "
    "medical record chart id dollar office press patient years".split()
)
"""Words after a number with which something else begins."""


def bridged(text: str, end: int) -> tuple[int, int] | None:
    """The run of figures after one or two words at `end` that were misheard figures: (its end, its number of figures).

    As in "6 1 dribble 5 0 1 9". None where the words have a meaning of their own.
    """
    match = _ODD.match(text, end)
    if match is None:
        return None
    odd = re.findall(r"[a-z']+", match["words"].lower())
    if all(word in HOMOPHONES for word in odd):
        return None  # "8 8 1 4 for sixty dollars"; homophones of figures were read as figures already
    if any(
        word not in HOMOPHONES and (word in FUNCTION or word in GOES_ON or word in words("function_words"))
        for word in odd
    ):
        return None
    return match.end("rest"), len(digits(match["rest"]))
