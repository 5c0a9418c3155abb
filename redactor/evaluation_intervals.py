"""Measures labels that have times but no words: how much of them stays audible, and how much else is bleeped.

What was said is unknown, so neither the cause of a loss nor the part of a span that a rule by context would keep can be
told: a label that the policy keeps in part counts as one that may be bleeped. Intervals of tier "may" likewise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redactor.labels import LabelledInterval
from redactor.policy import Policy
from redactor.types import Interval

LEAK = 0.3
"""Seconds in one stretch, about a short word, from which a span has leaked; or more than half of a shorter span."""


@dataclass(slots=True)
class IntervalTotals:
    """Sums over channels that are labelled with intervals. `other_seconds`: outside all labels; `outside_seconds`: of
    them, those that are bleeped.
    """

    channels: int = 0
    spans: int = 0
    leaked_spans: int = 0
    seconds: float = 0.0
    audible_seconds: float = 0.0
    other_seconds: float = 0.0
    outside_seconds: float = 0.0
    labels: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))

    def add(
        self, labelled: Sequence[LabelledInterval], bleeps: Sequence[Interval], *, duration: float, policy: Policy
    ) -> list[tuple[LabelledInterval, float]]:
        """Add a channel of so many seconds; returns the spans that stay audible, and their audible seconds.

        `bleeps`: of this channel; they do not overlap each other.
        """
        self.channels += 1
        lost = []
        for span in labelled:
            if not is_removed(span, policy):
                continue
            heard = audible_stretches(span, bleeps)
            seconds = sum(end - start for start, end in heard)
            self.spans += 1
            self.leaked_spans += has_leaked(span, bleeps)
            self.seconds += span.end - span.start
            self.audible_seconds += seconds
            row = self.labels[span.label]
            row[0] += span.end - span.start
            row[1] += seconds
            if seconds:
                lost.append((span, seconds))
        taken = _united((span.start, span.end) for span in labelled)
        covered = sum(end - start for start, end in taken)
        bleeped = sum(i.end - i.start for i in bleeps)
        inside = sum(max(0.0, min(end, i.end) - max(start, i.start)) for start, end in taken for i in bleeps)
        self.other_seconds += max(0.0, duration - covered)
        self.outside_seconds += max(0.0, bleeped - inside)
        return lost

    def figures(self) -> dict[str, Any]:
        """The measures; seconds, and percentages of the labelled and of the other time."""
        return {
            "spans": self.spans,
            "leaked_spans": self.leaked_spans,
            "seconds": round(self.seconds, 2),
            "audible_seconds": round(self.audible_seconds, 2),
            "audible_percent": _percent(self.audible_seconds, self.seconds),
            "bleeped_outside_seconds": round(self.outside_seconds, 2),
            "bleeped_outside_percent": _percent(self.outside_seconds, self.other_seconds),
            "labels": {
                label: {"seconds": round(total, 2), "audible_percent": _percent(audible, total)}
                for label, (total, audible) in sorted(self.labels.items())
            },
        }


def is_removed(span: LabelledInterval, policy: Policy) -> bool:
    """Whether the whole span is PHI under the policy."""
    return span.must and policy.labels.get(span.label, "redact") == "redact"


def has_leaked(span: LabelledInterval, bleeps: Iterable[Interval]) -> bool:
    """Whether enough of the span stays audible in one stretch to be understood."""
    longest = max((end - start for start, end in audible_stretches(span, bleeps)), default=0.0)
    return longest >= min(LEAK, (span.end - span.start) / 2)


def audible_stretches(span: LabelledInterval, bleeps: Iterable[Interval]) -> list[tuple[float, float]]:
    """The parts of the span outside the bleeps, seconds."""
    out, at = [], span.start
    for bleep in sorted(bleeps, key=lambda i: i.start):
        if bleep.end <= at or bleep.start >= span.end:
            continue
        if bleep.start > at:
            out.append((at, bleep.start))
        at = bleep.end
    if at < span.end:
        out.append((at, span.end))
    return out


def _united(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None
