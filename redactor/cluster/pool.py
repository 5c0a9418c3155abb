"""The workers of a run: one thread of the driver talks to each, and machines may come and go. Independent of Ray."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, Protocol

from redactor.cluster.messages import Orders, Started, WorkerReport
from redactor.cluster.schedule import Schedule
from redactor.concurrency import in_order
from redactor.errors import ClusterUnavailable, RedactorError
from redactor.factory import JobConfiguration
from redactor.storage import Item, Journal
from redactor.types import Outcome

BACKLOG = 4  # items that a worker has ready beside those in progress, so that the next is there when one ends
DISCOVERY = 2.0  # seconds between lookups of the machines
PATIENCE = 90.0  # seconds without any machine before the run is given up
FALSE_STARTS = 3  # workers that end before they are ready, after which a machine is not used any more


class WorkerLost(Exception):
    """The worker, or its machine, has ended."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A place for workers: `cores` and `gpus` are all it offers."""

    id: str
    cores: int
    gpus: int = 0

    @property
    def places(self) -> int:
        """One worker for each GPU; one for all cores without."""
        return max(1, self.gpus)


class WorkerLink(Protocol):
    """The connection to one worker. Both calls raise `WorkerLost`."""

    def start(self, job: JobConfiguration) -> Started:
        """Load the models; also raises the RedactorError that keeps the worker from starting."""
        ...

    def exchange(self, orders: Orders) -> WorkerReport: ...

    def cut(self) -> None:
        """End the worker at once, if it still runs; calls in progress raise `WorkerLost`."""
        ...


class WorkerSite(Protocol):
    """Where workers are started."""

    def machines(self) -> Sequence[Machine]:
        """The machines that are available now."""
        ...

    def link(self, machine: Machine, name: str) -> WorkerLink: ...


class WorkerPool:
    """Runs items on all machines of a site.

    Args:
        notice: called with each message for the user.
        tries: see `Schedule`.
    """

    def __init__(
        self, site: WorkerSite, job: JobConfiguration, *, notice: Callable[[str], None] = lambda _: None, tries: int = 3
    ) -> None:
        self._site = site
        self._job = job.elsewhere()
        self._notice = notice
        self._tries = tries
        self._lock = threading.Lock()
        self._links: dict[str, tuple[Machine, WorkerLink]] = {}
        self._ready: set[str] = set()
        self._false_starts: Counter[str] = Counter()
        self._settings: str | None = None
        self._count = 0
        self.problem: RedactorError | None = None
        """Why a machine was refused, the last time."""
        self.layers: tuple[str, ...] = ()
        """The sandbox's layers that confine decoding on every machine."""
        self._unconfined: set[str] = set()
        self.losses = 0
        """Workers that ended before the run did."""

    def run(
        self,
        items: Iterable[Item],
        out: Path,
        *,
        journal: Journal,
        reader: Callable[[Item], Any] | None = None,
        ordered: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Iterator[Outcome]:
        """One Outcome for each item, as each is done: `Pipeline.run` on many machines.

        Raises:
            ClusterUnavailable: there is no machine (any more). Another RedactorError: no machine can do the work.
        """
        schedule = Schedule(items, out, journal, reader=reader, tries=self._tries, stopping=stopping)
        outcomes = self._outcomes(schedule)
        try:
            yield from in_order(outcomes, place=lambda outcome: outcome.item) if ordered else outcomes
        finally:
            self.losses = schedule.losses
            for _, link in self._current():
                link.cut()

    def _outcomes(self, schedule: Schedule) -> Iterator[Outcome]:
        looked, seen = 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            if not schedule.ending and now - looked > DISCOVERY:
                looked = now
                self._start_workers(schedule)
            with suppress(Empty):
                yield schedule.outcomes.get(timeout=0.1)
                continue
            if self._links:
                seen = now
            if schedule.ending and not self._ready:
                break
            if not self._links and now - seen > (PATIENCE if self.problem is None else 0.0):
                schedule.failure = self.problem or ClusterUnavailable("No machine of the cluster is left.")
        with suppress(Empty):
            while True:
                yield schedule.outcomes.get_nowait()
        if schedule.failure is not None:
            raise schedule.failure

    def _current(self) -> list[tuple[Machine, WorkerLink]]:
        with self._lock:
            return list(self._links.values())

    def _start_workers(self, schedule: Schedule) -> None:
        taken = Counter(machine.id for machine, _ in self._current())
        for machine in self._site.machines():
            if self._false_starts[machine.id] >= FALSE_STARTS:
                continue
            for _ in range(machine.places - taken[machine.id]):
                self._count += 1
                name = f"worker-{self._count}"
                link = self._site.link(machine, name)
                with self._lock:
                    self._links[name] = machine, link
                threading.Thread(
                    target=self._serve, args=(schedule, machine, name, link), name=name, daemon=True
                ).start()

    # --- one worker

    def _serve(self, schedule: Schedule, machine: Machine, name: str, link: WorkerLink) -> None:
        orderly = False
        try:
            started = self._started(machine, name, link)
            if started is not None:
                self._talk(schedule, name, link, started)
                orderly = True
        except WorkerLost:
            if name in self._ready and not schedule.ending:
                self._notice("A worker of the cluster has ended unexpectedly: other workers continue its recordings.")
        except BaseException as error:  # noqa: BLE001
            # From the journal or the listing: raised again in the thread that waits for the run.
            schedule.failure = error
        finally:
            if name in self._ready:
                schedule.gone(name, orderly=orderly)
            with self._lock:
                self._ready.discard(name)
                del self._links[name]
            link.cut()

    def _started(self, machine: Machine, name: str, link: WorkerLink) -> Started | None:
        """The worker's start; None if the machine cannot be used, and is not tried again."""
        self._false_starts[machine.id] += 1
        try:
            started = link.start(self._job)
        except RedactorError as error:
            self.problem = error
            self._false_starts[machine.id] = FALSE_STARTS
            self._notice(f"A machine of the cluster is not used: {error.message}")
            return None
        with self._lock:
            first = self._settings is None
            self._settings = self._settings or started.settings
            if started.settings != self._settings:
                self._false_starts[machine.id] = FALSE_STARTS
                self._notice(
                    "A machine of the cluster is not used: it has another version, checkpoint or compute type."
                )
                return None
            self._false_starts[machine.id] = 0
            self._ready.add(name)
            self.layers = started.layers if first else tuple(x for x in self.layers if x in started.layers)
            unsaid = [sentence for sentence in started.lacking if sentence not in self._unconfined]
            self._unconfined.update(unsaid)
        for sentence in unsaid:
            self._notice(f"On a machine of the cluster: {sentence}")
        if first and started.synthetic:
            self._notice(
                f"{started.synthetic} recognises synthetic demonstration speech only; on human speech it INVENTS "
                f"words. Use --model auto for real calls."
            )
        return started

    def _talk(self, schedule: Schedule, name: str, link: WorkerLink, started: Started) -> None:
        answers: tuple[Any, ...] = ()
        while True:
            given = schedule.hand_out(name, room=started.in_flight + BACKLOG)
            end = schedule.ending
            report = link.exchange(Orders(given, answers, end))
            answers = schedule.note(name, report)
            if report.ended:
                if not end:  # its pipeline failed
                    raise WorkerLost
                return
