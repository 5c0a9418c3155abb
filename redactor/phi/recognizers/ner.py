"""Entities of a trained model, scored before they count (`redactor.phi.ner` has the sources)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.recognizers.name_cues import AFTER_VERBS, BEFORE_VERBS, PARTICLES, VERBS
from redactor.phi.recognizers.name_words import COMMON, FUNCTION, INITIAL, MARK, UNKNOWN
from redactor.phi.recognizers.person import person_recognizer
from redactor.types import LABELS

# OntoNotes and CoNLL names of others' models; labels that are ours already pass as they are.
NAMES = {"PER": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION"}
SOURCE = "NerRecognizer"
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_INTERJECTION = re.compile(r"m+|[aou]+h+|h+[am]+|e+r+m*|u+m+|a+w+")
_VOWEL = re.compile(r"[aeiouy]|[^\x00-\x7f]")  # "msg", "thx" and "pls" are no names
_VERB_AFTER = re.compile(rf"\s+(?:{'|'.join(sorted(AFTER_VERBS))})\b", re.IGNORECASE)
_VERB_BEFORE = re.compile(rf"\b(?:{'|'.join(sorted(BEFORE_VERBS))})\s+$", re.IGNORECASE)
_EVERYDAY = frozenset({COMMON, FUNCTION, INITIAL, MARK})


class NerRecognizer(LocalRecognizer):
    """Passes on a model's entities with the model's scores: a pipeline that the user chose is trusted."""

    source: ClassVar[str] = SOURCE

    def __init__(self, labels: Iterable[str] = LABELS) -> None:
        super().__init__(supported_entities=sorted(labels), supported_language="en", name=self.source)

    def load(self) -> None:
        """The model is loaded already."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """One result an entity; labels without a counterpart here are left out."""
        if nlp_artifacts is None:
            return []
        results = []
        for entity, probability in zip(nlp_artifacts.entities, nlp_artifacts.scores, strict=True):
            label = NAMES.get(entity.label_, entity.label_)
            if label in entities and label in self.supported_entities:
                start, end, score = self.weigh(text, entity.start_char, entity.end_char, label, probability)
                if score > 0:
                    explanation = AnalysisExplanation(recognizer=self.source, original_score=score)
                    results.append(RecognizerResult(label, start, end, score, explanation))
        return results

    def weigh(self, text: str, start: int, end: int, label: str, probability: float) -> tuple[int, int, float]:
        """(start, end, score) of the finding; score 0 drops it."""
        return start, end, probability


class TaggerRecognizer(NerRecognizer):
    """The shipped tagger's entities, scored by their words' classes in the lists.

    Above ALONE an entity counts by itself, above COMMON where all its words are everyday ones. From BESIDE on it is a
    candidate with the score CANDIDATE: it counts where it touches a finding of the same label that a pattern made
    (`redactor.phi.resolve.without_weak_candidates`), as when the given name was found by its cue and the surname is on
    no list. Words that are never names are removed from both ends; a word of three letters must remain (spelled names
    are left to the patterns). The numbers were tuned on generated development data and on real conversations
    (models/voicemail-ner/README.md).
    """

    ALONE: ClassVar[dict[str, float]] = {"PERSON": 0.5, "LOCATION": 0.6, "ORGANIZATION": 0.9}
    COMMON: ClassVar[dict[str, float]] = {"PERSON": 0.9, "LOCATION": 0.97, "ORGANIZATION": 0.95}
    BESIDE: ClassVar[dict[str, float]] = {"PERSON": 0.4, "LOCATION": 0.5, "ORGANIZATION": 0.5}
    NO_NAME: ClassVar[float] = 0.95
    """Replaces COMMON where none of the everyday words is a given name."""
    CANDIDATE: ClassVar[float] = 0.4
    STRONGEST: ClassVar[float] = 0.6
    """The score of a certain entity; below the score from which a name is searched for in the rest of the message
    (`resolve.repeated_values`).
    """

    def __init__(self) -> None:
        super().__init__(self.ALONE)
        person = person_recognizer()
        self._classify, self._in_no_list = person.classify, person.in_no_list
        self._drugs = known_drugs() - words("first_names") - words("surnames")
        self._first = words("first_names")
        self._common = words("common_words") | words("function_words")

    def weigh(self, text: str, start: int, end: int, label: str, probability: float) -> tuple[int, int, float]:
        if probability < self.BESIDE.get(label, 1.0):
            return start, end, 0.0
        # Extend to the whole word that the tagger split ("it" of "it's").
        while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "'\u2019"):
            start -= 1
        said = [
            (m.start(), m.end(), m.group().lower().replace("\u2019", "'")) for m in _WORD.finditer(text, start, end)
        ]
        while said and self._is_trimmed(said[0][2]):
            said.pop(0)
        while said and self._is_trimmed(said[-1][2]):
            said.pop()
        if not any(len(low) > 2 and low[0].isalpha() and _VOWEL.search(low) for _, _, low in said):
            return start, end, 0.0
        everyday = all(self._everyday(low) for _, _, low in said)
        if (
            everyday
            and len(said) == 1
            and said[0][2] in VERBS
            and (_VERB_AFTER.match(text, said[0][1]) or _VERB_BEFORE.search(text, max(0, start - 9), start))
        ):
            return start, end, 0.0  # "mark it down", "he may skip the"
        needed = self.ALONE[label]
        if everyday:
            named = any(low in self._first for _, _, low in said)
            needed = self.COMMON[label] if named else max(self.COMMON[label], self.NO_NAME)
        return said[0][0], said[-1][1], self.STRONGEST * probability if probability >= needed else self.CANDIDATE

    def _everyday(self, low: str) -> bool:
        kind = self._classify(low)
        # "nothin", "crampy": on no list, but made of a word that is.
        return (
            low in self._common or kind in _EVERYDAY or (kind == UNKNOWN and len(low) > 3 and not self._in_no_list(low))
        )

    def _is_trimmed(self, low: str) -> bool:
        """Whether no name begins or ends with this word."""
        if low[0].isdigit() or low in PARTICLES:
            return False
        return (
            low in NOT_NAMES
            or low in self._drugs
            or low in {"i", "a", "s", "father", "sister", "brother", "mother", "thats", "dont", "its"}
            or _INTERJECTION.fullmatch(low) is not None
            or self._classify(low) == FUNCTION
        )
