"""Queries on the queue: they change nothing, and with SQLite they wait for nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from redactor.crypto import Sealer
from redactor.database import connect, now, reading
from redactor.errors import NoInput
from redactor.service.jobs.fingerprints import FileFingerprints
from redactor.service.jobs.schema import jobs

OPEN = ("queued", "claimed")
FOR_PEOPLE = ("quarantined", "failed")
HELD = ("claimed", "releasing")
"""States in which a job belongs to one process, until its lease expires."""


class JobQueries:
    """The reading half of `Queue`.

    Args:
        url: of the database.
        sealer: the key that all services of a database share.
    """

    def __init__(self, url: str, sealer: Sealer) -> None:
        self.engine = connect(url)
        self.sealer = sealer
        self.fingerprints = FileFingerprints(self.engine, sealer)

    def counts(self) -> dict[str, int]:
        """Jobs by state."""
        with reading(self.engine).connect() as c:
            return {str(s): int(n) for s, n in c.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))}

    def reasons(self) -> list[tuple[str, str, int]]:
        """(state, reason, count) of the jobs that wait for a person: withheld recordings and dead letters."""
        query = (
            select(jobs.c.state, jobs.c.reason, func.count())
            .where(jobs.c.state.in_(FOR_PEOPLE))
            .group_by(jobs.c.state, jobs.c.reason)
            .order_by(jobs.c.state, jobs.c.reason)
        )
        with reading(self.engine).connect() as c:
            return [(str(state), str(reason), int(n)) for state, reason, n in c.execute(query)]

    def oldest(self) -> float:
        """Seconds that the oldest open job has waited; 0 if there is none."""
        with reading(self.engine).connect() as c:
            added = c.execute(select(func.min(jobs.c.added)).where(jobs.c.state.in_(OPEN))).scalar()
            return max(0.0, now(c) - added) if added is not None else 0.0

    def summary(self, number: int) -> dict[str, Any] | None:
        """The public part of a job: nothing that is sealed."""
        with reading(self.engine).connect() as c:
            row = c.execute(select(jobs).where(jobs.c.id == number)).first()
        return None if row is None else _shown(row)

    def list_jobs(self, state: str = "failed", *, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Jobs of a state, by number; by default those that failed, with their reasons."""
        with reading(self.engine).connect() as c:
            rows = c.execute(
                select(jobs).where(jobs.c.state == state, jobs.c.id > after).order_by(jobs.c.id).limit(limit)
            ).all()
        return [_shown(row) for row in rows]

    def unsealed(self, number: int) -> tuple[Mapping[str, Any], str] | None:
        """How to get a job's recording, and the path of its result ("" if there is none). Both may hold PHI."""
        with reading(self.engine).connect() as c:
            row = c.execute(select(jobs.c.sealed, jobs.c.result).where(jobs.c.id == number)).first()
        if row is None:
            return None
        result = self.sealer.open(row.result) if row.result else b""
        return self._opened(row.sealed) or {}, (result or b"").decode("utf-8", "surrogateescape")

    def workers(self) -> list[str]:
        """Names of the workers that have claimed jobs."""
        with reading(self.engine).connect() as c:
            return list(c.execute(select(jobs.c.worker).where(jobs.c.state.in_(HELD)).distinct()).scalars())

    def has(self, audio: str, source: str) -> bool:
        """Whether a recording with this SHA-256 came from this source before."""
        with reading(self.engine).connect() as c:
            query = select(jobs.c.id).where(jobs.c.source == source, jobs.c.audio == audio).limit(1)
            return c.execute(query).first() is not None

    def is_open(self, number: int) -> bool:
        """Whether a job is queued or claimed."""
        with reading(self.engine).connect() as c:
            return c.execute(select(jobs.c.state).where(jobs.c.id == number)).scalar() in OPEN

    def number_of(self, source: str, message: str, audio: str) -> int | None:
        """The number of a job."""
        with reading(self.engine).connect() as c:
            found = c.execute(select(jobs.c.id).where(jobs.c.key == self._key(source, message, audio))).scalar()
        return None if found is None else int(found)

    def number_at(self, place: str, audio: str) -> int | None:
        """The number of the job of a recording in a place."""
        query = select(jobs.c.id).where(jobs.c.place == self.fingerprints.mark("place", place), jobs.c.audio == audio)
        with reading(self.engine).connect() as c:
            found = c.execute(query).scalar() if place else None
        return None if found is None else int(found)

    def is_latest_at(self, place: str, number: int) -> bool:
        """Whether no later job is of a recording in this place."""
        later = (
            select(jobs.c.id).where(jobs.c.place == self.fingerprints.mark("place", place), jobs.c.id > number).limit(1)
        )
        with reading(self.engine).connect() as c:
            return c.execute(later).first() is None

    def reported_direction(self, number: int) -> str:
        """The direction of a recording as a hook reported it, "" if none did."""
        with reading(self.engine).connect() as c:
            return str(c.execute(select(jobs.c.direction).where(jobs.c.id == number, jobs.c.told == 1)).scalar() or "")

    def has_unreadable(self, place: str) -> bool:
        """Whether a dead letter already says that the recording in this place cannot be read."""
        there = and_(
            jobs.c.place == self.fingerprints.mark("place", place),
            jobs.c.state == "failed",
            jobs.c.reason == NoInput.reason,
        )
        with reading(self.engine).connect() as c:
            return c.execute(select(jobs.c.id).where(there).limit(1)).first() is not None

    def _key(self, source: str, message: str, audio: str) -> str:
        return self.fingerprints.mark("job", source, message, audio)

    def _open(self, c: Connection) -> int:
        return int(c.execute(select(func.count()).where(jobs.c.state.in_(OPEN))).scalar_one())

    def _opened(self, sealed: bytes) -> Mapping[str, Any] | None:
        content = self.sealer.open(bytes(sealed))
        return None if content is None else dict(json.loads(content))


def _shown(row: Row[Any]) -> dict[str, Any]:
    names = (
        "id",
        "state",
        "source",
        "direction",
        "audio",
        "attempts",
        "reason",
        "message",
        "hint",
        "duration",
        "bleeped",
    )
    shown: dict[str, Any] = {name: getattr(row, name) for name in names}
    shown["added"], shown["ended"] = round(row.added, 3), round(row.ended, 3)
    return shown
