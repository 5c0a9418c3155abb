"""Sources of a trained model's entities: the shipped tagger, any spaCy pipeline, or a Hugging Face token classifier.

    load_entities("auto")                   models/voicemail-ner and -clinical where present, else none
    load_entities("voicemail-ner")          one of the shipped taggers, or an error if it is missing
    load_entities("./my-pipeline")          a folder: config.cfg makes it spaCy's, config.json Hugging Face's
    load_entities("en_core_web_lg")         an installed spaCy package
    load_entities("org/name")               a Hugging Face model (needs `transformers`; downloaded on first use, by
    transformers)
    load_entities("none")                   no model

A source yields scored entities text by text. Nothing is downloaded unless the user names a Hugging Face model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from itertools import islice, tee
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

from redactor.errors import ConfigurationError, ModelUnavailable
from redactor.types import CLINICAL, LABELS

NAMES, FACTS = "voicemail-ner", "voicemail-clinical"
SHIPPED = {NAMES: frozenset({"PERSON", "LOCATION", "ORGANIZATION"}), FACTS: CLINICAL}
"""The shipped taggers, both of which "auto" uses, and their labels. Each lowers leak; its README.md has the numbers."""
SPACY_SCORE = 0.85  # Presidio's, for entities without a score of their own


class Entity(NamedTuple):
    """One entity, with spaCy's field names, which Presidio's recognizers read."""

    start_char: int
    end_char: int
    label_: str
    score: float


class EntitySource(Protocol):
    """Entities of each text, in order, as the texts come."""

    name: str

    def pipe(self, texts: Iterable[str], batch_size: int) -> Iterator[tuple[Sequence[Entity], Any]]:
        """(entities, spaCy's Doc where there is one)."""
        ...


class SpacyEntities:
    """Any spaCy pipeline that sets entities."""

    name = "spaCy"

    def __init__(self, nlp: Any) -> None:
        self._nlp = nlp

    def pipe(self, texts: Iterable[str], batch_size: int) -> Iterator[tuple[Sequence[Entity], Any]]:
        for doc in self._nlp.pipe(texts, batch_size=batch_size):
            yield [Entity(e.start_char, e.end_char, e.label_, SPACY_SCORE) for e in doc.ents], doc


class TaggerEntities:
    """A shipped tagger (`redactor.phi.tagger.Tagger`)."""

    def __init__(self, name: str, tag: Callable[[Sequence[str]], list[list[Any]]]) -> None:
        self.name = name
        self._tag = tag
        self._lock = Lock()

    def pipe(self, texts: Iterable[str], batch_size: int) -> Iterator[tuple[Sequence[Entity], Any]]:
        todo = iter(texts)
        while batch := list(islice(todo, batch_size)):
            for entities in self._batch(batch):
                yield entities, None

    def _batch(self, texts: list[str]) -> list[list[Entity]]:
        with self._lock:
            return [[Entity(*found) for found in entities] for entities in self._tag(texts)]


class SeveralEntities:
    """The entities of several sources."""

    def __init__(self, sources: Sequence[EntitySource]) -> None:
        self.sources = tuple(sources)
        self.name = " + ".join(source.name for source in sources)

    def pipe(self, texts: Iterable[str], batch_size: int) -> Iterator[tuple[Sequence[Entity], Any]]:
        copies = tee(texts, len(self.sources))
        found = (source.pipe(copy, batch_size) for source, copy in zip(self.sources, copies, strict=True))
        for several in zip(*found, strict=True):
            yield [entity for entities, _ in several for entity in entities], None


class HuggingFaceEntities:
    """A token classifier of the Hugging Face hub or a folder of one, through `transformers`."""

    name = "Hugging Face"

    def __init__(self, classify: Any) -> None:
        self._classify = classify

    def pipe(self, texts: Iterable[str], batch_size: int) -> Iterator[tuple[Sequence[Entity], Any]]:
        todo = iter(texts)
        while batch := list(islice(todo, batch_size)):
            # The pipeline fails on an empty text.
            said = [text for text in batch if text.strip()]
            found = iter(self._classify(said, batch_size=batch_size) if said else ())
            for text in batch:
                rows = next(found) if text.strip() else ()
                yield (
                    [Entity(int(r["start"]), int(r["end"]), str(r["entity_group"]), float(r["score"])) for r in rows],
                    None,
                )


def shipped(name: str = NAMES) -> Path | None:
    """The folder of a shipped tagger: models/ of a source checkout, or the installed wheel's."""
    package = Path(__file__).resolve().parent.parent
    folders = (root / name for root in (package.parent / "models", package / "_models"))
    return next((folder for folder in folders if (folder / "config.cfg").is_file()), None)


def load_entities(ner: str | Path, labels: AbstractSet[str] = LABELS) -> EntitySource | None:
    """The source that `ner` names (see the module's docstring), None for none.

    Args:
        ner: the name.
        labels: of "auto" only the taggers that find one of these.

    Raises:
        ModelUnavailable: it is missing or does not load.
        ConfigurationError: `ner` names a folder without a model.
    """
    if ner in {"none", ""}:
        return None
    if ner == "auto":
        folders = [shipped(name) for name, found in SHIPPED.items() if labels & found]
        sources = [_tagger(folder) for folder in folders if folder is not None]
        return SeveralEntities(sources) if len(sources) > 1 else next(iter(sources), None)
    if ner in SHIPPED:
        folder = shipped(str(ner))
        if folder is None:
            raise ModelUnavailable("This installation does not include that tagger.", hint="Use --ner none.")
        return _tagger(folder)
    folder = Path(ner)
    if (folder / "config.cfg").is_file():
        return _tagger(folder) if (folder / "card.json").is_file() else SpacyEntities(_spacy(folder))
    if folder.is_dir():
        if (folder / "config.json").is_file():
            return _hugging_face(str(folder))
        raise ConfigurationError(
            "The --ner folder contains no model.",
            hint="A spaCy pipeline has a config.cfg, a Hugging Face model a config.json.",
        )
    import spacy

    name = str(ner)
    if spacy.util.is_package(name):
        return SpacyEntities(_spacy(name))
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return _hugging_face(name)
    raise ModelUnavailable(
        "There is no model with that name.",
        hint="--ner takes auto, none, a spaCy folder or package, or ORG/NAME of a Hugging Face model.",
    )


def _tagger(folder: Path) -> TaggerEntities:
    from redactor.phi import clinical_tagger, tagger

    name = json.loads((folder / "card.json").read_text(encoding="utf-8"))["name"]
    kind = clinical_tagger.FACTS if name == FACTS else tagger.NAMES
    nlp = _spacy(folder)
    if not tagger.is_tagger(nlp, kind):
        raise ModelUnavailable("A tagger does not match this version of redactor.", hint="Reinstall redactor.")
    return TaggerEntities(FACTS if name == FACTS else NAMES, tagger.Tagger(nlp, kind))


def _spacy(source: str | Path) -> Any:
    import spacy

    try:
        # Only entities are needed; excluding a component that is absent is no error.
        return spacy.load(source, exclude=["parser", "lemmatizer", "senter"])
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelUnavailable(
            f"The spaCy pipeline does not load ({type(error).__name__}).",
            hint="It may be incomplete, or made for another version of spaCy.",
        ) from error


def _hugging_face(name: str) -> HuggingFaceEntities:
    try:
        transformers = import_module("transformers")
    except ImportError as error:
        raise ModelUnavailable(
            "Hugging Face models need the package transformers.", hint="pip install transformers torch"
        ) from error
    try:
        return HuggingFaceEntities(
            transformers.pipeline("token-classification", model=name, aggregation_strategy="simple")
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelUnavailable(
            f"The Hugging Face model does not load ({type(error).__name__}).",
            hint="Check the name; the model must be a token classifier.",
        ) from error
