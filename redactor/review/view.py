"""What the page shows of a version: readable words, bleeps, and the waveform of the redacted audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from redactor.doubt import doubt_of
from redactor.phi.alike import alike
from redactor.render import Replacer, tokens
from redactor.types import UNTRANSCRIBED, Plan, Recording, Samples, TimedText, Transcript

PEAKS = 1200
"""Columns of the waveform; more than a wide screen shows."""
PEAKS_PER_SECOND, MOST_PEAKS = 40, 12_000
"""Columns for the waveform when it is enlarged: a syllable lasts about 0.2 s."""

_LABELS = Replacer("label")


def view_of(plan: Plan, output: Recording, *, version: int, suffix: str) -> dict[str, Any]:
    """JSON data without anything that the plan covers.

    Args:
        output: the redacted audio, decoded again, so that its waveform reveals nothing under a bleep.
    """
    columns = min(MOST_PEAKS, max(PEAKS, round(plan.duration * PEAKS_PER_SECOND)))
    return {
        "version": version,
        "duration": round(plan.duration, 3),
        "channels": plan.channels,
        "same_as": list(plan.speech.same_as),
        "suffix": suffix,
        # Labels whatever the operator of the artefacts: a word must be visible to be uncovered.
        "words": [
            {
                "text": t.text,
                "start": round(t.start, 3),
                "end": round(t.end, 3),
                "channel": t.channel,
                "first": t.first,
                "last": t.last,
                "label": t.label,
                "confidence": None if t.redacted else round(t.confidence, 2),
            }
            for t in tokens(plan, _LABELS)
        ],
        "doubts": doubts(plan),
        "intervals": [
            {"channel": i.channel, "start": round(i.start, 3), "end": round(i.end, 3), "labels": list(i.labels)}
            for i in plan.intervals
        ],
        "peaks": peaks(output.samples, columns),
    }


def doubts(plan: Plan) -> list[dict[str, Any]]:
    """The stretches that a person should listen to first (`redactor.doubt`), by time.

    Returns:
        channel (of a transcript), start and end in seconds, and the numbers of the words, first … last.
    """
    found = sorted(doubt_of(plan).stretches, key=lambda s: (s.start, s.channel))
    return [
        {
            "channel": s.channel,
            "start": round(s.start, 3),
            "end": round(s.end, 3),
            "first": s.first,
            "last": s.last,
        }
        for s in found
    ]


def with_untranscribed(
    doubtful: Sequence[Mapping[str, Any]], words: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Doubtful stretches, and those that are covered because they were not understood: why a recording was withheld.

    Args:
        words: of `spoken`.
    """
    covered: list[dict[str, Any]] = []
    for word in words:
        if word["label"] != UNTRANSCRIBED:
            continue
        stretch = {name: word[name] for name in ("channel", "start", "end", "first", "last")}
        before = covered[-1] if covered else None
        if before and (before["channel"], before["last"]) == (stretch["channel"], stretch["first"]):
            before |= {"end": max(before["end"], stretch["end"]), "last": stretch["last"]}
        else:
            covered.append(stretch)
    return sorted([*doubtful, *covered], key=lambda s: (s["start"], s["channel"]))


def similar_in(words: Sequence[Mapping[str, Any]], *, channel: int, first: int, last: int) -> list[dict[str, Any]]:
    """Where the words first … last of a channel, or some that sound like them, are said elsewhere in a message.

    Args:
        words: of a view. Those that are covered are neither sought nor searched.

    Returns:
        As `places_like`.
    """
    place = {"channel": channel, "first": first, "last": last}
    sought = sought_in(words, **place)
    return [found for found in places_like(words, sought) if not _overlaps(found, place)]


def sought_in(words: Sequence[Mapping[str, Any]], *, channel: int, first: int, last: int) -> list[str]:
    """The words first … last of a channel that are kept."""
    place = {"channel": channel, "first": first, "last": last}
    return [word["text"] for run in _kept_runs(words) for word in run if _within(word, place)]


def places_like(words: Sequence[Mapping[str, Any]], sought: Sequence[str]) -> list[dict[str, Any]]:
    """Where the kept words of a view are the sought ones, or sound like them.

    Returns:
        channel, first, last, start, end (seconds), and whether they are the same words; by time.
    """
    out = []
    for run in _kept_runs(words):
        said = Transcript.of(TimedText(w["text"], w["start"], w["end"], w["confidence"]) for w in run)
        for a, b, same in alike(sought, said.words) if len(said.words) == len(run) else ():
            found = {"channel": run[a]["channel"], "first": run[a]["first"], "last": run[b - 1]["last"]}
            out.append({**found, "start": run[a]["start"], "end": run[b - 1]["end"], "same": same})
    return sorted(out, key=lambda found: (found["start"], found["channel"]))


def _kept_runs(words: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    runs: list[list[Mapping[str, Any]]] = []
    for word in words:
        if word["label"]:
            continue
        before = runs[-1][-1] if runs else None
        if before is not None and (before["channel"], before["last"]) == (word["channel"], word["first"]):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _within(word: Mapping[str, Any], place: Mapping[str, int]) -> bool:
    same = word["channel"] == place["channel"]
    return bool(same and place["first"] <= word["first"] and word["last"] <= place["last"])


def _overlaps(found: Mapping[str, Any], place: Mapping[str, int]) -> bool:
    same = found["channel"] == place["channel"]
    return bool(same and place["first"] < found["last"] and found["first"] < place["last"])


def spoken(plan: Plan) -> list[dict[str, Any]]:
    """Every word as spoken, and covered stretches without words; only for people who may hear the original."""
    covered = {(c.channel, i): c.label for c in plan.covers for i in range(c.first, c.last)}
    words = [
        {
            "text": w.text,
            "start": round(w.start or 0.0, 3),
            "end": round(w.end or 0.0, 3),
            "channel": t.channel,
            "first": i,
            "last": i + 1,
            "label": covered.get((t.channel, i), ""),
            "confidence": round(w.confidence, 2),
        }
        for t in plan.speech.transcripts
        for i, w in enumerate(t.words)
    ]
    stretches = [
        {
            "text": f"[{c.label}]",
            "start": round(c.start, 3),
            "end": round(c.end, 3),
            "channel": c.channel,
            "first": c.first,
            "last": c.last,
            "label": c.label,
            "confidence": 1.0,
        }
        for c in plan.covers
        if c.first == c.last
    ]
    return sorted([*words, *stretches], key=lambda w: (w["channel"], w["first"], w["start"]))


def peaks(samples: Samples, columns: int = PEAKS) -> list[list[int]]:
    """The peak of each column in each channel, 0 … 100 of full scale."""
    frames, channels = samples.shape
    columns = max(1, min(columns, frames))
    starts = np.linspace(0, frames, columns, endpoint=False).astype(np.int64)
    scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "i" else 1.0
    out = []
    for channel in range(channels):
        loud = np.nan_to_num(np.abs(samples[:, channel].astype(np.float64)) / scale)
        out.append([int(v) for v in np.rint(np.minimum(np.maximum.reduceat(loud, starts), 1.0) * 100)])
    return out
