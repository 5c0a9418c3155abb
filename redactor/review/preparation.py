"""Recognises recordings when somebody opens them, and the next ones of the queue meanwhile, in one background thread.

A recording that was redacted is planned as it was then; one that was withheld gets a draft, which covers what is in
doubt. What was still heard in the redacted audio is covered, too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from redactor.audio import Source
from redactor.doubt import doubt_of
from redactor.errors import Quarantine, RedactorError, TooDoubtful, VerificationHit, as_redactor_error
from redactor.policy import Edit, draft_plan
from redactor.recognition import listen
from redactor.review.recordings import FoundRecording, ReviewedRecordings
from redactor.review.repository import Filters
from redactor.review.versions import VersionService
from redactor.storage import fingerprints
from redactor.types import Plan, Recording, Unheard

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline

AHEAD = 3
"""Messages that are prepared after the one that is opened."""
_REREADINGS = 3
"""Drafts are read again at most so often until nothing more is heard in them."""
log = logging.getLogger("redactor.review")


class Preparation:
    """The thread, and what it has to do.

    Args:
        load: gives the pipeline; called once, in the thread.
        by: the actor for the audit log.
        resume: called once after that, for what an earlier process left unfinished.
        stopped: called if the pipeline cannot be loaded.
    """

    def __init__(
        self,
        recordings: ReviewedRecordings,
        versions: VersionService,
        *,
        load: Callable[[], Pipeline],
        by: str,
        resume: Callable[[], None] = lambda: None,
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self._recordings, self._versions = recordings, versions
        self._load, self._by, self._resume, self._stopped = load, by, resume, stopped
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._problems: dict[str, RedactorError] = {}
        self._change = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="prepare", daemon=True)
        self.pipeline: Pipeline | None = None
        self.trouble: RedactorError | None = None
        """Why the pipeline could not be loaded."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the recording in progress and end."""
        with self._change:
            self._ending = True
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=30.0)

    def ready(self, message: str, *, seconds: float) -> bool:
        """Whether a message is prepared; it comes first from now on, and this waits a while for it.

        Raises:
            RedactorError: it cannot be prepared.
        """
        until = time.monotonic() + seconds
        with self._change:
            while True:
                row = self._versions.store.find(message)
                if row is None or row["version"]:
                    return True
                if problem := self.trouble or self._problems.get(message):
                    raise problem
                self._waiting[message] = None
                self._waiting.move_to_end(message, last=False)
                self._change.notify_all()
                if not self._change.wait(timeout=max(0.0, until - time.monotonic())):
                    return False

    def again(self, message: str) -> None:
        """Forget why a message could not be prepared."""
        with self._change:
            self._problems.pop(message, None)

    def ahead(self) -> None:
        """Prepare the first messages of the queue that are not yet prepared."""
        page = self._versions.store.page(Filters(state="new", urgent=True), limit=2 * AHEAD)
        with self._change:
            for row in [row for row in page.rows if not row["version"] and row["priority"]][:AHEAD]:
                if row["id"] not in self._problems:
                    self._waiting.setdefault(row["id"], None)
            self._change.notify_all()

    # --- in the thread

    def _work(self) -> None:
        try:
            self.pipeline = self._load()
        except Exception as error:  # noqa: BLE001 - reported to whoever waits, without the text of a library's error
            with self._change:
                self.trouble = as_redactor_error(error, "load the model")
                self._change.notify_all()
            self._stopped()
            return
        with suppress(Exception):
            self._resume()
        with suppress(Exception):
            self.ahead()
        while (message := self._next()) is not None:
            problem: RedactorError | None = None
            try:
                self.prepare(message)
            except Exception as error:  # noqa: BLE001 - as above; the other messages go on
                problem = as_redactor_error(error, "prepare a message")
                log.warning("message %s cannot be prepared: %s", message[:12], problem.reason)
            with self._change:
                if problem is not None:
                    self._problems[message] = problem
                self._change.notify_all()

    def _next(self) -> str | None:
        with self._change:
            while not self._waiting and not self._ending:
                self._change.wait()
            return None if self._ending else self._waiting.popitem(last=False)[0]

    def prepare(self, message: str) -> None:
        """Recognise a message and give it its first version, unless it has one.

        Raises:
            RedactorError
        """
        row, pipeline = self._versions.store.find(message), self.pipeline
        if row is None or row["version"] or pipeline is None:
            return
        found = self._recordings.find(row)
        source = self._recordings.source(row, found)
        recording = pipeline.decoder(source)
        policy, context = found.policy, found.context
        withheld = row["outcome"] != "redacted"
        if withheld and row["reason"] != VerificationHit.reason:
            plan = _draft(pipeline, recording, found, doubtful=row["reason"] == TooDoubtful.reason)
        else:
            try:
                plan = pipeline.plan(recording, found.transcriber, policy=policy, context=context)
            except Quarantine:
                plan, withheld = _draft(pipeline, recording, found), True
        settings = pipeline.settings(found.transcriber, policy, context)
        made = pipeline.make(recording, plan, settings, policy=policy, context=context, reread=False)
        if withheld and pipeline.verify_with is not None:
            for _ in range(_REREADINGS):
                heard = _heard(pipeline, plan, Source.of(made.audio.data, made.audio.suffix), found)
                if not heard:
                    break
                plan = pipeline.edited(recording, plan, heard, policy)
                made = pipeline.make(recording, plan, settings, policy=policy, context=context, reread=False)
        written = not withheld and self._recordings.is_written(found, fingerprints(made.files))
        self._versions.prepare(message, recording, made, suffix=source.suffix, by=self._by, written=written)


def _heard(pipeline: Pipeline, plan: Plan, output: Source, found: FoundRecording) -> list[Edit]:
    """Edits that cover what the second reading hears in an output."""
    policy = found.policy or pipeline.policy
    try:
        again = pipeline.verification.again(pipeline.decoder(output), plan, policy, found.context)
    except Quarantine:  # it understood nothing that could be compared; the release is checked again
        return []
    channels = plan.speech.same_as
    return [
        Edit("region", channels[h.channel], start=max(0.0, h.start), end=min(h.end, plan.duration))
        for h in again
        if max(0.0, h.start) < min(h.end, plan.duration)
    ]


def _draft(pipeline: Pipeline, recording: Recording, found: FoundRecording, *, doubtful: bool = False) -> Plan:
    """A plan for a person, of a recording that the pipeline withholds: what is in doubt is covered.

    doubtful: so are the stretches that `redactor.doubt` points out.
    """
    policy = found.policy or pipeline.policy
    speech = listen(recording, found.transcriber)
    findings = pipeline.search(speech, found.context)
    plan = draft_plan(recording, speech, findings, policy)
    if doubtful:
        guesses = (Unheard(s.channel, s.start, s.end, "doubt") for s in doubt_of(plan).stretches)
        speech = replace(speech, unheard=(*speech.unheard, *guesses))
        plan = draft_plan(recording, speech, findings, policy)
    return pipeline.edited(recording, plan, (), policy)  # as after any edit
