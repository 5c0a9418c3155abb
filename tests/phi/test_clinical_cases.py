"""The clinical recognizers on fictional messages: data/clinical_cases.jsonl, a third of which was not read while
tuning.
"""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor.phi.recognizers.clinical import FINDING
from redactor.phi.registry import clinical

CASES = [json.loads(line) for line in (Path(__file__).parent / "data/clinical_cases.jsonl").read_text().splitlines()]
RECOGNIZERS = clinical()
LONGEST_LINK = 20
"""Characters between two facts ("A1C came back at 7.2") that may be found with them."""


def covered(text):
    marks = bytearray(len(text))
    for recognizer in RECOGNIZERS:
        for result in recognizer.analyze(text, [recognizer.label]):
            if result.score >= FINDING:
                marks[result.start : result.end] = b"\1" * (result.end - result.start)
    return marks


@pytest.mark.parametrize(("split", "least_recall", "least_precision"), [("tune", 0.97, 0.93), ("unseen", 0.93, 0.88)])
def test_recall_and_precision_in_characters(split, least_recall, least_precision):
    gold = hit = predicted = right = 0
    for case in CASES:
        if case["split"] != split:
            continue
        text, marks = case["text"], covered(case["text"])
        truth = bytearray(len(text))
        for span in case["spans"]:
            assert text[span["start"] : span["end"]] == span["text"]
            value = 2 if span.get("tier") == "may" else 1
            truth[span["start"] : span["end"]] = bytes([value]) * (span["end"] - span["start"])
        for before, after in pairwise(sorted(case["spans"], key=lambda span: span["start"])):
            if after["start"] - before["end"] < LONGEST_LINK:
                truth[before["end"] : after["start"]] = b"\2" * (after["start"] - before["end"])
        letters = [index for index, char in enumerate(text) if char.isalnum()]
        gold += sum(truth[index] == 1 for index in letters)
        hit += sum(truth[index] == 1 and marks[index] for index in letters)
        predicted += sum(marks[index] and truth[index] != 2 for index in letters)
        right += sum(marks[index] and truth[index] == 1 for index in letters)
    assert hit / gold >= least_recall
    assert right / predicted >= least_precision


def test_messages_without_clinical_facts_stay_whole():
    plain = [case["text"] for case in CASES if not case["spans"]]
    assert len(plain) >= 15
    assert sum(any(covered(text)) for text in plain) <= 1


@given(st.text(alphabet=st.sampled_from("my knee hurts a1c 7.2 İß\u2019'.?-$mg two dollars metformin"), max_size=80))
def test_any_text_gives_spans_inside_it(text):
    for recognizer in RECOGNIZERS:
        for result in recognizer.analyze(text, [recognizer.label]):
            assert 0 <= result.start < result.end <= len(text)
            assert text[result.start : result.end] == text[result.start : result.end].strip()
            assert 0 < result.score <= 1
