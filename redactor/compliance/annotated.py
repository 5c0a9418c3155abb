"""A transcript prepared for the rules: plain lower-case words with their positions, findings, and evidence."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from redactor.compliance.model import Evidence, Message, Part
from redactor.compliance.rules import Phrases
from redactor.policy.word_spans import time_span, with_times
from redactor.types import Finding, Transcript, Word

UNSURE = "unsure word"
"""Source of findings that stand for words of low confidence (`phi.low_confidence`)."""
UNEXPLAINED = frozenset({"FigureRecognizer", "DecimalRecognizer"})
"""Sources of figures without a context (`phi.recognizers.figure`): they are covered, but prove no violation."""
_OTHER = re.compile(r"[^\w'{}$@]")


def plain(text: str) -> str:
    """The text in lower case with spaces for punctuation, at the same length. Braces stay, for "{name}" in scripts."""
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text.replace("\u2019", "'"))
    return _OTHER.sub(" ", low)


class AnnotatedText:
    """One channel of a message.

    Args:
        sure: whether most words were recognised with confidence; if not, findings that rest on low confidence alone
            are left out, since V20 covers them.
    """

    def __init__(self, message: Message, transcript: Transcript, *, sure: bool = True) -> None:
        length = message.duration or max((w.end or 0.0 for w in transcript.words), default=0.0)
        complete, _ = with_times(transcript, length) if length else (transcript, 0)
        self.channel = transcript.channel
        self.text = transcript.text
        self.plain = plain(transcript.text)
        self.words: tuple[Word, ...] = complete.words
        self.findings = tuple(
            sorted(
                (
                    f
                    for f in message.findings
                    if f.channel == transcript.channel
                    and f.start < f.end
                    and (sure or f.source != UNSURE)
                    and f.source not in UNEXPLAINED
                ),
                key=lambda f: (f.start, f.end),
            )
        )
        self._timed = bool(length)
        self._starts = [w.char_start for w in self.words]
        self._ends = [w.char_end for w in self.words]

    def evidence(self, start: int, end: int, matched: str, *, score: float = 1.0) -> Evidence | None:
        """Evidence from the words that text[start:end] touches; None if there are none."""
        # Like `covered_words`, without building its lists for each of many positions.
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        if start >= end or first >= last:
            return None
        begin, stop = time_span(self.words, first, last) if self._timed else (0.0, 0.0)
        return Evidence(
            channel=self.channel,
            first=first,
            last=last,
            start=begin,
            end=stop,
            confidence=min(w.confidence for w in self.words[first:last]),
            score=score,
            matched=matched,
            text=" ".join(w.text for w in self.words[first:last]),
        )

    def finding(self, found: Finding) -> Evidence | None:
        return self.evidence(found.start, found.end, f"{found.source} {found.label}", score=found.score)

    def part(self, name: str, start: int, end: int, matched: str) -> Part:
        """A part of the message at text[start:end]; without words if it touches none."""
        nothing = Evidence(self.channel, 0, 0, 0.0, 0.0, 0.0, 0.0, matched)
        return Part(name, self.evidence(start, end, matched) or nothing)

    def labelled(self, labels: Iterable[str]) -> list[Finding]:
        wanted = frozenset(labels)
        return [f for f in self.findings if f.label in wanted]

    def phrases(self, patterns: Phrases) -> Iterator[tuple[int, int, int]]:
        """(number of the phrase from 1, start, end) of every match."""
        for number, pattern in enumerate(patterns, 1):
            for match in pattern.finditer(self.plain):
                yield number, *match.span()

    def said(self, found: Finding) -> str:
        return self.plain[found.start : found.end]

    def before(self, position: int, words: int = 8) -> str:
        """The plain words before a position; searches only a bounded stretch, since a text has many positions."""
        return " ".join(self.plain[max(0, position - 30 * words) : position].split()[-words:])

    def after(self, position: int, words: int = 6) -> str:
        return " ".join(self.plain[position : position + 30 * words].split()[:words])

    @cached_property
    def names(self) -> tuple[Finding, ...]:
        return tuple(self.labelled({"PERSON"}))

    def in_name(self, start: int, end: int) -> bool:
        """Whether text[start:end] lies in a person's name ("Bill")."""
        return any(f.start <= start and end <= f.end for f in self.names)

    def whole(self, matched: str) -> Evidence | None:
        """Evidence from all words."""
        return self.evidence(0, len(self.text), matched) if self.text else None


def merged(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Evidence in order of position, without what lies inside other evidence."""
    out: list[Evidence] = []
    for one in sorted(evidence, key=lambda e: (e.channel, e.first, -e.last, -e.score)):
        if out and out[-1].channel == one.channel and one.last <= out[-1].last:
            continue
        out.append(one)
    return tuple(out)
