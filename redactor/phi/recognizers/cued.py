"""Base of identifiers that are recognised by their cue words alone: a value after (or before) "member id", "claim
number", "plate".

No checksum is required: one misrecognised digit would let a card or licence number through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.runs import VALUE, bridged, digits
from redactor.phi.spoken import WrittenForm

_CLOSE = (
    r"(?:[\s:#,.\-]{1,4}(?:is|was|are|it's|its|it|that's|that|would be|will be|be|number|numbers|no|num|id|i d|code|"
    r"of|on|for|my|the|her|his|our|your|this|card|here|listed as|reads|starts with|ends? in|ending in|ending|"
    r"ends with|as|equals|again|okay|ok|and|last 4|digits|under|goes|i think|i believe|let me see|let's see|was|"
    r"i've got(?: is)?|i have(?: is)?|you (?:gave|sent) (?:me|us)(?: is| was)?|they (?:gave|sent) (?:me|us)(?: is|"
    r" was)?|i was given(?: is| was)?|still|now|out|up|should be|used to be|set to|changed to|today|there|to get in|"
    r"for the \w+|on the \w+)){0,8}[\s:#,.\-]{0,4}"
)
_LEADING = re.compile(r"([a-z]{2,5})[\s,.-]+", re.IGNORECASE)
_MIXED = re.compile(r"(?:[a-z]\s?\d\s?\d|\d\s?\d\s?[b-z])", re.IGNORECASE)
_FIGURE = re.compile(r"\d")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_FAR = r"[^\d.?!]{1,45}?"
_BACK = r",?\s+(?:is|was|that's|that is|it's|would be)\s+(?:my|the|her|his|our|your|their)\s+(?:\w+\s+)?"


class CuedValue(SpokenRecognizer):
    """A value beside a cue.

    Class attributes:
        cue: regular expression of the cue, read on the written form (figures written out, lower or upper case).
        cue_words: a word or letter run of every cue: a text with none of them has no cue (for speed).
        score: for a value right after its cue; farther away it is 0.15 less.
        fewest: digits of a value right after its cue; farther away it has at least four.
        most: digits of a value.
    """

    cue: ClassVar[str]
    cue_words: ClassVar[frozenset[str]]
    score: ClassVar[float] = 0.9
    fewest: ClassVar[int] = 2
    most: ClassVar[int] = 24

    def __init__(self) -> None:
        super().__init__()
        value = rf"(?<!['\u2019])(?P<value>{VALUE})"
        self._patterns = (
            ("after cue", re.compile(rf"\b(?:{self.cue})\b{_CLOSE}{value}", re.IGNORECASE), self.score, self.fewest),
            ("far from cue", re.compile(rf"\b(?:{self.cue})\b{_FAR}\b{value}", re.IGNORECASE), self.score - 0.15, 4),
            (
                "before cue",
                re.compile(rf"(?<![\w-]){value}{_BACK}(?:{self.cue})\b", re.IGNORECASE),
                self.score - 0.1,
                4,
            ),
        )

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        if self.cue_words.isdisjoint(form.words) or _FIGURE.search(text) is None:
            return
        for name, regex, score, fewest in self._patterns:
            for match in regex.finditer(text):
                count = len(digits(match["value"]))
                if count == 2 and _MIXED.fullmatch(match["value"]):
                    count = 3  # "ending in 38D"
                if fewest <= count <= self.most and self.accepts(name, match):
                    end, more = match.end("value"), bridged(text, match.end("value")) if name == "after cue" else None
                    while more is not None and count + more[1] <= self.most:
                        end, count = more[0], count + more[1]
                        more = bridged(text, end)
                    yield *form.to_original(self._start(match), end), score, name

    @staticmethod
    def _start(match: re.Match[str]) -> int:
        """Where the value begins: leading everyday words ("me see 4417") do not belong to it."""
        start = match.start("value")
        while (
            (first := _LEADING.match(match.string, start, match.end("value")))
            and first[1].lower() in words("common_words")
            and _VOWEL.search(first[1])
        ):
            start = first.end()
        return start

    def accepts(self, name: str, match: re.Match[str]) -> bool:
        """Whether to keep a match; override to check more than the pattern."""
        return True
