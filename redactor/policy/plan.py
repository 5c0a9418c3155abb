"""Findings + policy → Plan: what is replaced in every text and bleeped in the audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from redactor.errors import NotUnderstood, UnlocatedFinding, UntranscribedSpeech
from redactor.policy.contextual_rules import apply_rule
from redactor.policy.keyed import bleep_for_stretch, cover_keys, empty_cover, key_decisions, without_keys
from redactor.policy.profiles import Policy
from redactor.policy.withheld import guessed_stretches, stretches_of
from redactor.policy.word_spans import covered_words, merge_intervals, padded, time_span, with_times
from redactor.types import (
    BLEEPED,
    GUESSED,
    UNTRANSCRIBED,
    WITHHELD,
    Action,
    Cover,
    Decision,
    Finding,
    Interval,
    Plan,
    Recording,
    Speech,
    Transcript,
    Unheard,
    Word,
)

FEWEST_KEPT = 4
"""Words whose mean confidence says something."""

WIDEST_BRIDGE, LONGEST_BRIDGE = 2, 0.6
"""Words, and their seconds, between a guess and another cover that are covered as well."""

EXACT_REACH = 0.4
"""Share of a policy's `reach` that is enough where word times are exact. On the sample recordings with base, 0, 0.2,
0.4 and 0.6 leave 1.9, 1.6, 1.4 and 1.3 % of the PHI audible and bleep 7.8, 8.5, 9.3 and 10.2 % of other speech."""

ECHOED = "bleeps were repeated on another channel that carries the same voice"
"""End of the warning that `with_echoes` adds."""


def make_plan(recording: Recording, speech: Speech, findings: Iterable[Finding], policy: Policy) -> Plan:
    """Apply the policy to every finding, cover every word that a redacted one touches, and place the bleeps.

    Args:
        speech: what was recognised; `findings` hold offsets into its transcripts (matched by channel).

    Raises:
        UntranscribedSpeech: there is speech without words, and the policy does not bleep such stretches; or a channel
            has no transcript.
        NotUnderstood: nothing was understood, or most of the words are guesses, or most of those that would stay.
        UnlocatedFinding: a finding touches no word, or names a channel that was not recognised.
    """
    duration = recording.duration
    if len(speech.same_as) != recording.channels or sorted(t.channel for t in speech.transcripts) != sorted(
        set(speech.same_as)
    ):
        raise UntranscribedSpeech("The transcripts do not cover each channel of the recording exactly once.")
    if any(u.kind == "nothing" for u in speech.unheard):
        raise NotUnderstood(
            "No words were recognised in a recording that is not silent.",
            stretches=stretches_of(speech.unheard, duration),
        )
    if any(u.kind in WITHHELD for u in speech.unheard):
        raise NotUnderstood(
            "Most of the recognised words are guesses.", stretches=stretches_of(speech.unheard, duration)
        )
    transcripts: list[Transcript] = []
    widened = 0
    for transcript in speech.transcripts:
        complete, count = with_times(transcript, duration)
        transcripts.append(complete)
        widened += count
    by_channel = {t.channel: t for t in transcripts}
    keyed = {t.channel: key_decisions(speech, t, policy, duration) for t in transcripts}
    unheard = _unheard(speech, keyed, policy, duration)
    decisions: list[Decision] = []
    counted = [f for f in findings if not f.score < policy.min_score]  # NaN counts
    for finding in counted:
        decisions.extend(_decide(finding, by_channel.get(finding.channel), policy, counted))
    covers: list[Cover] = []
    intervals: list[Interval] = []
    for transcript in transcripts:
        keys = keyed[transcript.channel]
        over_words = [d for d in keys if d.finding.start < d.finding.end]
        mine = [d for d in decisions if d.finding.channel == transcript.channel]
        found = _covers(transcript, [d for d in (*mine, *over_words) if d.action is Action.REDACT])
        found_intervals = bleeps(transcript, found, policy, duration, exact=speech.model.exact_times)
        found, key_intervals = cover_keys(transcript, found, keys, policy, duration)
        found_intervals += key_intervals
        for lost in unheard[transcript.channel]:
            if lost.kind == "sound" and policy.unheard_sound == "keep":
                continue
            start, end = (min(max(0.0, t), duration) for t in sorted((lost.start, lost.end)))
            if start < end:
                guessed = _covers_of_guesses(transcript, found, start, end) if lost.kind in GUESSED else []
                found.extend(guessed or [empty_cover(transcript, start, end)])
                # A guessed word's own time is a guess as well: all of a word that the stretch touches is covered.
                start, end = (
                    min([start, *(c.start for c in guessed)]),
                    max([end, *(c.end for c in guessed)]),
                )
                found_intervals.append(bleep_for_stretch(transcript, start, end, policy, duration))
        bridges = _bridges(transcript, found)
        found_intervals += [bleep_for_stretch(transcript, c.start, c.end, policy, duration) for c in bridges]
        found += bridges
        covered = {i for c in found for i in range(c.first, c.last)}
        kept = [w for i, w in enumerate(transcript.words) if i not in covered]
        if _are_guesses(kept, speech.least_confidence):
            doubtful = [w for w in kept if w.confidence < speech.least_confidence]
            raise NotUnderstood(
                "Most of the words that would stay audible are guesses.",
                stretches=guessed_stretches(doubtful, transcript.channel),
            )
        covers.extend(sorted(found, key=lambda c: (c.first, c.last, c.start)))
        for interval in merge_intervals(found_intervals, kept):
            intervals.extend(
                replace(interval, channel=k) for k, twin in enumerate(speech.same_as) if twin == transcript.channel
            )
    warnings = recording.warnings + speech.warnings
    if widened:
        warnings += (f"{widened} words had no usable time: where one is redacted, the bleep extends to its neighbours",)
    return Plan(
        id=recording.id,
        policy=policy.stamp,
        duration=duration,
        sample_rate=recording.sample_rate,
        channels=recording.channels,
        speech=replace(speech, transcripts=tuple(transcripts)),
        decisions=tuple(
            d for t in transcripts for d in (*decisions, *keyed[t.channel]) if d.finding.channel == t.channel
        ),
        covers=tuple(covers),
        intervals=tuple(sorted(intervals, key=lambda i: (i.channel, i.start))),
        warnings=warnings,
    )


def with_echoes(plan: Plan, echoes: Sequence[tuple[Interval, tuple[int, ...]]], *, reach: float) -> Plan:
    """The plan with each interval repeated on the channels where the same voice was heard (crosstalk on a two-party
    call).

    `reach`: seconds by which an echo may outlast the voice.
    """
    extra = [
        replace(interval, channel=other, end=min(plan.duration, interval.end + reach))
        for interval, others in echoes
        for other in others
    ]
    if not extra:
        return plan
    channels = sorted({i.channel for i in (*plan.intervals, *extra)})
    merged: list[Interval] = []
    for channel in channels:
        merged.extend(merge_intervals([i for i in (*plan.intervals, *extra) if i.channel == channel], (), join=0.0))
    note = f"{len(extra)} {ECHOED}"
    return replace(plan, intervals=tuple(merged), warnings=(*plan.warnings, note))


def _are_guesses(kept: Sequence[Word], floor: float) -> bool:
    """Whether the words that no bleep covers are less sure on average than the words of a channel must be.

    A misheard channel can pass as a whole, because words that recognition was sure of were found and covered.
    """
    return len(kept) >= FEWEST_KEPT and sum(word.confidence for word in kept) < floor * len(kept)


def _decide(
    finding: Finding, transcript: Transcript | None, policy: Policy, others: Sequence[Finding]
) -> list[Decision]:
    if transcript is None:
        raise UnlocatedFinding(f"A {finding.label} is on channel {finding.channel}, which was not recognised.")
    if not 0 <= finding.start < finding.end <= len(transcript.text):
        raise UnlocatedFinding(f"A {finding.label} is outside the text.")
    out: list[Decision] = []
    rule = policy.labels.get(finding.label, "redact")
    for part, action in apply_rule(rule, finding, transcript.text, others):
        first, last = covered_words(transcript.words, part.start, part.end)
        if first == last:
            if action is Action.REDACT:
                raise UnlocatedFinding(f"A {finding.label} touches no word.")
            continue
        start, end = time_span(transcript.words, first, last)
        out.append(Decision(part, action, start, end))
    return out


def _unheard(
    speech: Speech, keyed: Mapping[int, Sequence[Decision]], policy: Policy, duration: float
) -> dict[int, list[Unheard]]:
    """Sound without words or keyed digits, by the channel of its transcript."""
    out: dict[int, list[Unheard]] = {}
    speaks = False
    for channel, keys in keyed.items():
        mine = [u for u in speech.unheard if speech.same_as[u.channel] == channel]
        out[channel], found = without_keys(mine, keys)
        speaks |= found
    if speaks and policy.unheard_speech == "quarantine":
        missed = [u for rest in out.values() for u in rest if u.kind not in BLEEPED]
        lost = sum(abs(u.end - u.start) for u in missed)
        raise UntranscribedSpeech(
            f"{lost:.1f} s of speech were not transcribed.", stretches=stretches_of(missed, duration)
        )
    return out


def _covers(transcript: Transcript, decisions: Sequence[Decision]) -> list[Cover]:
    """Runs of words to replace: decisions that share a word become one run, neighbours stay apart (two labels in the
    text).
    """
    runs: list[tuple[int, int, list[Decision]]] = []
    placed = sorted(
        ((*covered_words(transcript.words, d.finding.start, d.finding.end), d) for d in decisions), key=lambda p: p[:2]
    )
    for first, last, decision in placed:
        if runs and first < runs[-1][1]:
            low, high, members = runs[-1]
            runs[-1] = (low, max(high, last), [*members, decision])
        else:
            runs.append((first, last, [decision]))
    covers: list[Cover] = []
    for first, last, members in runs:
        members.sort(key=lambda d: (-d.finding.score, d.finding.start - d.finding.end))
        labels = tuple(dict.fromkeys(d.finding.label for d in members))
        covers.append(
            Cover(transcript.channel, first, last, *time_span(transcript.words, first, last), labels[0], labels)
        )
    return covers


def _covers_of_guesses(transcript: Transcript, covers: Sequence[Cover], start: float, end: float) -> list[Cover]:
    """Covers of the words that touch start … end and are not covered yet: runs of neighbours."""
    taken = {i for c in covers for i in range(c.first, c.last)}
    out: list[Cover] = []
    for i, word in enumerate(transcript.words):
        if i in taken or (word.start or 0.0) >= end or (word.end or 0.0) <= start:
            continue
        if out and out[-1].last == i:
            out[-1] = replace(out[-1], last=i + 1, end=word.end or 0.0)
        else:
            out.append(
                Cover(transcript.channel, i, i + 1, word.start or 0.0, word.end or 0.0, UNTRANSCRIBED, (UNTRANSCRIBED,))
            )
    return out


def _bridges(transcript: Transcript, covers: Sequence[Cover]) -> list[Cover]:
    """Covers of one or two words between a guess and another cover: "[Bill] of the [Z1 scheme]" for one name.

    Where a sentence ends between them, or the words last longer than LONGEST_BRIDGE, they stay.
    """
    covered = {i for c in covers for i in range(c.first, c.last)}
    guessed = {i for c in covers if c.label == UNTRANSCRIBED for i in range(c.first, c.last)}
    words = transcript.words
    out: list[Cover] = []
    for first in range(1, len(words)):
        if first in covered or first - 1 not in covered:
            continue
        last = next((i for i in range(first, min(first + WIDEST_BRIDGE + 1, len(words))) if i in covered), None)
        if last is None or not {first - 1, last} & guessed:
            continue
        if any(words[i].text[-1:] in ".?!" for i in range(first - 1, last)):
            continue
        start, end = time_span(words, first, last)
        if end - start <= LONGEST_BRIDGE:
            out.append(Cover(transcript.channel, first, last, start, end, UNTRANSCRIBED, (UNTRANSCRIBED,)))
    return out


def bleeps(
    transcript: Transcript, covers: Sequence[Cover], policy: Policy, duration: float, *, exact: bool = False
) -> list[Interval]:
    """An interval for each cover of words, padded. `covers` are all of the transcript's: words outside them limit the
    padding.

    `exact`: the words' times are (`ModelInfo.exact_times`), so that a bleep needs less room inside its neighbours.
    """
    reach = policy.reach * EXACT_REACH if exact else policy.reach
    kept = [True] * len(transcript.words)
    for cover in covers:
        kept[cover.first : cover.last] = [False] * (cover.last - cover.first)
    out: list[Interval] = []
    for c in covers:
        start, end = padded(
            transcript.words, c.first, c.last, padding=policy.padding, reach=reach, duration=duration, kept=kept
        )
        out.append(Interval(transcript.channel, start, end, c.labels))
    return out
