"""The set of files of one redacted recording: `a.redacted.wav`, `.txt`, `.srt`, `.vtt` and, last, `.json`.

A set that lies on the disk is believed by its digests, which whoever keeps count noted when it was made: others may
write there, too, and a
size, a time or a document that says so prove nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from redactor.errors import RedactorError
from redactor.safe_open import open_file, read_all
from redactor.storage.save import Target, remove, save_set

_BLOCK = 1 << 20

Place = TypeVar("Place", Path, Target)


class Fingerprint(NamedTuple):
    """What a file is known by: bytes, and their SHA-256 as 64 hex digits."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Fingerprint:
        return cls(len(content), hashlib.sha256(content).hexdigest())


Fingerprints = Mapping[str, Fingerprint]
"""Of a set, by suffix."""


def artefact(target: Place, suffix: str) -> Place:
    """`OUT/a` and ".wav" → `OUT/a.redacted.wav`."""
    return target.with_name(_name(target.name, suffix))


def _name(stem: str, suffix: str) -> str:
    return f"{stem}.redacted{suffix}"


def fingerprints(files: Iterable[tuple[str, bytes]]) -> dict[str, Fingerprint]:
    """Of the files of a set, by suffix."""
    return {suffix: Fingerprint.of(content) for suffix, content in files}


def intact(target: Target, files: Fingerprints) -> bool:
    """Whether a set lies there as it was made: every byte of it is read."""
    try:
        with target.parent.opened() as here:
            # Sizes of all first: they cost nothing, and what somebody put there may be without end.
            return bool(files) and all(
                all(check(_name(target.name, suffix), here, noted) for suffix, noted in files.items())
                for check in (_has_size, _has_digest)
            )
    except (OSError, ValueError, RedactorError):
        return False


def _has_size(name: str, here: int, noted: Fingerprint) -> bool:
    return os.stat(name, dir_fd=here, follow_symlinks=False).st_size == noted.size


def _has_digest(name: str, here: int, noted: Fingerprint) -> bool:
    digest, left = hashlib.sha256(), noted.size
    with _opened(name, here) as file:
        while left >= 0 and (block := os.read(file, _BLOCK)):
            digest.update(block)
            left -= len(block)
    return left == 0 and digest.hexdigest() == noted.sha256


@contextmanager
def _opened(name: str, here: int) -> Iterator[int]:
    file = open_file(name, here)
    try:
        yield file
    finally:
        os.close(file)


def copy_set(first: Target, target: Target, files: Fingerprints) -> bool:
    """Give `target` the artefacts of `first`, all or none, the document last; False if those are no longer what they
    were.

    What is checked are the bytes that are then written. They are copied rather than linked: an edit of one twin's file
    must not change the other's.

    Raises:
        OutputError: as `save_set`.
    """
    content: dict[Target, bytes] = {}
    try:
        with first.parent.opened() as here:
            for suffix in sorted(files, key=lambda s: s == ".json"):
                with _opened(_name(first.name, suffix), here) as file:
                    data = read_all(file, files[suffix].size)
                if Fingerprint.of(data) != files[suffix]:
                    return False
                content[artefact(target, suffix)] = data
    except (OSError, ValueError, RedactorError):
        return False
    save_set(content)
    return True


def remove_set(target: Target, suffixes: Iterable[str]) -> None:
    """Remove artefacts with these suffixes, as far as they are there."""
    try:
        with target.parent.opened() as here:
            remove((_name(target.name, suffix) for suffix in suffixes), here)
    except OSError:  # no folder, no artefacts; nor is anything removed behind a link
        pass
