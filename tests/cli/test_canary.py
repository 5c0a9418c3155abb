"""PHI is planted in speech, in file names and in folder names; afterwards nothing outside the input may hold it."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import soundfile

CANARIES = [b"whitlock", b"brunsvold", b"dana", b"5550142", b"555-0142", b"1962", b"march", b"metformin"]


def everything_below(folder):
    """Names and contents of all files, as bytes, audio excepted."""
    out = b""
    for root, folders, files in os.walk(os.fsencode(folder)):
        for name in [*folders, *files]:
            out += name + b"\n"
        for name in files:
            if not name.endswith((b".wav", b".WAV")):
                with open(os.path.join(root, name), "rb") as file:  # noqa: PTH123, PTH118
                    out += file.read() + b"\n"
    return out


def assert_clean(text, where):
    found = [c for c in CANARIES if c in text.lower()]
    assert not found, f"{found} in {where}"


@pytest.mark.parametrize("operator", ["label", "mask", "drop"])
def test_no_phi_leaves_by_any_way(run, message, tmp_path, operator):
    audio, transcript = message
    archive = tmp_path / "archive" / "Whitlock Dana"
    archive.mkdir(parents=True)
    shutil.copy(audio, archive / "from_5550142_Dana_Whitlock.wav")
    transcripts = tmp_path / "transcripts" / "Whitlock Dana"
    transcripts.mkdir(parents=True)
    shutil.copy(transcript, transcripts / "from_5550142_Dana_Whitlock.json")
    temp = tmp_path / "temp"
    temp.mkdir()
    out = tmp_path / "out"
    env = {**os.environ, "TMPDIR": str(temp), "HOME": str(tmp_path / "home")}
    done = run(
        "redact",
        tmp_path / "archive",
        "--no-verify",
        "--transcript",
        tmp_path / "transcripts",
        "--out",
        out,
        "--operator",
        operator,
        env=env,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert_clean(done.stdout + done.stderr, "the terminal")
    assert_clean(everything_below(out), "the outputs")
    assert_clean(everything_below(temp), "temporary files")
    assert_clean(everything_below(tmp_path / "home") if (tmp_path / "home").exists() else b"", "the home folder")
    assert len(list(out.rglob("*.redacted.*"))) == 5


def test_no_library_reports_its_use(tmp_path):
    """ONNX Runtime's reporter leaves a session file where temporary files lie, even before it reaches the network."""
    env = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    asked = "import redactor, onnxruntime"
    subprocess.run([sys.executable, "-c", asked], env={**env, "TMPDIR": str(tmp_path)}, check=True)
    assert not list(tmp_path.iterdir())


def test_failures_name_nothing(run_here, message, tmp_path):
    """Broken recordings with PHI in their names: messages carry numbers and ids."""
    audio, _ = message
    archive = tmp_path / "archive"
    archive.mkdir()
    (archive / "Dana Whitlock 555-0142 empty.wav").write_bytes(b"")
    (archive / "Dana Whitlock 555-0142 text.wav").write_bytes(b"Brunsvold says: not audio at all. " * 40)
    (archive / "Dana Whitlock 555-0142 cut.wav").write_bytes(audio.read_bytes()[:9000])
    transcripts = tmp_path / "transcripts"
    transcripts.mkdir()
    (transcripts / "Dana Whitlock 555-0142 good.json").write_text('{"segments": "Dana Whitlock"}')
    shutil.copy(audio, archive / "Dana Whitlock 555-0142 good.wav")
    out = tmp_path / "out"
    done = run_here("redact", archive, "--no-verify", "--transcript", transcripts, "--out", out)
    assert done.returncode == 65
    assert_clean(done.stdout + done.stderr, "the terminal")
    assert_clean(everything_below(out), "the outputs")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["failed"] == 4
    assert not list(out.rglob("*.redacted.*"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("redact", "Dana Whitlock 5550142.wav"), 66),
        (("redact", ".", "--policy", "Dana Whitlock"), 78),
        (("evaluate", "Dana Whitlock"), 66),
        (("detect", "Dana Whitlock.jsonl"), 66),
    ],
)
def test_bad_arguments_are_not_repeated(run, tmp_path, words, code):
    extra = ("--out", tmp_path / "out") if words[0] == "redact" else ()
    done = run(*words, *extra, cwd=tmp_path)
    assert done.returncode == code, done.stderr.decode()
    assert_clean(done.stdout + done.stderr, "the terminal")
    assert b"Traceback" not in done.stderr


def test_malformed_text_is_not_quoted(run):
    done = run("detect", input=b'{"id": 1, "text": "Dana Whitlock"}\n{"text": Dana Whitlock 555-0142}\n')
    assert done.returncode == 65
    assert_clean(done.stderr, "the error")
    assert b"Line 2" in done.stderr


def test_bleeps_hide_the_words(message, run_here, tmp_path):
    """The samples of each covered word are gone from the output, those of kept words are untouched."""
    audio, transcript = message
    out = tmp_path / "out"
    done = run_here("redact", audio, "--no-verify", "--transcript", transcript, "--out", out)
    assert done.returncode == 0, done.stderr.decode()
    before, rate = soundfile.read(audio, dtype="int16")
    after, _ = soundfile.read(out / "msg0001.redacted.wav", dtype="int16")
    assert len(before) == len(after)
    doc = json.loads((out / "msg0001.redacted.json").read_text())
    spoken = [w for s in json.loads(transcript.read_text())["segments"] for w in s["words"]]
    hidden = kept = 0
    for word in spoken:
        a, b = int(float(word["start"]) * rate), int(float(word["end"]) * rate)
        inside = any(i["start"] <= float(word["start"]) and float(word["end"]) <= i["end"] for i in doc["intervals"])
        clear = all(
            i["end"] + 0.02 < float(word["start"]) or float(word["end"]) < i["start"] - 0.02 for i in doc["intervals"]
        )
        if inside:
            hidden += 1
            assert (before[a:b] != after[a:b]).mean() > 0.9
        elif clear:
            kept += 1
            assert (before[a:b] == after[a:b]).all()
    assert hidden >= 8
    assert kept >= 8
    for secret in ("Whitlock", "Brunsvold", "555-0142", "1962", "metformin"):
        assert not re.search(secret, json.dumps(doc), re.IGNORECASE)
