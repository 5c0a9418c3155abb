"""Small taggers as spaCy pipelines: the features of a word, and how tags become entities with scores.

The pipelines in models/voicemail-ner and models/voicemail-clinical are spaCy's own `tagger` on a HashEmbedCNN, whose
tags are B-, I- and O of their labels. Three things are ours. Words carry their class in the detector's lists in spaCy's
SHAPE attribute, so that the model knows "okonkwo" as a surname even if it was not in the training data. One regular
expression splits the words. And tags become entities with a probability, which spaCy's transition-based `ner` does not
give. What differs between the two is a `TaggerKind`: this module has the one for names, `clinical_tagger` the other.

`Tagger` runs the pipeline's layers without spaCy's documents, which took more time than the layers. A word's input
vector depends on the word alone, so it is computed once for the words on the lists and once per batch for all others.
Tests compare its output with spaCy's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import spacy
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import NumpyOps

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.person import PersonRecognizer, person_recognizer

LABELS = ("PERSON", "LOCATION", "ORGANIZATION")
PREFIX_LETTERS, SUFFIX_LETTERS = 3, 3
TOKENIZER = "redactor.words.v1"
WORD = re.compile(r"[^\W\d_]+(?:['\u2019](?!s\b)[^\W\d_]+)*|['\u2019]s\b|\d+|[^\w\s]|_")
"""A word with its apostrophes but without its possessive, a possessive, digits, or one mark."""


@cache
def _lists() -> tuple[PersonRecognizer, frozenset[str], frozenset[str]]:
    places = frozenset(part for city in words("cities") for part in city.split())
    listed = words("common_words") | words("function_words") | words("first_names") | words("surnames") | places
    return person_recognizer(), places, listed


def name_class(low: str) -> int:
    """The class of a lower-case word in the name lists."""
    return _lists()[0].classify(low)


def word_class(word: str) -> str:
    """Case, class in the lists, and whether it occurs in a place's name: "xX1c"; digits and marks are their own
    class.
    """
    low = word.lower().replace("\u2019", "'")
    if not low[:1].isalpha():
        return "".join("d" if c.isdigit() else c for c in word[:5])
    _, places, _ = _lists()
    case = "x" if word.islower() else "X" if word.isupper() and len(word) > 1 else "Xx"
    return f"{case}{name_class(low)}{'c' if low in places else ''}{min(len(low), 4)}"


def _prefix(word: str) -> str:
    return word[:PREFIX_LETTERS].lower()


def _suffix(word: str) -> str:
    return word[-SUFFIX_LETTERS:].lower()


def norm(word: str) -> str:
    return word.lower().replace("\u2019", "'")


Span = tuple[int, int, str, float]
"""An entity in words: first, last, label, probability."""


class TaggerKind(NamedTuple):
    """What a tagger finds, and how it sees a word.

    Attributes:
        callback: the name under which its config.cfg asks for its features.
        word_class: the class of a word in the lists; spaCy's SHAPE.
        prefix: a second feature; spaCy's PREFIX.
        listed: the lower-case words whose vectors are kept between calls.
        decode: entities from scores before the softmax, one row a word, one column a tag.
    """

    callback: str
    labels: tuple[str, ...]
    word_class: Callable[[str], str]
    listed: Callable[[], frozenset[str]]
    decode: Callable[[Any], list[Span]]
    prefix: Callable[[str], str] = _prefix

    @property
    def tags(self) -> tuple[str, ...]:
        return ("O", *(f"{place}-{label}" for label in self.labels for place in "BI"))

    @property
    def features(self) -> tuple[tuple[str, Callable[[str], str]], ...]:
        """In the order of the network's columns: spaCy's attribute, and the function for it."""
        return (("NORM", norm), ("PREFIX", self.prefix), ("SUFFIX", _suffix), ("SHAPE", self.word_class))


class _Words:
    """`WORD` as a spaCy tokenizer."""

    def __init__(self, vocab: Any) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Any:
        return Doc(self.vocab, words=WORD.findall(text))

    def to_bytes(self, **_: Any) -> bytes:
        return b""

    def from_bytes(self, data: bytes, **_: Any) -> _Words:
        return self

    def to_disk(self, path: Any, **_: Any) -> None:
        """Nothing to save."""

    def from_disk(self, path: Any, **_: Any) -> _Words:
        return self


def register(kind: TaggerKind) -> TaggerKind:
    """Let config.cfg ask for the features of this kind."""

    def add_word_classes(nlp: Any) -> Any:
        """Make a spaCy pipeline's words carry their class; must run before its vocabulary has a word."""
        kind.listed()  # before threads need them
        for name, feature in kind.features:
            nlp.vocab.lex_attr_getters[getattr(spacy.attrs, name)] = feature
        return nlp

    spacy.util.registry.callbacks(kind.callback, func=lambda: add_word_classes)
    return kind


spacy.util.registry.tokenizers(TOKENIZER, func=lambda: lambda nlp: _Words(nlp.vocab))


def is_tagger(nlp: Any, kind: TaggerKind) -> bool:
    """Whether a loaded pipeline is a tagger of this kind and version."""
    return (
        isinstance(nlp.tokenizer, _Words)
        and "tagger" in nlp.pipe_names
        and set(nlp.get_pipe("tagger").labels) == set(kind.tags)
    )


class TaggedEntity(NamedTuple):
    """An entity: characters start … end, label, probability."""

    start: int
    end: int
    label: str
    probability: float


_gemm = NumpyOps().gemm
"""Single-threaded: NumPy's own wakes all cores for products this small, and waits for them."""


class _Maxout(NamedTuple):
    """Thinc's maxout with layer normalisation, as arrays: the greatest of two or three linear maps, then mean 0 and
    variance 1.
    """

    weights: Any
    bias: Any
    pieces: int
    gain: Any
    shift: Any

    @classmethod
    def of(cls, layer: Any) -> _Maxout:
        """From a chain that begins with maxout and its normalisation."""
        maxout, norm = (next(node for node in layer.walk() if node.name == name) for name in ("maxout", "layernorm"))
        weights, bias = maxout.get_param("W"), maxout.get_param("b")
        width, pieces, inputs = weights.shape
        # Piece by piece, so that the maximum is taken over contiguous columns.
        by_piece = np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(pieces * width, inputs).T)
        return cls(by_piece, bias.T.reshape(-1), pieces, norm.get_param("G"), norm.get_param("b"))

    def __call__(self, rows: Any) -> Any:
        made = _gemm(rows, self.weights)
        made += self.bias
        width = made.shape[1] // self.pieces
        best = made[:, :width]
        for piece in range(1, self.pieces):
            best = np.maximum(best, made[:, piece * width : (piece + 1) * width])
        best -= best.mean(axis=1, keepdims=True)
        best /= np.sqrt(np.einsum("ij,ij->i", best, best)[:, None] / width + 1e-8)
        best *= self.gain
        best += self.shift
        return best


class Tagger:
    """The pipeline's network, applied to words.

    Not thread-safe. Between calls it keeps the looks of words of the lists, and of no others.
    """

    WORDS_AT_ONCE = 1000
    """More are not faster: the layers' arrays no longer fit the processor's cache."""

    def __init__(self, nlp: Any, kind: TaggerKind) -> None:
        self._kind = kind
        component = nlp.get_pipe("tagger")
        vector, window = component.model.get_ref("tok2vec").layers
        self._embed = vector.layers[2].layers[0]
        self._mix = _Maxout.of(vector.layers[3].layers[0])
        self._pad: int = window.attrs["pad"]
        self._layers = [_Maxout.of(residual) for residual in window.layers[0].layers]
        softmax = component.model.layers[1].layers[0]
        columns = [component.labels.index(tag) for tag in kind.tags]
        self._weights = np.ascontiguousarray(softmax.get_param("W")[columns].T)
        self._bias = softmax.get_param("b")[columns]
        self._known: dict[str, Any] = {}

    def __call__(self, texts: Sequence[str]) -> list[list[TaggedEntity]]:
        """Entities of each text."""
        out: list[list[TaggedEntity]] = []
        batch: list[list[tuple[int, int, str]]] = []
        size = 0
        for text in texts:
            said = [(*m.span(), m.group()) for m in WORD.finditer(text)]
            batch.append(said)
            size += len(said)
            if size >= self.WORDS_AT_ONCE:
                out.extend(self._batch(batch))
                batch, size = [], 0
        out.extend(self._batch(batch))
        return out

    def scores(self, texts: Sequence[Sequence[str]]) -> list[Any]:
        """For each text one row of scores before the softmax per word, one column per tag of the kind."""
        vectors = self._vectors({word for text in texts for word in text})
        width, pad = len(self._mix.gain), self._pad
        # Texts are concatenated, with enough zeros between them that none sees its neighbour.
        rows = np.zeros((sum(map(len, texts)) + pad * (len(texts) + 1), width), dtype="f")
        starts, at = [], pad
        for text in texts:
            starts.append(at)
            if text:
                rows[at : at + len(text)] = [vectors[word] for word in text]
            at += len(text) + pad
        for layer in self._layers:
            wide = np.zeros((len(rows), 3 * width), dtype="f")
            wide[1:, :width] = rows[:-1]
            wide[:, width : 2 * width] = rows
            wide[:-1, 2 * width :] = rows[1:]
            rows += layer(wide)
        scores = _gemm(rows, self._weights) + self._bias
        return [scores[start : start + len(text)] for start, text in zip(starts, texts, strict=True)]

    def _batch(self, texts: Sequence[Sequence[tuple[int, int, str]]]) -> Iterator[list[TaggedEntity]]:
        if not texts:
            return
        for said, scores in zip(texts, self.scores([[word for *_, word in said] for said in texts]), strict=True):
            yield [
                TaggedEntity(said[first][0], said[last][1], label, probability)
                for first, last, label, probability in self._kind.decode(scores)
            ]

    def _vectors(self, said: set[str]) -> dict[str, Any]:
        """The input vector of each word."""
        known = self._known
        new = [word for word in said if word not in known]
        if not new:
            return known
        looks = [make for _, make in self._kind.features]
        ids = np.array([[get_string_id(make(word)) for make in looks] for word in new], dtype="uint64")
        made = dict(zip(new, self._mix(self._embed.predict(ids)), strict=True))
        listed = self._kind.listed()
        known.update((w, vector.copy()) for w, vector in made.items() if w.lower() in listed or not w[0].isalnum())
        return {word: known[word] if word in known else made[word] for word in said}


def probabilities(scores: Any) -> Any:
    """The softmax of each row."""
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    return likely


def decode(scores: Any) -> list[Span]:
    """(first word, last word, label, probability) from scores before the softmax, one row per word, one column per tag.

    A word has a label where the label's B- and I- tags together are likely enough; the entity's probability is the mean
    over its words, so that one odd word in a name does not lose it. The thresholds are applied later
    (recognizers/ner.py).
    """
    if not len(scores):
        return []
    likely = probabilities(scores)
    begin, inside = likely[:, 1::2], likely[:, 2::2]
    either = begin + inside
    out = []
    last_end = -1
    for at in np.flatnonzero(either.max(axis=1) >= FLOOR).tolist():
        if at < last_end:
            continue
        kind = int(either[at].argmax())
        end = at + 1
        while (
            end < len(scores)
            and either[end, kind] >= FLOOR
            and int(either[end].argmax()) == kind
            and inside[end, kind] >= begin[end, kind]
        ):
            end += 1
        out.append((at, end - 1, LABELS[kind], float(either[at:end, kind].mean())))
        last_end = end
    return out


FLOOR = 0.3
"""A word below it is never part of an entity."""

NAMES = register(TaggerKind("redactor.word_classes.v1", LABELS, word_class, lambda: _lists()[2], decode))
