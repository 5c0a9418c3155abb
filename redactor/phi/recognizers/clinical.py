"""Shared by the six clinical recognizers: a text parsed once, and the base class that turns mentions into Presidio
results.

A text is split into words and matched against all clinical lists at once (the longest match wins across labels, so that
"blood sugar" is a lab result and not the condition "sugar"). Each recognizer then adds its own patterns over words.
Spelled letters and spoken numbers are matched directly, so that results are offsets of the recognised text and no
offset map is needed.

Lay wording that no list can hold ("my ankles are all puffed up") comes from the grammars in lexicons/grammar.

Scores: 0.85 on a list, 0.8 on a package's list, 0.75 a pattern, 0.65 a misheard name, 0.6 an ambiguous word with a cue
near it or a value, 0.55 usually clinical, 0.35 and below hints that only a low threshold shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, NamedTuple

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.phi import gazetteers
from redactor.phi.lexicons import LISTS, grammar, read_terms, word_class
from redactor.phi.lexicons.library import disease_names, drug_names
from redactor.phi.lexicons.phonetic import PhoneticMatch, PhoneticMatcher
from redactor.phi.lexicons.trie import Entry, Hit, TextWords, Trie, forms, tokenize
from redactor.phi.recognizers.base import SpokenRecognizer

SCORES = {
    "strong": 0.85,
    "library": 0.8,
    "pattern": 0.75,
    "sounds like": 0.65,
    "cued": 0.6,
    "value": 0.6,
    "likely": 0.55,
    "generic": 0.35,
    "weak": 0.25,
}
CERTAIN = frozenset({"strong", "library"})
UNSURE = frozenset({"weak", "generic"})
FINDING = 0.5
"""Scores from here on are findings, lower ones are hints."""
REACH = 6
"""The distance of a cue in words."""
BESIDE = 4
"""The distance in words at which a certain finding confirms an ambiguous one."""
BESIDE_CUE, IN_CONTEXT, CONTEXT = 0.76, 0.8, 12
"""Similarity that is enough for a misheard drug beside a cue word, and within `CONTEXT` words of a certain finding.
Chosen from a curve on general prose taken as if it were full of cues: 1.3 and 0.5 false alarms in 1,000 words, 86 % and
80 % of unseen mishearings found.
"""

FUNCTION_WORDS = frozenset("i'm my no on we he she they you your his her is are was the this that for with in".split())
"""Words that hardly begin a misheard name."""
NUMBERS = frozenset(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand half "
    "point".split()
)


class Mention(NamedTuple):
    """words[first:last] of a text name a clinical fact."""

    first: int
    last: int
    score: float
    source: str


class ClinicalText:
    """A text matched against the clinical lists.

    Attributes:
        words: the text split into words.
        hits: list matches in order, not overlapping.
        at: for each word the hit that covers it, or None.
        numeric: for each word whether it is a number in digits or words.
    """

    __slots__ = ("_phrases", "_sounds_like", "at", "hits", "numeric", "words")

    def __init__(self, text: str) -> None:
        self.words: TextWords = tokenize(text)
        self.hits: list[Hit] = vocabulary().find(self.words)
        self.at: list[Hit | None] = [None] * len(self.words.plain)
        for hit in self.hits:
            for index in range(hit.first, hit.last):
                self.at[index] = hit
        self.numeric = [word in NUMBERS or word[0].isdigit() for word in self.words.plain]
        self._sounds_like: list[PhoneticMatch] | None = None
        self._phrases: list[grammar.Phrase] | None = None

    @property
    def phrases(self) -> list[grammar.Phrase]:
        """What the grammar finds, without phrases that begin or end in one that is not clinical."""
        if self._phrases is None:
            self._phrases = [
                phrase
                for phrase in grammar.find(self.words.plain, self.numeric)
                if not (self._other_sense(phrase.first, phrase) or self._other_sense(phrase.last - 1, phrase))
            ]
        return self._phrases

    def _other_sense(self, index: int, phrase: grammar.Phrase) -> bool:
        hit = self.at[index]
        return (
            hit is not None
            and not hit.entry.label
            and LISTS.get(hit.entry.source) == phrase.label
            and not (
                phrase.first <= hit.first
                and hit.last <= phrase.last
                and hit.last - hit.first < phrase.last - phrase.first
            )
        )

    @property
    def sounds_like(self) -> list[PhoneticMatch]:
        """Words that sound like a listed name and are on no list themselves."""
        if self._sounds_like is None:
            self._sounds_like = [
                sounds_like
                for sounds_like in phonetic_matcher().find(self.words.plain, *self._thresholds())
                if self._is_unlisted(sounds_like)
            ]
        return self._sounds_like

    def _thresholds(self) -> tuple[list[float], list[float]]:
        """The similarity that is enough for a window that begins at, and for one that ends before, each word: the
        lesser of the two counts.
        """
        plain = self.words.plain
        before, after = [PhoneticMatcher.CERTAIN] * (len(plain) + 1), [PhoneticMatcher.CERTAIN] * (len(plain) + 1)
        for hit in self.hits:
            if hit.entry.label and hit.entry.strength in CERTAIN:
                _lower_to(before, hit.last, hit.last + CONTEXT, IN_CONTEXT)
                _lower_to(after, hit.first - CONTEXT, hit.first, IN_CONTEXT)
        drug_cues = word_class("cue.medication")
        for index, word in enumerate(plain):
            if word in drug_cues:
                _lower_to(before, index + 1, index + REACH, BESIDE_CUE)
                _lower_to(after, index - REACH + 1, index, BESIDE_CUE)
        return before, after

    def _is_unlisted(self, sounds_like: PhoneticMatch) -> bool:
        said = self.words.plain[sounds_like.first : sounds_like.last]
        if said[0] in FUNCTION_WORDS and sounds_like.similarity < PhoneticMatcher.CERTAIN:
            return False  # "on patient", "no explanation"
        known = [
            hit
            for hit in self.at[sounds_like.first : sounds_like.last]
            if hit is not None and hit.entry.strength not in UNSURE
        ]
        # "a torva statin" contains "statin": the longer, nearly certain match is right.
        longer = sounds_like.last - sounds_like.first > 1 and sounds_like.similarity >= PhoneticMatcher.CERTAIN
        return not known or (
            longer and all(sounds_like.first <= hit.first and hit.last <= sounds_like.last for hit in known)
        )

    def label(self, index: int) -> str | None:
        """Label of the list entry at this word; "" inside a phrase that is not clinical."""
        hit = self.at[index] if 0 <= index < len(self.at) else None
        return hit.entry.label if hit else None

    def word(self, index: int) -> str:
        plain = self.words.plain
        return plain[index] if 0 <= index < len(plain) else ""

    def near(self, first: int, last: int, cues: frozenset[str], reach: int = REACH) -> bool:
        """Whether one of `cues` is within `reach` words before `first` or after `last`."""
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


def _lower_to(values: list[float], first: int, last: int, to: float) -> None:
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
                known = trie.get(words) if not entry.label else None
                # "off balance" is no money, but it stays a condition.
                if known is None or known.strength == "library" or known.label in {"", label}:
                    trie.add(words, entry)
    return trie


@cache
def phonetic_matcher() -> PhoneticMatcher:
    """Matches frequent drugs, and single words of the other lists, by their sound."""
    exact = [name for name, label in labels_by_sound().items() if label != "MEDICATION"]
    drugs = [term.text for term in read_terms("medication") if term.by_sound]
    return PhoneticMatcher(
        drugs,
        exact=exact,
        unlike=(term.text for term in read_terms("not_sound")),
        common=gazetteers.words("common_words"),
    )


@cache
def labels_by_sound() -> dict[str, str]:
    """Label of each name that is matched by its sound."""
    labels: dict[str, str] = {}
    for name, label in LISTS.items():
        for term in read_terms(name):
            if term.by_sound or (
                term.strength == "strong" and len(term.text) > 7 and term.text.isalpha() and term.text.islower()
            ):
                labels.setdefault(term.text, label)
    return labels


class _LastParse:
    """The last parsed text. Six recognizers get each text one after the other: only the first one parses it."""

    def __init__(self) -> None:
        self._kept: tuple[str, ClinicalText] | None = None

    def of(self, text: str) -> ClinicalText:
        kept = self._kept  # one atomic read: other threads may replace it
        if kept is None or kept[0] != text:
            kept = (text, ClinicalText(text))
            self._kept = kept
        return kept[1]


parsed_text = _LastParse().of


class ClinicalRecognizer(SpokenRecognizer):
    """A Presidio recognizer for one clinical label: list hits plus the patterns of the subclass.

    Class attributes:
        list_name: its list in `redactor.phi.lexicons.LISTS`, and its cue words in patterns.toml.
    """

    list_name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.cues = word_class(f"cue.{self.list_name}")
        self.near_cues = word_class(f"near.{self.list_name}")
        # Now, not on first use: functools' caches let every thread that comes meanwhile load the lists too (64
        # recordings at # once took 4 GB and a minute).
        vocabulary()
        phonetic_matcher()
        grammar.grammar()

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Results for `label`, offsets in characters of `text`; of nested ones the longer."""
        parsed = parsed_text(text)
        starts, ends = parsed.words.starts, parsed.words.ends
        return [
            self.result(text, starts[mention.first], ends[mention.last - 1], mention.score, mention.source)
            for mention in self.mentions(parsed)
        ]

    def mentions(self, parsed: ClinicalText) -> list[Mention]:
        """All mentions of the label, in order; overlapping ones are merged, except hints, which would widen certain
        ones.
        """
        found = sorted((*self.listed(parsed), *self.misheard(parsed), *self.patterns(parsed), *self.said(parsed)))
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

    def listed(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Hits of the lists; a cue nearby raises the score of ambiguous words."""
        for hit in parsed.hits:
            if hit.entry.label != self.label:
                continue
            strength = hit.entry.strength
            if strength == "weak" and (parsed.near(hit.first, hit.last, self.cues) or self._beside(parsed, hit)):
                strength = "cued"
            yield Mention(hit.first, hit.last, SCORES[strength], f"{hit.entry.source}:{strength}")

    def misheard(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Words that sound like a name of this label."""
        labels = labels_by_sound()
        for sounds_like in parsed.sounds_like:
            if labels[sounds_like.name] == self.label:
                yield Mention(sounds_like.first, sounds_like.last, SCORES["sounds like"], "sounds-like")

    def said(self, parsed: ClinicalText) -> Iterator[Mention]:
        """What the grammar finds; a rule "near" needs one of the label's cue words or another finding near it."""
        sure: list[grammar.Phrase] = []
        unsure: list[grammar.Phrase] = []
        for phrase in parsed.phrases:
            if phrase.label == self.label:
                (unsure if phrase.near else sure).append(phrase)
        for phrase in sure:
            yield Mention(phrase.first, phrase.last, SCORES["pattern"], phrase.rule)
        for phrase in unsure:
            first, last = phrase.first - CONTEXT, phrase.last + CONTEXT
            if (
                parsed.near(phrase.first, phrase.last, self.near_cues, CONTEXT)
                or any(p.first < last and first < p.last for p in sure)
                or any(
                    hit.entry.label == self.label and hit.entry.strength in CERTAIN
                    for hit in parsed.at[max(0, first) : last]
                    if hit is not None
                )
            ):
                yield Mention(phrase.first, phrase.last, SCORES["value"], phrase.rule)

    def _beside(self, parsed: ClinicalText, hit: Hit) -> bool:
        """Whether a certain hit of the same label is within a few words, as in lists ("no stones, masses or …")."""
        around = [*range(hit.first - BESIDE, hit.first), *range(hit.last, hit.last + BESIDE)]
        others = (parsed.at[index] for index in around if 0 <= index < len(parsed.at))
        return any(other and other.entry.label == self.label and other.entry.strength in CERTAIN for other in others)

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Mentions that no list can hold."""
        yield from ()
