"""The benchmark archive: its texts, what is planned for each message, and the labels; a fake voice speaks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import voicemails

import sample_audio.compose
from models.tts import Speech, SynthesisError, Word
from redactor.labels import load_labels
from redactor.types import LABELS
from sample_audio.markup import parse

ROOT = Path(__file__).resolve().parents[2]
SPOKEN_WORD = 0.25  # s


def fake(text: str, voice: str, *, rate: float = 1.0, pitch: float = 1.0, sample_rate: int = 16000) -> Speech:
    """A burst of noise for each token."""
    tokens = text.split()
    size = round(SPOKEN_WORD * sample_rate)
    samples = np.random.default_rng(len(text)).uniform(-0.5, 0.5, size * len(tokens)).astype(np.float32)
    words = [Word(token, k * SPOKEN_WORD, (k + 1) * SPOKEN_WORD) for k, token in enumerate(tokens)]
    return Speech(samples, sample_rate, tuple(words))


def plan() -> list[dict[str, object]]:
    return [voicemails.planned(number, text) for number, _, text in voicemails.ordered(voicemails.texts())]


def test_texts_can_be_spoken_and_are_labelled_in_our_terms() -> None:
    found = voicemails.texts()
    assert sum(map(len, found.values())) >= voicemails.FILES
    seen = Counter(span.label for hand in found.values() for m in hand for span in parse(m["script"]).spans)
    assert set(seen) <= set(LABELS)
    assert len(seen) >= 18


@pytest.mark.parametrize(
    ("script", "identity"),
    [("Hi, [NAME|Dana] here.", "in-a1"), ("Hi there.", "a1"), ("Call [PHONE_NUMBER|555].", "in-a1"), ("Hi.", "in-b1")],
)
def test_a_bad_text_is_refused(tmp_path: Path, script: str, identity: str) -> None:
    (tmp_path / "a.toml").write_text(f'[[message]]\nid = "{identity}"\nscript = "{script}"\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text('[[message]]\nid = "in-b1"\nscript = "Hello."\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        voicemails.texts(tmp_path)


def test_a_number_gives_one_message_whatever_follows(tmp_path: Path) -> None:
    assert plan() == plan()
    found = voicemails.texts()
    fewer = {hand: messages[:9] for hand, messages in found.items()}
    assert [voicemails.planned(number, text) for number, _, text in voicemails.ordered(fewer)] == plan()[:27]
    number, _, text = next(voicemails.ordered(found))
    assert voicemails.planned(number, text) != voicemails.planned(number, text, attempt=1)


def test_the_first_messages_are_a_fair_part() -> None:
    whole, part = plan(), plan()[:60]
    for messages in (whole, part):
        formats = Counter(m["format"] for m in messages)
        assert max(formats.values()) - min(formats.values()) <= 3
        noisy = sum("noise" in m for m in messages) / len(messages)
        assert 0.4 <= noisy <= 0.6
        kokoro = Counter(m["voice"] for m in messages if str(m["voice"]).startswith("kokoro/"))
        assert max(kokoro.values()) - min(kokoro.values()) <= 1
        assert len(kokoro) == len(voicemails.KOKORO)
    hands = [hand for _, hand, _ in voicemails.ordered(voicemails.texts())]
    assert hands[:6] == list("abcabc")


def test_no_voice_of_the_samples_speaks_here() -> None:
    scripts = voicemails.tomllib.loads((ROOT / "sample_audio" / "scripts.toml").read_text(encoding="utf-8"))["message"]
    samples = {voice for message in scripts for voice in message.get("voices", [message.get("voice")])}
    assert not samples & {str(message["voice"]) for message in plan()}


def test_an_archive_is_labelled_and_grows_without_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_audio.compose, "say", fake)
    monkeypatch.setattr(voicemails, "babble", lambda n, _rate, rng: rng.standard_normal(n).astype(np.float32))
    first = voicemails.archive(2, tmp_path)
    content = (tmp_path / first[0]["file"]).read_bytes()
    more = voicemails.archive(6, tmp_path)
    assert more[:2] == first
    assert (tmp_path / first[0]["file"]).read_bytes() == content
    monkeypatch.setattr(sample_audio.compose, "say", None)  # nothing more is spoken
    assert voicemails.archive(2, tmp_path) == first
    assert {soundfile.info(tmp_path / row["file"]).subtype for row in more} == {"ULAW", "PCM_16", "GSM610"}
    for row, labelled in zip(more, load_labels(tmp_path), strict=True):
        assert labelled.path == tmp_path / row["file"]
        assert labelled.channels[0].transcript.text == row["channels"][0]["text"]
        samples, rate = soundfile.read(tmp_path / row["file"])
        assert -31 < 20 * np.log10(np.abs(samples).max()) < -10
        if "dB" not in row["condition"]:  # the labels lie on the sound
            for word in row["channels"][0]["words"][1:-1]:
                heard = samples[round((word["start"] + 0.05) * rate) : round((word["end"] - 0.05) * rate)]
                assert heard.std() > 0.1 * np.abs(samples).max()
        assert {"hand", "voice", "condition", "rate", "pitch"} <= set(row)


def test_a_row_that_would_be_made_otherwise_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_audio.compose, "say", fake)
    monkeypatch.setattr(voicemails, "babble", lambda n, _rate, rng: rng.standard_normal(n).astype(np.float32))
    before = voicemails.archive(1, tmp_path)
    with (tmp_path / "labels.jsonl").open("a", encoding="utf-8") as lines:
        lines.write('{"id": "in-a002", "file"')  # killed while writing
    monkeypatch.setattr(voicemails, "RECIPE", "other")
    after = voicemails.archive(1, tmp_path)
    assert after[0]["made_from"] != before[0]["made_from"]
    assert [json.loads(x) for x in (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()] == after


def test_a_message_that_nobody_can_speak_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def mumbling(text: str, voice: str, **options: float) -> Speech:
        asked.append(voice)
        if len(set(asked)) <= voicemails.TRIES and len(asked) <= voicemails.TRIES:
            raise SynthesisError("not found")
        return fake(text, voice)

    monkeypatch.setattr(sample_audio.compose, "say", mumbling)
    monkeypatch.setattr(voicemails, "babble", lambda n, _rate, rng: rng.standard_normal(n).astype(np.float32))
    rows = voicemails.archive(2, tmp_path)
    assert [row["number"] for row in rows] == [1, 2]
