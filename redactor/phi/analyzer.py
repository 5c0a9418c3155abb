"""The detector: text in, findings out, through Presidio's AnalyzerEngine with recognizers for speech and an offline NLP
engine.

Nothing here logs text: Presidio's decision trace is off, and results carry the names of patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import tee
from pathlib import Path
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.errors import ConfigurationError, DetectionFailed
from redactor.phi.known import KnownSearch
from redactor.phi.low_confidence import low_confidence_findings
from redactor.phi.ner import FACTS, NAMES, SHIPPED, SeveralEntities, load_entities
from redactor.phi.nlp_engine import OfflineNlpEngine
from redactor.phi.recognizers.base import written_form_of
from redactor.phi.recognizers.fact import FactRecognizer, undoubted
from redactor.phi.recognizers.group import RecognizerGroup
from redactor.phi.recognizers.ner import NerRecognizer, TaggerRecognizer
from redactor.phi.registry import clinical, identifiers
from redactor.phi.resolve import resolve
from redactor.phi.thresholds import THRESHOLDS
from redactor.types import CLINICAL, KEYED_DIGITS, LABELS, Finding, Transcript, Word


class _NoEnhancer(ContextAwareEnhancer):
    """No enhancement by context: our recognizers evaluate their own cue words."""

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=0.0,
            min_score_with_context_similarity=0.0,
            context_prefix_count=0,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        return raw_results


class _Registry(RecognizerRegistry):
    """Always returns the same recognizers: Presidio's registry selects them again for every text and label."""

    def get_recognizers(self, *args: Any, **options: Any) -> list[EntityRecognizer]:
        return list(self.recognizers)


class Detector:
    """Finds PHI in text. Built by `build_detector`; keeps no text between calls."""

    def __init__(
        self, engine: AnalyzerEngine, labels: frozenset[str], thresholds: Mapping[str, float], *, doubts: bool
    ) -> None:
        self._engine = engine
        self._labels = labels
        self._entities = sorted(labels)
        self._thresholds = thresholds
        self._doubts = doubts
        self._lowest = min(thresholds[label] for label in labels)

    @property
    def labels(self) -> frozenset[str]:
        """The labels that it looks for."""
        return self._labels

    def detect(self, text: str) -> tuple[Finding, ...]:
        """Findings in order of position; offsets are characters of `text`.

        Raises:
            DetectionFailed: a recognizer failed; its message names the kind of error, never the text.
        """
        return next(self.pipe((text,), batch_size=1))

    def pipe(self, texts: Iterable[str], *, batch_size: int = 64) -> Iterator[tuple[Finding, ...]]:
        """Findings of each text, in order, as the texts come."""
        return self._pipe(((text, (), None) for text in texts), batch_size)

    def search(
        self,
        transcripts: Iterable[Transcript],
        *,
        known: Iterable[KnownSearch | None] | None = None,
        batch_size: int = 64,
    ) -> Iterator[tuple[Finding, ...]]:
        """Findings of each transcript, in order, with its channel; words of low confidence are considered too
        (`phi.low_confidence`).

        known: for each transcript what is known beforehand about its recording.
        """
        said, again = tee(transcripts)
        pairs = zip(again, known, strict=True) if known is not None else ((t, None) for t in again)
        results = self._pipe(((t.text, t.words, k) for t, k in pairs), batch_size)
        for transcript, found in zip(said, results, strict=True):
            yield tuple(replace(finding, channel=transcript.channel) for finding in found)

    def _pipe(
        self, said: Iterable[tuple[str, Sequence[Word], KnownSearch | None]], batch_size: int
    ) -> Iterator[tuple[Finding, ...]]:
        texts, others = tee(said)
        batches = self._engine.nlp_engine.process_batch((text for text, _, _ in texts), "en", batch_size=batch_size)
        for (text, artifacts), (_, words, known) in zip(batches, others, strict=True):
            failure = ""
            try:
                found = self._found(text, artifacts, words, known)
            except Exception as error:  # noqa: BLE001 - any message or traceback may quote the text
                failure = type(error).__name__
            if failure:
                raise DetectionFailed(f"PHI detection failed ({failure}).")
            yield found

    def _found(
        self, text: str, artifacts: NlpArtifacts, words: Sequence[Word], known: KnownSearch | None
    ) -> tuple[Finding, ...]:
        results = self._engine.analyze(
            text, "en", entities=self._entities, score_threshold=self._lowest, nlp_artifacts=artifacts
        )
        findings = [
            Finding(
                r.entity_type, r.start, r.end, r.score, r.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY]
            )
            for r in results
            if r.score >= self._thresholds[r.entity_type]
        ]
        if self._doubts:
            findings = undoubted(findings, artifacts.entities)
        form = written_form_of(text, artifacts)
        if known is not None:
            findings += [f for f in known.find(words, form) if f.label in self._labels]
        resolved = resolve(findings, form)
        unsure = [f for f in low_confidence_findings(words, resolved) if f.label in self._labels]
        return resolve([*resolved, *unsure], form) if unsure else resolved


def _recognizers_of(model: Any) -> list[EntityRecognizer]:
    """What weighs the entities of each source of `model`."""
    if model is None:
        return []
    makers = {NAMES: TaggerRecognizer, FACTS: FactRecognizer}
    sources = model.sources if isinstance(model, SeveralEntities) else (model,)
    return [makers.get(getattr(source, "name", ""), NerRecognizer)() for source in sources]


def build_detector(
    *,
    labels: Iterable[str] | None = None,
    min_score: float | None = None,
    ner: str | Path = "auto",
    nlp: Any = None,
) -> Detector:
    """A detector for these labels (default: all).

    Args:
        labels: a subset of `redactor.types.LABELS`; KEYED_DIGITS are found in the sound, not here.
        min_score: findings below are dropped, 0 … 1; None for the table in `redactor.phi.thresholds`.
        ner: the model whose entities are used beside the recognizers': "auto" (the shipped taggers where present),
            "none", or another model by name or folder (`redactor.phi.ner`).
        nlp: a loaded spaCy pipeline to use instead of `ner`.

    Raises:
        ModelUnavailable: the model that `ner` names is missing or does not load.
        ConfigurationError: an unknown label, or a score out of range.
    """
    wanted = frozenset(LABELS if labels is None else labels)
    unknown = wanted - LABELS
    wanted -= {KEYED_DIGITS}
    if unknown or not wanted:
        raise ConfigurationError(
            f"Unknown labels: {', '.join(sorted(unknown))}." if unknown else "No labels are given.",
            hint="`redactor policy` lists the labels.",
        )
    if min_score is not None and not 0 <= min_score <= 1:
        raise ConfigurationError("The minimum score must be between 0 and 1.")
    recognizers = [
        r
        for r in [*identifiers(), *(clinical() if wanted & CLINICAL else ())]
        if wanted.intersection(r.supported_entities)
    ]
    trained = frozenset().union(*SHIPPED.values()) if ner == "auto" else SHIPPED.get(str(ner), SHIPPED[NAMES])
    model = nlp if nlp is not None else load_entities(ner, wanted) if wanted & trained else None
    recognizers += _recognizers_of(model)
    registry = _Registry(recognizers=[RecognizerGroup(recognizers)], supported_languages=["en"])
    engine = AnalyzerEngine(
        registry=registry,
        nlp_engine=OfflineNlpEngine(model),
        supported_languages=["en"],
        context_aware_enhancer=_NoEnhancer(),
    )
    supported = frozenset(label for r in recognizers for label in r.supported_entities)
    thresholds = THRESHOLDS if min_score is None else dict.fromkeys(LABELS, min_score)
    doubts = any(isinstance(r, FactRecognizer) for r in recognizers)
    return Detector(engine, wanted & supported, thresholds, doubts=doubts)
