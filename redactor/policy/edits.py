"""A reviewer's edits → a new Plan: words covered or kept, stretches of sound covered. A pure function of the first Plan
and all edits.

Covers are edited, and bleeps are placed again from the covers as `make_plan` does, so that text and sound cannot
disagree; an edit is undone by leaving it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from redactor.policy.keyed import bleep_for_stretch, cover_keys, empty_cover
from redactor.policy.plan import ECHOED, bleeps
from redactor.policy.profiles import Policy
from redactor.policy.word_spans import covered_words, merge_intervals, time_span
from redactor.types import (
    GUESSED,
    KEYED_DIGITS,
    LABELS,
    Action,
    Cover,
    Decision,
    Finding,
    Interval,
    Plan,
    Transcript,
    Word,
)

MANUAL = "REDACTED"
"""Label of words that a reviewer covers without naming a label."""
EDIT_KINDS = ("cover", "uncover", "region", "clear")
SHORTEST_REGION = 0.02
"""Seconds; remnants of a region around uncovered words are dropped if they are shorter."""

_ROUNDED = 0.002
"""Seconds by which a region that a page sends may be shorter than what it means."""
_SHORTEST_UNCOVERED = 0.001
"""Seconds, the resolution of times in the log: shorter is rounding."""

_Run = tuple[int, int, tuple[str, ...]]
_Stretch = tuple[float, float]
_Region = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, without words of the recording.

    Attributes:
        kind: "cover" or "uncover" words[first:last] of the channel's transcript, cover the "region" start … end, or
            "clear" it: sound without words is no longer covered there, nor are words that lie inside.
        channel: of a transcript.
        start, end: seconds, of a region. Every word that it touches is covered.
        label: what covered words are replaced with: one of `LABELS`, or `MANUAL`.
        note: the reviewer's reason, encrypted; "" if none was given. Plans do not use it.
    """

    kind: str
    channel: int
    first: int = 0
    last: int = 0
    start: float = 0.0
    end: float = 0.0
    label: str = MANUAL
    note: str = field(default="", repr=False)


def edited(plan: Plan, edits: Sequence[Edit], policy: Policy) -> Plan:
    """The plan after the edits, applied in order. Echoes on other channels are left to `with_echoes`.

    Args:
        plan: from `make_plan`, before any edit.
        policy: says how bleeps are padded.

    Raises:
        ValueError: an edit does not fit the plan.
    """
    for edit in edits:
        _check(plan, edit)
    covers: list[Cover] = []
    intervals: list[Interval] = []
    decisions: list[Decision] = []
    for transcript in plan.speech.transcripts:
        mine = [e for e in edits if e.channel == transcript.channel]
        before = [c for c in plan.covers if c.channel == transcript.channel]
        runs, regions = _edited(transcript, [(c.first, c.last, c.labels) for c in before if c.first < c.last], mine)
        found = [
            Cover(transcript.channel, a, b, *_stretch(transcript, a, b), labels[0], labels) for a, b, labels in runs
        ]
        placed = bleeps(transcript, found, policy, plan.duration, exact=plan.speech.model.exact_times)
        # Keys stay bleeped, whatever happens to the words over them.
        keys = [d for d in plan.decisions if d.finding.channel == transcript.channel]
        found, key_intervals = cover_keys(transcript, found, keys, policy, plan.duration)
        placed += key_intervals
        cleared = [(e.start - _ROUNDED, e.end + _ROUNDED) for e in mine if e.kind == "clear"]
        for cover in before:
            if cover.first == cover.last and cover.label != KEYED_DIGITS:
                for start, end in _without_all([(cover.start, cover.end)], cleared):
                    found.append(replace(cover, start=start, end=end))
                    placed.append(bleep_for_stretch(transcript, start, end, policy, plan.duration))
        for start, end, label in regions:
            if not _touched(transcript, start, end):
                found.append(empty_cover(transcript, start, end, label))
            placed.append(Interval(transcript.channel, start, end, (label,)))
        covered = {i for c in found for i in range(c.first, c.last)}
        for start, end in _guessed(plan, transcript, covered, cleared):
            placed.append(bleep_for_stretch(transcript, start, end, policy, plan.duration))
        covers.extend(sorted(found, key=lambda c: (c.first, c.last, c.start)))
        kept = [w for i, w in enumerate(transcript.words) if i not in covered]
        for interval in merge_intervals(placed, kept):
            intervals.extend(
                replace(interval, channel=k) for k, twin in enumerate(plan.speech.same_as) if twin == transcript.channel
            )
        decisions.extend(_decided(plan, transcript, covered))
        decisions.extend(_added(transcript, mine, covered))
    return replace(
        plan,
        covers=tuple(covers),
        intervals=tuple(sorted(intervals, key=lambda i: (i.channel, i.start))),
        decisions=tuple(decisions),
        warnings=tuple(w for w in plan.warnings if not w.endswith(ECHOED)),
    )


def uncovered(before: Plan, after: Plan) -> tuple[Interval, ...]:
    """Stretches that one version of a plan covers, in sound or in text, and the next one does not: times and labels
    only.

    Args:
        before, after: of the same recording and transcripts.

    Returns:
        Disjoint, by channel and start; labels are those of `before`.
    """
    hidden = {(c.channel, i) for c in after.covers for i in range(c.first, c.last)}
    said = {t.channel: t.words for t in before.speech.transcripts}
    gone: list[Interval] = []
    for cover in before.covers:
        for i in range(cover.first, cover.last):
            if (cover.channel, i) not in hidden:
                start, end = said[cover.channel][i].start, said[cover.channel][i].end
                # A word without a time is somewhere in the stretch of its cover.
                times = (cover.start, cover.end) if start is None or end is None else (start, end)
                gone.append(Interval(cover.channel, *times, cover.labels))
    words, twins = tuple(gone), dict(enumerate(before.speech.same_as))
    for interval in before.intervals:
        rest = [(interval.start, interval.end)]
        for other in after.intervals:
            if other.channel == interval.channel:
                rest = [r for whole in rest for r in _cut(whole, other.start, other.end, shortest=_SHORTEST_UNCOVERED)]
        for start, end in rest:
            # Of a bleep over several words, the labels of the words that are audible now.
            of = twins.get(interval.channel, interval.channel)
            names = [w.labels for w in words if w.channel == of and w.start < end and w.end > start]
            labels = tuple(dict.fromkeys(label for one in names or [interval.labels] for label in one))
            gone.append(Interval(interval.channel, start, end, labels))
    out: list[Interval] = []
    for one in sorted(gone, key=lambda g: (g.channel, g.start)):
        last = out[-1] if out else None
        if last is not None and last.channel == one.channel and one.start <= last.end:
            labels = tuple(dict.fromkeys((*last.labels, *one.labels)))
            out[-1] = replace(last, end=max(last.end, one.end), labels=labels)
        else:
            out.append(one)
    return tuple(out)


def _check(plan: Plan, edit: Edit) -> None:
    transcript = next((t for t in plan.speech.transcripts if t.channel == edit.channel), None)
    if edit.kind not in EDIT_KINDS or transcript is None:
        raise ValueError("an edit of an unknown kind or on an unknown channel")
    if edit.label != MANUAL and edit.label not in LABELS:
        raise ValueError("an edit with an unknown label")
    if edit.kind in ("region", "clear"):
        if not (math.isfinite(edit.start) and math.isfinite(edit.end) and 0 <= edit.start < edit.end <= plan.duration):
            raise ValueError("a region outside the recording")
    elif not 0 <= edit.first < edit.last <= len(transcript.words):
        raise ValueError("an edit of words that do not exist")


def _edited(transcript: Transcript, runs: list[_Run], edits: Sequence[Edit]) -> tuple[list[_Run], list[_Region]]:
    """Covered runs of words, sorted and disjoint, and stretches of sound with their labels."""
    regions: list[_Region] = []
    for edit in edits:
        if edit.kind == "cover":
            runs = _with(runs, edit.first, edit.last, edit.label)
        elif edit.kind == "uncover":
            runs = _without(runs, edit.first, edit.last)
            for word in transcript.words[edit.first : edit.last]:
                cut = [(_cut((a, b), word.start or 0.0, word.end or 0.0), label) for a, b, label in regions]
                regions = [(*rest, label) for parts, label in cut for rest in parts]
        elif edit.kind == "clear":
            start, end = edit.start - _ROUNDED, edit.end + _ROUNDED
            regions = [(*rest, label) for a, b, label in regions for rest in _without_all([(a, b)], [(start, end)])]
            for i, word in enumerate(transcript.words):
                if start <= (word.start or 0.0) and (word.end or 0.0) <= end:
                    runs = _without(runs, i, i + 1)
        else:
            regions.append((edit.start, edit.end, edit.label))
            for i in _touched(transcript, edit.start, edit.end):
                runs = _with(runs, i, i + 1, edit.label, apart=False)
    return runs, regions


def _with(runs: list[_Run], first: int, last: int, label: str, *, apart: bool = True) -> list[_Run]:
    """Add a run and merge it with runs that share a word with it; unless `apart`, also with neighbours of the same
    label.
    """
    labels: tuple[str, ...] = ()
    out: list[_Run] = []
    for low, high, names in runs:
        meets = low < last and first < high
        if meets or (not apart and names == (label,) and (low == last or high == first)):
            first, last, labels = min(first, low), max(last, high), (*labels, *names)
        else:
            out.append((low, high, names))
    # A detector's label says more than "covered by hand", so it stays the one that is shown.
    given = (*labels, label) if label == MANUAL else (label, *labels)
    return sorted([*out, (first, last, tuple(dict.fromkeys(given)))])


def _without(runs: list[_Run], first: int, last: int) -> list[_Run]:
    out: list[_Run] = []
    for low, high, names in runs:
        out.extend((a, b, names) for a, b in ((low, min(high, first)), (max(low, last), high)) if a < b)
    return sorted(out)


def _cut(whole: _Stretch, start: float, end: float, *, shortest: float = SHORTEST_REGION) -> list[_Stretch]:
    low, high = whole
    if end <= low or high <= start:
        return [whole]
    return [(a, b) for a, b in ((low, start), (end, high)) if b - a >= shortest]


def _without_all(stretches: Sequence[_Stretch], cleared: Sequence[_Stretch]) -> list[_Stretch]:
    out = list(stretches)
    for start, end in cleared:
        out = [r for whole in out for r in _cut(whole, start, end)]
    return out


def _guessed(plan: Plan, transcript: Transcript, covered: set[int], cleared: Sequence[_Stretch]) -> list[_Stretch]:
    """Stretches with guessed words, whose sound `make_plan` covers between the words, too. Where a person has shown one
    of these words, only the parts that still hold a covered word stay.
    """
    out: list[_Stretch] = []
    words = transcript.words
    for lost in plan.speech.unheard:
        if lost.kind not in GUESSED or plan.speech.same_as[lost.channel] != transcript.channel:
            continue
        inside = _touched(transcript, lost.start, lost.end)
        pieces = _without_all([(max(0.0, lost.start), min(lost.end, plan.duration))], cleared)
        shown = [i for i in inside if i not in covered]
        for i in shown:
            pieces = [r for whole in pieces for r in _cut(whole, words[i].start or 0.0, words[i].end or 0.0)]
        hidden = [i for i in inside if i in covered]
        out.extend(p for p in pieces if not shown or any(_touches(words[i], p) for i in hidden))
    return out


def _touches(word: Word, stretch: _Stretch) -> bool:
    return (word.start or 0.0) < stretch[1] and (word.end or 0.0) > stretch[0]


def _touched(transcript: Transcript, start: float, end: float) -> list[int]:
    return [i for i, w in enumerate(transcript.words) if (w.start or 0.0) < end and (w.end or 0.0) > start]


def _stretch(transcript: Transcript, first: int, last: int) -> _Stretch:
    return time_span(transcript.words, first, last)


def _decided(plan: Plan, transcript: Transcript, covered: set[int]) -> list[Decision]:
    """The policy's decisions after the edits: a finding none of whose words is covered any more is kept."""
    out: list[Decision] = []
    for decision in plan.decisions:
        if decision.finding.channel != transcript.channel:
            continue
        first, last = covered_words(transcript.words, decision.finding.start, decision.finding.end)
        uncovered = not covered.intersection(range(first, last)) and decision.finding.label != KEYED_DIGITS
        if decision.action is Action.REDACT and uncovered:
            decision = replace(decision, action=Action.KEEP)  # noqa: PLW2901
        out.append(decision)
    return out


def _added(transcript: Transcript, edits: Sequence[Edit], covered: set[int]) -> list[Decision]:
    out: list[Decision] = []
    for edit in edits:
        if edit.kind != "cover" or not covered.issuperset(range(edit.first, edit.last)):
            continue
        words = transcript.words[edit.first : edit.last]
        finding = Finding(edit.label, words[0].char_start, words[-1].char_end, 1.0, "reviewer", transcript.channel)
        out.append(Decision(finding, Action.REDACT, *_stretch(transcript, edit.first, edit.last)))
    return out
