"""Finds the parts of a message (patient, caller, practice, callback number, request, appointment, refill) and its kind.

Scripts contain the placeholders "{name}", "{caller}", "{practice}", "{number}" and "{date}".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from redactor.compliance.annotated import AnnotatedText
from redactor.compliance.callback_numbers import numbers_in
from redactor.compliance.co_recipients import co_recipients_in
from redactor.compliance.model import Evidence, Kind, Message, Part
from redactor.compliance.names import NOT_NAMES, people_in, practices_in
from redactor.compliance.rules import Rules
from redactor.types import Finding

_REQUEST = re.compile(
    r"\b(?:call(?:ing)?\s+(?:us|me|our|the|back|in|him|her)\b|give\s+(?:us|me|our\s+office|"
    r"the\s+office)\s+a\s+(?:call|ring|buzz)|return\s+(?:our|my|the|this)\s+call|(?:reach|contact|phone|ring)\s+(?:us|"
    r"me|our|the\s+office)|get\s+back\s+to\s+(?:us|me)|(?:please|can|could|to|and|or|may|just)\s+call\b|(?:us|"
    r"our\s+office|the\s+office)\s+a\s+call|call\s+\{number)"
)
_APPOINTMENT = re.compile(
    r"\b(?:appointments?|(?:re)?scheduled|reschedul\w+|see\s+you\s+(?:on|at|tomorrow|next|this|then|monday|"
    r"tuesday|wednesday|thursday|friday|\{date)|your\s+(?:\w+\s+)?visit|check\s?in|come\s+in\s+(?:on|at)|"
    r"arrive)\b"
)
_SLOTS = {
    "patient": re.compile(r"\{(?:name|patient|first_?name)\}"),
    "caller": re.compile(r"\{(?:caller|staff)\}"),
    "practice": re.compile(r"\{practice\}"),
    "callback": re.compile(r"\{(?:number|phone|callback)\}"),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a message, and telephone numbers other than callback numbers.

    Attributes:
        theirs: numbers that are called the patient's own.
        further: other numbers, such as a fax.
        beside: names of further people who may be greeted.
    """

    found: tuple[Part, ...]
    theirs: tuple[Evidence, ...]
    further: tuple[Evidence, ...]
    kind: Kind
    beside: tuple[Evidence, ...] = ()

    def of(self, name: str) -> tuple[Evidence, ...]:
        return tuple(p.evidence for p in self.found if p.name == name)


def find_parts(message: Message, readings: Sequence[AnnotatedText], rules: Rules) -> Parts:
    """All parts in all channels, and the purpose of the message."""
    found: list[Part] = []
    theirs: list[Evidence] = []
    further: list[Evidence] = []
    beside: list[Evidence] = []
    appointment = dated = refill = False
    for reading in readings:
        mine: list[Part] = []
        named = list(practices_in(reading, rules))
        mine.extend(named)
        mine.extend(
            p
            for p in people_in(reading, rules)
            if p.name != "caller" or not any(p.evidence.overlaps(n.evidence) for n in named)
        )
        greeted, doubtful = co_recipients_in(reading, mine, stop=NOT_NAMES)
        mine.extend(Part("patient", e) for e in greeted)
        beside.extend(doubtful)
        numbers, own, others = numbers_in(message, reading)
        mine.extend(numbers)
        theirs.extend(own)
        further.extend(others)
        for name, slot in _SLOTS.items():
            mine.extend(reading.part(name, *m.span(), f"script {name}") for m in slot.finditer(reading.plain))
        mine.extend(reading.part("request", *m.span(), "words of request") for m in _REQUEST.finditer(reading.plain))
        meant = list(_APPOINTMENT.finditer(reading.plain))
        appointment |= bool(meant)
        if meant:
            dates = [
                Part("appointment", e)
                for f in reading.labelled({"DATE_TIME"})
                if not is_birth(reading, f) and (e := reading.finding(f))
            ]
            dated |= bool(dates)
            mine.extend(dates)
        notices = [
            reading.part("refill", start, end, f"list: V03 phrase {n}")
            for n, start, end in reading.phrases(rules.rules["V03"].phrases)
        ]
        refill |= bool(notices)
        mine.extend(notices)
        found.extend(p for p in mine if p.evidence.first < p.evidence.last)
    kind = Kind.OTHER
    if appointment and (dated or not refill):
        kind = Kind.APPOINTMENT
    elif refill:
        kind = Kind.REFILL
    elif any(p.name == "request" for p in found):
        kind = Kind.CALLBACK
    return Parts(tuple(found), tuple(theirs), tuple(further), kind, tuple(beside))


def is_birth(reading: AnnotatedText, found: Finding) -> bool:
    """Whether a date is a date of birth: announced as one, or with a year of the last century."""
    before = reading.before(found.start, 6)
    said = reading.said(found)
    return bool(
        re.search(r"\b(?:birth|born|d ?o ?b|birthday|birthdate)\b", f"{before} {said}")
        or "birth" in found.source.lower()
        or re.search(
            r"\b(?:19\d\d|nineteen (?:hundred|(?:twen|thir|for|four|fif|six|seven|eigh|nine)t(?:y|een)))\b", said
        )
    )
