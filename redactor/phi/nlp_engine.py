"""Presidio's NLP engine without a model: spaCy's English tokenizer rules, nothing downloaded, ever.

Presidio's own engines fetch a spaCy model when it is missing. This one starts from `spacy.blank("en")` and hands the written
form of each text to the recognizers, so that it is made once a text. A trained pipeline can be given instead; its entities
then reach Presidio as usual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import spacy
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from redactor.phi.spoken import WrittenForm, written_form


class SpokenArtifacts(NlpArtifacts):
    """What Presidio knows of a text, and its written form."""

    def __init__(self, doc: Any, engine: NlpEngine | None, written: WrittenForm) -> None:
        super().__init__(
            entities=list(doc.ents) if doc is not None else [],
            tokens=doc,
            tokens_indices=[],
            lemmas=[],
            nlp_engine=engine,
            language="en",
        )
        self.written = written


class OfflineNlpEngine(NlpEngine):
    """spaCy behind Presidio, offline.

    Args:
        nlp: a loaded spaCy pipeline; None for tokens only, which are then not even computed, since no recognizer here needs them.
    """

    def __init__(self, nlp: Any = None) -> None:
        self._nlp = nlp
        self._vocabulary = nlp.vocab if nlp is not None else spacy.blank("en").vocab

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return SpokenArtifacts(self._nlp(text) if self._nlp is not None else None, None, written_form(text))

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 64, n_process: int = 1, **kwargs: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """(text, artifacts) in order; a trained pipeline runs in batches."""
        if self._nlp is None:
            for text in texts:
                yield text, SpokenArtifacts(None, None, written_form(text))
            return
        pairs = ((text, text) for text in texts)
        for doc, text in self._nlp.pipe(pairs, as_tuples=True, batch_size=batch_size, n_process=n_process):
            yield text, SpokenArtifacts(doc, None, written_form(text))

    def is_stopword(self, word: str, language: str) -> bool:
        return bool(self._vocabulary[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:
        return bool(self._vocabulary[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        return sorted({"PERSON", "LOCATION", "ORGANIZATION"}) if self._nlp is not None else []

    def get_supported_languages(self) -> list[str]:
        return ["en"]
