"""Pending callbacks: a row for each end of a job that is to be announced."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select, update

from redactor.database import clock, locked, now
from redactor.service.jobs.schema import calls


@dataclass(frozen=True, slots=True)
class PendingCallback:
    """A callback that this process must send: the job, the attempt's number, and until when other processes leave it
    alone.
    """

    job: int
    attempt: int
    until: float


class PendingCallbacks:
    """The rows that `Queue` adds; safe for many threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, count: int, *, hold: float) -> list[PendingCallback]:
        """Callbacks that are due; other processes leave them alone for `hold` seconds."""
        with self._engine.begin() as c:
            at = now(c)
            rows = c.execute(
                locked(
                    select(calls)
                    .where(calls.c.state == "waiting", calls.c.not_before <= at)
                    .order_by(calls.c.job)
                    .limit(count)
                )
            ).all()
            for row in rows:
                c.execute(
                    update(calls).where(calls.c.job == row.job).values(attempts=row.attempts + 1, not_before=at + hold)
                )
        return [PendingCallback(row.job, row.attempts + 1, at + hold) for row in rows]

    def end(self, call: PendingCallback, state: str, *, delay: float = 0.0) -> bool:
        """A callback was "sent", is given up ("dead"), or is "waiting" for another try after `delay` seconds.

        False if the claim is lost: the job was retried meanwhile, and the row that waits now announces another end.
        """
        # The time identifies our claim: a new row, or another process's claim, has another time.
        ours = update(calls).where(calls.c.job == call.job, calls.c.not_before == call.until)
        with self._engine.begin() as c:
            return c.execute(ours.values(state=state, not_before=clock(c) + delay)).rowcount == 1

    def counts(self) -> dict[str, int]:
        """Callbacks by state."""
        with self._engine.connect() as c:
            return {str(s): int(n) for s, n in c.execute(select(calls.c.state, func.count()).group_by(calls.c.state))}
