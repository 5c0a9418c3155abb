"""Opening what lies below a folder that the operator named and others may write to: through directory descriptors, no
link followed.

Every component is opened relative to the one before it (openat with O_NOFOLLOW), so that nothing can be swapped between
check and use:
what was checked is the descriptor that is read, written to, or renamed in. The operator's own folders (`root`, `roots`)
may be links.
Linux's openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS promises the same in one call; the walk needs no more than
POSIX.

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
"""What systems say of a link that is not to be followed (FreeBSD the second)."""
NO_SPECIAL_FILE = "It is a folder, device, pipe or socket, not a file."


class Gone(NoInput):
    """There is no such file; not: it cannot be reached now."""


# --- descriptors; what the system says is raised as it is
# ----------------------------------------------------------------


def descend(root: str | os.PathLike[str], names: Sequence[str] = (), *, make: bool = False, mode: int = 0o777) -> int:
    """A descriptor of the folder `root/names…`, to be closed by the caller.

    Args:
        names: components below `root`; none of them is followed if it is a link.
        make: make the folders that are not there, with `mode` (and the caller's umask).

    Raises:
        OSError: ENOTDIR or ELOOP where a link or a file lies on the way.
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
    """The folder below an open one, which is closed in any case."""
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
    """A descriptor of an input for reading, to be closed by the caller; of whatever kind it is.

    Args:
        within: the folder that was given, where a walk through it found `path`: the folders on the way must be no links
            by now, and what the file itself leads to, if it is one, must lie below as well. None: `path` was given, and
            its links are the operator's.

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
        "The input is a link that leads out of the folder that was given, or lies behind one.",
        hint="Name what it leads to, or the folder that holds that.",
    )


def remove_tree(name: str, folder: int) -> None:
    """Remove a folder in an open one with all that is in it, as far as that is possible; a link is removed, not
    followed.
    """
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


# --- paths that somebody else named
# --------------------------------------------------------------------------------------


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
        raise NoInput("A folder of the settings does not exist or may not be read.") from None
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
        return OutputError("The recording lies on a file system that cannot be written to.")
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return Busy("There are too many open files.")
    # str(error) would carry the path. A link that is not followed is ELOOP, or ENOTDIR where a folder was asked for.
    if isinstance(error, FileNotFoundError):
        return Gone("The file does not exist.")
    if isinstance(error, PermissionError):
        return NoInput("The file may not be read with these permissions.")
    if error.errno in (*_LINK, errno.ENOTDIR, errno.ENXIO, errno.ENAMETOOLONG, errno.EISDIR):
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
