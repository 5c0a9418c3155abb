"""A small name tagger as a spaCy pipeline: what it sees of a word, and how its tags become entities with scores.

The pipeline in models/voicemail-ner is spaCy's own `tagger` on a HashEmbedCNN, whose tags are B-, I- and O of PERSON, LOCATION and
ORGANIZATION. Two things are ours. Words carry the class that the detector's name lists give them, written into spaCy's SHAPE and
PREFIX attributes, so that the model knows "okonkwo" as a surname though it never read it. And tags become entities with a
probability, which spaCy's transition-based `ner` does not give; tagging is also several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import spacy

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.person import PersonRecognizer

LABELS = ("PERSON", "LOCATION", "ORGANIZATION")
TAGS = ("O", *(f"{place}-{label}" for label in LABELS for place in "BI"))
PREFIX_LETTERS, SUFFIX_LETTERS = 3, 3
CALLBACK = "redactor.word_classes.v1"


@cache
def _lists() -> tuple[PersonRecognizer, frozenset[str]]:
    places = frozenset(part for city in words("cities") for part in city.split())
    return PersonRecognizer(), places


def word_class(word: str) -> str:
    """Case, class of the lists, and whether a place has it: "xX1c"; a figure or mark stands for itself."""
    low = word.lower().replace("\u2019", "'")
    if not low[:1].isalpha():
        return "".join("d" if c.isdigit() else c for c in word[:5])
    recognizer, places = _lists()
    case = "x" if word.islower() else "X" if word.isupper() and len(word) > 1 else "Xx"
    return f"{case}{recognizer.classify(low)}{'c' if low in places else ''}{min(len(low), 4)}"


def add_word_classes(nlp: Any) -> Any:
    """Make a spaCy pipeline's words carry their class; run before its vocabulary sees a word."""
    getters = nlp.vocab.lex_attr_getters
    getters[spacy.attrs.SHAPE] = word_class
    getters[spacy.attrs.PREFIX] = lambda word: word[:PREFIX_LETTERS].lower()
    getters[spacy.attrs.SUFFIX] = lambda word: word[-SUFFIX_LETTERS:].lower()
    getters[spacy.attrs.NORM] = lambda word: word.lower().replace("\u2019", "'")
    return nlp


spacy.util.registry.callbacks(CALLBACK, func=lambda: add_word_classes)


def fits(nlp: Any) -> bool:
    """Whether a loaded pipeline is such a tagger."""
    return "tagger" in nlp.pipe_names and set(nlp.get_pipe("tagger").labels) == set(TAGS)


def tag(nlp: Any, texts: Sequence[str]) -> list[list[tuple[int, int, str, float]]]:
    """Entities of each text as (start, end, label, probability), offsets in characters."""
    tagger = nlp.get_pipe("tagger")
    columns = [tagger.labels.index(name) for name in TAGS]
    docs = [nlp.make_doc(text) for text in texts]
    return [
        [
            (doc[first].idx, doc[last].idx + len(doc[last]), label, chance)
            for first, last, label, chance in decode(scores[:, columns])
        ]
        for doc, scores in zip(docs, tagger.model.predict(docs), strict=True)
    ]


def decode(scores: Any) -> list[tuple[int, int, str, float]]:
    """(first word, last word, label, probability) from scores before the softmax, one row a word, one column a tag.

    A word is of a kind where B- and I- of that kind together are likely enough; the entity's probability is the mean over its words, so
    that one odd word in the middle of a name does not lose it. How much is needed is decided later (recognizers/ner.py).
    """
    if not len(scores):
        return []
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
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
"""A word below is never part of an entity."""
