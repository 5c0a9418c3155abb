"""The service, put together: queue, crew, intake, sweeper, callbacks, HTTP; started in order, drained in order.

    spool ─┐                       ┌─ crew ─▶ pipeline (model loaded once) ─▶ results
    sweep ─┼─▶ intake ─▶ queue ────┤
    HTTP  ─┘             (database)└─ callbacks

On SIGTERM: not ready any more; nothing new is claimed; what is under way is finished and saved; then HTTP ends. A
second signal, or a
kill, loses nothing either: leases run out, saves are atomic, tickets are removed only after their commit.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from redactor.audio import Limits, Source
from redactor.config import Settings
from redactor.crypto import Sealer, read_or_make_key
from redactor.errors import Busy, ConfigurationError, NoInput, OnHold, OutputError, RedactorError
from redactor.factory import JobConfiguration, assemble, layers_of
from redactor.hook.spool import Spool
from redactor.job_config import sent_policy_of
from redactor.pipeline import Artefacts
from redactor.policy import Policy
from redactor.service.api import build_app, server_of
from redactor.service.api.dependencies import ServiceContext
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest.sources import Recordings, transcript_for
from redactor.service.ingest.spool_reader import SpoolReader
from redactor.service.ingest.sweeper import Sweeper
from redactor.service.jobs.callbacks import Callbacks
from redactor.service.jobs.queue import Job, Queue
from redactor.service.jobs.worker_locks import WorkerLocks, notify
from redactor.service.metrics import Metrics
from redactor.service.periodic import PeriodicTask
from redactor.service.results import Results, document_of, target_of
from redactor.service.worker import JobWorker
from redactor.storage import Item
from redactor.types import Outcome, Recording

MOST_IN_FLIGHT = 16
"""Recordings under way at once, unless the settings say otherwise: more would fill batches better, and make each
wait longer.
"""
TICKETS = 0.05
CALLS = 1.0

log = logging.getLogger("redactor.serve")


def open_queue(settings: Settings, presence: WorkerLocks) -> Queue:
    """The queue that the settings name, with its tables.

    Raises:
        ConfigurationError: the database cannot be used. OutputError: nor the state folder.
    """
    state = settings.state
    with _alone(state / ".lock"):
        key = bytes.fromhex(settings.service.key.decode()) if settings.service.key else read_or_make_key(state / "key")
    url = settings.service.database_url.decode() or f"sqlite:///{state}/queue.sqlite"
    try:
        queue = Queue(
            url,
            Sealer(key),
            worker=presence.name,
            limit=settings.service.queue_limit,
            tries=settings.service.tries,
            lease=settings.service.lease,
            callbacks=bool(settings.callback.url),
        )
        queue.prepare()
    except RedactorError:
        raise
    except Exception as error:  # noqa: BLE001 - drivers have errors of their own, whose texts hold addresses and names
        raise ConfigurationError(
            f"The database cannot be used ({type(error).__name__}).",
            hint="Check service.database_url, and that it runs.",
        ) from None
    return queue


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process of this host at a time."""
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        raise OutputError("The state folder cannot be written to.", hint="Check service.state and its owner.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


class Service:
    """One process of the service.

    Args:
        settings: checked.
        recipe: what shapes the artefacts.
        confined: the decoder; None: this process decodes (tests).
    """

    def __init__(self, settings: Settings, recipe: JobConfiguration, *, confined: Any = None) -> None:
        self._settings, self._recipe, self._confined = settings, recipe, confined
        self._limits = Limits(max_bytes=256 << 20)
        self._draining = False
        self._loops: list[PeriodicTask] = []
        self._server: Any = None
        self._http: threading.Thread | None = None
        self._beaten = time.monotonic()
        held = settings.state / "held"
        self.presence = WorkerLocks(settings.state)
        self.queue = open_queue(settings, self.presence)
        self.metrics = Metrics(self.queue)
        self.metrics.confined_by(layers_of(confined))
        self._spool = Spool(settings.service.spool, limit=settings.service.spool_limit)
        self._recordings = Recordings(settings, held=held, limits=self._limits)
        self._results = Results(self.queue.stamps, (*settings.roots, str(settings.results)))
        self._originals = Originals(
            settings.service.originals,
            _vault(settings),
            self.queue,
            self._recordings,
            self._results,
            roots=settings.roots,
            limits=self._limits,
            pipeline=lambda: self._pipeline,
        )
        self.intake = Sweeper(
            tickets=SpoolReader(Path(settings.service.spool)),
            queue=self.queue,
            roots=settings.roots,
            voicemail=settings.asterisk.voicemail,
            held=held,
            settle=settings.sweep.settle,
            limits=self._limits,
            note=log.info,
            told=self._told,
            sent=settings.service.sent,
            originals=self._originals,
            outside=tuple(str(p).rstrip("/") for p in (settings.state, settings.results, settings.service.spool)),
        )
        self.callbacks = Callbacks(
            settings.callback, self.queue, note=lambda what: self.metrics.callbacks.labels(what).inc()
        )
        self.crew: JobWorker | None = None
        self._sent_policy = sent_policy_of(settings)
        self._pipeline: Any = None
        self._review: Any = None
        if settings.review.folder:
            from redactor.review.bootstrap import open_review  # its libraries are for those who review

            self._review = open_review(settings, self.queue.engine, self.queue.sealer, pipeline=lambda: self._pipeline)

    # --- life
    # ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Load the model, then take work.

        Raises:
            ConfigurationError, ModelUnavailable, OutputError
        """
        s = self._settings
        self._spool.prepare()
        self._listen()  # first, so that a supervisor sees "alive, not ready" while the model loads
        identities: dict[int, str] = {}
        reading = threading.Lock()

        def source(item: Item) -> Any:
            assert self.crew is not None
            found = self.crew.source(item)
            self._expect(self.crew.job(item), found)
            with reading:
                identities[item.number] = found.id
            return found

        def transcript(item: Item) -> Any:
            from redactor.speech import TranscriptReader

            with reading:
                identity = identities.get(item.number, "")
                if len(identities) > 4096:
                    for number in sorted(identities)[:2048]:
                        del identities[number]
            path = transcript_for(s.service.transcripts, identity) if s.service.transcripts else None
            if path is None and self._recipe.only_transcripts:
                raise NoInput(
                    "There is no transcript of this recording.", hint="Put it into service.transcripts and retry."
                )
            return TranscriptReader(path) if path is not None else None

        made = assemble(
            self._recipe,
            reader=transcript,
            source=source,
            policy_for=self._policy_for,
            witness=self._show,
            confined=self._confined,
        )
        self._pipeline = made.pipeline
        in_flight = s.service.in_flight or min(MOST_IN_FLIGHT, made.in_flight)
        self.crew = JobWorker(
            self.queue,
            self._recordings,
            in_flight=in_flight,
            ended=self._ended,
            requeue=self._requeue,
            note=log.warning,
            finishing=self._originals.finish,
            finished_before=self._originals.replaced,
            wanted_anew=self._unseen,
            believed=lambda job, target: self._results.document(target, job.audio),
            too_late=self._too_late,
            unread=self._look_again,
        )
        self._bury_the_dead()
        self.crew.start(made.pipeline)
        self._loops = [
            PeriodicTask("beat", self._beat, every=s.service.lease / 3),
            PeriodicTask("tickets", self._take_tickets, every=TICKETS, slowest=2.0),
        ]
        if s.sweep.every:
            self._loops.append(PeriodicTask("sweep", self._sweep, every=s.sweep.every))
        if s.callback.url:
            self._loops.append(PeriodicTask("callbacks", self._call_back, every=CALLS))
        for loop in self._loops:
            loop.start()
        log.info("ready: %d recordings at once", in_flight)
        notify("READY=1")

    def stop(self) -> bool:
        """Drain; whether everything under way was finished in time."""
        self._draining = True
        notify("STOPPING=1")
        log.info("draining: %d under way", self.crew.under_way if self.crew else 0)
        for loop in self._loops:
            if loop.name != "beat":
                loop.stop()
        done = self.crew.drain(self._settings.service.drain_seconds) if self.crew else True
        for loop in self._loops:
            loop.stop()
        with suppress(Exception):  # the database may be what is down
            self.queue.give_back()
        if self._server is not None and self._http is not None:
            self._server.should_exit = True
            self._http.join(timeout=10)
        self.queue.close()
        self.presence.close()
        log.info("ended%s", "" if done else ": some recordings were not finished, and will be taken again")
        return done

    @property
    def trouble(self) -> str:
        """Why recordings should not be sent here, "" if they may."""
        if self._draining:
            return "draining"
        if self.crew is None:
            return "loading"
        if not self.crew.alive:
            return "crew-ended"
        try:
            full = sum(self.queue.counts().get(state, 0) for state in ("queued", "claimed")) >= self.queue.limit
        except Exception:  # noqa: BLE001 - any failure to ask is the answer
            return "database-unavailable"
        return "queue-full" if full else ""

    # --- loops
    # ---------------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        self.queue.beat(self.crew.lost.copy() if self.crew else ())
        self._bury_the_dead()
        if self.crew is not None and self.crew.alive:
            notify("WATCHDOG=1")

    def _bury_the_dead(self) -> None:
        for worker in self.queue.workers():
            if self.presence.is_dead(worker) and (left := self.queue.bury(worker)):
                log.warning("a service ended without a word; %d recordings are taken again", left)

    def _take_tickets(self) -> None:
        if self.intake.take_tickets() and self.crew is not None:
            self.crew.wake()

    def _sweep(self) -> None:
        stop = next(loop.stopping for loop in self._loops if loop.name == "sweep")
        found = self.intake.sweep(stopping=stop.is_set)
        if found and self.crew is not None:
            log.info("the sweeper found %d recordings that nobody told us of", found)
            self.crew.wake()

    def _call_back(self) -> None:
        stop = next(loop.stopping for loop in self._loops if loop.name == "callbacks")
        while not stop.is_set() and self.callbacks.send_due(stop):
            pass

    def _policy_for(self, item: Item) -> Policy:
        assert self.crew is not None
        return self._sent_policy if self.crew.job(item).direction == "out" else self._recipe.policy

    def _show(self, item: Item, source: Source, recording: Recording, made: Artefacts) -> None:
        """Originals are sealed, sent messages come up for review; if that fails, the job is tried again, whole."""
        assert self.crew is not None
        job = self.crew.job(item)
        self._originals.seal(source)
        if job.direction == "out" and self._review and self._settings.reviews_sent:
            self._review.reception.take(
                source,
                recording,
                made,
                names=self._names(job, source.id),
                place=self._recordings.sent_from(job),
                since=job.added,
                by="service",
                name=item.path.name,
            )
        self._check_still_ours(item, job)
        self._results.note(self.crew.target(item), dict(made.files))

    def _check_still_ours(self, item: Item, job: Job) -> None:
        """Two that were under way under one name, or one job in two services, must not save in the wrong order."""
        assert self.crew is not None
        try:
            if job.details["kind"] == "file":
                self._recordings.read(job)
        except RedactorError as error:
            # Taken away meanwhile, it has its result nevertheless, unless there is something newer.
            if not isinstance(error, NoInput) or not self.queue.is_latest_at(job.details["path"], job.id):
                self.crew.let_go(item)
                raise
        if not self.queue.holds(job):
            raise Busy("Another service has taken the job over.")

    def _too_late(self, job: Job, document: str) -> bool:
        """Whether a sent message was made as if nobody knew that it was sent."""
        if job.direction != "out":
            return False
        made = self._results.read(target_of(Path(document)), job.audio)
        made_by = document_of(made).get("policy") if made else ""
        return made_by != self._sent_policy.stamp or (self._unseen(job, job.audio) and self._was_sent(job))

    def _was_sent(self, job: Job) -> bool:
        """Whether the list of recipients, where there is one, does not say that it was received."""
        return bool(self._review.reception.sending(self._names(job, job.audio), since=job.added).direction != "in")

    def _expect(self, job: Job, source: Source) -> None:
        """What must wait for the list of recipients waits here, before anything is recognised."""
        if self._unseen(job, source.id):
            try:
                self._review.reception.sending(self._names(job, source.id), since=job.added)
            except OnHold:
                self._originals.seal(source)  # it may be gone by the time that its row comes
                raise

    def _names(self, job: Job, identity: str) -> list[str]:
        return [*self._recordings.names(job), identity]

    def _unseen(self, job: Job, identity: str) -> bool:
        """Whether the reviewers still lack it."""
        if job.direction != "out" or not self._review or not self._settings.reviews_sent:
            return False
        return not self._review.reception.knows(identity, place=self._recordings.sent_from(job))

    # --- ends
    # ----------------------------------------------------------------------------------------------------------

    def _ended(self, job: Job, state: str, outcome: Outcome) -> None:
        seconds = time.time() - job.added
        self.metrics.ended(job, state, outcome, seconds=seconds)
        reason = f" ({outcome.reason})" if outcome.reason else ""
        log.info("job %d %s %s%s after %.2f s", job.id, (outcome.id or job.audio)[:12], state, reason, seconds)

    def _look_again(self, job: Job) -> None:
        """What could not be read is no longer known by its looks: if it can be read again, the sweeper takes it."""
        if "looks" in job.details:
            self.queue.stamps.note(job.details["looks"], "")

    def _requeue(self, job: Job) -> None:
        with suppress(Exception):  # the sweeper finds it otherwise
            d = job.details
            if d["kind"] == "file":
                told = self.queue.told(job.id)
                self.intake.take_file(d["path"], source=job.source, identity=d["id"], direction=told)
            elif d["kind"] == "mailbox":
                self.intake.take_mailbox(d["box"], via="sweep")

    def _told(self, via: str, what: str) -> None:
        self.metrics.told.labels(via, what).inc()

    # --- HTTP
    # ----------------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        listen = self._settings.http.listen
        if not listen:
            return
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        try:
            made = socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except (OSError, OverflowError):
            raise OutputError(
                "The address of http.listen cannot be used.", hint="Is another service running there?"
            ) from None
        office = ServiceContext(
            settings=self._settings,
            queue=self.queue,
            results=self._results,
            metrics=self.metrics,
            trouble=lambda: self.trouble,
            alive=lambda: self.crew is None or self.crew.alive,
            wake=lambda: self.crew.wake() if self.crew else None,
            review=self._review.app if self._review else None,
            scopes=self._review.scopes if self._review else lambda _: frozenset(),
        )
        self._server = server_of(build_app(office))
        self._http = threading.Thread(target=self._server.run, kwargs={"sockets": [made]}, name="http", daemon=True)
        self._http.start()
        log.info("listening on port %d", made.getsockname()[1])


def _vault(settings: Settings) -> Any:
    """Where originals are sealed, if they are."""
    if settings.service.originals == "stay":
        return None
    from redactor.log_and_vault import places_in

    return places_in(settings).open_vault()
