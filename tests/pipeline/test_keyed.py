"""Keyed digits from file to artefacts: another decoder than ours reads nothing from the finished sound, however it
is turned up.
"""

import json
from pathlib import PurePath

import numpy as np
import pytest
import soundfile
from keypad import dialled, keys

from redactor.errors import VerificationHit
from redactor.pipeline import Pipeline
from redactor.policy import load_policy, parse_policy
from redactor.render import Replacer
from redactor.speech import TranscriptReader
from redactor.speech.fake import FakeTranscriber
from redactor.storage import Item
from redactor.types import Status, TimedText

NUMBER = "987654321#"


class Nothing:
    """A detector that finds nothing in words."""

    def search(self, transcripts):
        return [() for _ in transcripts]

    def detect(self, text):
        return ()


def pipeline(transcriber, **given):
    given = {"policy": load_policy("deidentify"), **given}
    return Pipeline(transcriber_for=lambda _: transcriber, detector=Nothing(), replacer=Replacer(), **given)


def redacted(tmp_path, samples, made, *, name="a.wav", rate=8000, **options):
    soundfile.write(tmp_path / name, samples, rate, **options)
    outcome = made.process(Item(1, tmp_path / name, PurePath(name), PurePath("a")), tmp_path / "out")
    assert outcome.status is Status.REDACTED, (outcome.message, outcome.hint)
    out, _ = soundfile.read(tmp_path / "out" / f"a.redacted{PurePath(name).suffix}", always_2d=True)
    return out, outcome, json.loads((tmp_path / "out" / "a.redacted.json").read_text())


def amplified(channel):
    return channel / max(float(np.abs(channel).max()), 1e-9) * 0.9


LINES = [
    ("a.wav", {"subtype": "PCM_16"}, -10.0),
    ("a.wav", {"subtype": "PCM_16"}, -70.0),
    ("a.wav", {"subtype": "ULAW"}, -30.0),
    ("a.WAV", {"subtype": "GSM610"}, -20.0),
]


@pytest.mark.parametrize(("name", "options", "level"), LINES)
@pytest.mark.parametrize("tone", [0.04, 0.1])
def test_another_decoder_reads_nothing_from_the_finished_sound(tmp_path, name, options, level, tone):
    samples, spans = dialled(NUMBER, tone=tone, pause=tone, level=level)
    samples = np.pad(samples, (0, -len(samples) % 320))
    assert len(keys(amplified(samples), 8000)) >= 8
    out, outcome, doc = redacted(tmp_path, samples, pipeline(FakeTranscriber({})), name=name, **options)
    # The bleep itself is loud; beside it, what is left is turned up.
    (interval,) = doc["intervals"]
    left = out[:, 0].copy()
    left[int(interval["start"] * 8000) - 80 : int(interval["end"] * 8000) + 80] = 0
    assert keys(out[:, 0], 8000, least=1e-9) == []
    assert keys(amplified(left), 8000) == []
    assert interval["start"] < spans[0][0] < spans[-1][1] < interval["end"]
    assert outcome.findings == (("KEYED_DIGITS", 1),)
    assert doc["text"] == "[KEYED_DIGITS]"
    for suffix in (".txt", ".srt", ".vtt"):
        text = (tmp_path / "out" / f"a.redacted{suffix}").read_text()
        assert "[KEYED_DIGITS]" in text
        assert not set(text.replace("00:00:0", "")) & {"#", "*"}


def test_an_imported_transcript_that_writes_the_digits_down(tmp_path):
    samples, _ = dialled(NUMBER, tone=0.1, pause=0.1)
    words = [{"word": "987654321", "start": 0.7, "end": 2.3, "probability": 1.0}]
    segment = {"start": 0.7, "end": 2.3, "text": "987654321", "words": words}
    (tmp_path / "a.json").write_text(json.dumps({"text": "987654321", "segments": [segment], "language": "en"}))
    out, _, doc = redacted(tmp_path, samples, pipeline(TranscriptReader(tmp_path / "a.json")))
    assert keys(out[:, 0], 8000, least=1e-9) == []
    assert doc["text"] == "[KEYED_DIGITS]"
    assert "987" not in json.dumps({k: v for k, v in doc.items() if k not in ("id", "settings")})


def test_each_party_of_a_call_has_its_own_keys(tmp_path):
    samples, _ = dialled(NUMBER)
    hiss = np.random.default_rng(1).normal(0, 1e-5, (len(samples), 2))
    both = hiss + np.stack([np.zeros(len(samples)), samples], axis=1)
    out, _, doc = redacted(tmp_path, both, pipeline(FakeTranscriber({})))
    assert keys(out[:, 1], 8000, least=1e-9) == []
    assert {i["channel"] for i in doc["intervals"]} == {1}
    assert [f["channel"] for f in doc["findings"]] == [1]


def test_faint_keys_on_a_channel_that_otherwise_is_anothers_copy(tmp_path):
    """What is fainter than the difference that two copies may have is recognised once, but its keys are looked for
    on both.
    """
    samples, _ = dialled(NUMBER, level=-80.0)
    loud = 0.1 * np.sin(2 * np.pi * 300 * np.arange(4000) / 8000)
    voice = np.concatenate([loud, np.zeros(len(samples)), loud])
    other = voice + np.concatenate([np.zeros(4000), samples, np.zeros(4000)])
    spoken = FakeTranscriber({"": [[TimedText("hm", 0.0, 0.5)]]})
    out, _, doc = redacted(tmp_path, np.stack([voice, other], axis=1), pipeline(spoken), subtype="PCM_24", name="a.wav")
    assert [f["label"] for f in doc["findings"]] == ["KEYED_DIGITS"]
    assert keys(amplified(out[4400:-4400, 1]), 8000) == []


def test_a_second_reading_withholds_what_still_holds_keys(tmp_path, monkeypatch):
    samples, _ = dialled(NUMBER)
    made = pipeline(FakeTranscriber({}), verify_with=FakeTranscriber({}))
    _, _, doc = redacted(tmp_path, samples, made)
    assert doc["verification"]["hits"] == 0

    from redactor.audio import decode, read_source

    recording = decode(read_source(tmp_path / "a.wav"))
    kept = parse_policy('name = "x"\nversion = "1"\n[labels]\nKEYED_DIGITS = "keep"').with_changes(unheard_sound="keep")
    plan = made.plan(recording, FakeTranscriber({}), policy=kept)
    assert plan.intervals == ()
    with pytest.raises(VerificationHit, match="KEYED_DIGITS"):
        made.make(recording, plan, "x")
    assert made.make(recording, plan, "x", policy=kept).plan is plan
