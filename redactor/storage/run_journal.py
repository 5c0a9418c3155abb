"""The journal of an archive run: decides by the ledger what is done, given up, done by a twin, or to be done.

Order, and what a kill between two steps costs:

1. `begin` commits the claim. Killed before: nothing is known, nothing was done. Killed after: the next run counts a
crash.
2. The artefacts are saved, their document last (`save.py`).
3. `finish` commits their digests. Killed before: nothing says what those files should be, and the file is redone. So no
   file is lost, and none but those under way is done twice.

The ledger is never believed over the disk, nor the disk over the ledger: a result counts while all its files have the
digests that were
noted when it was made. What no digest was noted of (a lost ledger, one of an earlier version) is made again, whatever
lies there.

A file that was under way when a run was killed is taken up again at the end of the next one, with nothing else under
way: if it is to
blame, it ends that run alone, after all others are done; after `tries` such ends it is set aside.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from redactor.crypto import Sealer, read_or_make_key
from redactor.errors import CrashedRepeatedly, InputError, OutOfSpace, OutputError, RedactorError
from redactor.safe_open import open_input
from redactor.storage.artefacts import Fingerprint, Fingerprints, copy_set, intact
from redactor.storage.inputs import Item
from redactor.storage.journal import PROCEED, WAIT, Claim, JournalDecision, Known, Step, settled
from redactor.storage.ledger import KEY_NAME, Ledger
from redactor.storage.save import Target
from redactor.storage.work import WorkRow, claim_work, give_back, look_up
from redactor.types import Outcome, Status

YOUNG = 2_000_000_000
"""Nanoseconds: a file changed so shortly before it was read might change again without a new time (file systems
count coarsely).
"""

_PLACE = frozenset((OutputError.exit_code, OutOfSpace.exit_code))
"""Failures of a place rather than of a recording: another place, or another day, may do."""
_LIMITED = 70
"""Failures with this code may pass (an engine that stopped), or never: they are tried a limited number of times."""


@dataclass(slots=True)
class _Begun:
    """A claim under way, and the items that wait for its end."""

    claim: Claim
    stamp: bytes | None
    lone: bool
    work: int = 0
    waiting: list[Item] = field(default_factory=list)


class ArchiveJournal:
    """A `Journal` on a ledger in the output folder. Close it at the end; safe to call from many threads.

    Args:
        naming: how outputs get their names (a result under a name of another kind does not count).
        resume: results of earlier runs stand; false: everything is done again, once.
        retry_failed: what earlier runs quarantined or gave up is tried again.
        tries: how often a recording may fail for a passing reason, or be under way when a run is killed, before it is
            given up.
        stopping: true once the run is to end: nothing that waits is released any more.

    Raises:
        InUse: another run has this output folder.
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
            self._seals = Sealer(read_or_make_key(out / KEY_NAME))
            self._ledger.do(self._know_the_key)
        except BaseException:
            self._ledger.close()
            raise
        self._lock = threading.Lock()
        self._stamps: dict[int, bytes | None] = {}
        self._begun: dict[int, _Begun] = {}
        self._holders: dict[object, int] = {}  # work or target → the item that has it now
        self._ready: list[Item] = []
        self._suspects: list[Item] = []
        self._lone: set[int] = set()

    @property
    def unclean(self) -> bool:
        """Whether the last run was killed, or there was none: temporary files may lie about."""
        return self._ledger.unclean

    @property
    def rebuilt(self) -> bool:
        """Whether a damaged ledger was set aside."""
        return self._ledger.rebuilt

    @property
    def trouble(self) -> OutputError | None:
        """Why the ledger can no longer be written, once that is so: the run should stop."""
        return self._ledger.trouble

    def close(self) -> None:
        """Give back what is still under way (an orderly end is no crash) and close the ledger."""
        with self._lock:
            open_ends, self._begun = list(self._begun.values()), {}
        for begun in open_ends:
            self._ledger.later(lambda c, work=begun.work: give_back(c, work))  # type: ignore[misc]
        self._ledger.close()

    def states(self) -> dict[str, int]:
        """How many inputs are in which state."""
        rows = self._ledger.do(
            lambda c: c.execute(
                "SELECT CASE WHEN duplicate THEN 'duplicate' ELSE state END, count(*) FROM input JOIN work ON "
                "work.id = work GROUP BY 1"
            ).fetchall()
        )
        return {str(state): int(n) for state, n in rows}

    # --- the seam
    # ------------------------------------------------------------------------------------------------------

    def known(self, item: Item) -> Known | None:
        """By path, size, times and inode; the outputs must be there with the digests that were noted."""
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
        """See the module's text.

        Raises:
            OutputError: the ledger, or a twin's copies, cannot be written.
        """
        number = claim.item.number
        mine = _holds(claim)
        with self._lock:
            stamp = self._stamps.pop(number, None)
            for holder in (self._holders.get(key) for key in mine):
                if holder is not None:
                    self._begun[holder].waiting.append(claim.item)
                    return WAIT
            begun = self._begun[number] = _Begun(claim, stamp, number in self._lone)
            self._lone.discard(number)
            self._holders.update(dict.fromkeys(mine, number))
        decision: JournalDecision | None = None
        try:
            decision = self._decide(begun)
        finally:
            if decision is None or decision.step is not Step.PROCEED:
                self._let_go(number)
        return decision

    def holds(self, item: Item) -> bool:
        """One run has a ledger at a time."""
        return True

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Note the result; what waited for it may go on."""
        self._stamps.pop(item.number, None)
        begun = self._begun.get(item.number)
        if begun is None:  # it failed before it had an id, or was known: every run looks again
            return
        if outcome.status is Status.REDACTED:
            self._ledger.later(lambda c: self._settle(c, begun, "redacted", files=files))
        else:
            self._ledger.later(lambda c: self._settle(c, begun, outcome.status.value, outcome=outcome))
        self._let_go(item.number)

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Twins of what has ended; when nothing else is to be done, one of the suspects."""
        if self._stopping() or self.trouble is not None:
            return ()
        with self._lock:
            ready, self._ready = self._ready, []
            if not ready and idle and self._suspects:
                ready = [self._suspects.pop(0)]
                self._lone.add(ready[0].number)
        return tuple(ready)

    # --- decisions
    # -----------------------------------------------------------------------------------------------------

    def _decide(self, begun: _Begun) -> JournalDecision:
        claim = begun.claim
        row, noted = self._ledger.do(lambda c: self._look_up(c, begun))
        if row is None:
            return PROCEED  # claimed with the look
        fresh = row.run == self._ledger.run
        if row.state in ("quarantined", "failed"):
            if self._stands(row, fresh=fresh):
                return self._as_before(begun, row, fresh=fresh)
            if row.reason == CrashedRepeatedly.reason and not begun.lone:
                return self._later(begun)
            return self._claimed(begun, again=self._retry_failed and not fresh)
        if self._resume and noted is not None and intact(claim.target, noted):
            self._ledger.later(lambda c: self._settle(c, begun, "redacted", files=noted, run=row.run))
            return settled(Outcome(claim.item.number, claim.source_id, Status.SKIPPED))
        if row.state == "redacted" and (self._resume or fresh) and (copied := self._copied(begun, fresh=fresh)):
            return copied
        if row.crashes >= self._tries:
            problem = CrashedRepeatedly(f"{row.crashes} runs ended while they were at it.")
            outcome = Outcome(
                claim.item.number,
                claim.source_id,
                Status.FAILED,
                reason=problem.reason,
                message=problem.message,
                hint=problem.hint,
                exit_code=problem.exit_code,
            )
            self._ledger.do(lambda c: self._settle(c, begun, "failed", outcome=outcome))
            return settled(outcome)
        return self._claimed(begun) if not row.crashes or begun.lone else self._later(begun)

    def _stands(self, row: WorkRow, *, fresh: bool) -> bool:
        """Whether an earlier failure of these bytes is the answer for this input too."""
        if fresh:  # of a twin, in this run
            return row.exit_code not in _PLACE
        if self._retry_failed or not self._resume:
            return False
        if row.state == "quarantined" or row.exit_code == InputError.exit_code:
            return True
        return row.reason == CrashedRepeatedly.reason or (row.exit_code == _LIMITED and row.attempts >= self._tries)

    def _as_before(self, begun: _Begun, row: WorkRow, *, fresh: bool) -> JournalDecision:
        why = (
            "The same bytes as another recording of this run."
            if fresh
            else "So it was in an earlier run (--retry-failed tries again)."
        )
        claim = begun.claim
        self._ledger.later(lambda c: self._note_input(c, begun, {}))
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

    def _claimed(self, begun: _Begun, *, again: bool = False) -> JournalDecision:
        # Waited for: what crashes the program must be on record before it is touched.
        self._ledger.do(lambda c: claim_work(c, begun.work, again=again))
        return PROCEED

    def _later(self, begun: _Begun) -> JournalDecision:
        with self._lock:
            self._suspects.append(begun.claim.item)
        return WAIT

    def _copied(self, begun: _Begun, *, fresh: bool) -> JournalDecision | None:
        """Artefacts copied from a twin that still has them as they were made."""
        claim, name = begun.claim, self._name(begun.claim.item)
        rows = self._ledger.do(
            lambda c: c.execute(
                "SELECT target, files FROM input WHERE work = ? AND target IS NOT NULL AND name != ? LIMIT 8",
                (begun.work, name),
            ).fetchall()
        )
        for sealed, noted_text in rows:
            place, noted = self._opened(sealed), _files(noted_text)
            if place is None:
                continue
            if intact(place, noted) if place == claim.target else copy_set(place, claim.target, noted):
                # In its own place: by a twin of the same output name (an id) in this run; else the input has another
                # path than it had.
                twin = fresh or place != claim.target

                def note(c: sqlite3.Connection, noted: Fingerprints = noted, twin: bool = twin) -> None:
                    self._note_input(c, begun, noted, duplicate=twin)

                self._ledger.later(note)
                return settled(
                    Outcome(claim.item.number, claim.source_id, Status.DUPLICATE if twin else Status.SKIPPED)
                )
        return None

    def _let_go(self, number: int) -> None:
        with self._lock:
            begun = self._begun.pop(number, None)
            if begun is None:
                return
            self._ready += begun.waiting
            for key in _holds(begun.claim):
                del self._holders[key]

    # --- names and stamps
    # ----------------------------------------------------------------------------------------------

    def _name(self, item: Item) -> bytes:
        path = os.path.abspath(item.path)  # noqa: PTH100 - links are not followed: the name is what counts
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
    # ---------------------------------------------------------------------------

    def _know_the_key(self, c: sqlite3.Connection) -> None:
        check = self._seals.mark(b"check")
        row = c.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
        if row is None or row[0] != check:
            c.execute("DELETE FROM input")  # marks and seals of a key that is gone
            c.execute("INSERT OR REPLACE INTO meta VALUES ('key', ?)", (check,))

    def _look_up(self, c: sqlite3.Connection, begun: _Begun) -> tuple[WorkRow | None, Fingerprints | None]:
        """The work's row, and what was noted of this input's artefacts; a row is made, and claimed at once, where
        there is none.
        """
        claim = begun.claim
        key = (bytes.fromhex(claim.source_id), claim.suffix, claim.settings)
        row = look_up(c, key)
        if row is None:
            made = c.execute("INSERT INTO work (content, suffix, settings, state) VALUES (?, ?, ?, 'pending')", key)
            begun.work = int(made.lastrowid or 0)
            claim_work(c, begun.work)
            return None, None
        begun.work = row.id
        noted = c.execute(
            "SELECT files FROM input WHERE name = ? AND work = ? AND target IS NOT NULL",
            (self._name(claim.item), begun.work),
        ).fetchone()
        return row, _files(noted[0]) if noted else None

    def _settle(
        self,
        c: sqlite3.Connection,
        begun: _Begun,
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
            (state, self._ledger.run if run is None else run, *problem, state, begun.work),
        )
        self._note_input(c, begun, files or {})

    def _note_input(
        self, c: sqlite3.Connection, begun: _Begun, files: Fingerprints, *, duplicate: bool = False
    ) -> None:
        claim = begun.claim
        target = self._seals.seal(os.fsencode(PurePath(*claim.target.names))) if files else None
        noted = (self._name(claim.item), begun.work, begun.stamp, target, json.dumps(dict(files)), duplicate)
        c.execute("INSERT OR REPLACE INTO input VALUES (?, ?, ?, ?, ?, ?)", noted)


def _files(noted: str) -> Fingerprints:
    return {suffix: Fingerprint(*facts) for suffix, facts in json.loads(noted).items()}


def _holds(claim: Claim) -> tuple[object, object]:
    """What only one item may be at: work, and a place."""
    return (claim.source_id, claim.suffix, claim.settings), claim.target
