"""Pieces that the number recognizers share: runs of digits however grouped, and values that mix letters and figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.spoken import CORRECTION

# What may stand between two digits of one value: blanks, one mark with blanks around it, brackets, a correction.
JOINT = rf"(?:\s*[-.,/()\u2010-\u2014\u2026]{{1,2}}\s*[()]?|\s*{CORRECTION}\s*|\s+)"
RUN = re.compile(rf"\(?\+?\d+(?:(?:{JOINT}|,?\s+(?:and )?then,?\s+)\(?\d+)*")

_NOT_CODE = r"(?!(?:is|its?|was|and|the|my|of|on|or|to|for|in|at|no|not|are|am|that|has|have|um|uh|with|ends?|be|by|so|then|if|we|he|she|you|i|a|but|can|per|or|his|her|ext|plus|too|did|had|may|mr|dr|mrs|year|day|days|am|pm)\b)"
# Figures; a letter; letters that cannot be a word (they were spelled); "a" and "i" only before a figure.
_PART = rf"(?:[a-z]{{0,5}}\d[a-z\d]*|[b-hj-z](?![a-z'])|(?:{_NOT_CODE}[a-z]{{2,3}}|[b-df-hj-np-tv-xz]{{2,5}})(?={JOINT}[a-z]?\d)|[ai](?={JOINT}\d|\s*$|[.,]))"
VALUE = rf"(?:{_NOT_CODE}[a-z]{{1,5}}{JOINT})?{_PART}(?:{JOINT}{_PART})*"
"""A number or code after a cue: "4417", "xgp 884 219", "m 530-441-22", "sn 88417"; blanks and hyphens inside."""


def digits(text: str) -> str:
    """The figures of a value."""
    return "".join(c for c in text if c.isdigit())


def digit_runs(text: str) -> Iterator[re.Match[str]]:
    """Maximal runs of figures, left to right."""
    return RUN.finditer(text)
