"""One run of `redactor redact`: its recordings, its ledger, and the list of both for the review pages."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from redactor.crypto import Sealer
from redactor.database import now
from redactor.errors import RedactorError
from redactor.review.archive.files import packed
from redactor.review.releases import PRIORITIES
from redactor.review.repository import ReviewRepository
from redactor.review.schema import files, messages, sendings, versions
from redactor.safe_open import open_file, read_all
from redactor.storage import ArchiveJournal, Item, RecordedOutcome, artefact, remove_leftovers

if TYPE_CHECKING:
    from redactor.recording_context import RecordingContext

STATE_FOLDER = ".redactor-review"
_LARGEST_DOCUMENT = 64 << 20
_TOGETHER = 500
_WITHHELD, _REDACTED = "quarantined", "redacted"
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


def list_recordings(run: ArchiveRun, items: Iterable[Item], store: ReviewRepository, sealer: Sealer) -> Counter[str]:
    """Bring the list of messages up to date with the archive and the ledger; counts of outcomes.

    Work of earlier reviews stays, unless a later run had another outcome. Recordings without an outcome ("not run") or
    that could not be processed ("failed") are counted only.

    Raises:
        InUse: a run is in progress. OutputError
    """
    counts: Counter[str] = Counter()
    rest = iter(items)
    with run.journal() as journal, store.engine.begin() as c:
        at = now(c)
        c.execute(delete(files))
        known: dict[str, Any] = {row.id: row for row in c.execute(select(messages))}
        seen: set[str] = set()
        while batch := list(islice(rest, _TOGETHER)):
            places: list[dict[str, Any]] = []
            fresh: list[dict[str, Any]] = []
            for item, record in zip(batch, journal.records(batch), strict=True):
                if record is None or record.state not in (_WITHHELD, _REDACTED):
                    earlier = known.get(record.source_id) if record is not None else None
                    # A killed release leaves the ledger's row pending: the message waits as before.
                    if record is None or earlier is None:
                        counts["failed" if record is not None and record.state == "failed" else "not run"] += 1
                        continue
                places.append(
                    {
                        "mark": sealer.mark(os.fsencode(os.path.abspath(item.path)), os.fsencode(item.stem)).hex(),  # noqa: PTH100
                        "message": record.source_id,
                        "number": item.number,
                        "item": sealer.seal(packed(item)),
                    }
                )
                if record.source_id in seen:
                    continue
                seen.add(record.source_id)
                outcome = _noted(c, known.get(record.source_id), record, at - item.number * 1e-6, fresh)
                counts[outcome] += 1
            if places:
                c.execute(insert(files), places)
            if fresh:
                c.execute(insert(messages), fresh)
                c.execute(insert(sendings), [{"message": m["id"], "audio": m["id"], "place": ""} for m in fresh])
        for message in known.keys() - seen:
            c.execute(update(messages).where(messages.c.id == message).values(outcome="gone", priority=0.0))
    return counts


def _noted(c: Any, row: Any, record: RecordedOutcome, added: float, fresh: list[dict[str, Any]]) -> str:
    """Update a message, or add it to `fresh`; returns its outcome."""
    ledger = {_WITHHELD: "withheld", _REDACTED: "redacted"}.get(record.state, "")
    doubt = _doubt_in(record) if ledger == "redacted" and (row is None or row.ruleset != record.settings) else 0.0
    facts = {
        "outcome": ledger,
        "doubt": doubt,
        "reason": record.reason if ledger == "withheld" else "",
        "detail": record.message if ledger == "withheld" else "",
        "priority": PRIORITIES.get(ledger, 0.0) + doubt,
    }
    if row is None:
        fresh.append({**_new(record, added), **facts})
        return ledger
    ours = str(row.outcome)
    same = {"withheld": ("withheld", "refused"), "redacted": ("redacted", "released")}.get(ledger, (ours,))
    if ours in same and (not ledger or row.ruleset == record.settings):
        return ours
    changed = {**facts, "state": "new", "written": 0, "ruleset": record.settings}
    if row.version == 1:  # nobody has edited it, so it is planned again with the new settings
        c.execute(delete(versions).where(versions.c.message == row.id))
        changed |= {"version": 0, "folder": ""}
    c.execute(update(messages).where(messages.c.id == row.id).values(**changed))
    return ledger


def _doubt_in(record: RecordedOutcome) -> float:
    """The doubt that the recording's document states; 0 if it states none."""
    if record.target is None:
        return 0.0
    place = artefact(record.target, ".json")
    try:
        with place.parent.opened() as here:
            file = open_file(place.name, here)
        try:
            document = json.loads(read_all(file, _LARGEST_DOCUMENT))
        finally:
            os.close(file)
        return min(1.0, max(0.0, float(document["doubt"]["probability"])))
    except (OSError, RedactorError, ValueError, KeyError, TypeError):
        return 0.0


def _new(record: RecordedOutcome, added: float) -> dict[str, Any]:
    """The row of a message that nobody has opened; its rules are the run's settings."""
    return {
        "id": record.source_id,
        "added": added,  # in the archive's order
        "duration": 0.0,
        "kind": "other",
        "verdict": "",
        "severity": "",
        "rule": "",
        "rules": "",
        "ruleset": record.settings,
        "caller": "",
        "mailbox": "",
        "state": "new",
        "needed": 1,
        "version": 0,
        "folder": "",
        "turn": 0,
        "direction": "",
        "written": 0,
    }


def items_of(store: ReviewRepository, message: str, unpack: Callable[[bytes], Item]) -> Sequence[Item]:
    """The files of the archive that hold a message, in their order."""
    query = select(files.c.item).where(files.c.message == message).order_by(files.c.number)
    with store.engine.connect() as c:
        return [unpack(bytes(sealed)) for sealed in c.execute(query).scalars()]
