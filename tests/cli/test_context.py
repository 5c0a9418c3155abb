"""`--context` on the command line: what it covers, what a later run redoes, and that nothing of it gets out."""

import json
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import speech_like, timed_words, whisper_json

SAID = "Hi I talked to my brother all side about it. Please call me back at 555-0142. Thank you."
ROWS = """\
file,role,name,phone
first,patient,Alcide Broussard,
,staff,Leilani Kahananui,410-555-0142
,practice,Cedar Hollow Pediatrics,
"""
DATA = Path(__file__).parents[1] / "data"
PRIVATE = [b"broussard", b"alcide", b"kahananui", b"leilani", b"hollow", b"0142", b"olbrecht"]


@pytest.fixture
def archive(tmp_path):
    """Two recordings of the same words, with their transcripts, and a context file for the first."""
    words = timed_words(SAID)
    for folder in ("in", "transcripts"):
        (tmp_path / folder).mkdir()
    for number, name in enumerate(("first", "second")):
        soundfile.write(tmp_path / f"in/{name}.wav", speech_like(words, seed=number), 8000, subtype="ULAW")
        (tmp_path / f"transcripts/{name}.json").write_text(whisper_json(words))
    (tmp_path / "people.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def redact(run_here, archive):
    def go(*more, code=0):
        given = ("--transcript", archive / "transcripts", "--no-verify", "--sandbox", "limits", "--names", "keep")
        done = run_here("redact", archive / "in", *given, "--out", archive / "out", "--json", *more)
        assert done.returncode == code, done.stderr.decode()
        assert_clean(done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else {}

    return go


def assert_clean(text):
    found = [value for value in PRIVATE if value in text.lower()]
    assert not found, found


def everything_in(folder):
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".wav")


def text_of(archive, name):
    return (archive / f"out/{name}.redacted.txt").read_text()


def test_known_names_are_covered_in_their_own_recording_only(archive, redact):
    redact("--context", archive / "people.csv")
    assert "all side" not in text_of(archive, "first")
    assert "all side" in text_of(archive, "second")
    assert_clean(everything_in(archive / "out"))
    samples, rate = soundfile.read(archive / "in/first.wav")
    bleeped, _ = soundfile.read(archive / "out/first.redacted.wav")
    side = next(w for w in timed_words(SAID) if w["word"] == " side")
    inside = slice(int(side["start"] * rate) + 200, int(side["end"] * rate) - 200)
    assert np.abs(samples[inside] - bleeped[inside]).max() > 0.05


def test_runs_redo_what_was_made_with_another_context_only(archive, redact):
    plain = redact()
    assert plain["redacted"] == 2
    before = (archive / "out/second.redacted.json").read_bytes()
    only_own = archive / "own.csv"
    only_own.write_text("file,role,name\nfirst,patient,Alcide Broussard\n")
    assert (redact("--context", only_own)["redacted"], redact("--context", only_own)["skipped"]) == (1, 2)
    assert (archive / "out/second.redacted.json").read_bytes() == before, "nothing is known about it"
    only_own.write_text("file,role,name\nfirst,patient,Alcide Olbrecht\n")
    assert redact("--context", only_own)["redacted"] == 1
    assert redact("--context", archive / "people.csv")["redacted"] == 2, "a directory is for all"
    assert redact()["redacted"] == 2
    assert (archive / "out/second.redacted.json").read_bytes() == before


def test_a_sealed_context_has_the_same_effect(archive, redact, run_here):
    people, key, out = archive / "people.csv", archive / "people.key", archive / "people.sealed"
    done = run_here("context", "seal", people, "--out", out, "--key", key)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(out.stat().st_mode) == 0o600
    assert_clean(done.stdout + done.stderr + out.read_bytes())
    people.unlink()
    redact("--context", out, "--context-key", key)
    assert "all side" not in text_of(archive, "first")
    redact("--context", out, code=78)
    assert run_here("context", "seal", out, "--out", out, "--key", key).returncode == 78
    assert run_here("context", "seal", archive / "out/summary.json", "--out", out, "--key", key).returncode == 78


@pytest.mark.parametrize(
    ("content", "more", "code"),
    [
        ("role,name\nbroussard,Alcide\n", (), 78),
        ("role,name\npatient,Alcide,Broussard\n", (), 78),
        ("broussard\n", (), 78),
        (None, (), 66),
        (ROWS, ("--context-key", "missing-broussard"), 78),
        ("file,role,name\nfirst,patient,Alcide\nfirst.wav,patient,Broussard\n", (), 0),
    ],
)
def test_mistakes_are_reported_before_anything_is_made(archive, redact, content, more, code):
    path = archive / "broussard.csv"
    if content is not None:
        path.write_text(content)
    redact("--context", path, *more, code=code)
    assert (archive / "out").exists() == (code == 0)


def test_a_key_needs_a_context(redact):
    redact("--context-key", "nothing", code=78)


def test_evaluate_reports_mistakes_in_a_context(run_here, archive):
    done = run_here("evaluate", archive / "in", "--context", archive / "missing-broussard.csv")
    assert done.returncode == 66
    assert_clean(done.stdout + done.stderr)


def test_evaluate_takes_a_context(run_here, tmp_path):
    """The toy voice says "I need a refill", labelled as the name that it sounds like."""
    samples, rate = soundfile.read(DATA / "toy.wav", dtype="float32")
    soundfile.write(tmp_path / "toy.wav", samples[: 8 * rate], rate)
    heard = run_here("transcribe", tmp_path / "toy.wav", "--model", "voicemail-micro", "--i-understand-this-prints-phi")
    channel = json.loads(heard.stdout)["channels"][0]
    text, at = channel["text"], 0
    for word in channel["words"]:
        at = text.index(word["text"], at)
        word |= {"char_start": at, "char_end": at + len(word["text"])}
    start = text.index("need a refill")
    channel["spans"] = [{"start": start, "end": start + len("need a refill"), "label": "PERSON"}]
    (tmp_path / "labels.jsonl").write_text(json.dumps({"file": "toy.wav", "channels": [channel]}) + "\n")
    (tmp_path / "rows.csv").write_text("file,role,name\ntoy,patient,Nida Riffil\n")
    audible = []
    for given in ((), ("--context", tmp_path / "rows.csv")):
        done = run_here("evaluate", tmp_path, "--model", "voicemail-micro", "--unheard", "bleep", "--json", *given)
        assert done.returncode == 0, done.stderr.decode()
        assert b"Riffil" not in done.stdout + done.stderr
        audible.append(json.loads(done.stdout)["labels"]["PERSON"]["audible_percent"])
    assert audible[0] > 90
    assert audible[1] < 60  # "refill" is covered for Riffil
