"""One run of `redactor redact`: its recordings, and its ledger."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from redactor.review.repository import ReviewRepository
from redactor.review.schema import files
from redactor.storage import ArchiveJournal, Item, remove_leftovers

if TYPE_CHECKING:
    from redactor.recording_context import RecordingContext

STATE_FOLDER = ".redactor-review"
_MANY = 1 << 30
"""Attempts: a release is not given up because earlier runs were killed."""


@dataclass(frozen=True, slots=True)
class ArchiveRun:
    """A run whose outputs are reviewed.

    Attributes:
        out: its --out folder. naming: its --names.
        context_for: what is known beforehand about an item, by its SHA-256.
        lock: threads of this process use the ledger in turn.
    """

    out: Path = field(repr=False)
    naming: str
    context_for: Callable[[Item, str], RecordingContext | None] = lambda _item, _id: None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def state(self) -> Path:
        """The folder of the review's own files."""
        return self.out / STATE_FOLDER

    @contextmanager
    def journal(self) -> Iterator[ArchiveJournal]:
        """The ledger, held only while this is used, so that runs can go on between.

        Raises:
            InUse: a run is in progress. OutputError
        """
        with (
            self.lock,
            closing(
                ArchiveJournal(self.out, naming=self.naming, resume=False, retry_failed=True, tries=_MANY)
            ) as journal,
        ):
            if journal.unclean:
                remove_leftovers(self.out)  # the next run would otherwise not know that the last one was killed
            yield journal


def key_path(out: Path) -> Path:
    """Where the key of an output folder's review lies: in the person's own state folder, by a digest of its path."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")  # noqa: PTH111, PTH118
    name = hashlib.sha256(os.fsencode(os.path.realpath(out))).hexdigest()[:24]
    return Path(home) / "redactor" / "review-keys" / f"{name}.key"


def items_of(store: ReviewRepository, message: str, unpack: Callable[[bytes], Item]) -> Sequence[Item]:
    """The files of the archive that hold a message, in their order."""
    query = select(files.c.item).where(files.c.message == message).order_by(files.c.number)
    with store.engine.connect() as c:
        return [unpack(bytes(sealed)) for sealed in c.execute(query).scalars()]
