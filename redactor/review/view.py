"""What the page shows of a version: readable words, bleeps, and the waveform of the redacted audio."""

from __future__ import annotations

from typing import Any

import numpy as np

from redactor.render import Replacer, tokens
from redactor.types import Plan, Recording, Samples

PEAKS = 1200
"""Columns of the waveform; more than a wide screen shows."""

_LABELS = Replacer("label")


def view_of(plan: Plan, output: Recording, *, version: int, suffix: str) -> dict[str, Any]:
    """JSON data without anything that the plan covers.

    Args:
        output: the redacted audio, decoded again, so that its waveform reveals nothing under a bleep.
    """
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
                "confidence": round(t.confidence, 2),
            }
            for t in tokens(plan, _LABELS)
        ],
        "intervals": [
            {"channel": i.channel, "start": round(i.start, 3), "end": round(i.end, 3), "labels": list(i.labels)}
            for i in plan.intervals
        ],
        "peaks": peaks(output.samples),
    }


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
