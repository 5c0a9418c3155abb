"""The grammars of lay wording: what is in brackets must be found by some clinical label; plain talk must not be."""

import re
from pathlib import Path

import pytest

from redactor.phi.lexicons import grammar
from redactor.phi.recognizers.clinical import FINDING
from redactor.phi.registry import clinical

RECOGNIZERS = clinical()


def covered(text: str) -> bytearray:
    marks = bytearray(len(text))
    for recognizer in RECOGNIZERS:
        for result in recognizer.analyze(text, [recognizer.label]):
            if result.score >= FINDING:
                marks[result.start : result.end] = b"\1" * (result.end - result.start)
    return marks


DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("phrase", (DATA / "lay_clinical.txt").read_text(encoding="utf-8").splitlines())
def test_lay_wording_is_covered(phrase: str) -> None:
    before, inside, after = re.split(r"[\[\]]", phrase)
    marks = covered(before + inside + after)
    left = [at for at in range(len(before), len(before) + len(inside)) if inside[at - len(before)].isalnum()]
    assert all(marks[at] for at in left)


@pytest.mark.parametrize("phrase", (DATA / "lay_plain.txt").read_text(encoding="utf-8").splitlines())
def test_everyday_talk_stays(phrase: str) -> None:
    assert not any(covered(phrase))


def test_hesitations_do_not_break_a_phrase() -> None:
    assert covered("my ankles are, um, all puffed up").count(1) >= len("ankles are, um, all puffed up")


@pytest.mark.parametrize("line", ["a | (b", "X Y", "is*"])
def test_a_rule_that_cannot_be_read_is_refused(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_lines", lambda name: iter(["[CONDITION]", line]))
    with pytest.raises((ValueError, KeyError)):
        grammar.grammar.__wrapped__()


def test_every_rule_compiles() -> None:
    rules = {rule for several in grammar.grammar().values() for rule in several}
    assert len(rules) > 200
    assert all(grammar.compiled(rule.pattern).groups == 1 for rule in rules)
