"""The committed spoken cases: what leaks and what is over-covered stays within the measured numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from redactor.phi import Detector

CASES = Path(__file__).parent / "data" / "spoken_cases.jsonl"
SCORED = frozenset("PERSON PHONE_NUMBER EMAIL ADDRESS DATE AGE_OVER_89 ID URL_IP".split())


def cases(part: str | None = None) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if part is None or row["part"] == part]


def test_spans_are_where_they_say() -> None:
    rows = cases()
    assert len(rows) >= 120
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["form"] for row in rows} == {"written", "spoken", "asr-error"}
    labels = {span["label"] for row in rows for span in row["spans"]}
    assert labels.issuperset(SCORED)
    for row in rows:
        for span in row["spans"]:
            assert row["text"][span["start"] : span["end"]] == span["text"]


@pytest.mark.parametrize(("part", "leak", "false_alarms"), [("tuning", 0.02, 0.07), ("held-out", 0.03, 0.07)])
def test_leak_and_false_alarms(detector: Detector, part: str, leak: float, false_alarms: float) -> None:
    missed = total = extra = covered = 0
    for row in cases(part):
        marked = bytearray(len(row["text"]))
        for span in row["spans"]:
            kind = 2 if span.get("tier") == "may" or span["label"] not in SCORED else 1
            marked[span["start"] : span["end"]] = bytes([kind]) * (span["end"] - span["start"])
        claimed = bytearray(len(marked))
        for finding in detector.detect(row["text"]):
            if finding.label != "ORGANIZATION":
                claimed[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
        for at, character in enumerate(row["text"]):
            if not character.isalnum():
                continue
            total += marked[at] == 1
            missed += marked[at] == 1 and not claimed[at]
            covered += claimed[at]
            extra += claimed[at] and not marked[at]
    assert missed / total <= leak
    assert extra / covered <= false_alarms
