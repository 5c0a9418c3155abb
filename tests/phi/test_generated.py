"""Generated voicemails: labels are exact, errors keep them aligned, the detector stays within its bounds, measures add
up.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import phi_cases
import phi_vocabulary
from phi_measures import CLINICAL, Found, found, measure
from recognition_errors import worsen

from redactor.phi import build_detector


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return phi_cases.cases("tuning", seed=5, identified=120, without=40)


def test_labels_lie_on_their_words(rows: list[dict[str, Any]]) -> None:
    assert rows == phi_cases.cases("tuning", seed=5, identified=120, without=40)
    for row in [*rows, *(worsen(row, 0.2) for row in rows)]:
        for span in row["spans"]:
            said = row["text"][span["start"] : span["end"]]
            assert said == span["text"]
            assert said.strip() == said != ""


def test_the_two_parts_share_no_names() -> None:
    for entries in phi_vocabulary.LISTS.values():
        assert len(entries) > 5
    names = phi_vocabulary.LISTS["first_names_world"]
    assert not set(names[0::2]) & set(names[1::2])


def test_errors_change_about_the_share_of_words_asked_for(rows: list[dict[str, Any]]) -> None:
    worse = [worsen(row, 0.1) for row in rows]
    assert worse == [worsen(row, 0.1) for row in rows]
    changed = sum(
        len(set(a["text"].lower().split()) - set(b["text"].lower().split())) for a, b in zip(rows, worse, strict=True)
    )
    assert 0.03 < changed / sum(len(row["text"].split()) for row in rows) < 0.2


def test_bounds_on_generated_messages(rows: list[dict[str, Any]]) -> None:
    findings = [found(items) for items in build_detector(ner="none").pipe(row["text"] for row in rows)]
    values = measure(rows, findings).measures()
    assert values["leak"] <= 0.02
    assert values["precision"] >= 0.93
    assert values["clean"] >= 0.85
    assert measure(rows, findings, group=CLINICAL).measures()["recall"] >= 0.85
    without = [n for n, row in enumerate(rows) if row["kind"] == "without"]
    alarms = measure([rows[n] for n in without], [findings[n] for n in without]).measures()
    assert alarms["false_alarms_per_1000"] <= 3


def test_measures_by_hand() -> None:
    text = "ann smith called on may second about the day"
    row = {
        "id": "1",
        "text": text,
        "spans": [
            {"start": 0, "end": 9, "label": "PERSON", "text": "ann smith"},
            {"start": 20, "end": 30, "label": "DATE", "text": "may second"},
            {"start": 41, "end": 44, "label": "DATE", "text": "day", "tier": "may"},
        ],
    }
    found_spans = [
        Found(0, 3, "PERSON", 0.9),
        Found(10, 16, "PERSON", 0.9),
        Found(20, 30, "ID", 0.9),
        Found(41, 44, "DATE", 0.9),
    ]
    values = measure([row], [found_spans]).measures()
    assert values["leak"] == round(5 / 17, 5)
    assert values["recall"] == 1.0
    assert values["recall_whole"] == 0.5
    assert values["precision"] == 0.75
    assert values["clean"] == 0.0
    assert values["labels"]["DATE"]["leak"] == 0.0
