"""Plan → the JSON document `redactor/1`, the machine-readable form of all artefacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redactor.render.text import plain_text
from redactor.render.tokens import RenderedToken
from redactor.types import Plan

SCHEMA = "redactor/1"


def document(
    plan: Plan, tokens: Sequence[RenderedToken], *, verification: dict[str, Any], warnings: Sequence[str] = ()
) -> dict[str, Any]:
    """The document as plain data. Seconds are rounded to the millisecond. It contains no original name, path or
    covered word.
    """
    model = plan.speech.model
    doc: dict[str, Any] = {
        "schema": SCHEMA,
        "id": plan.id,
        "status": "redacted",
        "duration": _s(plan.duration),
        "sample_rate": plan.sample_rate,
        "channels": plan.channels,
        "policy": plan.policy,
        "model": {
            "engine": model.engine,
            "name": model.name,
            "revision": model.revision,
            "compute_type": model.compute_type,
            "device": model.device,
        },
        "synthetic_only": model.synthetic_only,
        "text": plain_text(tokens),
        "words": [
            {
                "text": t.text,
                "start": _s(t.start),
                "end": _s(t.end),
                "channel": t.channel,
                "confidence": round(t.confidence, 3),
                "redacted": t.redacted,
            }
            for t in tokens
        ],
        "findings": [
            {
                "label": d.finding.label,
                "start": _s(d.start),
                "end": _s(d.end),
                "channel": d.finding.channel,
                "score": round(d.finding.score, 3),
                "source": d.finding.source,
                "action": d.action.value,
            }
            for d in plan.decisions
        ],
        "intervals": [
            {"start": _s(i.start), "end": _s(i.end), "channel": i.channel, "labels": list(i.labels)}
            for i in plan.intervals
        ],
        "skipped": _s(plan.speech.skipped),
        "verification": verification,
        "warnings": [*plan.warnings, *warnings],
    }
    if not model.synthetic_only:
        del doc["synthetic_only"]
    return doc


def _s(seconds: float) -> float:
    return round(seconds, 3)
