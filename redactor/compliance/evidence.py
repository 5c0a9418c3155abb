"""Finds evidence for the content rules V01-V04 and V06-V12, and for the topics of V05. No verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from redactor.compliance.annotated import AnnotatedText, merged
from redactor.compliance.model import Evidence
from redactor.compliance.parts import is_birth
from redactor.compliance.rules import Rule, Rules
from redactor.types import Finding

_OURS = re.compile(
    r"\b(?:(?:we|office|clinic|practice)(?: have| has| just| recently)* moved|our|we're|we are|us|office "
    r"is|clinic is|located|location is|come (?:to|by)|stop by|visit us|here)(?: [\w']+){0,4}$"
)
_THEIR_PLACE = re.compile(
    r"\b(?:your (?:\w+ ){0,2}address|you (?:still )?live|living|(?:mailed|mail|sent|send|sending|shipped|ship|deliver|"
    r"delivered)(?: \w+){0,4} to|(?<!we )(?<!office )(?<!have )(?<!just )(?<!clinic )moved to|residence|home at|"
    r"house at|on file)(?: [\w']+){0,4}$"
)
_ADDRESS = re.compile(
    r"\d|\b(?:street|st|avenue|ave|road|rd|drive|lane|court|boulevard|blvd|way|place|circle|apartment|apt|zip|"
    r"box|terrace|trail|parkway|highway)\b"
)
_OUR_MAIL = re.compile(
    r"\b(?:our (?:\w+ )?(?:e ?mail|address)|(?:e ?mail|write to|write|find|reach|contact|visit) us|our (?:web "
    r"?site|portal))(?: [\w']+){0,4}$"
)
_OTHER_DOCTOR = re.compile(
    r"\b(?:(?:other|another) (?:doctor|provider|physician|specialist|office|clinic)s?|referr(?:al|als|ed|ing)|"
    r"specialists?|second opinion)\b"
)
_SENTENCES = re.compile(r"(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!mrs)[.?!]\s", re.IGNORECASE)
_CLOCK = re.compile(r"\b[ap] ?m\b|o'clock")
_DOCTOR = re.compile(r"\b(?:dr|doctor)\s+(?!office|or|and|is|will|has|wants|would|said|about)([a-z']{3,})")


def heard(rule: Rule, readings: Sequence[AnnotatedText], rules: Rules) -> tuple[Evidence, ...]:
    """All evidence for a content rule, in order of position."""
    out: list[Evidence] = []
    for reading in readings:
        never = [span for _, *span in reading.phrases(rule.never)]
        for evidence, start, end in _of(rule, reading, rules):
            if evidence is not None and not any(low <= start and end <= high for low, high in never):
                out.append(evidence)
    return merged(out)


def topics(rule: Rule, readings: Sequence[AnnotatedText]) -> dict[str, tuple[Evidence, ...]]:
    """Consent scope → evidence that needs it (V05)."""
    out: dict[str, tuple[Evidence, ...]] = {}
    for scope, phrases in rule.topics.items():
        found = [
            reading.evidence(start, end, f"list: {rule.id} {scope} phrase {number}")
            for reading in readings
            for number, start, end in reading.phrases(phrases)
            if not reading.in_name(start, end) and not any(p.search(reading.plain[start:end]) for p in rule.never)
        ]
        if any(found):
            out[scope] = merged(e for e in found if e)
    return out


Spot = tuple[Evidence | None, int, int]


def _of(rule: Rule, reading: AnnotatedText, rules: Rules) -> Iterator[Spot]:
    chosen = _CHOSEN.get(rule.id)
    for found in reading.labelled(rule.labels):
        if chosen is None or chosen(reading, found, rules):
            yield reading.finding(found), found.start, found.end
    for number, start, end in reading.phrases(rule.phrases):
        if reading.in_name(start, end) or _SENTENCES.search(reading.text[start:end]):
            continue
        if rule.id == "V07" and rules.general_practice.fullmatch(_plain(reading, start, end)):
            continue
        yield reading.evidence(start, end, f"list: {rule.id} phrase {number}"), start, end
    if rule.id == "V10":
        yield from _several_doctors(reading)


def _plain(reading: AnnotatedText, start: int, end: int) -> str:
    return " ".join(reading.plain[start:end].split())


def _is_drug(reading: AnnotatedText, found: Finding, rules: Rules) -> bool:
    """A medication by its name or class; "your prescription" alone belongs to V03."""
    return any(word not in rules.words["generic_drugs"] for word in reading.said(found).split())


def _is_tested(reading: AnnotatedText, found: Finding, rules: Rules) -> bool:
    return found.label != "PROCEDURE" or any(p.search(reading.said(found)) for p in rules.rules["V04"].tests)


def _is_procedure(reading: AnnotatedText, found: Finding, rules: Rules) -> bool:
    return not _is_tested(reading, found, rules)


def _is_specialty(reading: AnnotatedText, found: Finding, rules: Rules) -> bool:
    """A specialty. A general practice reveals nothing, and "your other doctor" belongs to V10."""
    said = _plain(reading, found.start, found.end)
    if _SENTENCES.search(reading.text[found.start : found.end]):
        return False  # "... surgery. Doctor ..."
    return not rules.general_practice.fullmatch(said) and not _OTHER_DOCTOR.search(said)


def _identifies(reading: AnnotatedText, found: Finding, rules: Rules) -> bool:  # noqa: ARG001 - one kind of function
    """A number, or a date of birth; other dates do not."""
    if found.label == "DATE_TIME":
        return is_birth(reading, found)
    return not _CLOCK.search(reading.said(found))


def _is_contact(reading: AnnotatedText, found: Finding, rules: Rules) -> bool:  # noqa: ARG001 - one kind of function
    """An address or e-mail that is not the practice's; telephone numbers are checked in `content.v12`."""
    before = reading.before(found.start)
    if found.label == "EMAIL_ADDRESS":
        return not _OUR_MAIL.search(before)
    return bool(_THEIR_PLACE.search(before)) or (_is_address(reading, found) and not _OURS.search(before))


def _is_address(reading: AnnotatedText, found: Finding) -> bool:
    return len(reading.said(found).split()) > 1 and bool(_ADDRESS.search(reading.said(found)))


_CHOSEN: Mapping[str, Callable[[AnnotatedText, Finding, Rules], bool]] = {
    "V02": _is_drug,
    "V04": _is_tested,
    "V07": _is_specialty,
    "V08": _is_procedure,
    "V11": _identifies,
    "V12": _is_contact,
}
"""Rule → which findings with its labels count; without an entry, all do."""


def _several_doctors(reading: AnnotatedText) -> Iterator[Spot]:
    """A second doctor by name."""
    seen: dict[str, tuple[int, int]] = {}
    for match in _DOCTOR.finditer(reading.plain):
        if not reading.in_name(*match.span(1)):
            continue
        seen.setdefault(match[1].removesuffix("'s"), match.span())
    if len(seen) > 1:
        start, end = list(seen.values())[-1]
        yield reading.evidence(start, end, "two doctors named"), start, end
