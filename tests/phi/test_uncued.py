"""Identifiers without a cue word, and talk in which similar words mean something else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redactor.phi import Detector
from redactor.types import CLINICAL, IDENTIFIERS

DATA = Path(__file__).parent / "data"
CASES, BROKEN, PLAIN = DATA / "uncued.txt", DATA / "broken.txt", DATA / "plain.txt"
_MARK = re.compile(r"\[([^\]]+)\]")


def cases() -> list[str]:
    lines = [line for file in (CASES, BROKEN) for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def unmarked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """The text, and the spans in brackets."""
    text, spans, last = "", [], 0
    for match in _MARK.finditer(line):
        text += line[last : match.start()]
        spans.append((len(text), len(text) + len(match[1])))
        text += match[1]
        last = match.end()
    return text + line[last:], spans


def covered(detector: Detector, text: str) -> bytearray:
    cover = bytearray(len(text))
    for finding in detector.detect(text):
        if finding.label not in CLINICAL | {"ORGANIZATION"}:
            cover[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
    return cover


@pytest.mark.parametrize("line", cases())
def test_covered_without_a_cue(detector: Detector, line: str) -> None:
    text, spans = unmarked(line)
    cover = covered(detector, text)
    assert [text[a:b] for a, b in spans if not all(cover[at] for at in range(a, b) if text[at].isalnum())] == []


def test_little_else_is_covered(detector: Detector) -> None:
    extra = total = 0
    for line in cases():
        text, spans = unmarked(line)
        cover = covered(detector, text)
        for a, b in spans:
            cover[a:b] = bytes(b - a)
        extra += sum(cover[at] for at in range(len(text)) if text[at].isalnum())
        total += sum(b - a for a, b in spans)
    assert extra / total < 0.05


def test_little_is_covered_where_nothing_identifies(detector: Detector) -> None:
    lines = [line for line in PLAIN.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = [(line, line[f.start : f.end]) for line in lines for f in detector.detect(line) if f.label in IDENTIFIERS]
    assert len(found) <= 1, found
