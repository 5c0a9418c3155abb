"""The detector as a whole: offline, silent, repeatable, in order; overlaps and repeats."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.errors import ConfigurationError, DetectionFailed
from redactor.phi import Detector, build_detector
from redactor.types import CLINICAL, LABELS

MESSAGE = (
    "hi this is denise whitaker call me at four one oh five five five oh one four two or dana at example dot com, "
    "denise"
)


def test_every_label_is_served() -> None:
    assert build_detector().labels == LABELS - {"KEYED_DIGITS"}  # those are in no text


def test_labels_limit_the_search() -> None:
    found = build_detector(labels=["PHONE_NUMBER"]).detect(MESSAGE)
    assert {f.label for f in found} == {"PHONE_NUMBER"}


@pytest.mark.parametrize("options", [{"labels": ["NAME"]}, {"labels": []}, {"min_score": 1.5}])
def test_bad_options(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        build_detector(**options)


def test_pipe_keeps_order_and_equals_detect(detector: Detector) -> None:
    texts = [MESSAGE, "", "nothing here", "call 555-0142"] * 3
    assert list(detector.pipe(iter(texts), batch_size=2)) == [detector.detect(t) for t in texts]


def test_a_value_found_once_is_found_everywhere(detector: Detector) -> None:
    text = "my member id is 884219 okay. thanks. 8 8 4 2 1 9 again. this is Xiomara. so xiomara said"
    found = [text[f.start : f.end] for f in detector.detect(text)]
    assert found == ["884219", "8 8 4 2 1 9", "Xiomara", "xiomara"]


@given(st.text(max_size=120) | st.lists(st.sampled_from(MESSAGE.split()), max_size=20).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_findings_are_sound(text: str) -> None:
    found = _SHARED.detect(text)
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.label in LABELS
        assert 0 <= finding.score <= 1
    for group in (CLINICAL, LABELS - CLINICAL):
        spans = [(f.start, f.end) for f in found if f.label in group]
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


_SHARED = build_detector()


def test_works_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert build_detector().detect(MESSAGE + " visit www.example.com and 10.24.0.1")


def test_nothing_said_reaches_logs_or_streams(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    build_detector().detect(MESSAGE)
    out, err = capfd.readouterr()
    heard = f"{out}{err}{caplog.text}{''.join(str(r.__dict__) for r in caplog.records)}"
    for word in ("whitaker", "denise", "dana", "four one oh", "5550142"):
        assert word not in heard.lower()


def test_a_failing_recognizer_fails_without_the_text(monkeypatch: pytest.MonkeyPatch, detector: Detector) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError(MESSAGE)

    monkeypatch.setattr(detector._engine, "analyze", broken)
    with pytest.raises(DetectionFailed) as caught:
        detector.detect(MESSAGE)
    assert "whitaker" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_spacy_pipeline_adds_its_entities() -> None:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "zzyx"}])
    text = "and zzyx too"
    assert [text[f.start : f.end] for f in build_detector(labels=["PERSON"], nlp=nlp).detect(text)] == ["zzyx"]


def test_imports_no_model_and_no_suffix_list() -> None:
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from redactor.phi import build_detector\n"
        "print(len(build_detector().detect('mail dana at example dot com or see www.example.com')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "2", done.stderr[-400:]


@pytest.mark.parametrize(
    "piece", ["1", "one ", "id number is ", "b ", "12 maple ", "1-", "a at b dot ", "Maple Oak ", "address is "]
)
def test_no_text_takes_long(detector: Detector, piece: str) -> None:
    text = piece * (6000 // len(piece))
    began = time.process_time()
    detector.detect(text)
    assert time.process_time() - began < 5


def test_a_built_detector_has_its_word_lists() -> None:
    """In a fresh process: a list that is loaded on first use would be loaded in every concurrent thread."""
    script = """
from redactor.phi import build_detector
detector = build_detector()
from redactor.phi import tagger
from redactor.phi.lexicons import library
from redactor.phi.recognizers import clinical
assert {f.cache_info().currsize for f in (tagger._lists, clinical.vocabulary, clinical.phonetic_matcher)} == {1}
def late(*_):
    raise SystemExit("a word list loaded late")
library._dictionary = late
found = {f.label for f in detector.detect("Dana Whitlock takes metformin for diabetes.")}
assert found >= {"PERSON", "MEDICATION", "CONDITION"}
"""
    subprocess.run([sys.executable, "-I", "-c", script], check=True)
