"""The review pages of the service, and the jobs that come up on them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redactor.config import Settings
from redactor.errors import RedactorError
from redactor.review.bootstrap import Review, ServiceJobs, open_review
from redactor.review.job_messages import JobMessages
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest.sources import Recordings
from redactor.service.job_handler import RedactionJobHandler
from redactor.service.job_recordings import JobRecordings
from redactor.service.jobs.queue import Queue
from redactor.service.jobs.releases import REFUSED, JobReleases
from redactor.types import Outcome, Status

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline

log = logging.getLogger("redactor.serve")


def open_service_review(
    settings: Settings,
    queue: Queue,
    *,
    recordings: Recordings,
    originals: Originals,
    handler: Callable[[], RedactionJobHandler],
    pipeline: Callable[[], Pipeline | None],
    engine: Callable[[], Any],
) -> Review:
    """The review pages of a service.

    Args:
        handler, pipeline, engine: give them once they are there.

    Raises:
        ConfigurationError, OutputError
    """

    def of_jobs(messages: JobMessages) -> JobRecordings:
        return JobRecordings(
            messages,
            queue=queue,
            recordings=recordings,
            originals=originals,
            handler=handler,
            pipeline=pipeline,
            engine=engine,
        )

    def sent(number: int) -> tuple[list[str], float, str] | None:
        return handler().sent(JobReleases(queue).find(number))

    return open_review(settings, queue.engine, queue.sealer, pipeline=pipeline, service_jobs=ServiceJobs(of_jobs, sent))


def show_withheld(queue: Queue, handler: RedactionJobHandler, messages: JobMessages, stopping: threading.Event) -> None:
    """Put withheld jobs before reviewers that are not there yet: they were withheld by an earlier version, while the
    review was not configured, or while the vault could not be written to.
    """
    jobs, after = JobReleases(queue), 0
    while rows := queue.list_jobs("quarantined", after=after):
        after = rows[-1]["id"]
        for row in rows:
            if stopping.is_set():
                return
            if row["reason"] == REFUSED or messages.message_of(row["id"]):
                continue
            try:
                outcome = Outcome(
                    0, row["audio"], Status.QUARANTINED, row["duration"], row["reason"], row["message"], row["hint"]
                )
                handler.show_withheld(jobs.find(row["id"]), outcome)
            except RedactorError as error:
                log.debug("job %d: it cannot be put before reviewers (%s)", row["id"], error.reason)
