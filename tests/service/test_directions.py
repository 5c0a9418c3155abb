"""Which recording it is that was told of, and which way it went: whoever knows is believed."""

import hashlib
import os
import time
from types import SimpleNamespace

import pytest
from desk_of_tests import Desk

from redactor.audio import Limits
from redactor.service import in_place_redaction as originals
from redactor.service.app import Service
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest import sweeper as intakes
from redactor.service.ingest.asterisk import stamp_of
from redactor.service.jobs.queue import NewJob
from redactor.types import Outcome, Status


def test_two_slashes_are_no_other_recording(desk):
    path = desk.file("sent/a.wav")
    desk.intake.take_file(path.replace("/sent", "//sent/"), source="freeswitch", identity="1")
    assert desk.intake.sweep() == 0
    assert desk.rows() == [("freeswitch", "out", "queued")]


def test_what_a_hook_says_counts_for_more_than_the_folder(desk):
    path = desk.file("sent/a.wav")
    desk.intake.sweep()
    assert desk.rows() == [("sweep", "out", "queued")]
    desk.intake.take_file(path, source="mixmonitor", identity="1", direction="in")
    assert desk.rows() == [("sweep", "in", "queued")]
    desk.intake.take_file(path, source="mixmonitor", identity="2", direction="out")  # the first who says so is believed
    assert desk.rows() == [("sweep", "in", "queued")]


def test_what_is_said_of_a_new_recording_counts_for_more_than_what_was_of_the_one_before(desk):
    path = desk.file()
    desk.tell(path, direction="in")
    desk.take()
    desk.file(content=b"RIFF the next one under this name")
    desk.intake.sweep()
    desk.tell(path, "2", "out")
    desk.take()
    assert [direction for _, direction, _ in desk.rows()] == ["in", "out"]


def test_what_is_said_while_an_original_is_written_is_not_lost(tmp_path):
    desk = Desk(tmp_path)
    desk.intake._originals = Originals(
        "replace", None, desk.queue, None, None, roots=(str(desk.recordings),), limits=Limits(), pipeline=lambda: None
    )
    path = desk.file()
    desk.intake.sweep()
    (job,) = desk.queue.claim(1, idle=True)
    writing = originals._writing(path, stamp_of(os.stat(path)))  # noqa: PTH116
    desk.queue.stamps.note(writing, str(originals._Mark.of(job, b"x")))
    desk.tell(path, direction="out")
    assert desk.take() == 1
    assert desk.rows() == [("sweep", "out", "claimed")]
    desk.queue.close()


@pytest.mark.parametrize(("folder", "said", "found"), [("sent/", "in", "in"), ("", "out", "out")])
@pytest.mark.parametrize("early", [True, False])
def test_what_changes_under_the_crew_is_still_what_was_said(desk, folder, said, found, early):
    path = desk.file(f"{folder}a.wav", b"RIFF growing")
    desk.intake.sweep()
    (job,) = desk.queue.claim(1, idle=True)
    if early:
        desk.tell(path, direction=said)
        desk.take()
    desk.file(f"{folder}a.wav", b"RIFF growing and whole")
    desk.queue.settle(job, "superseded", Outcome(0, job.audio, Status.FAILED, reason="changed"))
    Service._requeue(SimpleNamespace(intake=desk.intake, queue=desk.queue), job)
    if not early:
        desk.tell(path, direction=said)
        desk.take()
    assert desk.rows() == [("sweep", found, "queued")]


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("state", ["redacted", "quarantined"])
def test_a_direction_that_comes_late_is_worked_on(desk, state, late):
    path = desk.file()
    desk.intake.sweep()
    (job,) = desk.queue.claim(1, idle=True)
    steps = [
        lambda: desk.queue.settle(job, state, Outcome(1, job.audio, Status.QUARANTINED)),
        lambda: desk.intake.take_file(path, source="mixmonitor", identity="1", direction="out"),
    ]
    for step in steps if late else reversed(steps):
        step()
    assert desk.rows() == [("sweep", "out", "queued")]


def test_a_direction_survives_a_change_of_the_file(desk):
    desk.intake.take_file(desk.file(), source="mixmonitor", identity="1", direction="out")
    desk.file(content=b"RIFF louder")
    desk.intake.sweep()
    assert desk.rows()[-1] == ("sweep", "out", "queued")


def test_a_ticket_waits_for_a_share_that_comes_back_but_not_for_ever(desk, monkeypatch):
    path = desk.file()
    desk.tell(path, direction="out")
    desk.age()  # the service was not there for hours
    away = desk.recordings.with_name("away")
    desk.recordings.rename(away)
    desk.take()
    away.rename(desk.recordings)
    assert desk.take() == 1
    assert desk.rows() == [("mixmonitor", "out", "queued")]
    desk.tell(f"{path}.gone", "2", "out")
    desk.take()
    assert len(list(desk.new.iterdir())) == 1
    monkeypatch.setattr(intakes, "FORGOTTEN", 0.0)
    desk.take()
    assert list(desk.new.iterdir()) == []


def test_bytes_that_come_back_are_read_again(desk):
    desk.file(content=b"RIFF1")
    desk.intake.sweep()
    (job,) = desk.queue.claim(1, idle=True)
    desk.file(content=b"RIFF22")
    desk.queue.settle(job, "superseded", Outcome(1, "", Status.FAILED, reason="changed"))
    desk.intake.sweep()
    desk.file(content=b"RIFF1")
    desk.intake.sweep()
    assert {job.audio for job in desk.queue.claim(9, idle=True)} == {
        hashlib.sha256(b"RIFF1").hexdigest(),
        hashlib.sha256(b"RIFF22").hexdigest(),
    }


def test_what_the_place_is_to_blame_for_is_tried_ever_more_seldom(desk):
    desk.queue.add(NewJob("file", "1", "a" * 64, {}, added=time.time() - 800))
    (job,) = desk.queue.claim(1, idle=True)
    desk.queue.put_off(job, Outcome(1, "", Status.FAILED, reason="out-of-space"), counts=False)
    with desk.queue.engine.connect() as c:
        due = c.exec_driver_sql("SELECT not_before FROM redactor_jobs").scalar()
    assert 190 < due - time.time() < 210
