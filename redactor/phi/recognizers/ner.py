"""Entities of a trained spaCy pipeline, where the user brings one (`build_detector(nlp=…)`)."""

from __future__ import annotations

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.types import LABELS

# OntoNotes and CoNLL names of spaCy's own pipelines; labels that are ours already pass as they are.
NAMES = {"PER": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION"}


class NerRecognizer(LocalRecognizer):
    """Hands on what the pipeline found, with its scores."""

    def __init__(self) -> None:
        super().__init__(supported_entities=sorted(LABELS), supported_language="en", name="NerRecognizer")

    def load(self) -> None:
        """The pipeline is loaded by whoever brought it."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """One result an entity; labels without a counterpart here are left out."""
        if nlp_artifacts is None:
            return []
        return [
            RecognizerResult(
                label,
                entity.start_char,
                entity.end_char,
                score,
                AnalysisExplanation(recognizer="NerRecognizer", original_score=score),
            )
            for entity, score in zip(nlp_artifacts.entities, nlp_artifacts.scores, strict=True)
            if (label := NAMES.get(entity.label_, entity.label_)) in entities
        ]
