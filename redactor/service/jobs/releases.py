"""Jobs whose result a person has corrected: claimed while it is being written, so that nobody retries them meanwhile.

quarantined | redacted ──begin──▶ releasing ──end──▶ redacted | failed
                ▲──────────────────undo──┘
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_, select, update

from redactor.database import clock
from redactor.errors import Busy, NoInput
from redactor.review.releases import ReleaseInProgress
from redactor.service.jobs.queue import Job, Queue
from redactor.service.jobs.schema import jobs
from redactor.types import Outcome

REFUSED = "cannot-be-released"
"""Reason of a withheld job of which a person has decided that."""


class JobReleases:
    """See the module's text. Safe for many threads and processes."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def find(self, number: int) -> Job:
        """A job as it is now.

        Raises:
            NoInput: there is none.
        """
        with self._queue.engine.connect() as c:
            row = c.execute(select(jobs).where(jobs.c.id == number)).first()
        if row is None:
            raise NoInput("The job is not in the queue any more.", hint="Its recording cannot be released.")
        return self._queue.job_of(row)

    def begin(self, number: int, state: str, *, again: bool = False) -> Job | None:
        """Claim a job that is in this state.

        Args:
            again: another process may have begun this, and may have ended it; None if it has.

        Raises:
            ReleaseInProgress: another process is at it. Busy: the job is in another state. NoInput: there is none.
        """
        with self._queue.engine.begin() as c:
            is_free = jobs.c.state == state
            if again:  # by a process that lives no more, or by this one, which is not at it any more
                left = or_(jobs.c.lease < clock(c), jobs.c.worker == self._queue.worker)
                is_free = or_(is_free, and_(jobs.c.state == "releasing", left))
            mine = {"state": "releasing", "worker": self._queue.worker, "lease": clock(c) + self._queue.lease}
            done = c.execute(update(jobs).where(jobs.c.id == number, is_free).values(mine)).rowcount
            now = c.execute(select(jobs.c.state).where(jobs.c.id == number)).scalar()
        if done:
            return self.find(number)
        if now == "releasing":
            raise ReleaseInProgress("The recording is being released.")
        if again and state == "quarantined" and now == "redacted":
            return None
        raise Busy("The job is being processed again.", hint="Wait until it has ended; what it says then counts.")

    def holds(self, job: Job) -> bool:
        """Whether this process still has its claim."""
        with self._queue.engine.connect() as c:
            return c.execute(select(jobs.c.id).where(self._mine(job))).first() is not None

    def end(self, job: Job, state: str, outcome: Outcome, *, result: str) -> bool:
        """Write the end of a job; false if the claim is lost."""
        return self._queue.settle(job, state, outcome, result=result, held="releasing")

    def undo(self, job: Job, state: str) -> None:
        """Give a job back to the state that it was in."""
        with self._queue.engine.begin() as c:
            c.execute(update(jobs).where(self._mine(job)).values(state=state, worker="", lease=0.0))

    def note(self, number: int, **values: Any) -> bool:
        """Change what is said about a withheld job: reason, message, hint."""
        withheld = jobs.c.id == number, jobs.c.state == "quarantined"
        with self._queue.engine.begin() as c:
            return c.execute(update(jobs).where(*withheld).values(**values)).rowcount == 1

    def _mine(self, job: Job) -> Any:
        return and_(jobs.c.id == job.id, jobs.c.state == "releasing", jobs.c.worker == self._queue.worker)
