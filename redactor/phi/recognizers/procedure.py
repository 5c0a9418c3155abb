"""PROCEDURE: imaging, surgery, treatments, examinations (RULES V08)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.lexicons import word_class
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

OPERATION = re.compile(
    r"[a-z]{3,}(?:ectomy|ostomy|otomy|oscopy|plasty|graphy "
    r"of)(?:ies)?|[a-z]{3,}(?:ectomies|ostomies|otomies|oscopies|plasties)"
)
NOT_OPERATION = frozenset({"dichotomy", "dichotomies", "microscopy", "spectroscopy"})
LINKS = frozenset({"of", "on", "for", "to", "in"})


class ProcedureRecognizer(ClinicalRecognizer):
    label = "PROCEDURE"
    list_name = "procedure"

    def __init__(self) -> None:
        super().__init__()
        self._heads = word_class("procedure_head")
        self._body = word_class("body")
        self._determiners = word_class("determiner")
        self._modifiers = word_class("modifier")
        self._before = self._modifiers | self._body | frozenset({"total", "partial", "radical", "unicompartmental"})

    def listed(self, seen: ClinicalText) -> Iterator[Mention]:
        """As in the lists, with "left", "total" … taken along."""
        for mention in super().listed(seen):
            first = seen.back(mention.first, self._before) if mention.score >= SCORES["library"] else mention.first
            yield mention._replace(first=first)

    def patterns(self, seen: ClinicalText) -> Iterator[Mention]:
        """BODY + "surgery", "scan" …, "surgery on my knee", and any other "-ectomy", "-oscopy"."""
        for index, word in enumerate(seen.words.plain):
            if word in self._heads:
                if seen.label(index) == "":
                    continue
                hit = seen.at[index]
                last = hit.last if hit is not None and hit.entry.label == self.label else index + 1
                first = index
                while first and seen.word(first - 1) in self._body and seen.label(first - 1) != "":
                    first -= 1
                if first < index:
                    yield Mention(seen.back(first, self._modifiers), last, SCORES["pattern"], "body-procedure")
                elif seen.word(last) in LINKS:
                    body = seen.skip(last + 1, self._determiners)
                    if seen.word(body) in self._body and seen.label(body) != "":
                        yield Mention(index, body + 1, SCORES["pattern"], "procedure-on-body")
            elif seen.at[index] is None and OPERATION.fullmatch(word) and word not in NOT_OPERATION:
                yield Mention(seen.back(index, self._before), index + 1, SCORES["pattern"], "operation")
