"""Finds the names of the patient, the caller and the practice in a message.

Names come from the detector; the words around them show whose they are ("hi …", "this is …"). If the detector missed a
name, fixed phrases show where it is: "hi … this is … from …".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from redactor.compliance.annotated import AnnotatedText, plain
from redactor.compliance.model import Part
from redactor.compliance.name_matching import LISTED
from redactor.compliance.rules import Rules
from redactor.types import Finding

_TITLES = r"(?: (?:mr|mrs|ms|miss|mister|missus|dr|doctor|nurse|prof|professor))?"
_GREETED = re.compile(
    rf"(?:^|\b(?:hi|hello|hey|good (?:morning|afternoon|evening)|morning|afternoon|dear)(?: there| again)?){_TITLES}$"
)
_WANTED = re.compile(
    r"\b(?:(?:message|call|calling|calls|looking|reminder|is|voicemail|trying|back|clinic|practice|center|group|"
    r"office|care|medicine|associates) for(?: patient| our patient| the patient)?|(?:trying to |to |can i )?(?:reach|"
    r"get hold of|get a hold of|contact)|(?:speak|talk) (?:with|to)|attention|leaving (?:this|"
    r"a message) for)(?: (?:mr|mrs|ms|miss|mister|missus))?$"
)
_SELF = re.compile(
    rf"\b(?:this is|my name is|name is|name's|it's|it is|i'm|i am|here is)(?: (?:the )?(?:nurse|office "
    rf"manager|assistant|receptionist|scheduler))?{_TITLES}$"
)
_CALLS = re.compile(
    r"^(?:'s )?(?:and i'm |and i am )?(?:(?:\w+ )?(?:from|with|over at|over here at|at|here at|here "
    r"from|here|calling|in|on behalf of|giving you)\b)"
)
_OFFICE = re.compile(r"(?:'s|s')?\s+(?:office|practice|clinic|team)\b")
NOT_NAMES = frozenset(
    "a an the this that it it's is are was were be you your yours our ours we us i my me mine his her hers their them "
    "they he she him who what when where please call calling called back just from with at for to of on in "
    "and or but if so not no yes hi hello hey good morning afternoon evening there again today message "
    "messages reminder regarding about office doctor doctor's dr appointment patient someone anyone everyone "
    "everybody thank thanks have has had can could would will need needs want wanted letting let know leaving "
    "left quick medical clinic practice automated important another same new next in here hoping returning "
    "reaching trying also only really very all any some soon as by well nurse pharmacy hospital sir madam "
    "ma'am mr mrs ms miss schedule confirm whoever been being do does did don't calls number phone following "
    "up check checking hope ready".split()
)
_NO_NAME = NOT_NAMES - frozenset("medical clinic practice pharmacy hospital nurse office quick".split())
"""Words that never occur in a practice's name."""
_WORD = r"[a-z][a-z'{}]*"
_NAME_SPOKEN = (
    re.compile(
        rf"^(?:(?:hi|hello|hey|good\s+(?:morning|afternoon|"
        rf"evening))\s+)(?:there\s+)?(?P<name>{_WORD}(?:\s+{_WORD}){{0,2}}?)\s+(?:this\s+is|it's|i'm|"
        rf"my\s+name)\b"
    ),
    re.compile(
        rf"\b(?:message\s+(?:is\s+)?for|this\s+is\s+for|trying\s+to\s+reach|"
        rf"calling\s+for)\s+(?P<name>{_WORD}(?:\s+{_WORD})??)(?=\s+(?:this|it's|i'm|please|we|my|and|from|you|"
        rf"your|could|can)\b|\s*$)"
    ),
)
_CALLER_SPOKEN = re.compile(
    rf"\b(?:this\s+is|my\s+name\s+is|it's|"
    rf"i'm)\s+(?P<name>{_WORD}(?:\s+{_WORD}){{0,2}}?)\s+(?:(?:and\s+i'm\s+)?(?:calling|here|over)\b|from|with|"
    rf"at)\b"
)
_KIND_WORDS = (
    r"(?:clinic|practice|center|centre|associates|group|partners|medical|medicine|health|healthcare|hospital|pharmacy|"
    r"physicians|dental|dentistry|pediatrics|care|institute|specialists|surgery|imaging|labs?|laboratory|doctors|"
    r"wellness|therapy|rehab|counseling|services|programs?|house|recovery|[a-z]{3,}ology|[a-z]*orthop[a-z]+|"
    r"orthodontics|podiatry|[a-z]*psychiatry|obgyn|gyn|optometry|hospice|dialysis)"
)
_PRACTICE_SPOKEN = re.compile(
    rf"\b(?:from|with|at|is|for|of|called|calling)\s+(?P<name>(?:the\s+)?(?:(?!(?:from|with|at|is|for|calling|"
    rf"called|over|here|our|your|my|"
    rf"and\s+i'm)\b)[a-z'&]+\s+){{1,3}}?{_KIND_WORDS}(?:\s+(?:and\s+)?{_KIND_WORDS})*)\b"
)
_OFFICE_OF = re.compile(
    r"\b(?:office|practice|clinic|team)\s+of\s+(?:dr|doctor)\s+[a-z']+|\b(?:dr|"
    r"doctor)\s+[a-z']+(?:\s+[a-z]+'s)?\s+(?:office|practice|clinic)\b"
)


def people_in(reading: AnnotatedText, rules: Rules) -> Iterator[Part]:
    parts: list[Part] = []
    for name in _joined_names(reading):
        for found in _parted(reading, name):
            role = _role(reading, found)
            evidence = reading.finding(found)
            if role and evidence:
                parts.append(Part(role, evidence))
    roles = {p.name for p in parts}
    taken = [(p.evidence.first, p.evidence.last) for p in parts]
    if "patient" not in roles:
        parts.extend(_spoken(reading, "patient", _NAME_SPOKEN, taken))
    if "caller" not in roles:
        parts.extend(_spoken(reading, "caller", (_CALLER_SPOKEN,), taken))
    if not any(p.name == "caller" for p in parts):
        parts.extend(_listed(reading, "caller", rules.practice.staff_names))
    return iter(parts)


def _joined_names(reading: AnnotatedText) -> Iterator[Finding]:
    """PERSON findings, with adjacent ones joined, since detectors find some names in two parts."""
    previous: Finding | None = None
    for found in reading.names:
        if previous is not None and not reading.text[previous.end : found.start].strip():
            previous = Finding(
                "PERSON", previous.start, found.end, max(previous.score, found.score), previous.source, found.channel
            )
            continue
        if previous is not None:
            yield previous
        previous = found
    if previous is not None:
        yield previous


def _parted(reading: AnnotatedText, found: Finding) -> Sequence[Finding]:
    """Split a finding that covers two people: "hi linda paula here from …"."""
    words = list(re.finditer(r"\S+", reading.plain[found.start : found.end]))
    greeted = _GREETED.search(reading.before(found.start)) or _WANTED.search(reading.before(found.start))
    if len(words) < 2 or not greeted or not _CALLS.match(reading.after(found.end)):
        return (found,)
    cut = found.start + words[-1].start()
    before = found.start + words[-2].end()
    return replace(found, end=before), replace(found, start=cut)


def _role(reading: AnnotatedText, found: Finding) -> str:
    before = reading.before(found.start)
    after = reading.after(found.end)
    if _OFFICE.match(reading.plain[found.end : found.end + 20]) or re.match(
        r".*'s\s+(?:office|practice|clinic)\b", reading.plain[found.start : found.end + 20]
    ):
        return ""  # the practice
    titled = re.search(r"\b(?:dr|doctor)$", before)
    if _SELF.search(before) or (
        _CALLS.match(after) and re.search(r"\b[a-z]+$", before) and _follows_name(reading, found)
    ):
        return "caller"
    if titled and re.search(r"\b(?:calling|on behalf of|with|from)\b(?: for| of)? (?:dr|doctor)$", before):
        return ""
    if _WANTED.search(before) and not titled:
        return "patient"
    if _GREETED.search(before):
        if before or re.match(r"(?:this is|it's|i'm|my name|we|hi|hello|good|your|please|calling)\b", after):
            return "patient"
        return "caller" if _CALLS.match(after) else "patient"
    if _CALLS.match(after) and not titled:
        return "caller"
    return ""


def _follows_name(reading: AnnotatedText, found: Finding) -> bool:
    return any(n.start < found.start and not reading.plain[n.end : found.start].strip() for n in reading.names) or any(
        n.start < found.start <= n.end for n in reading.names
    )


def _spoken(
    reading: AnnotatedText, role: str, patterns: Sequence[re.Pattern[str]], taken: Sequence[tuple[int, int]]
) -> Iterator[Part]:
    for pattern in patterns:
        for match in pattern.finditer(reading.plain):
            words = match["name"].split()
            if words[0] in {"dr", "doctor", "nurse", "mr", "mrs", "ms", "miss"}:
                words = words[1:]
            if not words or any(w in NOT_NAMES or "{" in w for w in words):
                continue
            part = reading.part(role, *match.span("name"), f"words around a {role}'s name")
            if not any(f < part.evidence.last and part.evidence.first < last for f, last in taken):
                yield part
                return


def _listed(reading: AnnotatedText, role: str, names: Sequence[str]) -> Iterator[Part]:
    for name in names:
        wanted = plain(name).split()
        places = [(m.start(), m.end()) for m in re.finditer(r"\S+", reading.plain)]
        for at in range(len(places) - len(wanted) + 1):
            start, end = places[at][0], places[at + len(wanted) - 1][1]
            said = " ".join(reading.plain[start:end].split())
            if SequenceMatcher(None, said, " ".join(wanted)).ratio() >= LISTED:
                yield reading.part(role, start, end, f"list: {role} names")
                return


def practices_in(reading: AnnotatedText, rules: Rules) -> Iterator[Part]:
    names = (*rules.practice.practice_names, *rules.practice.neutral_names)
    listed = list(_listed(reading, "practice", names))
    if listed:
        yield from listed
        return
    seen: list[Part] = []
    for pattern, group in ((_PRACTICE_SPOKEN, "name"), (_OFFICE_OF, 0)):
        for match in pattern.finditer(reading.plain):
            span = match.span(group)
            words = reading.plain[span[0] : span[1]].split()
            # Drop leading words that cannot be part of a name: "at the lakeside clinic".
            while words and (words[0] in _NO_NAME or words[0] == "and") and group:
                span = (span[0] + len(words[0]) + _blanks(reading.plain, span[0] + len(words[0])), span[1])
                words = words[1:]
            if any(w in _NO_NAME for w in words[:-1]) and group:
                continue
            if len(words) > 1:
                seen.append(reading.part("practice", *span, "words of a practice's name"))
    if not seen:
        for found in reading.labelled({"ORGANIZATION"}):
            evidence = reading.finding(found)
            if evidence and re.search(
                r"\b(?:from|with|at|is|of|for|calling)(?: the)?(?: [\w']+)?$", reading.before(found.start, 3)
            ):
                seen.append(Part("practice", evidence))
    yield from seen


def _blanks(text: str, at: int) -> int:
    return len(text) - at - len(text[at:].lstrip())
