"""The results of `models verify` for checkpoints from each source."""

import hashlib
import json
from pathlib import Path

import pytest
from wheels import FILES, HEAD, OTHER, build

from redactor.speech import resolve, stock
from redactor.speech.verify import verify

COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entries = stock.read(HEAD + build({}) + OTHER)
    monkeypatch.setattr(stock, "table", lambda: entries)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


def folder(path: Path, **other: bytes) -> Path:
    path.mkdir()
    for name, content in (FILES | {key.replace("_", "."): value for key, value in other.items()}).items():
        (path / name).write_bytes(content)
    return path


def from_hub(cache: Path, name: str, files: dict[str, bytes]) -> Path:
    """As huggingface_hub caches it: large files by SHA-256, small ones by git's digest."""
    home = cache / ("models--" + stock.by_name(name).repository.replace("/", "--"))
    snapshot = home / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for sub in ("blobs", "refs"):
        (home / sub).mkdir()
    (home / "refs" / "main").write_text(COMMIT)
    for file, content in files.items():
        large = hashlib.sha256(content).hexdigest()
        digest = large if file == "model.bin" else hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        (home / "blobs" / digest).write_bytes(content)
        (snapshot / file).symlink_to(Path("..", "..", "blobs", digest))
    return snapshot


def test_a_folder_with_stock_files(tmp_path: Path) -> None:
    checked = verify(resolve(str(folder(tmp_path / "x"))))
    assert (checked.name, checked.state, checked.damaged) == ("invented", "verified", ())
    assert checked.digest == hashlib.sha256(FILES["model.bin"]).hexdigest()


def test_a_folder_with_stock_weights_and_another_tokenizer(tmp_path: Path) -> None:
    checked = verify(resolve(str(folder(tmp_path / "x", tokenizer_json=b"{}"))))
    assert (checked.state, checked.damaged) == ("damaged", ("tokenizer.json",))


def test_a_foreign_folder_cannot_be_verified(tmp_path: Path) -> None:
    assert verify(resolve(str(folder(tmp_path / "x", model_bin=bytes(3000))))).state == "unknown"


def test_a_foreign_folder_with_a_card(tmp_path: Path) -> None:
    path = folder(tmp_path / "x", model_bin=bytes(3000))
    digests = {"model.bin": hashlib.sha256(bytes(3000)).hexdigest()}
    (path / "model.json").write_text(json.dumps({"sha256": digests}))
    found = resolve(str(path))
    assert verify(found).state == "verified"
    (path / "model.bin").write_bytes(bytes(2999) + b"?")
    assert verify(found).damaged == ("model.bin",)


def test_the_hubs_files_may_differ_from_another_conversion(tmp_path: Path) -> None:
    from_hub(tmp_path, "invented", FILES | {"tokenizer.json": b'{"of": "the hub"}'})
    assert verify(resolve("invented", cache_dir=tmp_path)).state == "verified"


def test_the_hubs_weights_without_a_known_digest_are_intact(tmp_path: Path) -> None:
    from_hub(tmp_path, "elsewhere", FILES | {"model.bin": bytes(3000)})
    assert verify(resolve("elsewhere", cache_dir=tmp_path)).state == "intact"


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_changed_blob(tmp_path: Path, name: str) -> None:
    snapshot = from_hub(tmp_path, "elsewhere", FILES | {"model.bin": bytes(3000)})
    blob = (snapshot / name).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    checked = verify(resolve("elsewhere", cache_dir=tmp_path))
    assert (checked.state, checked.damaged) == ("damaged", (name,))


def test_the_shipped_checkpoint_is_verified() -> None:
    assert verify(resolve("voicemail-micro")).state == "verified"
