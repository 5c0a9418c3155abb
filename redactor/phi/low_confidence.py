"""Words of low confidence where something identifying is said: they may be the rest of it, misheard.

Low confidence means nothing by itself. It counts in a slot, a place where an identifier or a clinical fact belongs:

    beside a finding       dana [garbled] calling
    between two pieces     dana [garbled] whitlock
    after a cue            my name is [garbled], my date of birth is [garbled], she ran out of her [garbled]
    after a house number   at 48 [garbled garbled]
    before an organization from [garbled] medical supply
    among figures          call me at 4 1 0 [garbled] 5, that is j o [garbled] n e s

A `SlotKind` says how many words a slot takes and how low their confidence must be, on the scale of Whisper's word
probabilities. Names of drugs and conditions come out as everyday words ("softest fever"), of which recognition is surer
than of garbled names, so that their slots need less.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from redactor.phi import gazetteers
from redactor.phi.recognizers import name_cues
from redactor.phi.recognizers.organization_words import GENERIC, KINDS
from redactor.phi.recognizers.runs import NUMBER_LABELS
from redactor.phi.spoken.words import NUMBER_STARTS, OH
from redactor.types import CLINICAL, Finding, Word

SCORE = 0.45
SOURCE = "unsure word"
GUESS, LOW, MEDIUM, ANY = 0.35, 0.5, 0.75, 1.1
"""Below GUESS a word is nearly always wrong, below LOW more likely wrong than right, below MEDIUM it may be wrong, and
below ANY is every word."""


class SlotKind(NamedTuple):
    """Which words fill a slot.

    Attributes:
        longest: words at most.
        each: the confidence of each word is below this.
        some, fewest: that of at least `fewest` words is below `some`.
        function: a function word of this confidence or more ends the slot.
        whole: function words may end it.
        content: function words alone do not fill it.
        phrase: a figure or an everyday noun ends it.
    """

    longest: int
    each: float = MEDIUM
    some: float = LOW
    fewest: int = 1
    function: float = 0.35
    whole: bool = False
    content: bool = False
    phrase: bool = False


BESIDE = SlotKind(longest=2, content=True)
BESIDE_PLACE = SlotKind(longest=4, function=0.5, content=True)
BESIDE_GUESS = SlotKind(longest=1, each=0.8, some=0.8, function=0.8, whole=True)
"""Before a finding whose first word is a guess: where it begins is a guess as well."""
KIND_OF_CONDITION = SlotKind(longest=1, each=0.8, some=0.8, content=True, phrase=True)
KIND_OF_TREATMENT = SlotKind(longest=3, each=0.8, some=0.7, content=True, phrase=True)
BETWEEN = SlotKind(longest=3, some=MEDIUM, function=ANY, whole=True)
AFTER_CUE = SlotKind(longest=4)
INTRODUCTION = SlotKind(longest=6, each=0.8, function=0.7, whole=True)
CLINICAL_FACT = SlotKind(longest=4, each=ANY, some=0.8, function=0.55, content=True, phrase=True)
OWN_MATTER = SlotKind(longest=3, each=0.65, some=GUESS, content=True)
STREET = SlotKind(longest=6, each=ANY, some=MEDIUM, fewest=2, function=MEDIUM, whole=True, phrase=True)
TO_STREET = SlotKind(longest=4, each=ANY, some=MEDIUM, function=ANY, whole=True)
TO_STREET_FROM_GUESS = TO_STREET._replace(fewest=0)
AFTER_PLACE = SlotKind(longest=3, each=0.8, function=0.8, whole=True)
"""A whole sentence after a place: "Juniper Terrace. No problem." for "Juniper Terrace, Millbrook."."""

FEWEST_DIGITS, FEWEST_AFTER_CUE, FEWEST_LETTERS = 4, 2, 4
"""So many digits (letters, one by one) in an interrupted run are an identifier."""
LONGEST_REST, UNSURE_REST = 8, 0.7
"""Words of an introduction up to the end of its sentence, and their mean confidence below which all are the name."""
SURE_NAME = 0.8
"""Confidence from which a word is believed where only a name would fit better."""
LONGEST_OPENING = 6
"""Words before "calling" at the beginning of a message."""
LONGEST_NAME = 4
"""Words of an organization's name before its last one."""
LONGEST_GAP = 3
"""Words of low confidence between two figures of a run, or between a cue and the figures of its value."""
CONTEXT = 12
"""A cue of both drugs and other things counts within this many words of a clinical finding."""

_OWN = r"(?: (?:my|his|her|their|the|some|a|an|any|more|your|new|that))*"
_INTRODUCES = re.compile(
    r"\b(?:this is|i am|name is|(?:mother|father|mom|dad|parent|guardian|wife|husband|son|daughter|sister|brother|"
    r"grandmother|grandfather|friend|behalf) of|(?:calling|message|message is) for|patient is|patient's name is)$"
)
_OWN_MATTER_CUE = re.compile(
    r"\b(?:about|for|of|regarding|with|have|had|having|on|off|takes?|taking|needs?|means|wants?|got|gets?|getting|missed|"
    r"stopped|started) (?:my|his|her|their)$"
)
_VALUE_CUE = re.compile(
    r"\b(?:(?P<DATE_TIME>date of birth|birth ?(?:day|date)|d ?o ?b|born)|"
    r"(?P<LOCATION>address|zip(?: code)?|street|live at)|(?P<EMAIL_ADDRESS>e-?mail(?: address)?)|"
    r"(?P<OTHER_ID>(?:id|number|social|security|policy|account|record|claim|member|chart|plate|license)"
    r"(?: number| id)?)|"
    r"(?P<PHONE_NUMBER>phone|cell|fax|(?:call|reach) me(?: back)?(?: at)?))"
    r"(?: is| was| are| it's| its|'s| on| at| um| uh)*$"
)
_CONDITION_CUE = re.compile(
    rf"\b(?:diagnosed with|diagnosis of|positive for|treat(?:ed|ment) (?:for|of)|suffer(?:s|ed|ing)? from|history of|"
    rf"admitted (?:for|with)){_OWN}$"
)
_DRUG_CUE = re.compile(
    rf"\b(?:(?:refills?|prescriptions?|scripts?|doses?|dosage|tablets?|capsules?|pills?|bottles?|supply|milligrams?|"
    rf"allerg(?:ic|y|ies)) (?:of|on|for|to)|prescribed|taking|"
    rf"(?:me|him|her|switch(?:ed|ing)?|been|back|started) (?:on|to)|"
    rf"(?:drug|medication|medicine|med) is|(?:switch(?:ed|ing)?|change[ds]?|changing) (?:over )?from|"
    rf"(?:verbal )?orders? for|"
    rf"(?:ran|run|running|almost|am|is|i'm|she's|he's) out of){_OWN}$"
)
"""Nearly always before a drug, though also in "taking my son"."""
_POSSIBLE_DRUG_CUE = re.compile(
    rf"\b(?:takes?|took|taken|needs?|give|gives?|gave (?:me|him|her)|stop(?:ped)?|started?|on|with|get|"
    rf"pick(?:ing)? up){_OWN}$"
)
_CLINICAL_CUE_ENDS = frozenset(
    "of on for to with from prescribed taking take takes took taken need needs give gives me him her stop stopped "
    "start started get up is my his their the some a an any more your new that".split()
)
"""Last words of the cues of conditions and drugs (for speed)."""
_NAME_LEVELS = frozenset({name_cues.TITLE, name_cues.NAME})
_FIGURES_FOLLOW = frozenset({"DATE_TIME", "OTHER_ID", "PHONE_NUMBER"})
_BEFORE_HOUSE_NUMBER = frozenset({"at", "on", "is"})
_EVERYDAY = frozenset(
    "appointment appointments call calls time medicine medicines medication medications meds pill pills drug drugs "
    "prescription prescriptions refill refills insurance phone number message messages office doctor nurse day days "
    "week weeks month months hour hours minute minutes today tomorrow yesterday tonight morning evening night way help "
    "care weekend referral ride copy letter note form paperwork question break rest look listen bus am pm a.m p.m "
    "o'clock monday tuesday wednesday thursday friday saturday sunday".split()
)
"""Nouns that follow the same cues, and are neither drugs nor streets."""
_KINDS = KINDS - frozenset(
    "home homes house place service services office plan care health benefits claims management company parts power "
    "water gas hearing nurses doctors school post mission family market paper inn court post trust drug drugs lab labs "
    "medicine living lines".split()
)
"""Last words of organizations, without those that end many other phrases."""
_RELATIVES = frozenset("mother father mom dad wife husband son daughter sister brother aunt uncle nephew niece".split())
_WHOSE = frozenset("my his her our their".split())
_GREETINGS = frozenset("hi hello hey yes yeah hiya good morning afternoon evening day there just um uh okay".split())
_TREATMENTS = {
    **dict.fromkeys(
        "shot shots injection injections scan surgery biopsy infusion scope x-ray ultrasound".split(), "PROCEDURE"
    ),
    **dict.fromkeys("inhaler cream ointment drops patch patches tablets capsules lotion spray".split(), "MEDICATION"),
}
_AFTER_NAMES = frozenset("and i i'm calling from with at here over".split())
_SOUNDS_LIKE_A_LETTER = frozenset(
    "age are be bee by cue eh ex eye for gee hay he in jay kay key me my no on or pay pea see she tea the to way we "
    "why you zee".split()
)
"""Before a digit: the letter that begins a member number, heard as a word ("age 552" for H 552)."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def low_confidence_findings(words: Sequence[Word], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings for the words of low confidence in a transcript, `findings` being those of its text; they may overlap.

    Nothing is found where recognition was sure of all words.
    """
    if all(word.confidence >= MEDIUM for word in words):
        return
    slots = _Slots(words, findings)
    yield from slots.beside_findings()
    yield from slots.after_cues()
    yield from slots.introductions()
    yield from slots.after_house_numbers()
    yield from slots.before_organizations()
    yield from slots.before_treatments()
    yield from slots.among_figures()


def follows_cue(said: str) -> bool:
    """Whether a name, a value, a condition or a drug may follow these words, in lower case and without marks."""
    return any(
        cue.search(said)
        for cue in (_INTRODUCES, _VALUE_CUE, _CONDITION_CUE, _DRUG_CUE, _POSSIBLE_DRUG_CUE, _OWN_MATTER_CUE)
    )


def is_function_word(word: str) -> bool:
    """Whether a word, in lower case, says nothing by itself: "the", "with", "i"."""
    return word in _function_words() and (len(word) > 1 or word in "ai")


@cache
def _function_words() -> frozenset[str]:
    return gazetteers.words("function_words") | name_cues.FUNCTION


class _LowerCase(NamedTuple):
    lower: str


class _Slots:
    """The slots of one transcript. Words are counted from 0."""

    def __init__(self, words: Sequence[Word], findings: Sequence[Finding]) -> None:
        function = _function_words()
        self.words = words
        self.lower = [(m.group().lower() if (m := _WORD.search(w.text)) else "") for w in words]
        self.confidence = [w.confidence if lower else 1.0 for w, lower in zip(words, self.lower, strict=True)]
        self.function = [lower in function and (len(lower) > 1 or lower in "ai") for lower in self.lower]
        self.digits = [
            sum(map(str.isdigit, w.text)) or int(lower in NUMBER_STARTS or lower in OH)
            for w, lower in zip(words, self.lower, strict=True)
        ]
        self.figure = [
            digits > 0 or (len(lower) == 1 and lower not in "ai")
            for digits, lower in zip(self.digits, self.lower, strict=True)
        ]
        for n in range(len(words) - 1):
            if self.lower[n] in _SOUNDS_LIKE_A_LETTER and self.digits[n + 1] and self.confidence[n] < MEDIUM:
                self.function[n] = False
        for n in range(len(words) - 2):
            if self.lower[n : n + 3] == ["d", "o", "b"]:
                self.figure[n : n + 3] = [False] * 3
        self.found = [(finding.label, held) for finding in findings if (held := self._touched(finding))]

    def beside_findings(self) -> Iterator[Finding]:
        """Before and after what was found, and between two pieces of one name or number."""
        for label, held in self.found:
            before, after = held[0] - 1, held[-1] + 1
            if label in CLINICAL:
                if label == "CONDITION":  # "nematoid arthritis"
                    yield from self._finding(label, self._fill(KIND_OF_CONDITION, before, step=-1))
                if after < len(self.words) and self.words[held[-1]].text[-1:] not in ",;.?!":
                    letter = len(self.lower[after]) == 1 and self.figure[after]  # "hepatitis T", for C
                    yield from self._finding(label, [after] if letter else self._fill(BESIDE, after))
            elif label != "ORGANIZATION":
                kind = BESIDE_PLACE if label == "LOCATION" else BESIDE
                yield from self._finding(label, self._fill(kind, before, step=-1))
                if self.confidence[held[0]] < GUESS:
                    yield from self._finding(label, self._fill(BESIDE_GUESS, before, step=-1))
                yield from self._finding(label, self._fill(kind, after))
                if label == "PERSON" and self._is_spelled(after):
                    yield from self._finding(label, [after])
                if label == "LOCATION" and self._ends_sentence(held[-1]):
                    sentence = self._fill(AFTER_PLACE, after)
                    yield from self._finding(label, sentence if sentence and self._ends_sentence(sentence[-1]) else [])
        for label in ("PERSON", *sorted(NUMBER_LABELS)):
            for left, right in pairwise(held for other, held in self.found if other == label):
                yield from self._finding(label, self._fill(BETWEEN, left[-1] + 1, before=right[0]))

    def after_cues(self) -> Iterator[Finding]:
        """After the words that announce a name, a value, a condition or a drug."""
        near = {
            n
            for label, held in self.found
            if label in CLINICAL
            for n in range(held[0] - CONTEXT, held[-1] + CONTEXT + 1)
        }
        lower_case = [_LowerCase(lower) for lower in self.lower]
        for at in range(1, len(self.words)):
            if all(confidence >= CLINICAL_FACT.some for confidence in self.confidence[at : at + CLINICAL_FACT.longest]):
                continue
            said = self._before(at)
            if _INTRODUCES.search(said):
                yield from self._finding("PERSON", self._garbled_rest(at))
            if self.confidence[at] < INTRODUCTION.each:
                if _INTRODUCES.search(said):
                    yield from self._finding("PERSON", self._fill(INTRODUCTION, at))
                elif self.confidence[at - 1] >= LOW:  # else the cue itself may be misheard
                    if name_cues.level(lower_case, at) in _NAME_LEVELS:
                        yield from self._finding("PERSON", self._fill(AFTER_CUE, at))
                    elif (cue := _VALUE_CUE.search(said)) is not None:
                        yield from self._finding(str(cue.lastgroup), self._fill(AFTER_CUE, at))
            if self.lower[at - 1] not in _CLINICAL_CUE_ENDS or self._ends_sentence(at - 1):
                continue
            if _CONDITION_CUE.search(said):
                yield from self._finding("CONDITION", self._fill(CLINICAL_FACT, at))
            elif _DRUG_CUE.search(said) or (at in near and _POSSIBLE_DRUG_CUE.search(said)):
                yield from self._finding("MEDICATION", self._fill(CLINICAL_FACT, at))
            elif _OWN_MATTER_CUE.search(said):
                yield from self._finding("CONDITION", self._fill(OWN_MATTER, at))

    def introductions(self) -> Iterator[Finding]:
        """A garbled name where one is said without "this is": "it's [no witlock] and I", "[wait in a cent] calling"."""
        for at in range(1, len(self.words)):
            if self.lower[at - 1] == "it's" and (at == 1 or self._ends_sentence(at - 2)):
                run = self._fill(INTRODUCTION._replace(longest=4), at)
                follows = self.lower[run[-1] + 1] if run and run[-1] + 1 < len(self.words) else ""
                if run and (self.words[run[-1]].text[-1:] in ",." or follows in _AFTER_NAMES):
                    yield from self._finding("PERSON", run)
            relative = self.lower[at - 1] in _RELATIVES and at > 1 and self.lower[at - 2] in _WHOSE
            if relative and self._ends_sentence(at) and self.confidence[at] < SURE_NAME and not self.function[at]:
                yield from self._finding("PERSON", [at])
            if self.lower[at] == "calling" and not self._ends_sentence(at - 1):
                first = at
                while first and at - first < LONGEST_OPENING and not self._ends_sentence(first - 1):
                    first -= 1
                opening = [*range(first, at)]
                begins = first == 0 or self._ends_sentence(first - 1)
                named = any(not self.function[n] and self.lower[n] not in _GREETINGS for n in opening)
                if begins and named and sum(self.confidence[n] for n in opening) < UNSURE_REST * len(opening):
                    yield from self._finding("PERSON", opening)

    def after_house_numbers(self) -> Iterator[Finding]:
        """A house number with what follows it: words of low confidence, or all up to the street that was found."""
        streets = {held[0] for label, held in self.found if label == "LOCATION"}
        for at in range(1, len(self.words)):
            house = 0 < self.digits[at] <= 5 and self.lower[at - 1] in _BEFORE_HOUSE_NUMBER
            if house and not self._ends_sentence(at):
                street = next((n for n in range(at + 2, at + 6) if n in streets), None)
                to_street = TO_STREET if self.confidence[at] >= LOW else TO_STREET_FROM_GUESS
                run = self._fill(to_street, at + 1, before=street) if street else self._fill(STREET, at + 1)
                yield from self._finding("LOCATION", [at, *run] if run else [])

    def before_organizations(self) -> Iterator[Finding]:
        """The name before the last word of an organization's: "the [older point medical building]", for Alder Point."""
        for at in range(1, len(self.words)):
            if not self._is_kind(at) or (self._is_kind(at + 1) and not self._ends_sentence(at)):
                continue
            first = at
            while first > max(0, at - LONGEST_NAME) and self._in_organization(first - 1):
                first -= 1
            while first < at and self.function[first]:
                first += 1
            own = [n for n in range(first, at) if self.lower[n] not in GENERIC and not self.function[n]]
            if own and min(self.confidence[n] for n in own) < SURE_NAME:
                yield from self._finding("ORGANIZATION", [*range(first, at + 1)])

    def before_treatments(self) -> Iterator[Finding]:
        """What kind of treatment or drug it is: "the [quarter zone] shot", for cortisone."""
        for at in range(1, len(self.words)):
            label = _TREATMENTS.get(self.lower[at], "")
            kind = self._fill(KIND_OF_TREATMENT, at - 1, step=-1) if label else []
            yield from self._finding(label, [*kind, at] if kind else [])

    def _is_kind(self, at: int) -> bool:
        """Whether the word can be the last of an organization's name."""
        if at >= len(self.words):
            return False
        return self.lower[at] in _KINDS or (self.lower[at] == "plan" and self.lower[at - 1] == "health")

    def _in_organization(self, at: int) -> bool:
        """Whether the word can belong to the name that continues after it."""
        if not self.lower[at] or self._ends_sentence(at) or self.figure[at]:
            return False
        return not self.function[at] or self.lower[at] in KINDS | {"and", "of"} or self.confidence[at] < LOW

    def among_figures(self) -> Iterator[Finding]:
        """Runs of digits and single letters that words of low confidence interrupt."""
        label_at = {n: label for label, held in self.found if label not in CLINICAL for n in held}
        at = 0
        while at < len(self.words):
            if not self.figure[at]:
                at += 1
                continue
            run = self._figures(at)
            at = run[-1] + 1
            labels = [label_at[n] for n in run if n in label_at]
            if announced := self._announced(run[0]):
                first, label = announced
                run = [*range(first, run[0]), *run]
                labels.append(label)
            digits = [self.digits[n] for n in run if self.digits[n]]
            letters = sum(len(self.lower[n]) == 1 for n in run)
            enough = len(digits) > 1 and sum(digits) >= (FEWEST_AFTER_CUE if labels else FEWEST_DIGITS)
            if (enough or letters >= FEWEST_LETTERS) and any(self.confidence[n] < MEDIUM for n in run):
                yield from self._finding(labels[0] if labels else "OTHER_ID", run)

    def _announced(self, at: int) -> tuple[int, str] | None:
        """Where a value begins whose figures begin at `at`, and its label: a cue with only words of low confidence
        between.
        """
        for first in range(at, max(0, at - LONGEST_GAP - 1), -1):
            cue = _VALUE_CUE.search(self._before(first))
            if cue is not None and cue.lastgroup in _FIGURES_FOLLOW:
                return first, str(cue.lastgroup)
            if self.confidence[first - 1] >= MEDIUM:
                break
        return None

    def _figures(self, at: int) -> list[int]:
        """Figures from the one at `at` on, with up to LONGEST_GAP words of low confidence between two of them, and
        words of low confidence beside the first and the last.
        """
        run: list[int] = []
        while at < len(self.words):
            unsure = self.confidence[at] < (LOW if run and self._ends_sentence(at - 1) else MEDIUM)
            if not (unsure or self.figure[at] or len(self.lower[at]) == 1):
                break
            run.append(at)
            if not any(self.figure[n] for n in run[-LONGEST_GAP - 1 :]):
                break
            at += 1
        while not self.figure[run[-1]]:
            run.pop()
        return sorted({*run, *self._fill(BESIDE, run[0] - 1, step=-1), *self._fill(BESIDE, run[-1] + 1)})

    def _fill(self, kind: SlotKind, at: int, *, step: int = 1, before: int | None = None) -> list[int]:
        """The words that fill a slot of this kind from `at` on, in order; none if they are not as it asks.

        before: the slot ends here, and is filled to its end or not at all.
        """
        run: list[int] = []
        while 0 <= at < len(self.words) and at != before and len(run) < kind.longest and self._fits(kind, at):
            if (run or step < 0) and self._ends_sentence(at if step < 0 else at - 1):
                break
            run.append(at)
            at += step
        if before is not None and at != before:
            return []
        if all(self.function[n] for n in run):
            run = [] if kind.content else run
        elif not kind.whole:
            while self.function[run[-1]]:
                run.pop()
        return sorted(run) if sum(self.confidence[n] < kind.some for n in run) >= kind.fewest else []

    def _garbled_rest(self, at: int) -> list[int]:
        """The words from `at` to the end of a sentence that ends soon and is unsure on average.

        This covers the whole of "this is [what we'll mean to ever net me]."
        """
        end = next((n for n in range(at, min(at + LONGEST_REST, len(self.words))) if self._ends_sentence(n)), None)
        if end is None:
            return []
        rest = list(range(at, end + 1))
        return rest if sum(self.confidence[n] for n in rest) < UNSURE_REST * len(rest) else []

    def _fits(self, kind: SlotKind, at: int) -> bool:
        if not self.lower[at]:
            return False
        if self.function[at] and self._between_guesses(at):
            return True
        if self.confidence[at] >= kind.each:
            return False
        if kind.phrase and (self.figure[at] or (self.lower[at] in _EVERYDAY and not self._misheard(at))):
            return False
        return not self.function[at] or self.confidence[at] < kind.function

    def _between_guesses(self, at: int) -> bool:
        """Whether a function word stands between two words of low confidence, as in "self as beaver" for
        "sofosbuvir".
        """
        if not 0 < at < len(self.words) - 1:
            return False
        before, after = self.confidence[at - 1], self.confidence[at + 1]
        return max(before, after) < LOW or (before < LOW and max(self.confidence[at], after) < MEDIUM)

    def _misheard(self, at: int) -> bool:
        """Whether not even an everyday noun is believed, as in "her office beaver" for "her sofosbuvir"."""
        after = self.confidence[at + 1 : at + 2]
        return self.confidence[at] < GUESS and after != [] and after[0] < MEDIUM and not self.function[at + 1]

    def _is_spelled(self, at: int) -> bool:
        """Whether the word can be the letters of a surname, run together, as DRZ in "Buzzaziki, DRZ"."""
        text = self.words[at].text.strip(".,;:?!") if at < len(self.words) else ""
        return text.isalpha() and text.isupper() and 2 <= len(text) <= 6 and self.confidence[at] < SURE_NAME

    def _before(self, at: int) -> str:
        return " ".join(self.lower[max(0, at - 6) : at])

    def _ends_sentence(self, at: int) -> bool:
        return self.words[at].text[-1:] in ".?!"

    def _touched(self, finding: Finding) -> list[int]:
        """The words that a finding touches."""
        first = bisect_right(self.words, finding.start, key=lambda word: word.char_end)
        return list(range(first, bisect_left(self.words, finding.end, key=lambda word: word.char_start)))

    def _finding(self, label: str, run: Sequence[int]) -> Iterator[Finding]:
        if run:
            yield Finding(label, self.words[run[0]].char_start, self.words[run[-1]].char_end, SCORE, SOURCE)
