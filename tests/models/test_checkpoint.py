"""The shipped checkpoint describes itself, and its files are those that were measured."""

import hashlib
import json
from pathlib import Path

from redactor.speech.checkpoints import resolve

FOLDER = Path(__file__).parents[2] / "models" / "voicemail-micro"


def test_sums_match_in_both_places():
    listed = {
        name: digest for digest, name in (line.split() for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    }
    assert listed == json.loads((FOLDER / "model.json").read_text())["sha256"]
    for name, digest in listed.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_it_is_small_and_marked_as_synthetic():
    checkpoint = resolve("voicemail-micro")
    assert checkpoint.synthetic_only
    assert checkpoint.size < 20_000_000
    assert 2 <= checkpoint.max_window <= 15


def test_the_card_warns():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "INVENTS" in card
    assert "synthetic" in card
