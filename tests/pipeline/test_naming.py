"""Which input names may be output names, around a detector that knows two names."""

import os
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from redactor.output_names import OutputNames, readings
from redactor.phi import build_detector
from redactor.storage import Item
from redactor.types import Finding

ID = "f" * 64


class Finder:
    def search(self, transcripts):
        return (tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts)

    def detect(self, text):
        return tuple(
            Finding("PERSON", text.index(s), text.index(s) + len(s), 0.9, "scripted")
            for s in ("Dana", "Whitlock")
            if s in text
        )


def named(relative, mode="auto"):
    stem = PurePath(relative)
    return OutputNames(Finder(), mode=mode, min_score=0.35).stem(Item(1, Path("x"), stem, stem), ID)


@pytest.mark.parametrize(
    "name",
    [
        "Whitlock,Dana_19620314",
        "DanaWhitlock",
        "msgFromDana",
        "dana_whitlock",
        "DANA WHITLOCK",
        "danawhitlock",
        "dwhitlock",
        "5550142-20260114",
        "206.555.0142",
        "+1(206)555-0142",
        "x206x555x0142",
        "3-14-62",
        "03_14_62",
        "03_14_1962",
        "patient_88213",
        "MRN88213",
        "20260114T1530",
        "line\nbreak",
        "smith",
        "lee",
        "brown",
        "white",
        "smith-2024",
        "Lee_Brown",
        "msg0001-jones",
        "\uff33mith",
        "s\u0301mith",
        "Ng",
        "call-from-garc\u00eda",
        "Whitlok",
        "zzyzxov",
        "\u0418\u0432\u0430\u043d",
        "\u00b2\u2070\u2076-\u2075\u2075\u2075-\u2070\u00b9\u2074\u00b2",
        "\u2461\u24ea\u2465\u2464\u2464\u2464\u24ea",
        "\u0662\u0660\u0666\u0665\u0665\u0665\u0660",
        "\uff12\uff10\uff16\uff15\uff15\uff15\uff10",
        "\x1b[2J",
        "\u202egnp",
        os.fsdecode(b"\xff\xfe"),
        "n" * 240,
    ],
)
def test_names_that_become_the_id(name):
    assert named(name) == Path(ID)
    assert named(f"INBOX/{name}") == Path("INBOX", ID)
    assert named(f"{name}/msg0001") == Path(ID)


@pytest.mark.parametrize(
    "name",
    [
        "msg0001",
        "INBOX/msg0001",
        "Urgent/msg0012",
        "in-01",
        "05-good",
        "recording_2026",
        "voicemail",
        "default/100/Old/msg0000",
        "t\u00e9st",
        "-rf",
        "a.b",
        "archive-3-of-12",
        "hello-test",
        "voicemail" + "-msg" * 50,
        "vm",
        "2024",
        "2024-vm",
        "VoiceMail_Test2",
        "cust1",
        "a",
        "msg\u00b2",
        "INBOX/Family/msg0003",
        "hold-music",
        "nothing-said",
    ],
)
def test_names_that_stay(name):
    assert named(name) == Path(name)


@pytest.fixture(scope="module")
def detector():
    return build_detector()


def real(name, detector):
    stem = PurePath(name)
    return OutputNames(detector, mode="auto", min_score=0.35).stem(Item(1, Path("x"), stem, stem), ID)


@pytest.mark.parametrize(
    "name",
    [
        "E001",
        "e-17",
        "A0042",
        "msg0004",
        "msg0004-in",
        "MSG_0004",
        "rec-17",
        "Recording 17",
        "recording_2026",
        "voicemail_12",
        "voicemail-msg-0003",
        "vm12",
        "call_0042",
        "in-01",
        "out_0017",
        "track01",
        "0001",
        "msg_in_0001",
        "E001/msg0004",
    ],
)
def test_names_that_count_recordings_stay(name, detector):
    assert real(name, detector) == Path(name)


@pytest.mark.parametrize(
    "name",
    [
        "E00123",
        "E001-2065550142",
        "E0012-0034",
        "msg0004-0142-555",
        "msg88213",
        "rec-5550142",
        "rec 20260301",
        "voicemail_2026-03-01",
        "voicemail_2026-03-01_0930",
        "2026-03-01",
        "2026-03",
        "archive 2026_11",
        "03-01-2026",
        "voicemail_03-01-26",
        "march_1",
        "mrn8821",
        "MRN 8821",
        "dob-0314",
        "dana-17",
        "Dana0004",
        "msg0004-dana",
        "msg0004_whitlock",
        "rec-17-smith",
        "E001smith",
        "call_dr_lee_12",
        "mr-lee-4",
        "E-lee-17",
        "\u0395001whitlock",
    ],
)
def test_names_beside_a_count_do_not(name, detector):
    assert real(name, detector) == Path(ID)


def test_modes():
    assert named("INBOX/msg0001", "id") == Path("INBOX", ID)
    assert named("Dana/Whitlock", "keep") == Path("Dana/Whitlock")
    assert named("Dana/" + "n" * 240, "keep") == Path("Dana", ID)


def test_readings():
    assert readings("MRN88213_danaWhitlock") == (
        "MRN88213_danaWhitlock",
        "MRN88213 danaWhitlock",
        "MRN 88213 dana Whitlock",
    )
    assert readings("___") == ("___",)
