"""Artefacts of an earlier run with other settings in the same folder: replaced only when the new ones are complete."""

import json
from contextlib import closing
from pathlib import PurePath

import numpy as np
import pytest
import soundfile

from redactor.errors import Quarantine, RecognitionFailed
from redactor.pipeline import Pipeline
from redactor.policy import load_policy
from redactor.render import Replacer
from redactor.speech import FakeTranscriber
from redactor.storage import ArchiveJournal, Item
from redactor.types import Finding, Status, TimedText

WORDS = [TimedText("this", 0.3, 0.6), TimedText("is", 0.6, 0.8), TimedText("Dana", 0.9, 1.4)]


class Finder:
    """Finds the name in speech; the file name only with a score between two policies' thresholds."""

    def detect(self, text):
        if "call" in text:
            return (Finding("PERSON", 0, len(text), 0.3, "scripted"),)
        return tuple(Finding("PERSON", i, i + 4, 0.9, "scripted") for i in [text.find("Dana")] if i >= 0)

    def search(self, transcripts):
        return [self.detect(t.text) for t in transcripts]


class Failing:
    info = FakeTranscriber({}).info

    def __init__(self, error):
        self.error = error

    def transcribe(self, channels, *, recording_id):
        raise self.error


@pytest.fixture
def redact(tmp_path):
    rng = np.random.default_rng(1)
    loud = np.full(14_000, 0.0003)
    for word in WORDS:
        loud[int(word.start * 8000) : int(word.end * 8000)] = 0.15
    soundfile.write(tmp_path / "call.wav", loud * rng.standard_normal(14_000).clip(-3, 3), 8000)
    (tmp_path / "out").mkdir()
    item = Item(1, tmp_path / "call.wav", PurePath("call.wav"), PurePath("call"))

    def go(policy="deidentify", *, error=None, **changes):
        chosen = load_policy(policy).with_changes(unheard_speech="bleep", **changes)
        transcriber = FakeTranscriber({"": [WORDS]}) if error is None else Failing(error)
        made = Pipeline(
            transcriber_for=lambda _: transcriber, detector=Finder(), policy=chosen, replacer=Replacer(), names="auto"
        )
        with closing(ArchiveJournal(tmp_path / "out")) as journal:
            return made.process(item, tmp_path / "out", journal=journal)

    go.out = tmp_path / "out"
    return go


def policies(out):
    return sorted(json.loads(path.read_text())["policy"] for path in out.glob("*.redacted.json"))


def test_another_policy_replaces_the_artefacts(redact):
    assert redact("deidentify", min_score=0.35).status is Status.REDACTED
    assert policies(redact.out) == ["deidentify/1"]
    assert redact("clinical", min_score=0.35).status is Status.REDACTED
    assert policies(redact.out) == ["clinical/1"]
    assert len(list(redact.out.glob("*.redacted.*"))) == 5


def test_they_stay_if_the_new_ones_cannot_be_made(redact):
    redact("deidentify")
    before = {path.name: path.read_bytes() for path in redact.out.glob("*.redacted.*")}
    for _ in range(2):  # made, and repeated from the ledger
        assert redact("clinical", error=RecognitionFailed("engine")).status is Status.FAILED
        assert {path.name: path.read_bytes() for path in redact.out.glob("*.redacted.*")} == before
    assert redact("clinical").status is Status.REDACTED
    assert policies(redact.out) == ["clinical/1"]


def test_they_go_once_there_is_doubt_about_the_recording(redact):
    redact("deidentify")
    assert redact("clinical", error=Quarantine("doubt")).status is Status.QUARANTINED
    assert list(redact.out.glob("*.redacted.*")) == []


def test_those_of_another_recording_go(redact, tmp_path):
    redact("deidentify")
    with (tmp_path / "call.wav").open("ab") as file:
        file.write(b"\0\0")
    assert redact("clinical", error=RecognitionFailed("engine")).status is Status.FAILED
    assert list(redact.out.glob("*.redacted.*")) == []


def test_they_go_from_another_name_too(redact):
    """A policy with another threshold may find PHI in the file's name, and call its outputs by the id."""
    redact("deidentify", min_score=0.35)
    assert (redact.out / "call.redacted.json").exists()
    outcome = redact("deidentify", min_score=0.2)
    assert sorted(path.name for path in redact.out.glob("*.redacted.json")) == [f"{outcome.id}.redacted.json"]
    assert len(list(redact.out.glob("*.redacted.*"))) == 5


def test_what_was_changed_under_the_other_name_stays(redact):
    redact("deidentify", min_score=0.35)
    (redact.out / "call.redacted.txt").write_text("somebody's notes")
    redact("deidentify", min_score=0.2)
    assert (redact.out / "call.redacted.txt").read_text() == "somebody's notes"
