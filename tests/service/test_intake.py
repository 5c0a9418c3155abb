"""Intake on its own: nothing that came once is lost, whatever fails, and one entry holds up no other."""

import errno
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from desk_of_tests import AUDIO, Desk, failing
from sqlalchemy.exc import IntegrityError

from redactor.atomic_files import Partial
from redactor.audio import Limits
from redactor.errors import Busy
from redactor.hook.ticket import Ticket
from redactor.service.in_place_redaction import Originals
from redactor.service.ingest import sweeper as intakes
from redactor.service.jobs.queue import NewJob

# --- a mail's recording is the only copy there is
# ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "only", "number"),
    [
        ("redactor.service.ingest.spool_reader", ".ticket", errno.EMFILE),
        ("redactor.safe_open", ".wav", errno.EACCES),
        ("redactor.atomic_files", ".part", errno.ENOSPC),
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
    failing(monkeypatch, "redactor.atomic_files", "open", OSError(errno.ENOSPC, "x"), ".part")
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


def test_it_is_not_lost_between_its_folder_and_a_full_queue(desk):
    desk.mail().unlink()
    desk.age()
    desk.queue.limit = 0
    with pytest.raises(Busy):
        desk.intake.sweep()
    desk.queue.limit = 99
    desk.take()
    assert desk.rows() == [("mail", "in", "queued")]


def test_a_ticket_that_nobody_can_read_keeps_no_recording_out_for_good(desk, monkeypatch):
    unreadable = desk.mail()
    desk.mail().unlink()
    desk.age()
    failing(monkeypatch, "redactor.service.ingest.spool_reader", "open", PermissionError(), unreadable.name)
    assert desk.intake.sweep() == 0
    desk.age(2 * 86400)
    assert desk.intake.sweep() >= 1


def test_a_ticket_on_a_bad_disk_keeps_nobody_from_walking_the_folders(desk, monkeypatch):
    desk.file()
    bad = desk.mail()
    desk.mail().unlink()
    desk.age()
    failing(monkeypatch, "redactor.service.ingest.spool_reader", "open", OSError(errno.EUCLEAN, "x"), bad.name)
    assert desk.intake.sweep() == 1


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


# --- one entry, and the others
# -------------------------------------------------------------------------------------------


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


def test_a_row_that_the_database_refuses_holds_up_no_other(desk, monkeypatch):
    really = desk.queue.add

    def add(new, **kwargs):
        if new.message == "1":
            raise IntegrityError("", {}, Exception("UNIQUE"))
        return really(new, **kwargs)

    monkeypatch.setattr(desk.queue, "add", add)
    for identity in ("1", "2"):
        desk.tell(desk.file(f"{identity}.wav", identity.encode()), identity)
    desk.take()
    assert desk.rows() == [("mixmonitor", "", "queued")]


def test_a_recording_that_was_moved_and_is_told_of_at_its_new_place(desk):
    path = desk.file("a.wav")
    desk.tell(path, "X")
    desk.take()
    moved = desk.recordings / "b.wav"
    os.rename(path, moved)  # noqa: PTH104 - a string
    desk.fail()
    assert desk.intake.sweep() == 1
    desk.tell(str(moved), "X")
    desk.mail()
    assert desk.take() == 2
    assert sorted(desk.rows()) == [("mail", "in", "queued"), ("sweep", "", "queued")]


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.EHOSTDOWN])
def test_a_share_that_answers_wrongly_once_is_asked_again(desk, monkeypatch, number):
    desk.file("a.wav")
    with monkeypatch.context() as broken:
        failing(broken, "redactor.safe_open", "open", OSError(number, "x"), "a.wav")
        desk.intake.sweep()
    assert desk.intake.sweep() == 1


@pytest.mark.parametrize("odd", ["link", "folder"])
def test_an_odd_file_beside_a_message_holds_up_no_other(tmp_path, odd):
    desk = Desk(tmp_path)
    box = desk.recordings / "vm/default/100"
    desk.intake._voicemail = str(desk.recordings / "vm")
    desk.intake._originals = Originals(
        "replace", None, desk.queue, None, None, roots=(str(desk.recordings),), limits=Limits(), pipeline=lambda: None
    )
    for number, content in enumerate((b"RIFF ours", b"RIFF new")):
        desk.file(f"vm/default/100/INBOX/msg{number:04}.wav", content)
        (box / f"INBOX/msg{number:04}.txt").write_text(f"[message]\nmsg_id=1764000{number:03}-{number:08x}\n")
    original = "f" * 64
    desk.queue.add(NewJob("asterisk", f"{box}\0001764000000-00000000", original, {}))
    desk.queue.stamps.note(f"ours\0{hashlib.sha256(b'RIFF ours').hexdigest()}", original)
    other = box / "INBOX/msg0000.gsm"
    other.symlink_to("/etc/hostname") if odd == "link" else other.mkdir()
    assert desk.intake.sweep() == 1
    desk.queue.close()
