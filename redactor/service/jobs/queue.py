"""The durable queue: jobs are added once, claimed with a lease, and end redacted, quarantined, failed (a dead letter)
or superseded.

    queued ──claim──▶ claimed ──settle──▶ redacted | quarantined | failed | superseded
       ▲                 │ put_off (a passing failure: later), or the lease ran out (a crash is counted)
       └─────────────────┘

While a person's correction is written, a job is "releasing": see `releases`.

Claims are taken with SELECT … FOR UPDATE SKIP LOCKED, so services on several hosts never wait for each other; SQLite
has one writer at a time anyway. A job that was claimed when services crashed twice is a suspect: it is claimed alone,
so that it cannot take other jobs down with it, and after `CRASHES` crashes it is a dead letter.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, and_, case, delete, insert, or_, select, update

from redactor.crypto import Sealer
from redactor.database import clock, insert_new, locked, migrate, now, reading
from redactor.errors import Busy, ConfigurationError, CrashedRepeatedly, NoInput, RedactorError
from redactor.service.jobs.queries import HELD, JobQueries
from redactor.service.jobs.schema import calls, jobs
from redactor.types import Outcome

CRASHES = 5
SUSPECT = 2
PATIENCE = 5.0
"""Seconds that a suspect waits until nothing else is in progress; then nothing else is claimed before it."""
FIRST_DELAY, LONGEST_DELAY = 2.0, 300.0


class KeyLost(ConfigurationError):
    """The details of a job cannot be read: they were sealed under another key."""

    reason = "key-lost"
    default_hint = "Set service.key to the key of the service that took the recording, and retry."


@dataclass(frozen=True, slots=True)
class NewJob:
    """A recording that was reported. `repr` shows its source and hash.

    Attributes:
        source: one of a few fixed words.
        message: the source's id of the recording.
        audio: SHA-256 of its bytes, "" if it must be fetched first.
        details: how to get it (JSON).
        place: its path, if the path identifies the recording: the same bytes there, reported once under an id and once
            by the sweeper, are one job.
        direction: as reported; it overrides `default_direction`.
        default_direction: of the recordings in its folder.
        added: seconds since 1970; 0: now.
        known: what is known about the message beforehand (`redactor.hook.known`).
    """

    source: str
    message: str = field(repr=False)
    audio: str
    details: Mapping[str, Any] = field(repr=False)
    place: str = field(default="", repr=False)
    direction: str = ""
    default_direction: str = ""
    added: float = 0.0
    known: Sequence[Mapping[str, str]] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as claimed; `alone`: nothing else should be in progress."""

    id: int
    key: str
    source: str
    direction: str
    audio: str
    attempts: int
    added: float
    details: Mapping[str, Any] = field(repr=False)
    alone: bool = False
    known: Sequence[Mapping[str, str]] = field(default=(), repr=False)


class Queue(JobQueries):
    """See the module's text. Safe for many threads and many processes.

    Args:
        url: of the database.
        sealer: the key that all services of a database share.
        worker: name of this process, see `WorkerLocks`.
        limit: most open jobs.
        tries: attempts, see `put_off`.
        lease: seconds.
        callbacks: whether ends are announced by callbacks.
    """

    def __init__(
        self,
        url: str,
        sealer: Sealer,
        *,
        worker: str,
        limit: int = 10_000,
        tries: int = 5,
        lease: float = 30.0,
        callbacks: bool = False,
    ) -> None:
        super().__init__(url, sealer)
        self.worker = worker
        self.limit, self.tries, self.lease = limit, tries, lease
        self._callbacks = callbacks

    def prepare(self) -> None:
        """Create or migrate the tables."""
        migrate(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    # --- in

    def add(self, new: NewJob, *, fingerprint: tuple[str, str] | None = None) -> tuple[int, bool]:
        """Add a job unless it is known: (its number, whether it is new).

        Args:
            fingerprint: place and stamp that are recorded with it, see `FileFingerprints`.

        Raises:
            Busy: the limit of open jobs is reached; nothing was added.
        """
        key = self._key(new.source, new.message, new.audio)
        place = self.fingerprints.mark("place", new.place) if new.place else None
        same = jobs.c.key == key
        if place is not None:
            same = or_(same, and_(jobs.c.place == place, jobs.c.audio == new.audio))
        # The job of this place first: a place and its bytes belong to one job only.
        asked = select(jobs.c.id, jobs.c.state, jobs.c.reason, jobs.c.told).where(same)
        known = asked.order_by(case((jobs.c.place == place, 0), else_=1)).limit(1)
        with self.engine.begin() as c:
            if (found := c.execute(known).first()) is None:
                if self._open(c) >= self.limit:
                    raise Busy("The queue is full.")
                direction = new.direction or new.default_direction or self._direction_at(c, place)
                row = {
                    "key": key,
                    "place": place,
                    "audio": new.audio,
                    "source": new.source,
                    "direction": direction,
                    "sealed": self._sealed(dict(new.details)),
                    "state": "queued",
                    "added": new.added or clock(c),
                    "told": int(bool(new.direction)),
                    "known": self._sealed(list(new.known)) if new.known else None,
                }
                if (made := insert_new(c, jobs, row)) is not None:
                    if fingerprint is not None:
                        self.fingerprints.note_within(c, *fingerprint)
                    return made, True
                found = c.execute(known).one()  # another service was faster
            # Two simultaneous reports of a file must not wait for each other's disk to write what is recorded already.
            if fingerprint is not None and self.fingerprints.of_within(c, fingerprint[0]) != fingerprint[1]:
                self.fingerprints.note_within(c, *fingerprint)
            if found.state == "superseded" or (found.state == "failed" and found.reason == NoInput.reason):
                self._revive(c, found.id, found.state, new, place)
            if new.direction and not found.told:  # the sweeper took it before its hook reported it
                self._set_direction(c, found.id, new.direction)
            if new.known:
                self._set_known(c, found.id, new.known)
            return int(found.id), False

    def _revive(self, c: Any, number: int, state: str, new: NewJob, place: str | None) -> None:
        """Queue a job again whose recording had changed and is back as it was, or is readable now."""
        again = {
            "place": place,
            "sealed": self._sealed(dict(new.details)),
            "state": "queued",
            "attempts": 0,
            "crashes": 0,
            "not_before": 0.0,
        }
        if c.execute(update(jobs).where(jobs.c.id == number, jobs.c.state == state).values(again)).rowcount:
            c.execute(delete(calls).where(calls.c.job == number))

    # --- work

    def claim(self, count: int, *, idle: bool) -> list[Job]:
        """Up to `count` jobs, oldest first; `idle`: nothing is in progress in this process."""
        if not self._waiting():
            return []
        with self.engine.begin() as c:
            at = now(c)
            c.execute(
                update(jobs)
                .where(jobs.c.state == "claimed", jobs.c.lease < at)
                .values(state="queued", worker="", crashes=jobs.c.crashes + 1, not_before=at)
            )
            # Each of these queries walks the index and stops when it has enough, however many jobs wait.
            ready = select(jobs).where(jobs.c.state == "queued", jobs.c.not_before <= at).order_by(jobs.c.id)
            while (suspect := c.execute(locked(ready.where(jobs.c.crashes >= SUSPECT).limit(1))).first()) is not None:
                if suspect.crashes < CRASHES:
                    break
                self._fail(
                    c, suspect.id, at, CrashedRepeatedly(f"{suspect.crashes} services crashed while they processed it.")
                )
            if suspect is not None:
                if idle:
                    return self._taken(c, [suspect], at)
                if at - max(suspect.not_before, suspect.added) > PATIENCE:
                    return []
            rows: list[Row[Any]] = []
            for crashes in reversed(range(SUSPECT)):
                if len(rows) < count:
                    rows += c.execute(locked(ready.where(jobs.c.crashes == crashes).limit(count - len(rows)))).all()
            return self._taken(c, rows, at)

    def _waiting(self) -> bool:
        """Whether there may be something to claim: an empty queue is polled often, so this must be cheap."""
        with reading(self.engine).connect() as c:
            queued = select(jobs.c.id).where(jobs.c.state == "queued", jobs.c.not_before <= clock(c))
            left = select(jobs.c.id).where(jobs.c.state == "claimed", jobs.c.lease < clock(c))
            return bool(c.execute(select(or_(queued.exists(), left.exists()))).scalar())

    def _taken(self, c: Any, rows: Sequence[Row[Any]], at: float) -> list[Job]:
        taken: list[Job] = []
        for row in rows:
            details = self._opened(row.sealed)
            if details is None:
                self._fail(c, row.id, at, KeyLost("The job was sealed under another key."))
                continue
            job = self._job_of(row, details)
            taken.append(replace(job, attempts=row.attempts + 1, alone=row.crashes >= SUSPECT))
        if taken:
            c.execute(
                update(jobs)
                .where(jobs.c.id.in_([job.id for job in taken]))
                .values(
                    state="claimed", worker=self.worker, lease=at + self.lease, attempts=jobs.c.attempts + 1, wanted=0
                )
            )
        return taken

    def job_of(self, row: Row[Any]) -> Job:
        """The job of a row of the table.

        Raises:
            KeyLost
        """
        details = self._opened(row.sealed)
        if details is None:
            raise KeyLost("The job was sealed under another key.")
        return self._job_of(row, details)

    def _job_of(self, row: Row[Any], details: Mapping[str, Any]) -> Job:
        known = json.loads(self.sealer.open(bytes(row.known)) or b"[]") if row.known else ()
        return Job(row.id, row.key, row.source, row.direction, row.audio, row.attempts, row.added, details, known=known)

    def _fail(self, c: Any, number: int, at: float, problem: RedactorError) -> None:
        self._end(
            c,
            number,
            "failed",
            at,
            reason=problem.reason,
            message=problem.message,
            hint=problem.hint,
            exit_code=problem.exit_code,
        )

    def heartbeat(self, without: Collection[int] = ()) -> None:
        """Extend the leases of all jobs that this process has claimed.

        Args:
            without: jobs whose leases must expire.
        """
        with self.engine.begin() as c:
            c.execute(
                update(jobs)
                .where(jobs.c.state.in_(HELD), jobs.c.worker == self.worker, jobs.c.id.not_in(without))
                .values(lease=clock(c) + self.lease)
            )

    def holds(self, job: Job) -> bool:
        """Whether this process still has the claim on a job."""
        mine = and_(jobs.c.id == job.id, jobs.c.worker == self.worker, jobs.c.state == "claimed")
        with reading(self.engine).connect() as c:
            return c.execute(select(jobs.c.id).where(mine)).first() is not None

    def reclaim(self, worker: str) -> int:
        """End the leases of a dead worker, so that its jobs can be claimed at once; returns how many there are."""
        with self.engine.begin() as c:
            return c.execute(
                update(jobs).where(jobs.c.state.in_(HELD), jobs.c.worker == worker, jobs.c.lease > 0).values(lease=0.0)
            ).rowcount

    def release_claims(self) -> None:
        """Return claimed jobs to the queue in an orderly shutdown: that is no crash of theirs."""
        with self.engine.begin() as c:
            c.execute(
                update(jobs)
                .where(jobs.c.state == "claimed", jobs.c.worker == self.worker)
                .values(state="queued", worker="", lease=0.0, attempts=jobs.c.attempts - 1)
            )

    def settle(self, job: Job, state: str, outcome: Outcome, *, result: str = "", held: str = "claimed") -> bool:
        """Write the end of a job; false if the claim is lost (the lease expired, and another service has the job)."""
        with self.engine.begin() as c:
            ended = self._end(
                c,
                job.id,
                state,
                clock(c),
                worker=self.worker,
                held=held,
                audio=outcome.id or job.audio,
                reason=outcome.reason,
                message=outcome.message,
                hint=outcome.hint,
                exit_code=outcome.exit_code,
                duration=outcome.duration,
                bleeped=outcome.bleeped,
                result=self.sealer.seal(result.encode("utf-8", "surrogateescape")) if result else None,
            )
            # A direction that a hook reported meanwhile may require another policy, and reviewers; or the original has
            # turned up in another place.
            known = (
                c.execute(select(jobs.c.direction, jobs.c.wanted).where(jobs.c.id == job.id)).first() if ended else None
            )
            if known is not None and known.direction != job.direction:
                self._redirected(c, job.id, job.direction, known.direction)
            if known is not None and known.wanted:
                self._requeue(c, job.id)
        return ended

    def put_off(self, job: Job, outcome: Outcome, *, counts: bool = True) -> bool:
        """Try a failed job again later, or make it a dead letter after `tries` attempts; returns whether it will be
        tried again.

        Args:
            counts: false for a failure of the environment (a full disk) instead of the recording: such a job is tried
                without end, less and less often.
        """
        if counts and job.attempts >= self.tries:
            self.settle(job, "failed", outcome)
            return False
        with self.engine.begin() as c:
            waited = (now(c) - job.added) / 4
            delay = min(
                LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(job.attempts - 1, 16) if counts else max(FIRST_DELAY, waited)
            )
            c.execute(
                update(jobs)
                .where(jobs.c.id == job.id, jobs.c.worker == self.worker, jobs.c.state == "claimed")
                .values(
                    state="queued",
                    worker="",
                    not_before=clock(c) + delay,
                    reason=outcome.reason,
                    message=outcome.message[:400],
                    attempts=job.attempts - (not counts),
                )
            )
        return True

    def repeat(self, number: int) -> None:
        """Process a job again that has ended redacted, or as soon as it has: its original has turned up again."""
        with self.engine.begin() as c:
            if not c.execute(
                update(jobs).where(jobs.c.id == number, jobs.c.state == "claimed").values(wanted=1)
            ).rowcount:
                self._requeue(c, number)

    def set_direction(self, number: int, direction: str) -> None:
        """Set the direction of a recording that is known already."""
        with self.engine.begin() as c:
            self._set_direction(c, number, direction)

    def _set_direction(self, c: Any, number: int, direction: str) -> None:
        """The first direction that is reported counts; it overrides the folder's."""
        unknown = and_(jobs.c.id == number, jobs.c.told == 0)
        before = c.execute(select(jobs.c.direction).where(unknown)).scalar()
        is_first = c.execute(update(jobs).where(unknown).values(direction=direction, told=1)).rowcount
        if is_first and before is not None and before != direction:
            self._redirected(c, number, before, direction)

    def _set_known(self, c: Any, number: int, known: Sequence[Mapping[str, str]]) -> None:
        """The first report that knows something counts; a job that has ended without it is processed again."""
        sealed = self._sealed(list(known))
        first = update(jobs).where(jobs.c.id == number, jobs.c.known.is_(None)).values(known=sealed)
        if c.execute(first).rowcount:
            running = update(jobs).where(jobs.c.id == number, jobs.c.state == "claimed").values(wanted=1)
            if not c.execute(running).rowcount:
                self._requeue(c, number, ("redacted", "quarantined"))

    def _redirected(self, c: Any, number: int, before: str, direction: str) -> None:
        """Process a job again if its policy changes: sent messages have their own policy, and reviewers. Received
        messages are treated like those of unknown direction.
        """
        if "out" in (before, direction):
            self._requeue(c, number, ("redacted", "quarantined"))

    def _requeue(self, c: Any, number: int, states: Sequence[str] = ("redacted",)) -> None:
        if c.execute(
            update(jobs)
            .where(jobs.c.id == number, jobs.c.state.in_(states))
            .values(state="queued", attempts=0, crashes=0, not_before=0.0)
        ).rowcount:
            c.execute(delete(calls).where(calls.c.job == number))

    def retry(self, numbers: Sequence[int] | None) -> int:
        """Queue dead letters (all, or these) again as if they were new; returns how many."""
        which = jobs.c.state == "failed"
        if numbers is not None:
            which = and_(jobs.c.state.in_(("failed", "quarantined")), jobs.c.id.in_(numbers))
        with self.engine.begin() as c:
            c.execute(delete(calls).where(calls.c.job.in_(select(jobs.c.id).where(which))))
            return c.execute(
                update(jobs)
                .where(which)
                .values(state="queued", attempts=0, crashes=0, not_before=0.0, reason="", message="", hint="")
            ).rowcount

    def _end(
        self,
        c: Any,
        number: int,
        state: str,
        at: Any,
        *,
        worker: str | None = None,
        held: str = "claimed",
        **values: Any,
    ) -> bool:
        mine = jobs.c.id == number
        if worker is not None:
            mine = and_(mine, jobs.c.worker == worker, jobs.c.state == held)
        if state == "superseded":
            values["place"] = None
        for name, longest in (
            ("reason", 40),
            ("message", 400),
            ("hint", 400),
        ):  # PostgreSQL accepts neither more nor NUL
            if name in values:
                values[name] = values[name].replace("\0", " ")[:longest]
        ended = update(jobs).where(mine).values(state=state, ended=at, worker="", **values)
        done: bool = c.execute(ended).rowcount == 1
        if done and self._callbacks and state != "superseded":
            c.execute(delete(calls).where(calls.c.job == number))
            c.execute(insert(calls).values(job=number, state="waiting"))
        return done

    def _direction_at(self, c: Any, place: str | None) -> str:
        """The direction of the recording that was in this place before: a file that is written again keeps it."""
        query = select(jobs.c.direction).where(jobs.c.place == place).order_by(jobs.c.id.desc()).limit(1)
        return (c.execute(query).scalar() or "") if place else ""

    def _sealed(self, document: Any) -> bytes:
        return self.sealer.seal(json.dumps(document).encode())
