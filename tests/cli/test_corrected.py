"""`redactor transcribe`, a person who corrects its words, and `redactor redact --transcript`."""

import json
from pathlib import Path

import pytest

from redactor import builders
from redactor.speech import FakeTranscriber
from redactor.types import TimedText

MICRO = ("--model", "voicemail-micro")
PHI = "--i-understand-this-prints-phi"


@pytest.fixture
def misheard(message, monkeypatch):
    """A recogniser that writes "day now" for Dana and omits the surname."""
    words = [
        TimedText(w["word"].strip(), w["start"], w["end"], w["probability"])
        for w in json.loads(message[1].read_text())["segments"][0]["words"]
    ]
    at = next(i for i, word in enumerate(words) if word.text == "Dana")
    dana, surname = words[at], words.pop(at + 1)
    half = (dana.start + dana.end) / 2
    words[at : at + 1] = [dana._replace(text="day", end=half), dana._replace(text="now", start=half)]
    monkeypatch.setattr(builders, "build_transcriber", lambda *_args, **_kwargs: FakeTranscriber({"": [words]}))
    return dana, surname


def outcomes(out: Path):
    return [json.loads(line) for line in (out / "outcomes.jsonl").read_text().splitlines()]


def test_a_corrected_text_is_redacted(call, message, misheard, tmp_path):
    dana, _ = misheard
    code, out, err = call("transcribe", message[0], PHI)
    assert code == 0, err
    document = json.loads(out)
    document["channels"][0]["text"] = document["channels"][0]["text"].replace("day now", "Dana Whitlock")
    words = tmp_path / "words.json"
    words.write_text(json.dumps(document, indent=2))
    code, _, err = call("redact", message[0], "--transcript", words, "--no-verify", "--out", tmp_path / "out")
    assert code == 0, err
    assert "[PERSON]" in (tmp_path / "out/msg0001.redacted.txt").read_text()
    bleeps = json.loads((tmp_path / "out/msg0001.redacted.json").read_text())["intervals"]
    assert any(b["start"] <= dana.start and b["end"] >= dana.end for b in bleeps)


def test_one_recording_finds_its_line_among_others(call, message, misheard, tmp_path):
    other = tmp_path / "in" / "other.wav"
    other.write_bytes(message[0].read_bytes() + b"\0\0")
    code, out, err = call("transcribe", other, message[0], PHI)
    assert (code, len(out.splitlines())) == (0, 2), err
    (tmp_path / "words.jsonl").write_text(out)
    given = ("--transcript", tmp_path / "words.jsonl", "--no-verify", "--unheard", "bleep")
    assert call("redact", message[0], *given, "--out", tmp_path / "one")[0] == 0
    assert call("redact", message[0], other, *given, "--out", tmp_path / "two")[0] == 0


def test_a_mistake_in_the_file_is_reported_with_its_place(call, message, misheard, tmp_path):
    document = json.loads(call("transcribe", message[0], PHI)[1])
    document["channels"][0]["words"][4]["start"] = "soon"
    words = tmp_path / "words.json"
    words.write_text(json.dumps(document))
    code, _, err = call("redact", message[0], "--transcript", words, "--no-verify", "--out", tmp_path / "out")
    assert code == 65
    (outcome,) = outcomes(tmp_path / "out")
    assert outcome["message"] == "The transcript is broken: start of word 5 in entry 1 of channels is not a number."
    assert "soon" not in err
    words.write_text(json.dumps(document)[:-40])
    call("redact", message[0], "--transcript", words, "--no-verify", "--out", tmp_path / "out2")
    assert "line 1, column" in outcomes(tmp_path / "out2")[0]["message"]


def test_the_words_of_another_recording_are_refused(call, message, misheard, tmp_path):
    document = json.loads(call("transcribe", message[0], PHI)[1]) | {"id": "0" * 64}
    words = tmp_path / "words.json"
    words.write_text(json.dumps(document))
    call("redact", message[0], "--transcript", words, "--no-verify", "--out", tmp_path / "out")
    assert "another recording: 000000000000" in outcomes(tmp_path / "out")[0]["message"]


def test_the_lines_of_an_archive_are_given_back(run_here, toy_recordings, tmp_path):
    """With a real recogniser: what comes back unchanged is redacted as what was recognised in the same run."""
    toy_recordings(tmp_path / "in", 3)
    done = run_here("transcribe", tmp_path / "in", *MICRO, PHI)
    assert done.returncode == 0, done.stderr.decode()
    assert len(done.stdout.splitlines()) == 3
    words = tmp_path / "words.jsonl"
    words.write_bytes(done.stdout)
    given = ("--unheard", "bleep", "--names", "keep", "--no-verify")
    direct = run_here("redact", tmp_path / "in", *MICRO, *given, "--out", tmp_path / "direct")
    back = run_here("redact", tmp_path / "in", "--transcript", words, *given, "--out", tmp_path / "back")
    assert direct.returncode == back.returncode == 0, back.stderr.decode()
    for path in (tmp_path / "direct").glob("*.redacted.txt"):
        assert path.read_text() == (tmp_path / "back" / path.name).read_text()

    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    channel = lines[0]["channels"][0]
    first = channel["words"][0]
    channel["text"] = " ".join(["Dana", "Whitlock", *channel["text"].split()[1:]])
    words.write_text("".join(json.dumps(line) + "\n" for line in lines))
    corrected = run_here("redact", tmp_path / "in", "--transcript", words, *given, "--out", tmp_path / "corrected")
    assert corrected.returncode == 0, corrected.stderr.decode()
    documents = [json.loads(path.read_text()) for path in (tmp_path / "corrected").glob("*.redacted.json")]
    (document,) = [d for d in documents if d["id"] == lines[0]["id"]]
    bleeps = [b for b in document["intervals"] if "PERSON" in b["labels"]]
    assert any(b["start"] <= first["start"] + 0.05 and b["end"] >= first["end"] - 0.05 for b in bleeps)


def test_one_foreign_transcript_for_several_recordings_is_still_refused(call, message, tmp_path):
    (message[0].parent / "b.wav").write_bytes(message[0].read_bytes())
    code, _, err = call("redact", message[0].parent, "--transcript", message[1], "--out", tmp_path / "out")
    assert code == 78
    assert "2 recordings" in err
