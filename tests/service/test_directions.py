"""Which recording was reported, and its direction: the surest source counts."""

import hashlib
import os
import time
from types import SimpleNamespace

import pytest
from ingest_site import IngestSite

from redactor.service import replacement_records
from redactor.service.in_place_write import WriteRecord
from redactor.service.ingest import ticket_importer
from redactor.service.ingest.asterisk import stamp_of
from redactor.service.job_handler import RedactionJobHandler
from redactor.service.jobs.queue import NewJob
from redactor.types import Outcome, Status


def test_two_slashes_name_the_same_recording(ingest_site):
    path = ingest_site.file("sent/a.wav")
    ingest_site.ingest.take_file(path.replace("/sent", "//sent/"), source="freeswitch", identity="1")
    assert ingest_site.sweeper.sweep() == 0
    assert ingest_site.rows() == [("freeswitch", "out", "queued")]


def test_a_hooks_direction_overrides_the_folders(ingest_site):
    path = ingest_site.file("sent/a.wav")
    ingest_site.sweeper.sweep()
    assert ingest_site.rows() == [("sweep", "out", "queued")]
    ingest_site.ingest.take_file(path, source="mixmonitor", identity="1", direction="in")
    assert ingest_site.rows() == [("sweep", "in", "queued")]
    ingest_site.ingest.take_file(path, source="mixmonitor", identity="2", direction="out")  # the first counts
    assert ingest_site.rows() == [("sweep", "in", "queued")]


def test_the_direction_of_a_new_recording_overrides_that_of_the_previous_one(ingest_site):
    path = ingest_site.file()
    ingest_site.tell(path, direction="in")
    ingest_site.take()
    ingest_site.file(content=b"RIFF the next one under this name")
    ingest_site.sweeper.sweep()
    ingest_site.tell(path, "2", "out")
    ingest_site.take()
    assert [direction for _, direction, _ in ingest_site.rows()] == ["in", "out"]


def test_a_direction_reported_while_an_original_is_written_is_not_lost(tmp_path):
    ingest_site = IngestSite(tmp_path)
    ingest_site.replaces_originals()
    path = ingest_site.file()
    ingest_site.sweeper.sweep()
    (job,) = ingest_site.queue.claim(1, idle=True)
    writing = replacement_records._writing(path, stamp_of(os.stat(path)))  # noqa: PTH116
    ingest_site.queue.fingerprints.note(writing, str(WriteRecord.of(job.id, b"x")))
    ingest_site.tell(path, direction="out")
    assert ingest_site.take() == 1
    assert ingest_site.rows() == [("sweep", "out", "claimed")]
    ingest_site.queue.close()


@pytest.mark.parametrize(("folder", "said", "found"), [("sent/", "in", "in"), ("", "out", "out")])
@pytest.mark.parametrize("early", [True, False])
def test_a_recording_that_changes_during_its_job_keeps_its_reported_direction(ingest_site, folder, said, found, early):
    path = ingest_site.file(f"{folder}a.wav", b"RIFF growing")
    ingest_site.sweeper.sweep()
    (job,) = ingest_site.queue.claim(1, idle=True)
    if early:
        ingest_site.tell(path, direction=said)
        ingest_site.take()
    ingest_site.file(f"{folder}a.wav", b"RIFF growing and whole")
    ingest_site.queue.settle(job, "superseded", Outcome(0, job.audio, Status.FAILED, reason="changed"))
    RedactionJobHandler.requeue(SimpleNamespace(_ingest=ingest_site.ingest, _queue=ingest_site.queue), job)
    if not early:
        ingest_site.tell(path, direction=said)
        ingest_site.take()
    assert ingest_site.rows() == [("sweep", found, "queued")]


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("state", ["redacted", "quarantined"])
def test_a_late_direction_takes_effect(ingest_site, state, late):
    path = ingest_site.file()
    ingest_site.sweeper.sweep()
    (job,) = ingest_site.queue.claim(1, idle=True)
    steps = [
        lambda: ingest_site.queue.settle(job, state, Outcome(1, job.audio, Status.QUARANTINED)),
        lambda: ingest_site.ingest.take_file(path, source="mixmonitor", identity="1", direction="out"),
    ]
    for step in steps if late else reversed(steps):
        step()
    assert ingest_site.rows() == [("sweep", "out", "queued")]


def test_a_direction_survives_a_change_of_the_file(ingest_site):
    ingest_site.ingest.take_file(ingest_site.file(), source="mixmonitor", identity="1", direction="out")
    ingest_site.file(content=b"RIFF louder")
    ingest_site.sweeper.sweep()
    assert ingest_site.rows()[-1] == ("sweep", "out", "queued")


def test_a_ticket_waits_for_a_share_that_comes_back_but_not_for_ever(ingest_site, monkeypatch):
    path = ingest_site.file()
    ingest_site.tell(path, direction="out")
    ingest_site.age()  # the service was down for hours
    away = ingest_site.recordings.with_name("away")
    ingest_site.recordings.rename(away)
    ingest_site.take()
    away.rename(ingest_site.recordings)
    assert ingest_site.take() == 1
    assert ingest_site.rows() == [("mixmonitor", "out", "queued")]
    ingest_site.tell(f"{path}.gone", "2", "out")
    ingest_site.take()
    assert len(list(ingest_site.new.iterdir())) == 1
    monkeypatch.setattr(ticket_importer, "GIVEN_UP", 0.0)
    ingest_site.take()
    assert list(ingest_site.new.iterdir()) == []


def test_bytes_that_come_back_are_read_again(ingest_site):
    ingest_site.file(content=b"RIFF1")
    ingest_site.sweeper.sweep()
    (job,) = ingest_site.queue.claim(1, idle=True)
    ingest_site.file(content=b"RIFF22")
    ingest_site.queue.settle(job, "superseded", Outcome(1, "", Status.FAILED, reason="changed"))
    ingest_site.sweeper.sweep()
    ingest_site.file(content=b"RIFF1")
    ingest_site.sweeper.sweep()
    assert {job.audio for job in ingest_site.queue.claim(9, idle=True)} == {
        hashlib.sha256(b"RIFF1").hexdigest(),
        hashlib.sha256(b"RIFF22").hexdigest(),
    }


def test_failures_of_the_environment_are_tried_less_and_less_often(ingest_site):
    ingest_site.queue.add(NewJob("file", "1", "a" * 64, {}, added=time.time() - 800))
    (job,) = ingest_site.queue.claim(1, idle=True)
    ingest_site.queue.put_off(job, Outcome(1, "", Status.FAILED, reason="out-of-space"), counts=False)
    with ingest_site.queue.engine.connect() as c:
        due = c.exec_driver_sql("SELECT not_before FROM redactor_jobs").scalar()
    assert 190 < due - time.time() < 210
