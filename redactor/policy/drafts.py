"""Plans for a person to correct, of recordings that `make_plan` withholds: whatever is in doubt is covered instead.

A draft covers too much rather than too little. Nothing here decides that a recording may be released: the corrected
plan is rendered and checked as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from redactor.errors import NotUnderstood, UnlocatedFinding
from redactor.policy.plan import make_plan
from redactor.policy.profiles import Policy
from redactor.policy.word_spans import with_times
from redactor.types import WITHHELD, Finding, Plan, Recording, Speech, Transcript, Unheard

SHORTEST_GAP = 0.5
"""Seconds without a word that are a stretch of their own in a draft; a shorter pause is covered with its words."""


def draft_plan(recording: Recording, speech: Speech, findings: Iterable[Finding], policy: Policy) -> Plan:
    """As `make_plan`, but what would withhold the recording is covered: stretches without words, channels that were
    hardly understood with all their words, and everything if a finding cannot be located or only guesses would stay.

    Raises:
        UntranscribedSpeech: a channel has no transcript.
    """
    policy = policy.with_changes(unheard_speech="bleep")
    with suppress(NotUnderstood, UnlocatedFinding):
        whole = {u.channel for u in speech.unheard if u.kind in WITHHELD}
        return make_plan(recording, _doubted(speech, whole, recording.duration), findings, policy)
    every = {t.channel for t in speech.transcripts}
    return make_plan(recording, _doubted(speech, every, recording.duration), (), policy)


def _doubted(speech: Speech, channels: set[int], duration: float) -> Speech:
    """The speech with everything on these channels in doubt: words as guesses, the rest as speech without words."""
    kept = [u for u in speech.unheard if u.channel not in channels]
    for transcript in speech.transcripts:
        if transcript.channel in channels:
            kept.extend(_in_doubt(with_times(transcript, duration)[0], duration))
    return replace(speech, unheard=tuple(kept))


def _in_doubt(transcript: Transcript, duration: float) -> list[Unheard]:
    runs = _runs([(w.start or 0.0, w.end or 0.0) for w in transcript.words])
    if not runs:
        return [Unheard(transcript.channel, 0.0, duration, "speech")]
    # A short pause at the recording's edges is covered with the words beside it.
    runs[0] = (runs[0][0] if runs[0][0] >= SHORTEST_GAP else 0.0, runs[0][1])
    runs[-1] = (runs[-1][0], runs[-1][1] if duration - runs[-1][1] >= SHORTEST_GAP else duration)
    edges = [0.0, *(edge for run in runs for edge in run), duration]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= SHORTEST_GAP]
    return [
        *(Unheard(transcript.channel, a, b, "doubt") for a, b in runs),
        *(Unheard(transcript.channel, a, b, "speech") for a, b in gaps),
    ]


def _runs(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Words without a long pause between them, as stretches that are sorted and disjoint."""
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start - out[-1][1] < SHORTEST_GAP:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out
