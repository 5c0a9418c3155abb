"""Atomic and durable files: a file gets its name only when it is complete and on the disk.

Content goes to a temporary name in the target folder (a rename works only within one file system), is flushed to the
device, and renamed last. Then the folder itself is flushed, so that a power cut cannot undo the rename. Only owner and
group can read the files: redacted audio still contains a voice. Standard library alone, since the hook must start in
milliseconds.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress

from redactor.errors import OutOfSpace, OutputError

TYPE_CHECKING = False  # importing typing and pathlib would take a third of the hook's time
if TYPE_CHECKING:
    from pathlib import Path

PREFIX = ".redactor-"
SUFFIX = ".part"
MODE = 0o640

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_LINK = {errno.ELOOP, errno.EMLINK, errno.ENOTDIR}
_CANNOT_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}
"""Errors of file systems that cannot flush a folder."""

_PROCESS = os.urandom(4).hex()
"""Distinguishes this process from an earlier one with the same id, which is common in containers."""
_NAME = re.compile(rf"{re.escape(PREFIX)}([0-9]+)-([0-9a-f]{{8}})-[0-9a-f]{{16}}{re.escape(SUFFIX)}")


class Partial:
    """A file being written under a temporary name; `commit` gives it its own, `discard` removes it.

    Args:
        target: its path; with `folder`, its name there.
        folder: descriptor of its folder (see `safe_open`), needed wherever others may write above it.
    """

    def __init__(self, target: str | os.PathLike[str], *, mode: int = MODE, folder: int | None = None) -> None:
        self.target = os.fspath(target)
        self._mode, self._folder = mode, folder
        # The process id lets a later run tell leftovers of a killed process from files that are being written now.
        name = f"{PREFIX}{os.getpid()}-{_PROCESS}-{os.urandom(8).hex()}{SUFFIX}"
        self.path = os.path.join(os.path.dirname(self.target), name)

    def open(self) -> int:
        """Make the file; a descriptor for writing to it, to be closed by the caller."""
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, self._mode, dir_fd=self._folder)

    def write(self, content: bytes) -> None:
        """Write and flush to the device."""
        with os.fdopen(self.open(), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def commit(self) -> None:
        os.replace(self.path, self.target, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def discard(self) -> None:
        with suppress(OSError):
            os.unlink(self.path, dir_fd=self._folder)


def save(target: str | os.PathLike[str], content: bytes, *, mode: int = MODE, folder: int | None = None) -> None:
    """Write one file, so that it is on the disk under its name when this returns, or not there at all; `folder`: see
    `Partial`.

    Raises:
        OutputError
    """
    partial = Partial(target, mode=mode, folder=folder)
    try:
        partial.write(content)
        partial.commit()
        flush_folder(os.path.dirname(partial.target) if folder is None else folder)
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        partial.discard()


def as_output_error(error: OSError) -> OutputError:
    """A write error without the path that the system's message contains."""
    if error.errno in _FULL:
        return OutOfSpace("The disk is full or failing.")
    if error.errno in _LINK:
        return OutputError(
            "An output's folder is a link or a file.",
            hint="Remove it, or choose another folder for the outputs.",
        )
    return OutputError(f"An output cannot be written ({errno.errorcode.get(error.errno or 0, 'unknown error')}).")


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files that a killed process left under `folder`; returns how many. Files of living processes
    stay.
    """
    count = 0
    with suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for _, _, files, here in os.fwalk(".", dir_fd=top):
                for name in filter(is_leftover, files):
                    with suppress(OSError):
                        os.unlink(name, dir_fd=here)
                        count += 1
        finally:
            os.close(top)
    return count


def is_leftover(name: str) -> bool:
    """Whether this is the name of a temporary file whose process has ended."""
    match = _NAME.fullmatch(name)
    return match is not None and not _alive(int(match[1]), match[2])


def _alive(pid: int, process: str) -> bool:
    if pid == os.getpid():
        return process == _PROCESS
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def flush_folder(folder: str | os.PathLike[str] | int) -> None:
    """Make renames in a folder (a path or a descriptor) durable, if its file system can."""
    try:
        if isinstance(folder, int):
            os.fsync(folder)
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise
