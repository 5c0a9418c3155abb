"""Extract members of untrusted zip archives: their names never become paths, and their sizes are checked.

Wheels and bundles are zip archives. Nothing in them is imported or run.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redactor.errors import ModelUnavailable

from .stock import File

BLOCK = 1 << 20
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError, zlib.error)
"""What zipfile raises for archives that are cut short, changed or not archives at all."""


class UnexpectedContent(ModelUnavailable):
    """An archive's content is not as expected."""


@contextmanager
def open_archive(path: Path, what: str) -> Iterator[zipfile.ZipFile]:
    """A zip archive for reading; `what` names it in messages.

    Raises:
        UnexpectedContent: it is not one, or it is truncated.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise UnexpectedContent(f"{what} is not a complete zip archive.") from error
    with archive:
        yield archive


def extract(parts: Sequence[tuple[zipfile.ZipFile, str]], target: Path, expected: File, what: str) -> None:
    """Write members one after the other into one file, and check its size and SHA-256.

    Args:
        parts: archive and member name, in order.
        target: is overwritten, and removed if the content is not as expected.
        what: names the file in messages.

    Raises:
        UnexpectedContent: a member is missing, or the content is not as expected. OSError: it cannot be written.
    """
    infos = [_info(archive, member, what) for archive, member in parts]
    if sum(info.file_size for info in infos) != expected.size:
        raise UnexpectedContent(f"{what} does not have the expected size.")
    try:
        _copy(parts, target, expected, what)
    except _BROKEN as error:
        target.unlink(missing_ok=True)
        raise UnexpectedContent(f"{what} is damaged.") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _copy(parts: Iterable[tuple[zipfile.ZipFile, str]], target: Path, expected: File, what: str) -> None:
    digest = hashlib.sha256()
    left = expected.size
    with target.open("wb") as out:
        for archive, member in parts:
            with archive.open(member) as source:
                while block := source.read(BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise UnexpectedContent(f"{what} is larger than declared.")
                    digest.update(block)
                    out.write(block)
    if left or digest.hexdigest() != expected.sha256:
        raise UnexpectedContent(f"{what} does not have the expected SHA-256.")


def _info(archive: zipfile.ZipFile, member: str, what: str) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename == member]
    if len(found) != 1 or found[0].flag_bits & 1:
        raise UnexpectedContent(f"{what} is missing from its archive, or occurs more than once.")
    return found[0]
