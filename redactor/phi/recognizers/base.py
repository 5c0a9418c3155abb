"""What the recognizers here share: patterns on the original and the written form, and the map back.

A recognizer of ours is a Presidio `LocalRecognizer`. `PatternBase` runs named regular expressions. They read the text
as it was said and as it would be written (`redactor.phi.spoken`), and give spans of the original text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from redactor.phi.spoken import WrittenForm, written_form

Form = Literal["both", "original", "written"]
_TRIM = " \t\r\n,;:.!?-\u2013\u2014\u2026\u00ac\"'()[]"


class Shape(NamedTuple):
    """One named pattern. The span is the group "value" where the pattern has one, else the whole match.

    Attributes:
        name: what the shape is, for the finding's source.
        regex: compiled by the base with IGNORECASE.
        score: 0 … 1 without any cue near it.
        form: which text it is for; "written" for shapes that only make sense after figures are written out.
    """

    name: str
    regex: str
    score: float
    form: Form = "both"


class Candidate(NamedTuple):
    """A match before it is judged: [start, end) of `text`, which is the original or the written form."""

    shape: Shape
    text: str
    start: int
    end: int
    match: re.Match[str]


@lru_cache(maxsize=1)
def _written_once(text: str) -> WrittenForm:
    # Only for recognizers called on their own; the detector hands the form over in the NLP artifacts. One entry: no
    # store of speech.
    return written_form(text)


def written_of(text: str, artifacts: NlpArtifacts | None) -> WrittenForm:
    """The written form of this text, computed once a text."""
    form = getattr(artifacts, "written", None)
    if isinstance(form, WrittenForm) and form.original == text:
        return form
    return _written_once(text)


class SpokenRecognizer(LocalRecognizer):
    """Gives results in offsets of the original text, trimmed of blanks and punctuation.

    Class attributes:
        label: the one label it gives, of `redactor.types.LABELS`.
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
        form = written_of(text, nlp_artifacts)
        return [self.result(text, *found) for found in self.spans(form) if found[0] < found[1]]

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        """(start, end, score, name of what matched) in the original text."""
        raise NotImplementedError

    def result(self, text: str, start: int, end: int, score: float, name: str) -> RecognizerResult:
        """A Presidio result, with blanks and punctuation cut from both ends; its explanation names the pattern, never
        the text.
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
        shapes: the patterns.
        cues: a regular expression for words that speak for this label ("callback", "reach me"); found up to `reach`
            characters before or `reach_after` characters after a match, it adds `boost`.
        needs: a regular expression that must occur in the written form, else nothing is tried (speed).
    """

    shapes: ClassVar[Sequence[Shape]]
    cues: ClassVar[str] = ""
    boost: ClassVar[float] = 0.4
    reach: ClassVar[int] = 60
    reach_after: ClassVar[int] = 0
    needs: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._compiled = [(shape, re.compile(shape.regex, re.IGNORECASE)) for shape in self.shapes]
        self._cues = re.compile(rf"\b(?:{self.cues})\b", re.IGNORECASE) if self.cues else None
        self._needs = re.compile(self.needs, re.IGNORECASE) if self.needs else None

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        if self._needs is not None and not self._needs.search(form.text):
            return
        for candidate in self.candidates(form):
            score = self.judge(candidate)
            if score <= 0:
                continue
            start, end = candidate.start, candidate.end
            if candidate.text is not form.original:
                start, end = form.to_original(start, end)
            yield start, end, score, candidate.shape.name

    def candidates(self, form: WrittenForm) -> Iterator[Candidate]:
        """Every match of every shape, on each text the shape is for (once when the two texts are the same)."""
        same = form.text is form.original
        for shape, regex in self._compiled:
            if shape.form != "original":
                yield from self._matches(shape, regex, form.text)
            if shape.form == "original" or (shape.form == "both" and not same):
                yield from self._matches(shape, regex, form.original)

    @staticmethod
    def _matches(shape: Shape, regex: re.Pattern[str], text: str) -> Iterator[Candidate]:
        group = "value" if "value" in regex.groupindex else 0
        for match in regex.finditer(text):
            start, end = match.span(group)
            if start < end:
                yield Candidate(shape, text, start, end, match)

    def judge(self, candidate: Candidate) -> float:
        """The score of a match; 0 drops it. Override to check more than a pattern can."""
        return candidate.shape.score + (self.boost if self.has_cue(candidate) else 0.0)

    def has_cue(self, candidate: Candidate) -> bool:
        """Whether a cue word is near."""
        if self._cues is None:
            return False
        before = candidate.text[max(0, candidate.start - self.reach) : candidate.start]
        if self._cues.search(before):
            return True
        after = candidate.text[candidate.end : candidate.end + self.reach_after]
        return bool(after) and self._cues.search(after) is not None
