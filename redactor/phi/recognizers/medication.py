"""MEDICATION: brands, generics, classes, lay names, the doses beside them, and names that recognition misheard (RULES
V02).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.lexicons import patterns, word_class
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

# Stems of the USAN/INN naming scheme: names of whole classes end with them, including drugs that are on no list yet.
STEM = re.compile(
    r"[a-z]{3,}(?:opril|sartan|statin|[aeio]lol|prazole|conazole|nidazole|cillin|[mth]ycin|floxacin|cycline|gliptin|"
    r"gliflozin|glutide|glitazone|tinib|ciclib|[lzxt][aiu]mab|[cdvkgl]umab|cept|navir|tegravir|buvir|[cl]ovir|oxetine|"
    r"azepam|azolam|codone|triptan|dronate|parin|xaban|gatran|dipine|thiazide|semide|terol|nisone|olone|sonide|setron|"
    r"tadine|tidine|peridone|triptyline|ipramine|barbital|profen|coxib|fibrate|lukast|[dn]afil|zosin|steride|gepant|"
    r"mycin|azine hydrochloride|cyclovir)s?"
)
NOT_STEM = frozenset("accept concept except intercept precept percept transcept cholesterol glycerol pilaster".split())
FORMS = frozenset(
    "drops drop cream ointment gel lotion patch patches spray syrup "
    "shot shots injection injections suppository suppositories powder packets solution foam shampoo elixir "
    "xr er sr xl infusion infusions lozenges wash rinse".split()
)
FORMS_BEFORE = frozenset("liquid topical chewable injectable inhaled baby oral vaginal".split())
CARELESS = frozenset({"weak", "generic"})
NEIGHBOUR = 5
"""The distance in words between a dose and its drug."""


class MedicationRecognizer(ClinicalRecognizer):
    label = "MEDICATION"
    list_name = "medication"

    def __init__(self) -> None:
        super().__init__()
        self._units = word_class("dose_unit")
        self._sure_units = word_class("dose_unit_sure")
        lines = patterns()["frequency"].replace("\n", "|").split("|")
        self._frequency = sorted({tuple(line.split()) for line in lines if line.strip()}, key=len, reverse=True)

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Names by their stem, doses beside a drug ("forty milligrams twice a day")."""
        drugs = [
            Mention(hit.first, hit.last, 1.0, "")
            for hit in parsed.hits
            if hit.entry.label == self.label and hit.entry.strength not in CARELESS
        ]
        found = [
            Mention(index, index + 1, SCORES["pattern"], "stem")
            for index, word in enumerate(parsed.words.plain)
            if len(word) > 6 and parsed.at[index] is None and STEM.fullmatch(word) and word.rstrip("s") not in NOT_STEM
        ]
        yield from found
        drugs += found
        yield from (self._with_form(parsed, drug) for drug in drugs)
        drugs += self.misheard(parsed)
        for index in range(len(parsed.words.plain)):
            if parsed.number(index) and not parsed.number(index - 1):
                yield from self._dose(parsed, index, drugs)

    @staticmethod
    def _with_form(parsed: ClinicalText, drug: Mention) -> Mention:
        """With what it is given as: "liquid morphine", "polymyxin drops", "progesterone in oil"."""
        last = drug.last
        if parsed.word(last) == "in" and parsed.word(last + 1) in {"oil", "syrup"}:
            last += 2
        while parsed.word(last) in FORMS:
            last += 1
        first = drug.first - (parsed.word(drug.first - 1) in FORMS_BEFORE)
        return Mention(first, last, SCORES["pattern"], "form")

    def _dose(self, parsed: ClinicalText, first: int, drugs: list[Mention]) -> Iterator[Mention]:
        last = parsed.numbers(first)
        unit = parsed.word(last)
        if unit not in self._units:
            return
        near = any(first - NEIGHBOUR <= drug.last and drug.first <= last + 1 + NEIGHBOUR for drug in drugs)
        if near or unit in self._sure_units:
            yield Mention(first, self._often(parsed, last + 1), SCORES["value"] if near else SCORES["likely"], "dose")

    def _often(self, parsed: ClinicalText, index: int) -> int:
        """End of "twice a day", "every six hours", "by mouth" … that starts at `index`."""
        moved = True
        while moved:
            moved = False
            for words in self._frequency:
                if tuple(parsed.words.plain[index : index + len(words)]) == words:
                    index += len(words)
                    moved = True
                    break
            if parsed.word(index) == "every" and parsed.numbers(index + 1) > index + 1:
                index = parsed.numbers(index + 1) + 1
                moved = True
            index = min(index, len(parsed.words.plain))
        return index
