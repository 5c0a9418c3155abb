"""What the six clinical recognizers share: one reading of a text, and the base class that turns mentions into Presidio
results.

A text is cut into words and matched against all clinical lists at once (longest match wins over labels, so "blood
sugar" is a lab and not the condition "sugar"). Each recognizer then adds its own patterns over words. Spelled letters
and spoken numbers are understood here, so results lie on the text as it was recognised; no offset map is needed.

Scores: 0.85 named in a list, 0.8 in a package's list, 0.75 a pattern, 0.65 a misheard name, 0.6 an ambiguous word with
a cue near it or a value, 0.55 usually clinical, 0.35 and below hints that only a low threshold shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, NamedTuple

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.phi import gazetteers
from redactor.phi.lexicons import LISTS, read_terms, word_class
from redactor.phi.lexicons.library import disease_names, drug_names
from redactor.phi.lexicons.phonetic import PhoneticMatch, PhoneticMatcher
from redactor.phi.lexicons.trie import Entry, Hit, Trie, Words, cut, forms
from redactor.phi.recognizers.base import SpokenRecognizer

SCORES = {
    "strong": 0.85,
    "library": 0.8,
    "pattern": 0.75,
    "repair": 0.65,
    "cued": 0.6,
    "value": 0.6,
    "likely": 0.55,
    "generic": 0.35,
    "weak": 0.25,
}
CERTAIN = frozenset({"strong", "library"})
UNSURE = frozenset({"weak", "generic"})
FINDING = 0.5
"""Scores from here on are findings, below it are hints."""
REACH = 6
"""How many words away a cue may be."""
BESIDE = 4
"""How many words away a certain finding vouches for an ambiguous one."""
BESIDE_CUE, IN_CONTEXT, CONTEXT = 0.76, 0.8, 12
"""Similarity that is enough for a misheard drug beside a cue word, and within `CONTEXT` words of a certain finding.
Chosen from a curve on general prose taken as if it were full of cues: 1.3 and 0.5 false alarms in 1,000 words, 86 % and
80 % of unseen mishearings found.
"""

NUMBERS = frozenset(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand half "
    "point".split()
)


class Mention(NamedTuple):
    """words[first:last] of a reading name a clinical fact."""

    first: int
    last: int
    score: float
    source: str


class ClinicalText:
    """A text as the clinical lists see it.

    Attributes:
        words: the text cut into words.
        hits: list matches in order, not overlapping.
        at: for each word the hit that covers it, or None.
        numeric: for each word whether it is a number in digits or words.
    """

    __slots__ = ("_heard", "at", "hits", "numeric", "words")

    def __init__(self, text: str) -> None:
        self.words: Words = cut(text)
        self.hits: list[Hit] = vocabulary().find(self.words)
        self.at: list[Hit | None] = [None] * len(self.words.plain)
        for hit in self.hits:
            for index in range(hit.first, hit.last):
                self.at[index] = hit
        self.numeric = [word in NUMBERS or word[0].isdigit() for word in self.words.plain]
        self._heard: list[PhoneticMatch] | None = None

    @property
    def heard(self) -> list[PhoneticMatch]:
        """Words that sound like a listed name, where no list knows them as they stand."""
        if self._heard is None:
            self._heard = [
                heard for heard in misheard_names().find(self.words.plain, *self._enough()) if self._unknown(heard)
            ]
        return self._heard

    def _enough(self) -> tuple[list[float], list[float]]:
        """What similarity is enough for a window that begins at, and for one that ends before, each word: the lesser of
        the two.
        """
        plain = self.words.plain
        before, after = [PhoneticMatcher.CERTAIN] * (len(plain) + 1), [PhoneticMatcher.CERTAIN] * (len(plain) + 1)
        for hit in self.hits:
            if hit.entry.label and hit.entry.strength in CERTAIN:
                _lower(before, hit.last, hit.last + CONTEXT, IN_CONTEXT)
                _lower(after, hit.first - CONTEXT, hit.first, IN_CONTEXT)
        drug_cues = word_class("cue.medication")
        for index, word in enumerate(plain):
            if word in drug_cues:
                _lower(before, index + 1, index + REACH, BESIDE_CUE)
                _lower(after, index - REACH + 1, index, BESIDE_CUE)
        return before, after

    def _unknown(self, heard: PhoneticMatch) -> bool:
        known = [
            hit for hit in self.at[heard.first : heard.last] if hit is not None and hit.entry.strength not in UNSURE
        ]
        # "a torva statin" has the word "statin" in it: the longer and nearly certain one is right.
        longer = heard.last - heard.first > 1 and heard.similarity >= PhoneticMatcher.CERTAIN
        return not known or (longer and all(heard.first <= hit.first and hit.last <= heard.last for hit in known))

    def label(self, index: int) -> str | None:
        """Label of the list entry at this word; "" where a phrase says that it is nothing clinical."""
        hit = self.at[index] if 0 <= index < len(self.at) else None
        return hit.entry.label if hit else None

    def word(self, index: int) -> str:
        plain = self.words.plain
        return plain[index] if 0 <= index < len(plain) else ""

    def near(self, first: int, last: int, cues: frozenset[str], reach: int = REACH) -> bool:
        """Whether one of `cues` stands within `reach` words before `first` or after `last`."""
        plain = self.words.plain
        return any(word in cues for word in plain[max(0, first - reach) : first]) or any(
            word in cues for word in plain[last : last + reach]
        )

    def number(self, index: int) -> bool:
        """Whether the word is a number in digits or words."""
        return 0 <= index < len(self.numeric) and self.numeric[index]

    def numbers(self, first: int) -> int:
        """End of the run of number words that starts at `first` ("two hundred and forty"); `first` if there is none."""
        index = first
        while self.number(index) or (index > first and self.word(index) == "and" and self.number(index + 1)):
            index += 1
        return index

    def skip(self, index: int, fillers: frozenset[str], most: int = 3) -> int:
        """First index from `index` on that is not a filler, at most `most` words further."""
        for _ in range(most):
            if self.word(index) not in fillers:
                break
            index += 1
        return index

    def back(self, index: int, words: frozenset[str]) -> int:
        """First index of the run of `words` that ends before `index`."""
        while index > 0 and self.words.plain[index - 1] in words:
            index -= 1
        return index


def _lower(values: list[float], first: int, last: int, to: float) -> None:
    """values[first … last], both included, are at most `to`."""
    for index in range(max(0, first), min(len(values) - 1, last) + 1):
        values[index] = min(values[index], to)


@cache
def vocabulary() -> Trie:
    """All lists and both packages in one trie. Built once, about 0.7 s."""
    trie = Trie()
    for names, label in ((drug_names, "MEDICATION"), (disease_names, "CONDITION")):
        for name in names():
            trie.add(name.replace("-", " ").replace("'s", "").split(), Entry(label, "library", names.__name__))
    for name, label in (*LISTS.items(), ("not_library", "")):
        for term in read_terms(name):
            entry = Entry("" if term.strength == "not" else label, term.strength, name)
            for words in forms(term.text):
                trie.add(words, entry)
    return trie


@cache
def misheard_names() -> PhoneticMatcher:
    """Frequent drugs, and single words of the other lists, by their sound."""
    exact = [name for name, label in labels_of_names().items() if label != "MEDICATION"]
    drugs = [term.text for term in read_terms("medication") if term.repair]
    return PhoneticMatcher(
        drugs,
        exact=exact,
        unlike=(term.text for term in read_terms("not_sound")),
        common=gazetteers.words("common_words"),
    )


@cache
def labels_of_names() -> dict[str, str]:
    """Label of each name that is looked for by its sound."""
    labels: dict[str, str] = {}
    for name, label in LISTS.items():
        for term in read_terms(name):
            if term.repair or (
                term.strength == "strong" and len(term.text) > 7 and term.text.isalpha() and term.text.islower()
            ):
                labels.setdefault(term.text, label)
    return labels


class _LastReading:
    """The newest reading. Six recognizers see each text one after the other: only the first one cuts and matches it."""

    def __init__(self) -> None:
        self._kept: tuple[str, ClinicalText] | None = None

    def of(self, text: str) -> ClinicalText:
        kept = self._kept  # one atomic look: threads may replace it meanwhile
        if kept is None or kept[0] != text:
            kept = (text, ClinicalText(text))
            self._kept = kept
        return kept[1]


reading = _LastReading().of


class ClinicalRecognizer(SpokenRecognizer):
    """A Presidio recognizer for one clinical label: list hits plus the patterns of the subclass.

    Class attributes:
        list_name: its list in `redactor.phi.lexicons.LISTS`, and its cue words in patterns.toml.
    """

    list_name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.cues = word_class(f"cue.{self.list_name}")
        # Now, not on first use: functools' caches let every thread that comes meanwhile load the lists, too (64
        # recordings at once
        # were seen to take 4 GB and a minute for it).
        vocabulary()
        misheard_names()

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Results for `label`, offsets in characters of `text`; of two where one lies in the other, the longer."""
        seen = reading(text)
        starts, ends = seen.words.starts, seen.words.ends
        return [
            self.result(text, starts[mention.first], ends[mention.last - 1], mention.score, mention.source)
            for mention in self.mentions(seen)
        ]

    def mentions(self, seen: ClinicalText) -> list[Mention]:
        """All mentions of the label, in order; overlapping ones become one. Hints stay apart, or they would widen what
        is certain.
        """
        found = sorted((*self.listed(seen), *self.misheard(seen), *self.patterns(seen)))
        kept: list[Mention] = []
        for mention in (*(m for m in found if m.score >= FINDING), *(m for m in found if m.score < FINDING)):
            last = kept[-1] if kept else None
            if last and mention.first < last.last and last.first < mention.last:
                if mention.score >= FINDING:
                    best = max(last, mention, key=lambda m: m.score)
                    kept[-1] = Mention(last.first, max(last.last, mention.last), best.score, best.source)
            elif mention.score >= FINDING or not any(m.first < mention.last and mention.first < m.last for m in kept):
                kept.append(mention)
        return kept

    def listed(self, seen: ClinicalText) -> Iterator[Mention]:
        """Hits of the lists; ambiguous words gain from a cue nearby."""
        for hit in seen.hits:
            if hit.entry.label != self.label:
                continue
            strength = hit.entry.strength
            if strength == "weak" and (seen.near(hit.first, hit.last, self.cues) or self._beside(seen, hit)):
                strength = "cued"
            yield Mention(hit.first, hit.last, SCORES[strength], f"{hit.entry.source}:{strength}")

    def misheard(self, seen: ClinicalText) -> Iterator[Mention]:
        """Words that sound like a name of this label."""
        labels = labels_of_names()
        for heard in seen.heard:
            if labels[heard.name] == self.label:
                yield Mention(heard.first, heard.last, SCORES["repair"], "sounds-like")

    def _beside(self, seen: ClinicalText, hit: Hit) -> bool:
        """Whether a certain hit of the same label is within a few words: findings come in rows ("no stones, masses or
        …").
        """
        around = [*range(hit.first - BESIDE, hit.first), *range(hit.last, hit.last + BESIDE)]
        others = (seen.at[index] for index in around if 0 <= index < len(seen.at))
        return any(other and other.entry.label == self.label and other.entry.strength in CERTAIN for other in others)

    def patterns(self, seen: ClinicalText) -> Iterator[Mention]:
        """Mentions that no list can hold."""
        yield from ()
