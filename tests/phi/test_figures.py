"""Figures that recognition tore out of their context are covered; clock times and counts stay."""

import pytest

from redactor.phi import build_detector
from redactor.phi.recognizers.figure import DecimalRecognizer, FigureRecognizer

DETECTOR = build_detector(ner="none")


def found(recognizer, text: str) -> list[str]:
    return [text[r.start : r.end] for r in recognizer.analyze(text, [recognizer.label])]


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("you need an interpreter for 221, so please come", ["221"]),
        ("the account ends double 358. Please", ["358"]),
        ("they moved her to 2C. Thanks", ["2C"]),
        ("from May 3rd to June 40th", ["40th"]),
        ("we close at 430 today", []),
        ("tomorrow 1015 works for me", []),
        ("call 911 or 988", []),
        ("it was 250 miles, with 120 people and 300 pages", []),
        ("vitamin B12 and 4x a day", []),
    ],
)
def test_figures(text: str, figures: list[str]) -> None:
    assert found(FigureRecognizer(), text) == figures


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("his create the 9's 1.9, so I'd rather", ["1.9"]),
        ("we are here until 4.30, or tomorrow at 8.45", []),
        ("it is 2.5 miles away and cost $1.25", []),
    ],
)
def test_decimals(text: str, figures: list[str]) -> None:
    assert found(DecimalRecognizer(), text) == figures


def test_they_are_findings_of_the_detector() -> None:
    labels = {f.label for f in DETECTOR.detect("his create the 9's 1.9, and the interpreter is for 221, so come")}
    assert {"LAB_RESULT", "OTHER_ID"} <= labels
