"""Base classes of the recognizers: patterns on the original and the written form, and the map back.

Each recognizer is a Presidio `LocalRecognizer`. `PatternBase` applies named regular expressions to the text as it was
said and as it would be written (`redactor.phi.spoken`), and gives spans of the original text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.phi.spoken import WrittenForm, written_form

TextForm = Literal["both", "original", "written"]
_TRIM = " \t\r\n,;:.!?-\u2013\u2014\u2026\u00ac\"'()[]"


class NamedPattern(NamedTuple):
    """One named pattern. The span is the group "value" where the pattern has one, else the whole match.

    Attributes:
        name: for the finding's source.
        regex: compiled by the base with IGNORECASE.
        score: 0 … 1 without a cue nearby.
        form: the text that it applies to; "written" for patterns that need figures written out.
    """

    name: str
    regex: str
    score: float
    form: TextForm = "both"


class Candidate(NamedTuple):
    """A match before it is scored: [start, end) of `text`, which is the original or the written form."""

    pattern: NamedPattern
    text: str
    start: int
    end: int
    match: re.Match[str]


@lru_cache(maxsize=1)
def _cached_written_form(text: str) -> WrittenForm:
    # Only for recognizers called on their own; the detector hands the form over in the NLP artifacts. One entry: no
    # store of speech.
    return written_form(text)


def written_form_of(text: str, artifacts: NlpArtifacts | None) -> WrittenForm:
    """The written form of this text, computed once per text."""
    form = getattr(artifacts, "written", None)
    if isinstance(form, WrittenForm) and form.original == text:
        return form
    return _cached_written_form(text)


class SpokenRecognizer(LocalRecognizer):
    """A recognizer whose results are offsets of the original text, without blanks and punctuation at their ends.

    Class attributes:
        label: the label of its results, one of `redactor.types.LABELS`.
    """

    label: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(supported_entities=[self.label], supported_language="en", name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Spans of `text`; `entities` is checked by the engine."""
        form = written_form_of(text, nlp_artifacts)
        return [self.result(text, *found) for found in self.spans(form) if found[0] < found[1]]

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        """(start, end, score, name of the pattern) in the original text."""
        raise NotImplementedError

    def result(self, text: str, start: int, end: int, score: float, name: str) -> RecognizerResult:
        """A Presidio result, without blanks and punctuation at its ends; its explanation names the pattern, never the
        text.
        """
        bracketed = ")" in text[start:end]
        while start < end and text[start] in _TRIM and not (bracketed and text[start] == "("):
            start += 1
        while start < end and text[end - 1] in _TRIM:
            end -= 1
        explanation = AnalysisExplanation(recognizer=type(self).__name__, original_score=score, pattern_name=name)
        return RecognizerResult(self.label, start, end, min(1.0, score), explanation)


class PatternBase(SpokenRecognizer):
    """Named patterns with scores, raised by cue words nearby.

    Class attributes:
        patterns: the patterns. cues: a regular expression for words that suggest this label ("callback", "reach me");
            up to `reach` characters before or `reach_after` characters after a match they add `boost`.
        needs: a regular expression without which the written form is not searched (for speed).
    """

    patterns: ClassVar[Sequence[NamedPattern]]
    cues: ClassVar[str] = ""
    boost: ClassVar[float] = 0.4
    reach: ClassVar[int] = 60
    reach_after: ClassVar[int] = 0
    needs: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._compiled = [(pattern, re.compile(pattern.regex, re.IGNORECASE)) for pattern in self.patterns]
        self._cues = re.compile(rf"\b(?:{self.cues})\b", re.IGNORECASE) if self.cues else None
        self._needs = re.compile(self.needs, re.IGNORECASE) if self.needs else None

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        if self._needs is not None and not self._needs.search(form.text):
            return
        for candidate in self.candidates(form):
            score = self.score_of(candidate)
            if score <= 0:
                continue
            start, end = candidate.start, candidate.end
            if candidate.text is not form.original:
                start, end = form.to_original(start, end)
            yield start, end, score, candidate.pattern.name

    def candidates(self, form: WrittenForm) -> Iterator[Candidate]:
        """Every match of every pattern, on each text that the pattern applies to (once if both texts are the same)."""
        same = form.text is form.original
        for pattern, regex in self._compiled:
            if pattern.form != "original":
                yield from self._matches(pattern, regex, form.text)
            if pattern.form == "original" or (pattern.form == "both" and not same):
                yield from self._matches(pattern, regex, form.original)

    @staticmethod
    def _matches(pattern: NamedPattern, regex: re.Pattern[str], text: str) -> Iterator[Candidate]:
        group = "value" if "value" in regex.groupindex else 0
        for match in regex.finditer(text):
            start, end = match.span(group)
            if start < end:
                yield Candidate(pattern, text, start, end, match)

    def score_of(self, candidate: Candidate) -> float:
        """The score of a match; 0 drops it. Override to check more than a pattern can."""
        return candidate.pattern.score + (self.boost if self.has_cue(candidate) else 0.0)

    def has_cue(self, candidate: Candidate) -> bool:
        """Whether a cue word is nearby."""
        if self._cues is None:
            return False
        before = candidate.text[max(0, candidate.start - self.reach) : candidate.start]
        if self._cues.search(before):
            return True
        after = candidate.text[candidate.end : candidate.end + self.reach_after]
        return bool(after) and self._cues.search(after) is not None
