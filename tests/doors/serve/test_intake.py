"""Intake on its own: nothing that came once is lost, whatever fails, and one entry holds up no other."""

import errno
import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from redactor.audio import Limits
from redactor.doors.hook.spool import Spool
from redactor.doors.hook.ticket import Ticket
from redactor.doors.serve import intake as intakes
from redactor.doors.serve.intake import Intake
from redactor.doors.serve.queue import NewJob, Queue
from redactor.doors.serve.tickets import Tickets
from redactor.durable import Partial
from redactor.keep.sealing import Sealer
from redactor.types import Outcome, Status

AUDIO = b"RIFF the only copy"


class Desk:
    """A spool, a queue, a folder of recordings, and an intake between them."""

    def __init__(self, folder, **kwargs):
        self.recordings, self.spool = folder / "recordings", Spool(str(folder / "spool"), limit=99)
        self.recordings.mkdir()
        self.spool.prepare()
        self.new, self.refused, self.held = folder / "spool/new", folder / "spool/refused", folder / "held"
        self.queue = Queue(f"sqlite:///{folder}/queue.sqlite", Sealer(bytes(32)), worker="w")
        self.queue.prepare()
        self.notes = []
        self.intake = Intake(
            tickets=Tickets(folder / "spool"), queue=self.queue, roots=(str(self.recordings),), voicemail="", held=self.held, settle=0,
            limits=Limits(max_bytes=1 << 20), note=self.notes.append, **kwargs,
        )  # fmt: skip

    def mail(self):
        self.spool.put(Ticket("mail", id="m1", audio=f"{os.urandom(16).hex()}.wav", direction="in"), AUDIO)
        return next(self.new.glob("*.ticket"))

    def file(self, name="a.wav", content=AUDIO):
        path = self.recordings / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def age(self, seconds=7200):
        for path in self.new.iterdir():
            os.utime(path, (time.time() - seconds,) * 2)

    def take(self):
        """All that may be taken now, with no wait between two looks."""
        self.intake._later.clear()
        return self.intake.take_tickets()

    def rows(self):
        found = [row for state in ("queued", "claimed", "redacted", "quarantined") for row in self.queue.letters(state)]
        return [(row["source"], row["direction"], row["state"]) for row in sorted(found, key=lambda row: row["id"])]


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path, sent=(f"{tmp_path}/recordings/sent",))
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


# --- a mail's recording is the only copy there is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "only", "number"),
    [
        ("redactor.doors.serve.tickets", ".ticket", errno.EMFILE),
        ("redactor.doors.hook.paths", ".wav", errno.EACCES),
        ("redactor.durable", ".part", errno.ENOSPC),
    ],
)
def test_a_mail_waits_for_what_fails_now(desk, monkeypatch, where, only, number):
    desk.mail()
    with monkeypatch.context() as broken:
        failing(broken, where, "open", OSError(number, "x"), only)
        for _ in range(3):
            desk.take()
            desk.age()
    assert desk.queue.counts() == {}
    assert desk.take() == 1
    assert [p.read_bytes() for p in desk.held.iterdir()] == [AUDIO]
    assert desk.rows() == [("mail", "in", "queued")]


def test_a_ticket_that_waits_is_told_of_once_and_asked_ever_more_seldom(desk, monkeypatch):
    ticket = desk.mail()
    clock = [1000.0]
    monkeypatch.setattr(intakes.time, "monotonic", lambda: clock[0])
    failing(monkeypatch, "redactor.durable", "open", OSError(errno.ENOSPC, "x"), ".part")
    waits = []
    for _ in range(300):
        desk.intake.take_tickets()
        waits.append(desk.intake._later[ticket.name].delay)
        clock[0] += 1.0
    assert len(desk.notes) == 1
    assert sorted(set(waits)) == [1, 2, 4, 8, 16, 32, 60]


def test_a_ticket_of_another_version_is_set_aside_with_its_recording(desk):
    ticket = desk.mail()
    ticket.write_bytes(ticket.read_bytes().replace(b"redactor-ticket/1", b"redactor-ticket/2"))
    desk.take()
    desk.age()
    desk.intake.sweep()
    assert desk.rows() == [("mail", "in", "queued")]
    assert len(list(desk.refused.iterdir())) == 1


def test_a_hook_that_was_killed_before_its_ticket_leaves_a_recording_that_is_taken(desk):
    desk.mail().unlink()
    desk.intake.sweep()
    assert desk.rows() == []
    desk.age()
    assert desk.intake.sweep() == 1
    assert desk.rows() == [("mail", "in", "queued")]
    assert list(desk.new.iterdir()) == []


def test_it_is_not_taken_twice_where_the_mail_came_again(desk):
    desk.mail().unlink()
    desk.mail()
    desk.take()
    desk.age()
    assert desk.intake.sweep() == 0
    assert desk.rows() == [("mail", "in", "queued")]
    assert list(desk.new.iterdir()) == []


@pytest.mark.parametrize(("content", "taken"), [(AUDIO, 1), (b'{"schema": "redactor-ticket/1"', 0), (b"", 0)])
def test_what_a_killed_hook_was_writing(desk, content, taken):
    partial = Partial(str(desk.new / "a.wav"))
    partial.write(content)
    desk.age()
    assert desk.intake.sweep() == 0  # we are alive
    pieces = os.path.basename(partial.path).split("-")  # noqa: PTH119 - a string, as Partial has it
    os.rename(partial.path, desk.new / "-".join([pieces[0], "999999999", *pieces[2:]]))  # noqa: PTH104
    assert desk.intake.sweep() == taken
    assert list(desk.new.iterdir()) == []


def test_a_forged_ticket_takes_no_held_recording_away(desk):
    desk.mail()
    desk.take()
    (held,) = desk.held.iterdir()
    desk.spool.put(Ticket("mail", id="m2", audio=f"{os.urandom(16).hex()}.wav", direction="in"), AUDIO)
    desk.take()
    forged = Ticket("mail", id="m2", audio=held.name, direction="in").to_json()
    (desk.new / "1.ticket").write_bytes(forged)
    desk.take()
    assert held.exists()


# --- one entry, and the others -------------------------------------------------------------------------------------------


def a_folder(desk):
    (desk.new / "0.ticket").mkdir()


def a_link(desk):
    (desk.new / "0.ticket").symlink_to("/etc/hostname")


def a_surrogate(desk):
    fields = json.loads(Ticket("file", id="1", path="/a").to_json()) | {"path": "/rec/\ud800.wav"}
    (desk.new / "0.ticket").write_text(json.dumps(fields))


def something_in_place_of_the_locks(desk):
    (desk.new.parent / ".tickets").mkdir()
    (desk.new.parent / ".sweep").symlink_to("/nowhere")


@pytest.mark.parametrize("bad", [a_folder, a_link, a_surrogate, something_in_place_of_the_locks])
def test_a_bad_entry_in_the_spool_holds_up_no_other(desk, bad):
    bad(desk)
    desk.spool.put(Ticket("file", id="7", path=desk.file("a.wav")))
    desk.file("b.wav", b"RIFF2")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        desk.take()
        desk.intake.sweep()
    assert sorted(desk.rows()) == [("file", "", "queued"), ("sweep", "", "queued")]
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_a_bad_sector_holds_up_no_other_recording(desk, monkeypatch):
    bad = os.stat(desk.file("a.wav")).st_ino  # noqa: PTH116
    desk.file("b.wav", b"RIFF2")
    really = os.pread

    def pread(descriptor, *args):
        if os.fstat(descriptor).st_ino == bad:
            raise OSError(errno.EIO, "x")
        return really(descriptor, *args)

    monkeypatch.setattr(os, "pread", pread)
    assert desk.intake.sweep() == 2  # one with an outcome that says that it cannot be read
    assert hashlib.sha256(b"RIFF2").hexdigest() in [job.audio for job in desk.queue.claim(9, idle=True)]


def test_a_name_that_is_refused_is_told_of_once(desk):
    desk.file("a\tb.wav")
    for _ in range(3):
        assert desk.intake.sweep() == 0
    assert len(desk.notes) == 1
    assert "wav" not in desk.notes[0]


def test_a_time_to_come_is_no_reason_to_wait_for_it(desk):
    path = desk.file()
    os.utime(path, (time.time() + 1e7,) * 2)
    assert desk.intake.sweep() == 1


# --- which recording, and which way it went ------------------------------------------------------------------------------


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
    desk.intake.take_file(path, source="mixmonitor", identity="2", direction="out")  # the first who said so is believed
    assert desk.rows() == [("sweep", "in", "queued")]


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


def test_a_ticket_waits_for_a_share_that_comes_back_but_not_for_ever(desk):
    path = desk.file()
    desk.spool.put(Ticket("mixmonitor", id="1", path=path, direction="out"))
    away = desk.recordings.with_name("away")
    desk.recordings.rename(away)
    desk.take()
    away.rename(desk.recordings)
    assert desk.take() == 1
    assert desk.rows() == [("mixmonitor", "out", "queued")]
    desk.spool.put(Ticket("mixmonitor", id="2", path=f"{path}.gone", direction="out"))
    desk.take()
    desk.age()
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
