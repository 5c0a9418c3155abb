"""The set of files of one redacted recording: `a.redacted.wav`, `.txt`, `.srt`, `.vtt` and, last, `.json`.

A set on the disk counts only if its digests are those recorded when it was made. Sizes, times and the document prove
nothing, since others may write there, too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from redactor.errors import RedactorError
from redactor.safe_open import open_file, read_all
from redactor.storage.save import Target, remove, save_set

_BLOCK = 1 << 20
_LARGEST_DOCUMENT = 1 << 28

Place = TypeVar("Place", Path, Target)


class Fingerprint(NamedTuple):
    """Size in bytes and SHA-256 (64 hex digits) of a file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Fingerprint:
        return cls(len(content), hashlib.sha256(content).hexdigest())


Fingerprints = Mapping[str, Fingerprint]
"""Suffix → fingerprint of a set."""


def artefact(target: Place, suffix: str) -> Place:
    """`OUT/a` and ".wav" → `OUT/a.redacted.wav`."""
    return target.with_name(_name(target.name, suffix))


def withheld_notice(target: Place) -> Place:
    """`OUT/a` → `OUT/a.quarantined.json`: where the artefacts of a withheld recording would be."""
    return target.with_name(f"{target.name}.quarantined.json")


def _name(stem: str, suffix: str) -> str:
    return f"{stem}.redacted{suffix}"


def fingerprints(files: Iterable[tuple[str, bytes]]) -> dict[str, Fingerprint]:
    """Suffix → fingerprint of the files of a set."""
    return {suffix: Fingerprint.of(content) for suffix, content in files}


def intact(target: Target, files: Fingerprints) -> bool:
    """Whether a set is complete and unchanged. Reads every byte."""
    try:
        with target.parent.opened() as here:
            # All sizes first: they are cheap to compare, and a planted file may be endless.
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
    """Copy the artefacts of `first` to `target`, all or none, the document last; False if they have changed.

    The bytes that are checked are those that are written. They are copied rather than linked, so that editing one file
    does not change the other.

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


def has_twin(target: Target, identity: str, settings: str) -> bool:
    """Whether there is a document of the recording with this SHA-256, made with other settings."""
    try:
        with target.parent.opened() as here, _opened(_name(target.name, ".json"), here) as file:
            document = json.loads(read_all(file, _LARGEST_DOCUMENT))
            return bool(document["id"] == identity and document["settings"] != settings)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, RedactorError):
        return False


def remove_set(target: Target, suffixes: Iterable[str]) -> None:
    """Remove the artefacts with these suffixes that exist."""
    try:
        with target.parent.opened() as here:
            remove((_name(target.name, suffix) for suffix in suffixes), here)
    except OSError:  # no folder, no artefacts; nor is anything removed behind a link
        pass
