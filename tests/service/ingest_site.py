"""Ingest on its own: a spool, a queue, a folder of recordings."""

import os
import time

import pytest

from redactor.audio import Limits
from redactor.crypto import Sealer
from redactor.hook.spool import Spool
from redactor.hook.ticket import Ticket
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest.enqueue import Ingest
from redactor.service.ingest.spool_reader import SpoolReader
from redactor.service.ingest.sweeper import Sweeper
from redactor.service.ingest.ticket_importer import TicketImporter
from redactor.service.jobs.queue import Queue
from redactor.types import Outcome, Status

AUDIO = b"RIFF the only copy"


class IngestSite:
    """A spool, a queue, a folder of recordings, and the ingest between them."""

    def __init__(self, folder, **kwargs):
        self.recordings, self.spool = folder / "recordings", Spool(str(folder / "spool"), limit=99)
        self.recordings.mkdir()
        self.spool.prepare()
        self.new, self.refused, self.held = folder / "spool/new", folder / "spool/refused", folder / "held"
        self.queue = Queue(f"sqlite:///{folder}/queue.sqlite", Sealer(bytes(32)), worker="w")
        self.queue.prepare()
        self.notes = []
        spool = SpoolReader(folder / "spool")
        self.ingest = Ingest(
            spool=spool,
            queue=self.queue,
            roots=(str(self.recordings),),
            voicemail="",
            held=self.held,
            limits=Limits(max_bytes=1 << 20),
            log_line=self.notes.append,
            **kwargs,
        )
        self.tickets = TicketImporter(spool, self.ingest)
        self.sweeper = Sweeper(spool, self.ingest, self.tickets, settle=0)

    def replaces_originals(self):
        """From now on the ingest knows the files that the service writes in the place of originals."""
        roots = (str(self.recordings),)
        self.ingest.originals = Originals(
            "replace", None, self.queue, None, None, roots=roots, limits=Limits(), pipeline=lambda: None
        )

    def mail(self):
        self.spool.put(Ticket("mail", id="m1", audio=f"{os.urandom(16).hex()}.wav", direction="in"), AUDIO)
        return max(self.new.glob("*.ticket"))

    def file(self, name="a.wav", content=AUDIO):
        path = self.recordings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def age(self, seconds=7200):
        for path in self.new.iterdir():
            os.utime(path, (time.time() - seconds,) * 2)

    def take(self):
        """All jobs that may be taken now, without a wait between two polls."""
        self.tickets._retries = {name: retry._replace(at=0.0) for name, retry in self.tickets._retries.items()}
        return self.tickets.take_tickets()

    def tell(self, path, identity="1", direction=""):
        self.spool.put(Ticket("mixmonitor", id=identity, path=path, direction=direction))

    def fail(self):
        """The oldest job finds nothing to read."""
        self.queue.tries = 1
        (job,) = self.queue.claim(1, idle=True)
        self.queue.put_off(job, Outcome(0, job.audio, Status.FAILED, reason="no-input", exit_code=66))

    def rows(self):
        found = [
            row for state in ("queued", "claimed", "redacted", "quarantined") for row in self.queue.list_jobs(state)
        ]
        return [(row["source"], row["direction"], row["state"]) for row in sorted(found, key=lambda row: row["id"])]


@pytest.fixture
def ingest_site(tmp_path):
    made = IngestSite(tmp_path, sent=(f"{tmp_path}/recordings/sent",))
    yield made
    made.queue.close()


def failing(monkeypatch, where, name, error, only):
    """A function of the system that fails for some paths."""
    really = getattr(os, name)

    def go(path, *args, **kwargs):
        if str(path).endswith(only):
            raise error
        return really(path, *args, **kwargs)

    monkeypatch.setattr(f"{where}.os.{name}", go)
