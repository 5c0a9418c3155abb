"""Install checkpoints from other sources in huggingface_hub's cache, where it and faster-whisper find them.

    models--Systran--faster-whisper-base/
        blobs/<sha256>                   content
        snapshots/<revision>/<file>      links to blobs; the revision names the source: index-… or bundle-…
        refs/main                        the revision that is used
        .staging/                        work in progress, which huggingface_hub ignores; a later run resumes it

A snapshot gets its name in one rename, after all of its blobs, and refs/main is written last, so that a checkpoint is
complete or absent.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from redactor import atomic_files as durable
from redactor.errors import ModelUnavailable, OutOfSpace, OutputError

Notify = Callable[[str], None]
"""Called with one line that the user should see."""

SPACE_HINT = "Free some space, or set HF_HOME to a folder on a larger disk, and run the same command again."
_FULL = {errno.ENOSPC, errno.EDQUOT}


def root(repo: str, cache_dir: Path | None) -> Path:
    """The folder of a repository in the cache, whether or not it exists."""
    from huggingface_hub import constants

    return Path(cache_dir or constants.HF_HUB_CACHE) / ("models--" + repo.replace("/", "--"))


@contextmanager
def staging(repo: str, cache_dir: Path | None, *, notify: Notify | None = None) -> Iterator[Path]:
    """A folder for work in progress on the cache's file system, for one process at a time.

    Raises:
        ModelUnavailable: the cache cannot be written to. OutOfSpace: the disk is full.
    """
    home = root(repo, cache_dir)
    folder = home / ".staging"
    locks = home.parent / ".locks" / home.name  # where huggingface_hub keeps its own locks
    with cache_errors():
        locks.mkdir(parents=True, exist_ok=True)
        with (locks / "redactor.lock").open("a") as lock:
            _lock(lock.fileno(), notify)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                yield folder
            finally:
                with suppress(OSError):  # not empty: wheels that the next run can use, or an installed checkpoint
                    folder.rmdir()
                with suppress(OSError):
                    home.rmdir()


def _lock(handle: int, notify: Notify | None) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if notify is not None:
            notify("Another process is downloading the same checkpoint; waiting for it.")
        fcntl.flock(handle, fcntl.LOCK_EX)


@contextmanager
def cache_errors() -> Iterator[None]:
    """Convert errors of writing to the cache to ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise OutOfSpace("The disk of the Hugging Face cache is full.", hint=SPACE_HINT) from error
        reason = errno.errorcode.get(error.errno or 0, "unknown error")
        raise ModelUnavailable(
            f"The Hugging Face cache cannot be written to ({reason}).",
            hint="Set HF_HOME to a writable folder, or pass --model FOLDER.",
        ) from error
    except OutOfSpace as error:
        raise OutOfSpace(error.message, hint=SPACE_HINT) from error
    except OutputError as error:
        raise ModelUnavailable(error.message, hint="Set HF_HOME to a writable folder.") from error


def need_space(folder: Path, size: int) -> None:
    """Fail before the work starts if there is not enough space.

    Raises:
        OutOfSpace: fewer than `size` bytes are free where `folder` is.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OutOfSpace(
            f"The checkpoint needs {megabytes(size)} in the Hugging Face cache; {megabytes(free)} are free.",
            hint=SPACE_HINT,
        )


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def install(files: Mapping[str, tuple[Path, str]], *, revision: str, staged: Path) -> Path:
    """Move checked files from the staging folder into the cache, and return the snapshot folder.

    It becomes the current one: callers install only if there is no usable one. A later download replaces it.

    Args:
        files: name → the file in `staged` and its SHA-256.
        revision: name of the snapshot, not one of the hub's commits.
    """
    home = staged.parent
    for name in ("blobs", "snapshots", "refs"):
        (home / name).mkdir(exist_ok=True)
    fresh = staged / "snapshot"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name, (path, digest) in files.items():
        _flush(path)
        blob = home / "blobs" / digest
        try:
            (fresh / name).symlink_to(Path("..", "..", "blobs", digest))
        except OSError:  # a file system without links; huggingface_hub keeps the files themselves there too
            path.replace(fresh / name)
        else:
            path.replace(blob)
    durable.flush_folder(home / "blobs")
    durable.flush_folder(fresh)
    target = home / "snapshots" / revision
    shutil.rmtree(staged / "replaced", ignore_errors=True)
    if target.exists():
        target.rename(staged / "replaced")
    fresh.rename(target)
    durable.flush_folder(target.parent)
    durable.save(home / "refs" / "main", revision.encode(), mode=0o644)
    shutil.rmtree(staged, ignore_errors=True)
    return target


def current(home: Path) -> Path | None:
    """The snapshot that refs/main names; None if there is none."""
    try:
        revision = (home / "refs" / "main").read_text("utf-8")
    except (OSError, ValueError):
        return None
    return home / "snapshots" / revision if revision and "/" not in revision and "\0" not in revision else None


def is_complete(snapshot: Path | None) -> bool:
    """Whether a snapshot has every file of a checkpoint; their content is not checked."""
    return (
        snapshot is not None
        and all((snapshot / name).is_file() for name in ("model.bin", "config.json", "tokenizer.json"))
        and any(snapshot.glob("vocabulary.*"))
    )


def discard(snapshot: Path, names: list[str]) -> None:
    """Remove damaged files of a snapshot with their blobs, so that they are downloaded again."""
    for name in names:
        path = snapshot / name
        blob = path.resolve()
        with suppress(OSError):
            path.unlink(missing_ok=True)
            if blob != path and blob.parent.name == "blobs":
                blob.unlink(missing_ok=True)


def origin(revision: str) -> str:
    """The source of a snapshot in the cache: "index", "bundle" or "hub"."""
    kind = revision.partition("-")[0]
    return kind if kind in ("index", "bundle") else "hub"


def revision_name(kind: str, digest: str) -> str:
    """The name of a snapshot without a commit of the hub: its source and the SHA-256 of its weights."""
    return f"{kind}-{digest[:12]}"


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
