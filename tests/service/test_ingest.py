"""Ingest on its own: nothing that was reported is lost, whatever fails, and one entry does not block others."""

import errno
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from ingest_site import AUDIO, IngestSite, failing
from sqlalchemy.exc import IntegrityError

from redactor.atomic_files import Partial
from redactor.errors import Busy
from redactor.hook.ticket import Ticket
from redactor.service.ingest import ticket_importer
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
def test_a_mail_waits_for_a_passing_failure(ingest_site, monkeypatch, where, only, number):
    ingest_site.mail()
    with monkeypatch.context() as broken:
        failing(broken, where, "open", OSError(number, "x"), only)
        for _ in range(3):
            ingest_site.take()
            ingest_site.age()
    assert ingest_site.queue.counts() == {}
    assert ingest_site.take() == 1
    assert [p.read_bytes() for p in ingest_site.held.iterdir()] == [AUDIO]
    assert ingest_site.rows() == [("mail", "in", "queued")]


def test_a_waiting_ticket_is_logged_once_and_tried_less_and_less_often(ingest_site, monkeypatch):
    ticket = ingest_site.mail()
    clock = [1000.0]
    monkeypatch.setattr(ticket_importer.time, "monotonic", lambda: clock[0])
    failing(monkeypatch, "redactor.atomic_files", "open", OSError(errno.ENOSPC, "x"), ".part")
    waits = []
    for _ in range(300):
        ingest_site.tickets.take_tickets()
        waits.append(ingest_site.tickets._retries[ticket.name].delay)
        clock[0] += 1.0
    assert len(ingest_site.notes) == 1
    assert sorted(set(waits)) == [1, 2, 4, 8, 16, 32, 60]


def test_a_ticket_of_another_version_is_set_aside_with_its_recording(ingest_site):
    ticket = ingest_site.mail()
    ticket.write_bytes(ticket.read_bytes().replace(b"redactor-ticket/1", b"redactor-ticket/2"))
    ingest_site.take()
    ingest_site.age()
    ingest_site.sweeper.sweep()
    assert ingest_site.rows() == [("mail", "in", "queued")]
    assert len(list(ingest_site.refused.iterdir())) == 1


def test_a_hook_that_was_killed_before_its_ticket_leaves_a_recording_that_is_taken(ingest_site):
    ingest_site.mail().unlink()
    ingest_site.sweeper.sweep()
    assert ingest_site.rows() == []
    ingest_site.age()
    assert ingest_site.sweeper.sweep() == 1
    assert ingest_site.rows() == [("mail", "in", "queued")]
    assert list(ingest_site.new.iterdir()) == []


def test_it_is_not_taken_twice_where_the_mail_came_again(ingest_site):
    ingest_site.mail().unlink()
    ingest_site.mail()
    ingest_site.take()
    ingest_site.age()
    assert ingest_site.sweeper.sweep() == 0
    assert ingest_site.rows() == [("mail", "in", "queued")]
    assert list(ingest_site.new.iterdir()) == []


@pytest.mark.parametrize(("content", "taken"), [(AUDIO, 1), (b'{"schema": "redactor-ticket/1"', 0), (b"", 0)])
def test_half_written_files_of_a_killed_hook(ingest_site, content, taken):
    partial = Partial(str(ingest_site.new / "a.wav"))
    partial.write(content)
    ingest_site.age()
    assert ingest_site.sweeper.sweep() == 0  # we are alive
    pieces = os.path.basename(partial.path).split("-")  # noqa: PTH119 - a string, as Partial has it
    os.rename(partial.path, ingest_site.new / "-".join([pieces[0], "999999999", *pieces[2:]]))  # noqa: PTH104
    assert ingest_site.sweeper.sweep() == taken
    assert list(ingest_site.new.iterdir()) == []


def test_it_is_not_lost_between_its_folder_and_a_full_queue(ingest_site):
    ingest_site.mail().unlink()
    ingest_site.age()
    ingest_site.queue.limit = 0
    with pytest.raises(Busy):
        ingest_site.sweeper.sweep()
    ingest_site.queue.limit = 99
    ingest_site.take()
    assert ingest_site.rows() == [("mail", "in", "queued")]


def test_an_unreadable_ticket_does_not_block_recordings_for_ever(ingest_site, monkeypatch):
    unreadable = ingest_site.mail()
    ingest_site.mail().unlink()
    ingest_site.age()
    failing(monkeypatch, "redactor.service.ingest.spool_reader", "open", PermissionError(), unreadable.name)
    assert ingest_site.sweeper.sweep() == 0
    ingest_site.age(2 * 86400)
    assert ingest_site.sweeper.sweep() >= 1


def test_a_ticket_on_a_bad_disk_does_not_block_the_sweep(ingest_site, monkeypatch):
    ingest_site.file()
    bad = ingest_site.mail()
    ingest_site.mail().unlink()
    ingest_site.age()
    failing(monkeypatch, "redactor.service.ingest.spool_reader", "open", OSError(errno.EUCLEAN, "x"), bad.name)
    assert ingest_site.sweeper.sweep() == 1


def test_a_forged_ticket_takes_no_held_recording_away(ingest_site):
    ingest_site.mail()
    ingest_site.take()
    (held,) = ingest_site.held.iterdir()
    ingest_site.spool.put(Ticket("mail", id="m2", audio=f"{os.urandom(16).hex()}.wav", direction="in"), AUDIO)
    ingest_site.take()
    forged = Ticket("mail", id="m2", audio=held.name, direction="in").to_json()
    (ingest_site.new / "1.ticket").write_bytes(forged)
    ingest_site.take()
    assert held.exists()


# --- one entry, and the others
# -------------------------------------------------------------------------------------------


def a_folder(ingest_site):
    (ingest_site.new / "0.ticket").mkdir()


def a_link(ingest_site):
    (ingest_site.new / "0.ticket").symlink_to("/etc/hostname")


def a_surrogate(ingest_site):
    fields = json.loads(Ticket("file", id="1", path="/a").to_json()) | {"path": "/rec/\ud800.wav"}
    (ingest_site.new / "0.ticket").write_text(json.dumps(fields))


def something_in_place_of_the_locks(ingest_site):
    (ingest_site.new.parent / ".tickets").mkdir()
    (ingest_site.new.parent / ".sweep").symlink_to("/nowhere")


@pytest.mark.parametrize("bad", [a_folder, a_link, a_surrogate, something_in_place_of_the_locks])
def test_a_bad_entry_in_the_spool_does_not_block_others(ingest_site, bad):
    bad(ingest_site)
    ingest_site.spool.put(Ticket("file", id="7", path=ingest_site.file("a.wav")))
    ingest_site.file("b.wav", b"RIFF2")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        ingest_site.take()
        ingest_site.sweeper.sweep()
    assert sorted(ingest_site.rows()) == [("file", "", "queued"), ("sweep", "", "queued")]
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_a_bad_sector_does_not_block_other_recordings(ingest_site, monkeypatch):
    bad = os.stat(ingest_site.file("a.wav")).st_ino  # noqa: PTH116
    ingest_site.file("b.wav", b"RIFF2")
    really = os.pread

    def pread(descriptor, *args):
        if os.fstat(descriptor).st_ino == bad:
            raise OSError(errno.EIO, "x")
        return really(descriptor, *args)

    monkeypatch.setattr(os, "pread", pread)
    assert ingest_site.sweeper.sweep() == 2  # one with an outcome that says that it cannot be read
    assert hashlib.sha256(b"RIFF2").hexdigest() in [job.audio for job in ingest_site.queue.claim(9, idle=True)]


def test_a_refused_name_is_logged_once(ingest_site):
    ingest_site.file("a\tb.wav")
    for _ in range(3):
        assert ingest_site.sweeper.sweep() == 0
    assert len(ingest_site.notes) == 1
    assert "wav" not in ingest_site.notes[0]


def test_a_file_time_in_the_future_does_not_delay_a_recording(ingest_site):
    path = ingest_site.file()
    os.utime(path, (time.time() + 1e7,) * 2)
    assert ingest_site.sweeper.sweep() == 1


def test_a_row_that_the_database_refuses_does_not_block_others(ingest_site, monkeypatch):
    really = ingest_site.queue.add

    def add(new, **kwargs):
        if new.message == "1":
            raise IntegrityError("", {}, Exception("UNIQUE"))
        return really(new, **kwargs)

    monkeypatch.setattr(ingest_site.queue, "add", add)
    for identity in ("1", "2"):
        ingest_site.tell(ingest_site.file(f"{identity}.wav", identity.encode()), identity)
    ingest_site.take()
    assert ingest_site.rows() == [("mixmonitor", "", "queued")]


def test_a_moved_recording_that_is_reported_at_its_new_place(ingest_site):
    path = ingest_site.file("a.wav")
    ingest_site.tell(path, "X")
    ingest_site.take()
    moved = ingest_site.recordings / "b.wav"
    os.rename(path, moved)  # noqa: PTH104 - a string
    ingest_site.fail()
    assert ingest_site.sweeper.sweep() == 1
    ingest_site.tell(str(moved), "X")
    ingest_site.mail()
    assert ingest_site.take() == 2
    assert sorted(ingest_site.rows()) == [("mail", "in", "queued"), ("sweep", "", "queued")]


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.EHOSTDOWN])
def test_a_share_that_answers_wrongly_once_is_asked_again(ingest_site, monkeypatch, number):
    ingest_site.file("a.wav")
    with monkeypatch.context() as broken:
        failing(broken, "redactor.safe_open", "open", OSError(number, "x"), "a.wav")
        ingest_site.sweeper.sweep()
    assert ingest_site.sweeper.sweep() == 1


@pytest.mark.parametrize("odd", ["link", "folder"])
def test_an_odd_file_beside_a_message_does_not_block_others(tmp_path, odd):
    ingest_site = IngestSite(tmp_path)
    box = ingest_site.recordings / "vm/default/100"
    ingest_site.ingest.voicemail = str(ingest_site.recordings / "vm")
    ingest_site.replaces_originals()
    for number, content in enumerate((b"RIFF ours", b"RIFF new")):
        ingest_site.file(f"vm/default/100/INBOX/msg{number:04}.wav", content)
        (box / f"INBOX/msg{number:04}.txt").write_text(f"[message]\nmsg_id=1764000{number:03}-{number:08x}\n")
    original = "f" * 64
    ingest_site.queue.add(NewJob("asterisk", f"{box}\0001764000000-00000000", original, {}))
    ingest_site.queue.fingerprints.note(f"ours\0{hashlib.sha256(b'RIFF ours').hexdigest()}", original)
    other = box / "INBOX/msg0000.gsm"
    other.symlink_to("/etc/hostname") if odd == "link" else other.mkdir()
    assert ingest_site.sweeper.sweep() == 1
    ingest_site.queue.close()
