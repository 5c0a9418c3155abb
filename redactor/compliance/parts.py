"""What a message says of who calls whom: patient, caller, practice, callback number, request, appointment, refill; and
its kind.

Findings of names, numbers and dates come from the detector; which of them is what is told by the words around ("hi …",
"this is …",
"call us back at …"). Where the detector missed a name, the place where one is always said stands in for it: "hi … this
is … from …". In a
script "{name}", "{caller}", "{practice}", "{number}" and "{date}" stand for what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from redactor.compliance.annotated import AnnotatedText, plain
from redactor.compliance.co_recipients import company
from redactor.compliance.model import Evidence, Kind, Message, Part
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
_STOP = frozenset(
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
_NO_NAME = _STOP - frozenset("medical clinic practice pharmacy hospital nurse office quick".split())
"""Words that are in no practice's name."""
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
_OWN = re.compile(
    r"\b(?:call|calling|dial|reach|number|phone|line|extension|office|contact|ring|us|me|back)(?: [\w']+){0,3}$"
)
_GAP = r"(?: (?!our\b|my\b|us\b|me\b|call\b|reach\b|dial\b|back\b)[\w']+)"
"""A word between "your" and its number: none that makes the number ours."""
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
_SLOTS = {
    "patient": re.compile(r"\{(?:name|patient|first_?name)\}"),
    "caller": re.compile(r"\{(?:caller|staff)\}"),
    "practice": re.compile(r"\{practice\}"),
    "callback": re.compile(r"\{(?:number|phone|callback)\}"),
}
NEAR_ENOUGH = 0.8
"""Similarity (difflib) from which a name as it was recognised counts as the name on a list."""
HALF_HEARD = 0.5
"""Similarity of a given name that is enough where the family name is as near as that."""
FEWEST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a message, and telephone numbers said in it that are not for calling back.

    Attributes:
        theirs: numbers that the words call the patient's own.
        further: other numbers, a fax among them.
        beside: names next to the one greeted, of people who may be greeted too.
    """

    found: tuple[Part, ...]
    theirs: tuple[Evidence, ...]
    further: tuple[Evidence, ...]
    kind: Kind
    beside: tuple[Evidence, ...] = ()

    def of(self, name: str) -> tuple[Evidence, ...]:
        return tuple(p.evidence for p in self.found if p.name == name)


def find_parts(message: Message, readings: Sequence[AnnotatedText], rules: Rules) -> Parts:
    """All parts of all channels, and what the message is for."""
    found: list[Part] = []
    theirs: list[Evidence] = []
    further: list[Evidence] = []
    beside: list[Evidence] = []
    appointment = dated = refill = False
    for reading in readings:
        mine: list[Part] = []
        named = list(_practice(reading, rules))
        mine.extend(named)
        mine.extend(
            p
            for p in _people(reading, rules)
            if p.name != "caller" or not any(_meet(p.evidence, n.evidence) for n in named)
        )
        greeted, doubtful = company(reading, mine, stop=_STOP)
        mine.extend(Part("patient", e) for e in greeted)
        beside.extend(doubtful)
        numbers, own, others = _numbers(message, reading)
        mine.extend(numbers)
        theirs.extend(own)
        further.extend(others)
        for name, slot in _SLOTS.items():
            mine.extend(_part(reading, name, *m.span(), f"script {name}") for m in slot.finditer(reading.plain))
        mine.extend(_part(reading, "request", *m.span(), "words of request") for m in _REQUEST.finditer(reading.plain))
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
            _part(reading, "refill", start, end, f"list: V03 phrase {n}")
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
    """Whether a date is a date of birth: announced as one, or of the last century's years."""
    before = reading.before(found.start, 6)
    said = reading.said(found)
    return bool(
        re.search(r"\b(?:birth|born|d ?o ?b|birthday|birthdate)\b", f"{before} {said}")
        or "birth" in found.source.lower()
        or re.search(
            r"\b(?:19\d\d|nineteen (?:hundred|(?:twen|thir|for|four|fif|six|seven|eigh|nine)t(?:y|een)))\b", said
        )
    )


def same_name(said: str, listed: str) -> bool:
    """Whether a name as it was said may be the listed one, as far as recognition can be trusted ("karin" is "Karen").

    One word may be any part of the listed name. Of more words the first, which is the given name, must be like a part
    of it, less so if
    another word is: of "Robert Lopez" and "Maria Lopez" one is not the other, "Marta Lopez" may be Maria misheard.
    """
    wanted = [w for w in _name_words(listed) if len(w) > 1]
    words = [w for w in _name_words(said) if len(w) > 1]
    alike = [max((SequenceMatcher(None, w, n).ratio() for n in wanted), default=0.0) for w in (*words, "".join(words))]
    # The last is for one name heard as two words ("car los").
    return max(alike[0], alike[-1]) >= NEAR_ENOUGH or (alike[0] >= HALF_HEARD and max(alike) >= NEAR_ENOUGH)


def _name_words(name: str) -> list[str]:
    out = [re.sub(r"'s?$", "", w) for w in plain(name).split()]
    return [
        w
        for w in out
        if w not in {"mr", "mrs", "ms", "miss", "dr", "doctor", "mister", "and", "the", "um", "uh", "er", "ah", "hm"}
    ]


def on_list(said: str, names: Sequence[str]) -> bool:
    """Whether a name of a practice is one of a list, whole: "lakeside" alone is not "Lakeside Cardiology"."""
    heard = " ".join(w for w in plain(said).split() if w != "the")
    return any(
        SequenceMatcher(None, heard, " ".join(w for w in plain(n).split() if w != "the")).ratio() >= 0.88 for n in names
    )


def _meet(one: Evidence, other: Evidence) -> bool:
    return one.first < other.last and other.first < one.last


def _part(reading: AnnotatedText, name: str, start: int, end: int, matched: str) -> Part:
    evidence = reading.evidence(start, end, matched)
    return Part(name, evidence or Evidence(reading.channel, 0, 0, 0.0, 0.0, 0.0, 0.0, matched))


def _people(reading: AnnotatedText, rules: Rules) -> Iterator[Part]:
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
    """PERSON findings, neighbours as one: detectors find a name in two pieces."""
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
    """Two people that were found as one: "hi linda paula here from …"."""
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
            if not words or any(w in _STOP or "{" in w for w in words):
                continue
            part = _part(reading, role, *match.span("name"), f"words around a {role}'s name")
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
            if SequenceMatcher(None, said, " ".join(wanted)).ratio() >= 0.88:
                yield _part(reading, role, start, end, f"list: {role} names")
                return


def _practice(reading: AnnotatedText, rules: Rules) -> Iterator[Part]:
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
            # From the last word that cannot be part of a name on: "at the lakeside clinic".
            while words and (words[0] in _NO_NAME or words[0] == "and") and group:
                span = (span[0] + len(words[0]) + _blanks(reading.plain, span[0] + len(words[0])), span[1])
                words = words[1:]
            if any(w in _NO_NAME for w in words[:-1]) and group:
                continue
            if len(words) > 1:
                seen.append(_part(reading, "practice", *span, "words of a practice's name"))
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


def _numbers(message: Message, reading: AnnotatedText) -> tuple[list[Part], list[Evidence], list[Evidence]]:
    """Numbers to call back, the patient's own, and others."""
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
        further = [e for e in further if not any(_meet(e, c.evidence) for c in callback)]
    if not callback and further and not theirs:
        callback.append(Part("callback", further.pop(0)))
    return callback, theirs, further


def _dialled(message: Message, reading: AnnotatedText) -> Iterator[Part]:
    """Figures behind "call us at", whatever the detector took them for."""
    for cue in _DIAL.finditer(reading.plain):
        figures = _FIGURES.match(reading.plain, cue.end())
        if figures and len(message.digits_of(reading.text[figures.start() : figures.end()])) in (7, 10, 11):
            yield _part(reading, "callback", figures.start(), figures.end(), "figures after words of request")
