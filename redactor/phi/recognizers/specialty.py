"""SPECIALTY: who treats a patient and where ("lung doctor", "oncology", "sleep clinic"), which reveals a condition
(RULES V06, V07).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.lexicons import word_class
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

TITLE = re.compile(r"[a-z]{3,}(?:ologist|iatrist|odontist)s?")
NOT_MEDICAL = re.compile(
    r"(?:techn|anthrop|arch(?:ae|e)|para?psych|meteor|ge|soci|ec|zo|crimin|bi|cosmet|apol|astr|ide|the|psych?opath|"
    r"etym|graph|music|phil|mix|herpet|entom|ornith|paleont|hydr|volcan|seism|climat|egypt|numer|gem)ologists?"
)
BY_NAME = frozenset({"MEDICATION", "CONDITION", "PROCEDURE", "SPECIALTY"})


class SpecialtyRecognizer(ClinicalRecognizer):
    label = "SPECIALTY"
    list_name = "specialty"

    def __init__(self) -> None:
        super().__init__()
        self._heads = word_class("specialty_head")
        self._body = word_class("body")

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """BODY or condition + "doctor", "clinic" …, and any other "-ologist"."""
        for index, word in enumerate(parsed.words.plain):
            if word in self._heads and index:
                before = parsed.at[index - 1]
                if parsed.label(index) == "":
                    continue
                if parsed.word(index - 1) in self._body and (before is None or before.entry.label):
                    yield Mention(index - 1, index + 1, SCORES["pattern"], "body-doctor")
                elif (
                    before is not None
                    and before.entry.label in BY_NAME
                    and before.entry.strength in {"strong", "library"}
                ):
                    yield Mention(before.first, index + 1, SCORES["pattern"], "condition-clinic")
            elif (
                word.endswith(("ist", "ists"))
                and parsed.at[index] is None
                and TITLE.fullmatch(word)
                and not NOT_MEDICAL.fullmatch(word)
            ):
                yield Mention(index, index + 1, SCORES["pattern"], "title")
