"""Clinical facts that the trained tagger finds (`redactor.phi.clinical_tagger`), beside the rules and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from redactor.phi.clinical_tagger import FLOORS
from redactor.phi.recognizers.ner import NerRecognizer
from redactor.types import CLINICAL, Finding

SOURCE = "FactRecognizer"
_LEADING = re.compile(
    r"(?:(?:the|a|an|my|his|her|your|our|their|its|this|that|these|those|some|and|or|but|so|to|of|for|with|um|uh|'s)\b"
    r"|[^\w$])*[^\w$]*",
    re.IGNORECASE,
)


_TRAILING = re.compile(
    r"[^\w$]*(?:\b(?:the|a|an|my|his|her|your|our|their|its|and|or|but|so|to|of|for|with|from|at|when|if|because|until|um|uh)"
    r"[^\w$]*)*$",
    re.IGNORECASE,
)


class FactRecognizer(NerRecognizer):
    """Entities of the clinical tagger, without determiners and joining words at their ends.

    The score stays between the threshold of clinical labels and the rules' scores, so that a rule decides the label
    where both speak.
    """

    source: ClassVar[str] = SOURCE
    LEAST: ClassVar[float] = 0.5
    RANGE: ClassVar[float] = 0.09

    def __init__(self) -> None:
        super().__init__(CLINICAL)

    def weigh(self, text: str, start: int, end: int, label: str, probability: float) -> tuple[int, int, float]:
        if probability < FLOORS[label]:
            return start, end, 0.0  # a candidate, which only keeps a rule's finding (`undoubted`)
        # The tagger splits "t's" and "x-ray"; a finding has whole words.
        while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
            end += 1
        leading = _LEADING.match(text, start, end)
        start = leading.end() if leading else start
        trailing = _TRAILING.search(text, start, end)
        end = trailing.start() if trailing else end
        known = any(c.isalnum() for c in text[start:end])
        return start, end, self.LEAST + self.RANGE * probability if known else 0.0


DOUBTED = frozenset(f"{label}Recognizer" for label in "Condition Procedure LabResult Billing Specialty".split())
LISTED = 0.8
"""The tagger may drop what they found by a grammar or pattern, with a score below that of a listed term."""


def undoubted(findings: Iterable[Finding], entities: Iterable[Any]) -> list[Finding]:
    """Without clinical findings of grammars and patterns in which the tagger is sure that no word belongs to a fact.

    Args:
        findings: of all recognizers.
        entities: of the sources (`redactor.phi.ner.Entity`), the tagger's candidates among them.
    """
    likely = [(e.start_char, e.end_char) for e in entities if e.label_ in CLINICAL]
    return [
        f
        for f in findings
        if f.source not in DOUBTED or f.score >= LISTED or any(start < f.end and f.start < end for start, end in likely)
    ]
