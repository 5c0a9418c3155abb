"""The sweeper's walk: one service at a time, few queries, and no file that is being written."""

import hashlib
import os

import pytest
from service_site import settled
from sqlalchemy import event

from redactor.safe_open import read_all
from redactor.service.ingest import asterisk as mailbox
from redactor.service.ingest import enqueue, spool_reader


def test_one_service_at_a_time_sweeps_unless_it_hangs(site):
    site.record("a.wav")
    with site.service() as service:
        other = spool_reader.SpoolReader(service.ingest._spool.folder)
        with other.sweeping() as still:
            assert service.sweeper.sweep() == 0
            long_ago = (other.folder / ".sweep").stat().st_mtime - 2 * spool_reader.STUCK
            os.utime(other.folder / ".sweep", (long_ago, long_ago))
            still()
            assert service.sweeper.sweep() == 0
            os.utime(other.folder / ".sweep", (long_ago, long_ago))
            assert service.sweeper.sweep() == 1
        assert settled(service, 1) == {"redacted": 1}


def test_a_late_sweep_is_exclusive_from_its_beginning(ingest_site, monkeypatch):
    other, seen = spool_reader.SpoolReader(ingest_site.new.parent), []
    ingest_site.sweeper.sweep()
    (ingest_site.new.parent / ".sweep").touch()
    os.utime(ingest_site.new.parent / ".sweep", (1.0, 1.0))

    def boxes():
        with other.sweeping() as still:
            seen.append(still)
        return []

    monkeypatch.setattr(ingest_site.sweeper, "_boxes", boxes)
    ingest_site.sweeper.sweep()
    assert seen == [None]


def test_a_second_sweep_needs_few_queries_however_many_files_there_are(site):
    for number in range(30):
        site.message(number, 100 + number)
        site.record(f"{number}.wav", 200 + number)
    with site.service() as service:
        assert service.sweeper.sweep() == 60
        settled(service, 60)
        asked = []
        event.listen(service.queue.engine, "before_cursor_execute", lambda _c, _cursor, text, *_: asked.append(text))
        assert service.sweeper.sweep() == 0
        assert sum("redactor_seen" in text for text in asked) == 2  # one mailbox folder, one root


@pytest.fixture
def growing(monkeypatch):
    """The first recording grows while it is read."""
    left = [True]

    def slow(descriptor, largest):
        data = read_all(descriptor, largest)
        if data.startswith(b"RIFF") and left and left.pop():
            with open(f"/proc/self/fd/{descriptor}", "ab") as file:  # noqa: PTH123
                file.write(b"more")
        return data

    for module in (enqueue, mailbox):
        monkeypatch.setattr(module, "read_all", slow)
    return left


@pytest.mark.parametrize("make", [lambda site: site.record("a.wav"), lambda site: site.message(0, 1)])
def test_a_recording_that_changes_while_it_is_read_is_queued_as_it_is_in_the_end(site, growing, make):
    path = make(site)
    with site.service() as service:
        assert service.sweeper.sweep() == 1
        assert not growing
        (job,) = [
            row for state in ("queued", "claimed", "redacted", "failed") for row in service.queue.list_jobs(state)
        ]
        assert job["audio"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert service.sweeper.sweep() == 0
