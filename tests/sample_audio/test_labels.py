"""The sample recordings match their labels. No speech engine is needed."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sample_audio import codecs
from sample_audio.compose import scripts
from sample_audio.make import messages

FOLDER = Path(__file__).parents[2] / "sample_audio"
LABELS = [json.loads(line) for line in (FOLDER / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
MESSAGES = {message["id"]: message for message in messages()}
CHANNELS = [(label, channel) for label in LABELS for channel in label["channels"]]
ORDINARY = [label for label in LABELS if label["outcome"] == "redacted"]
EVERY_LABEL = set(
    "PERSON PHONE_NUMBER EMAIL_ADDRESS LOCATION DATE_TIME US_SSN URL AGE MEDICAL_RECORD_NUMBER HEALTH_PLAN_ID "
    "ACCOUNT_NUMBER LICENSE_NUMBER VEHICLE_ID DEVICE_ID OTHER_ID ORGANIZATION MEDICATION CONDITION LAB_RESULT "
    "PROCEDURE SPECIALTY BILLING".split()
)
AUDIO_SUFFIXES = {form.suffix for form in codecs.FORMATS.values()}

each_file = pytest.mark.parametrize("label", LABELS, ids=lambda label: label["id"])
each_channel = pytest.mark.parametrize(("label", "channel"), CHANNELS, ids=lambda x: x.get("id", x.get("channel")))
each_ordinary_channel = pytest.mark.parametrize(
    ("label", "channel"),
    [(label, channel) for label in ORDINARY for channel in label["channels"]],
    ids=lambda x: x.get("id", x.get("channel")),
)


@cache
def decodings(name: str) -> list[tuple[np.ndarray, int]]:
    """One file decoded by libsndfile (where supported) and by FFmpeg."""
    return [d for d in (codecs.read_soundfile(FOLDER / name), codecs.read_av(FOLDER / name)) if d]


def test_every_file_is_labelled_and_every_label_has_a_file() -> None:
    folders = ("incoming", "outgoing", "hard")
    on_disk = {p.relative_to(FOLDER).as_posix() for way in folders for p in (FOLDER / way).iterdir()}
    assert {label["file"] for label in LABELS} == on_disk
    assert {Path(name).suffix for name in on_disk} == AUDIO_SUFFIXES
    assert {label["format"] for label in ORDINARY} == {form.title for form in codecs.FORMATS.values()}
    assert [label["id"] for label in LABELS] == list(MESSAGES)


def test_the_catalogue_is_large_enough_and_of_voices() -> None:
    assert len(ORDINARY) >= 40
    assert len({voice for label in ORDINARY for voice in label["voices"]}) >= 20


def test_the_folder_is_small() -> None:
    assert sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()) < 10_000_000


def test_every_kind_of_finding_appears() -> None:
    found = {s["label"] for _, channel in CHANNELS for s in channel["spans"] if s["tier"] == "must"}
    assert found == EVERY_LABEL
    assert any(not channel["spans"] for _, channel in CHANNELS)


def test_readme_lists_every_file() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {label['file']} |" in readme for label in LABELS)


@each_file
def test_labels_follow_the_scripts(label: dict[str, Any]) -> None:
    message = MESSAGES[label["id"]]
    for channel, script in zip(label["channels"], scripts(message, len(label["channels"])), strict=True):
        assert channel["text"] == script.text
        assert [(s["start"], s["end"], s["label"], s["tier"]) for s in channel["spans"]] == list(script.spans)
    assert label["outcome"] == message.get("outcome", "redacted")
    assert label.get("why") == message.get("why")
    assert label.get("breaks") == message.get("breaks")
    assert ("breaks" in label) == (label["direction"] == "out")


def test_a_party_a_channel() -> None:
    label = next(label for label in ORDINARY if len(label["channels"]) == 2)
    lines = MESSAGES[label["id"]]["script"].strip().splitlines()
    for channel, party in zip(label["channels"], "AB", strict=True):
        said = [line for line in lines if line.startswith(party)]
        assert len(said) >= 3
        for line in said:
            last = re.sub(r"[\[\]{}|]", " ", line).split()[-1]
            assert last.strip(".?!") in channel["text"]


@each_channel
def test_offsets_slice_the_text(label: dict[str, Any], channel: dict[str, Any]) -> None:
    text = channel["text"]
    assert " ".join(w["text"] for w in channel["words"]) == text
    assert all(text[w["char_start"] : w["char_end"]] == w["text"] for w in channel["words"])
    end = 0
    for span in channel["spans"]:
        assert end <= span["start"] < span["end"]
        assert text[span["start"] : span["end"]] == span["text"] == span["text"].strip(" ,.?!")
        assert span["tier"] in {"must", "may"}
        end = span["end"]


@each_channel
def test_word_times_are_monotone_and_inside(label: dict[str, Any], channel: dict[str, Any]) -> None:
    last, turned = 0.0, 0
    for word in channel["words"]:
        turned += last > word["start"]
        assert 0 <= word["start"] < word["end"] <= label["duration"]
        last = word["end"]
    assert turned == (label["id"] == "hard-two-voices")


@each_channel
def test_intervals_are_the_words_of_their_spans(label: dict[str, Any], channel: dict[str, Any]) -> None:
    for span, interval in zip(channel["spans"], channel["intervals"], strict=True):
        words = [w for w in channel["words"] if w["char_start"] < span["end"] and span["start"] < w["char_end"]]
        assert interval == {"start": words[0]["start"], "end": words[-1]["end"], "label": span["label"]}


@each_channel
def test_numbers_are_fictional(label: dict[str, Any], channel: dict[str, Any]) -> None:
    for span in channel["spans"]:
        if span["label"] == "PHONE_NUMBER" and "extension" not in channel["text"][: span["start"]][-11:]:
            assert re.fullmatch(r"(\d{3}-555-)?01\d\d", span["text"]), span
        if span["label"] in {"EMAIL_ADDRESS", "URL"}:
            assert re.search(r"(^|[@. /]|at )example(\.| dot )(com|org|net)", span["text"]), span
        if span["label"] == "US_SSN":
            assert span["text"].startswith("9"), span


@each_file
def test_decodes_to_the_stated_duration(label: dict[str, Any]) -> None:
    assert (5 if label["id"].startswith("hard-") else 12) <= label["duration"] <= 30
    for samples, sample_rate in decodings(label["file"]):
        assert sample_rate == label["sample_rate"]
        assert samples.shape[1] == len(label["channels"])
        assert len(samples) / sample_rate == pytest.approx(label["duration"], abs=0.001)


@each_file
def test_decoders_share_one_clock(label: dict[str, Any]) -> None:
    first, *others = decodings(label["file"])
    for other in others:
        assert abs(codecs.delay(*other, *first)) < 0.015


@each_file
def test_files_carry_no_tags(label: dict[str, Any]) -> None:
    assert codecs.tags(FOLDER / label["file"]) == {}
    head = (FOLDER / label["file"]).read_bytes()
    assert not head.startswith(b"ID3")
    assert b"TAG" not in head[-128:-124]
    assert b"LIST" not in head[:400]


@each_ordinary_channel
def test_speech_is_where_the_words_are(label: dict[str, Any], channel: dict[str, Any]) -> None:
    samples, sample_rate = decodings(label["file"])[0]
    heard = samples[:, channel["channel"]]
    times = np.arange(len(heard)) / sample_rate
    inside, outside = np.zeros(len(heard), dtype=bool), np.zeros(len(heard), dtype=bool)
    for word in channel["words"]:
        inside |= (times >= word["start"]) & (times < word["end"])
    for before, after in zip(channel["words"], channel["words"][1:], strict=False):
        outside |= (times > before["end"] + 0.06) & (times < after["start"] - 0.06)
    level = 10 * np.log10(np.mean(heard[inside] ** 2))
    assert -30 < level < -16
    assert np.abs(heard).max() <= 1.0
    assert level - 10 * np.log10(np.mean(heard[outside] ** 2)) > 12


@each_file
def test_telephone_recordings_have_the_telephone_band(label: dict[str, Any]) -> None:
    if "telephone" not in label["conditions"]:
        pytest.skip("wide band")
    samples, sample_rate = decodings(label["file"])[0]
    power = np.abs(np.fft.rfft(samples[:, 0])) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    assert power[(frequency > 200) & (frequency < 3600)].sum() > 0.9 * power.sum()
