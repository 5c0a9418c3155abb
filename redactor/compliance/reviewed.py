"""Measures what the rules miss against the labels of reviewed messages, with exact bounds.

id      SHA-256 of the recording, or its first 8 digits or more
rules   the rules that the message breaks according to a reviewer: V02; V14; empty: none

The labels must include messages without findings; otherwise misses are invisible.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redactor.compliance import IDS, RuleVerdict
from redactor.compliance.results import ResultRow
from redactor.errors import ConfigurationError, NoInput
from redactor.proportions import clopper_pearson

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `total`, with the one-sided upper bound at 95 % (Clopper and Pearson): 0 of n gives about 3/n."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        return self.count / self.total if self.total else None

    @property
    def bound(self) -> float:
        if self.count == self.total:  # 0 of 0 too
            return 1.0
        return clopper_pearson(self.count, self.total, level=2 * CONFIDENCE - 1)[1]


@dataclass(frozen=True, slots=True)
class Missed:
    """Differences between reviewers and the audit.

    Attributes:
        breaches: confirmed breaches that the audit neither found nor left undetermined.
        silent: reviewed messages without findings that contain a breach.
        false_alarms: findings in reviewed messages that reviewers did not confirm.
        unknown: labels of messages that are not in this audit, or whose id is ambiguous.
    """

    reviewed: int
    breaches: Rate
    silent: Rate
    false_alarms: Rate
    unknown: int


def read_labels(path: Path) -> dict[str, frozenset[str]]:
    """CSV → (prefix of an) id → rules.

    Raises:
        NoInput, ConfigurationError
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NoInput("The file of reviewed labels cannot be read.", hint="Give a CSV file in UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text))
    labels: dict[str, frozenset[str]] = {}
    if {name.strip().lower() for name in reader.fieldnames or ()} != {"id", "rules"}:
        raise ConfigurationError("The file of reviewed labels needs the columns id and rules.")
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    for row in reader:
        if None in row or None in row.values():
            raise ConfigurationError(f"Row {reader.line_num} of the reviewed labels has the wrong number of cells.")
        identity = (row["id"] or "").strip().lower()
        rules = frozenset(r.strip().upper() for r in (row["rules"] or "").split(";") if r.strip())
        if len(identity) < 8 or set(identity) - set("0123456789abcdef") or identity in labels:
            raise ConfigurationError(f"Row {reader.line_num} of the reviewed labels: the id is invalid or repeated.")
        if any(identity.startswith(other) or other.startswith(identity) for other in labels):
            raise ConfigurationError(
                f"Row {reader.line_num} of the reviewed labels: its id is a prefix of another one."
            )
        if rules - set(IDS):
            raise ConfigurationError(f"Row {reader.line_num} of the reviewed labels: write rules as V01; V14.")
        labels[identity] = rules
    return labels


def missed(rows: Sequence[ResultRow], labels: dict[str, frozenset[str]]) -> Missed:
    """Compare an audit with reviewers' labels."""
    audited = {row.id: row.audited for row in rows if row.audited}
    confirmed = lost = clean = silent = claimed = wrong = unknown = 0
    for identity, truth in labels.items():
        matches = [a for full, a in audited.items() if full.startswith(identity)]
        if len(matches) != 1:
            unknown += 1
            continue
        match = matches[0]
        seen = {b.rule for b in match.breaches}
        found = {b.rule for b in match.breaches if b.verdict is RuleVerdict.FINDINGS}
        confirmed += len(truth)
        lost += len(truth - seen)
        claimed += len(found)
        wrong += len(found - truth)
        if not found:
            clean += 1
            silent += bool(truth - seen)
    return Missed(len(labels) - unknown, Rate(lost, confirmed), Rate(silent, clean), Rate(wrong, claimed), unknown)
