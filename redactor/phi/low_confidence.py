"""Words that recognition was not sure of, where something identifying is said: covered, since they may be the rest of
it.

    my name is [garbled]            after a name's cue or a title
    call me at 4 1 0 [garbled] 5    inside a run of figures, at its edge, or between two pieces of it
    dana [garbled]                  beside anything that was found to identify
    my date of birth is [garbled]   after the words that announce a value
    at 48 [garbled garbled]         after a house's number
    allergic to [garbled]           where only a drug or a condition is said, though nobody's list has what was written
    she needs her [garbled]         where a drug is often said, if something clinical is said nearby

Everywhere else an unsure word is left alone. `UNSURE` and `WAVERING` are on the scale of Whisper's word probabilities:
what is covered holds an unsure word, and goes on over wavering ones. Names of drugs and conditions come out as everyday
words ("softest fever"), of which recognition is surer than of garbled names: a wavering word is enough for them, and
for a house's street.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from redactor.phi import gazetteers
from redactor.phi.recognizers import name_cues
from redactor.phi.spoken import WrittenForm
from redactor.phi.spoken.words import NUMBER_STARTS, OH
from redactor.types import CLINICAL, Finding, Word

UNSURE, WAVERING, WAVERING_CLINICAL, WAVERING_NAME = 0.5, 0.75, 0.8, 0.8
SMALL_WORD, SMALL_WORD_NAME, SMALL_WORD_BESIDE = 0.55, 0.7, 0.35
"""Function words below are part of what was misheard: where it is expected ("soft as beaver" is a drug, "you stay at" a
name), and
beside a finding."""
SCORE = 0.45
SOURCE = "unsure word"
NEAR, LONGEST, LONGEST_VALUE = 2, 4, 12
"""Words in a row that are covered beside a finding, after a cue, and of figures."""
FIGURES = 4
"""So many digits in a run that unsure words interrupt are an identifier."""
SPELLED = 4
CONTEXT = 12
"""Words around a doubtful cue in which something clinical was found."""
_PLAIN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_NUMBERS = frozenset(
    (
        "PHONE_NUMBER US_SSN MEDICAL_RECORD_NUMBER HEALTH_PLAN_ID ACCOUNT_NUMBER LICENSE_NUMBER VEHICLE_ID "
        "DEVICE_ID OTHER_ID"
    ).split()
)
_VALUE_CUE = re.compile(
    r"\b(?:(?P<date>date of birth|birth ?(?:day|date)|d ?o ?b|born)|(?P<place>address|zip(?: code)?|street|live at)|"
    r"(?P<mail>e-?mail(?: address)?)|(?P<id>(?:id|number|social|security|policy|account|record|claim|member|chart|"
    r"plate|license)(?: number| id)?)|(?P<phone>phone|cell|fax|(?:call|reach) me(?: back)?(?: at)?))(?: is| was| are|"
    r" it's| its|'s| on| at| um| uh)*$"
)
_LABELS = {
    "date": "DATE_TIME",
    "place": "LOCATION",
    "mail": "EMAIL_ADDRESS",
    "id": "OTHER_ID",
    "phone": "PHONE_NUMBER",
}
_FIGURES_FOLLOW = frozenset({"date", "id", "phone"})
_NAME_LEVELS = frozenset({name_cues.TITLE, name_cues.NAME})
_SELF = frozenset({"this is", "i am", "name is"})
_KIN_CUE = re.compile(
    r"\b(?:mother|father|mom|dad|parent|guardian|wife|husband|son|daughter|sister|brother|grandmother|grandfather|"
    r"friend) of$"
)
_ENDS = frozenset(".?!")
_LEADS = frozenset(
    "id number numbers code area cell phone fax line extension first date birth account member policy claim order "
    "reference social security okay that's it's i'm call please again ask thanks is it its the and are was so "
    "um uh my your his her".split()
)
"""Words that people say before and after figures."""
_TIME = frozenset(
    "am pm a.m p.m o'clock today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday".split()
)
"""What follows a number that is no house's."""
_OWN = r"(?: (?:my|his|her|their|the|some|a|an|any|more|your|new|that))*"
_DRUG_CUE = re.compile(
    rf"\b(?:(?:refills?|prescriptions?|scripts?|doses?|dosage|tablets?|capsules?|pills?|bottles?|supply|"
    rf"milligrams?|allerg(?:ic|y|ies)) "
    rf"(?:of|on|for|to)|"
    rf"prescribed|taking|(?:me|him|her|switched|been|back|started) "
    rf"(?:on|to)|(?:ran|run|running|almost|am|is|i'm|she's|he's) out of){_OWN}$"
)
"""Nearly always a drug, though also "taking my son"."""
_MAYBE_DRUG_CUE = re.compile(
    rf"\b(?:takes?|took|taken|needs?|give|gives?|gave "
    rf"(?:me|him|her)|stop(?:ped)?|started?|on|with|get|pick(?:ing)? up){_OWN}$"
)
_CONDITION_CUE = re.compile(
    rf"\b(?:diagnosed with|diagnosis of|positive for|treat(?:ed|ment) (?:for|of)|suffer(?:s|ed|ing)? "
    rf"from|history of|admitted (?:for|with)){_OWN}$"
)
_NO_DRUG = frozenset(
    "appointment appointments call calls time medicine medicines medication medications meds pill pills drug drugs "
    "prescription prescriptions refill refills insurance phone number message messages office doctor nurse "
    "day days week weeks month months hour hours minute minutes today tomorrow yesterday morning evening "
    "night way help care weekend referral ride copy letter note form paperwork question break rest look "
    "listen bus".split()
)


class _Said:
    """The words of a transcript as the rules see them."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        small = gazetteers.words("function_words") | name_cues.FUNCTION
        self.text, self.words = text, words
        self.low = [(m.group().lower() if (m := _PLAIN.search(w.text)) else "") for w in words]
        self.unsure = [w.confidence < UNSURE and bool(low) for w, low in zip(words, self.low, strict=True)]
        self.wavering = [w.confidence < WAVERING and bool(low) for w, low in zip(words, self.low, strict=True)]
        self.small = [low in small and (len(low) > 1 or low in "ai") for low in self.low]
        self.digits = [
            sum(map(str.isdigit, w.text)) or int(low in NUMBER_STARTS or low in OH)
            for w, low in zip(words, self.low, strict=True)
        ]
        self.figure = [
            bool(digits) or (len(low) == 1 and low not in "ai")
            for digits, low in zip(self.digits, self.low, strict=True)
        ]

    def ends(self, at: int) -> bool:
        """Whether a sentence ends with this word."""
        return self.words[at].text[-1:] in _ENDS

    def before(self, at: int, count: int = 6) -> str:
        """The words before this one, in lower case."""
        return " ".join(self.low[max(0, at - count) : at])

    def run(self, at: int, step: int, most: int) -> list[int]:
        """An unsure word at `at` and wavering ones after it, in one direction, up to the end of the sentence."""
        return self.stretch(
            at, step, most, lambda n, first: self.unsure[n] if first else self.wavering[n], small=SMALL_WORD_BESIDE
        )

    def garbled(self, at: int, most: int) -> list[int]:
        """Words of content from `at` on, and small ones that were misheard, up to a comma; none if all were heard
        well.
        """
        run = self.stretch(at, 1, most, lambda n, _: not self.figure[n] and self.low[n] not in _NO_DRUG)
        for n in run:
            if self.words[n].text[-1:] in ",;":
                run = run[: n - at + 1]
                break
        while run and self.small[run[0]]:
            run = run[1:]
        return run if any(self.words[n].confidence < WAVERING_CLINICAL for n in run) else []

    def stretch(
        self,
        at: int,
        step: int,
        most: int,
        holds: Callable[[int, bool], bool],
        *,
        small: float = SMALL_WORD,
        whole: bool = False,
    ) -> list[int]:
        """Words from `at` on that `holds` (told whether it is the first), up to the sentence's end or a small word
        heard better than `small`; small words at the end only if it is `whole`.
        """
        out: list[int] = []
        while 0 <= at < len(self.words) and len(out) < most and self.low[at] and holds(at, not out):
            before = at - 1 if step > 0 else at
            if before >= 0 and (out or step < 0) and self.ends(before):
                break
            if self.small[at] and self.words[at].confidence >= small:
                break
            out.append(at)
            at += step
        while not whole and out and self.small[out[-1]] and not all(self.small[n] for n in out):
            out.pop()
        return out

    def figures(self, at: int) -> list[int]:
        """Figures from `at` on and what was not heard well among them; it may be cut into sentences, as Whisper
        does.
        """
        out: list[int] = []
        while at < len(self.words) and len(out) < LONGEST_VALUE and (self.figure[at] or self.wavering[at]):
            if out and self.ends(at - 1) and not (self.digits[at] or self.unsure[at]):
                break
            out.append(at)
            at += 1
        return self.trimmed(out)

    def trimmed(self, run: list[int]) -> list[int]:
        """Without what only leads to the figures or follows them."""
        while run and (self.small[run[-1]] or self.low[run[-1]] in _LEADS):
            run.pop()
        while run and self.low[run[0]] in _LEADS:
            run.pop(0)
        return run

    def held(self, finding: Finding) -> list[int]:
        """The words that a finding touches."""
        return [n for n, w in enumerate(self.words) if w.char_start < finding.end and w.char_end > finding.start]

    def finding(self, label: str, first: int, last: int) -> Finding:
        return Finding(label, self.words[first].char_start, self.words[last].char_end, SCORE, SOURCE)


class _Low:
    __slots__ = ("low",)

    def __init__(self, low: str) -> None:
        self.low = low


def unsure(form: WrittenForm, words: Sequence[Word], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings for the unsure words among `words`, which lie on `form.original`; nothing where all are sure."""
    said = _Said(form.original, words)
    if True not in said.wavering:
        return
    yield from _beside(said, findings)
    yield from _between(said, findings)
    yield from _after_cues(said)
    yield from _in_figures(said)
    yield from _spelled(said, findings)
    yield from _in_streets(said)
    yield from _in_clinical_slots(said, findings)


def _beside(said: _Said, findings: Sequence[Finding]) -> Iterator[Finding]:
    for found in findings:
        inside = said.held(found)
        if not inside or found.label == "ORGANIZATION":
            continue
        if found.label in CLINICAL:  # "hepatitis T," for C
            after = inside[-1] + 1
            if after < len(said.words) and said.words[inside[-1]].text[-1:] not in ",;.?!":
                run = [after] if len(said.low[after]) == 1 and said.figure[after] else said.run(after, 1, NEAR)
                if run and not said.small[run[0]]:
                    yield said.finding(found.label, run[0], run[-1])
            continue
        for at, step in ((inside[0] - 1, -1), (inside[-1] + 1, 1)):
            run = said.run(at, step, LONGEST if found.label == "LOCATION" else NEAR)
            if run and not (step < 0 and said.ends(run[0])) and not all(said.small[n] for n in run):
                yield said.finding(found.label, min(run), max(run))
        if found.label == "LOCATION":
            yield from _house(said, inside[0])
        if found.label in _NUMBERS:
            run = said.figures(inside[-1] + 1)
            if run and said.wavering[run[0]] and any(said.digits[n] for n in run):
                yield said.finding(found.label, run[0], run[-1])


def _house(said: _Said, street: int) -> Iterator[Finding]:
    """From a house's number on, if what lies between it and the street that was found was not heard well."""
    for at in range(street - 1, max(0, street - 5), -1):
        if said.ends(at):
            return
        if said.digits[at] and said.low[at - 1] in {"at", "on", "is"}:
            if any(said.wavering[at:street]):
                yield said.finding("LOCATION", at, street - 1)
            return


def _between(said: _Said, findings: Sequence[Finding]) -> Iterator[Finding]:
    """A word or three, not heard well, between two pieces of a number or a name."""
    for label in ("PERSON", *sorted(_NUMBERS)):
        pieces = [held for f in findings if f.label == label and (held := said.held(f))]
        for left, right in pairwise(pieces):
            gap = range(left[-1] + 1, right[0])
            if 0 < len(gap) <= 3 and all(said.wavering[n] for n in gap):
                yield said.finding(label, gap[0], gap[-1])


def _after_cues(said: _Said) -> Iterator[Finding]:
    lows = [_Low(low) for low in said.low]
    for at, wavering in enumerate(said.wavering):
        if not at or not wavering:
            continue
        if _KIN_CUE.search(said.before(at)) or said.before(at, 2) in _SELF:
            run = said.stretch(
                at,
                1,
                LONGEST + NEAR,
                lambda n, _: said.words[n].confidence < WAVERING_NAME,
                small=SMALL_WORD_NAME,
                whole=True,
            )
            if any(said.unsure[n] for n in run):
                yield said.finding("PERSON", run[0], run[-1])
            continue
        cue = _VALUE_CUE.search(said.before(at))
        if cue and cue.lastgroup in _FIGURES_FOLLOW:
            run = said.figures(at)
            if sum(said.digits[n] for n in run) >= 2:
                yield said.finding(_LABELS[str(cue.lastgroup)], run[0], run[-1])
        if not said.unsure[at] or said.unsure[at - 1]:
            continue
        label = ""
        if name_cues.level(lows, at) in _NAME_LEVELS:
            label = "PERSON"
        elif cue:
            label = _LABELS[str(cue.lastgroup)]
        if label:
            run = said.run(at, 1, LONGEST)
            if run:
                yield said.finding(label, run[0], run[-1])


def _in_figures(said: _Said) -> Iterator[Finding]:
    """Runs of figures and unsure words: FIGURES digits or more make the whole run count."""
    at, count = 0, len(said.words)
    while at < count:
        last = at
        while last < count and (said.digits[last] or said.unsure[last]):
            last += 1
        run = said.trimmed(list(range(at, last)))
        if (
            run
            and sum(said.digits[at:last]) >= FIGURES
            and sum(map(bool, said.digits[at:last])) > 1
            and True in said.unsure[at:last]
        ):
            yield said.finding("OTHER_ID", run[0], run[-1])
        at = max(last, at + 1)


def _spelled(said: _Said, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Runs of SPELLED single characters or more, if not all were heard well, or some of them were found to identify."""
    found = {n: f.label for f in findings if f.label not in CLINICAL for n in said.held(f)}
    at, count = 0, len(said.words)
    while at < count:
        last = at
        while last < count and len(said.low[last]) == 1:
            last += 1
        labels = [found[n] for n in range(at, last) if n in found]
        if last - at >= SPELLED and (labels or True in said.wavering[at:last]):
            yield said.finding(labels[0] if labels else "OTHER_ID", at, last - 1)
        at = max(last, at + 1)


def _in_streets(said: _Said) -> Iterator[Finding]:
    """A house's number and at least two words after it that were not heard well."""
    for at in range(1, len(said.words)):
        if not 0 < said.digits[at] <= 5 or said.low[at - 1] not in {"at", "on", "is"} or said.digits[at - 1]:
            continue
        run: list[int] = []
        for n in range(at + 1, min(at + 7, len(said.words))):
            if not said.low[n] or said.digits[n] or (said.small[n] and not said.wavering[n]) or said.ends(n - 1):
                break
            if said.low[n] in _TIME:
                break
            run.append(n)
        while run and not said.wavering[run[-1]]:
            run.pop()
        if sum(said.wavering[n] for n in run) >= 2:
            yield said.finding("LOCATION", at, run[-1])


def _in_clinical_slots(said: _Said, findings: Sequence[Finding]) -> Iterator[Finding]:
    """What stands where a drug or a condition is named, if a word of it was not heard well."""
    near = {n + d for f in findings if f.label in CLINICAL for n in said.held(f) for d in range(-CONTEXT, CONTEXT + 1)}
    for at in range(1, len(said.words)):
        if (said.small[at] and said.words[at].confidence >= SMALL_WORD) or said.ends(at - 1):
            continue
        before = said.before(at)
        if _CONDITION_CUE.search(before):
            label = "CONDITION"
        elif _DRUG_CUE.search(before) or (at in near and _MAYBE_DRUG_CUE.search(before)):
            label = "MEDICATION"
        else:
            continue
        run = said.garbled(at, LONGEST)
        if run:
            yield said.finding(label, run[0], run[-1])
