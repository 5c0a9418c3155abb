"""LAB_RESULT: tests named, what they said, and their values (RULES V04: "normal" too is a result)."""

from __future__ import annotations

from collections.abc import Iterator

from redactor.phi.lexicons import word_class
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

SURE = frozenset({"strong", "likely", "generic", "library"})
TESTED = frozenset({"LAB_RESULT", "PROCEDURE"})
BEFORE_VALUE = frozenset(
    (
        "is was of at came back to be being reading read level about around now currently only still a down up "
        "from it it's that and the score"
    ).split()
)
MEASURE_WORDS = frozenset("high low elevated normal borderline up down higher lower abnormal".split())
CLEAR_WORDS = frozenset(
    "normal abnormal elevated positive negative borderline inconclusive benign malignant cancerous".split()
)
"""Verdicts that no game, exam or survey gets."""
UNITS = frozenset("percent milligrams mg grams units over deciliter per".split())


class LabResultRecognizer(ClinicalRecognizer):
    label = "LAB_RESULT"
    list_name = "lab_result"

    def __init__(self) -> None:
        super().__init__()
        self._heads = word_class("lab_head")
        self._body = word_class("body")
        self._verbs = frozenset(word_class("result_verb"))
        self._words = word_class("result_word")
        self._fillers = word_class("result_filler")
        self._measures = word_class("measure")
        self._measure_verbs = word_class("measure_verb")

    def patterns(self, seen: ClinicalText) -> Iterator[Mention]:
        """Levels ("kidney function", "potassium level"); after a test: "… came back high", "… was seven point two"."""
        for index, word in enumerate(seen.words.plain):
            if word in self._heads and index and seen.at[index - 1] is not None and seen.label(index) != "":
                before = seen.at[index - 1]
                assert before is not None
                if (
                    before.entry.label in {"LAB_RESULT", "MEDICATION", "CONDITION", "PROCEDURE"}
                    and before.entry.strength != "not"
                ):
                    yield Mention(before.first, index + 1, SCORES["pattern"], "named-level")
            elif (
                word in self._heads
                and index
                and seen.word(index - 1) in self._body
                and seen.label(index - 1) != ""
                and seen.label(index) != ""
            ):
                yield Mention(index - 1, index + 1, SCORES["pattern"], "organ-test")
        for index, word in enumerate(seen.words.plain):
            if word in self._measures and seen.label(index) in {None, "CONDITION", "MEDICATION"}:
                yield from self._measured(seen, index)
        for hit in seen.hits:
            if hit.entry.label in TESTED and hit.entry.strength in SURE:
                if hit.entry.label == self.label:
                    yield from self._value(seen, hit.last)
                named = hit.entry.label == self.label and hit.entry.strength != "generic"
                yield from self._verdict(seen, hit.last, self._words if named else CLEAR_WORDS)

    def _measured(self, seen: ClinicalText, index: int) -> Iterator[Mention]:
        """As in "sugar was two eighty", "pressure has been running high": the everyday name counts because a reading
        follows.
        """
        first = index - (seen.word(index - 1) in {"blood", "heart"})
        after = seen.skip(index + 1, self._measure_verbs, 4)
        if after == index + 1:
            return
        value = seen.skip(after, BEFORE_VALUE | self._fillers, 3)
        last = seen.numbers(value)
        if last > value + 1 or (last > value and len(seen.word(value)) > 1 and seen.word(value)[0].isdigit()):
            if seen.word(last) == "over" and seen.numbers(last + 1) > last + 1:
                last = seen.numbers(last + 1)
            yield Mention(first, index + 1, SCORES["value"], "measure")
            yield Mention(value, last, SCORES["value"], "value")
        elif seen.word(value) in MEASURE_WORDS and seen.label(value) != "":
            yield Mention(first, index + 1, SCORES["value"], "measure")
            yield Mention(value, value + 1, SCORES["value"], "verdict")

    @staticmethod
    def _value(seen: ClinicalText, index: int) -> Iterator[Mention]:
        """A number soon after a test: "… was seven point two"."""
        plain = seen.words.plain
        value = seen.skip(index, BEFORE_VALUE, 4)
        last = seen.numbers(value)
        if last > value and plain[value] not in {"oh", "point", "half"}:
            while last < len(plain) and plain[last] in UNITS:
                last += 1
                last = max(last, seen.numbers(last))
            yield Mention(value, last, SCORES["value"], "value")

    def _verdict(self, seen: ClinicalText, index: int, words: frozenset[str]) -> Iterator[Mention]:
        """A verb and a verdict within a few words after a test: "… came back a little high"."""
        plain = seen.words.plain
        for step in range(index, min(index + 5, len(plain))):
            if plain[step] in self._verbs:
                word = seen.skip(step + 1, self._fillers | self._verbs, 4)
                if seen.word(word) in words and seen.label(word) != "":
                    yield Mention(word, word + 1, SCORES["value"], "verdict")
                break
