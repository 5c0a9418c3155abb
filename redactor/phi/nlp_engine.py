"""Presidio's NLP engine, offline: it never downloads anything.

Presidio's own engines download a spaCy model when it is missing. This one passes the recognizers the written form of
each text, so that it is made once per text, and the entities of a trained model where there is one
(`redactor.phi.ner`), in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import Any

import spacy
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from redactor.phi.ner import EntitySource, SpacyEntities
from redactor.phi.spoken import WrittenForm, written_form


class SpokenArtifacts(NlpArtifacts):
    """Presidio's artifacts of a text, and its written form."""

    def __init__(self, written: WrittenForm, entities: Sequence[Any] = (), doc: Any = None) -> None:
        super().__init__(
            entities=list(entities),
            tokens=doc,
            tokens_indices=[],
            lemmas=[],
            nlp_engine=None,
            language="en",
            scores=[entity.score for entity in entities],
        )
        self.written = written


class OfflineNlpEngine(NlpEngine):
    """A trained model behind Presidio, or none.

    Args:
        model: the source of entities, a loaded spaCy pipeline or an `EntitySource`; None for the recognizers alone,
            which need no tokens.
    """

    def __init__(self, model: Any = None) -> None:
        self._source: EntitySource | None = (
            SpacyEntities(model) if isinstance(model, spacy.language.Language) else model
        )
        self._vocabulary = spacy.blank("en").vocab

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return next(self.process_batch((text,), language, batch_size=1))[1]

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 64, n_process: int = 1, **kwargs: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """(text, artifacts) in order; a trained model runs in batches."""
        if self._source is None:
            for text in texts:
                yield text, SpokenArtifacts(written_form(text))
            return
        said, again = tee(texts)
        for text, (entities, doc) in zip(said, self._source.pipe(again, batch_size), strict=True):
            yield text, SpokenArtifacts(written_form(text), entities, doc)

    def is_stopword(self, word: str, language: str) -> bool:
        return bool(self._vocabulary[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:
        return bool(self._vocabulary[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        return sorted({"PERSON", "LOCATION", "ORGANIZATION"}) if self._source is not None else []

    def get_supported_languages(self) -> list[str]:
        return ["en"]
