"""Known names in the words of a recording: exactly, and by their sound.

A recogniser that does not know a name writes words that sound like it: "Kwan Tee" for Quanti, "all side" for Alcide,
one word for two. So phrases of one to four adjacent words are compared with every known name by consonants, sounds and
letters. How alike they must be depends on three things:

    whose name it is     the few people of the recording itself need less than the hundreds of a directory
    the phrase           words of low confidence need less than confident everyday words, which need near identity
    the words before it  a name cue ("this is", "doctor") lowers what is needed

A name that is an everyday word ("May", "Will", "Hope") counts only after a cue or beside another part of the name. The
people of a recording are compared with every phrase; a directory is looked up by consonants, so that its size hardly
matters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel, Levenshtein

from redactor.phi.known_phrases import MARKS, HeardPhrase, HeardToken, is_everyday, is_function, phrases_of, tokens_of
from redactor.phi.lexicons.phonetic import consonants, pronounced
from redactor.phi.recognizers import name_cues as cues
from redactor.types import Word

SURE, DOUBTFUL = 0.8, 0.55
"""Mean confidence from which a phrase is believed, and below which it is a guess."""
FLOOR = 0.5
"""Similarity below which nothing is a match."""
SHORTEST_KEY = 3
"""Consonants of a name of a directory that is searched by its sound; those with fewer sound like too many words."""
NEAREST_OWNERS = 50
"""People who may share a part of a name for its neighbours to be compared with the other parts."""

_LOOSE_CUES = frozenset("with from by about see saw meet contact schedule confirm cancel reach thats".split())
"""Cues that everyday words follow as often as names do."""
_STRONG = frozenset({cues.KIN, cues.INTRO, cues.TITLED_ARTICLE, cues.MENTION, cues.NAME, cues.TITLE})
_VOWELS = frozenset("a an".split())
"""What is heard at the beginning of a name: "a jolly" for Anjali."""
_MONTHS = frozenset("may june april august march".split())


class Needs(NamedTuple):
    """The similarity that a phrase needs.

    Attributes:
        guess, doubtful: by confidence. unknown: a confident phrase with a word that is on no list of everyday words.
        everyday: a confident phrase of everyday words. function: several function words, or a guessed one.
        cued: any phrase after a name cue.
        beside: next to another part of the same name.
        short: added for names of fewer than three consonants.
    """

    guess: float
    doubtful: float
    unknown: float
    everyday: float
    function: float
    cued: float
    beside: float
    short: float


OWN = Needs(guess=0.53, doubtful=0.6, unknown=0.66, everyday=0.74, function=0.88, cued=0.53, beside=0.48, short=0.12)
DIRECTORY = Needs(
    guess=0.8, doubtful=0.84, unknown=0.9, everyday=0.97, function=0.99, cued=0.84, beside=0.66, short=0.2
)
"""Chosen on 170 natural messages recognised by base and tiny.en (`benchmarks/known_names.py`): lower needs covered a
little more of the names, and more of the talk."""


class SoughtName(NamedTuple):
    """A name, or a part of it, in the forms that are compared.

    Attributes:
        everyday: of everyday words alone. words: how many they are.
        owners: numbers of the people who have it.
    """

    label: str
    letters: str
    sounds: str
    key: str
    everyday: bool
    words: int
    owners: tuple[int, ...]


class NameMatch(NamedTuple):
    """Characters start … end of the text sound like a known name; similarity 0 … 1."""

    label: str
    start: int
    end: int
    similarity: float


class KnownNames:
    """The names that are searched, indexed once. Safe for many threads; `repr` shows none of them.

    Args:
        people: for each owner the label of its names and its forms, each a tuple of words in lower case.
        needs: see `Needs`.
        indexed: look the names up by consonants, instead of comparing each with every phrase.
    """

    def __init__(self, people: Iterable[tuple[str, Iterable[tuple[str, ...]]]], needs: Needs, *, indexed: bool) -> None:
        owners: defaultdict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
        for number, (label, forms) in enumerate(people):
            for form in dict.fromkeys(forms):
                owners[label, form].append(number)
        self._needs = needs
        self._indexed = indexed
        self._names = [_sought(label, form, tuple(who)) for (label, form), who in owners.items()]
        self._of_owner: defaultdict[int, list[int]] = defaultdict(list)
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._same: defaultdict[str, list[int]] = defaultdict(list)
        self._near: defaultdict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self._names):
            for owner in name.owners:
                self._of_owner[owner].append(number)
            self._exact[name.letters].append(number)
            if indexed and not (name.everyday and name.words == 1) and len(name.key) >= SHORTEST_KEY:
                self._same[name.key].append(number)
                for key in (name.key, *_shorter(name.key)):
                    self._near[key].append(number)
        self._longest = max((len(name.key) for name in self._names), default=0)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str, words: Sequence[Word]) -> list[NameMatch]:
        """The names in a text, not overlapping, in order. `words`: those of the text, with their confidence."""
        if not self._names:
            return []
        tokens = tokens_of(text, words)
        levels: dict[int, int] = {}

        def cued(phrase: HeardPhrase) -> bool:
            if phrase.first not in levels:
                levels[phrase.first] = cues.level(tokens, phrase.first)
            return levels[phrase.first] in _STRONG

        phrases = phrases_of(tokens, longest=self._longest)
        found = [
            (similarity, phrase, number)
            for phrase, number, similarity in self._compared(phrases)
            if similarity >= self._needed(tokens, phrase, self._names[number], cued=cued(phrase))
        ]
        found = _best(found)
        return self._matches(tokens, self._with_neighbours(tokens, phrases, found))

    def _compared(self, phrases: Sequence[HeardPhrase]) -> Iterator[tuple[HeardPhrase, int, float]]:
        """Pairs of a phrase and a name that may be alike enough, with their similarity."""
        if not self._indexed:
            yield from self._each_with_each(phrases, range(len(self._names)))
            return
        least = min(self._needs.guess, self._needs.cued)
        for phrase in phrases:
            for number in self._exact.get(phrase.letters, ()):
                yield phrase, number, 1.0
            if len(phrase.key) < SHORTEST_KEY:
                continue
            numbers: Iterable[int] = self._same.get(phrase.key, ())
            # Confident everyday words need near identity, so the same consonants; all others may differ in one.
            if len(phrase.key) > SHORTEST_KEY and not (phrase.everyday and phrase.confidence >= SURE):
                forms = (phrase.key, *_shorter(phrase.key))
                numbers = dict.fromkeys((*numbers, *(n for form in forms for n in self._near.get(form, ()))))
            for number in numbers:
                name = self._names[number]
                if phrase.letters != name.letters and (similarity := _similarity(phrase, name, least)) >= least:
                    yield phrase, number, similarity

    def _each_with_each(
        self, phrases: Sequence[HeardPhrase], numbers: Sequence[int]
    ) -> Iterator[tuple[HeardPhrase, int, float]]:
        if not phrases or not numbers:
            return
        names = [self._names[number] for number in numbers]
        alike = np.zeros((len(phrases), len(names)), np.float32)
        for field, measure in (("key", Levenshtein), ("sounds", Indel), ("letters", Indel)):
            alike += process.cdist(
                [getattr(phrase, field) for phrase in phrases],
                [getattr(name, field) for name in names],
                scorer=measure.normalized_similarity,
                dtype=np.float32,
            )
        for row, column in np.argwhere(alike >= 3 * FLOOR).tolist():
            yield phrases[row], numbers[column], float(alike[row, column]) / 3

    def _needed(self, tokens: Sequence[HeardToken], phrase: HeardPhrase, name: SoughtName, *, cued: bool) -> float:
        """The similarity that is needed; more than 1: none is enough."""
        needs = self._needs
        words = [t for t in tokens[phrase.first : phrase.last] if t.lower not in MARKS]
        if phrase.letters == name.letters and (len(words) == name.words or not phrase.everyday):
            return 0.0 if not name.everyday or self._is_name(tokens, phrase, name, cued=cued) else 2.0
        if name.everyday and phrase.everyday and phrase.confidence >= SURE and name.label == "PERSON":
            return 2.0
        if name.everyday and name.words == 1 and not cued:
            return 2.0
        if all(is_function(word.word) for word in words):
            return needs.function if len(words) > 1 or phrase.confidence < DOUBTFUL else 2.0
        if phrase.confidence < DOUBTFUL:
            needed = needs.guess
        elif phrase.confidence < SURE:
            needed = needs.doubtful
        else:
            needed = needs.everyday if phrase.everyday else needs.unknown
        if cued and not (phrase.everyday and len(words) == 1 and phrase.letters.endswith("ing")):  # "I'm telling you"
            loosely = phrase.everyday and phrase.confidence >= SURE and tokens[phrase.first - 1].lower in _LOOSE_CUES
            needed = min(needed, (needs.cued + needs.everyday) / 2 if loosely else needs.cued)
        if len(name.key) < 3:
            needed += needs.short
        if len(words) > 1:
            loose = words[-1:] if words[0].word in _VOWELS else (words[0], words[-1])
            needed += 0.06 * sum(is_function(word.word) and word.confidence >= DOUBTFUL for word in loose)
        return needed

    def _is_name(self, tokens: Sequence[HeardToken], phrase: HeardPhrase, name: SoughtName, *, cued: bool) -> bool:
        """Whether everyday words are used as the name that they are as well."""
        before = tokens[phrase.first - 1].lower if phrase.first else ""
        if name.label == "PERSON" and before in cues.BEFORE_VERBS:
            return False
        if name.words > 1:
            return True
        if not self._indexed and tokens[phrase.first].capital and name.letters not in _MONTHS:
            return True
        after = next((t.lower for t in tokens[phrase.last : phrase.last + 1]), ".")
        goes_on = after not in MARKS and after not in cues.CLAUSE and is_everyday(after)  # "this will help"
        if goes_on or name.letters in _MONTHS:
            return False
        if is_function(name.letters) and name.letters not in cues.WEAK_ANYWAY:
            return cues.level(tokens, phrase.first) in {cues.NAME, cues.TITLE}
        return cued

    def _with_neighbours(
        self,
        tokens: Sequence[HeardToken],
        phrases: Sequence[HeardPhrase],
        found: Sequence[tuple[float, HeardPhrase, int]],
    ) -> list[tuple[float, HeardPhrase, int]]:
        """The matches, and beside them the other parts of the same names, which need less there."""
        if not found:
            return []
        every = list(found)
        taken = {at for _, phrase, _ in found for at in range(phrase.first, phrase.last)}
        begins: defaultdict[int, list[HeardPhrase]] = defaultdict(list)
        ends: defaultdict[int, list[HeardPhrase]] = defaultdict(list)
        for phrase in phrases:
            if taken.isdisjoint(range(phrase.first, phrase.last)):
                begins[phrase.first].append(phrase)
                ends[phrase.last].append(phrase)
        for _, phrase, number in found:
            name = self._names[number]
            if len(name.owners) > NEAREST_OWNERS:
                continue
            others = sorted({n for owner in name.owners for n in self._of_owner[owner]} - {number})
            near = [*begins[phrase.last], *ends[phrase.first]]
            for other, which, similarity in self._each_with_each(near, others):
                needed = self._needs.beside + (0.1 if other.confidence >= SURE else 0.0)
                words = [t for t in tokens[other.first : other.last] if t.lower not in MARKS]
                if similarity < 1 and (all(is_function(w.word) for w in words) or len(self._names[which].key) < 2):
                    continue
                if similarity >= needed:
                    every.append((similarity, other, which))
        return _best(every)

    def _matches(
        self, tokens: Sequence[HeardToken], found: Sequence[tuple[float, HeardPhrase, int]]
    ) -> list[NameMatch]:
        return sorted(
            (
                NameMatch(self._names[n].label, tokens[p.first].start, tokens[p.last - 1].end, similarity)
                for similarity, p, n in found
            ),
            key=lambda match: match.start,
        )


def _sought(label: str, form: tuple[str, ...], owners: tuple[int, ...]) -> SoughtName:
    spoken = [_as_said(word) for word in form]
    return SoughtName(
        label,
        "".join(form),
        "".join(map(pronounced, spoken)),
        "".join(map(consonants, spoken)),
        all(map(is_everyday, form)),
        len(form),
        owners,
    )


_FOREIGN = ((r"eaux?$", "o"), (r"^nguyen$", "nwin"), (r"cz|tsch", "ch"), (r"sz", "sh"), (r"^dj", "j"), (r"ij", "ay"))
"""Spellings of names that the pronunciation of English words does not know."""


def _as_said(word: str) -> str:
    """A name spelled as an English word of the same sound."""
    for spelling, sound in _FOREIGN:
        word = re.sub(spelling, sound, word)
    return word


def _shorter(key: str) -> set[str]:
    return {key[:at] + key[at + 1 :] for at in range(len(key))}


def _similarity(phrase: HeardPhrase, name: SoughtName, least: float) -> float:
    """The mean similarity of consonants, sounds and letters; 0 if it is below `least`."""
    letters = Indel.normalized_similarity(phrase.letters, name.letters, score_cutoff=3 * least - 2)
    if not letters:
        return 0.0
    sounds = Indel.normalized_similarity(phrase.sounds, name.sounds, score_cutoff=3 * least - 1 - letters)
    if not sounds:
        return 0.0
    return float(letters + sounds + Levenshtein.normalized_similarity(phrase.key, name.key)) / 3


def _best(found: Iterable[tuple[float, HeardPhrase, int]]) -> list[tuple[float, HeardPhrase, int]]:
    """The best of overlapping matches."""
    taken: set[int] = set()
    kept = []
    for similarity, phrase, number in sorted(found, key=lambda m: (-m[0], m[1].last - m[1].first, m[1].first, m[2])):
        span = range(phrase.first, phrase.last)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append((similarity, phrase, number))
    return kept
