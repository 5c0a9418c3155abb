"""The service's jobs as messages under review: withheld ones, and all others where a site wants that.

A job is one message. Its recording is sealed as soon as it comes up; a withheld one is planned when somebody opens it.
The message that the rules judge, which is about one sending, is another thing: see `importer`, and
`job_review.Judging` for a sent message that was withheld at first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, Engine, delete, insert, select, update

from redactor.audio import Source
from redactor.audit_log import Trail, events
from redactor.crypto import Sealer
from redactor.database import now
from redactor.errors import NoInput, RedactorError
from redactor.pipeline import Artefacts
from redactor.review.releases import PRIORITIES
from redactor.review.schema import WITHHELD, files, messages, sendings, versions
from redactor.review.versions import VersionService, kind_of
from redactor.types import Recording

if TYPE_CHECKING:
    from redactor.vault import Vault

Taken = Literal["none", "withheld", "all"]


@dataclass(frozen=True, slots=True)
class ReviewedJob:
    """A job of the service that comes up.

    Attributes:
        name: of its file; stored sealed.
    """

    number: int
    direction: str
    name: str = field(default="", repr=False)


class JobMessages:
    """See the module's text. Safe for many threads and processes.

    Args:
        taken: which jobs come up by themselves.
        keep_seconds: how long what is kept for review is kept; 0: for ever.
        keep_originals: whether originals are kept for other purposes than review.
    """

    def __init__(
        self,
        versions: VersionService,
        vault: Vault,
        trail: Trail,
        sealer: Sealer,
        engine: Engine,
        *,
        taken: Taken = "withheld",
        keep_seconds: float = 0.0,
        keep_originals: bool = False,
    ) -> None:
        self._versions, self._vault, self._trail, self._sealer = versions, vault, trail, sealer
        self._engine, self.taken = engine, taken
        self._keep_seconds, self._keep_originals = keep_seconds, keep_originals

    # --- jobs come up

    def add_withheld(self, job: ReviewedJob, source: Source, *, reason: str, detail: str, duration: float) -> None:
        """A job was withheld: it comes up for release. What a person has changed in it before is kept.

        Raises:
            RedactorError: it cannot be sealed.
        """
        if self.taken == "none":
            return
        facts = {
            "outcome": "withheld",
            "reason": reason[:40],
            "detail": detail,
            "direction": job.direction,
            "state": "new",
            "priority": PRIORITIES["withheld"],
            "written": 0,
        }
        with self._versions.version_store.locked(source.id):
            message = self.message_of(job.number)
            row = self._versions.store.find(message) if message else None
            if row is None:
                message = self._versions.free_id(source.id, self._mark(job.number))
                self._versions.seal(message, source, by="service", name=job.name)
                self._add(message, job, source, {**facts, "duration": duration})
                return
            self._versions.seal(message, source, by="service", name=job.name)
            with self._engine.begin() as c:
                facts["added"] = now(c)
                if row["version"] <= 1:  # nobody has edited it, so it is planned again
                    c.execute(delete(versions).where(versions.c.message == message))
                    facts |= {"version": 0, "folder": "", "doubt": 0.0}
                c.execute(update(messages).where(messages.c.id == message).values(**facts))

    def add_redacted(self, job: ReviewedJob, source: Source, recording: Recording, made: Artefacts) -> None:
        """A job is redacted, and about to be saved. A withheld one that came up before is done; where all jobs come up,
        this one does.

        Args:
            recording: as decoded.

        Raises:
            RedactorError: it cannot be sealed or saved; the job is tried again.
        """
        wanted = self.taken == "all" and job.direction != "out"  # sent ones come up for the rules: see `Importer`
        message = self.message_of(job.number)
        if not message and not wanted:
            return
        if message and not wanted:
            self._end(message)
            return
        doubt = made.doubt.probability
        facts = {
            "outcome": "redacted",
            "reason": "",
            "detail": "",
            "direction": job.direction,
            "state": "new",
            "doubt": doubt,
            "priority": PRIORITIES["redacted"] + doubt,
            "duration": recording.duration,
        }
        with self._versions.version_store.locked(source.id):
            row = self._versions.store.find(message) if message else None
            if row is None:
                message = self._versions.free_id(source.id, self._mark(job.number))
            elif row["version"] > 1:  # a person has changed it: "done" writes that version
                with self._engine.begin() as c:
                    c.execute(update(messages).where(messages.c.id == message).values(**facts, written=0))
                return
            folder, index_words = self._versions.first(message, source, made, by="service", name=job.name)
            facts |= {"version": 1, "folder": folder, "written": 1}
            if row is None:
                self._add(message, job, source, facts, index_words)
                return
            with self._engine.begin() as c:
                c.execute(delete(versions).where(versions.c.message == message))
                c.execute(update(messages).where(messages.c.id == message).values(**facts))
                self._first_version(c, message, folder)
                index_words(c)
            self._versions.version_store.keep_only(message, folder)

    def _add(
        self,
        message: str,
        job: ReviewedJob,
        source: Source,
        facts: dict[str, Any],
        index_words: Callable[[Connection], object] = lambda _: None,
    ) -> None:
        row = {
            "id": message,
            "kind": "other",
            "verdict": "",
            "severity": "",
            "rule": "",
            "rules": "",
            "ruleset": "",
            "caller": "",
            "mailbox": "",
            "needed": 1,
            "version": 0,
            "folder": "",
            "turn": 0,
            "doubt": 0.0,
            **facts,
        }
        item = {"suffix": source.suffix}
        mark = self._mark(job.number)
        with self._engine.begin() as c:
            c.execute(insert(messages).values(added=now(c), **row))
            # Not the place of the sending, by which `Importer` knows what the rules have judged.
            c.execute(insert(sendings).values(message=message, audio=source.id, place=mark[:32]))
            c.execute(
                insert(files).values(
                    mark=mark, message=message, number=job.number, item=self._sealer.seal(json.dumps(item).encode())
                )
            )
            if row["version"]:
                self._first_version(c, message, str(row["folder"]))
                index_words(c)
            self._trail.append(events.MessageAdded(by="service", message=message))

    def _first_version(self, c: Connection, message: str, folder: str) -> None:
        c.execute(
            insert(versions).values(message=message, version=1, folder=folder, by="service", at=now(c), edits="[]")
        )

    def _end(self, message: str) -> None:
        """The job of a message has a result without a person's help."""
        with self._engine.begin() as c:
            c.execute(
                update(messages)
                .where(messages.c.id == message, messages.c.outcome.in_(WITHHELD))
                .values(outcome="gone", priority=0.0)
            )

    # --- looking up

    def message_of(self, number: int) -> str:
        """The message of a job; "" if it has not come up."""
        with self._engine.connect() as c:
            return str(c.execute(select(files.c.message).where(files.c.mark == self._mark(number))).scalar() or "")

    def number_of(self, message: str) -> int:
        """The job of a message; 0 if it is of none."""
        with self._engine.connect() as c:
            return int(c.execute(select(files.c.number).where(files.c.message == message)).scalar() or 0)

    def outcome_of(self, message: str) -> str:
        """The outcome of a message; "" if it is of no job."""
        query = select(messages.c.outcome).join(files, files.c.message == messages.c.id)
        with self._engine.connect() as c:
            return str(c.execute(query.where(messages.c.id == message)).scalar() or "")

    def source(self, row: dict[str, Any]) -> Source:
        """The recording of a message, from the vault, which logs that.

        Raises:
            RedactorError
        """
        with self._engine.connect() as c:
            sealed = c.execute(select(files.c.item).where(files.c.message == row["id"])).scalar()
        opened = self._sealer.open(bytes(sealed)) if sealed else None
        if opened is None:
            raise NoInput("The message is of no job, or was sealed under another key.")
        content = self._vault.open(row["audio"], "original", by="service", reason="prepare")
        return Source.of(content, json.loads(opened)["suffix"])

    def _mark(self, number: int) -> str:
        return self._sealer.mark(b"job", str(number).encode()).hex()

    # --- retention

    def expire(self) -> int:
        """Destroy what is kept for review and has been kept long enough; returns the number of messages.

        Sent messages that the rules judge stay: `redactor vault purge` is for those. What is under a legal hold stays.

        Raises:
            RedactorError
        """
        if not self._keep_seconds:
            return 0
        with self._engine.connect() as c:
            old = (
                select(messages.c.id, messages.c.folder, sendings.c.audio)
                .join(files, files.c.message == messages.c.id)
                .join(sendings, sendings.c.message == messages.c.id)
                .where(
                    messages.c.added < now(c) - self._keep_seconds,
                    messages.c.verdict == "",
                    messages.c.outcome != "gone",
                )
            )
            rows = c.execute(old).all()
        return sum(self._expired(row.id, row.audio) for row in rows)

    def _expired(self, message: str, audio: str) -> bool:
        with self._versions.version_store.locked(audio):
            try:
                for kind in self._kinds(message, audio):
                    item = self._vault.item(audio, kind)
                    if item is not None and not item.purged:
                        self._vault.purge(item, by="service", why="age")
            except RedactorError:  # a legal hold; the next time
                return False
            row = self._versions.store.find(message)
            with self._engine.begin() as c:
                c.execute(delete(versions).where(versions.c.message == message))
                gone = {"outcome": "gone", "state": "reviewed", "priority": 0.0, "version": 0, "folder": ""}
                c.execute(update(messages).where(messages.c.id == message).values(**gone))
                if self._versions.kept is not None:
                    self._versions.kept.note(c, message, ())
            if row is not None and row["folder"]:
                self._versions.version_store.drop(message, row["folder"])
        return True

    def _kinds(self, message: str, audio: str) -> Iterator[str]:
        yield kind_of("plan", message, audio)
        yield kind_of("meta", message, audio)
        others = [m for m in self._versions.store.sendings(audio) if m["id"] != message and m["outcome"] != "gone"]
        if not self._keep_originals and not others:
            yield "original"
