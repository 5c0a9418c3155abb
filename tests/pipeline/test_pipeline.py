"""The composition: real audio, policy, render and keep rooms around a scripted recogniser and a scripted detector."""

import json
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
import pytest
import soundfile

from redactor import builders
from redactor.errors import ConfigurationError, ModelUnavailable, RecognitionFailed
from redactor.pipeline import Pipeline
from redactor.policy import load_policy
from redactor.render import Replacer
from redactor.speech.fake import FAKE, FakeTranscriber
from redactor.storage import ArchiveJournal, Item, list_inputs
from redactor.types import Finding, Status, TimedText

WORDS = [
    TimedText("this", 0.5, 0.8),
    TimedText("is", 0.9, 1.1),
    TimedText("Dana", 1.2, 1.6),
    TimedText("Whitlock", 1.7, 2.3),
    TimedText("please", 2.6, 3.0),
    TimedText("call", 3.1, 3.4),
    TimedText("back", 3.5, 3.9),
]
SECRETS = ("Dana", "Whitlock")


class Finder:
    """Finds the secrets wherever they stand."""

    def search(self, transcripts):
        return (tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts)

    def detect(self, text):
        return tuple(
            Finding("PERSON", text.index(s), text.index(s) + len(s), 0.9, "scripted")
            for s in SECRETS
            if s.lower() in text.lower() and s in text
        )


def voice(rate, seconds=4.5, seed=1):
    rng = np.random.default_rng(seed)
    n = int(rate * seconds)
    t = np.arange(n) / rate
    loud = np.full(n, 0.0003)
    for word in WORDS:
        loud[int(word.start * rate) : int(word.end * rate)] = 0.15
    tone = sum(np.sin(2 * np.pi * k * (130 + 20 * np.sin(2 * t)) * t) / k for k in range(1, 15))
    return (loud * (tone + 0.3 * rng.standard_normal(n))).clip(-0.9, 0.9)


def pipeline(script, **kwargs):
    transcriber = kwargs.pop("transcriber", None) or FakeTranscriber({"": script})
    given = {"detector": Finder(), "policy": load_policy("deidentify"), "replacer": Replacer(), **kwargs}
    return Pipeline(transcriber_for=lambda _: transcriber, **given)


def one(path):
    return Item(1, path, PurePath(path.name), PurePath(path.stem))


def document(out, stem="a"):
    return json.loads((out / f"{stem}.redacted.json").read_text())


@pytest.mark.parametrize(
    ("name", "rate", "options"),
    [
        ("a.wav", 8000, {"subtype": "PCM_16"}),
        ("a.wav", 8000, {"subtype": "ULAW"}),
        ("a.wav", 16000, {"subtype": "PCM_24"}),
        ("a.WAV", 8000, {"subtype": "GSM610"}),
        ("a.flac", 16000, {}),
        ("a.mp3", 16000, {}),
        ("a.ogg", 48000, {"format": "OGG", "subtype": "OPUS"}),
    ],
)
@pytest.mark.parametrize("style", ["tone", "silence", "noise"])
def test_every_artefact_says_the_same(tmp_path, name, rate, options, style):
    soundfile.write(tmp_path / name, voice(rate), rate, **options)
    out = tmp_path / "out"
    outcome = pipeline([WORDS], style=style).process(one(tmp_path / name), out)
    assert outcome.status is Status.REDACTED, outcome
    doc = document(out)
    assert doc["text"] == "this is [PERSON] [PERSON] please call back"
    assert (out / "a.redacted.txt").read_text().strip() == doc["text"]
    for suffix in (".srt", ".vtt"):
        shown = (out / f"a.redacted{suffix}").read_text()
        assert "[PERSON]" in shown
        assert not any(s in shown for s in SECRETS)
    before, _ = soundfile.read(tmp_path / name)
    after, after_rate = soundfile.read(next(p for p in out.iterdir() if p.suffix == Path(name).suffix))
    assert after_rate == rate
    assert len(after) == len(before)
    a, b = int(1.2 * rate), int(2.3 * rate)
    likeness = abs(before[a:b] @ after[a:b]) / (np.linalg.norm(before[a:b]) * np.linalg.norm(after[a:b]) + 1e-9)
    assert likeness < 0.2
    kept = slice(int(3.2 * rate), int(3.8 * rate))
    assert np.corrcoef(before[kept], after[kept])[0, 1] > 0.9
    assert doc["intervals"][0]["start"] <= 1.2
    assert doc["intervals"][0]["end"] >= 2.3


def test_two_parties_are_bleeped_apart(tmp_path):
    left, right = voice(8000, seed=1), np.roll(voice(8000, seed=2), 900)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), 8000)
    other = [w._replace(text="nothing", start=w.start + 0.11, end=w.end + 0.11) for w in WORDS]
    out = tmp_path / "out"
    assert pipeline([WORDS, other]).process(one(tmp_path / "a.wav"), out).status is Status.REDACTED
    doc = document(out)
    assert {i["channel"] for i in doc["intervals"]} == {0}
    before, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    after, _ = soundfile.read(out / "a.redacted.wav", dtype="int16")
    assert (before[:, 1] == after[:, 1]).all()
    assert (before[:, 0] != after[:, 0]).any()
    assert "[channel 0]" in doc["text"]


def test_mono_stored_as_stereo_is_recognised_once_and_bleeped_twice(tmp_path):
    mono = voice(8000)
    soundfile.write(tmp_path / "a.wav", np.stack([mono, mono], 1), 8000)
    out = tmp_path / "out"
    assert pipeline([WORDS]).process(one(tmp_path / "a.wav"), out).status is Status.REDACTED
    assert {i["channel"] for i in document(out)["intervals"]} == {0, 1}


def test_crosstalk_is_bleeped_too(tmp_path):
    """The caller's voice, 12 dB down and 5 ms late, on the other party's channel must not give the name away."""
    left = voice(8000)
    right = 0.25 * np.roll(left, 40) + 0.0005 * np.random.default_rng(5).standard_normal(len(left))
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), 8000)
    out = tmp_path / "out"
    quiet = [w._replace(text="mumble") for w in WORDS]
    assert pipeline([WORDS, quiet]).process(one(tmp_path / "a.wav"), out).status is Status.REDACTED
    assert {i["channel"] for i in document(out)["intervals"]} == {0, 1}


class Broken:
    info = FakeTranscriber({}).info

    def transcribe(self, channels, *, recording_id):
        raise RecognitionFailed("The engine stopped.")


class Rude:
    info = FakeTranscriber({}).info

    def transcribe(self, channels, *, recording_id):
        raise ValueError("Dana Whitlock said something unexpected")


@pytest.mark.parametrize(("transcriber", "reason"), [(Broken(), "recognition-failed"), (Rude(), "internal-error")])
def test_engine_failures_are_outcomes_without_speech(tmp_path, transcriber, reason):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    outcome = pipeline([], transcriber=transcriber).process(one(tmp_path / "a.wav"), tmp_path / "out")
    assert (outcome.status, outcome.reason) == (Status.FAILED, reason)
    assert "Whitlock" not in repr(outcome)
    assert not (tmp_path / "out").exists()


def test_speech_without_words_is_quarantined_and_removes_what_an_earlier_run_left(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    out = tmp_path / "out"
    assert pipeline([WORDS]).process(one(tmp_path / "a.wav"), out).status is Status.REDACTED
    assert pipeline([], transcriber=Broken()).process(one(tmp_path / "a.wav"), out).status is Status.FAILED
    assert list(out.iterdir()) == []


class Talkative:
    """Hears the name in the redacted audio as well: as if the bleep had missed."""

    info = FakeTranscriber({}).info

    def transcribe(self, channels, *, recording_id):
        return FakeTranscriber({"": [[TimedText("Whitlock", 3.1, 3.8)]]}).transcribe(
            channels, recording_id=recording_id
        )


def test_verify_quarantines_a_hit(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    outcome = pipeline([WORDS], verify_with=Talkative()).process(one(tmp_path / "a.wav"), tmp_path / "out")
    assert (outcome.status, outcome.reason) == (Status.QUARANTINED, "verification-hit")
    assert not (tmp_path / "out").exists()


def test_a_bleep_that_does_nothing_is_caught(tmp_path, monkeypatch):
    """Whatever goes wrong between plan and file, the encoded bytes are checked."""
    monkeypatch.setattr("redactor.pipeline.bleep", lambda recording, intervals, style: recording.samples.copy())
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    outcome = pipeline([WORDS]).process(one(tmp_path / "a.wav"), tmp_path / "out")
    assert (outcome.status, outcome.reason) == (Status.QUARANTINED, "verification-hit")


@pytest.mark.parametrize(
    ("relative", "names", "expected"),
    [
        ("INBOX/msg0001.wav", "auto", "INBOX/msg0001"),
        ("INBOX/Dana_call.wav", "auto", "INBOX/{id}"),
        ("Dana/msg0001.wav", "auto", "{id}"),
        ("INBOX/from_2065550142.wav", "auto", "INBOX/{id}"),
        ("INBOX/206-555-0142.wav", "auto", "INBOX/{id}"),
        ("INBOX/msg0001.wav", "id", "INBOX/{id}"),
        ("Dana/Whitlock.wav", "keep", "Dana/Whitlock"),
    ],
)
def test_output_names(tmp_path, relative, names, expected):
    path = tmp_path / "in" / relative
    path.parent.mkdir(parents=True)
    soundfile.write(path, voice(8000), 8000)
    listing = list_inputs([tmp_path / "in"], is_audio=lambda _: True)
    out = tmp_path / "out"
    outcome = pipeline([WORDS], names=names).process(listing.items[0], out)
    assert outcome.status is Status.REDACTED, outcome
    assert (out / (expected.format(id=outcome.id) + ".redacted.json")).is_file()


def test_resume_redoes_only_what_changed(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    out = tmp_path / "out"
    item = one(tmp_path / "a.wav")
    out.mkdir()

    def again(**kwargs):
        with closing(ArchiveJournal(out)) as journal:
            return pipeline([WORDS], **kwargs).process(item, out, journal=journal).status

    assert again() is Status.REDACTED
    assert again() is Status.SKIPPED
    assert again(style="noise") is Status.REDACTED
    (out / "a.redacted.json").write_text("{")
    assert again(style="noise") is Status.REDACTED
    soundfile.write(tmp_path / "a.wav", 0.5 * voice(8000), 8000)
    assert again(style="noise") is Status.REDACTED


def test_resume_redoes_what_other_settings_made_or_somebody_damaged(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    out, item = tmp_path / "out", one(tmp_path / "a.wav")
    out.mkdir()

    def again(**kwargs):
        with closing(ArchiveJournal(out)) as journal:
            return pipeline([WORDS], **kwargs).process(item, out, journal=journal).status

    assert again(extra_settings="beam 5") is Status.REDACTED
    assert again(extra_settings="beam 5") is Status.SKIPPED
    assert again(extra_settings="beam 1") is Status.REDACTED
    int8 = FakeTranscriber({"": [WORDS]}, info=replace(FakeTranscriber({}).info, compute_type="int8"))
    assert again(extra_settings="beam 1", transcriber=int8) is Status.REDACTED
    assert again(extra_settings="beam 1", transcriber=int8) is Status.SKIPPED
    for suffix in (".wav", ".srt"):
        (out / f"a.redacted{suffix}").unlink()
        assert again(extra_settings="beam 1", transcriber=int8) is Status.REDACTED
    assert again(extra_settings="beam 1", transcriber=int8) is Status.SKIPPED


def test_characters_that_nobody_sees_hide_no_name(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    odd = [
        w._replace(text="Whit\u200blo\u00adck\x1b[0m" if w.text == "Whitlock" else f"\x00{w.text}\ud83d") for w in WORDS
    ]
    out = tmp_path / "out"
    assert pipeline([odd]).process(one(tmp_path / "a.wav"), out).status is Status.REDACTED
    assert document(out)["text"] == "this is [PERSON] [PERSON] please call back"


def test_a_recording_that_is_there_twice_keeps_its_artefacts(tmp_path):
    """Two names with PHI, the same bytes: one id. A failure with the second does not undo the first."""
    for name in ("Dana.wav", "Whitlock.wav"):
        soundfile.write(tmp_path / name, voice(8000), 8000)
    out = tmp_path / "out"
    both = Pipeline(
        transcriber_for=lambda item: FakeTranscriber({"": [WORDS]}) if item.number == 1 else Broken(),
        detector=Finder(),
        policy=load_policy("deidentify"),
        replacer=Replacer(),
    )
    items = list_inputs([tmp_path], is_audio=lambda p: p.suffix == ".wav", outside=out).items
    assert [o.status for o in both.run(items, out)] == [Status.REDACTED, Status.FAILED]
    assert len(list(out.iterdir())) == 5


def test_originals_stay(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, voice(8000), 8000)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    pipeline([WORDS]).process(one(path), tmp_path / "out")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_witness_that_waits_holds_up_no_computing(tmp_path):
    """It asks disks and databases: with the CPU semaphore held, other recordings could neither be decoded nor heard
    meanwhile.
    """
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    cpu_semaphore = threading.BoundedSemaphore(1)
    free = []

    def before_save(*_):
        free.append(cpu_semaphore.acquire(blocking=False))
        cpu_semaphore.release()

    outcome = pipeline([WORDS], cpu_semaphore=cpu_semaphore, before_save=before_save).process(
        one(tmp_path / "a.wav"), tmp_path / "out"
    )
    assert outcome.status is Status.REDACTED, outcome
    assert free == [True]


SECOND = replace(FAKE, name="second")


def misheard(text, confidence):
    """The words with the surname misheard, with this confidence."""
    return [[w._replace(text=text, confidence=confidence) if w.text == "Whitlock" else w for w in WORDS]]


@pytest.mark.parametrize(("confidence", "covered"), [(0.6, True), (0.95, False)])
def test_a_second_ear_is_believed_where_the_first_was_unsure(tmp_path, confidence, covered):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    made = pipeline(misheard("wet-lock", confidence), second_ear=FakeTranscriber({"": [WORDS]}, info=SECOND))
    assert made.process(one(tmp_path / "a.wav"), tmp_path / "out").status is Status.REDACTED
    doc = document(tmp_path / "out")
    assert ("wet-lock" not in json.dumps(doc)) is covered
    assert any(i["start"] <= 1.7 and i["end"] >= 2.3 for i in doc["intervals"]) is covered
    assert ("[UNTRANSCRIBED]" in doc["text"]) is covered


def test_what_a_second_ear_does_not_understand_changes_nothing(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    outcome = pipeline([WORDS], second_ear=FakeTranscriber({}, info=SECOND)).process(
        one(tmp_path / "a.wav"), tmp_path / "out"
    )
    assert outcome.status is Status.REDACTED
    assert document(tmp_path / "out")["text"] == "this is [PERSON] [PERSON] please call back"


def test_another_second_ear_makes_other_artefacts():
    plain, other = (pipeline([WORDS], second_ear=ear) for ear in (None, FakeTranscriber({}, info=SECOND)))
    transcriber = FakeTranscriber({"": [WORDS]})
    assert plain.settings(transcriber) != other.settings(transcriber)


def test_auto_needs_a_smaller_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr("redactor.speech.second_checkpoint", lambda *_, **__: None)
    with pytest.raises(ModelUnavailable, match="no smaller checkpoint"):
        builders.build_second_ear("auto", builders.RecognitionOptions(model="voicemail-micro"))


def test_the_first_checkpoint_is_no_second_ear():
    with pytest.raises(ConfigurationError, match="recognises already"):
        builders.build_second_ear("voicemail-micro", builders.RecognitionOptions(model="voicemail-micro"))


UNSURE = [word._replace(confidence=0.1) if word.text in ("please", "call") else word for word in WORDS]


def test_doubt_is_in_outcome_and_document_and_withholds_above_the_policys_limit(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(8000), 8000)
    sure = pipeline([WORDS]).process(one(tmp_path / "a.wav"), tmp_path / "sure")
    unsure = pipeline([UNSURE]).process(one(tmp_path / "a.wav"), tmp_path / "unsure")
    assert 0 < sure.doubt < unsure.doubt < 1
    doubt = document(tmp_path / "unsure")["doubt"]
    assert doubt["probability"] == unsure.doubt
    assert any(s["start"] <= 2.6 and s["end"] >= 3.4 for s in doubt["stretches"])
    strict = load_policy("deidentify").with_changes(max_doubt=(sure.doubt + unsure.doubt) / 2)
    real = replace(FAKE, synthetic_only=False)

    def under(script, out):
        transcriber = FakeTranscriber({"": [script]}, info=real)
        return pipeline([], transcriber=transcriber, policy=strict).process(one(tmp_path / "a.wav"), tmp_path / out)

    assert under(WORDS, "1").status is Status.REDACTED
    withheld = under(UNSURE, "2")
    assert (withheld.status, withheld.reason) == (Status.QUARANTINED, "doubtful")
    assert not list((tmp_path / "2").glob("a.*"))


def test_another_limit_is_another_setting():
    limited = pipeline([WORDS], policy=load_policy("deidentify").with_changes(max_doubt=0.5))
    transcriber = FakeTranscriber({"": [WORDS]})
    assert limited.settings(transcriber) != pipeline([WORDS]).settings(transcriber)
