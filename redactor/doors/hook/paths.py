"""Opening files that somebody else named: below the configured folders, without following a link, and nothing but regular files.

Every component is opened relative to the one before it, without following links, so that nothing can be swapped between check and use:
what was checked is the descriptor that is read. The configured folders themselves are the operator's and may be links.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redactor.errors import Busy, NoInput, OutputError, RefusedInput

LONGEST = 4000
"""Bytes of a path: the system's own limit is 4096."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
# O_NONBLOCK: opening a FIFO must not wait for a writer.


class Gone(NoInput):
    """There is no such file; not: it cannot be reached now."""


def place(path: str, roots: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The root that a path lies in, and its components below that.

    Raises:
        RefusedInput: relative, too long, control characters, "." or ".." in it, or outside of all roots.
    """
    if not path.startswith("/") or len(os.fsencode(path)) > LONGEST or any(ord(c) < 32 or ord(c) == 127 for c in path):
        raise RefusedInput("The path is not absolute, too long, or holds control characters.")
    parts = path.split("/")
    if "." in parts or ".." in parts:
        raise RefusedInput("The path goes up or stays where it is on its way.")
    names = _parts(path)
    for root in sorted(roots, key=len, reverse=True):
        above = _parts(root)
        if names[: len(above)] == above and len(names) > len(above):
            return root, names[len(above) :]
    raise RefusedInput("The path lies outside the folders that the settings name.")


def plain(path: str) -> str:
    """One way to write an absolute path: what is told with two slashes is no other recording."""
    return "/" + "/".join(_parts(path)) if path.startswith("/") else path


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


@contextmanager
def opened(path: str, roots: Sequence[str], *, writing: bool = False) -> Iterator[int]:
    """A descriptor of a regular file, for reading (and `writing`, in place).

    Raises:
        RefusedInput: see `place`; or a link, a device, a pipe, a folder.
        NoInput: it is not there, or may not be read.
    """
    root, names = place(path, roots)
    with _descended(root, names[:-1]) as folder:
        try:
            file = os.open(names[-1], _FILE | (os.O_RDWR if writing else 0), dir_fd=folder)
        except OSError as error:
            raise _refusal(error) from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise RefusedInput("It is a folder, device, pipe or socket, not a file.")
            yield file
        finally:
            os.close(file)


@contextmanager
def opened_folder(path: str, roots: Sequence[str]) -> Iterator[int]:
    """A descriptor of a folder below (or among) the roots.

    Raises:
        RefusedInput, NoInput
    """
    root, names = (path, ()) if path in roots else place(path, roots)
    with _descended(root, names) as folder:
        yield folder


@contextmanager
def _descended(root: str, names: Sequence[str]) -> Iterator[int]:
    try:
        folder = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    except OSError as error:
        if isinstance(refusal := _refusal(error), Busy):
            raise refusal from None
        raise NoInput("A folder of the settings does not exist or may not be read.") from None
    try:
        for name in names:
            try:
                below = os.open(name, _FOLDER, dir_fd=folder)
            except OSError as error:
                raise _refusal(error) from None
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _refusal(error: OSError) -> Exception:
    if error.errno == errno.EROFS:
        return OutputError("The recording lies on a file system that cannot be written to.")
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return Busy("There are too many open files.")
    # str(error) would carry the path. A link that is not followed is ELOOP, or ENOTDIR where a folder was asked for.
    if isinstance(error, FileNotFoundError):
        return Gone("The file does not exist.")
    if isinstance(error, PermissionError):
        return NoInput("The file may not be read with these permissions.")
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENAMETOOLONG, errno.EISDIR):
        return RefusedInput("There is a link on the way, or something that is neither file nor folder.")
    return NoInput("The file cannot be reached.", hint="Is its disk or share in order?")


def read_all(descriptor: int, limit: int) -> bytes:
    """Up to `limit` bytes from the start, and one more if there are more: the file may still be growing.

    Raises:
        NoInput: it cannot be read (a bad sector, a share that went away).
    """
    chunks: list[bytes] = []
    left, at = limit + 1, 0
    try:
        while left and (chunk := os.pread(descriptor, min(left, 1 << 20), at)):
            chunks.append(chunk)
            left -= len(chunk)
            at += len(chunk)
    except OSError:
        raise NoInput("The file cannot be read.", hint="Is its disk or share in order?") from None
    return b"".join(chunks)
