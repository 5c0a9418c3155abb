import hashlib
import json
from pathlib import Path

import pytest

from redactor.errors import ConfigurationError, ModelUnavailable
from redactor.speech import list_checkpoints, resolve
from redactor.speech.checkpoints import RANK, _ranked, shipped_models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint's files, with made-up content."""
    path = tmp_path / "mine"
    path.mkdir()
    (path / "model.bin").write_bytes(bytes(2000))
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (path / name).write_text("{}")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    path = tmp_path / "cache"
    path.mkdir()
    return path


def seed(cache: Path, folder: Path, repo: str) -> Path:
    """A cache as a copy from another machine looks, without the hub's own listing."""
    root = cache / ("models--" + repo.replace("/", "--"))
    snapshot = root / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("a" * 40)
    for file in folder.iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    return snapshot


def test_a_path(folder: Path) -> None:
    found = resolve(str(folder))
    assert (found.name, found.source, found.path, found.max_window) == ("mine", "path", folder, 28)


def test_a_shipped_name() -> None:
    found = resolve("voicemail-micro", allow_download=False)
    assert found.source == "shipped"
    assert found.synthetic_only
    assert 2 <= found.max_window <= 30


def test_auto_never_takes_the_shipped_one(cache: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        resolve("auto", device="cpu", cache_dir=cache, allow_download=False)
    assert "voicemail-micro" in caught.value.hint
    assert "voicemail-micro" not in RANK


def test_auto_takes_the_best_in_the_cache(cache: Path, folder: Path) -> None:
    seed(cache, folder, "Systran/faster-whisper-tiny.en")
    assert resolve("auto", device="cpu", cache_dir=cache).name == "tiny.en"
    seed(cache, folder, "Systran/faster-whisper-base.en")
    found = resolve("auto", device="cpu", cache_dir=cache)
    assert (found.name, found.source, found.revision) == ("base.en", "cache", "a" * 40)


def test_auto_passes_over_a_damaged_one(cache: Path, folder: Path) -> None:
    seed(cache, folder, "Systran/faster-whisper-tiny.en")
    (seed(cache, folder, "Systran/faster-whisper-base.en") / "tokenizer.json").unlink()
    assert resolve("auto", device="cpu", cache_dir=cache, allow_download=False).name == "tiny.en"
    states = {row.name: row.state for row in list_checkpoints(cache_dir=cache)}
    assert (states["base.en"], states["tiny.en"], states["small.en"]) == ("damaged", "downloaded", "not downloaded")
    assert states["voicemail-micro"] == "shipped"


def test_rank_depends_on_the_device() -> None:
    assert _ranked("cuda")[0] == "large-v3-turbo"
    assert _ranked("cpu")[0] == "small.en"
    assert sorted(_ranked("cpu")) == sorted(RANK)


def test_a_damaged_cache_is_not_used_offline(cache: Path, folder: Path) -> None:
    (seed(cache, folder, "Systran/faster-whisper-tiny.en") / "tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable, match=r"no tokenizer\.json"):
        resolve("tiny.en", cache_dir=cache, allow_download=False)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("smal.en", "small.en"),
        ("Large-V3-Turbo", "large-v3-turbo"),
        ("voicemail_micro", "voicemail-micro"),
        ("tiny-en", "tiny.en"),
    ],
)
def test_typos(typo: str, meant: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        resolve(typo)
    assert f"{meant}" in caught.value.hint
    assert "Did you mean" in caught.value.hint


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        resolve("qqqq")
    assert "small.en" in caught.value.hint


@pytest.mark.parametrize("path", ["/nowhere/at/all", "./nowhere", "../nowhere", "a/b/c"])
def test_a_path_that_is_not_there(path: str) -> None:
    with pytest.raises(ModelUnavailable, match="no checkpoint folder"):
        resolve(path)


def test_a_folder_has_no_revision(folder: Path) -> None:
    for model in (str(folder), "voicemail-micro"):
        with pytest.raises(ConfigurationError):
            resolve(model, revision="main")


def test_a_folder_called_like_a_stock_checkpoint_is_not_taken_by_name(folder: Path, cache: Path, monkeypatch) -> None:
    folder.rename(folder.parent / "tiny.en")
    monkeypatch.chdir(folder.parent)
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        resolve("tiny.en", cache_dir=cache, allow_download=False)
    assert resolve("./tiny.en").source == "path"


def fails(folder: Path) -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as caught:
        resolve(str(folder))
    assert str(folder) not in caught.value.message + caught.value.hint
    return caught.value


def test_transformers_folder(folder: Path) -> None:
    (folder / "model.bin").unlink()
    (folder / "model.safetensors").touch()
    assert "ct2-transformers-converter" in fails(folder).hint


def test_openai_checkpoint(folder: Path) -> None:
    (folder / "model.bin").unlink()
    (folder / "small.en.pt").touch()
    assert ".pt" in fails(folder).message


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_missing_files(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert missing in fails(folder).message


def test_a_git_lfs_pointer(folder: Path) -> None:
    (folder / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\n")
    assert "git lfs" in fails(folder).hint


def card(folder: Path, **content: object) -> None:
    (folder / "model.json").write_text(json.dumps(content))


def test_model_card(folder: Path) -> None:
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    card(
        folder,
        name="own",
        version="3",
        synthetic_only=True,
        max_window=8,
        min_margin=1,
        beam=2,
        timestamps=False,
        sha256={"model.bin": digest},
    )
    found = resolve(str(folder))
    assert (found.name, found.revision, found.synthetic_only, found.max_window) == ("own", "3", True, 8)
    assert (found.margin, found.timestamps, found.beam) == (1.0, False, 2)


def test_only_stock_checkpoints_are_trimmed_without_a_card(folder: Path, cache: Path) -> None:
    """Windows are trimmed by a known checkpoint's margin; an unknown one has none."""
    snapshot = seed(cache, folder, "Systran/faster-whisper-small.en")
    for name in ("small.en", "Systran/faster-whisper-small.en"):
        found = resolve(name, cache_dir=cache)
        assert (found.margin, found.max_window, found.beam, found.measured, found.stock) == (
            4.0,
            28,
            5,
            False,
            "small.en",
        )
    seed(cache, folder, "somebody/fine-tuned")
    assert resolve("somebody/fine-tuned", cache_dir=cache).margin is None
    assert resolve(str(folder)).margin is None
    card(snapshot, min_margin=None)
    assert resolve("small.en", cache_dir=cache).margin is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"sha256": {"model.bin": "0" * 64}}, "checksum"),
        ({"sha256": {"gone.bin": "0" * 64}}, "checksum"),
        ({"min_margin": -1}, "min_margin"),
        ({"timestamps": "no"}, "timestamps"),
        ({"max_window": 0}, "max_window"),
        ({"max_window": "long"}, "max_window"),
        ({"beam": 0}, "beam"),
        ({"beam": "wide"}, "beam"),
        ("not json {", "not JSON"),
    ],
)
def test_bad_cards(folder: Path, content: object, message: str) -> None:
    (folder / "model.json").write_text(content if isinstance(content, str) else json.dumps(content))
    assert message in fails(folder).message


def test_a_relative_path_inside_the_sha256_list_cannot_leave_the_folder(folder: Path) -> None:
    card(folder, sha256={"../../etc/passwd": "0" * 64})
    assert "passwd" in fails(folder).message


def test_shipped_models_have_a_card() -> None:
    for path in shipped_models().values():
        assert (path / "model.json").is_file()
