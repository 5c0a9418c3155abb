"""All journals of the project behind one interface, for the contract suite: a run provides the journal and the items
that a pipeline would get with it.

    null     NullJournal: remembers nothing
    archive  ArchiveJournal: the ledger of `redactor redact`
    remote   RemoteJournal: a cluster's worker, with a driver that answers from an ArchiveJournal
    service  JobWorker: the service's queue
"""

import hashlib
import json
import threading
from contextlib import closing, contextmanager
from pathlib import Path

from fake_handler import FakeJobHandler

from redactor.cluster.messages import Orders
from redactor.cluster.schedule import Schedule
from redactor.cluster.worker import RemoteJournal
from redactor.crypto import Sealer
from redactor.service.jobs.queue import NewJob, Queue
from redactor.service.worker import JobWorker
from redactor.storage import ArchiveJournal, Item, NullJournal, Target, artefact, in_turn

ROOM = 4


class NullRuns:
    remembers = False

    def __init__(self, archive):
        self.archive = archive

    @contextmanager
    def run(self):
        journal = NullJournal()
        yield journal, in_turn(self.archive.items(), journal)

    def retry_failed(self):
        """Retry failures, if that needs a person's request."""


class ArchiveRuns(NullRuns):
    remembers = True

    @contextmanager
    def run(self):
        with closing(ArchiveJournal(self.archive.out, patience=0.1)) as journal:
            yield journal, in_turn(self.archive.items(), journal)


class RemoteRuns(NullRuns):
    remembers = True

    @contextmanager
    def run(self):
        journal = RemoteJournal()
        with closing(ArchiveJournal(self.archive.out, patience=0.1)) as ledger:
            stop = threading.Event()
            schedule = Schedule(self.archive.items(), self.archive.out, ledger, stopping=stop.is_set)

            def drive():
                answers = ()
                while not journal.ending:
                    given = schedule.hand_out("worker", room=ROOM)
                    journal.take(Orders(given, answers, schedule.ending))
                    answers = schedule.note("worker", journal.report(patience=0.01))

            driver = threading.Thread(target=drive, name="driver")
            driver.start()
            try:
                yield journal, journal.items()
            finally:
                stop.set()
                driver.join(timeout=20)
                journal.abandon()
            assert not driver.is_alive()


class ServiceRuns(NullRuns):
    remembers = True

    @contextmanager
    def run(self):
        queue = self._queue()
        handler = FakeJobHandler(self._document)
        worker = JobWorker(queue, self, handler)
        for item in self.archive.items():
            audio = hashlib.sha256(item.path.read_bytes()).hexdigest()
            number, new = queue.add(NewJob("file", item.path.name, audio, {"name": item.path.name}))
            if not new:
                queue.repeat(number)
        try:
            yield worker, self._items(worker, queue)
        finally:
            queue.close()

    def _queue(self):
        state = self.archive.out.with_name("state")
        state.mkdir(exist_ok=True)
        queue = Queue(f"sqlite:///{state}/queue.sqlite", Sealer(bytes(32)), worker="w", tries=1)
        queue.prepare()
        return queue

    def retry_failed(self):
        queue = self._queue()
        queue.retry(None)
        queue.close()

    def _items(self, worker, queue):
        def stop():
            while any(queue.counts().get(state) for state in ("queued", "claimed")) and not done.wait(0.05):
                pass
            worker.drain(0)

        done = threading.Event()
        watch = threading.Thread(target=stop, name="watch")
        watch.start()
        try:
            yield from worker._items()
        finally:
            done.set()
            watch.join(timeout=20)

    def item(self, job, number):
        """What `Recordings.item` gives."""
        found = next(i for i in self.archive.items() if i.path.name == job.details["name"])
        return Item(number, found.path, found.relative, found.stem), Target(self.archive.out)

    def _document(self, target):
        document = Path(artefact(target, ".json"))
        return json.loads(document.read_text()) if document.exists() else None


KINDS = {"null": NullRuns, "archive": ArchiveRuns, "remote": RemoteRuns, "service": ServiceRuns}
