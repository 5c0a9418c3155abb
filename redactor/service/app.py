"""The service, put together: queue, worker, ingest, callbacks, HTTP; started in order, drained in order.

    spool ───┐                      ┌─ worker ─▶ pipeline (model loaded once) ─▶ results
    sweeper ─┼─▶ ingest ─▶ queue ───┤
    HTTP ────┘            (database)└─ callbacks

On SIGTERM the service is no longer ready and claims nothing new; what is in progress is finished and saved; then HTTP
ends. A second signal, or a kill, loses nothing either: leases expire, saves are atomic, tickets are removed only after
their commit.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from redactor.audio import Limits
from redactor.config import Settings
from redactor.crypto import Sealer, read_or_make_key
from redactor.errors import ConfigurationError, OutputError, RedactorError
from redactor.factory import JobConfiguration, assemble, layers_of
from redactor.hook.spool import Spool
from redactor.service.api import build_app, server_of
from redactor.service.api.dependencies import ServiceContext
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest.enqueue import Ingest
from redactor.service.ingest.sources import Recordings
from redactor.service.ingest.spool_reader import SpoolReader
from redactor.service.ingest.sweeper import Sweeper
from redactor.service.ingest.ticket_importer import TicketImporter
from redactor.service.job_handler import RedactionJobHandler
from redactor.service.jobs.callbacks import Callbacks
from redactor.service.jobs.queue import Queue
from redactor.service.jobs.worker_locks import WorkerLocks, notify
from redactor.service.metrics import Metrics
from redactor.service.periodic import PeriodicTask
from redactor.service.quarantine_notices import QuarantineNotices, actions_for
from redactor.service.results import Results
from redactor.service.worker import JobWorker

MOST_IN_FLIGHT = 16
"""Recordings in progress at once, unless configured otherwise: more would fill batches better, and make each recording
wait longer.
"""
TICKET_SECONDS = 0.05
CALLBACK_SECONDS = 1.0
REVIEW_SECONDS = 60.0

log = logging.getLogger("redactor.serve")


def open_queue(settings: Settings, locks: WorkerLocks) -> Queue:
    """The configured queue, with its tables.

    Raises:
        ConfigurationError: the database cannot be used. OutputError: the state folder cannot be written to.
    """
    state = settings.state
    with _exclusive(state / ".lock"):
        key = bytes.fromhex(settings.service.key.decode()) if settings.service.key else read_or_make_key(state / "key")
    url = settings.service.database_url.decode() or f"sqlite:///{state}/queue.sqlite"
    try:
        queue = Queue(
            url,
            Sealer(key),
            worker=locks.name,
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
            hint="Check service.database_url, and that the database runs.",
        ) from None
    return queue


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
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
        job_configuration: what shapes the artefacts.
        decoder: the sandboxed decoder; None: this process decodes (tests).
    """

    def __init__(self, settings: Settings, job_configuration: JobConfiguration, *, decoder: Any = None) -> None:
        self._settings, self._job_configuration, self._decoder = settings, job_configuration, decoder
        self._draining = False
        self._periodic: dict[str, PeriodicTask] = {}
        self._server: Any = None
        self._http: threading.Thread | None = None
        self._pipeline: Any = None
        self._engine: Any = None
        limits = Limits(max_bytes=256 << 20)
        held = settings.state / "held"
        self.worker_locks = WorkerLocks(settings.state)
        self.queue = open_queue(settings, self.worker_locks)
        self.metrics = Metrics(self.queue)
        self.metrics.set_sandbox_layers(layers_of(decoder))
        self._spool = Spool(settings.service.spool, limit=settings.service.spool_limit)
        self._recordings = Recordings(settings, held=held, limits=limits)
        result_folders = (*settings.roots, str(settings.results))
        self._results = Results(self.queue.fingerprints, result_folders)
        self._notices = QuarantineNotices(settings, self.queue.fingerprints, result_folders)
        originals = Originals(
            settings.service.originals,
            _vault(settings),
            self.queue,
            self._recordings,
            self._results,
            roots=settings.roots,
            limits=limits,
            pipeline=lambda: self._pipeline,
        )
        spool = SpoolReader(Path(settings.service.spool))
        self.ingest = Ingest(
            spool=spool,
            queue=self.queue,
            roots=settings.roots,
            voicemail=settings.asterisk.voicemail,
            held=held,
            limits=limits,
            sent=settings.service.sent,
            originals=originals,
            log_line=log.info,
            count=lambda via, what: self.metrics.reported.labels(via, what).inc(),
        )
        self.tickets = TicketImporter(spool, self.ingest)
        self.sweeper = Sweeper(
            spool,
            self.ingest,
            self.tickets,
            settle=settings.sweep.settle,
            outside=tuple(str(p).rstrip("/") for p in (settings.state, settings.results, settings.service.spool)),
        )
        self.callbacks = Callbacks(
            settings.callback,
            self.queue,
            count=lambda what: self.metrics.callbacks.labels(what).inc(),
            actions=lambda shown: actions_for(settings, shown),
        )
        self.worker: JobWorker | None = None
        self._review: Any = None
        if settings.review.folder:
            from redactor.service.reviewing import open_service_review  # its libraries are for those who review

            self._review = open_service_review(
                settings,
                self.queue,
                recordings=self._recordings,
                originals=originals,
                handler=lambda: self._handler,
                pipeline=lambda: self._pipeline,
                engine=lambda: self._engine,
            )
        self._handler = RedactionJobHandler(
            settings,
            job_configuration,
            queue=self.queue,
            recordings=self._recordings,
            results=self._results,
            notices=self._notices,
            originals=originals,
            ingest=self.ingest,
            metrics=self.metrics,
            review=self._review,
        )

    # --- life cycle

    def start(self) -> None:
        """Load the model, then take work.

        Raises:
            ConfigurationError, ModelUnavailable, OutputError
        """
        settings = self._settings
        self._spool.prepare()
        self._listen()  # first, so that a supervisor sees "alive, not ready" while the model loads
        worker = JobWorker(self.queue, self._recordings, self._handler)
        made = assemble(
            self._job_configuration,
            reader=worker.transcript,
            source=worker.source,
            policy_for=worker.policy,
            context_for=worker.context,
            before_save=worker.before_save,
            decoder=self._decoder,
        )
        self._pipeline, self._engine = made.pipeline, made.engine
        in_flight = settings.service.in_flight or min(MOST_IN_FLIGHT, made.in_flight)
        self._reclaim_jobs()
        worker.start(made.pipeline, in_flight=in_flight)
        self.worker = worker
        self._every("heartbeat", self._heartbeat, seconds=settings.service.lease / 3)
        self._every("tickets", self._take_tickets, seconds=TICKET_SECONDS, slowest=2.0)
        if settings.sweep.every:
            self._every("sweep", self._sweep, seconds=settings.sweep.every)
        if settings.callback.url:
            self._every("callbacks", self._send_callbacks, seconds=CALLBACK_SECONDS)
        if self._review is not None and self._review.jobs is not None:
            self._review.jobs.start()
            self._every("review", self._look_after_review, seconds=REVIEW_SECONDS, slowest=10 * REVIEW_SECONDS)
        for task in self._periodic.values():
            task.start()
        log.info("ready: %d recordings at once", in_flight)
        notify("READY=1")

    def _every(self, name: str, action: Any, *, seconds: float, slowest: float = 10.0) -> None:
        self._periodic[name] = PeriodicTask(name, action, every=seconds, slowest=slowest)

    def stop(self) -> bool:
        """Drain; returns whether everything in progress was finished in time."""
        self._draining = True
        notify("STOPPING=1")
        log.info("draining: %d in progress", self.worker.in_progress if self.worker else 0)
        for name, task in self._periodic.items():
            if name != "heartbeat":
                task.stop()
        done = self.worker.drain(self._settings.service.drain_seconds) if self.worker else True
        if self._review is not None and self._review.jobs is not None:
            self._review.jobs.stop()
        for task in self._periodic.values():
            task.stop()
        with suppress(Exception):  # the database may be what is down
            self.queue.release_claims()
        if self._server is not None and self._http is not None:
            self._server.should_exit = True
            self._http.join(timeout=10)
        self.queue.close()
        self.worker_locks.close()
        log.info("ended%s", "" if done else ": some recordings were not finished, and will be taken again")
        return done

    @property
    def trouble(self) -> str:
        """Why the service is not ready, "" if it is."""
        if self._draining:
            return "draining"
        if self.worker is None:
            return "loading"
        if not self.worker.alive:
            return "worker-ended"
        try:
            full = sum(self.queue.counts().get(state, 0) for state in ("queued", "claimed")) >= self.queue.limit
        except Exception:  # noqa: BLE001 - any failure to ask is the answer
            return "database-unavailable"
        return "queue-full" if full else ""

    # --- periodic tasks

    def _heartbeat(self) -> None:
        self.queue.heartbeat(self.worker.lost.copy() if self.worker else ())
        self._reclaim_jobs()
        if self.worker is not None and self.worker.alive:
            notify("WATCHDOG=1")

    def _reclaim_jobs(self) -> None:
        """Reclaim what services on this host had claimed that were killed."""
        for name in self.queue.workers():
            if self.worker_locks.is_dead(name) and (count := self.queue.reclaim(name)):
                log.warning("a service was killed; %d recordings are taken again", count)

    def _take_tickets(self) -> None:
        if self.tickets.take_tickets() and self.worker is not None:
            self.worker.wake()

    def _sweep(self) -> None:
        found = self.sweeper.sweep(stopping=self._periodic["sweep"].stopping.is_set)
        if found and self.worker is not None:
            log.info("the sweeper found %d recordings that no hook reported", found)
            self.worker.wake()

    def _send_callbacks(self) -> None:
        stopping = self._periodic["callbacks"].stopping
        while not stopping.is_set() and self.callbacks.send_due(stopping):
            pass

    def _look_after_review(self) -> None:
        from redactor.service.reviewing import show_withheld

        show_withheld(self.queue, self._handler, self._review.jobs.messages, self._periodic["review"].stopping)
        self._review.jobs.look_after()

    # --- HTTP

    def _listen(self) -> None:
        listen = self._settings.http.listen
        if not listen:
            return
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        try:
            sock = socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except (OSError, OverflowError):
            raise OutputError(
                "The address http.listen cannot be used.", hint="Is another service running there?"
            ) from None
        context = ServiceContext(
            settings=self._settings,
            queue=self.queue,
            results=self._results,
            notices=self._notices,
            metrics=self.metrics,
            trouble=lambda: self.trouble,
            alive=lambda: self.worker is None or self.worker.alive,
            wake=lambda: self.worker.wake() if self.worker else None,
            review=self._review.app if self._review else None,
            scopes=self._review.scopes if self._review else lambda _: frozenset(),
        )
        self._server = server_of(build_app(context))
        self._http = threading.Thread(target=self._server.run, kwargs={"sockets": [sock]}, name="http", daemon=True)
        self._http.start()
        log.info("listening on port %d", sock.getsockname()[1])


def _vault(settings: Settings) -> Any:
    """The vault that originals are sealed in; None if they are not."""
    if settings.service.originals == "stay":
        return None
    from redactor.log_and_vault import places_in

    return places_in(settings).open_vault()
