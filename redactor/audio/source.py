"""Read a file once. Nothing after this reads the disk, so that the bytes that are hashed, recognised and bleeped are
the same.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import PurePath

from redactor.audio.formats import SUFFIXES
from redactor.audio.limits import Limits
from redactor.audio.raw import RAW_SUFFIXES
from redactor.errors import EmptyAudio, LimitExceeded, NoInput
from redactor.safe_open import open_input

AUDIO_SUFFIXES = frozenset(suffix for known in SUFFIXES.values() for suffix in known) | RAW_SUFFIXES
"""Lower-case suffixes that a folder walk takes for audio. The content then determines the format."""

LARGE = (1_000_000, 4_000_000)
"""Bytes of a file that may last a quarter of an hour or more: compressed, and PCM in most cases."""


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file.

    Attributes:
        id: SHA-256 of `untrusted_data`, 64 hex digits.
        untrusted_data: the file's content; only a decoder may read it.
        suffix: of the file name, with its dot and case (".WAV"), if it is one of `AUDIO_SUFFIXES`, else "": anything
            else after a dot may be part of a telephone number. The rest of the name is not kept.
    """

    id: str
    untrusted_data: bytes = field(repr=False)
    suffix: str

    @property
    def may_be_long(self) -> bool:
        """Whether it may last a quarter of an hour or more, so that only one such recording should be decoded in
        memory at a time.
        """
        return len(self.untrusted_data) > LARGE[self.suffix.lower() in (".wav", ".au", ".aif", ".aiff")]

    @classmethod
    def of(cls, untrusted_data: bytes, suffix: str) -> Source:
        """A source from bytes in memory; `suffix` is kept only if it is known."""
        known = suffix if suffix.lower() in AUDIO_SUFFIXES else ""
        return cls(hashlib.sha256(untrusted_data).hexdigest(), untrusted_data, known)


def read_source(
    path: str | os.PathLike[str], *, within: str | os.PathLike[str] | None = None, limits: Limits | None = None
) -> Source:
    """Read a whole file, once.

    Symbolic links are followed (spools use them), except those that lead out of `within`. Devices, FIFOs, sockets and
    directories are refused without being opened for reading, so that nothing can hang.

    Args:
        within: the folder in which a walk found `path`; None: `path` itself was given.

    Raises:
        RefusedInput: a link on the path leads out of `within`.
        NoInput: missing, unreadable, or not a regular file.
        EmptyAudio: no bytes.
        LimitExceeded: larger than `limits.max_bytes`.
    """
    limits = limits or Limits()
    try:
        descriptor = open_input(path, within)
    except (OSError, ValueError) as error:
        raise NoInput(_why_not(error)) from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            kind = "directory" if stat.S_ISDIR(facts.st_mode) else "device, pipe or socket"
            raise NoInput(f"The input is a {kind}, not a file.")
        _check_size(facts.st_size, limits)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # One byte more than allowed: the file may still be growing.
            untrusted_data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise NoInput(_why_not(error)) from None
    finally:
        os.close(descriptor)
    _check_size(len(untrusted_data), limits)
    if not untrusted_data:
        raise EmptyAudio("The file is empty.")
    return Source.of(untrusted_data, PurePath(os.fsdecode(path)).suffix)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.max_bytes:
        raise LimitExceeded(f"The file is larger than {limits.max_bytes >> 20} MiB.")


def _why_not(error: Exception) -> str:
    # str(error) would carry the path.
    number = error.errno if isinstance(error, OSError) else None
    reasons = {
        errno.ENOENT: "The input does not exist.",
        errno.ENOTDIR: "The input does not exist.",
        errno.EACCES: "The input may not be read with these permissions.",
        errno.EPERM: "The input may not be read with these permissions.",
        errno.EISDIR: "The input is a directory, not a file.",
        errno.ELOOP: "The input is a symbolic link that leads to itself.",
        errno.EIO: "The disk reported an error while the input was read.",
    }
    return reasons.get(number or 0, "The input cannot be read.")
