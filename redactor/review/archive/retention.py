"""Deletes recordings that a person decided cannot be released, after the days that the retention policy says.

    audit log ─▶ the archive's files with these bytes ─▶ sealed plan and drafts ─▶ row "deleted"

Nothing is deleted without a policy, nothing but what a person has refused, and nothing silently: the audit log is
written first, and the row and its history stay. A program that is killed in between repeats it at the next start.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from redactor.audit_log import Trail, events
from redactor.crypto import Sealer
from redactor.database import now, reading
from redactor.errors import as_redactor_error
from redactor.review.archive.files import ArchiveFiles
from redactor.review.schema import messages, releases, versions, words
from redactor.review.version_store import VersionStore

DAY = 86_400.0
log = logging.getLogger("redactor.review")


@dataclass(frozen=True, slots=True)
class Retention:
    """The policy.

    Args:
        days: after which a refused recording is deleted; 0: at once; None: never.
        by: the actor for the audit log.
    """

    engine: Engine
    trail: Trail
    sealer: Sealer
    archive_files: ArchiveFiles
    version_store: VersionStore
    days: float | None
    by: str
    say: Callable[[str], object] = lambda _: None

    def sweep(self) -> int:
        """Delete what the policy says; returns how many recordings. What cannot be deleted is reported, and tried
        again.
        """
        if self.days is None:
            return 0
        done = failed = 0
        for message in self._due(self.days):
            try:
                self._delete(message)
            except Exception as error:  # noqa: BLE001, PERF203 - reported by its reason; the others go on
                failed += 1
                reason = as_redactor_error(error, "delete a recording").reason
                log.warning("recording %s cannot be deleted: %s", message[:12], reason)
            else:
                done += 1
        if done or failed:
            self.say(
                f"Deleted by the retention policy ({self.days:g} days after they were refused): {done} recordings"
                f"{f'; {failed} could not be deleted' if failed else ''}."
            )
        return done

    def _due(self, days: float) -> list[str]:
        refused = (
            select(releases.c.message, func.max(releases.c.at).label("at"))
            .where(releases.c.what == "refused")
            .group_by(releases.c.message)
            .subquery()
        )
        with reading(self.engine).connect() as c:
            query = select(messages.c.id).join(refused, refused.c.message == messages.c.id)
            # A person who puts it into the queue again takes it out of the policy.
            old = query.where(messages.c.outcome == "refused", refused.c.at <= now(c) - days * DAY)
            return list(c.execute(old.order_by(messages.c.id)).scalars())

    def _delete(self, message: str) -> None:
        assert self.days is not None
        with self.version_store.locked(message):
            self.trail.append(events.RecordingDeleted(by=self.by, message=message, days=int(self.days)))
            self.archive_files.delete(message)
            with self.engine.begin() as c:
                folder = c.execute(select(messages.c.folder).where(messages.c.id == message)).scalar()
                self._forget(c, message)
            if folder:
                self.version_store.drop(message, folder)

    def _forget(self, c: Connection, message: str) -> None:
        gone: dict[str, Any] = {"outcome": "deleted", "state": "reviewed", "priority": 0.0}
        c.execute(
            update(messages)
            .where(messages.c.id == message)
            .values(version=0, folder="", written=0, turn=messages.c.turn + 1, **gone)
        )
        c.execute(delete(versions).where(versions.c.message == message))
        c.execute(delete(words).where(words.c.message == message))
        c.execute(
            insert(releases).values(
                message=message,
                what="deleted",
                version=0,
                by=self.by,
                person=0,
                at=now(c),
                reason=self.sealer.seal(os.urandom(16) + f"retention policy: {self.days:g} days".encode()),
                state="done",
            )
        )
