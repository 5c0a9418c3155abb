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
    "red hot swollen swole puffy sore itchy warm painful tender purple bruised infected oozing crusty numb "
    "tingly".split()
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
    "hurt broke fractured sprained twisted injured strained tore cut burned hit bruised pulled dislocated threw jammed "
    "smashed scraped".split()
)
COPULA = frozenset(
    "is are was were has been have being feels feel felt looks look still really very so all pretty getting gets got a "
    "bit little also just now it's".split()
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

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """BODY with a complaint in any order, allergies, troubles, injuries, "X disease", and words like "-itis"."""
        for index, word in enumerate(parsed.words.plain):
            if parsed.label(index) == "":
                continue
            if word in self._body:
                yield from self._body_first(parsed, index)
            elif (
                word in MEASURED
                and parsed.word(index - 1) in {"blood", "heart"}
                and parsed.word(index + 1) in self._complaint
            ):
                yield Mention(index - 1, index + 2, SCORES["pattern"], "body-complaint")
            elif (
                word in self._adjective
                and self._is_body(parsed, index + 1)
                and parsed.word(index + 1) not in self._common
            ):
                yield Mention(index, index + 2, 0.7, "adjective-body")
            if word in self._complaint or (word == "blood" and parsed.word(index + 1) in {"in", "from", "coming"}):
                yield from self._complaint_first(parsed, index, word)
            if word in WHEN and parsed.word(index + 1) == "when" and parsed.word(index + 2) in PEOPLE:
                yield Mention(index, min(index + 4, len(parsed.at)), SCORES["pattern"], "hurts-when")
            if word in PICKING and parsed.word(index + 1) in {"at", "on"}:
                body = parsed.skip(index + 2, self._determiners)
                if self._is_body(parsed, body):
                    yield Mention(index, body + 1, SCORES["pattern"], "picks-at-body")
            if word in LOOKS and parsed.word(index + 1) == "and" and parsed.word(index + 2) in LOOKS:
                yield Mention(index, index + 3, 0.7, "looks")
            if word in HEADS:
                before = parsed.word(index - 1)
                if (
                    len(before) > 3
                    and before not in NOT_NAMES
                    and not before.isdigit()
                    and parsed.label(index - 1) != ""
                ):
                    yield Mention(parsed.back(index - 1, self._modifiers), index + 1, 0.7, "named-disease")
            elif word in INJURED:
                body = parsed.skip(index + 1, self._determiners)
                if body > index + 1 and self._is_body(parsed, body):
                    yield Mention(index, body + 1, SCORES["pattern"], "injury")
            elif word in TROUBLE:
                doing = parsed.skip(index + 1, frozenset({"with", "my", "his", "her", "time", "to", "your", "the"}))
                if parsed.word(doing) in DOING:
                    if parsed.word(doing + 1) in {"and", "or"} and parsed.word(doing + 2) in DOING:
                        doing += 2
                    yield Mention(index, doing + 1, SCORES["pattern"], "trouble-doing")
            elif word in {"allergic", "allergies", "allergy"}:
                yield from self._allergy(parsed, index)
            elif (
                len(word) > 6 and parsed.at[index] is None and MEDICAL_WORD.fullmatch(word) and word not in NOT_MEDICAL
            ):
                yield Mention(index, index + 1, SCORES["pattern"], "medical-word")

    def listed(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Hits of the lists, with "chronic", "left", "type two" … before them."""
        for mention in super().listed(parsed):
            first = parsed.back(mention.first, self._modifiers) if mention.score >= SCORES["library"] else mention.first
            if parsed.number(first - 1) and parsed.word(first - 2) in GRADES:
                first -= 2
            yield mention._replace(first=first)

    def _is_body(self, parsed: ClinicalText, index: int) -> bool:
        return parsed.word(index) in self._body and parsed.label(index) != ""

    def _body_first(self, parsed: ClinicalText, index: int) -> Iterator[Mention]:
        """One of "left arm pain", "kidney problems", "my knee hurts", "my back is killing me"."""
        if parsed.word(index + 1) in self._complaint and parsed.label(index + 1) != "":
            first = index
            while first and self._is_body(parsed, first - 1):
                first -= 1
            yield Mention(parsed.back(first, self._modifiers), index + 2, SCORES["pattern"], "body-complaint")
            return
        after = parsed.skip(index + 1, COPULA, 4)
        word = parsed.word(after)
        if word in self._verb or (
            after > index + 1 and word in self._adjective and parsed.label(after) not in {"", self.label}
        ):
            last = after + 1 + (parsed.word(after + 1) in SHUT)
            if parsed.word(last) == "and" and parsed.word(last + 1) in self._adjective:
                last += 2
            yield Mention(index, last, SCORES["pattern"], "body-hurts")

    def _complaint_first(self, parsed: ClinicalText, index: int, word: str) -> Iterator[Mention]:
        """One of "pain in my feet", "lump in her left breast", "blood in the urine"."""
        hit = parsed.at[index]
        last = hit.last if hit is not None else index + 1
        last += word == "blood" and parsed.word(last) == "coming"
        link = parsed.word(last)
        if link not in PREPOSITIONS:
            return
        body = parsed.skip(last + 1, self._determiners, 5)
        found = parsed.word(body) in FLUIDS or ((word != "blood" or link == "from") and self._is_body(parsed, body))
        if found:
            while self._is_body(parsed, body + 1):
                body += 1
            yield Mention(index, body + 1, SCORES["pattern"], "complaint-in-body")

    def _allergy(self, parsed: ClinicalText, index: int) -> Iterator[Mention]:
        if parsed.word(index - 1) in self._allergen:
            yield Mention(index - 1, index + 1, SCORES["pattern"], "allergy")
        if parsed.word(index + 1) == "to":
            what = parsed.skip(index + 2, self._determiners)
            drug = parsed.at[what] if what < len(parsed.at) else None
            if (parsed.word(what) in self._allergen and parsed.word(what) not in {"drug", "drugs", "food"}) or (
                drug and drug.entry.label == "MEDICATION" and drug.entry.strength != "generic"
            ):
                yield Mention(index, what + 1, SCORES["pattern"], "allergy")
