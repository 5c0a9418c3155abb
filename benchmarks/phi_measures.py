"""The measures of the PHI benchmarks, defined once.

    leak             share of the identifying letters and figures that no finding of any label covers (the main figure)
    recall           share of the labelled spans that some finding touches
    recall, whole    share of the labelled spans that are covered completely
    precision        share of the words (tokens) covered by findings of the group that are labelled
    clean            share of the texts with labelled spans in which nothing leaks
    false alarms     covered words that are not labelled, per 1,000 words

Neutral spans (tier "may") do not count. A token is covered if half of its characters are; "group" is identifiers or
clinical labels; labels that a text was not annotated for ("scope") cannot be false alarms.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from redactor.types import Finding

IDENTIFIERS = ("PERSON", "PHONE_NUMBER", "EMAIL", "ADDRESS", "DATE", "AGE_OVER_89", "ID", "URL_IP")
CLINICAL = ("MEDICATION", "CONDITION", "LAB_OR_PROCEDURE", "SPECIALTY", "BILLING")
TOKEN = re.compile(r"\w+(?:'\w+)?")
SCORER = {
    **dict.fromkeys(
        "US_SSN MEDICAL_RECORD_NUMBER HEALTH_PLAN_ID ACCOUNT_NUMBER LICENSE_NUMBER VEHICLE_ID DEVICE_ID OTHER_ID "
        "CREDIT_CARD US_BANK_NUMBER US_DRIVER_LICENSE US_PASSPORT US_ITIN IBAN_CODE MEDICAL_LICENSE UK_NHS "
        "CRYPTO US_MBI US_NPI".split(),
        "ID",
    ),
    "LAB_RESULT": "LAB_OR_PROCEDURE",
    "PROCEDURE": "LAB_OR_PROCEDURE",
    "LOCATION": "ADDRESS",
    "DATE_TIME": "DATE",
    "AGE": "AGE_OVER_89",
    "EMAIL_ADDRESS": "EMAIL",
    "URL": "URL_IP",
    "IP_ADDRESS": "URL_IP",
}


class Found(NamedTuple):
    """A finding as it is measured: characters start … end, a label of the gold text, 0 … 1."""

    start: int
    end: int
    label: str
    score: float


def found(findings: Iterable[Finding]) -> list[Found]:
    """Findings in the terms of the labelled texts."""
    return [Found(f.start, f.end, SCORER.get(f.label, f.label), f.score) for f in findings]


class Counts:
    """Sums over texts; `add` one text at a time."""

    def __init__(self, group: Sequence[str]) -> None:
        self.group = group
        self.documents = self.clean = self.characters = self.leaked = self.tokens = 0
        self.hit = self.extra = 0
        self.labels: dict[str, Counter[str]] = defaultdict(Counter)
        self.missed: list[tuple[str, str, str]] = []
        self.alarms: Counter[str] = Counter()

    def add(self, row: dict[str, Any], findings: Sequence[Found]) -> None:
        text = row["text"]
        scope = set(row.get("scope") or (*IDENTIFIERS, *CLINICAL, "ORGANIZATION"))
        labels = [label for label in self.group if label in scope]
        if not labels:
            return
        must = [s for s in row["spans"] if s.get("tier") != "may" and s["label"] in labels]
        any_label, in_group, gold = bytearray(len(text)), bytearray(len(text)), bytearray(len(text))
        for item in findings:
            start, end = max(0, item.start), min(len(text), item.end)
            any_label[start:end] = b"\1" * (end - start)
            if item.label in labels:
                in_group[start:end] = b"\1" * (end - start)
        for span in row["spans"]:
            if span not in must:
                gold[span["start"] : span["end"]] = b"\2" * (span["end"] - span["start"])
        for span in must:
            gold[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
        leaked = self.leaked
        for span in must:
            self._span(row, span, any_label)
        self.documents += bool(must)
        self.clean += bool(must) and self.leaked == leaked
        for match in TOKEN.finditer(text):
            start, end = match.span()
            kinds = gold[start:end]
            self.tokens += 1
            if 1 in kinds:
                self.hit += 2 * sum(any_label[start:end]) >= end - start
            elif 2 not in kinds and any(in_group[start:end]):
                self.extra += 1
                self.alarms[match.group().lower()] += 1

    def _span(self, row: dict[str, Any], span: dict[str, Any], covered: bytearray) -> None:
        places = [at for at in range(span["start"], span["end"]) if row["text"][at].isalnum()]
        hit = sum(covered[at] for at in places)
        self.characters += len(places)
        self.leaked += len(places) - hit
        counts = self.labels[span["label"]]
        counts["spans"] += 1
        counts["touched"] += hit > 0
        counts["whole"] += hit == len(places)
        counts["characters"] += len(places)
        counts["leaked"] += len(places) - hit
        if hit < len(places):
            self.missed.append((span["label"], row["id"], span.get("text", "")))

    def measures(self) -> dict[str, Any]:
        """Shares between 0 and 1 (None if there is nothing to divide by), and the same by label."""
        spans = sum(c["spans"] for c in self.labels.values())

        def share(part: float, whole: float) -> float | None:
            return round(part / whole, 5) if whole else None

        return {
            "texts": self.documents,
            "spans": spans,
            "words": self.tokens,
            "leak": share(self.leaked, self.characters),
            "recall": share(sum(c["touched"] for c in self.labels.values()), spans),
            "recall_whole": share(sum(c["whole"] for c in self.labels.values()), spans),
            "precision": share(self.hit, self.hit + self.extra),
            "clean": share(self.clean, self.documents),
            "false_alarms_per_1000": round(1000 * self.extra / self.tokens, 2) if self.tokens else None,
            "labels": {
                label: {
                    "spans": c["spans"],
                    "recall": share(c["touched"], c["spans"]),
                    "leak": share(c["leaked"], c["characters"]),
                }
                for label, c in sorted(self.labels.items(), key=lambda item: self.group.index(item[0]))
            },
        }


def measure(
    rows: Sequence[dict[str, Any]],
    findings: Sequence[Sequence[Found]],
    *,
    group: Sequence[str] = IDENTIFIERS,
    threshold: float = 0.0,
) -> Counts:
    """Count a group of labels over texts; findings below `threshold` are left out."""
    counts = Counts(group)
    for row, items in zip(rows, findings, strict=True):
        counts.add(row, [item for item in items if item.score >= threshold])
    return counts


def leak_interval(
    rows: Sequence[dict[str, Any]], findings: Sequence[Sequence[Found]], *, rounds: int = 300, seed: int = 0
) -> tuple[float, float]:
    """95 % bootstrap interval of the leak, texts drawn with replacement."""
    each = []
    for row, items in zip(rows, findings, strict=True):
        one = Counts(IDENTIFIERS)
        one.add(row, items)
        each.append((one.leaked, one.characters))
    rnd = random.Random(seed)
    shares = []
    for _ in range(rounds):
        drawn = rnd.choices(each, k=len(each))
        shares.append(sum(a for a, _ in drawn) / max(1, sum(b for _, b in drawn)))
    shares.sort()
    return shares[int(0.025 * rounds)], shares[int(0.975 * rounds) - 1]
