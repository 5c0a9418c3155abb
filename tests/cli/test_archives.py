"""An archive through the command: the same command again goes on, twins, one run at a time, damage, a disk that
fills.
"""

import json
import os
import re
from contextlib import suppress
from dataclasses import replace

import pytest

from redactor import builders, pipeline
from redactor.cli import app as cli
from redactor.errors import OutOfSpace
from redactor.storage import ArchiveJournal
from redactor.types import Finding


class Finder:
    def detect(self, text):
        return tuple(Finding("PERSON", *m.span(), 0.9, "scripted") for m in re.finditer(r"Dana|Whitlock", text))

    def search(self, transcripts):
        return (tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts)


@pytest.fixture
def redact(monkeypatch, capsys, message, tmp_path):
    """`redact` in this process on an archive of three files, two of them alike: exit code, standard error, statuses
    by item.
    """
    monkeypatch.setattr(builders, "build_detector", lambda *_: Finder())
    audio, transcript = message
    folder, words, out = tmp_path / "archive", tmp_path / "words", tmp_path / "out"
    for name, extra in (("a.wav", b""), ("old/b.wav", b""), ("old/c.wav", b"\0\0")):
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
    assert (code, rows) == (0, {1: "redacted", 2: "duplicate", 3: "redacted"})
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
        patch.setattr("redactor.cli.redact.FULL", 2)
        code, err, rows = redact()
    assert (code, rows) == (74, {1: "failed", 2: "failed"})
    assert "Stopped early (the disk is full)" in err
    found = summary(redact.out)
    assert (found["interrupted"], found["exit_code"], found["reasons"]) == (True, 74, {"out-of-space": 2})
    assert redact()[::2] == (0, {1: "redacted", 2: "duplicate", 3: "redacted"})


# --- others may write to the archive and to --out
# ------------------------------------------------------------------------


def test_an_original_in_the_place_of_its_redacted_twin_is_covered_again(redact):
    """As many bytes, so that the size says nothing."""
    redact()
    original, made = (redact.out.parent / "archive/a.wav").read_bytes(), redact.out / "a.redacted.wav"
    content = made.read_bytes()
    planted = original[: len(content)].ljust(len(content), b"\0")
    made.write_bytes(planted)
    (redact.out / "old/b.redacted.wav").unlink()  # its twin would be given what lies there
    assert redact()[2] == {1: "redacted", 2: "duplicate", 3: "skipped"}
    assert made.read_bytes() == (redact.out / "old/b.redacted.wav").read_bytes() == content != planted


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    for suffix in (".wav", ".txt", ".srt", ".vtt", ".json"):
        (folder / f"b.redacted{suffix}").write_bytes(b"precious")
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def swap(folder, outside):
    folder.rename(folder.with_name(f"{folder.name}-moved"))
    folder.symlink_to(outside)


@pytest.mark.parametrize("call", ["open", "fsync"])
def test_a_folder_of_outputs_is_swapped_for_a_link_while_a_set_is_saved(redact, outside, monkeypatch, call):
    (redact.out / "old").mkdir(parents=True)
    really, called, saving, swapped = pipeline.save_set, getattr(os, call), [], []

    def save(files):
        saving.extend(path.name for path in files if "c.redacted" in path.name)
        really(files)

    def at(first, *args, **kwargs):
        if saving and not swapped and (call == "fsync" or str(first).endswith(".part")):
            swapped.append(swap(redact.out / "old", outside))
        return called(first, *args, **kwargs)

    for suffix in (".wav", ".txt", ".srt", ".vtt", ".json"):
        (outside / f"c.redacted{suffix}").write_bytes(b"precious")
    before = contents(outside)
    monkeypatch.setattr(pipeline, "save_set", save)
    monkeypatch.setattr(os, call, at)
    redact()
    assert swapped
    assert contents(outside) == before


def test_a_folder_of_outputs_that_is_a_link_is_said_before_anything_is_recognised(redact, outside):
    redact.out.mkdir()
    (redact.out / "elsewhere").mkdir()
    (redact.out / "old").symlink_to(redact.out / "elsewhere")  # be it within --out
    code, _, rows = redact()
    assert (code, rows) == (73, {1: "redacted", 2: "failed", 3: "failed"})
    assert contents(redact.out / "elsewhere") == {}


def test_a_folder_of_inputs_is_swapped_for_a_link_before_one_is_read(redact, outside, monkeypatch):
    folder, really = redact.out.parent / "archive/old", pipeline.read_source
    (outside / "c.wav").write_bytes((folder / "c.wav").read_bytes())

    def read(path, **kwargs):
        if path.name == "c.wav":
            swap(folder, outside)
        return really(path, **kwargs)

    monkeypatch.setattr(pipeline, "read_source", read)
    code, _, rows = redact()
    assert (code, rows) == (65, {1: "redacted", 2: "duplicate", 3: "failed"})
    assert "leads out" in (redact.out / "outcomes.jsonl").read_text()


def test_links_to_recordings_within_the_archive_are_read_and_others_are_not(redact, outside, tmp_path):
    folder = tmp_path / "archive"
    (folder / "old/c.wav").rename(folder / "old/kept.bin")
    (folder / "old/c.wav").symlink_to("kept.bin")
    code, _, rows = redact()
    assert (code, rows[3]) == (0, "redacted")
    (folder / "old/kept.bin").rename(outside / "c.wav")
    (folder / "old/c.wav").unlink()
    (folder / "old/c.wav").symlink_to(outside / "c.wav")
    assert redact("--redo")[0] == 65


def test_the_list_of_outcomes_is_not_written_through_a_link(redact, tmp_path, monkeypatch):
    precious, really, done = tmp_path / "precious", os.open, []
    precious.write_bytes(b"precious")
    redact.out.mkdir()

    def opening(name, flags, *rest, **options):
        file = really(name, flags, *rest, **options)
        if not done and str(name).endswith(".part") and summary_is_next():
            (part,) = redact.out.glob(".redactor-*.part")
            part.unlink()
            part.symlink_to(precious)
            done.append(True)
        return file

    def summary_is_next():
        return (redact.out / ".redactor-ledger.key").exists()

    monkeypatch.setattr(os, "open", opening)
    with suppress(json.JSONDecodeError):  # under the name of the list lies the link now
        redact()
    assert done
    assert precious.read_bytes() == b"precious"
