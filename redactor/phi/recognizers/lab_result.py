"""LAB_RESULT: tests, their verdicts and values (RULES V04: "normal" is a result too)."""

from __future__ import annotations

from collections.abc import Iterator

from redactor.phi.lexicons import word_class
from redactor.phi.lexicons.trie import Hit
from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

SURE = frozenset({"strong", "likely", "generic", "library"})
TESTED = frozenset({"LAB_RESULT", "PROCEDURE"})
BEFORE_VALUE = frozenset(
    "is was of at came back to be being reading read level about around now currently only still a down up from it "
    "it's that and the score".split()
)
MEASURE_WORDS = frozenset("high low elevated normal borderline up down higher lower abnormal".split())
CLEAR_WORDS = frozenset(
    "normal abnormal elevated positive negative borderline inconclusive benign malignant cancerous".split()
)
"""Verdicts that are not used for games, exams or surveys."""
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

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Levels ("kidney function", "potassium level"); after a test: "… came back high", "… was seven point two"."""
        for index, word in enumerate(parsed.words.plain):
            if word in self._heads and index and parsed.at[index - 1] is not None and parsed.label(index) != "":
                before = parsed.at[index - 1]
                assert before is not None
                if (
                    before.entry.label in {"LAB_RESULT", "MEDICATION", "CONDITION", "PROCEDURE"}
                    and before.entry.strength != "not"
                ):
                    yield Mention(before.first, index + 1, SCORES["pattern"], "named-level")
            elif (
                word in self._heads
                and index
                and parsed.word(index - 1) in self._body
                and parsed.label(index - 1) != ""
                and parsed.label(index) != ""
            ):
                yield Mention(index - 1, index + 1, SCORES["pattern"], "organ-test")
        for index, word in enumerate(parsed.words.plain):
            if word in self._measures and parsed.label(index) in {None, "CONDITION", "MEDICATION"}:
                yield from self._measured(parsed, index)
        for hit in parsed.hits:
            if hit.entry.label in TESTED and hit.entry.strength in SURE:
                if hit.entry.label == self.label:
                    yield from self._value(parsed, hit)
                named = hit.entry.label == self.label and hit.entry.strength != "generic"
                yield from self._verdict(parsed, hit, self._words if named else CLEAR_WORDS)

    def _measured(self, parsed: ClinicalText, index: int) -> Iterator[Mention]:
        """As in "sugar was two eighty", "pressure has been running high": the everyday name counts because a reading
        follows.
        """
        first = index - (parsed.word(index - 1) in {"blood", "heart"})
        after = parsed.skip(index + 1, self._measure_verbs, 4)
        if after == index + 1:
            return
        value = parsed.skip(after, BEFORE_VALUE | self._fillers, 3)
        last = parsed.numbers(value)
        if last > value + 1 or (last > value and len(parsed.word(value)) > 1 and parsed.word(value)[0].isdigit()):
            if parsed.word(last) == "over" and parsed.numbers(last + 1) > last + 1:
                last = parsed.numbers(last + 1)
            yield Mention(first, last, SCORES["value"], "measure")
        elif parsed.word(value) in MEASURE_WORDS and parsed.label(value) != "":
            yield Mention(first, value + 1, SCORES["value"], "measure")

    @staticmethod
    def _value(parsed: ClinicalText, hit: Hit) -> Iterator[Mention]:
        """A test and a number soon after it: "A1C was seven point two"."""
        plain = parsed.words.plain
        value = parsed.skip(hit.last, BEFORE_VALUE, 5)
        last = parsed.numbers(value)
        if last > value and plain[value] not in {"oh", "point", "half"}:
            while last < len(plain) and plain[last] in UNITS:
                last += 1
                last = max(last, parsed.numbers(last))
            yield Mention(hit.first, last, SCORES["value"], "value")

    def _verdict(self, parsed: ClinicalText, hit: Hit, words: frozenset[str]) -> Iterator[Mention]:
        """A test with a verb and a verdict within a few words after it: "potassium came back a little high"."""
        plain = parsed.words.plain
        for step in range(hit.last, min(hit.last + 5, len(plain))):
            if plain[step] in self._verbs:
                word = parsed.skip(step + 1, self._fillers | self._verbs, 4)
                if parsed.word(word) in words and parsed.label(word) != "":
                    yield Mention(hit.first, word + 1, SCORES["value"], "verdict")
                break
