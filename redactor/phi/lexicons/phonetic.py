"""A phonetic matcher for misrecognised names: "met forming" for metformin, "lysin a pill" for lisinopril.

A recogniser that does not know a drug writes English words that sound like it. So one to five adjacent words are
compared with every frequent name by sound: candidates share the consonant skeleton up to one missing consonant on
either side (deletion neighbourhoods, constant time), and are ranked by rapidfuzz on a rough pronunciation and on the
letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Indel, Levenshtein

from redactor.phi.lexicons.trie import STOP

# Letters → sounds, in order. Capitals are sounds that no letter writes: S "sh", C "ch".
_RULES: tuple[tuple[str, str], ...] = (
    (r"[^a-z]", ""),
    (r"^x", "z"),
    (r"^(?:kn|gn|pn)", "n"),
    (r"^wr", "r"),
    (r"^ps", "s"),
    (r"mb$", "m"),
    (r"[ts]ion", "Son"),
    (r"[ct]ia", "Sa"),
    (r"dg(?=[eiy])", "j"),
    (r"tch", "C"),
    (r"sch", "sk"),
    (r"ch", "C"),
    (r"sh", "S"),
    (r"ph", "f"),
    (r"th", "t"),
    (r"gh", ""),
    (r"qu?e?$", "k"),
    (r"qu", "kw"),
    (r"ck", "k"),
    (r"x", "ks"),
    (r"c(?=[eiy])", "s"),
    (r"c", "k"),
    (r"g(?=[eiy])", "j"),
    (r"ing$", "in"),
    (r"z", "s"),
    (r"(?<=[a-zSC])h", ""),
    (r"e[sd]?$", ""),
    (r"[eiy]+", "i"),
    (r"[ou]+", "o"),
    (r"a+[io]*", "a"),
    (r"([a-zSC])\1+", r"\1"),
)
_COMPILED = tuple((re.compile(pattern), sound) for pattern, sound in _RULES)
_SKELETON = str.maketrans("bdgvjzSC", "ptkfssss", "aioehwy")
# Words that are rarely part of a misheard name, so that "refill of the" is not matched with its neighbours.
_LOOSE_FIRST = frozenset(
    "the and of to in is on i i'm you we with that this not be it for at my your his her from so".split()
)
_LOOSE_LAST = frozenset(
    "the and of to is on i a you we with that this when was out be he she they for at my your from so her him them his "
    "our me if do has had have are as by but can".split()
)


@lru_cache(maxsize=65536)
def pronounced(word: str) -> str:
    """A rough pronunciation of one lower-case English word. Cached: the vocabulary of speech is small and holds no
    sentences.
    """
    sounds = word
    for pattern, sound in _COMPILED:
        sounds = pattern.sub(sound, sounds)
    return sounds


@lru_cache(maxsize=65536)
def skeleton(sounds: str) -> str:
    """Consonants only, voiced and voiceless alike."""
    return sounds.translate(_SKELETON)


@lru_cache(maxsize=65536)
def consonants(word: str) -> str:
    """The skeleton of a word as it is pronounced."""
    return skeleton(pronounced(word))


def _shorter(key: str) -> set[str]:
    return {key[:at] + key[at + 1 :] for at in range(len(key))}


class PhoneticName(NamedTuple):
    """A name in the forms that are compared. `least`: its minimum similarity."""

    text: str
    letters: str
    sounds: str
    skeleton: str
    least: float = 0.0


class PhoneticMatch(NamedTuple):
    """words[first:last] sound like `name`; similarity 0 … 1."""

    first: int
    last: int
    name: str
    similarity: float


class PhoneticMatcher:
    """Finds names by their sound. `names` of fewer than `SHORTEST` consonants count only near a cue: too many words
    sound like them.

    `exact` are further names that need the same consonants and more similarity everywhere. `unlike` are everyday words
    that are never a name on their own, `common` are dictionary words: a window of these alone needs a little more
    similarity. `find` has the thresholds.
    """

    WIDEST = 5
    SHORTEST = 4
    LONGEST = 12
    CERTAIN = 0.9
    """Enough everywhere: 0.03 false alarms in 1,000 words of general prose, half of the misheard names still found."""
    EXACT = 0.92
    """Enough for an `exact` name: 0.02 false alarms in 1,000 words."""
    WORD = 0.86
    """Enough for a single word beside a cue."""

    def __init__(
        self,
        names: Iterable[str],
        *,
        exact: Iterable[str] = (),
        unlike: Iterable[str] = (),
        common: frozenset[str] = frozenset(),
    ) -> None:
        self._unlike = frozenset(unlike)
        self._common = common
        self._same: dict[str, list[PhoneticName]] = {}
        self._near: dict[str, list[PhoneticName]] = {}
        for text in dict.fromkeys(names):
            name = self._name(text)
            key = name.skeleton
            if len(key) >= self.SHORTEST:
                self._same.setdefault(key, []).append(name)
                for form in {key} | _shorter(key):
                    self._near.setdefault(form, []).append(name)
            elif len(key) == self.SHORTEST - 1 and len(name.letters) > 4:
                self._near.setdefault(key, []).append(name)
        for text in dict.fromkeys(exact):
            name = self._name(text)._replace(least=self.EXACT)
            if len(name.skeleton) >= self.SHORTEST:
                self._same.setdefault(name.skeleton, []).append(name)
        self._begin = frozenset(key[:end] for key in self._same for end in range(len(key) + 1))
        self._candidates = lru_cache(maxsize=65536)(self._named_like)

    @staticmethod
    def _name(text: str) -> PhoneticName:
        sounds = "".join(pronounced(word) for word in text.replace("-", " ").split())
        return PhoneticName(text, re.sub("[^a-z]", "", text), sounds, skeleton(sounds))

    def find(self, words: list[str], before: Sequence[float], after: Sequence[float]) -> list[PhoneticMatch]:
        """Misheard names in `words`, not overlapping, in order.

        The lesser of before[first] and after[last] is enough for words[first:last]: `CERTAIN` unless a cue is near.
        Away from cues only names with exactly the same consonants are looked up, which is what makes this fast.
        """
        keys = [consonants(word) for word in words]
        same, begin, candidates, certain = self._same, self._begin, self._candidates, self.CERTAIN
        found = []
        for first, key in enumerate(keys):
            if (not key and len(words[first]) > 2) or (first and len(words[first]) == len(words[first - 1]) == 1):
                continue
            widest = min(first + self.WIDEST, len(words))
            away = before[first] >= certain and min(after[first + 1 : widest + 1]) >= certain
            for last in range(first + 1, widest + 1):
                if last > first + 1:
                    key += keys[last - 1]  # noqa: PLW2901 - grows with the window
                if len(key) > self.LONGEST or words[last - 1] == STOP or (away and key not in begin):
                    break
                if len(key) < self.SHORTEST - 1:
                    continue
                enough = certain if away else min(before[first], after[last])
                names: Sequence[PhoneticName] = same.get(key, ()) if enough >= certain else candidates(key)
                if names:
                    heard = self._best(words, first, last, key, names, enough)
                    if heard is not None:
                        found.append(heard)
        found.sort(key=lambda heard: (-heard.similarity, heard.last - heard.first))
        taken: set[int] = set()
        kept = []
        for heard in found:
            span = range(heard.first, heard.last)
            if taken.isdisjoint(span):
                taken.update(span)
                kept.append(heard)
        return sorted(kept)

    def _named_like(self, key: str) -> tuple[PhoneticName, ...]:
        near = (name for form in (key, *_shorter(key)) for name in self._near.get(form, ()))
        return tuple(dict.fromkeys((*near, *self._same.get(key, ()))))

    def _best(
        self, words: list[str], first: int, last: int, key: str, names: Sequence[PhoneticName], enough: float
    ) -> PhoneticMatch | None:
        """The name that words[first:last] sound like, if they do so enough."""
        one = last - first == 1
        telling = [word for word in words[first:last] if len(word) > 3]
        if (one and len(words[first]) < 5) or (len(telling) == 1 and telling[0] in self._unlike):
            return None
        if one:
            enough = max(enough, self.WORD)
        if len(key) < self.SHORTEST:
            enough = max(enough, self.CERTAIN)
        elif enough < self.CERTAIN and self._common.issuperset(words[first:last]):
            enough += 0.03
        if words[first] in _LOOSE_FIRST or words[last - 1] in _LOOSE_LAST:
            enough += 0.08
        sounds, letters = "".join(map(pronounced, words[first:last])), "".join(words[first:last])
        best: PhoneticMatch | None = None
        for name in names:
            similarity = self.similarity(sounds, key, letters, name)
            if similarity >= max(enough, name.least) and (best is None or similarity > best.similarity):
                best = PhoneticMatch(first, last, name.text, similarity)
        return best

    @staticmethod
    def similarity(sounds: str, key: str, letters: str, name: PhoneticName) -> float:
        """Mean similarity of the consonants, the sounds and the letters."""
        return (
            Levenshtein.normalized_similarity(key, name.skeleton)
            + Indel.normalized_similarity(sounds, name.sounds)
            + Indel.normalized_similarity(letters, name.letters)
        ) / 3
