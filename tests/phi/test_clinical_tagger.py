"""The shipped tagger for clinical facts, and what the detector makes of its entities."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import spacy

from redactor.phi import Detector, build_detector, clinical_tagger, ner, tagger
from redactor.phi.recognizers.fact import FactRecognizer
from redactor.types import CLINICAL

FOLDER = ner.shipped(ner.FACTS)
assert FOLDER is not None, "models/voicemail-clinical is missing: the detector would quietly go on without it"


@pytest.fixture(scope="module")
def entities() -> ner.EntitySource:
    source = ner.load_entities(ner.FACTS)
    assert source is not None
    return source


@pytest.fixture(scope="module")
def detector() -> Detector:
    return build_detector(labels=CLINICAL)


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("my granddaughter's been tugging at her ear and she's burning up", "CONDITION", "tugging at her ear"),
        ("he keeps falling asleep in his dinner and he can't follow the ball game", "CONDITION", "falling asleep"),
        ("Her knees have blown up like balloons.", "CONDITION", "knees have blown up"),
        ("they kicked my claim back and now i owe the whole thing", "BILLING", "kicked my claim back"),
        ("your potassium was a touch high so we want it drawn again", "LAB_RESULT", "potassium was a touch high"),
        ("the stitches have to come out on friday", "PROCEDURE", "stitches"),
        ("i ran out of my water pill on sunday", "MEDICATION", "water pill"),
        ("can i get in with the kidney doctor", "SPECIALTY", "kidney doctor"),
    ],
)
def test_lay_words(detector: Detector, text: str, label: str, said: str) -> None:
    start = text.index(said)
    found = detector.detect(text)
    covered = {at for f in found for at in range(f.start, f.end)}
    assert {at for at in range(start, start + len(said)) if text[at].isalnum()} <= covered
    assert label in {f.label for f in found if f.start < start + len(said) and start < f.end}


@pytest.mark.parametrize(
    "text",
    [
        "hi this is a message for the front desk please call me back when you get a chance",
        "i'm running late the traffic on the bridge is terrible but i will be there by ten",
        "The meeting moved to Thursday, so bring the blue folder and a pen.",
        "my car died in the parking lot and my phone is about to go too",
        "could you tell me what time you close on saturday and whether there is parking",
        "we had a flat tire on the way so can we come at three instead",
        "thank you so much for your help yesterday you were wonderful",
        "the weather is supposed to turn cold this weekend so we moved the picnic",
        "Your package is at the window. Please bring a photo ID.",
        "she moved to a new apartment on the second floor and needs to change her address",
    ],
)
def test_everyday_sentences_stay(detector: Detector, text: str) -> None:
    assert detector.detect(text) == ()


def test_card_and_sums() -> None:
    assert FOLDER is not None
    card = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    assert card["name"] == ner.FACTS
    assert tuple(card["tags"]) == clinical_tagger.FACTS.tags
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for label in clinical_tagger.LABELS:
        assert re.search(rf"\| {label} \| \d+\.\d \| \d+\.\d \|", readme), label
    listed = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in listed:
        expected, _, file = line.partition("  ")
        assert hashlib.sha256((FOLDER / file).read_bytes()).hexdigest() == expected, file
    files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()}
    assert files == {line.partition("  ")[2] for line in listed} | {"README.md", "SHA256SUMS"}


def test_package_is_small() -> None:
    assert FOLDER is not None
    assert sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()) < 15_000_000


def test_holds_no_word_of_its_training_text() -> None:
    assert FOLDER is not None
    assert json.loads((FOLDER / "vocab" / "strings.json").read_text(encoding="utf-8")) == []


def test_the_network_is_spacys() -> None:
    nlp = spacy.load(FOLDER)
    kind = clinical_tagger.FACTS
    texts = ["Hi, my ankles are all puffed up.", "", "it's zzyzx's $40 copay, bp 140/90", "a"]
    ours = tagger.Tagger(nlp, kind).scores([tagger.WORD.findall(text) for text in texts])
    columns = [nlp.get_pipe("tagger").labels.index(tag) for tag in kind.tags]
    spacys = nlp.get_pipe("tagger").model.predict([nlp.make_doc(text) for text in texts])
    for mine, theirs in zip(ours, spacys, strict=True):
        assert np.allclose(mine, theirs[:, columns], atol=1e-4)


def test_batches_change_nothing(entities: ner.EntitySource) -> None:
    texts = ["my knee is swollen", "", "   ", "i owe forty dollars", "nothing to say"] * 4
    together = [[tuple(e)[:3] for e in found] for found, _ in entities.pipe(iter(texts), 64)]
    assert together == [[tuple(e)[:3] for e in next(entities.pipe([t], 1))[0]] for t in texts]


def test_a_word_counts_by_the_sum_over_labels() -> None:
    columns = len(clinical_tagger.FACTS.tags)
    scores = np.log(np.full((3, columns), 1e-6))
    result, condition = (clinical_tagger.FACTS.tags.index(f"I-{label}") for label in ("LAB_RESULT", "CONDITION"))
    scores[:, 0] = np.log(0.45)
    scores[0, 0] = 0.0  # certainly nothing
    scores[1:, condition], scores[1:, result] = np.log(0.3), np.log(0.25)
    ((first, last, label, probability),) = clinical_tagger.decode(scores)  # the first word is not even a candidate
    assert (first, last, label) == (1, 2, "CONDITION")
    assert probability == pytest.approx(0.55, abs=0.01)
    assert clinical_tagger.decode(scores[:0]) == []


@pytest.mark.parametrize(
    ("text", "span", "whole"),
    [
        ("the swollen knee", (0, 16), "swollen knee"),
        ("her x-ray", (6, 9), "ray"),
        ("and my ankles", (9, 13), "ankles"),
        ("it costs $40", (9, 12), "$40"),
        ("fell off the", (0, 12), "fell off"),
        ("her mother fell", (0, 15), "mother fell"),
    ],
)
def test_findings_have_whole_words_and_no_joining_words_at_their_ends(
    text: str, span: tuple[int, int], whole: str
) -> None:
    start, end, score = FactRecognizer().weigh(text, *span, "CONDITION", 0.9)
    assert text[start:end] == whole
    assert 0.5 < score < 0.6


def test_nothing_but_joining_words_is_no_finding() -> None:
    assert FactRecognizer().weigh("for the", 0, 7, "CONDITION", 0.9)[2] == 0


def test_a_name_inside_a_tagged_fact_stays() -> None:
    """The tagger may take a name for a drug; only rules and lists decide that a weak name is none."""
    from redactor.phi.recognizers.fact import SOURCE
    from redactor.phi.resolve import without_names_in_clinical_facts
    from redactor.types import Finding

    name = Finding("PERSON", 4, 9, 0.45, "PersonRecognizer")
    tagged = Finding("MEDICATION", 0, 12, 0.55, SOURCE)
    listed = Finding("MEDICATION", 0, 12, 0.85, "MedicationRecognizer")
    assert name in without_names_in_clinical_facts([name, tagged])
    assert name not in without_names_in_clinical_facts([name, listed])


def test_what_the_rules_find_in_the_clinical_cases_stays() -> None:
    path = Path(__file__).parent / "data" / "clinical_cases.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows]
    more, less = build_detector(labels=CLINICAL), build_detector(labels=CLINICAL, ner="none")
    for with_it, without, text in zip(more.pipe(texts), less.pipe(texts), texts, strict=True):
        covered, before = ({at for f in found for at in range(f.start, f.end)} for found in (with_it, without))
        assert not {at for at in before - covered if text[at].isalnum()}


def test_the_tagger_drops_what_it_is_sure_is_no_fact() -> None:
    from redactor.phi.recognizers.fact import undoubted
    from redactor.types import Finding

    rule = Finding("CONDITION", 4, 9, 0.75, "ConditionRecognizer")
    listed = replace(rule, score=0.85)
    drug = Finding("MEDICATION", 4, 9, 0.85, "MedicationRecognizer")
    figures = Finding("LAB_RESULT", 4, 9, 0.5, "DecimalRecognizer")
    name = Finding("PERSON", 4, 9, 0.75, "PersonRecognizer")
    every = [rule, listed, drug, figures, name]
    assert undoubted(every, [ner.Entity(20, 25, "CONDITION", 0.9)]) == [listed, drug, figures, name]
    assert undoubted(every, [ner.Entity(8, 12, "BILLING", 0.1)]) == every
