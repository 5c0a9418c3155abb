"""Brings the list of messages up to date with the archive and the ledger, in a thread: the pages do not wait for it.

Recordings are read in the archive's order, some at a time, each time with the ledger held, so that a release can come
between. What has not changed since the last time is only compared: a start with 50,000 recordings shows its first page
at once, and writes only what is new.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from redactor.crypto import Sealer
from redactor.database import now
from redactor.errors import RedactorError, as_redactor_error
from redactor.review.archive.files import packed
from redactor.review.archive.run import ArchiveRun
from redactor.review.kept_words import KeptWords, kept_in
from redactor.review.releases import PRIORITIES
from redactor.review.repository import ReviewRepository
from redactor.review.schema import files, messages, sendings, versions
from redactor.safe_open import open_file, read_all
from redactor.storage import Item, RecordedOutcome, artefact

PATIENCE = 1.0
"""Seconds for which the pages wait for the list. Longer ones go on while people work."""
_LARGEST_DOCUMENT = 64 << 20
_FIRST, _TOGETHER = 50, 500
"""Recordings that are noted at once: few at first, so that there is a page to show."""
_WITHHELD, _REDACTED = "quarantined", "redacted"


class ArchiveListing:
    """The list of one archive.

    Work of earlier reviews stays, unless a later run had another outcome. Recordings without an outcome ("not run") or
    that could not be processed ("failed") are counted only.

    Args:
        items: the inputs of the run, in order.
        kept: indexes the kept words of redacted recordings that nobody has opened; None: they are not indexed.

    Attributes:
        counts: of outcomes so far. done: whether it is complete. trouble: why it ended before.
    """

    def __init__(
        self, run: ArchiveRun, items: Iterable[Item], store: ReviewRepository, sealer: Sealer, kept: KeptWords | None
    ) -> None:
        self._run, self._store, self._sealer, self._kept = run, store, sealer, kept
        self._items = iter(items)
        self._first, self._complete, self._ending = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="list-archive", daemon=True)
        self._messages: set[str] = set()
        self._marks: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.trouble: Exception | None = None

    @property
    def done(self) -> bool:
        return self._complete.is_set()

    def start(self, *, after: Callable[[], object] = lambda: None, patience: float = PATIENCE) -> None:
        """Begin, and wait for the end so many seconds, but at least for the first recordings.

        Args:
            after: called in the thread at the end.

        Raises:
            InUse: a run is in progress. OutputError
        """
        self._after = after
        self._thread.start()
        self._first.wait()
        self._complete.wait(patience)
        if self.trouble is not None:
            raise self.trouble

    def stop(self) -> None:
        """End after the recordings in progress; the next start goes on."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30.0)

    def all(self) -> Counter[str]:
        """The whole list, in this thread; counts of outcomes.

        Raises:
            As `start`.
        """
        at: float | None = None
        size = min(_FIRST, _TOGETHER)
        while batch := list(islice(self._items, size)):
            size = _TOGETHER
            with self._run.journal() as journal, self._store.engine.begin() as c:
                at = now(c) if at is None else at
                self._note(c, batch, journal.records(batch), at)
            self._first.set()
            if self._ending.is_set():
                return self.counts
        if not self._messages and at is None:
            with self._run.journal():  # an archive that is empty by now: a run must not be in progress either
                pass
        with self._store.engine.begin() as c:
            self._forget(c)
        return self.counts

    def _work(self) -> None:
        try:
            self.all()
            if not self._ending.is_set():
                self._complete.set()
                self._after()
        except Exception as error:  # noqa: BLE001 - raised by `start`, or shown on the page
            problem = error if not self._first.is_set() else as_redactor_error(error, "list the archive")
            self.trouble = problem
        finally:
            self._first.set()
            self._complete.set()

    def _note(self, c: Connection, batch: Sequence[Item], records: Sequence[RecordedOutcome | None], at: float) -> None:
        ids = {record.source_id for record in records if record is not None}
        known: dict[str, Any] = {row.id: row for row in c.execute(select(messages).where(messages.c.id.in_(ids)))}
        places: dict[str, tuple[Item, str, bytes]] = {}
        fresh: list[dict[str, Any]] = []
        said: list[tuple[str, set[str]]] = []
        for item, record in zip(batch, records, strict=True):
            if record is None or record.state not in (_WITHHELD, _REDACTED):
                earlier = known.get(record.source_id) if record is not None else None
                # A killed release leaves the ledger's row pending: the message waits as before.
                if record is None or earlier is None:
                    self.counts["failed" if record is not None and record.state == "failed" else "not run"] += 1
                    continue
            content = packed(item)
            places[self._sealer.mark(b"file", content).hex()] = (item, record.source_id, content)
            if record.source_id in self._messages:
                continue
            self._messages.add(record.source_id)
            row = known.get(record.source_id)
            if row is None and record.state == _REDACTED:
                doubt, kept = _document_of(record)
                said.append((record.source_id, kept))
            else:
                doubt = _doubt_in(row, record)
            self.counts[_noted(c, row, record, doubt, at - item.number * 1e-6, fresh)] += 1
        query = select(files.c.mark, files.c.message).where(files.c.mark.in_(places))
        there = {row.mark: row.message for row in c.execute(query)}
        added = [
            {"mark": mark, "message": message, "number": item.number, "item": self._sealer.seal(content)}
            for mark, (item, message, content) in places.items()
            if there.get(mark) != message
        ]
        self._marks.update(places)
        if added:
            c.execute(delete(files).where(files.c.mark.in_([row["mark"] for row in added])))
            c.execute(insert(files), added)
        if fresh:
            c.execute(insert(messages), fresh)
            c.execute(insert(sendings), [{"message": m["id"], "audio": m["id"], "place": ""} for m in fresh])
        if self._kept is not None and said:
            self._kept.add_new(c, said)

    def _forget(self, c: Connection) -> None:
        """What is no longer in the archive."""
        outdated = set(c.execute(select(files.c.mark)).scalars()) - self._marks
        for some in _parts(sorted(outdated)):
            c.execute(delete(files).where(files.c.mark.in_(some)))
        gone = []
        for message, outcome in c.execute(select(messages.c.id, messages.c.outcome)):
            if message in self._messages:
                continue
            if outcome == "deleted":  # which says why it is no longer there
                self.counts["deleted"] += 1
            elif outcome != "gone":
                gone.append(message)
        for some in _parts(gone):
            c.execute(update(messages).where(messages.c.id.in_(some)).values(outcome="gone", priority=0.0))


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _TOGETHER] for start in range(0, len(ids), _TOGETHER))


def _noted(
    c: Connection, row: Any, record: RecordedOutcome, doubt: float, added: float, fresh: list[dict[str, Any]]
) -> str:
    """Update a message, or add it to `fresh`; returns its outcome."""
    ledger = {_WITHHELD: "withheld", _REDACTED: "redacted"}.get(record.state, "")
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


def _doubt_in(row: Any, record: RecordedOutcome) -> float:
    """The doubt of a redacted recording whose settings have changed; 0 if it is not needed."""
    return _document_of(record)[0] if record.state == _REDACTED and row.ruleset != record.settings else 0.0


def _document_of(record: RecordedOutcome) -> tuple[float, set[str]]:
    """What the recording's document says: its doubt (0 if it states none), and the words that it keeps."""
    if record.target is None:
        return 0.0, set()
    place = artefact(record.target, ".json")
    try:
        with place.parent.opened() as here:
            file = open_file(place.name, here)
        try:
            document = json.loads(read_all(file, _LARGEST_DOCUMENT))
        finally:
            os.close(file)
    except (OSError, RedactorError, ValueError):
        return 0.0, set()
    try:
        kept = kept_in(document)
    except (KeyError, TypeError, AttributeError):
        kept = set()
    try:
        return min(1.0, max(0.0, float(document["doubt"]["probability"]))), kept
    except (KeyError, TypeError, ValueError):
        return 0.0, kept


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
