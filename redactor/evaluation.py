"""Measures the pipeline against labelled recordings: how much PHI stays audible, how much else is bleeped, and why.

Spans of tier "may" (a bare weekday, an age under 90 …) count neither as PHI nor as over-bleep, nor do labels that the
policy keeps or flags. Where the policy keeps one use of a label (a first name, the callback number), its own rule
decides on the labelled text which part is PHI: the decision is trusted here, its execution is measured.

A word counts as bleeped whatever label the detector gave it. Audible time of PHI has four causes, which add up to it:
    detection    the same detector misses it in the labelled words as well
    boundaries   the word was recognised and covered, but the bleep does not reach all of its sound
    unheard      no word was recognised at its time
    recognition  the rest: the word, or the words around it, were recognised as something else

Only recordings with an output are measured: a withheld one is inaudible, and would improve every percentage.

Channels that are labelled with times alone have figures of their own (`evaluation_intervals`).

A hard recording, which may be withheld, is excluded from the percentages: `judge` says whether it ended as required.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, NamedTuple

from rapidfuzz.distance import Levenshtein

from redactor.errors import ConfigurationError
from redactor.evaluation_intervals import IntervalTotals, audible_stretches, has_leaked, is_removed
from redactor.labels import LabelledChannel, LabelledInterval, LabelledRecording
from redactor.policy import Policy
from redactor.policy.contextual_rules import apply_rule
from redactor.policy.word_spans import covered_words
from redactor.types import Action, Finding, Interval, Plan, Transcript, Word

CAUSES = ("recognition", "detection", "boundaries", "unheard")


class Loss(NamedTuple):
    """A labelled span that stays audible for `seconds` of the `length` seconds of its words.

    start … end: the span's seconds on `channel`. `text`: its words; `heard`: what was recognised there. `cause`: the
    one of `CAUSES` that most of it has; "unknown" for a span that was labelled without words.
    """

    label: str
    cause: str
    seconds: float
    length: float
    channel: int
    start: float
    end: float
    text: str
    heard: str


@dataclass(slots=True)
class EvaluationTotals:
    """Sums over recordings; `figures` turns them into the measures."""

    recordings: int = 0
    redacted: int = 0
    withheld: int = 0
    phi_seconds: float = 0.0
    audible_seconds: float = 0.0
    spans: int = 0
    leaked_spans: int = 0
    lost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    other_seconds: float = 0.0
    overbleeped_seconds: float = 0.0
    word_errors: int = 0
    words: int = 0
    boundaries: list[float] = field(default_factory=list)
    labels: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    lost_by_label: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    losses: list[Loss] = field(default_factory=list, repr=False)
    intervals: IntervalTotals = field(default_factory=IntervalTotals)

    def figures(self) -> dict[str, Any]:
        """Percentages of labelled PHI seconds (audible and its causes), of other words' seconds (over-bleep), WER, and
        ms.

        A span has leaked if one of its words can be heard for more than half its time. "intervals" is there if some
        channels are labelled with times alone.
        """
        errors = sorted(abs(b) * 1000 for b in self.boundaries)
        return {
            "recordings": self.recordings,
            "redacted": self.redacted,
            "withheld": self.withheld,
            "phi_seconds": round(self.phi_seconds, 2),
            "audible_phi_percent": _percent(self.audible_seconds, self.phi_seconds),
            "phi_spans": self.spans,
            "leaked_spans": self.leaked_spans,
            "lost_by_percent": {cause: _percent(self.lost[cause], self.phi_seconds) for cause in CAUSES},
            "over_bleep_percent": _percent(self.overbleeped_seconds, self.other_seconds),
            "boundary_error_ms": {
                "n": len(errors),
                "median": round(median(errors), 1) if errors else None,
                "p95": round(errors[math.ceil(0.95 * len(errors)) - 1], 1) if errors else None,
            },
            "wer_percent": _percent(self.word_errors, self.words),
            "labels": {
                label: {
                    "seconds": round(total, 2),
                    "audible_percent": _percent(audible, total),
                    "lost_by_percent": {c: _percent(self.lost_by_label[label][c], total) for c in CAUSES},
                }
                for label, (total, audible) in sorted(self.labels.items())
            },
            **({"intervals": self.intervals.figures()} if self.intervals.channels else {}),
        }


def measure(
    labelled: LabelledRecording, plan: Plan | None, ideal: Plan, totals: EvaluationTotals, *, policy: Policy
) -> None:
    """Add one recording to the totals.

    Args:
        plan: the pipeline's; None without an output (quarantined or failed: nothing is audible either).
        ideal: the plan that the same detector and policy make of the labelled words.
        policy: says which labelled spans, or parts of them, are PHI here; the others count neither as PHI nor as
            over-bleep.

    Raises:
        ConfigurationError: the labels name a channel that the plan does not have.
    """
    totals.recordings += 1
    if plan is None:
        totals.withheld += 1
        return
    _check_channels(labelled, plan)
    totals.redacted += 1
    for channel in labelled.channels:
        number = channel.transcript.channel
        bleeps = [i for i in plan.intervals if i.channel == number]
        ideal_bleeps = [i for i in ideal.intervals if i.channel == number]
        heard = _heard(plan, number)
        if channel.intervals is not None:
            lost = totals.intervals.add(channel.intervals, bleeps, duration=plan.duration, policy=policy)
            totals.losses += [
                Loss(s.label, "unknown", seconds, s.end - s.start, number, s.start, s.end, "", _recognised(s, heard))
                for s, seconds in lost
            ]
            continue
        _words_of_channel(channel, bleeps, ideal_bleeps, heard, plan, totals, policy)
        _word_errors(channel.transcript, heard, totals)
        _boundary_errors(channel, plan, totals, policy)


@dataclass(frozen=True, slots=True)
class HardVerdict:
    """How a hard recording ended.

    spans: of labelled PHI; audible_spans: those of them with an audible word (none without an output).
    """

    outcome: str
    spans: int
    audible_spans: int
    met: bool


def judge(labelled: LabelledRecording, outcome: str, plan: Plan | None, *, policy: Policy) -> HardVerdict:
    """Tell whether a hard recording ended as required: with one of its outcomes, and with no labelled PHI audible.

    Args:
        outcome: one of `OUTCOMES`.
        plan: the output's; None unless the outcome is "redacted".
        policy: says which spans are PHI.

    Raises:
        ConfigurationError: the labels name a channel that the plan does not have.
    """
    spans = audible = 0
    if plan:
        _check_channels(labelled, plan)
    for channel in labelled.channels:
        words = channel.transcript.words
        bleeps = [i for i in plan.intervals if i.channel == channel.transcript.channel] if plan else []
        for part, action in _parts(channel, policy):
            if action is Action.REDACT:
                run = range(*covered_words(words, part.start, part.end))
                spans += 1
                audible += plan is not None and _leaked(words, run, bleeps)
        for interval in channel.intervals or ():
            if is_removed(interval, policy):
                spans += 1
                audible += plan is not None and has_leaked(interval, bleeps)
    return HardVerdict(outcome, spans, audible, outcome in labelled.outcomes and not audible)


def _check_channels(labelled: LabelledRecording, plan: Plan) -> None:
    if any(not 0 <= c.transcript.channel < len(plan.speech.same_as) for c in labelled.channels):
        raise ConfigurationError("The labels name a channel that the recording does not have.")


def _heard(plan: Plan, number: int) -> Transcript:
    twin = plan.speech.same_as[number]
    return next((t for t in plan.speech.transcripts if t.channel == twin), Transcript(number, "", ()))


def _words_of_channel(
    channel: LabelledChannel,
    bleeps: Sequence[Interval],
    ideal_bleeps: Sequence[Interval],
    heard: Transcript,
    plan: Plan,
    totals: EvaluationTotals,
    policy: Policy,
) -> None:
    words = channel.transcript.words
    must: dict[int, str] = {}
    neutral: set[int] = set()
    spans: list[tuple[str, range]] = []
    for part, action in _parts(channel, policy):
        run = range(*covered_words(words, part.start, part.end))
        if action is Action.REDACT:
            spans.append((part.label, run))
            must.update({i: part.label for i in run if i not in must})
            totals.spans += 1
            totals.leaked_spans += _leaked(words, run, bleeps)
        else:
            neutral.update(run)
    understood = _understood(words, heard, plan)
    lost: dict[int, dict[str, float]] = {}
    for i, word in enumerate(words):
        audible = _audible(word, bleeps)
        if i in must:
            totals.phi_seconds += _length(word)
            totals.audible_seconds += audible
            row = totals.labels[must[i]]
            row[0] += _length(word)
            row[1] += audible
            by_detection = min(audible, _audible(word, ideal_bleeps))
            rest = "boundaries" if understood[i] else "recognition" if _heard_during(word, heard) else "unheard"
            lost[i] = {"detection": by_detection, rest: audible - by_detection}
            for cause, seconds in lost[i].items():
                totals.lost[cause] += seconds
                totals.lost_by_label[must[i]][cause] += seconds
        elif i not in neutral:
            totals.other_seconds += _length(word)
            totals.overbleeped_seconds += _length(word) - audible
    totals.losses += [
        loss for label, run in spans if (loss := _loss(label, [words[i] for i in run], [lost[i] for i in run], heard))
    ]


def _heard_during(word: Word, heard: Transcript) -> list[str]:
    """The recognised words that overlap a labelled one."""
    return [
        w.text for w in heard.words if (w.start or 0.0) < (word.end or 0.0) and (w.end or 0.0) > (word.start or 0.0)
    ]


def _recognised(span: LabelledInterval, heard: Transcript) -> str:
    return " ".join(w.text for w in heard.words if (w.start or 0.0) < span.end and (w.end or 0.0) > span.start)


def _loss(label: str, words: Sequence[Word], lost: Sequence[Mapping[str, float]], heard: Transcript) -> Loss | None:
    causes = {cause: sum(one.get(cause, 0.0) for one in lost) for cause in CAUSES}
    seconds = sum(causes.values())
    if not seconds or not words:
        return None
    start, end = words[0].start or 0.0, words[-1].end or 0.0
    whole = replace(words[0], start=start, end=end)
    return Loss(
        label,
        max(causes, key=lambda cause: causes[cause]),
        seconds,
        sum(_length(word) for word in words),
        heard.channel,
        start,
        end,
        " ".join(word.text for word in words),
        " ".join(_heard_during(whole, heard)),
    )


def audible_spans(labelled: LabelledRecording, plan: Plan, policy: Policy) -> list[tuple[str, float, float]]:
    """Each labelled span that the policy redacts: its label, the seconds of its words outside bleeps, and all of their
    seconds.
    """
    out: list[tuple[str, float, float]] = []
    for channel in labelled.channels:
        bleeps = [i for i in plan.intervals if i.channel == channel.transcript.channel]
        for part, action in _parts(channel, policy):
            if action is Action.REDACT:
                words = channel.transcript.words[slice(*covered_words(channel.transcript.words, part.start, part.end))]
                out.append((part.label, sum(_audible(w, bleeps) for w in words), sum(_length(w) for w in words)))
        for span in channel.intervals or ():
            if is_removed(span, policy):
                heard = sum(end - start for start, end in audible_stretches(span, bleeps))
                out.append((span.label, heard, span.end - span.start))
    return out


def _parts(channel: LabelledChannel, policy: Policy) -> list[tuple[Finding, Action]]:
    """The labelled spans after the policy's rules; spans that only may be PHI are kept whole."""
    number, text = channel.transcript.channel, channel.transcript.text
    certain = [Finding(s.label, s.start, s.end, 1.0, "label", number) for s in channel.spans if s.must]
    out = [part for f in certain for part in apply_rule(policy.labels.get(f.label, "redact"), f, text, certain)]
    return out + [
        (Finding(s.label, s.start, s.end, 1.0, "label", number), Action.KEEP) for s in channel.spans if not s.must
    ]


def _understood(words: Sequence[Word], heard: Transcript, plan: Plan) -> list[bool]:
    """Tell for each labelled word whether most of it was recognised, in words that the plan covers."""
    covered = {i for c in plan.covers if c.channel == heard.channel for i in range(c.first, c.last)}
    reference, owner = _expanded(words)
    hypothesis, source = _expanded(heard.words)
    matched = [0] * len(words)
    for step in Levenshtein.opcodes(reference, hypothesis):
        if step.tag == "equal":
            for a, b in zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True):
                matched[owner[a]] += source[b] in covered
    sizes = Counter(owner)
    return [sizes[i] > 0 and hits * 2 >= sizes[i] for i, hits in enumerate(matched)]


_PIECE = re.compile(r"\d|[^\W\d_]+(?:'[^\W\d_]+)?")


def normalised(text: str) -> list[str]:
    """Words for comparison: lower case, no punctuation, numbers digit by digit ("555-0142" and "5550142" are the
    same).
    """
    return _PIECE.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def _expanded(words: Iterable[Word]) -> tuple[list[str], list[int]]:
    pieces: list[str] = []
    owner: list[int] = []
    for i, word in enumerate(words):
        for piece in normalised(word.text):
            pieces.append(piece)
            owner.append(i)
    return pieces, owner


def _word_errors(reference: Transcript, heard: Transcript, totals: EvaluationTotals) -> None:
    a, b = normalised(reference.text), normalised(heard.text)
    totals.words += len(a)
    totals.word_errors += edit_distance(a, b)


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    return int(Levenshtein.distance(a, b))


def _boundary_errors(channel: LabelledChannel, plan: Plan, totals: EvaluationTotals, policy: Policy) -> None:
    """Seconds between the labelled and the decided edges (without padding) of each PHI span that a decision overlaps.

    Only for labels that are redacted whole: the part of a span that a rule keeps is not an error of its edges.
    """
    words = channel.transcript.words
    twin = plan.speech.same_as[channel.transcript.channel]
    decided = [d for d in plan.decisions if d.action is Action.REDACT and d.finding.channel == twin]
    for span in channel.spans:
        first, last = covered_words(words, span.start, span.end)
        if not span.must or policy.labels.get(span.label, "redact") != "redact":
            continue
        start, end = words[first].start or 0.0, words[last - 1].end or 0.0
        touching = [d for d in decided if d.start < end and d.end > start and d.finding.label == span.label]
        if touching:
            totals.boundaries += [min(d.start for d in touching) - start, max(d.end for d in touching) - end]


def _leaked(words: Sequence[Word], run: Iterable[int], bleeps: Sequence[Interval]) -> bool:
    return any(_audible(words[i], bleeps) * 2 > _length(words[i]) for i in run)


def _length(word: Word) -> float:
    return (word.end or 0.0) - (word.start or 0.0)


def _audible(word: Word, bleeps: Iterable[Interval]) -> float:
    """Seconds of the word outside bleeps."""
    return max(0.0, _length(word) - _overlap(word.start or 0.0, word.end or 0.0, bleeps))


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
