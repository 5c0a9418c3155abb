"""Fits the doubt score (`redactor.doubt`) to labelled natural voicemails, and measures it on others.

    python benchmarks/doubt.py --fit ARCHIVE [ARCHIVE …] [--model base tiny.en]      # prints the weights
    python benchmarks/doubt.py --test ARCHIVE [--model base] [--json FILE] [--plot FILE.png]

ARCHIVE is a folder of benchmarks/voicemails.py, recognised as in an archive run. A word that stays is a leak if most of
its time lies in the time of a labelled span. A recording leaks if more than `redactor.doubt.SECONDS` of one span stay
audible.

Measured are, for words and for recordings, the area under the ROC curve; the reliability (the share of leaks among
those with about the same doubt); what share of the leaking recordings is in the first 20 % when the most doubtful come
first, and what each value of a policy's `max_doubt` would withhold.

Caveat: read texts by near-human voices. On a site's own calls both doubt and leaks differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ablation import Heard, planned, recognised
from report import folder_of, headline, save, stamp, table

from redactor import doubt
from redactor.evaluation import audible_spans
from redactor.phi import build_detector
from redactor.policy import load_policy
from redactor.policy.word_spans import covered_words
from redactor.types import Plan, Transcript, Word

MOST = 0.5
"""Of a word's time, in the time of a labelled span."""
RIDGE = 1.0
FIRST = 0.2
"""Share of the recordings that a reviewer hears first."""


def leaks(one: Heard, transcript: Transcript, policy: Any) -> list[bool]:
    """For each recognised word, whether it lies in a labelled span that the policy redacts."""
    spans = []
    for channel in one.labelled.channels:
        if channel.transcript.channel == transcript.channel:
            for span in channel.spans:
                said = channel.transcript.words[slice(*covered_words(channel.transcript.words, span.start, span.end))]
                if span.must and said and policy.labels.get(span.label) == "redact":
                    spans.append((said[0].start or 0.0, said[-1].end or 0.0))
    return [any(_inside(word, *span) > MOST for span in spans) for word in transcript.words]


def _inside(word: Word, start: float, end: float) -> float:
    begins, ends = word.start or 0.0, word.end or 0.0
    return max(0.0, min(end, ends) - max(start, begins)) / (ends - begins) if ends > begins else 0.0


def examples(
    heard: Sequence[Heard], plans: Sequence[Plan | None], policy: Any
) -> tuple[list[Any], list[Any], list[Any], list[bool]]:
    """For each recording with an output: the signs of its kept words, whether each leaks, their seconds; whether the
    recording leaks.
    """
    rows, labels, seconds, leaking = [], [], [], []
    for one, plan in zip(heard, plans, strict=True):
        if plan is None:
            continue
        signs, bad, lengths = [], [], []
        for transcript in plan.speech.transcripts:
            is_leak = leaks(one, transcript, policy)
            for at, row in doubt.signs(transcript, *doubt.covered_words_of(plan, transcript)):
                word = transcript.words[at]
                signs.append(row)
                bad.append(is_leak[at])
                lengths.append((word.end or 0.0) - (word.start or 0.0))
        rows.append(np.array(signs).reshape(-1, len(doubt.SIGNS)))
        labels.append(np.array(bad, dtype=float))
        seconds.append(np.array(lengths))
        leaking.append(any(audible > doubt.SECONDS for _, audible, _ in audible_spans(one.labelled, plan, policy)))
    return rows, labels, seconds, leaking


def logistic_regression(x: Any, y: Any, *, ridge: float = RIDGE, steps: int = 30) -> Any:
    """Weights by Newton's method; the first column is the constant, which is not shrunk."""
    weights = np.zeros(x.shape[1])
    shrink = np.full(x.shape[1], ridge)
    shrink[0] = 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -40, 40)))
        gradient = x.T @ (y - p) - shrink * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(shrink + 1e-9)
        weights = weights + np.linalg.solve(hessian, gradient)
    return weights


def auc(score: Any, truth: Any) -> float:
    """Area under the ROC curve."""
    score, truth = np.asarray(score, float), np.asarray(truth, bool)
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    hits = int(truth.sum())
    if not hits or hits == len(truth):
        return float("nan")
    return float((ranks[truth].sum() - hits * (hits + 1) / 2) / (hits * (len(truth) - hits)))


def probabilities(rows: Sequence[Any], weights: Sequence[float]) -> list[Any]:
    return [1 / (1 + np.exp(-np.clip(x @ np.array(weights), -40, 40))) for x in rows]


def of_recordings(words: Sequence[Any], seconds: Sequence[Any]) -> Any:
    """The logarithm of the expected audible seconds, as `redactor.doubt.doubt_of` takes it."""
    return np.log(np.array([(p * s).sum() for p, s in zip(words, seconds, strict=True)]) + doubt.NEVER_NONE)


def reliability(score: Any, truth: Any, edges: Sequence[float]) -> list[dict[str, Any]]:
    """Mean score and share of leaks between each two edges."""
    found = []
    for low, high in pairwise(edges):
        here = (score >= low) & (score < high)
        if here.any():
            found.append(
                {
                    "from": low,
                    "to": min(1.0, high),
                    "n": int(here.sum()),
                    "doubt": round(float(score[here].mean()), 4),
                    "leaks": round(float(np.asarray(truth, float)[here].mean()), 4),
                }
            )
    return found


def gathered(archives: Sequence[Path], models: Sequence[str]) -> tuple[list[Any], list[Any], list[Any], list[bool]]:
    policy, detector = load_policy("deidentify"), build_detector()
    sums: tuple[list[Any], list[Any], list[Any], list[bool]] = ([], [], [], [])
    for archive in archives:
        for model in models:
            heard, _ = recognised(archive, 1_000_000, model)
            for total, part in zip(sums, examples(heard, planned(detector, heard, policy), policy), strict=True):
                total.extend(part)
    return sums


def fit(archives: Sequence[Path], models: Sequence[str]) -> None:
    rows, labels, seconds, leaking = gathered(archives, models)
    weights = logistic_regression(np.concatenate(rows), np.concatenate(labels))
    expected = of_recordings(probabilities(rows, weights), seconds)
    constant, slope = logistic_regression(np.stack([np.ones(len(expected)), expected], 1), np.array(leaking, float))
    print(f"{len(rows)} recordings, {sum(map(len, rows))} words that stay, {int(np.concatenate(labels).sum())} leaks")
    print("WEIGHTS =", tuple(round(float(w), 3) for w in weights))
    print("OF_RECORDING =", (round(float(constant), 3), round(float(slope), 3)))


def measured(archive: Path, model: str) -> dict[str, Any]:
    rows, labels, seconds, leaking = gathered([archive], [model])
    words = probabilities(rows, doubt.WEIGHTS)
    every, truth = np.concatenate(words), np.concatenate(labels)
    constant, slope = doubt.OF_RECORDING
    score = 1 / (1 + np.exp(-(constant + slope * of_recordings(words, seconds))))
    bad = np.array(leaking, bool)
    order = np.argsort(-score, kind="stable")
    first = order[: round(FIRST * len(order))]
    limits = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
    return {
        "recordings": len(rows),
        "leaking": int(bad.sum()),
        "words": len(every),
        "leaking_words": int(truth.sum()),
        "auc_words": round(auc(every, truth), 3),
        "auc_recordings": round(auc(score, bad), 3),
        "leaking_in_first_percent": round(100 * float(bad[first].sum()) / max(1, int(bad.sum())), 1),
        "leaks_among_first_percent": round(100 * float(bad[first].mean()), 1),
        "limits": [
            {
                "max_doubt": limit,
                "withheld_percent": round(100 * float((score > limit).mean()), 1),
                "of_leaking_percent": round(100 * float((score[bad] > limit).mean()), 1) if bad.any() else None,
                "of_clean_percent": round(100 * float((score[~bad] > limit).mean()), 1) if (~bad).any() else None,
            }
            for limit in limits
        ],
        "reliability_words": reliability(every, truth, [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1.01]),
        "reliability_recordings": reliability(score, bad, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01]),
    }


def draw(found: dict[str, Any], path: Path) -> None:
    """The reliability of recordings' doubt."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.6, 3.8), dpi=110)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    rows = found["reliability_recordings"]
    axes.scatter([r["doubt"] for r in rows], [r["leaks"] for r in rows], s=[8 * r["n"] for r in rows], alpha=0.7)
    axes.set_xlabel("doubt")
    axes.set_ylabel(f"recordings in which more than {doubt.SECONDS} s stay audible")
    axes.set_title(f"{found['recordings']} recordings; area = number", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", type=Path, nargs="+")
    parser.add_argument("--test", type=Path)
    parser.add_argument("--model", nargs="+", default=["base"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    if given.fit:
        fit(given.fit, given.model)
    if given.test:
        stamped = stamp(folder_of(given.model[0]))
        found = measured(given.test, given.model[0])
        print(headline(stamped), end="\n\n")
        print({key: value for key, value in found.items() if not isinstance(value, list)})
        for name in ("limits", "reliability_recordings", "reliability_words"):
            print(f"\n{name}\n")
            print(table(list(found[name][0]), [list(row.values()) for row in found[name]]))
        if given.json:
            save(given.json, {**stamped, **found})
        if given.plot:
            draw(found, given.plot)


if __name__ == "__main__":
    main()
