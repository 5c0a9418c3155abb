"""The tagger for clinical facts: what it knows of a word, and how its tags become findings.

models/voicemail-clinical is of the same make as the name tagger (`redactor.phi.tagger`). The class of a word is what
the clinical lists, the two packages and the word classes of the grammars say of it. Its meaning is one to three letters
from a list of 15,900 everyday words (lexicons/meanings.txt), so that "kneecap" counts as a part of the body even where
it was never trained on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from redactor.phi import tagger
from redactor.phi.lexicons import LISTS, plural, read_terms
from redactor.phi.lexicons import word_class as listed_class
from redactor.phi.lexicons.grammar import NUMBER_WORDS
from redactor.phi.lexicons.library import disease_names, drug_names

LABELS = ("CONDITION", "MEDICATION", "PROCEDURE", "LAB_RESULT", "BILLING", "SPECIALTY")
CLASSES = {
    "body": "y",
    "solid": "Y",
    "soft": "y",
    "complaint": "!",
    "complaint_adjective": "!",
    "complaint_verb": "!",
    "procedure_head": "h",
    "specialty_head": "o",
    "lab_head": "l",
    "dose_unit": "u",
    "result_word": "v",
    "measure": "m",
    "joining": "j",
}
MONEY = (
    "dollar dollars bucks cents owe owed owes bill bills billed billing pay paid payment payments copay copays balance "
    "insurance claim claims charge charged charges cost deductible coverage covered medicare medicaid collections "
    "statement"
).split()
_WORD = re.compile(r"[a-z]+")
UNKNOWN = "?"
_ENDINGS = ("'s", "s", "es", "ed", "d", "ing", "ly", "y", "ier", "er", "est")


@cache
def _classes() -> dict[str, str]:
    """Word → a letter for each of its classes. A capital: the whole of a listed term; small: a part of one."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in LISTS:
        for term in read_terms(name):
            said = _WORD.findall(term.text.lower())
            if term.strength in {"strong", "likely"}:
                for word in said if len(said) > 1 else (*said, *map(plural, said)):
                    found[word].add(name[0] if len(said) > 1 else name[0].upper())
            elif term.strength in {"weak", "generic"} and len(said) == 1:
                found[said[0]].add(f"{name[0]}?")
    for names, letter in ((drug_names(), "D"), (disease_names(), "Z")):
        for said in map(_WORD.findall, names):
            if len(said) == 1:
                found[said[0]].add(letter)
    for name, letter in CLASSES.items():
        for word in listed_class(name):
            found[word].add(letter)
    for words, letter in ((NUMBER_WORDS, "#"), (MONEY, "$")):
        for word in words:
            found[word].add(letter)
    return {word: "".join(sorted(letters)) for word, letters in found.items()}


@cache
def meanings() -> dict[str, str]:
    """Word → letters that say what it means; meanings.txt explains them."""
    lines = files("redactor.phi.lexicons").joinpath("meanings.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if not line.startswith("#"))


def meaning(word: str) -> str:
    """The letters of a word, or of the word that it is a form of."""
    low = tagger.norm(word)
    if not low[:1].isalpha():
        return low[:1]
    known = meanings()
    for ending in ("", *_ENDINGS):
        if low.endswith(ending):
            stem = low.removesuffix(ending) if ending else low
            for form in (stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem, f"{stem[:-1]}y"):
                if form in known:
                    return known[form]
    return UNKNOWN


@cache
def is_everyday_word(word: str) -> bool:
    """Whether the list of meanings has the word, or the one that it is a form of."""
    return meaning(word) != UNKNOWN


@cache
def _listed() -> frozenset[str]:
    return frozenset(_classes()) | meanings().keys() | tagger.NAMES.listed()


def word_class(word: str) -> str:
    """Case, class in the name lists and classes in the clinical ones: "x6|Cc"; digits and marks are their own class."""
    low = tagger.norm(word)
    if not low[:1].isalpha():
        return tagger.word_class(word)
    return f"{'x' if word.islower() else 'X'}{tagger.name_class(low)}|{_classes().get(low, '')}|{meaning(low)[:1]}"


FLOORS = {
    "CONDITION": 0.5,
    "MEDICATION": 0.4,
    "PROCEDURE": 0.5,
    "LAB_RESULT": 0.5,
    "BILLING": 0.5,
    "SPECIALTY": 0.4,
}
"""Label → how likely a word must be to belong to a fact of any label, if this is its likeliest."""
DOUBT = 0.03
"""A word below it belongs to no fact: a rule's finding of only such words is dropped (`recognizers.fact.undoubted`)."""
_FLOORS = np.array([FLOORS[label] for label in LABELS], dtype="f")


def decode(scores: Any) -> list[tagger.Span]:
    """(first word, last word, label, probability) from scores before the softmax. A word counts by the sum over all
    labels, since a result and a condition are often hard to tell apart; neighbours of one label are one fact.

    Words between `DOUBT` and their label's floor are candidates: the probability tells them from facts.
    """
    if not len(scores):
        return []
    likely = tagger.probabilities(scores)
    by_label = likely[:, 1::2] + likely[:, 2::2]
    fact, label = 1 - likely[:, 0], by_label.argmax(axis=1)
    sure = fact >= _FLOORS[label]
    out: list[tagger.Span] = []
    before = -1, False  # of the last word that counts: its label, whether it is sure
    for at in np.flatnonzero(fact >= DOUBT).tolist():
        kind, probability = (int(label[at]), bool(sure[at])), float(fact[at])
        if out and out[-1][1] == at - 1 and kind == before:
            first, last, name, mean = out[-1]
            count = last - first + 1
            out[-1] = (first, at, name, (mean * count + probability) / (count + 1))
        else:
            out.append((at, at, LABELS[kind[0]], probability))
        before = kind
    return out


FACTS = tagger.register(tagger.TaggerKind("redactor.clinical_classes.v1", LABELS, word_class, _listed, decode, meaning))
