"""The commands in this process, around a scripted detector: arguments, streams, and whose files a run may touch."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from redactor import builders
from redactor.errors import ModelUnavailable
from redactor.speech.fake import FakeTranscriber
from redactor.types import TimedText


@pytest.mark.parametrize(
    "words",
    [
        ("detect", "a.jsonl", "Dana Whitlock 5550142.wav"),
        ("Dana Whitlock 5550142.wav",),
        ("redact", "a.wav", "--out", "o", "--device", "Dana Whitlock"),
        ("redact", "a.wav", "--out", "o", "--bleep=Dana Whitlock"),
        ("redact", "a.wav", "--out", "o", "--padding", "Dana Whitlock"),
        ("redact", "-Dana Whitlock.wav", "--out", "o"),
        ("redact", "--Dana Whitlock.wav", "--out", "o"),
        ("models", "Dana Whitlock"),
    ],
)
def test_usage_errors_repeat_no_argument(call, words):
    code, out, err = call(*words)
    assert code == 64
    assert out == ""
    assert "--help" in err
    assert not re.search("dana|whitlock|5550142", err, re.IGNORECASE)


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("'{r}' models list --json >/dev/full", 74),
        ("exec 2>&-; '{r}' models where x >'{t}'", 69),
    ],
)
def test_streams_that_are_full_or_closed(tmp_path, shell, code):
    command = shell.format(r=Path(sys.executable).with_name("redactor"), t=tmp_path / "said")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    if (tmp_path / "said").exists():
        assert (tmp_path / "said").read_bytes() == b""  # complaints do not end up among the data


def test_a_closed_standard_input_is_empty(call, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert call("detect")[:2] == (0, "")
    sys.stdin.close()


def test_the_reader_of_a_pipe_may_leave():
    command = Path(sys.executable).with_name("redactor")
    process = subprocess.Popen(
        ["/bin/bash", "-c", f"'{command}' models list --json | true; exit ${{PIPESTATUS[0]}}"], stderr=subprocess.PIPE
    )
    _, err = process.communicate()
    assert (process.returncode, err) == (0, b"")


def test_detect_reads_what_other_programs_write(call):
    lines = [
        b'\xef\xbb\xbf{"id": {"a": 1}, "text": "Dana"}\r\n',
        b"\n",
        b'{"text": "\\ud83d Whitlock"}\n',
        b'{"id": null, "text": ""}',
    ]
    code, out, _ = call("detect", "-", stdin=b"".join(lines))
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [r["id"] for r in rows] == [{"a": 1}, 3, None]
    assert [(s["start"], s["end"]) for s in rows[1]["spans"]] == [(2, 10)]


@pytest.mark.parametrize(
    "bad",
    [
        b"Dana Whitlock",
        b'{"text": 7}',
        b'["Dana"]',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"text": "' + b"x" * 1_000_001 + b'"}',
        b'{"id": 1}',
        b'{"text": null}',
    ],
    ids=["bare", "number", "list", "not UTF-8", "deep", "long", "no text", "null"],
)
def test_lines_before_a_broken_one_are_answered(call, bad):
    code, out, err = call("detect", stdin=b'{"text": "Dana"}\n{"text": "x"}\n' + bad + b"\n")
    assert code == 65
    assert bad[:2] == b"\xff\xfe" or len(out.splitlines()) == 2
    assert "Dana" not in err


def test_a_score_that_is_no_number_hides_nothing(call):
    code, out, _ = call("detect", "--min-score", "nan", stdin=b'{"text": "Dana"}')
    assert code in (64, 78)
    assert out == ""


def archive(tmp_path, message, *names):
    audio, transcript = message
    folder, words = tmp_path / "archive", tmp_path / "words"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (words / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(audio.read_bytes())
        if len(os.fsencode(Path(name).name)) < 250:
            (words / f"{name}.json").write_text(transcript.read_text())
    return folder, words


def outcomes(out):
    """In the inputs' order; the file has them as they came."""
    lines = (out / "outcomes.jsonl").read_text().splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda row: row["item"])


def test_one_transcript_is_not_used_for_several_recordings(call, message, tmp_path):
    folder, words = archive(tmp_path, message, "a.wav", "b.wav")
    code, _, err = call(
        "redact", folder, "--no-verify", "--transcript", words / "a.wav.json", "--out", tmp_path / "out"
    )
    assert code == 78
    assert "there are 2 recordings" in err
    assert not (tmp_path / "out").exists()


def test_a_transcript_is_never_guessed(call, message, tmp_path):
    folder, words = archive(tmp_path, message, "a.wav", "b.wav", "b.mp3", "c.wav")
    transcript = (words / "a.wav.json").rename(words / "a.json").read_text()
    (words / "b.wav.json").rename(words / "b.json")  # for b.wav or for b.mp3?
    (words / "b.mp3.json").unlink()
    (words / "c.wav.json").unlink()
    said = [w for s in json.loads(transcript)["segments"] for w in s["words"]]
    (words / "c.srt").write_text(
        f"1\n00:00:00,500 --> 00:00:{said[-1]['end']:06.3f}\n".replace(".", ",")
        + "".join(w["word"] for w in said)
        + "\n"
    )
    call("redact", folder, "--no-verify", "--transcript", words, "--out", tmp_path / "out")
    assert [row["status"] for row in outcomes(tmp_path / "out")] == ["redacted", "failed", "failed", "redacted"]
    # The same name in two archives.
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.wav").write_bytes((folder / "a.wav").read_bytes() + b"\0\0")
    call("redact", folder / "a.wav", other, "--no-verify", "--transcript", words, "--out", tmp_path / "two")
    assert [row["reason"] for row in outcomes(tmp_path / "two")] == ["bad-transcript"] * 2


def test_hostile_names(call, message, tmp_path):
    """Names that would break the output or the reader's terminal become the id; the rest of the archive is not
    disturbed.
    """
    names = [
        "-rf.wav",
        "new\nline.wav",
        "\x1b[2J.wav",
        os.fsdecode(b"\xff\xfe.wav"),
        "n" * 248 + ".wav",
        "$(touch x).wav",
    ]
    folder, words = archive(tmp_path, message, *names)
    long = folder / names[4]
    code, _, err = call("redact", folder, "--no-verify", "--transcript", words, "--out", tmp_path / "out")
    rows = outcomes(tmp_path / "out")
    assert [r["status"] for r in rows].count("redacted") == 1, err
    assert [r["status"] for r in rows].count("duplicate") == 4  # one content under many names
    assert [r.get("reason") for r in rows if r["status"] == "failed"] == [
        "no-input"
    ]  # no transcript has so long a name
    assert code == 65
    assert all(p.name.isprintable() for p in (tmp_path / "out").iterdir())
    assert (tmp_path / "out" / "-rf.redacted.json").exists()
    whole = tmp_path / "words" / "long.json"
    whole.write_text(message[1].read_text())
    code, _, err = call("redact", long, "--no-verify", "--transcript", whole, "--out", tmp_path / "long")
    assert code == 0, err
    assert "\x1b" not in err


def test_planted_links_lead_nowhere(call, message, tmp_path):
    folder, words = archive(tmp_path, message, "box/a.wav", "b.wav")
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (elsewhere / "a.redacted.wav").write_bytes(b"precious")
    (elsewhere / "b").write_bytes(b"precious")
    (out / "box").symlink_to(elsewhere)
    (out / "b.redacted.wav").symlink_to(elsewhere / "b")
    code, _, _ = call("redact", folder, "--no-verify", "--transcript", words, "--out", out)
    assert code == 73
    assert {r["item"]: r["status"] for r in outcomes(out)} == {1: "redacted", 2: "failed"}
    assert {p.name: p.read_bytes() for p in elsewhere.iterdir()} == {"a.redacted.wav": b"precious", "b": b"precious"}
    assert not (out / "b.redacted.wav").is_symlink()


def test_a_link_as_out_is_the_users_choice(call, message, tmp_path):
    folder, words = archive(tmp_path, message, "box/a.wav")
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    assert call("redact", folder, "--no-verify", "--transcript", words, "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "real" / "box" / "a.redacted.wav").exists()


def test_outputs_never_take_the_place_of_inputs(call, message, tmp_path):
    folder, words = archive(tmp_path, message, "a.wav")
    inputs = (folder / "a.wav", folder / "a.redacted.wav")
    inputs[1].write_bytes(inputs[0].read_bytes() + b"\0\0")
    assert call("redact", *inputs, "--no-verify", "--transcript", words, "--out", folder)[0] == 78
    (folder / "summary.json").write_text('{"visits": 3}')
    assert call("redact", inputs[0], "--no-verify", "--transcript", words, "--out", folder)[0] == 73
    assert {p.name for p in folder.iterdir()} == {"a.wav", "a.redacted.wav", "summary.json"}
    (folder / "summary.json").unlink()
    # Beside the inputs, and twice: that is allowed.
    for _ in range(2):
        assert call("redact", inputs[0], folder, "--no-verify", "--transcript", words, "--out", folder)[0] == 0
        assert len(outcomes(folder)) == 1


def test_a_folder_that_may_not_be_written_to_is_said_at_once(call, message, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda _path, mode, **_kwargs: not mode & os.W_OK)
    code, _, err = call("redact", message[0], "--no-verify", "--transcript", message[1], "--out", tmp_path / "out")
    assert code == 73
    assert "not writable" in err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--operator", "hash", "--hash-key-file", "/dev/zero"), 78),
        (("--operator", "hash"), 78),
        (("--hash-key-file", "/dev/null"), 78),
        (("--padding", "nan"), 78),
        (("--raw", "ulaw:0"), 78),
        (("--raw", "ulaw:8000:-1"), 78),
        (("--raw", "nothing"), 78),
        (("--verify-model", "tiny.en"), 78),
        (("--second-ear", "tiny.en"), 78),
    ],
)
def test_options_that_cannot_be_honoured(call, message, tmp_path, options, code):
    got, _, err = call(
        "redact", message[0], "--no-verify", "--transcript", message[1], "--out", tmp_path / "out", *options
    )
    assert got in (code, 64), err
    assert "Unexpected" not in err
    assert not (tmp_path / "out").exists()


def test_transcripts_are_heard_again_by_default(call, message, tmp_path, monkeypatch):
    monkeypatch.setattr(builders, "build_second", lambda *_, **__: FakeTranscriber({"": [[]]}))

    def heard(out, *more):
        assert call("redact", message[0], "--transcript", message[1], "--out", tmp_path / out, *more)[0] == 0
        document = json.loads((tmp_path / out / "msg0001.redacted.json").read_text())
        return document["verification"]["recognised_again"]

    assert heard("one")
    assert not heard("two", "--no-verify")


def test_without_a_checkpoint_transcripts_are_not_passed_unheard(call, message, tmp_path, monkeypatch):
    def nothing(*_, **__):
        raise ModelUnavailable("No speech checkpoint for calls is on this machine.", hint="Get one.")

    monkeypatch.setattr("redactor.speech.resolve", nothing)
    code, _, err = call("redact", message[0], "--transcript", message[1], "--out", tmp_path / "out")
    assert code == 69
    assert "--no-verify" in err
    assert not list((tmp_path / "out").glob("*.redacted.*"))
    assert call("redact", message[0], "--transcript", message[1], "--out", tmp_path / "out", "--no-verify")[0] == 0


def test_locate_waits_for_no_pipe(call, message, tmp_path):
    folder, words = archive(tmp_path, message, "a.wav")
    os.mkfifo(folder / "0.wav")
    call("redact", folder, "--no-verify", "--transcript", words, "--out", tmp_path / "out")
    identity = next(r["id"] for r in outcomes(tmp_path / "out") if "id" in r)
    code, out, _ = call("locate", folder, "--id", identity[:12])
    assert (code, out) == (0, f"{folder / 'a.wav'}\n")
    assert call("locate", folder, "--item", "1")[1] == f"{folder / '0.wav'}\n"


def test_locate_does_not_choose_between_two_recordings(call, tmp_path):
    """Two recordings whose ids begin alike (found by a birthday search), and a copy of one of them."""
    seen = {}
    for number in range(1 << 20):
        content = b"RIFF" + number.to_bytes(4, "little")
        begin = hashlib.sha256(content).hexdigest()[:8]
        if begin in seen:
            break
        seen[begin] = content
    (tmp_path / "a.wav").write_bytes(content)
    (tmp_path / "b.wav").write_bytes(seen[begin])
    (tmp_path / "c.wav").write_bytes(content)
    code, out, err = call("locate", tmp_path, "--id", begin)
    assert (code, out) == (78, "")
    assert "several recordings" in err
    whole = hashlib.sha256(content).hexdigest()
    assert call("locate", tmp_path, "--id", whole[:20])[1] == f"{tmp_path / 'a.wav'}\n{tmp_path / 'c.wav'}\n"


class Moody:
    """Fails on the first recording in a way nobody foresaw."""

    info = FakeTranscriber({}).info
    calls = 0

    def transcribe(self, channels, *, recording_id):
        self.calls += 1
        if self.calls == 1:
            raise ValueError("Dana Whitlock")
        words = [TimedText(w, 0.3 * i, 0.3 * i + 0.2) for i, w in enumerate(["this", "is", "Dana"])]
        return FakeTranscriber({"": [words]}).transcribe(channels, recording_id=recording_id)


def test_transcribe_goes_on(call, message, tmp_path, monkeypatch):
    monkeypatch.setattr(builders, "build_transcriber", lambda *_args, **_kwargs: Moody())
    folder, _ = archive(tmp_path, message, "a.wav", "b.wav")
    code, out, err = call("transcribe", folder, "--i-understand-this-prints-phi")
    assert code == 70
    assert [json.loads(line)["channels"][0]["text"] for line in out.splitlines()] == ["this is Dana"]
    assert "#1" in err
    assert "Dana" not in err


def test_evaluate_leaves_out_what_it_cannot_use(call, tmp_path, monkeypatch):
    words = [TimedText(w, 0.5 * i, 0.5 * i + 0.4) for i, w in enumerate(["this", "is", "Dana", "bye"])]
    monkeypatch.setattr(builders, "build_transcriber", lambda *_args, **_kwargs: FakeTranscriber({"": [words]}))
    soundfile.write(tmp_path / "a.wav", 0.0001 * np.random.default_rng(1).standard_normal(20_000), 8000)
    places = [0, 5, 8, 13]
    channel = {
        "channel": 0,
        "text": "this is Dana bye",
        "spans": [{"start": 8, "end": 12, "label": "PERSON"}],
        "words": [
            {"text": w.text, "start": w.start, "end": w.end, "char_start": p, "char_end": p + len(w.text)}
            for w, p in zip(words, places, strict=True)
        ],
    }
    rows = [
        {"file": "a.wav", "channels": [channel]},
        {"file": "Dana Whitlock.wav", "channels": [channel]},
        {"file": "a.wav", "channels": [channel, channel | {"channel": 1}]},
    ]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    code, out, err = call("evaluate", tmp_path, "--json")
    figures = json.loads(out)
    assert code == 65
    assert (figures["recordings"], figures["left_out"]) == (1, 2)
    assert figures["audible_phi_percent"] == 0
    assert [r.get("left_out") for r in figures["recordings_measured"]] == [None, "no-input", "bad-input"]
    assert "Whitlock" not in err
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = call("evaluate", tmp_path)
    assert "2 more could not be used" in out


def test_evaluate_reports_hard_recordings_apart(call, tmp_path, monkeypatch):
    words = [TimedText(w, 0.5 * i, 0.5 * i + 0.4) for i, w in enumerate(["this", "is", "Dana", "bye"])]
    monkeypatch.setattr(builders, "build_transcriber", lambda *_args, **_kwargs: FakeTranscriber({"": [words]}))
    soundfile.write(tmp_path / "a.wav", 0.0001 * np.random.default_rng(1).standard_normal(20_000), 8000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF of Dana")
    places = [0, 5, 8, 13]
    labelled = [
        {"text": w.text, "start": w.start, "end": w.end, "char_start": p, "char_end": p + len(w.text)}
        for w, p in zip(words, places, strict=True)
    ]

    def channel(start, end):
        spans = [{"start": start, "end": end, "label": "PERSON"}]
        return {"channel": 0, "text": "this is Dana bye", "spans": spans, "words": labelled}

    either = ["redacted", "withheld"]
    rows = [
        {"file": "a.wav", "outcome": "redacted", "channels": [channel(8, 12)]},
        {"file": "a.wav", "outcome": either, "channels": [channel(8, 12)]},
        {"file": "a.wav", "outcome": either, "channels": [channel(13, 16)]},
        {"file": "a.wav", "outcome": ["withheld"]},
        {"file": "broken.wav", "outcome": either},
        {"file": "broken.wav", "outcome": ["failed"]},
        {"file": "gone.wav", "outcome": ["failed"]},
    ]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = call("evaluate", tmp_path, "--json")
    assert code == 65  # the file that is not there
    figures = json.loads(out)
    assert (figures["recordings"], figures["phi_spans"], figures["leaked_spans"]) == (1, 1, 0)
    assert figures["hard"] == {"recordings": 5, "met": 2, "not_met": [3, 4, 5]}
    assert figures["recordings_measured"][0]["outcome"] == "redacted"
    expected = {"item": 3, "expected": either, "outcome": "redacted", "spans": 1, "audible_spans": 1, "met": False}
    assert figures["recordings_measured"][2] == expected
    assert "Dana" not in err
    _, out, _ = call("evaluate", tmp_path)
    assert "2 of 5 ended as required" in out
    assert "redacted, 1 of 1 PHI spans audible: not as required" in out
