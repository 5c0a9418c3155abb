"""The README is executed: its example prints what it shows, its model demonstration works. tests/test_docs.py checks
the rest.
"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_is_shown(run):
    shown = re.search(r"<!-- example:detect -->\n    \$ echo '(.*)' \| redactor detect\n    (.*)\n", README)
    assert shown, "the README has lost its example"
    done = run("detect", input=shown[1].encode() + b"\n")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == json.loads(shown[2])


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^    |`)make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", ["toy.wav", "toy-two-parties.wav"])
def test_the_test_double_really_recognises(run, tmp_path, name):
    """The shipped checkpoint through the real faster-whisper: words come out, the number is bleeped, the model is
    marked.
    """
    out = tmp_path / "out"
    done = run(
        "redact",
        ROOT / "tests" / "data" / name,
        "--out",
        out,
        "--model",
        "voicemail-micro",
        "--unheard",
        "bleep",
        "--json",
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"synthetic" in done.stderr
    doc = json.loads(next(out.glob("*.redacted.json")).read_text())
    assert doc["synthetic_only"] is True
    assert len(doc["words"]) > 12
    assert "PHONE_NUMBER" in {f["label"] for f in doc["findings"]}
    assert json.loads(done.stdout)["redacted"] == 1
