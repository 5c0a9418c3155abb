"""Downloads from a loopback server that speaks the hub's protocol; it has the shipped checkpoint under a stock name."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback import COMMIT, Hub, serve

from redactor.errors import ModelUnavailable
from redactor.speech import WhisperEngine, index, list_checkpoints, resolve, stock
from redactor.speech.checkpoints import shipped_models
from redactor.speech.hub import is_reachable
from redactor.types import Mono

REPO = "Systran/faster-whisper-tiny.en"
WANTED = {"config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.json"}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    folder = shipped_models()["voicemail-micro"]
    return {name: (folder / name).read_bytes() for name in WANTED} | {"README.md": b"a card", ".gitattributes": b"*"}


def no_index(*args: object, **kwargs: object) -> Path:
    raise index.Unreachable("The package index cannot be reached.", hint=str(kwargs["hint"]))


@pytest.fixture
def hub(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch):
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    with serve(Hub(REPO, dict(files))) as server:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(index, "fetch", no_index)
        _http.close_session()
        yield server
        _http.close_session()


def test_downloads_loads_and_recognises(hub: Hub, tmp_path: Path, voicemail: Mono) -> None:
    told: list[tuple[int, int]] = []
    found = resolve("tiny.en", cache_dir=tmp_path, progress=lambda done, total: told.append((done, total)))
    assert (found.name, found.source, found.revision) == ("tiny.en", "download", COMMIT)
    known = stock.by_name("tiny.en")
    assert (found.max_window, found.margin, found.beam) == (known.max_window, known.margin, known.beam)
    assert not found.synthetic_only
    assert {file.name for file in found.path.iterdir()} == WANTED
    size = sum(len(hub.files[name]) for name in WANTED)
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    engine = WhisperEngine.load(found, device="cpu", cpu_threads=1)
    assert engine.recognize([voicemail[:32_000]])[0]
    assert engine.info.revision == COMMIT


def test_the_second_time_nothing_is_asked(hub: Hub, tmp_path: Path) -> None:
    resolve("tiny.en", cache_dir=tmp_path)
    hub.requests.clear()
    assert resolve("tiny.en", cache_dir=tmp_path).source == "cache"
    assert resolve("auto", device="cpu", cache_dir=tmp_path).name == "tiny.en"
    assert resolve(REPO, cache_dir=tmp_path, allow_download=False).source == "cache"
    assert hub.requests == []
    row = next(row for row in list_checkpoints(cache_dir=tmp_path) if row.name == "tiny.en")
    assert row.state == "downloaded"
    assert row.size == len(hub.files["model.bin"])


@pytest.mark.parametrize("revision", [COMMIT, "v1", "main"])
def test_revisions_are_pinned(hub: Hub, tmp_path: Path, revision: str) -> None:
    assert resolve("tiny.en", revision=revision, cache_dir=tmp_path).revision == COMMIT
    assert resolve("tiny.en", revision=revision, cache_dir=tmp_path).source == "cache"


def test_a_revision_that_does_not_exist(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no revision"):
        resolve("tiny.en", revision="v9", cache_dir=tmp_path)


def test_a_repository_that_does_not_exist(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="has no repository"):
        resolve("nobody/nothing", cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [(401, "", "private"), (403, "GatedRepo", "gated"), (500, "", "cannot be reached"), (503, "", "cannot be reached")],
)
def test_refusals(hub: Hub, tmp_path: Path, status: int, code: str, message: str) -> None:
    hub.status, hub.error_code = status, code
    with pytest.raises(ModelUnavailable, match=message) as caught:
        resolve("tiny.en", cache_dir=tmp_path)
    assert "HF_" in caught.value.hint
    assert caught.value.exit_code == 69


def test_a_token_is_sent(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "secret"
    with pytest.raises(ModelUnavailable, match="private"):
        resolve("tiny.en", cache_dir=tmp_path)
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert resolve("tiny.en", cache_dir=tmp_path).source == "download"


def test_a_cut_connection_is_continued(hub: Hub, tmp_path: Path) -> None:
    hub.cut = 1 << 20
    assert resolve("tiny.en", cache_dir=tmp_path).source == "download"
    assert sum("model.bin" in request and request.startswith("GET") for request in hub.requests) == 2


def test_a_connection_that_keeps_breaking_leaves_no_checkpoint(hub: Hub, tmp_path: Path) -> None:
    hub.cut, hub.forever = 1000, True
    hub.files["model.bin"] = hub.files["model.bin"][: 1 << 20]  # so that it never comes to an end in 1000-byte steps
    _stop_after(hub, 12)
    with pytest.raises(ModelUnavailable):
        resolve("tiny.en", cache_dir=tmp_path)
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        resolve("tiny.en", cache_dir=tmp_path, allow_download=False)
    hub.cut, hub.status, hub.requests = 0, 200, []
    assert resolve("tiny.en", cache_dir=tmp_path).source == "download"


def _stop_after(hub: Hub, requests: int) -> None:
    """The server refuses from the n-th request on."""

    class Counting(list):
        def append(self, item: str) -> None:
            super().append(item)
            if len(self) >= requests:
                hub.status = 403

    hub.requests = Counting()


def test_a_changed_download_is_refused_and_fetched_again(hub: Hub, tmp_path: Path) -> None:
    hub.corrupt = True
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        resolve("tiny.en", cache_dir=tmp_path)
    hub.corrupt = False
    assert resolve("tiny.en", cache_dir=tmp_path).source == "download"


def test_a_repository_that_is_no_checkpoint(hub: Hub, tmp_path: Path) -> None:
    hub.files = {"config.json": b"{}", "model.safetensors": b"x"}
    with pytest.raises(ModelUnavailable, match=r"no model\.bin"):
        resolve("tiny.en", cache_dir=tmp_path)


def test_auto_downloads_small_en_on_cpu(hub: Hub, tmp_path: Path) -> None:
    hub.repo = "Systran/faster-whisper-small.en"
    assert resolve("auto", device="cpu", cache_dir=tmp_path).name == "small.en"


def test_no_server(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
        resolve("auto", device="cpu", cache_dir=tmp_path)
    for way in ("models get", "HF_ENDPOINT", "--model FOLDER", "voicemail-micro"):
        assert way in caught.value.hint


def test_a_hub_that_does_not_answer_is_given_up_soon(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    assert is_reachable(5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        assert not is_reachable(0.2)
        assert time.monotonic() - begun < 3


def test_auto_says_which_it_takes_and_why(hub: Hub, tmp_path: Path) -> None:
    told: list[str] = []
    hub.repo = "Systran/faster-whisper-small.en"
    for _ in range(2):
        resolve("auto", device="cpu", cache_dir=tmp_path, notify=told.append)
    assert told == [
        "No checkpoint is installed. Downloading small.en, the best one for a CPU, from the hub.",
        "Using small.en, the best installed checkpoint for a CPU.",
    ]


def test_the_source_hub_never_asks_the_index(hub: Hub, tmp_path: Path) -> None:
    hub.status = 503
    told: list[str] = []
    with pytest.raises(ModelUnavailable, match="hub cannot be reached") as caught:
        resolve("tiny.en", source="hub", cache_dir=tmp_path, notify=told.append)
    assert "index" not in caught.value.message
    assert told == []


def test_offline_uses_a_seeded_cache_and_says_why_otherwise(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    resolve("tiny.en", cache_dir=tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    _http.close_session()
    hub.requests.clear()
    assert resolve("auto", device="cpu", cache_dir=tmp_path).name == "tiny.en"
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE"):
        resolve("base.en", cache_dir=tmp_path)
    assert hub.requests == []


def test_environment_is_honoured(hub: Hub, tmp_path: Path) -> None:
    """HF_ENDPOINT and HF_HOME as a user sets them, in a process of its own."""
    code = "from redactor.speech import resolve; c = resolve('tiny.en'); print(c.source, c.path)"
    env = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    env |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, timeout=60)
    source, _, path = done.stdout.strip().partition(" ")
    assert source == "download"
    assert Path(path).is_relative_to(tmp_path / "home" / "hub")
