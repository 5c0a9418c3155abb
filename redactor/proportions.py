"""Intervals of binomial proportions."""

from __future__ import annotations


def clopper_pearson(hits: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided bounds of a binomial proportion; real numbers are allowed (effective counts).

    Source: Clopper and Pearson, Biometrika 26 (1934).
    """
    from scipy.stats import beta

    tail = (1 - level) / 2
    hits = min(max(hits, 0.0), n)
    tiny = 1e-9 * n  # rounding of weights must not look like a hit
    low = 0.0 if hits <= tiny else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if n - hits <= tiny else float(beta.ppf(1 - tail, hits + 1, n - hits))
    return low, high
