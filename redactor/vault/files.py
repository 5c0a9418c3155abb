"""The vault's files: complete or absent, mode 0600, in folders of mode 0700. Links are refused everywhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redactor.atomic_files import PREFIX, SUFFIX, Partial, as_output_error, flush_folder
from redactor.errors import RefusedInput, VaultDamaged


def write(root: Path, *below: str, content: bytes) -> None:
    """Write root/below… and create its folders.

    Raises:
        OutputError, RefusedInput
    """
    target = root.joinpath(*below)
    partial = Partial(target, mode=0o600)
    try:
        made = _make_folders(root, below)
        refuse_links(root, *below)
        for folder in made:
            flush_folder(folder.parent)  # so that a power cut cannot lose the folder
        partial.write(content)
        partial.commit()
        flush_folder(target.parent)
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        partial.discard()


def read(root: Path, *below: str) -> bytes | None:
    """The content of root/below…; None if there is no such file.

    Raises:
        RefusedInput: it is a link.
        VaultDamaged: it cannot be read.
    """
    refuse_links(root, *below)
    try:
        with os.fdopen(os.open(root.joinpath(*below), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _link() from None
        raise VaultDamaged("A file of the vault cannot be read.", hint="Check its owner and the disk.") from None


def rewrite(root: Path, *below: str, content: bytes) -> None:
    """Replace an existing file, and overwrite its old content with zeros.

    Raises:
        OutputError, RefusedInput
    """
    refuse_links(root, *below)
    try:
        old = os.open(root.joinpath(*below), os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise as_output_error(error) from None
    try:
        write(root, *below, content=content)
        _zero(old)
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        os.close(old)


def shred(root: Path, *below: str) -> bool:
    """Overwrite a file with zeros and remove it; false if there is none.

    Raises:
        OutputError, RefusedInput
    """
    refuse_links(root, *below)
    path = root.joinpath(*below)
    try:
        file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise as_output_error(error) from None
    try:
        try:
            _zero(file)
        finally:
            os.close(file)
        path.unlink()
        flush_folder(path.parent)
    except OSError as error:
        raise as_output_error(error) from None
    return True


def remove(root: Path, *below: str) -> None:
    """Remove a file if it exists."""
    refuse_links(root, *below)
    path = root.joinpath(*below)
    with suppress(FileNotFoundError):
        try:
            path.unlink()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise as_output_error(error) from None


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """A lock for one writer across processes.

    Raises:
        OutputError, RefusedInput
    """
    import fcntl

    if root.is_symlink():
        raise _link()
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise as_output_error(error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def is_there(root: Path, *below: str) -> bool:
    """Whether there is such a file. Raises RefusedInput if it is a link."""
    refuse_links(root, *below)
    return root.joinpath(*below).is_file()


def is_leftover(name: str) -> bool:
    """Whether a file is temporary. Under the lock, a temporary file was left by a killed process."""
    return name.startswith(PREFIX) and name.endswith(SUFFIX)


def names(root: Path, *below: str) -> list[str]:
    """The sorted names in a folder; empty if it does not exist."""
    refuse_links(root, *below)
    with suppress(FileNotFoundError):
        return sorted(p.name for p in root.joinpath(*below).iterdir())
    return []


def refuse_links(root: Path, *below: str) -> None:
    """Raises RefusedInput if the folder, the file or anything between is a link."""
    for path in (*_folders(root, below), root.joinpath(*below)):
        if path.is_symlink():
            raise _link()


def _make_folders(root: Path, below: tuple[str, ...]) -> list[Path]:
    """Make what is missing; which."""
    made = []
    for folder in _folders(root, below):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=folder == root, exist_ok=True)
            made.append(folder)
    return made


def _zero(file: int) -> None:
    os.write(file, bytes(os.fstat(file).st_size))
    os.fsync(file)


def _folders(root: Path, below: tuple[str, ...]) -> list[Path]:
    return [root.joinpath(*below[:depth]) for depth in range(len(below))]


def _link() -> RefusedInput:
    return RefusedInput("There is a link in the vault.", hint="Find out who created it; the vault contains no links.")
