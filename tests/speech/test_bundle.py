"""A checkpoint in one file, and what an untrusted archive may not do."""

import hashlib
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from wheels import FILES, HEAD, OTHER, REPO, build

from redactor.errors import ConfigurationError, ModelUnavailable, NoInput, OutOfSpace, OutputError
from redactor.speech import bundle, hub, index, resolve, snapshots, stock
from redactor.speech.verify import verify


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The invented checkpoint is a stock one, and nothing can be downloaded."""
    entries = stock.read(HEAD + build({}) + OTHER)
    monkeypatch.setattr(stock, "table", lambda: entries)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    for module, name in ((hub, "download"), (index, "fetch")):
        monkeypatch.setattr(module, name, lambda *args, **kwargs: pytest.fail("the network was asked"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    for name, content in FILES.items():
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    bundle.export(resolve(str(folder)), tmp_path / "invented.zip")
    return tmp_path / "invented.zip"


def is_absent(cache: Path) -> bool:
    with pytest.raises(ModelUnavailable):
        resolve("invented", cache_dir=cache, allow_download=False)
    return not [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_export_and_import(archive: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    loaded = bundle.load(archive, cache_dir=cache)
    assert (loaded.name, loaded.repository) == ("invented", REPO)
    found = resolve("invented", cache_dir=cache)
    assert (found.source, found.stock, found.margin) == ("cache", "invented", 1.5)
    assert {path.name: path.read_bytes() for path in found.path.iterdir()} == FILES
    assert found.revision == snapshots.revision_name("bundle", hashlib.sha256(FILES["model.bin"]).hexdigest())
    assert snapshots.origin(found.revision) == "bundle"
    assert verify(found).state == "verified"
    assert not list(cache.rglob(".staging"))


def test_a_second_import_changes_nothing(archive: Path, tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        bundle.load(archive, cache_dir=tmp_path / "cache", notify=told.append)
    assert told == ["invented is already on this machine and undamaged; nothing was changed."]


def test_an_import_mends_a_damaged_checkpoint(archive: Path, tmp_path: Path) -> None:
    bundle.load(archive, cache_dir=tmp_path / "cache")
    found = resolve("invented", cache_dir=tmp_path / "cache")
    (found.path / "model.bin").resolve().write_bytes(b"?" * len(FILES["model.bin"]))
    bundle.load(archive, cache_dir=tmp_path / "cache")
    assert verify(resolve("invented", cache_dir=tmp_path / "cache")).state == "verified"


def test_the_archive_is_the_same_each_time(archive: Path, folder: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    bundle.export(resolve(str(folder)), tmp_path / "again.zip", progress=lambda done, total: told.append((done, total)))
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()
    assert told[-1] == (sum(map(len, FILES.values())),) * 2


def test_weights_without_a_known_digest_need_the_users_word(folder: Path, tmp_path: Path) -> None:
    (folder / "model.bin").write_bytes(bytes(5000))
    home = tmp_path / "from" / "models--somebody--faster-whisper-elsewhere"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("a" * 40)
    folder.rename(home / "snapshots")
    (home / "snapshots").rename(tmp_path / "content")
    (home / "snapshots").mkdir()
    (tmp_path / "content").rename(home / "snapshots" / ("a" * 40))
    made = bundle.export(resolve("elsewhere", cache_dir=tmp_path / "from"), tmp_path / "other.zip")
    with pytest.raises(ModelUnavailable, match=made.files["model.bin"].sha256) as caught:
        bundle.load(tmp_path / "other.zip", cache_dir=tmp_path / "to")
    assert "--trust" in caught.value.hint
    assert not (tmp_path / "to").exists()
    bundle.load(tmp_path / "other.zip", cache_dir=tmp_path / "to", trust=True)
    assert verify(resolve("elsewhere", cache_dir=tmp_path / "to")).state == "intact"


def test_what_cannot_be_exported(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        bundle.export(resolve(str(folder)), tmp_path / "no" / "such.zip")
    assert "another FILE" in caught.value.hint
    (folder / "tokenizer.json").write_text("{changed}")
    with pytest.raises(ModelUnavailable, match=r"damaged: tokenizer\.json"):
        bundle.export(resolve(str(folder)), tmp_path / "x.zip")
    (folder / "model.bin").write_bytes(bytes(5000))
    with pytest.raises(ConfigurationError, match="no repository"):
        bundle.export(resolve(str(folder)), tmp_path / "x.zip")
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".redactor-*"))


def test_a_disk_that_is_too_small(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OutOfSpace):
        bundle.load(archive, cache_dir=tmp_path / "cache")
    assert is_absent(tmp_path / "cache")


def test_no_such_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.zip"):
        with pytest.raises(NoInput):
            bundle.load(path, cache_dir=tmp_path / "cache")


Members = list[tuple[zipfile.ZipInfo, bytes]]


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def rewrite(path: Path, change: Callable[[Members, dict], Members | None]) -> None:
    """Write the archive again with other members, or with another manifest."""
    members = members_of(path)
    manifest = json.loads(members[0][1])
    members = change(members, manifest) or members
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of a name that occurs twice
        for info, content in members:
            kept = (
                json.dumps(manifest).encode() if info.filename == "manifest.json" and content[:1] == b"{" else content
            )
            archive.writestr(info, kept, info.compress_type)


def more(name: str, content: bytes = b"x", *, mode: int = stat.S_IFREG, method: int = zipfile.ZIP_STORED) -> Members:
    info = zipfile.ZipInfo(name)
    info.external_attr = (mode | 0o644) << 16
    info.compress_type = method
    return [(info, content)]


def swap(name: str, content: bytes, **kwargs: int) -> Callable[[Members, dict], Members]:
    return lambda members, manifest: [
        member for old in members for member in (more(name, content, **kwargs) if old[0].filename == name else [old])
    ]


def listed(name: str, **entry: object) -> Callable[[Members, dict], None]:
    return lambda members, manifest: manifest["files"][name].update(entry)


def set_in_manifest(**entries: object) -> Callable[[Members, dict], None]:
    return lambda members, manifest: manifest.update(entries)


HOSTILE: dict[str, tuple[Callable[[Members, dict], Members | None], str]] = {
    "path above": (lambda members, manifest: members + more("../evil"), "do not belong"),
    "absolute path": (lambda members, manifest: members + more("/etc/evil"), "do not belong"),
    "path below": (lambda members, manifest: members + more("snapshots/model.bin"), "do not belong"),
    "unknown file": (lambda members, manifest: members + more("model.json", b"{}"), "do not belong"),
    "twice": (lambda members, manifest: members + more("config.json"), "do not belong"),
    "link": (swap("config.json", b"/etc/passwd", mode=stat.S_IFLNK), "not a plain stored file"),
    "compressed": (swap("model.bin", bytes(1 << 20), method=zipfile.ZIP_DEFLATED), "not a plain stored file"),
    "other weights": (swap("model.bin", FILES["model.bin"][:-1] + b"?"), "SHA-256"),
    "longer weights": (swap("model.bin", FILES["model.bin"] + b"?"), "size"),
    "missing file": (lambda members, manifest: members[:-1], "files of its manifest"),
    "no weights": (
        lambda members, manifest: (
            manifest["files"].pop("model.bin"),
            [m for m in members if m[0].filename != "model.bin"],
        )[1],
        "all files of a checkpoint",
    ),
    "no manifest": (lambda members, manifest: members[1:], "not a checkpoint that redactor exported"),
    "manifest is a list": (swap("manifest.json", b"[1]"), "manifest is invalid"),
    "manifest is no JSON": (swap("manifest.json", b"nothing"), "manifest is invalid"),
    "deep manifest": (swap("manifest.json", b"[" * 60_000), "manifest is invalid"),
    "long manifest": (swap("manifest.json", b" " * 70_000), "not a checkpoint that redactor exported"),
    "other format": (set_in_manifest(format="redactor-checkpoint/9"), "manifest is invalid"),
    "repository above": (set_in_manifest(name="../../evil", repository="../../evil"), "manifest is invalid"),
    "repository below": (set_in_manifest(name="a/b--c", repository="a/b--c"), "manifest is invalid"),
    "other repository": (set_in_manifest(repository="evil/evil"), "manifest is invalid"),
    "digest as path": (listed("model.bin", sha256="../../../evil"), "manifest is invalid"),
    "too big": (listed("model.bin", size=1 << 50), "manifest is invalid"),
    "negative size": (listed("model.bin", size=-1), "manifest is invalid"),
    "size is true": (listed("config.json", size=True), "manifest is invalid"),
    "wrong size": (listed("model.bin", size=3), "size"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives(archive: Path, tmp_path: Path, case: str) -> None:
    change, message = HOSTILE[case]
    rewrite(archive, change)
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    with pytest.raises(ModelUnavailable, match=message) as caught:
        bundle.load(archive, cache_dir=tmp_path / "cache", trust=True)
    assert "Nothing was installed" in caught.value.message
    assert is_absent(tmp_path / "cache")
    assert {path for path in tmp_path.rglob("*") if "cache" not in path.parts} == before


def test_a_manifest_that_names_other_known_looking_weights_needs_trust(archive: Path, tmp_path: Path) -> None:
    """An attacker who changes the weights can change the manifest too: only this version's digests count."""
    content = bytes(len(FILES["model.bin"]))
    digest = hashlib.sha256(content).hexdigest()
    rewrite(archive, swap("model.bin", content))
    rewrite(archive, listed("model.bin", sha256=digest))
    with pytest.raises(ModelUnavailable, match=f"does not know these weights of invented: SHA-256 {digest}"):
        bundle.load(archive, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("size", [0, 10, 1000, -1, -400])
def test_an_archive_that_was_cut(archive: Path, tmp_path: Path, size: int) -> None:
    archive.write_bytes(archive.read_bytes()[:size])
    with pytest.raises(ModelUnavailable, match=r"complete zip archive|is invalid"):
        bundle.load(archive, cache_dir=tmp_path / "cache")
    assert is_absent(tmp_path / "cache")


def test_flipped_bytes(archive: Path, tmp_path: Path) -> None:
    right = archive.read_bytes()
    for at in range(0, len(right), len(right) // 40):
        archive.write_bytes(right[:at] + bytes([right[at] ^ 0xFF]) + right[at + 1 :])
        try:
            bundle.load(archive, cache_dir=tmp_path / str(at))
        except ModelUnavailable:
            assert is_absent(tmp_path / str(at))
        else:  # a byte that no reader looks at
            assert verify(resolve("invented", cache_dir=tmp_path / str(at))).state == "verified"
