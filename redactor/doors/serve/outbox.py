"""Callbacks that wait: a row for each end of a job that somebody wants to be told of."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from .database import calls, clock, locked, now


class Outbox:
    """The rows that `Queue` makes; safe for many threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, count: int, *, hold: float) -> list[tuple[int, int]]:
        """(job, attempt) of callbacks that are due; others leave them alone for `hold` seconds."""
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
        return [(row.job, row.attempts + 1) for row in rows]

    def end(self, number: int, state: str, *, delay: float = 0.0) -> None:
        """A callback was "sent", is given up ("dead"), or is "waiting" for another try after `delay` seconds."""
        with self._engine.begin() as c:
            c.execute(update(calls).where(calls.c.job == number).values(state=state, not_before=clock(c) + delay))

    def counts(self) -> dict[str, int]:
        """Callbacks by state."""
        with self._engine.connect() as c:
            return {str(s): int(n) for s, n in c.execute(select(calls.c.state, func.count()).group_by(calls.c.state))}
