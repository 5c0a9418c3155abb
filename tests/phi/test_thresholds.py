"""The threshold table is what the detector uses, and results keep the names of the recognizers that made them."""

from __future__ import annotations

import pytest

from redactor.phi import THRESHOLDS, analyzer, build_detector
from redactor.types import CLINICAL, LABELS

TEXT = "hi this is denise whitaker call me at four one oh five five five oh one four two about the colonoscopy"


def test_every_label_has_a_threshold() -> None:
    assert set(THRESHOLDS) == LABELS
    assert all(0.3 <= value <= 0.6 for value in THRESHOLDS.values())
    assert min(THRESHOLDS[label] for label in CLINICAL) >= max(THRESHOLDS[label] for label in LABELS - CLINICAL)


def test_a_label_can_be_made_stricter_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer, "THRESHOLDS", {**THRESHOLDS, "PERSON": 0.99})
    labels = {f.label for f in build_detector(ner="none").detect(TEXT)}
    assert "PERSON" not in labels
    assert {"PHONE_NUMBER", "PROCEDURE"} <= labels


def test_a_number_replaces_the_table() -> None:
    assert build_detector(min_score=1.0, ner="none").detect(TEXT) == ()


def test_findings_name_the_recognizer_inside_the_group() -> None:
    sources = {f.source for f in build_detector(ner="none").detect(TEXT)}
    assert sources == {"PersonRecognizer", "PhoneRecognizer", "ProcedureRecognizer"}
