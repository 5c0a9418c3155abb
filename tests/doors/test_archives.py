"""An archive through the command: the same command again goes on, twins, one run at a time, damage, a disk that fills."""

import json
import re
from dataclasses import replace

import pytest

from redactor.doors import cli, options
from redactor.errors import OutOfSpace
from redactor.keep import ArchiveJournal
from redactor.types import Finding


class Finder:
    def detect(self, text):
        return tuple(Finding("PERSON", *m.span(), 0.9, "scripted") for m in re.finditer(r"Dana|Whitlock", text))

    def search(self, transcripts):
        return (tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts)


@pytest.fixture
def redact(monkeypatch, capsys, message, tmp_path):
    """`redact` in this process on an archive of three files, two of them alike: exit code, standard error, statuses by item."""
    monkeypatch.setattr(options, "build_detector", lambda *_: Finder())
    audio, transcript = message
    folder, words, out = tmp_path / "archive", tmp_path / "words", tmp_path / "out"
    for name, extra in (("a.wav", b""), ("deep/b.wav", b""), ("deep/c.wav", b"\0\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (words / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(audio.read_bytes() + extra)
        (words / f"{name}.json").write_text(transcript.read_text())

    def go(*more):
        given = [
            "redactor",
            "redact",
            folder,
            "--no-verify",
            "--transcript",
            words,
            "--out",
            out,
            "--in-flight",
            1,
            *more,
        ]
        monkeypatch.setattr("sys.argv", list(map(str, given)))
        with pytest.raises(SystemExit) as stop:
            cli.main()
        lines = (out / "outcomes.jsonl").read_text().splitlines() if (out / "outcomes.jsonl").exists() else []
        rows = [json.loads(line) for line in lines]
        return stop.value.code, capsys.readouterr().err, {row["item"]: row["status"] for row in rows if "item" in row}

    go.out = out
    return go


def summary(out):
    return json.loads((out / "summary.json").read_text())


def test_the_same_command_again_goes_on(redact):
    assert redact()[::2] == (0, {1: "redacted", 2: "duplicate", 3: "redacted"})
    found = summary(redact.out)
    assert (found["schema"], found["items"], found["duplicate"], found["exit_code"]) == ("redactor-summary/2", 3, 1, 0)
    assert found["audio_seconds"] > 10
    assert len(list(redact.out.rglob("*.redacted.json"))) == 3
    assert redact()[::2] == (0, {1: "skipped", 2: "skipped", 3: "skipped"})
    assert redact("--bleep", "noise")[2] == {1: "redacted", 2: "duplicate", 3: "redacted"}
    assert redact("--redo")[2] == {1: "redacted", 2: "duplicate", 3: "redacted"}


def test_a_second_run_on_the_same_folder_is_refused(redact):
    redact.out.mkdir()
    other = ArchiveJournal(redact.out)
    code, err, rows = redact()
    assert (code, rows) == (75, {})
    assert "Another run" in err
    other.close()
    assert redact()[0] == 0


def test_a_damaged_ledger_is_said_and_rebuilt(redact):
    redact()
    (redact.out / ".redactor-ledger.sqlite").write_bytes(b"Dana Whitlock" * 1000)
    code, err, rows = redact()
    assert (code, set(rows.values())) == (0, {"skipped"})
    assert "set aside" in err


def test_somebody_elses_outcomes_are_left_alone(redact):
    redact.out.mkdir()
    (redact.out / "outcomes.jsonl").write_text('{"visits": 3}\n')
    assert redact()[0] == 73
    assert (redact.out / "outcomes.jsonl").read_text() == '{"visits": 3}\n'


def test_a_full_disk_ends_the_run_before_more_is_recognised_for_nothing(redact, monkeypatch):
    def full(_files):
        raise OutOfSpace("The disk is full or failing.")

    with monkeypatch.context() as patch:
        patch.setattr("redactor.pipeline.save_set", full)
        patch.setattr("redactor.doors.redact.FULL", 2)
        code, err, rows = redact()
    assert (code, rows) == (74, {1: "failed", 2: "failed"})
    assert "Stopped early (the disk is full)" in err
    found = summary(redact.out)
    assert (found["interrupted"], found["exit_code"], found["reasons"]) == (True, 74, {"out-of-space": 2})
    assert redact()[::2] == (0, {1: "redacted", 2: "duplicate", 3: "redacted"})
