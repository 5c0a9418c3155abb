"""Finds the callback numbers of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.compliance.annotated import AnnotatedText
from redactor.compliance.model import Evidence, Message, Part

_OWN = re.compile(
    r"\b(?:call|calling|dial|reach|number|phone|line|extension|office|contact|ring|us|me|back)(?: [\w']+){0,3}$"
)
_GAP = r"(?: (?!our\b|my\b|us\b|me\b|call\b|reach\b|dial\b|back\b)[\w']+)"
"""A word between "your" and the number, except words that make the number the practice's."""
_THEIRS = re.compile(
    rf"\b(?:(?:your|his|her|their|patient's|(?!doctor|office|clinic|practice|it's|that's|there's|here's|let's|"
    rf"name's|number's)[a-z]+'s){_GAP}{{0,2}} "
    rf"(?:cell|mobile|home|phone|number|line|work|fax){_GAP}{{0,3}}"
    rf"|(?:reach|reached|call|called|calling|tried|try|have|had|got|find)(?: \w+)? "
    rf"(?:you|him|her|them){_GAP}{{0,3}}|(?:we|i) have{_GAP}{{0,4}}|on file(?: \w+){{0,2}})$"
)
_FAX = re.compile(r"\bfax(?: [\w']+){0,3}$")
_DIAL = re.compile(
    r"\b(?:(?:call|reach|dial|contact|ring|phone)(?:\s+(?:us|me|our\s+office|the\s+office|back|again|now|today|"
    r"anytime))*(?:\s+(?:at|on))?|a\s+call(?:\s+back)?(?:\s+at|\s+on)|(?:our|my|the|"
    r"callback)\s+(?:\w+\s+)?number(?:\s+here)?\s+is)\s+"
)
_FIGURES = re.compile(
    r"(?:(?:\d+|zero|oh|o|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|"
    r"forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|double|triple)(?:\s+|$))+"
)
FEWEST_DIGITS = 7


def numbers_in(message: Message, reading: AnnotatedText) -> tuple[list[Part], list[Evidence], list[Evidence]]:
    """Callback numbers, the patient's own numbers, and others."""
    callback: list[Part] = []
    theirs: list[Evidence] = []
    further: list[Evidence] = []
    for found in reading.labelled({"PHONE_NUMBER"}):
        evidence = reading.finding(found)
        if evidence is None or len(message.digits_of(evidence.text)) < FEWEST_DIGITS - 2:
            continue  # an extension, or an area code by itself
        before = reading.before(found.start, 9)
        if _THEIRS.search(before):
            theirs.append(evidence)
        elif _OWN.search(before) and not _FAX.search(before):
            callback.append(Part("callback", evidence))
        else:
            further.append(evidence)
    if not callback:
        callback.extend(_dialled(message, reading))
        further = [e for e in further if not any(e.overlaps(c.evidence) for c in callback)]
    if not callback and further and not theirs:
        callback.append(Part("callback", further.pop(0)))
    return callback, theirs, further


def _dialled(message: Message, reading: AnnotatedText) -> Iterator[Part]:
    """Digits after "call us at", whatever their label."""
    for cue in _DIAL.finditer(reading.plain):
        figures = _FIGURES.match(reading.plain, cue.end())
        if figures and len(message.digits_of(reading.text[figures.start() : figures.end()])) in (7, 10, 11):
            yield reading.part("callback", figures.start(), figures.end(), "figures after words of request")
