"""Transcripts kept in a vault: sealed, believed only if they are what was sealed, and no recognition for another
policy.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from redactor import builders
from redactor.errors import ConfigurationError
from redactor.kept_transcripts import KeptTranscriber
from redactor.log_and_vault import open_kept_transcripts
from redactor.speech import FakeTranscriber, pack_speech, unpack_speech
from redactor.types import ModelInfo, Packed, Speech, TimedText, Transcript, Unheard
from redactor.vault import make_keys

ID = "a" * 64
SAID = [TimedText("Dana", 0.1, 0.4, 0.25), TimedText("Whitlock", None, None, 0.5)]
SOUND = [np.random.default_rng(1).standard_normal(16_000).astype(np.float32) * np.float32(0.1)]


@pytest.fixture
def vault(tmp_path):
    make_keys(tmp_path / "vault", "age")
    return tmp_path / "vault"


class Counting:
    """A recogniser that counts how often it was loaded and used."""

    in_flight = 7

    def __init__(self, said=SAID):
        self.loads = self.calls = 0
        self._said = said

    def load(self):
        self.loads += 1
        return self

    def transcribe(self, channels, *, recording_id, hotwords=None):
        self.calls += 1
        return FakeTranscriber({"": [self._said]}).transcribe(channels, recording_id=recording_id)


def kept(vault, recogniser, settings="base", identity=None):
    return KeptTranscriber(
        open_kept_transcripts(vault, identity),
        info=ModelInfo("fake", "fake"),
        in_flight=4,
        load=recogniser.load,
        settings=settings,
    )


def speech():
    return Speech(
        (Transcript.of(SAID, channel=0), Transcript.of([], channel=1, language="es")),
        (0, 1),
        ModelInfo("faster-whisper", "base", "abc", "int8_float32", "cpu", synthetic_only=True, exact_times=True),
        1.25,
        (Unheard(1, 0.0, 2.5, "speech"),),
        ("one warning",),
        (),
        0.61,
    )


def test_everything_that_was_recognised_comes_back():
    two = [SOUND[0], Packed((SOUND[0] * 16_000).astype(np.int16))]
    assert unpack_speech(pack_speech(speech(), two), two) == speech()


@pytest.mark.parametrize(
    "other", [[], SOUND * 2, [SOUND[0][:-1]], [SOUND[0] * np.float32(1.2)], [np.zeros_like(SOUND[0])]]
)
def test_what_belongs_to_other_sound_is_not_believed(other):
    with pytest.raises(ValueError, match="other channels"):
        unpack_speech(pack_speech(speech(), SOUND), other)


@pytest.mark.parametrize("change", [{"schema": "redactor-speech/0"}, {"speech": {}}, {"speech": None}, {"sound": 3}])
def test_what_another_version_wrote_is_not_believed(change):
    data = json.loads(pack_speech(speech(), SOUND)) | change
    with pytest.raises(ValueError, match=r"version|not what"):
        unpack_speech(json.dumps(data).encode(), SOUND)


def test_a_later_run_recognises_nothing_and_loads_nothing(vault):
    first, second = Counting(), Counting()
    heard = kept(vault, first).transcribe(SOUND, recording_id=ID)
    assert (first.loads, first.calls) == (1, 1)
    assert kept(vault, second).transcribe(SOUND, recording_id=ID) == heard
    assert (second.loads, second.calls) == (0, 0)


def test_the_first_run_loads_before_it_begins_and_a_later_one_when_it_must(vault):
    first, second = Counting(), Counting()
    transcriber = kept(vault, first)
    assert (first.loads, transcriber.in_flight) == (1, 7)
    transcriber.transcribe(SOUND, recording_id=ID)
    transcriber = kept(vault, second)
    assert (second.loads, transcriber.in_flight) == (0, 4)
    transcriber.transcribe(SOUND, recording_id="b" * 64)
    transcriber.transcribe(SOUND, recording_id="c" * 64)
    assert (second.loads, second.calls) == (1, 2)


def test_other_settings_words_to_expect_and_sound_are_recognised_again(vault):
    first, second, third = Counting(), Counting(), Counting()
    kept(vault, first).transcribe(SOUND, recording_id=ID)
    kept(vault, second, settings="base, full window").transcribe(SOUND, recording_id=ID)
    assert second.calls == 1
    again = kept(vault, third)
    again.transcribe(SOUND, recording_id=ID)
    assert third.calls == 0
    again.transcribe(SOUND, recording_id=ID, hotwords="Whitlock")
    again.transcribe(SOUND, recording_id=ID, hotwords="Whitlock")
    assert third.calls == 1
    again.transcribe([SOUND[0] * np.float32(0.5)], recording_id=ID)
    assert third.calls == 2


def test_nothing_in_the_vault_says_what_was_said_or_expected(vault):
    kept(vault, Counting(), settings=("base", "Brunsvold")).transcribe(SOUND, recording_id=ID, hotwords="Whitlock")
    for path in vault.rglob("*"):
        for word in (b"Dana", b"Whitlock", b"Brunsvold"):
            assert word not in path.name.encode()
            assert not path.is_file() or word not in path.read_bytes()


def sealed(vault):
    return sorted((vault / "vault" / "sealed").rglob("*.age"))


def test_a_replaced_transcript_is_not_believed_but_recognised_again(vault):
    kept(vault, Counting()).transcribe(SOUND, recording_id=ID)
    kept(vault, Counting([])).transcribe(SOUND, recording_id="b" * 64)
    one, other = sealed(vault)
    one.write_bytes(other.read_bytes())
    second, third = Counting(), Counting()
    assert kept(vault, second).transcribe(SOUND, recording_id=ID).transcripts[0].text == "Dana Whitlock"
    assert second.calls == 1
    kept(vault, third).transcribe(SOUND, recording_id=ID)
    assert third.calls == 0


def test_a_purged_transcript_is_recognised_and_sealed_again(vault):
    transcripts = open_kept_transcripts(vault, None)
    transcriber = kept(vault, Counting())
    transcriber.transcribe(SOUND, recording_id=ID)
    for item in list(transcripts._vault.items()):
        transcripts._vault.purge(item, by="user:0", why="asked")
    second, third = Counting(), Counting()
    kept(vault, second).transcribe(SOUND, recording_id=ID)
    kept(vault, third).transcribe(SOUND, recording_id=ID)
    assert (second.calls, third.calls) == (1, 0)


def test_without_a_private_key_transcripts_are_only_sealed(vault, tmp_path):
    key = (vault / "organisation.key").rename(tmp_path / "organisation.key")
    first, second, third = Counting(), Counting(), Counting()
    kept(vault, first).transcribe(SOUND, recording_id=ID)
    before = sealed(vault)
    kept(vault, second).transcribe(SOUND, recording_id=ID)
    assert (second.loads, second.calls) == (1, 1)
    assert sealed(vault) == before
    kept(vault, third, identity=key).transcribe(SOUND, recording_id=ID)
    assert third.calls == 0


def test_a_legal_hold_does_not_stop_the_run(vault):
    first, second = Counting(), Counting()
    kept(vault, first).transcribe(SOUND, recording_id=ID)
    open_kept_transcripts(vault, None)._vault.hold(ID, "2026-17", by="user:0")
    kept(vault, second).transcribe([SOUND[0] * np.float32(0.5)], recording_id=ID)
    assert second.calls == 1
    assert len(sealed(vault)) == 1


def test_each_opening_is_in_the_log(vault):
    kept(vault, Counting()).transcribe(SOUND, recording_id=ID)
    kept(vault, Counting()).transcribe(SOUND, recording_id=ID)
    entries = [json.loads(line) for path in (vault / "trail").iterdir() for line in path.read_bytes().splitlines()]
    assert [e["reason"] for e in entries if e["event"] == "vault-opened"] == ["kept-transcript"]


def test_a_vault_without_keys_says_how_to_make_them(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        open_kept_transcripts(tmp_path, None)
    assert "redactor vault keygen" in caught.value.hint


def test_all_that_shapes_recognition_is_in_the_key(vault, monkeypatch):
    """Each change gives another key; the policy and the number of threads are none of them."""
    kinds = []

    class Watching:
        readable = False

        def kind(self, *parts):
            kinds.append(repr(parts))
            return "heard-x"

        def any(self, kind):
            return False

    monkeypatch.setattr(builders, "_loaded", lambda *_: Counting())
    given = builders.RecognitionOptions(model="voicemail-micro", device="cpu")
    builders.build_kept_transcriber(given, Watching(), raw=None)
    changes = {"window": "full", "beam": 2, "hotwords": "Whitlock", "initial_prompt": "Hi", "compute_type": "float32"}
    for change in changes.items():
        builders.build_kept_transcriber(replace(given, **dict([change])), Watching(), raw=None)
    builders.build_kept_transcriber(given, Watching(), raw="ulaw:8000")
    monkeypatch.setattr("redactor.speech.loading.cached_sha256", lambda path: "0" * 64)
    builders.build_kept_transcriber(given, Watching(), raw=None)
    assert len(set(kinds)) == len(kinds) == len(changes) + 3
    builders.build_kept_transcriber(replace(given, threads=2, workers=3, batch_size=4), Watching(), raw=None)
    assert kinds[-1] == kinds[-2]


def test_a_second_ear_is_kept_too(vault, monkeypatch):
    from redactor.speech import resolve

    other = replace(resolve("voicemail-micro"), path=resolve("voicemail-micro").path / ".")
    monkeypatch.setattr(builders, "_loaded", lambda *_: Counting())
    monkeypatch.setattr("redactor.speech.second_checkpoint", lambda *_, **__: replace(other, path=other.path.parent))
    monkeypatch.setattr(builders, "resolve_checkpoint", lambda given: replace(other, max_window=5.0))
    given = builders.RecognitionOptions(model="voicemail-micro")
    ear = builders.build_second_ear("auto", given, kept=open_kept_transcripts(vault, None))
    assert isinstance(ear, KeptTranscriber)


CLI = ("--model", "voicemail-micro", "--unheard", "bleep")


def test_the_command_takes_another_policy_without_recognition(call, toy_recordings, tmp_path, monkeypatch):
    toy_recordings(tmp_path / "in", 2)
    assert call("vault", "keygen", "--out", tmp_path / "vault")[0] == 0
    given = ("redact", tmp_path / "in", *CLI, "--keep-transcripts", tmp_path / "vault", "--out", tmp_path / "out")
    assert call(*given)[0] == 0
    first = {p.name: json.loads(p.read_text()) for p in (tmp_path / "out").glob("*.redacted.json")}

    def forbidden(*_):
        raise AssertionError("a checkpoint was loaded")

    monkeypatch.setattr(builders, "_loaded", forbidden)
    code, _, err = call(*given, "--policy", "clinical")
    assert code == 0, err
    second = {p.name: json.loads(p.read_text()) for p in (tmp_path / "out").glob("*.redacted.json")}
    assert second.keys() == first.keys()
    for name, document in second.items():
        assert (first[name]["policy"], document["policy"]) == ("deidentify/1", "clinical/1")
        assert document["model"] == first[name]["model"]
        assert [w["start"] for w in document["words"] if not w["redacted"]]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--keep-transcripts", "v", "--transcript", "t.json"), "recognised on this machine"),
        (("--keep-transcripts", "v", "--cluster", "local"), "recognised on this machine"),
        (("--vault-identity", "k"), "is for --keep-transcripts"),
        (("--keep-transcripts", "v"), "has no keys"),
    ],
)
def test_options_that_do_not_go_together(call, message, tmp_path, monkeypatch, more, says):
    monkeypatch.chdir(tmp_path)
    code, _, err = call("redact", message[0], *CLI, "--out", tmp_path / "out", *more)
    assert code == 78
    assert says in err
