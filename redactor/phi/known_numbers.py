"""Known telephone numbers and ids in the figures of a recording, also where figures were misheard or lost.

The figures of the written form are searched, in whatever groups they were said. In a run of figures a known number
counts at any position, even if up to two of its digits differ or are missing (one of a short number, none of a very
short one).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from redactor.phi.recognizers.runs import digits

SHORTEST = 4
"""Digits of a number that is searched."""
GAP = 24
"""Characters without a figure that a run may contain: "555 uh let me see 0142"."""
PART_GAP = 3
"""The same in a run that is a part of a known number."""
LONGEST_RUN = 400
"""Figures of a run that are searched: nobody says more."""


class NumberMatch(NamedTuple):
    """Characters start … end of the written form contain a known number."""

    label: str
    start: int
    end: int


def errors_allowed(length: int) -> int:
    """Digits of a known number of this length that may differ or be missing."""
    return 2 if length >= 7 else 1 if length >= 6 else 0


class KnownNumbers:
    """The numbers that are searched. Safe for many threads; `repr` shows none of them.

    Args:
        numbers: (label, number) in any notation.
        parts: whether a run of four figures or more that is a part of a known number counts as well.
    """

    def __init__(self, numbers: Iterable[tuple[str, str]], *, parts: bool) -> None:
        self._parts = parts
        labels: dict[str, str] = {}
        for label, number in numbers:
            figures = digits(number)
            if len(figures) == 11 and figures[0] == "1" and label == "PHONE_NUMBER":
                figures = figures[1:]
            if len(figures) < SHORTEST:
                continue
            labels.setdefault(figures, label)
            if label == "PHONE_NUMBER" and len(figures) == 10:
                labels.setdefault(figures[3:], label)
        self._labels = labels
        self._by_length: defaultdict[int, list[str]] = defaultdict(list)
        for figures in labels:
            self._by_length[len(figures)].append(figures)

    def __len__(self) -> int:
        return len(self._labels)

    def find(self, text: str) -> list[NumberMatch]:
        """The known numbers in a written form."""
        if not self._labels:
            return []
        found = [match for run in _runs(text, GAP) for match in self._in_run(run, text)]
        if self._parts:
            found += self._parts_in(text)
        kept: list[NumberMatch] = []
        for match in sorted(found, key=lambda m: (m.start, -m.end)):
            if not kept or match.start >= kept[-1].end:
                kept.append(match)
            elif match.end > kept[-1].end:
                kept[-1] = kept[-1]._replace(end=match.end)
        return kept

    def _parts_in(self, text: str) -> Iterator[NumberMatch]:
        for run in _runs(text, PART_GAP):
            figures = "".join(text[at] for at in run)
            label = next((label for known, label in self._labels.items() if figures in known), None)
            if label and len(figures) >= SHORTEST:
                yield NumberMatch(label, run[0], run[-1] + 1)

    def _in_run(self, run: list[int], text: str) -> Iterator[NumberMatch]:
        figures = "".join(text[at] for at in run)
        for length, known in self._by_length.items():
            allowed = errors_allowed(length)
            windows = sorted(
                {
                    (first, first + size)
                    for size in range(length - allowed, length + 1)
                    for first in range(len(figures) - size + 1)
                }
            )
            if not windows:
                continue
            far = process.cdist(
                [figures[first:last] for first, last in windows],
                known,
                scorer=Levenshtein.distance,
                score_cutoff=allowed,
                dtype=np.uint8,
            )
            best = far.min(axis=1)
            hits = [(int(best[n]), first, last, n) for n, (first, last) in enumerate(windows) if best[n] <= allowed]
            for _, first, last, n in _apart(hits):
                yield NumberMatch(self._labels[known[int(far[n].argmin())]], run[first], run[last - 1] + 1)


def _runs(text: str, gap: int) -> Iterator[list[int]]:
    """Positions of the figures of each run, in which at most `gap` characters are none."""
    run: list[int] = []
    for at, char in enumerate(text):
        if not (char.isdecimal() and char.isascii()):
            continue
        if run and (at - run[-1] > gap + 1 or len(run) >= LONGEST_RUN):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _apart(hits: Iterable[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """The nearest hits that do not overlap; of equal ones the longest."""
    taken: set[int] = set()
    for hit in sorted(hits, key=lambda h: (h[0], h[1] - h[2], h[1])):
        span = range(hit[1], hit[2])
        if taken.isdisjoint(span):
            taken.update(span)
            yield hit
