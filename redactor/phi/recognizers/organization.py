"""Practices, clinics, pharmacies, insurers and the like: a name before a word such as "clinic", or a well-known brand.

Organizations are not an identifier in 45 CFR 164.514(b)(2), but employers are, and a practice's name reveals where a
person is treated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.spoken import WrittenForm

_KIND = (
    r"(?:(?:family|internal|primary|women'?s|children'?s|physical|sports|regional|general|memorial|community|"
    r"university|medical|dental|eye|heart|cancer|surgical|surgery|health|urgent|senior|behavioral|mental|foot|ankle|"
    r"skin|pain|spine|bone|joint|vision|walk in) )*(?:clinic|hospital|pharmacy|dental|dentistry|pediatrics|cardiology|"
    r"dermatology|orthop(?:a)?edics|oncology|neurology|urology|podiatry|gastroenterology|radiology|imaging|"
    r"medical (?:center|group|associates|partners|clinic)|family (?:practice|medicine|health|care|doctors)|"
    r"health ?care|health (?:center|system|partners|clinic|services|group|department)|associates|physicians|"
    r"laborator(?:y|ies)|labs?|(?:urgent|primary|eye|home|hospice) care|medical|medicine|obgyn|surgery center|"
    r"rehab(?:ilitation)?(?: center)?|hospice|nursing (?:home|center)|counseling|wellness(?: center)?|therapy|"
    r"optometry|ophthalmology|orthodontics|insurance|credit union|bank|school|church|university|college)"
)
_NAMED = re.compile(
    rf"\b(?:from|with|at|the|of|to|is|calling|called|by|for|near|behind|here at)\s+(?P<value>(?:(?:the|saint|"
    rf"st\.?)\s)?(?P<name>[a-z][a-z'.&-]+(?:\s(?:and\s)?[a-z][a-z'.&-]+){{0,2}}?)\s{_KIND})\b",
    re.IGNORECASE,
)
_BRANDS = re.compile(
    r"\b(?:walgreens?|c ?v ?s|rite aid|walmart pharmacy|costco pharmacy|kaiser(?: permanente)?|lab ?corp|"
    r"quest(?: diagnostics)|mayo clinic|cleveland clinic|johns hopkins|blue cross(?:(?: and)? blue shield)?|"
    r"blue shield|aetna|cigna|humana|united ?health ?care|anthem blue cross|express scripts|optum ?rx|tricare|"
    r"planned parenthood|duane reade|publix pharmacy|kroger pharmacy|minute clinic|gnc)\b",
    re.IGNORECASE,
)


class OrganizationRecognizer(SpokenRecognizer):
    """A name of one to three words before "clinic", "pharmacy", "dental" …, after "from", "at", "with"."""

    label = "ORGANIZATION"

    def __init__(self) -> None:
        super().__init__()
        self._stop = words("function_words") | frozenset(
            "a an the calling called my your our his her their this that another any local nearest doctor doctors "
            "doctor's nurse insurance nearby same different outside main office front pharmacy hospital clinic lab "
            "some every no which what".split()
        )
        self._kinds = frozenset(
            "emergency billing retail mail order specialty compounding health physical occupational speech family "
            "primary urgent general internal medical home walk public regional community memorial sports women's "
            "children's eye heart cancer".split()
        )

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        for match in _NAMED.finditer(text):
            start = match.start("value")
            # Skip words that cannot be part of a name ("with the lakeside clinic").
            name = list(re.finditer(r"\S+", match["value"][: match.end("name") - start]))
            kept = None
            for word in reversed(name):
                low = word.group().lower()
                if low in self._kinds:
                    continue
                if (
                    low in self._stop
                    and not (word.start() and word.group()[0].isupper())
                    and low not in {"saint", "st", "st.", "and"}
                ):
                    break
                kept = word.start()
            if kept is not None:
                yield *form.to_original(start + kept, match.end("value")), 0.6, "name of a practice"
        for match in _BRANDS.finditer(text):
            yield *form.to_original(*match.span()), 0.7, "brand"
