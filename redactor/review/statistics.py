"""Statistics of reviews: agreement, precision and misses, with exact bounds. Pure functions.

If a sample was drawn with unequal probabilities, each message is weighted by the inverse of its own (Hájek's
estimator), and the interval is Clopper and Pearson's for the effective number of messages, (Σw)² / Σw² (Korn and
Graubard, Survey Methodology 24, 1998). With equal probabilities that is Clopper and Pearson's interval itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from redactor.proportions import clopper_pearson

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its interval.

    Attributes:
        hits, n: unweighted counts.
        effective: effective sample size; n if all probabilities are equal.
        low, high: two-sided bounds at `LEVEL`.
        above: one-sided upper bound at `LEVEL` ("at most"): about 3/n for 0 of n.
    """

    hits: int
    n: int
    effective: float
    share: float
    low: float
    high: float
    above: float


def estimate(drawn: Iterable[tuple[bool, float]]) -> Estimate | None:
    """From (hit, probability of being drawn) of each message; None without messages."""
    given = list(drawn)
    if not given:
        return None
    if not all(0 < p <= 1 for _, p in given):
        raise ValueError("a probability outside 0 … 1")
    weights = [1 / p for _, p in given]
    total = sum(weights)
    effective = total**2 / sum(w * w for w in weights)
    share = sum(w for w, (hit, _) in zip(weights, given, strict=True) if hit) / total
    low, high = clopper_pearson(share * effective, effective)
    return Estimate(
        sum(hit for hit, _ in given),
        len(given),
        effective,
        share,
        low,
        high,
        clopper_pearson(share * effective, effective, level=2 * LEVEL - 1)[1],
    )


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's κ of two raters; None without pairs, or if both always gave the same answer."""
    if not pairs:
        return None
    n = len(pairs)
    agreed = sum(a == b for a, b in pairs) / n
    said = {answer for pair in pairs for answer in pair}
    chance = sum((sum(a == s for a, _ in pairs) / n) * (sum(b == s for _, b in pairs) / n) for s in said)
    return None if chance >= 1 else (agreed - chance) / (1 - chance)
