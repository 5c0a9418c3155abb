"""Writing over a file in place so that a kill in between can be recognised and completed.

Before the first byte is written, a `WriteRecord` goes into the database. A kill leaves some pages of the new content
and behind them pages of the original. The record holds a hash of the original's last page, which tells such a torn file
from one that others have written since.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from redactor.errors import OutOfSpace

PAGE = 4096
"""Bytes that a kill leaves written or unwritten together."""


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """What is recorded of a file before it is written over.

    Attributes:
        job: number of the job that writes.
        size: of the original, bytes.
        end: hash of the original's last page.
    """

    job: int
    size: int
    end: str

    @classmethod
    def of(cls, job: int, original: bytes) -> WriteRecord:
        return cls(job, len(original), _end(original, len(original)))

    @classmethod
    def parse(cls, text: str | None) -> WriteRecord | None:
        """The record in the database's text; None for none (or one of an earlier version)."""
        job, _, rest = (text or "").partition(":")
        size, _, end = rest.partition(":")
        return cls(int(job), int(size), end) if job.isdecimal() and size.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.job}:{self.size}:{self.end}"

    def is_torn(self, data: bytes, content: bytes) -> bool:
        """Whether `data` is what a kill leaves of the original while `content` was being written over it."""
        least = min(PAGE, len(content))
        begun = least > 0 and data[:least] == content[:least]
        grown = data.startswith(content) or content.startswith(data)  # the end or the truncation was missing
        return begun and (grown or _end(data, self.size) == self.end)


def write_in_place(descriptor: int, content: bytes) -> None:
    """Replace a file's content through its descriptor, and flush it to the disk."""
    done = 0
    while done < len(content):
        done += os.pwrite(descriptor, content[done:], done)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)


def check_free_space(descriptor: int, size: int) -> None:
    """Detect a full disk before anything is changed. File systems that copy on write need the whole size again.

    Raises:
        OutOfSpace
    """
    disk = os.fstatvfs(descriptor)
    if disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < size:
        raise OutOfSpace("The disk is full.")


def _end(data: bytes, size: int) -> str:
    return hashlib.sha256(data[max(0, (size - 1) // PAGE * PAGE) : size]).hexdigest()[:24]
