"""Stretches of time: sorted, disjoint spans in seconds, and what they have in common."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

Span = tuple[float, float]
"""start, end in seconds."""


def union(spans: Sequence[Span], *, join: float = 0.0) -> list[Span]:
    """Sorted disjoint spans; spans at most `join` seconds apart are merged."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + join:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def subtract(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """The parts of `spans` outside `holes`. Both sorted and disjoint."""
    out: list[Span] = []
    first = 0
    for start, end in spans:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        position = start
        for hole_start, hole_end in holes[first:]:
            if hole_start >= end:
                break
            if hole_start > position:
                out.append((position, hole_start))
            position = max(position, hole_end)
        if position < end:
            out.append((position, end))
    return out


def overlapping(spans: Sequence[Span], start: float, end: float) -> Sequence[Span]:
    """Those of the sorted, disjoint `spans` that meet start … end."""
    first = bisect_right(spans, start, key=lambda span: span[1])
    return spans[first : bisect_left(spans, end, key=lambda span: span[0])]
