"""Review of the service's jobs: their preparation, their release, and what the pages say about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, delete, insert, update
from sqlalchemy.exc import IntegrityError

from redactor.audit_log import Trail
from redactor.crypto import Sealer
from redactor.errors import Busy
from redactor.review.importer import Importer
from redactor.review.job_messages import JobMessages
from redactor.review.preparation import Preparation
from redactor.review.recordings import ReviewedRecordings
from redactor.review.releases import WRITTEN, Releases
from redactor.review.repository import audit_columns, finding_row
from redactor.review.schema import WITHHELD, findings, messages, sendings
from redactor.review.versions import Auditor, VersionService
from redactor.types import Plan, Recording

if TYPE_CHECKING:
    from redactor.auth import Person
    from redactor.pipeline import Pipeline

OLD = 120.0
"""Seconds after which a release that was begun is nobody's any more, and is finished by any process."""


@dataclass(frozen=True, slots=True)
class JobReview:
    """The review of jobs in this process; `start` when the models are loaded, `stop` at the end."""

    messages: JobMessages
    preparation: Preparation = field(repr=False)
    releases: Releases = field(repr=False)

    def start(self) -> None:
        """Finish what a killed process began, then prepare the first messages of the queue."""
        self.preparation.start()

    def stop(self) -> None:
        """Finish the recording in progress and end."""
        self.preparation.stop()

    def look_after(self) -> None:
        """What is done from time to time: finish what other processes began and did not finish, and end what has been
        kept long enough.
        """
        self.releases.finish_begun(older=OLD)
        self.messages.expire()
        self.preparation.ahead()

    def after_edit(self, message: str, _version: int, _person: Person) -> str:
        """What the page says after a save."""
        outcome = self.messages.outcome_of(message)
        return "“Done” writes this version where the results are." if outcome in WRITTEN else ""

    def facts(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """What the page shows about the release of a message; None if it is of no job."""
        if not self.messages.number_of(row["id"]):
            return None
        return {
            "place": "the folder of its results",
            "can_release": row["outcome"] in WITHHELD,
            "delete_after": None,
            "unwritten": row["outcome"] in WRITTEN and row["version"] > 1 and row["written"] != row["version"],
            "history": self.releases.history(row["id"]),
        }


class Judging:
    """Gives a sent message that was withheld to the rules when it is released.

    Args:
        sent: the names under which a job's message may be listed, when it was reported, and where it was sent from;
            None for a job whose messages nobody judges.
    """

    def __init__(
        self,
        jobs: JobMessages,
        importer: Importer,
        audit: Auditor,
        engine: Engine,
        sent: Callable[[int], tuple[list[str], float, str] | None],
    ) -> None:
        self._jobs, self._importer, self._audit, self._engine, self._sent = jobs, importer, audit, engine, sent

    def __call__(self, row: dict[str, Any], recording: Recording, plan: Plan) -> bool:
        """Store what the rules say; returns whether the message is now one that people judge."""
        known = self._sent(self._jobs.number_of(row["id"])) if row["direction"] == "out" else None
        if known is None:
            return False
        names, since, place = known
        sending, marks = self._importer.known(names, since=since, place=place)
        if sending.direction == "in" or self._importer.knows(row["audio"], place=place):
            return False
        audited = self._audit(recording, plan, sending)
        try:
            with self._engine.begin() as c:
                values = {**audit_columns(audited), "caller": marks["caller"], "mailbox": marks["mailbox"]}
                c.execute(update(messages).where(messages.c.id == row["id"]).values(**values))
                c.execute(delete(findings).where(findings.c.message == row["id"]))
                rows = [finding_row(row["id"], n, breach) for n, breach in enumerate(audited.breaches)]
                if rows:
                    c.execute(insert(findings), [{**one, "added": row["added"]} for one in rows])
                where = sendings.c.message == row["id"]
                c.execute(update(sendings).where(where).values(place=marks["place"]))
        except IntegrityError:  # it was judged in the meantime
            return False
        return True


def build_job_review(
    recordings: Callable[[JobMessages], ReviewedRecordings],
    jobs: JobMessages,
    versions: VersionService,
    importer: Importer,
    *,
    audit: Auditor,
    engine: Engine,
    trail: Trail,
    sealer: Sealer,
    pipeline: Callable[[], Pipeline | None],
    sent: Callable[[int], tuple[list[str], float, str] | None],
) -> JobReview:
    """Put it together.

    Args:
        pipeline: returns the pipeline, once it is loaded.
        sent: see `Judging`.
    """
    found = recordings(jobs)
    releases = Releases(
        found,
        versions,
        engine=engine,
        trail=trail,
        sealer=sealer,
        pipeline=pipeline,
        judge=Judging(jobs, importer, audit, engine, sent),
    )

    def loaded() -> Pipeline:
        if (made := pipeline()) is None:
            raise Busy("The model is still loading.")
        return made

    preparation = Preparation(found, versions, load=loaded, by="service", resume=releases.finish_begun)
    return JobReview(jobs, preparation, releases)
