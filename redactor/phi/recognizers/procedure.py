"""PROCEDURE: imaging, surgery, treatments, examinations (RULES V08)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.lexicons import word_class
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

OPERATION = re.compile(
    r"[a-z]{3,}(?:ectomy|ostomy|otomy|oscopy|plasty|graphy of)(?:ies)?|[a-z]{3,}(?:ectomies|ostomies|otomies|oscopies|"
    r"plasties)"
)
NOT_OPERATION = frozenset({"dichotomy", "dichotomies", "microscopy", "spectroscopy"})
NAMED = frozenset(
    "biopsy biopsies ultrasound ultrasounds scan scans mri ct x-ray xray surgery surgeries injection injections "
    "graft implant procedure procedures therapy repair transplant excision endoscopy imaging replacement".split()
)
"""What a word before them specifies: "shave biopsy", "antral follicle ultrasound"."""
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
        self._joining = word_class("joining")
        self._before = self._modifiers | self._body | frozenset({"total", "partial", "radical", "unicompartmental"})

    def listed(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Hits of the lists, with "left", "total" … before them."""
        for mention in super().listed(parsed):
            first = parsed.back(mention.first, self._before) if mention.score >= SCORES["library"] else mention.first
            if parsed.word(mention.last - 1) in NAMED:
                first = self._specified(parsed, first)
            yield mention._replace(first=first)

    def _specified(self, parsed: ClinicalText, first: int) -> int:
        """Where a procedure begins with the word before it, if that word says which one it is."""
        word = parsed.word(first - 1)
        specifies = (
            len(word) > 2
            and word not in self._joining
            and not parsed.number(first - 1)
            and not word.endswith(("ed", "ly", "ing", "'t", "'re", "'ve", "'ll"))
            and parsed.label(first - 1) != ""
        )
        return first - 1 if specifies else first

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """BODY + "surgery", "scan" …, "surgery on my knee", and any other "-ectomy", "-oscopy"."""
        for index, word in enumerate(parsed.words.plain):
            if word in {"procedure", "procedures"} and parsed.label(index) != "":
                first = self._specified(parsed, index)
                if first < index:
                    yield Mention(first, index + 1, SCORES["value"], "named-procedure")
            if word in self._heads:
                if parsed.label(index) == "":
                    continue
                hit = parsed.at[index]
                last = hit.last if hit is not None and hit.entry.label == self.label else index + 1
                first = index
                while first and parsed.word(first - 1) in self._body and parsed.label(first - 1) != "":
                    first -= 1
                if first < index:
                    yield Mention(parsed.back(first, self._modifiers), last, SCORES["pattern"], "body-procedure")
                elif parsed.word(last) in LINKS:
                    body = parsed.skip(last + 1, self._determiners)
                    if parsed.word(body) in self._body and parsed.label(body) != "":
                        yield Mention(index, body + 1, SCORES["pattern"], "procedure-on-body")
            elif parsed.at[index] is None and OPERATION.fullmatch(word) and word not in NOT_OPERATION:
                yield Mention(parsed.back(index, self._before), index + 1, SCORES["pattern"], "operation")
