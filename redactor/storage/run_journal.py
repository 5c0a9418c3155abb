"""The journal of an archive run: decides from the ledger which inputs are done, given up, duplicates, or to be done.

The order of steps, and the effect of a kill between them:

1. `begin` commits the claim. Killed before it: nothing is recorded, nothing was done. Killed after it: the next run
   counts a crash.
2. The artefacts are saved, the document last (`save.py`).
3. `finish` commits their digests. Killed before it: the digests are not known, and the file is done again. So no file
   is lost, and only files in progress are done twice.

A result counts while all its files have the digests recorded when it was made. Files without recorded digests (a lost
ledger, or one of an earlier version) are made again.

A file that was in progress when a run was killed is processed at the end of the next run, with nothing else in
progress. If it is to blame, it ends that run after all others are done; after `tries` such runs it is given up.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from redactor.crypto import Sealer, read_or_make_key
from redactor.errors import CrashedRepeatedly, InputError, OutOfSpace, OutputError, RedactorError
from redactor.safe_open import open_input
from redactor.storage.artefacts import Fingerprint, Fingerprints, copy_set, intact, remove_set
from redactor.storage.inputs import Item
from redactor.storage.journal import PROCEED, WAIT, Claim, JournalDecision, Known, Step, settled
from redactor.storage.ledger import KEY_NAME, Ledger
from redactor.storage.save import Target
from redactor.storage.work import WorkRow, claim_work, give_back, look_up
from redactor.types import Outcome, Status

YOUNG = 2_000_000_000
"""Nanoseconds. A file changed more recently might change again without a new timestamp, since file systems have a
coarse clock.
"""

_PLACE = frozenset((OutputError.exit_code, OutOfSpace.exit_code))
"""Failures of a location rather than of a recording, which another location or another day may avoid."""
_LIMITED = 70
"""Failures with this code may or may not be temporary, so they are retried a limited number of times."""


@dataclass(slots=True)
class _ActiveClaim:
    """A claim in progress, and the items that wait for its end."""

    claim: Claim
    stamp: bytes | None
    isolated: bool
    work: int = 0
    waiting: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """What the ledger knows about an input.

    Attributes:
        source_id: SHA-256 of its bytes; settings: the fingerprint that it was processed with.
        state: pending, claimed, redacted, quarantined or failed; reason, message: of the latter two.
        target: place of its artefacts, None if there are none; files: their fingerprints.
    """

    source_id: str
    settings: str
    state: str
    reason: str
    message: str
    target: Target | None = field(repr=False)
    files: Fingerprints = field(repr=False)


class ArchiveJournal:
    """A `Journal` on a ledger in the output folder. Close it at the end; safe to call from many threads.

    Args:
        naming: how outputs get their names (results under other kinds of names do not count).
        resume: keep results of earlier runs; false: everything is done again, once.
        retry_failed: retry what earlier runs quarantined or gave up.
        tries: how often a recording may fail temporarily, or be in progress when a run is killed, before it is given
            up.
        stopping: true once the run should end; waiting items are then no longer released.

    Attributes:
        key: the ledger's, for fingerprints that only runs in this folder shall recognise.

    Raises:
        InUse: another run uses this output folder.
        OutputError: the ledger cannot be opened.
    """

    def __init__(
        self,
        out: Path,
        *,
        naming: str = "",
        resume: bool = True,
        retry_failed: bool = False,
        tries: int = 3,
        stopping: Callable[[], bool] = lambda: False,
        patience: float = 2.0,
    ) -> None:
        self._out = out
        self._naming = naming.encode()
        self._resume = resume
        self._retry_failed = retry_failed
        self._tries = tries
        self._stopping = stopping
        self._ledger = Ledger(out, patience=patience)
        try:
            self.key = read_or_make_key(out / KEY_NAME)
            self._seals = Sealer(self.key)
            self._ledger.do(self._check_key)
        except BaseException:
            self._ledger.close()
            raise
        self._lock = threading.Lock()
        self._stamps: dict[int, bytes | None] = {}
        self._active: dict[int, _ActiveClaim] = {}
        self._holders: dict[object, int] = {}  # work or target → number of the item that has it
        self._ready: list[Item] = []
        self._suspects: list[Item] = []
        self._isolated: set[int] = set()

    @property
    def unclean(self) -> bool:
        """Whether the last run was killed, or there was none; there may be temporary files."""
        return self._ledger.unclean

    @property
    def rebuilt(self) -> bool:
        """Whether a damaged ledger was replaced."""
        return self._ledger.rebuilt

    @property
    def trouble(self) -> OutputError | None:
        """The error after which the ledger can no longer be written; the run should stop."""
        return self._ledger.trouble

    def close(self) -> None:
        """Give back claims in progress (an orderly end is not a crash) and close the ledger."""
        with self._lock:
            open_ends, self._active = list(self._active.values()), {}
        for active in open_ends:
            self._ledger.later(lambda c, work=active.work: give_back(c, work))  # type: ignore[misc]
        self._ledger.close()

    def states(self) -> dict[str, int]:
        """Number of inputs by state."""
        rows = self._ledger.do(
            lambda c: c.execute(
                "SELECT CASE WHEN duplicate THEN 'duplicate' ELSE state END, count(*) FROM input JOIN work ON "
                "work.id = work GROUP BY 1"
            ).fetchall()
        )
        return {str(state): int(n) for state, n in rows}

    def remember(self, options: bytes) -> None:
        """Store the options of this run, sealed: they may name files."""
        sealed = self._seals.seal(options)
        self._ledger.do(lambda c: c.execute("INSERT OR REPLACE INTO meta VALUES ('options', ?)", (sealed,)).rowcount)

    def options(self) -> bytes | None:
        """The options of the latest run; None if it is not known."""
        row = self._ledger.do(lambda c: c.execute("SELECT value FROM meta WHERE name = 'options'").fetchone())
        return self._seals.open(bytes(row[0])) if row else None

    def records(self, items: Sequence[Item]) -> list[RecordedOutcome | None]:
        """What is recorded for each of these inputs, by name alone; None for one without an outcome."""
        names = [self._name(item) for item in items]
        query = (
            "SELECT hex(content), settings, state, reason, message, target, files FROM input JOIN work ON "
            "work.id = work WHERE name = ?"
        )
        rows = self._ledger.do(lambda c: [c.execute(query, (name,)).fetchone() for name in names])
        return [
            row
            and RecordedOutcome(
                row[0].lower(), row[1], row[2], row[3], row[4], row[5] and self._opened(row[5]), _files(row[6])
            )
            for row in rows
        ]

    # --- the protocol

    def known(self, item: Item) -> Known | None:
        """Looks up path, size, times and inode; the outputs must have the recorded digests."""
        stamp = self._stamp(item)
        self._stamps[item.number] = stamp
        if stamp is None or not self._resume:
            return None
        name = self._name(item)
        try:
            row = self._ledger.do(
                lambda c: c.execute(
                    "SELECT hex(content), settings, target, files FROM input JOIN work ON work.id = work "
                    "WHERE name = ? AND stamp = ? AND state = 'redacted' AND target IS NOT NULL",
                    (name, stamp),
                ).fetchone()
            )
        except OutputError:
            return None
        if row is None:
            return None
        place = self._opened(row[2])
        if place is None or not intact(place, _files(row[3])):
            return None
        return Known(row[0].lower(), row[1])

    def begin(self, claim: Claim) -> JournalDecision:
        """See the module's docstring.

        Raises:
            OutputError: the ledger, or copies from a duplicate, cannot be written.
        """
        number = claim.item.number
        mine = _exclusive_keys(claim)
        with self._lock:
            stamp = self._stamps.pop(number, None)
            for holder in (self._holders.get(key) for key in mine):
                if holder is not None:
                    self._active[holder].waiting.append(claim.item)
                    return WAIT
            active = self._active[number] = _ActiveClaim(claim, stamp, number in self._isolated)
            self._isolated.discard(number)
            self._holders.update(dict.fromkeys(mine, number))
        decision: JournalDecision | None = None
        try:
            decision = self._decide(active)
        finally:
            if decision is None or decision.step is not Step.PROCEED:
                self._release(number)
        return decision

    def holds(self, item: Item) -> bool:
        """Always: only one run at a time uses a ledger."""
        return True

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Record the result and release the items that waited for it."""
        self._stamps.pop(item.number, None)
        active = self._active.get(item.number)
        if active is None:  # it failed before it had an id, or was known
            return
        if outcome.status is Status.REDACTED:
            self._ledger.later(lambda c: self._settle(c, active, "redacted", files=files))
        else:
            self._ledger.later(lambda c: self._settle(c, active, outcome.status.value, outcome=outcome))
        self._release(item.number)

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Duplicates of finished items; if idle, one of the suspects."""
        if self._stopping() or self.trouble is not None:
            return ()
        with self._lock:
            ready, self._ready = self._ready, []
            if not ready and idle and self._suspects:
                ready = [self._suspects.pop(0)]
                self._isolated.add(ready[0].number)
        return tuple(ready)

    # --- decisions

    def _decide(self, active: _ActiveClaim) -> JournalDecision:
        claim = active.claim
        row, noted = self._ledger.do(lambda c: self._look_up(c, active))
        if row is None:
            return PROCEED  # claimed by the lookup
        fresh = row.run == self._ledger.run
        if row.state in ("quarantined", "failed"):
            if self._is_final(row, fresh=fresh):
                return self._repeat_outcome(active, row, fresh=fresh)
            if row.reason == CrashedRepeatedly.reason and not active.isolated:
                return self._defer(active)
            return self._claimed(active, again=self._retry_failed and not fresh)
        if self._resume and noted is not None and intact(claim.target, noted):
            self._ledger.later(lambda c: self._settle(c, active, "redacted", files=noted, run=row.run))
            return settled(Outcome(claim.item.number, claim.source_id, Status.SKIPPED))
        if row.state == "redacted" and (self._resume or fresh) and (copied := self._copied(active, fresh=fresh)):
            return copied
        if row.crashes >= self._tries:
            problem = CrashedRepeatedly(f"{row.crashes} runs were killed while they processed it.")
            outcome = Outcome(
                claim.item.number,
                claim.source_id,
                Status.FAILED,
                reason=problem.reason,
                message=problem.message,
                hint=problem.hint,
                exit_code=problem.exit_code,
            )
            self._ledger.do(lambda c: self._settle(c, active, "failed", outcome=outcome))
            return settled(outcome)
        return self._claimed(active) if not row.crashes or active.isolated else self._defer(active)

    def _is_final(self, row: WorkRow, *, fresh: bool) -> bool:
        """Whether an earlier failure of these bytes applies to this input, too."""
        if fresh:  # of a duplicate, in this run
            return row.exit_code not in _PLACE
        if self._retry_failed or not self._resume:
            return False
        if row.state == "quarantined" or row.exit_code == InputError.exit_code:
            return True
        return row.reason == CrashedRepeatedly.reason or (row.exit_code == _LIMITED and row.attempts >= self._tries)

    def _repeat_outcome(self, active: _ActiveClaim, row: WorkRow, *, fresh: bool) -> JournalDecision:
        why = (
            "It has the same bytes as another recording of this run."
            if fresh
            else "This is the outcome of an earlier run; --retry-failed tries again."
        )
        claim = active.claim
        self._ledger.later(lambda c: self._note_input(c, active, {}))
        return settled(
            Outcome(
                claim.item.number,
                claim.source_id,
                Status(row.state),
                reason=row.reason,
                message=f"{row.message} {why}",
                hint=row.hint,
                exit_code=row.exit_code,
            )
        )

    def _claimed(self, active: _ActiveClaim, *, again: bool = False) -> JournalDecision:
        # Waits for the commit: a file that crashes the program must be recorded before it is decoded.
        self._ledger.do(lambda c: claim_work(c, active.work, again=again))
        return PROCEED

    def _defer(self, active: _ActiveClaim) -> JournalDecision:
        with self._lock:
            self._suspects.append(active.claim.item)
        return WAIT

    def _copied(self, active: _ActiveClaim, *, fresh: bool) -> JournalDecision | None:
        """Copy the artefacts of a duplicate whose own are unchanged."""
        claim, name = active.claim, self._name(active.claim.item)
        rows = self._ledger.do(
            lambda c: c.execute(
                "SELECT target, files FROM input WHERE work = ? AND target IS NOT NULL AND name != ? LIMIT 8",
                (active.work, name),
            ).fetchall()
        )
        for sealed, noted_text in rows:
            place, noted = self._opened(sealed), _files(noted_text)
            if place is None:
                continue
            if intact(place, noted) if place == claim.target else copy_set(place, claim.target, noted):
                # In its own place: made by a duplicate with the same output name (an id) in this run; otherwise the
                # input was moved.
                duplicate = fresh or place != claim.target

                def note(c: sqlite3.Connection, noted: Fingerprints = noted, duplicate: bool = duplicate) -> None:
                    self._note_input(c, active, noted, duplicate=duplicate)

                self._ledger.later(note)
                return settled(
                    Outcome(claim.item.number, claim.source_id, Status.DUPLICATE if duplicate else Status.SKIPPED)
                )
        return None

    def _release(self, number: int) -> None:
        with self._lock:
            active = self._active.pop(number, None)
            if active is None:
                return
            self._ready += active.waiting
            for key in _exclusive_keys(active.claim):
                del self._holders[key]

    # --- names and stamps

    def _name(self, item: Item) -> bytes:
        path = os.path.abspath(item.path)  # noqa: PTH100 - links are not followed, since the name matters
        return self._seals.mark(os.fsencode(path), os.fsencode(item.stem), self._naming)

    def _stamp(self, item: Item) -> bytes | None:
        try:
            file = open_input(item.path, item.within)
        except (OSError, ValueError, RedactorError):
            return None
        try:
            status = os.fstat(file)
        finally:
            os.close(file)
        if not stat.S_ISREG(status.st_mode) or time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < YOUNG:
            return None
        facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        return self._seals.mark(repr(facts).encode())

    def _opened(self, sealed: bytes) -> Target | None:
        name = self._seals.open(sealed)
        return None if name is None else Target(self._out) / os.fsdecode(name)

    # --- statements (in the ledger's thread)

    def _check_key(self, c: sqlite3.Connection) -> None:
        check = self._seals.mark(b"check")
        row = c.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
        if row is None or row[0] != check:
            c.execute("DELETE FROM input")  # made with a key that is gone
            c.execute("INSERT OR REPLACE INTO meta VALUES ('key', ?)", (check,))

    def _look_up(self, c: sqlite3.Connection, active: _ActiveClaim) -> tuple[WorkRow | None, Fingerprints | None]:
        """The work's row, and the recorded artefacts of this input. A missing row is created and claimed at once."""
        claim = active.claim
        key = (bytes.fromhex(claim.source_id), claim.suffix, claim.settings)
        row = look_up(c, key)
        if row is None:
            made = c.execute("INSERT INTO work (content, suffix, settings, state) VALUES (?, ?, ?, 'pending')", key)
            active.work = int(made.lastrowid or 0)
            claim_work(c, active.work)
            return None, None
        active.work = row.id
        noted = c.execute(
            "SELECT files FROM input WHERE name = ? AND work = ? AND target IS NOT NULL",
            (self._name(claim.item), active.work),
        ).fetchone()
        return row, _files(noted[0]) if noted else None

    def _settle(
        self,
        c: sqlite3.Connection,
        active: _ActiveClaim,
        state: str,
        *,
        files: Fingerprints | None = None,
        outcome: Outcome | None = None,
        run: int | None = None,
    ) -> None:
        problem = (outcome.reason, outcome.message, outcome.hint, outcome.exit_code) if outcome else ("", "", "", 0)
        c.execute(
            "UPDATE work SET state = ?, run = ?, crashes = 0, reason = ?, message = ?, hint = ?, exit_code = ?, "
            "attempts = CASE WHEN ? = 'failed' THEN attempts ELSE 0 END WHERE id = ?",
            (state, self._ledger.run if run is None else run, *problem, state, active.work),
        )
        self._note_input(c, active, files or {})

    def _note_input(
        self, c: sqlite3.Connection, active: _ActiveClaim, files: Fingerprints, *, duplicate: bool = False
    ) -> None:
        claim = active.claim
        if files:
            self._remove_superseded(c, active)
        target = self._seals.seal(os.fsencode(PurePath(*claim.target.names))) if files else None
        noted = (self._name(claim.item), active.work, active.stamp, target, json.dumps(dict(files)), duplicate)
        c.execute("INSERT OR REPLACE INTO input VALUES (?, ?, ?, ?, ?, ?)", noted)

    def _remove_superseded(self, c: sqlite3.Connection, active: _ActiveClaim) -> None:
        """Remove the artefacts that other settings gave this input in another place (a policy decides which names
        contain PHI), now that the new ones are complete. Nothing that was changed since, or belongs to another input.
        """
        name = self._name(active.claim.item)
        row = c.execute(
            "SELECT work, target, files FROM input WHERE name = ? AND target IS NOT NULL", (name,)
        ).fetchone()
        place = self._opened(row[1]) if row else None
        if place is None or place == active.claim.target or not intact(place, _files(row[2])):
            return
        others = c.execute(
            "SELECT target FROM input WHERE work IN (?, ?) AND name != ? AND target IS NOT NULL",
            (row[0], active.work, name),
        )
        if place not in [self._opened(sealed) for (sealed,) in others]:
            remove_set(place, _files(row[2]))


def _files(noted: str) -> Fingerprints:
    return {suffix: Fingerprint(*facts) for suffix, facts in json.loads(noted).items()}


def _exclusive_keys(claim: Claim) -> tuple[object, object]:
    """What only one item may use at a time: its work, and its target."""
    return (claim.source_id, claim.suffix, claim.settings), claim.target
