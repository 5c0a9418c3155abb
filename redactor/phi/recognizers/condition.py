"""CONDITION: diagnoses, symptoms and complaints, lay and medical (RULES V01, V05)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.lexicons import word_class
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

PREPOSITIONS = frozenset("in on of with around behind under near down inside at to through across from over".split())
FLUIDS = frozenset("urine pee stool stools poop semen sputum spit phlegm vomit mucus saliva".split())
PICKING = frozenset("pulling pulls tugging tugs scratching rubbing grabbing clutching holding picking".split())
LOOKS = frozenset(
    (
        "red hot swollen swole puffy sore itchy warm painful tender purple bruised infected oozing crusty numb tingly"
    ).split()
)
SHUT = frozenset("up shut out open over off".split())
HEADS = frozenset("disease diseases disorder disorders syndrome deficiency".split())
TROUBLE = frozenset("trouble difficulty difficulties problem problems issue issues hard struggling unable".split())
DOING = frozenset(
    "breathing swallowing walking sleeping hearing seeing urinating peeing speaking talking eating standing balance "
    "balancing remembering concentrating focusing chewing vision speech language memory breath moving bending".split()
)
WHEN = frozenset("hurts hurt burns burn burning pain painful bleeding bleed bleeds dizzy".split())
PEOPLE = frozenset("i you he she it we they".split())
GRADES = frozenset({"stage", "type", "grade", "class"})
MEASURED = frozenset({"pressure", "sugar", "rate", "rhythm", "flow"})
INJURED = frozenset(
    (
        "hurt broke fractured sprained twisted injured strained tore cut burned hit bruised pulled dislocated "
        "threw jammed smashed scraped"
    ).split()
)
COPULA = frozenset(
    (
        "is are was were has been have being feels feel felt looks look still really very so all pretty getting "
        "gets got a bit little also just now it's"
    ).split()
)
NOT_NAMES = frozenset(
    "the a an my your his her their our any some this that these those no of for with and or to have has had other "
    "another such new same which what all i you we they it is was be heart from about in on at".split()
)
MEDICAL_WORD = re.compile(
    r"[a-z]{3,}(?:itis|osis|emia|aemia|algia|opathy|plegia|phobia|penia|rrhea|megaly|trophy|noma|sarcoma|blastoma)"
)
NOT_MEDICAL = frozenset(
    "diagnosis prognosis hypnosis osmosis metamorphosis symbiosis academia bohemia apotheosis homeopathy telepathy "
    "trophy atrophy photosynthosis neurosis nostalgia sinoma genoma antipathy sympathy empathy apathy".split()
)


class ConditionRecognizer(ClinicalRecognizer):
    label = "CONDITION"
    list_name = "condition"

    def __init__(self) -> None:
        super().__init__()
        self._body = word_class("body")
        self._common = word_class("body_common")
        self._complaint = word_class("complaint")
        self._adjective = word_class("complaint_adjective")
        self._verb = word_class("complaint_verb")
        self._determiners = word_class("determiner") | PREPOSITIONS
        self._modifiers = word_class("modifier")
        self._allergen = word_class("allergen")

    def patterns(self, seen: ClinicalText) -> Iterator[Mention]:
        """BODY with a complaint in any order, allergies, troubles, injuries, "X disease", and words like "-itis"."""
        for index, word in enumerate(seen.words.plain):
            if seen.label(index) == "":
                continue
            if word in self._body:
                yield from self._body_first(seen, index)
            elif (
                word in MEASURED
                and seen.word(index - 1) in {"blood", "heart"}
                and seen.word(index + 1) in self._complaint
            ):
                yield Mention(index - 1, index + 2, SCORES["pattern"], "body-complaint")
            elif (
                word in self._adjective and self._is_body(seen, index + 1) and seen.word(index + 1) not in self._common
            ):
                yield Mention(index, index + 2, 0.7, "adjective-body")
            if word in self._complaint or (word == "blood" and seen.word(index + 1) in {"in", "from", "coming"}):
                yield from self._complaint_first(seen, index, word)
            if word in WHEN and seen.word(index + 1) == "when" and seen.word(index + 2) in PEOPLE:
                yield Mention(index, min(index + 4, len(seen.at)), SCORES["pattern"], "hurts-when")
            if word in PICKING and seen.word(index + 1) in {"at", "on"}:
                body = seen.skip(index + 2, self._determiners)
                if self._is_body(seen, body):
                    yield Mention(index, body + 1, SCORES["pattern"], "picks-at-body")
            if word in LOOKS and seen.word(index + 1) == "and" and seen.word(index + 2) in LOOKS:
                yield Mention(index, index + 3, 0.7, "looks")
            if word in HEADS:
                before = seen.word(index - 1)
                if len(before) > 3 and before not in NOT_NAMES and not before.isdigit() and seen.label(index - 1) != "":
                    yield Mention(seen.back(index - 1, self._modifiers), index + 1, 0.7, "named-disease")
            elif word in INJURED:
                body = seen.skip(index + 1, self._determiners)
                if body > index + 1 and self._is_body(seen, body):
                    yield Mention(index, body + 1, SCORES["pattern"], "injury")
            elif word in TROUBLE:
                doing = seen.skip(index + 1, frozenset({"with", "my", "his", "her", "time", "to", "your", "the"}))
                if seen.word(doing) in DOING:
                    if seen.word(doing + 1) in {"and", "or"} and seen.word(doing + 2) in DOING:
                        doing += 2
                    yield Mention(index, doing + 1, SCORES["pattern"], "trouble-doing")
            elif word in {"allergic", "allergies", "allergy"}:
                yield from self._allergy(seen, index)
            elif len(word) > 6 and seen.at[index] is None and MEDICAL_WORD.fullmatch(word) and word not in NOT_MEDICAL:
                yield Mention(index, index + 1, SCORES["pattern"], "medical-word")

    def listed(self, seen: ClinicalText) -> Iterator[Mention]:
        """As in the lists, with "chronic", "left", "type two" … taken along."""
        for mention in super().listed(seen):
            first = seen.back(mention.first, self._modifiers) if mention.score >= SCORES["library"] else mention.first
            if seen.number(first - 1) and seen.word(first - 2) in GRADES:
                first -= 2
            yield mention._replace(first=first)

    def _is_body(self, seen: ClinicalText, index: int) -> bool:
        return seen.word(index) in self._body and seen.label(index) != ""

    def _body_first(self, seen: ClinicalText, index: int) -> Iterator[Mention]:
        """One of "left arm pain", "kidney problems", "my knee hurts", "my back is killing me"."""
        if seen.word(index + 1) in self._complaint and seen.label(index + 1) != "":
            first = index
            while first and self._is_body(seen, first - 1):
                first -= 1
            yield Mention(seen.back(first, self._modifiers), index + 2, SCORES["pattern"], "body-complaint")
            return
        after = seen.skip(index + 1, COPULA, 4)
        word = seen.word(after)
        if word in self._verb or (
            after > index + 1 and word in self._adjective and seen.label(after) not in {"", self.label}
        ):
            last = after + 1 + (seen.word(after + 1) in SHUT)
            if seen.word(last) == "and" and seen.word(last + 1) in self._adjective:
                last += 2
            yield Mention(index, last, SCORES["pattern"], "body-hurts")

    def _complaint_first(self, seen: ClinicalText, index: int, word: str) -> Iterator[Mention]:
        """One of "pain in my feet", "lump in her left breast", "blood in the urine"."""
        hit = seen.at[index]
        last = hit.last if hit is not None else index + 1
        last += word == "blood" and seen.word(last) == "coming"
        link = seen.word(last)
        if link not in PREPOSITIONS:
            return
        body = seen.skip(last + 1, self._determiners, 5)
        found = seen.word(body) in FLUIDS or ((word != "blood" or link == "from") and self._is_body(seen, body))
        if found:
            while self._is_body(seen, body + 1):
                body += 1
            yield Mention(index, body + 1, SCORES["pattern"], "complaint-in-body")

    def _allergy(self, seen: ClinicalText, index: int) -> Iterator[Mention]:
        if seen.word(index - 1) in self._allergen:
            yield Mention(index - 1, index + 1, SCORES["pattern"], "allergy")
        if seen.word(index + 1) == "to":
            what = seen.skip(index + 2, self._determiners)
            drug = seen.at[what] if what < len(seen.at) else None
            if (seen.word(what) in self._allergen and seen.word(what) not in {"drug", "drugs", "food"}) or (
                drug and drug.entry.label == "MEDICATION" and drug.entry.strength != "generic"
            ):
                yield Mention(index, what + 1, SCORES["pattern"], "allergy")
