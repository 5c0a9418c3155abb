"""Words that are on no list, neither of names nor of anything else: they are taken for names (fail closed)."""

from __future__ import annotations

import re

from rapidfuzz.distance.Levenshtein import distance

from redactor.phi.gazetteers import NO_DICTIONARY_WORDS, words
from redactor.phi.lexicons.vocabulary import clinical_words

_LONG = 7
_VOWEL = re.compile(r"[aeiouy]|[^\x00-\x7f]")
_MEDICAL = re.compile(
    r"(?:osis|emia|emic|ectomy|ostomy|otomy|scop\w{1,4}|gram|graph\w{1,3}|olog\w{1,4}|plasty|pathy|iatr\w{1,4}|"
    r"labial|nasal|lytic|lyz\w{1,3}|olol|pril|sartan|statin|mycin|cillin|azole|mab|"
    r"tinib|gliptin|gliflozin|semide|parin|idone|azepam|itis|itic|aemia|genic|ocyte\w?|oid|ular|ally|eous|ological)$"
)
"""Endings of medical words, not of names."""
_ENDINGS = (
    ("s", ("",)),
    ("es", ("",)),
    ("ed", ("", "e")),
    ("ing", ("", "e")),
    ("y", ("", "e")),
    ("er", ("", "e")),
    ("ers", ("", "e")),
    ("ly", ("",)),
    ("ness", ("",)),
    ("ier", ("y",)),
    ("able", ("", "e")),
)
_BEGINNINGS = tuple(
    "re un non pre over anti sub inter intra peri hyper hypo micro para post mid multi naso osteo neuro cardio endo "
    "self super out under mis de dis".split()
)


class UnknownWords:
    """Tells words on no list, and not derived from listed words, from all others."""

    def __init__(self) -> None:
        self._common, self._function = words("common_words"), words("function_words")
        self._rare = words("rare_words") | clinical_words() | NO_DICTIONARY_WORDS
        self._alike: dict[tuple[str, int], list[str]] = {}
        for word in sorted(self._common):
            if len(word) >= _LONG - 1:
                self._alike.setdefault((word[0], len(word)), []).append(word)

    def is_rare(self, lower: str) -> bool:
        """Whether the word is in a dictionary but rarely used."""
        return lower.removesuffix("'s") in self._rare

    def holds(self, lower: str) -> bool:
        """Whether a lower-case word is on no list, nor derived from a listed word."""
        bare = lower.removesuffix("'s")
        if len(bare) < 4 or not _VOWEL.search(bare) or _MEDICAL.search(bare):
            return False
        if any(stem in self._rare or stem in self._common or stem in self._function for stem in _stems(bare)):
            return False
        return len(bare) < _LONG or not self._misspelled(bare)

    def _misspelled(self, word: str) -> bool:
        """Whether a long word differs from an everyday one by a letter: "appoinment"."""
        length, first = len(word), word[0]
        return any(
            distance(word, other, score_cutoff=1) < 2
            for size in (length - 1, length, length + 1)
            for other in self._alike.get((first, size), ())
        )


def _stems(word: str) -> list[str]:
    """The word and its possible stems: "rechecks", "talkin", "crampy", "dont"."""
    stems = [word, f"{word}g", word.replace("'", "")]
    for ending, instead in _ENDINGS:
        if word.endswith(ending):
            stems += [word.removesuffix(ending) + rest for rest in instead]
    stems += [word[len(start) :] for start in _BEGINNINGS if word.startswith(start) and len(word) - len(start) > 3]
    return stems
