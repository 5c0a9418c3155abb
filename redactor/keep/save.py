"""Atomic saves: a file has its name only when it is complete and on the disk.

Content goes to a temporary name in the target folder (a rename works only within one file system), is flushed to the device, and
is renamed last; then the folder itself is flushed, so that a power cut cannot undo the rename. Files are readable by the owner and
group only: redacted audio still carries a voice.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from redactor.errors import OutOfSpace, OutputError

PREFIX = ".redactor-"
SUFFIX = ".part"
MODE = 0o640

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class Partial:
    """A file being written under a temporary name; `commit` gives it its own, `discard` removes it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        # The process id lets a later run tell leftovers of a killed process from files that are being written now.
        self.path = target.parent / f"{PREFIX}{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}"

    def write(self, content: bytes) -> None:
        """Write and flush to the device."""
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def commit(self) -> None:
        self.path.replace(self.target)

    def discard(self) -> None:
        with suppress(OSError):
            self.path.unlink()


def save_set(files: Mapping[Path, bytes]) -> None:
    """Write several files so that the last one appears only when all others are there: it marks the set as complete.

    Raises:
        OutOfSpace: the disk is full or failing; nothing of the set is left.
        OutputError: a folder cannot be made or written to; nothing of the set is left.
    """
    partials: list[Partial] = []
    committed: list[Path] = []
    try:
        for target, content in files.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = Partial(target)
            partials.append(partial)
            partial.write(content)
        for partial in partials:
            partial.commit()
            committed.append(partial.target)
        for folder in {p.parent for p in files}:
            _flush_folder(folder)
    except OSError as error:
        for path in committed:
            with suppress(OSError):
                path.unlink()
        if error.errno in _FULL:
            raise OutOfSpace("The disk is full or failing.") from None
        raise OutputError(
            f"An output cannot be written ({errno.errorcode.get(error.errno or 0, 'unknown error')})."
        ) from None
    finally:
        for partial in partials:
            partial.discard()


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files that a killed process left under `folder`; returns how many. Files of living processes stay."""
    count = 0
    for path in folder.rglob(f"{PREFIX}*{SUFFIX}"):
        pid = path.name[len(PREFIX) :].split("-", 1)[0]
        if pid.isdigit() and _alive(int(pid)):
            continue
        with suppress(OSError):
            path.unlink()
            count += 1
    return count


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot flush a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
