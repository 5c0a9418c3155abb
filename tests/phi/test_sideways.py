"""Identifiers told in other than the usual forms: occasions, landmarks, employers, codes of doors; and their guards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redactor.phi import Detector, build_detector
from redactor.types import IDENTIFIERS

DATA = Path(__file__).parent / "data"
_PIECE = re.compile(r"\[([^\]]+)\]")


def lines(name: str) -> list[str]:
    read = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in read if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def everything() -> Detector:
    """Organizations too."""
    return build_detector(labels=IDENTIFIERS | {"ORGANIZATION"})


@pytest.mark.parametrize("line", lines("sideways.txt"))
def test_covered(everything: Detector, line: str) -> None:
    text = _PIECE.sub(r"\1", line)
    cover = {at for finding in everything.detect(text) for at in range(finding.start, finding.end)}
    for number, match in enumerate(_PIECE.finditer(line)):
        start = match.start() - 2 * number
        missed = [at for at in range(start, start + len(match[1])) if text[at].isalnum() and at not in cover]
        assert not missed, match[1]


@pytest.mark.parametrize("text", lines("sideways_plain.txt"))
def test_nothing_found(everything: Detector, text: str) -> None:
    assert [(text[f.start : f.end], f.label) for f in everything.detect(text)] == []
