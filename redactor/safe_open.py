"""Safe opening of files below a folder that others may write to: by directory descriptors, without following links.

Every component is opened relative to the one before it (openat with O_NOFOLLOW), so that nothing can be exchanged
between check and use: the descriptor that was checked is the one that is read, written, or renamed in. The operator's
own folders (`root`, `roots`) may be links. Linux's openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS does the same
in one call; this code needs only POSIX.

Standard library alone, since the hook must start in milliseconds.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from redactor.errors import Busy, NoInput, OutputError, RefusedInput

LONGEST = 4000
"""Bytes of a path: the system's own limit is 4096."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
# O_NONBLOCK: opening a FIFO must not wait for a writer.
_LINK = (errno.ELOOP, errno.EMLINK)
"""Errors for a link that must not be followed (FreeBSD: the second)."""
NO_SPECIAL_FILE = "It is a folder, device, pipe or socket, not a file."


class Gone(NoInput):
    """The file does not exist, as opposed to one that cannot be reached now."""


# --- descriptors; errors of the system are raised unchanged
# ----------------------------------------------------------------


def descend(root: str | os.PathLike[str], names: Sequence[str] = (), *, make: bool = False, mode: int = 0o777) -> int:
    """A descriptor of the folder `root/names…`, to be closed by the caller.

    Args:
        names: components below `root`; none of them is followed if it is a link.
        make: create missing folders, with `mode` (and the caller's umask).

    Raises:
        OSError: ENOTDIR or ELOOP if a component is a link or a file.
    """
    try:
        folder = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    except FileNotFoundError:
        if not make:
            raise
        os.makedirs(root, mode, exist_ok=True)
        folder = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    return _walk(folder, names, make=make, mode=mode)


def _walk(folder: int, names: Sequence[str], *, make: bool = False, mode: int = 0o777) -> int:
    """A descriptor of the folder below an open one, which is closed in any case."""
    try:
        for name in names:
            below = _step(name, folder, make=make, mode=mode)
            os.close(folder)
            folder = below
    except BaseException:
        os.close(folder)
        raise
    return folder


def _step(name: str, folder: int, *, make: bool, mode: int) -> int:
    if name in ("", ".", "..") or "/" in name:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, mode, dir_fd=folder)
    return os.open(name, _FOLDER, dir_fd=folder)


@contextmanager
def folder_at(
    root: str | os.PathLike[str], names: Sequence[str] = (), *, make: bool = False, mode: int = 0o777
) -> Iterator[int]:
    """`descend`, closed at the end."""
    folder = descend(root, names, make=make, mode=mode)
    try:
        yield folder
    finally:
        os.close(folder)


def open_file(name: str, folder: int, *, writing: bool = False) -> int:
    """A descriptor of a regular file in an open folder, for reading (and `writing`, in place), to be closed by the
    caller.

    Raises:
        RefusedInput: a device, a pipe, a folder. OSError: ELOOP for a link.
    """
    file = os.open(name, _FILE | (os.O_RDWR if writing else 0), dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RefusedInput("It is a folder, device, pipe or socket, not a file.")
    return file


def open_input(path: str | os.PathLike[str], within: str | os.PathLike[str] | None) -> int:
    """A descriptor of an input of any kind for reading, to be closed by the caller.

    Args:
        within: the given folder in which a walk found `path`: the folders between them must not be links by now, and if
            the file is a link, its target must be below `within` as well. None: `path` itself was given, and its links
            are the operator's.

    Raises:
        RefusedInput: a link leads out of `within`. OSError, ValueError
    """
    if within is None:
        return os.open(path, _FILE & ~os.O_NOFOLLOW)
    names = os.path.relpath(path, within).split("/")
    try:
        with folder_at(within, names[:-1]) as folder:
            try:
                return os.open(names[-1], _FILE, dir_fd=folder)
            except OSError as error:
                if error.errno not in _LINK:
                    raise
    except OSError as error:
        if error.errno in (*_LINK, errno.ENOTDIR):
            raise _leads_out() from None
        raise
    top, real = _parts(os.path.realpath(within)), _parts(os.path.realpath(path))
    if real[: len(top)] != top or len(real) == len(top):
        raise _leads_out()
    with folder_at(within, real[len(top) : -1]) as folder:
        return os.open(real[-1], _FILE, dir_fd=folder)


def _leads_out() -> RefusedInput:
    return RefusedInput(
        "The input is, or is behind, a link that leads out of the given folder.",
        hint="Give the link's target, or the folder that contains it.",
    )


def remove_tree(name: str, folder: int) -> None:
    """Remove a folder in an open one with its content, as far as possible; a link is removed, not followed."""
    with suppress(OSError):
        for _, folders, files, here in os.fwalk(name, topdown=False, dir_fd=folder):
            for entry in (*files, *folders):
                _remove(entry, here)
    _remove(name, folder)


def _remove(name: str, folder: int) -> None:
    for remove in (os.rmdir, os.unlink):
        with suppress(OSError):
            remove(name, dir_fd=folder)
            return


# --- paths from callers
# --------------------------------------------------------------------------------------


def place(path: str, roots: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The root that contains a path, and the path's components below it.

    Raises:
        RefusedInput: relative, too long, control characters, "." or ".." in it, or outside of all roots.
    """
    if not path.startswith("/") or len(os.fsencode(path)) > LONGEST or any(ord(c) < 32 or ord(c) == 127 for c in path):
        raise RefusedInput("The path is not absolute, is too long, or contains control characters.")
    parts = path.split("/")
    if "." in parts or ".." in parts:
        raise RefusedInput("The path contains '.' or '..'.")
    names = _parts(path)
    for root in sorted(roots, key=len, reverse=True):
        above = _parts(root)
        if names[: len(above)] == above and len(names) > len(above):
            return root, names[len(above) :]
    raise RefusedInput("The path is outside the folders in service.roots.")


def plain(path: str) -> str:
    """The normal form of an absolute path: double slashes do not make another recording."""
    return "/" + "/".join(_parts(path)) if path.startswith("/") else path


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


@contextmanager
def opened(path: str, roots: Sequence[str], *, writing: bool = False) -> Iterator[int]:
    """A descriptor of a regular file, for reading (and `writing`, in place).

    Raises:
        RefusedInput: see `place`; or a link, a device, a pipe, a folder.
        NoInput: it does not exist, or may not be read.
    """
    root, names = place(path, roots)
    with _descended(root, names[:-1]) as folder:
        try:
            file = open_file(names[-1], folder, writing=writing)
        except OSError as error:
            raise _refusal(error) from None
    try:
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
        above = descend(root)
    except OSError as error:
        if isinstance(refusal := _refusal(error), Busy):
            raise refusal from None
        raise NoInput("A folder in the settings does not exist or is not readable.") from None
    try:
        folder = _walk(above, names)
    except OSError as error:
        raise _refusal(error) from None
    try:
        yield folder
    finally:
        os.close(folder)


def _refusal(error: OSError) -> Exception:
    if error.errno == errno.EROFS:
        return OutputError("The recording is on a read-only file system.")
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return Busy("There are too many open files.")
    # str(error) would contain the path. A link that is not followed gives ELOOP, or ENOTDIR for a folder.
    if isinstance(error, FileNotFoundError):
        return Gone("The file does not exist.")
    if isinstance(error, PermissionError):
        return NoInput("The file is not readable with its permissions.")
    if error.errno in (*_LINK, errno.ENOTDIR, errno.ENXIO, errno.ENAMETOOLONG, errno.EISDIR):
        return RefusedInput("The path leads through a link, or to something that is neither a file nor a folder.")
    return NoInput("The file cannot be reached.", hint="Check its disk or network share.")


def read_all(descriptor: int, limit: int) -> bytes:
    """Up to `limit` bytes from the start, and one more if there are more, since the file may still be growing.

    Raises:
        NoInput: it cannot be read (a bad sector, a lost network share).
    """
    chunks: list[bytes] = []
    left, at = limit + 1, 0
    try:
        while left and (chunk := os.pread(descriptor, min(left, 1 << 20), at)):
            chunks.append(chunk)
            left -= len(chunk)
            at += len(chunk)
    except OSError:
        raise NoInput("The file cannot be read.", hint="Check its disk or network share.") from None
    return b"".join(chunks)
