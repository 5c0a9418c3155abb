"""Every kind of bad input gets a clear outcome, the run goes on, originals stay, nothing that looks redacted is
left.
"""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile


def tree(folder):
    return {
        p.relative_to(folder): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def summary(out):
    return json.loads((out / "summary.json").read_text())


def outcomes(out):
    """In the inputs' order; the file has them as they came."""
    lines = (out / "outcomes.jsonl").read_text().splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda row: row["item"])


def test_one_archive_with_everything_wrong(run, message, tmp_path):
    audio, transcript = message
    archive, transcripts = tmp_path / "archive", tmp_path / "words"
    archive.mkdir()
    transcripts.mkdir()
    good = audio.read_bytes()

    def put(name, content, words=True):
        (archive / name).write_bytes(content)
        if words:
            (transcripts / (name + ".json")).write_text(transcript.read_text())

    put("01-empty.wav", b"")
    put("02-truncated.wav", good[: len(good) // 2])
    put("03-text.wav", b"this is not audio " * 100)
    put("04-wrong-suffix.mp3", good)
    put("05-good.wav", good)
    put("06 new\nline and emoji \N{TELEPHONE RECEIVER}.wav", good)
    (archive / "07-folder.wav").mkdir()
    put("08-notes.txt", b"call the plumber", words=False)
    put("09-unreadable.wav", good)
    (archive / "09-unreadable.wav").chmod(0)
    os.mkfifo(archive / "10-pipe.wav")
    before = tree_of_readable(archive)
    out = tmp_path / "out"
    done = run("redact", archive, "--no-verify", "--transcript", transcripts, "--out", out)
    assert done.returncode == 65, done.stderr.decode()
    rows = {row["item"]: row for row in outcomes(out)}
    reasons = [rows[n].get("reason", rows[n]["status"]) for n in sorted(rows)]
    twins = reasons[4:7]  # the same bytes: whichever is begun first is redacted, its twins get copies
    if os.geteuid() != 0:  # root may read everything
        assert twins.pop() == "no-input"
    assert sorted(twins) == ["duplicate"] * (len(twins) - 1) + ["redacted"]
    assert reasons[:4] + reasons[7:] == ["empty-audio", "damaged-audio", "unsupported-audio", "redacted", "no-input"]
    assert all(row.get("hint") for row in rows.values() if row["status"] not in ("redacted", "duplicate"))
    assert summary(out)["reasons"]["damaged-audio"] == 1
    assert {p.name for p in out.rglob("*.redacted.json")} >= {"04-wrong-suffix.redacted.json", "05-good.redacted.json"}
    assert not any(p.name.startswith(("01", "02", "03")) or p.suffix == ".part" for p in out.rglob("*"))
    assert tree_of_readable(archive) == before


def tree_of_readable(folder):
    return {
        p.name: (
            p.stat().st_mtime_ns,
            p.stat().st_size,
            hashlib.sha256(p.read_bytes()).hexdigest() if os.access(p, os.R_OK) else "",
        )
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_folder_without_audio(run_here, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "readme.txt").write_text("nothing here")
    done = run_here("redact", tmp_path / "a", "--out", tmp_path / "out", "--model", "voicemail-micro")
    assert done.returncode == 66
    assert b"No audio found" in done.stderr


def test_typos_get_a_helpful_error(run_here, tmp_path, message):
    audio, _ = message
    out = ("--out", tmp_path / "out")
    done = run_here("redact", audio, *out, "--polcy", "clinical")
    assert done.returncode == 64
    assert b"--polcy" in done.stderr
    assert b"Traceback" not in done.stderr
    done = run_here("redact", audio, *out, "--model", "smal.en")
    assert done.returncode == 69
    assert b"small.en" in done.stderr
    done = run_here("redact", audio, *out, "--policy", "deidentfy")
    assert done.returncode == 78
    assert b"deidentify" in done.stderr
    done = run_here("redact", audio)
    assert done.returncode == 64
    assert b"--out" in done.stderr


def test_no_model_and_no_network_says_what_to_do(run, tmp_path, message):
    env = {**os.environ, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    done = run("redact", message[0], "--out", tmp_path / "out", env=env)
    assert done.returncode == 69
    assert b"models get" in done.stderr
    assert b"voicemail-micro" in done.stderr


@pytest.mark.parametrize("kind", ["silence", "noise"])
def test_nothing_said(run_here, tmp_path, kind):
    """Silence comes out as it went in; noise gets an outcome: bleeped or quarantined, never passed off as clean
    speech.
    """
    rng = np.random.default_rng(1)
    samples = np.zeros(8 * 8000) if kind == "silence" else 0.2 * rng.standard_normal(8 * 8000)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="PCM_16")
    out = tmp_path / "out"
    done = run_here("redact", tmp_path / "a.wav", "--out", out, "--model", "voicemail-micro")
    row = outcomes(out)[0]
    if kind == "silence":
        assert done.returncode == 0
        doc = json.loads((out / "a.redacted.json").read_text())
        assert doc["text"] == ""
        assert doc["intervals"] == []
    else:
        assert row["status"] in ("redacted", "quarantined")
        if row["status"] == "redacted":
            doc = json.loads((out / "a.redacted.json").read_text())
            words = sum(w["end"] - w["start"] for w in doc["words"])
            assert words + sum(i["end"] - i["start"] for i in doc["intervals"]) > 4.0


def test_full_disk(message, tmp_path):
    """Writes stop at a size limit, as on a full disk: a clear outcome, nothing half-written, and a later run
    succeeds.
    """
    audio, transcript = message
    out = tmp_path / "out"

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    command = [
        str(Path(sys.executable).with_name("redactor")),
        "redact",
        str(audio),
        "--no-verify",
        "--transcript",
        str(transcript),
        "--out",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, preexec_fn=small_disk, check=False)
    assert done.returncode == 74, done.stderr.decode()
    assert b"out-of-space" in done.stderr
    left = {".redactor-ledger.key", ".redactor-ledger.sqlite", "outcomes.jsonl", "summary.json"}
    assert {p.name for p in out.rglob("*")} == left
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert (out / "msg0001.redacted.wav").exists()


def test_killed_and_resumed(run, message, tmp_path):
    """kill -9 at several moments of a run: what exists is complete, and the next run finishes the rest without redoing
    it, but for the one that was saved and not yet noted when the kill came.
    """
    audio, transcript = message
    archive, transcripts = tmp_path / "archive", tmp_path / "words"
    archive.mkdir()
    transcripts.mkdir()
    rng = np.random.default_rng(3)
    samples, rate = soundfile.read(audio)
    for n in range(12):
        soundfile.write(archive / f"m{n:02d}.wav", samples * rng.uniform(0.5, 1), rate, subtype="ULAW")
        (transcripts / f"m{n:02d}.json").write_text(transcript.read_text())
    (archive / "twin.wav").write_bytes((archive / "m05.wav").read_bytes())
    (transcripts / "twin.json").write_text(transcript.read_text())
    originals = tree(archive)
    out = tmp_path / "out"
    command = [
        str(Path(sys.executable).with_name("redactor")),
        "redact",
        str(archive),
        "--no-verify",
        "--transcript",
        str(transcripts),
        "--out",
        str(out),
        "--resume",
    ]
    done_before: dict[Path, int] = {}
    kills, redone = 4, 0
    for _ in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = len(list(out.glob("*.redacted.json"))) if out.exists() else 0
        deadline = time.monotonic() + 60
        while process.poll() is None and len(list(out.glob("*.redacted.json"))) <= seen and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.wait()
        for path in out.glob("*.redacted.json"):
            doc = json.loads(path.read_text())  # complete, whenever it exists
            assert doc["status"] == "redacted"
            assert path.with_suffix(".wav").exists()
            redone += path in done_before and path.stat().st_mtime_ns != done_before[path]
            done_before[path] = path.stat().st_mtime_ns
    done = run("redact", archive, "--no-verify", "--transcript", transcripts, "--out", out, "--resume")
    assert done.returncode == 0, done.stderr.decode()
    assert len(list(out.glob("*.redacted.json"))) == 13
    assert sorted(row["item"] for row in outcomes(out)) == list(range(1, 14))
    assert (out / "twin.redacted.wav").read_bytes() == (out / "m05.redacted.wav").read_bytes()
    redone += sum(path.stat().st_mtime_ns != stamp for path, stamp in done_before.items())
    # The row in the ledger follows the files a moment later, on a busy machine for three recordings at a time.
    assert redone <= 3 * kills
    assert not list(out.glob(".redactor-*.part"))
    assert tree(archive) == originals


def test_ctrl_c(message, tmp_path):
    audio, transcript = message
    archive, transcripts = tmp_path / "archive", tmp_path / "words"
    archive.mkdir()
    transcripts.mkdir()
    for n in range(40):
        (archive / f"m{n:02d}.wav").write_bytes(audio.read_bytes() + bytes(2 * n))
        (transcripts / f"m{n:02d}.json").write_text(transcript.read_text())
    out = tmp_path / "out"
    command = [
        str(Path(sys.executable).with_name("redactor")),
        "redact",
        str(archive),
        "--no-verify",
        "--transcript",
        str(transcripts),
        "--out",
        str(out),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + 60
            while not list(out.glob("*.redacted.json")) and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert b"--resume" in errors
    assert b"Traceback" not in errors
    assert not list(out.glob(".redactor-*.part"))
    assert summary(out)["redacted"] >= 1
