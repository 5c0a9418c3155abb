"""Phonetic matching of misheard drug names: how many are found, and what is left alone."""

import json
from pathlib import Path

import pytest

from redactor.phi.lexicons.phonetic import PhoneticMatcher, pronounced, skeleton
from redactor.phi.recognizers.clinical import BESIDE_CUE, phonetic_matcher

MISHEARD = [
    json.loads(line) for line in (Path(__file__).parent / "data/clinical_misheard.jsonl").read_text().splitlines()
]


def heard(words, least):
    said = words.split()
    return phonetic_matcher().find(said, *[[least] * (len(said) + 1)] * 2)


@pytest.mark.parametrize(
    ("split", "least", "share"),
    [
        ("tune", BESIDE_CUE, 0.82),
        ("unseen", BESIDE_CUE, 0.82),  # written after the thresholds were chosen
        ("tune", PhoneticMatcher.CERTAIN, 0.47),
        ("unseen", PhoneticMatcher.CERTAIN, 0.43),
    ],
)
def test_share_of_misheard_names_that_come_back(split, least, share):
    rows = [row for row in MISHEARD if row["split"] == split]
    right = sum(any(name.name == row["name"] for name in heard(row["heard"], least)) for row in rows)
    assert right / len(rows) >= share


@pytest.mark.parametrize(
    "words",
    [
        "the concert was brilliant and a singular interest",
        "please call me back when you get a chance tomorrow morning",
        "i will meet you at the spring street stand by the receipt counter",
    ],
)
def test_plain_talk_is_left_alone(words):
    assert heard(words, PhoneticMatcher.CERTAIN) == []


def test_nothing_is_heard_across_sentences():
    assert heard("met forming", PhoneticMatcher.CERTAIN)
    assert not heard("met . forming", PhoneticMatcher.CERTAIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [("gabba", "gaba"), ("flow", "flo"), ("forming", "formin"), ("phenergan", "fenergan"), ("thyroxine", "tiroksin")],
)
def test_same_sound(one, other):
    assert skeleton(pronounced(one)) == skeleton(pronounced(other))
