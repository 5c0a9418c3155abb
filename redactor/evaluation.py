"""Measures the whole path against labelled recordings: how much PHI stays audible, how much else is bleeped, and why.

Labels are JSON Lines, one recording each (sample_audio/labels.jsonl is an example):
    {"file": path below the labels' folder, "channels": [{"channel": 0, "text": "…",
      "words": [{"text", "start", "end", "char_start", "char_end"}], "spans": [{"start", "end", "label", "tier"}]}]}
Spans with tier "may" (a bare weekday, an age under 90 …) count neither as PHI nor as over-bleep.

Every labelled PHI word that stays audible has one cause:
    detection    the same detector, given the labelled words, does not find it either
    boundaries   the word was recognised and covered, but the bleep does not reach all of its sound
    recognition  the rest: it was recognised as something else, or not at all
"""

from __future__ import annotations

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from redactor.errors import ConfigurationError, NoInput
from redactor.policy import Policy
from redactor.policy.cover import covered_words
from redactor.types import Action, Finding, Interval, Plan, Transcript, Word


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    start: int
    end: int
    label: str
    must: bool


@dataclass(frozen=True, slots=True)
class LabelledChannel:
    transcript: Transcript
    spans: tuple[LabelledSpan, ...]


@dataclass(frozen=True, slots=True)
class LabelledRecording:
    path: Path = field(repr=False)
    channels: tuple[LabelledChannel, ...]


def load_labels(path: Path) -> list[LabelledRecording]:
    """A labels.jsonl, or the folder that holds one.

    Raises:
        NoInput: there is none. ConfigurationError: a line does not have the form above.
    """
    if path.is_dir():
        path = path / "labels.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NoInput(
            "There is no readable labels.jsonl.", hint="Name a labels file, or a folder with a labels.jsonl."
        ) from error
    out: list[LabelledRecording] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            out.append(LabelledRecording(path.parent / data["file"], tuple(_channel(c) for c in data["channels"])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"Line {number} of the labels is not a labelled recording ({type(error).__name__}).",
                hint="See the form in sample_audio/README.md.",
            ) from error
    return out


def _channel(data: dict[str, Any]) -> LabelledChannel:
    words = tuple(
        Word(str(w["text"]), float(w["start"]), float(w["end"]), 1.0, int(w["char_start"]), int(w["char_end"]))
        for w in data["words"]
    )
    spans = tuple(
        LabelledSpan(int(s["start"]), int(s["end"]), str(s["label"]), s.get("tier", "must") != "may")
        for s in data["spans"]
    )
    return LabelledChannel(Transcript(int(data["channel"]), str(data["text"]), words), spans)


@dataclass(slots=True)
class Tally:
    """Sums over recordings; `figures` turns them into the measures."""

    recordings: int = 0
    redacted: int = 0
    withheld: int = 0
    phi_seconds: float = 0.0
    audible_seconds: float = 0.0
    lost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    other_seconds: float = 0.0
    overbleeped_seconds: float = 0.0
    word_errors: int = 0
    words: int = 0
    boundaries: list[float] = field(default_factory=list)
    labels: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))

    def figures(self) -> dict[str, Any]:
        """Percentages of labelled PHI seconds (audible and its causes), of other words' seconds (over-bleep), WER, and ms."""
        errors = sorted(abs(b) * 1000 for b in self.boundaries)
        return {
            "recordings": self.recordings,
            "redacted": self.redacted,
            "withheld": self.withheld,
            "phi_seconds": round(self.phi_seconds, 2),
            "audible_phi_percent": _percent(self.audible_seconds, self.phi_seconds),
            "lost_by_percent": {
                k: _percent(self.lost[k], self.phi_seconds) for k in ("recognition", "detection", "boundaries")
            },
            "over_bleep_percent": _percent(self.overbleeped_seconds, self.other_seconds),
            "boundary_error_ms": {
                "n": len(errors),
                "median": round(median(errors), 1) if errors else None,
                "p95": round(errors[min(len(errors) - 1, int(0.95 * len(errors)))], 1) if errors else None,
            },
            "wer_percent": _percent(self.word_errors, self.words),
            "labels": {
                label: {"seconds": round(total, 2), "audible_percent": _percent(audible, total)}
                for label, (total, audible) in sorted(self.labels.items())
            },
        }


def measure(labelled: LabelledRecording, plan: Plan | None, ideal: Plan, tally: Tally, *, policy: Policy) -> None:
    """Add one recording to a tally.

    Args:
        plan: what the whole path made of it; None if nothing came out (quarantined or failed: nothing audible either).
        ideal: the plan that the same detector and policy make of the labelled words.
        policy: labels that it keeps, flags or keeps in part are not counted as PHI here, nor as over-bleep.
    """
    tally.recordings += 1
    if plan is None:
        tally.withheld += 1
        return
    tally.redacted += 1
    kept_labels = {label for label, rule in policy.labels.items() if rule != "redact"}
    for channel in labelled.channels:
        number = channel.transcript.channel
        bleeps = [i for i in plan.intervals if i.channel == number]
        ideal_bleeps = [i for i in ideal.intervals if i.channel == number]
        heard = _heard(plan, number)
        _words_of_channel(channel, bleeps, ideal_bleeps, heard, plan, tally, kept_labels)
        _word_errors(channel.transcript, heard, tally)
        _boundary_errors(channel, plan, tally)


def _heard(plan: Plan, number: int) -> Transcript:
    twin = plan.speech.same_as[number] if number < len(plan.speech.same_as) else number
    return next((t for t in plan.speech.transcripts if t.channel == twin), Transcript(number, "", ()))


def _words_of_channel(
    channel: LabelledChannel,
    bleeps: Sequence[Interval],
    ideal_bleeps: Sequence[Interval],
    heard: Transcript,
    plan: Plan,
    tally: Tally,
    kept_labels: set[str],
) -> None:
    words = channel.transcript.words
    must: dict[int, str] = {}
    neutral: set[int] = set()
    for span in channel.spans:
        run = range(*covered_words(words, span.start, span.end))
        if span.must and span.label not in kept_labels:
            must.update({i: span.label for i in run if i not in must})
        else:
            neutral.update(run)
    understood = _understood(words, heard, plan)
    for i, word in enumerate(words):
        start, end = word.start or 0.0, word.end or 0.0
        bleeped = _overlap(start, end, bleeps)
        if i in must:
            audible = (end - start) - bleeped
            tally.phi_seconds += end - start
            tally.audible_seconds += audible
            row = tally.labels[must[i]]
            row[0] += end - start
            row[1] += audible
            undetected = (end - start) - _overlap(start, end, ideal_bleeps)
            by_detection = min(audible, undetected)
            tally.lost["detection"] += by_detection
            tally.lost["boundaries" if understood[i] else "recognition"] += audible - by_detection
        elif i not in neutral:
            tally.other_seconds += end - start
            tally.overbleeped_seconds += bleeped


def _understood(words: Sequence[Word], heard: Transcript, plan: Plan) -> list[bool]:
    """Tell for each labelled word whether most of it was recognised, in words that the plan covers."""
    covered = {i for c in plan.covers if c.channel == heard.channel for i in range(c.first, c.last)}
    reference, owner = _expanded(words)
    hypothesis, source = _expanded(heard.words)
    matched = [0] * len(words)
    for block in difflib.SequenceMatcher(a=reference, b=hypothesis, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            if source[block.b + k] in covered:
                matched[owner[block.a + k]] += 1
    sizes = [owner.count(i) for i in range(len(words))]
    return [size > 0 and hits * 2 >= size for hits, size in zip(matched, sizes, strict=True)]


_PIECE = re.compile(r"\d|[^\W\d_]+(?:'[^\W\d_]+)?")


def normalised(text: str) -> list[str]:
    """Words for comparison: lower case, no punctuation, numbers digit by digit ("555-0142" and "5550142" are the same)."""
    return _PIECE.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def _expanded(words: Iterable[Word]) -> tuple[list[str], list[int]]:
    pieces: list[str] = []
    owner: list[int] = []
    for i, word in enumerate(words):
        for piece in normalised(word.text):
            pieces.append(piece)
            owner.append(i)
    return pieces, owner


def _word_errors(reference: Transcript, heard: Transcript, tally: Tally) -> None:
    a, b = normalised(reference.text), normalised(heard.text)
    tally.words += len(a)
    tally.word_errors += edit_distance(a, b)


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def _boundary_errors(channel: LabelledChannel, plan: Plan, tally: Tally) -> None:
    """Seconds between the labelled and the decided edges (without padding) of each PHI span that a decision overlaps."""
    words = channel.transcript.words
    twin = plan.speech.same_as[channel.transcript.channel] if plan.speech.same_as else channel.transcript.channel
    decided = [d for d in plan.decisions if d.action is Action.REDACT and d.finding.channel == twin]
    for span in channel.spans:
        first, last = covered_words(words, span.start, span.end)
        if not span.must or first == last:
            continue
        start, end = words[first].start or 0.0, words[last - 1].end or 0.0
        touching = [d for d in decided if d.start < end and d.end > start and d.finding.label == span.label]
        if touching:
            tally.boundaries += [min(d.start for d in touching) - start, max(d.end for d in touching) - end]


def _overlap(start: float, end: float, intervals: Iterable[Interval]) -> float:
    """Seconds of start … end inside intervals that do not overlap each other."""
    return sum(max(0.0, min(end, i.end) - max(start, i.start)) for i in intervals)


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def ideal_findings(channels: Iterable[LabelledChannel], found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Findings on the labelled texts, with their channels."""
    return tuple(
        replace(f, channel=c.transcript.channel) for c, several in zip(channels, found, strict=True) for f in several
    )
