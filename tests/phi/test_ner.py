"""The shipped name tagger, and the interface for other models."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy

from redactor.errors import ConfigurationError, ModelUnavailable
from redactor.phi import Detector, build_detector, ner
from redactor.phi import tagger as tagger_module
from redactor.phi.nlp_engine import OfflineNlpEngine
from redactor.phi.recognizers.ner import TaggerRecognizer
from redactor.types import Finding

FOLDER = ner.shipped()
assert FOLDER is not None, "models/voicemail-ner is missing: the detector would quietly go on without it"


@pytest.fixture(scope="module")
def tagger() -> ner.EntitySource:
    source = ner.load_entities("voicemail-ner")
    assert source is not None
    return source


@pytest.fixture(scope="module")
def detector() -> Detector:
    return build_detector(labels=["PERSON", "LOCATION", "ORGANIZATION"], ner="voicemail-ner")


def names(detector: Detector, text: str) -> list[str]:
    return [text[f.start : f.end] for f in detector.detect(text) if f.label == "PERSON"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi this is faith calling about my results", ["faith"]),
        ("hello this is april underhill i need a refill", ["april underhill"]),
        ("good morning my name is joy dunmore and i'm a patient of dr okonkwo", ["joy dunmore", "okonkwo"]),
        ("hi it's bill from the front desk", ["bill"]),
        ("this is a message for summer castellano please call us", ["summer castellano"]),
        ("HELLO THIS IS MARK HOLLOWAY CALLING FOR DOCTOR ADEBAYO", ["MARK HOLLOWAY", "ADEBAYO"]),
        ("hi this is zorblen quastiri i was there on monday", ["zorblen quastiri"]),
        ("Hi, this is Xochitl Wrzesniewski, please call me.", ["Xochitl Wrzesniewski"]),
    ],
)
def test_names_in_every_case(detector: Detector, text: str, expected: list[str]) -> None:
    assert names(detector, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "i will call you back in april or may",
        "please mark the form and send me the bill",
        "i hope you have faith it was a joy",
        "my blood pressure rose to one forty this summer",
        "i'm taking metformin and lisinopril",
        "mmm ohh right okay great",
        "I'm calling about my blood work. It may be the steroids.",
        "are you in a private place where you can talk",
        "she said the swelling went down and the pain is dull",
    ],
)
def test_words_that_only_look_like_names(detector: Detector, text: str) -> None:
    assert detector.detect(text) == ()


def test_card_numbers_and_sums() -> None:
    assert FOLDER is not None
    card = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    assert card["name"] == "voicemail-ner"
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\| PERSON \| \d\d\.\d \| \d\d\.\d \| \d\d\.\d \|", readme)
    assert "leak" in readme
    listed = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in listed:
        expected, _, file = line.partition("  ")
        assert hashlib.sha256((FOLDER / file).read_bytes()).hexdigest() == expected, file
    files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()}
    assert files == {line.partition("  ")[2] for line in listed} | {"README.md", "SHA256SUMS"}


def test_package_is_small() -> None:
    assert FOLDER is not None
    assert sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()) < 10_000_000


def test_holds_no_word_of_its_training_text() -> None:
    assert FOLDER is not None
    assert json.loads((FOLDER / "vocab" / "strings.json").read_text(encoding="utf-8")) == []


def test_works_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    source = ner.load_entities("voicemail-ner")
    assert source is not None
    assert [e.label_ for e, *_ in (found for found, _ in source.pipe(["this is ramona whitfield"], 8))] == ["PERSON"]


def test_batches_change_nothing(tagger: ner.EntitySource) -> None:
    texts = ["hi this is faith", "", "   ", "call dr okonkwo", "no names here"] * 4
    together = [[tuple(e)[:3] for e in found] for found, _ in tagger.pipe(iter(texts), 64)]
    assert together == [[tuple(e)[:3] for e in next(tagger.pipe([t], 1))[0]] for t in texts]


def test_keeps_no_words_but_those_of_the_lists(tagger: Any) -> None:
    list(tagger.pipe(["this is zzyzzaxorian pelquist"] * 3, 2))
    assert "this" in tagger._tag._known
    assert not {"zzyzzaxorian", "pelquist"} & tagger._tag._known.keys()


def test_the_network_is_spacys() -> None:
    nlp = spacy.load(FOLDER)
    texts = ["Hi this is Dana Whitlock's mom, call me.", "", "it's okonkwo from lakeside dental", "a"]
    ours = tagger_module.Tagger(nlp, tagger_module.NAMES).scores([tagger_module.WORD.findall(text) for text in texts])
    columns = [nlp.get_pipe("tagger").labels.index(tag) for tag in tagger_module.NAMES.tags]
    spacys = nlp.get_pipe("tagger").model.predict([nlp.make_doc(text) for text in texts])
    for mine, theirs in zip(ours, spacys, strict=True):
        assert np.allclose(mine, theirs[:, columns], atol=1e-4)


def test_serves_presidio_as_its_nlp_engine(tagger: ner.EntitySource) -> None:
    artifacts = OfflineNlpEngine(tagger).process_text("this is ramona whitfield", "en")
    assert [(e.label_, e.start_char, e.end_char) for e in artifacts.entities] == [("PERSON", 8, 24)]
    assert 0.5 < artifacts.scores[0] <= 1


def test_a_weak_candidate_needs_a_pattern_beside_it() -> None:
    from redactor.phi.resolve import without_weak_candidates

    weak = Finding("PERSON", 10, 15, TaggerRecognizer.CANDIDATE, "NerRecognizer")
    beside = Finding("PERSON", 4, 9, 0.9, "PersonRecognizer")
    other = Finding("LOCATION", 4, 9, 0.9, "AddressRecognizer")
    assert without_weak_candidates([weak]) == []
    assert without_weak_candidates([weak, other]) == [other]
    assert set(without_weak_candidates([weak, beside])) == {weak, beside}


def test_auto_is_the_shipped_ones_where_present(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ner.load_entities("auto")
    assert isinstance(both, ner.SeveralEntities)
    assert [source.name for source in both.sources] == [ner.NAMES, ner.FACTS]
    only = ner.load_entities("auto", {"BILLING"})
    assert only is not None
    assert only.name == ner.FACTS
    assert ner.load_entities("none") is None
    monkeypatch.setattr(ner, "shipped", lambda name: None)
    assert ner.load_entities("auto") is None
    assert build_detector(labels=["PERSON"]).detect("this is denise whitaker")
    with pytest.raises(ModelUnavailable):
        ner.load_entities("voicemail-ner")


def test_a_folder_of_another_spacy_pipeline(tmp_path: Path) -> None:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "zzyx"}])
    nlp.to_disk(tmp_path / "pipeline")
    detector = build_detector(labels=["LOCATION"], ner=tmp_path / "pipeline")
    text = "and zzyx too"
    assert [text[f.start : f.end] for f in detector.detect(text)] == ["zzyx"]


def test_a_hugging_face_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def pipeline(task: str, *, model: str, aggregation_strategy: str) -> Any:
        asked.append(model)
        return lambda texts, batch_size: [
            [{"entity_group": "PER", "start": t.index("zzyx"), "end": t.index("zzyx") + 4, "score": 0.9}] for t in texts
        ]

    fake = types.ModuleType("transformers")
    fake.pipeline = pipeline  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", fake)
    detector = build_detector(labels=["PERSON"], ner="some/model")
    assert [[(f.start, f.end) for f in found] for found in detector.pipe(["so zzyx", " ", "zzyx"])] == [
        [(3, 7)],
        [],
        [(0, 4)],
    ]
    assert asked == ["some/model"]


def test_models_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelUnavailable, match="transformers"):
        ner.load_entities("some/model")
    with pytest.raises(ModelUnavailable):
        ner.load_entities("no_such_pipeline")
    with pytest.raises(ConfigurationError):
        ner.load_entities(tmp_path)
    (tmp_path / "config.cfg").write_text("[nlp]\n", encoding="utf-8")
    with pytest.raises(ModelUnavailable):
        ner.load_entities(tmp_path)


def test_on_the_spoken_cases_it_leaks_no_more_and_stays_precise() -> None:
    path = Path(__file__).parent / "data" / "spoken_cases.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labels = ["PERSON", "LOCATION", "ORGANIZATION"]
    with_it, without = build_detector(labels=labels, ner="voicemail-ner"), build_detector(labels=labels, ner="none")
    texts = [row["text"] for row in rows]
    extra = named = 0
    for row, more, less in zip(rows, with_it.pipe(texts), without.pipe(texts), strict=True):
        covered, before = ({at for f in found for at in range(f.start, f.end)} for found in (more, less))
        labelled = {at for span in row["spans"] for at in range(span["start"], span["end"])}
        # Spaces between words that were found apart may go, never a letter.
        assert not {at for at in before - covered if row["text"][at].isalnum()}
        named += len(covered)
        extra += len(covered - before - labelled)
    assert extra / named < 0.02
