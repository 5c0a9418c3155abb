"""The service from ticket to redacted twin, in one process: each way through the file system, duplicates, damage,
retries, drain.
"""

import hashlib
import json
import os
import shutil
from contextlib import ExitStack
from email.message import EmailMessage

import pytest
from service_site import SAID, settled, voicemail, wait_for

from redactor import safe_open
from redactor.audio import Limits
from redactor.service.jobs.schema import jobs
from redactor.service.worker import JobWorker


def test_a_file_is_redacted_beside_itself_and_stays_as_it_was(site):
    path = site.record("a.wav")
    before = path.read_bytes(), path.stat().st_mtime_ns
    with site.service() as service:
        assert site.hook("file", path, "--id", "1") == 0
        assert settled(service, 1) == {"redacted": 1}
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    doc = json.loads((site.recordings / "a.redacted.json").read_text())
    assert doc["id"] == hashlib.sha256(before[0]).hexdigest()
    assert "Whitlock" not in json.dumps(doc)
    assert doc["text"].count("[PERSON]") == 3
    assert (site.recordings / "a.redacted.wav").stat().st_size == len(before[0])


def test_a_recording_reported_twice_and_swept_has_one_result(site):
    path = site.record("a.wav")
    with site.service() as service:
        for _ in range(3):
            site.hook("file", path, "--id", "1")
        site.hook("mixmonitor", path, "17.1")
        settled(service, 1)
        assert service.sweeper.sweep() == 0
        site.hook("file", path, "--id", "1")
        wait_for(lambda: not list((site.folder / "spool/new").iterdir()))
        assert settled(service, 1) == {"redacted": 1}


def test_the_sweeper_finds_what_no_hook_reported(site):
    site.record("a.wav", 1)
    site.record("deep/down/b.wav", 2)
    site.message(0, 3)
    (site.recordings / "note.txt").write_text("no audio")
    os.mkfifo(site.recordings / "pipe.wav")
    (site.recordings / "link.wav").symlink_to(site.recordings / "a.wav")
    with site.service() as service:
        assert service.sweeper.sweep() == 3
        assert service.sweeper.sweep() == 0
        assert settled(service, 3) == {"redacted": 3}
        assert service.sweeper.sweep() == 0  # results are not recordings
        site.record("a.wav", 4)  # another recording under the old name
        assert service.sweeper.sweep() == 1
        assert settled(service, 4) == {"redacted": 4}
    assert len(site.outputs()) == 3


def test_an_unreadable_recording_has_an_outcome_and_is_taken_once_it_is_readable(site, monkeypatch):
    """The superuser can read everything, so the refusal is simulated."""
    path = site.record("a.wav", 1)
    locked, really = True, safe_open.os.open

    def guarded(name, *rest, **options):
        if locked and str(name).endswith("a.wav"):
            raise PermissionError
        return really(name, *rest, **options)

    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    monkeypatch.setattr(safe_open.os, "open", guarded)
    with site.service(service="tries = 2\n") as service:
        assert service.sweeper.sweep() == 1
        wait_for(lambda: service.queue.counts() == {"failed": 1})
        assert [row["reason"] for row in service.queue.list_jobs()] == ["no-input"]
        assert service.sweeper.sweep() == 0
        locked = False
        assert service.sweeper.sweep() == 1
        assert settled(service, 2) == {"failed": 1, "redacted": 1}
        assert service.sweeper.sweep() == 0
    assert path.with_suffix(".redacted.wav").exists()


def test_a_recording_that_is_still_being_written_is_left_alone(site):
    site.record("a.wav")
    with site.service(sweep="every = 0\nsettle = 3600\n") as service:
        assert service.sweeper.sweep() == 0


def test_a_mailbox(site):
    """externnotify reports a change: new messages are taken, renumbered ones are known, a visit to VoiceMailMain gives
    no job.
    """
    site.message(0, 1)
    site.message(1, 2)
    box = site.voicemail / "default" / "100"
    with site.service() as service:
        assert site.hook("asterisk", "default", "100", "2", "0", "0") == 0
        assert settled(service, 2) == {"redacted": 2}
        names = {p.name for p in (box / "redacted").iterdir()}
        assert {"1764000001-00000001.redacted.wav", "1764000002-00000002.redacted.json"} <= names
        # The first is deleted, the second becomes the first: as VoiceMailMain does it.
        for ending in ("wav", "txt"):
            (box / f"INBOX/msg0001.{ending}").replace(box / f"INBOX/msg0000.{ending}")
        # The other is heard and moves to Old.
        (box / "Old").mkdir()
        for ending in ("wav", "txt"):
            (box / f"INBOX/msg0000.{ending}").replace(box / f"Old/msg0000.{ending}")
        site.hook("asterisk", "default", "100", "0", "1", "0")
        wait_for(lambda: not list((site.folder / "spool/new").iterdir()))
        assert settled(service, 2) == {"redacted": 2}
        # Two messages with the very same bytes are two messages.
        site.message(0, 2, msg_id="1764999999-0000ffff")
        site.hook("asterisk", "default", "100", "1", "1", "0")
        assert settled(service, 3) == {"redacted": 3}
    assert not (box / "INBOX" / "redacted").exists()


def test_a_message_without_its_text_file_is_not_complete(site):
    site.message(0, 1)
    (site.voicemail / "default/100/INBOX/msg0000.txt").unlink()
    with site.service() as service:
        site.hook("asterisk", "default", "100")
        wait_for(lambda: not list((site.folder / "spool/new").iterdir()))
        assert service.queue.counts() == {}


def test_a_message_that_was_renumbered_while_it_waited_is_found_again(site, monkeypatch):
    site.message(0, 1)
    site.message(1, 2)
    inbox = site.voicemail / "default/100/INBOX"
    monkeypatch.setattr(JobWorker, "_claimed", lambda self: __import__("time").sleep(0.02) or [])
    with site.service() as service:
        site.hook("asterisk", "default", "100")
        wait_for(lambda: service.queue.counts().get("queued") == 2)
        for ending in ("wav", "txt"):
            (inbox / f"msg0001.{ending}").replace(inbox / f"msg0000.{ending}")
        monkeypatch.undo()
        monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
        counts = settled(service, 2)
    assert counts == {"redacted": 1, "failed": 1}  # the other was deleted before anybody could redact it
    assert (site.voicemail / "default/100/redacted/1764000002-00000002.redacted.wav").is_file()


def mail(audio: bytes, identity: str) -> bytes:
    made = EmailMessage()
    made["Message-ID"] = identity
    made.set_content("From Dana Whitlock 5550142")
    made.add_attachment(audio, maintype="audio", subtype="x-wav", filename="msg0000.wav")
    return bytes(made)


def test_a_mail_is_redacted_and_its_recording_kept(site, run):
    audio, transcript = voicemail(5)
    (site.transcripts / f"{hashlib.sha256(audio).hexdigest()}.json").write_text(transcript)
    for _ in range(2):
        done = run("hook", "--config", site.config, "mailcmd", "-t", input=mail(audio, "<Asterisk-1@pbx>"))
        assert done.returncode == 0, done.stderr
    with site.service() as service:
        assert settled(service, 1) == {"redacted": 1}
    assert len(list((site.folder / "state/held").iterdir())) == 1
    assert len([o for o in site.outputs() if o.startswith("results/mail/")]) == 1


def test_a_mail_whose_ticket_outlived_its_commit_keeps_its_recording(site, run):
    audio, transcript = voicemail(5)
    (site.transcripts / f"{hashlib.sha256(audio).hexdigest()}.json").write_text(transcript)
    run("hook", "--config", site.config, "mailcmd", input=mail(audio, "<Asterisk-1@pbx>"))
    (ticket,) = (site.folder / "spool/new").glob("*.ticket")
    again = ticket.read_bytes()
    with site.service() as service:
        settled(service, 1)
        ticket.write_bytes(again)
        wait_for(lambda: not ticket.exists())
    assert len(list((site.folder / "state/held").glob("*.wav"))) == 1


def test_damage_and_doubt_are_dead_letters_with_reasons(site):
    site.bad("damaged.wav", site.record("good.wav").read_bytes()[:-400])
    site.bad("text.wav", SAID.encode() * 20)
    site.bad("empty.wav", b"")
    site.record("unheard.wav", 9, heard=False)
    with site.service() as service:
        service.sweeper.sweep()
        wait_for(lambda: sum(service.queue.counts().get(s, 0) for s in ("redacted", "failed")) == 4)
        rows = service.queue.list_jobs()
        assert sorted(row["reason"] for row in rows) == ["damaged-audio", "empty-audio", "unsupported-audio"]
        assert all(row["message"] and row["hint"] for row in rows)
        assert "Whitlock" not in json.dumps(rows)
        # No transcript yet: that may pass.
        assert wait_for(lambda: service.queue.list_jobs("queued"))[0]["reason"] == "no-input"
        assert service.queue.retry(None) == 3
        wait_for(lambda: service.queue.counts().get("failed") == 3)
    assert site.outputs() == ["recordings/good.redacted.json"]


def test_a_passing_failure_is_tried_again_until_it_is_given_up(site, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    path = site.record("a.wav", 1, heard=False)
    with site.service(service="tries = 3\n") as service:
        site.hook("file", path, "--id", "1")
        wait_for(lambda: service.queue.counts() == {"failed": 1})
        (row,) = service.queue.list_jobs()
        assert (row["attempts"], row["reason"]) == (3, "no-input")
        site.record("a.wav", 1)  # the transcript comes
        assert service.queue.retry([row["id"]]) == 1
        assert settled(service, 1) == {"redacted": 1}


def test_a_file_that_changes_during_its_job_is_queued_as_it_is_now(site, monkeypatch):
    path = site.record("a.wav", 1)
    monkeypatch.setattr(JobWorker, "_claimed", lambda self: __import__("time").sleep(0.02) or [])
    with site.service() as service:
        site.hook("file", path, "--id", "1")
        wait_for(lambda: service.queue.counts().get("queued") == 1)
        site.record("a.wav", 2)
        monkeypatch.undo()
        assert settled(service, 2) == {"superseded": 1, "redacted": 1}
    doc = json.loads((site.recordings / "a.redacted.json").read_text())
    assert doc["id"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_identifying_names_do_not_become_names_of_results(site):
    path = site.record("Dana_Whitlock_5550142.wav")
    with site.service(service="beside = false\n") as service:
        site.hook("file", path, "--id", "1")
        settled(service, 1)
    (made,) = site.outputs()
    assert made == f"results/recordings/{hashlib.sha256(path.read_bytes()).hexdigest()}.redacted.json"


def test_files_that_differ_in_their_suffix_have_results_of_their_own(site):
    site.record("a.wav", 1)
    site.record("a.flac", 2, suffix=".flac")
    with site.service() as service:
        assert service.sweeper.sweep() == 2
        assert settled(service, 2) == {"redacted": 2}
    assert site.outputs() == ["recordings/a.flac.redacted.json", "recordings/a.wav.redacted.json"]


def test_a_full_queue_leaves_tickets_in_the_spool(site, monkeypatch):
    paths = [site.record(f"{n}.wav", n) for n in range(4)]
    hold = monkeypatch.setattr(JobWorker, "_claimed", lambda self: __import__("time").sleep(0.02) or [])
    with site.service(service="queue_limit = 2\n") as service:
        for number, path in enumerate(paths):
            site.hook("file", path, "--id", number)
        wait_for(lambda: service.queue.counts().get("queued") == 2)
        assert service.trouble == "queue-full"
        assert len(list((site.folder / "spool/new").iterdir())) == 2
        monkeypatch.undo()
        assert hold is None
        assert settled(service, 4) == {"redacted": 4}


def test_claims_of_a_killed_service_are_taken_at_once(site):
    path = site.record("a.wav")
    from redactor.service.app import open_queue
    from redactor.service.jobs.worker_locks import WorkerLocks

    settings = site.settings()
    worker_locks = WorkerLocks(settings.state)
    queue = open_queue(settings, worker_locks)
    site.hook("file", path, "--id", "1")
    # Another life takes the ticket, claims the job, and ends without a word.
    from redactor.service.jobs.queue import NewJob

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    queue.add(NewJob("file", "1", digest, {"kind": "file", "path": str(path), "id": "1"}, place=str(path)))
    assert len(queue.claim(4, idle=True)) == 1
    os.close(worker_locks._file)
    queue.close()
    with site.service(service="lease = 3600\n") as service:
        assert settled(service, 1) == {"redacted": 1}
        assert service.queue.list_jobs("redacted")[0]["attempts"] == 2


def test_a_result_that_was_saved_before_the_end_is_not_made_again(site):
    path = site.record("a.wav")
    with site.service() as service:
        site.hook("file", path, "--id", "1")
        settled(service, 1)
        with service.queue.engine.begin() as connection:
            connection.execute(jobs.update().values(state="queued"))
    made = (site.recordings / "a.redacted.json").stat().st_mtime_ns
    with site.service() as service:
        assert settled(service, 1) == {"redacted": 1}
    assert (site.recordings / "a.redacted.json").stat().st_mtime_ns == made
    shutil.rmtree(site.folder / "state")  # the database is lost: nothing says that the file is the service's
    with site.service() as service:
        site.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
    assert (site.recordings / "a.redacted.json").stat().st_mtime_ns != made


@pytest.mark.parametrize("via", ["file", "mailbox"])
def test_a_recording_that_is_too_large_has_an_outcome_that_says_so(site, monkeypatch, via):
    monkeypatch.setattr("redactor.service.app.Limits", lambda **_: Limits(max_bytes=4_000))
    path = site.record("a.wav") if via == "file" else site.message(0, 1)
    assert path.stat().st_size > 4_000
    with site.service() as service:
        for _ in range(2):
            site.hook("file", path, "--id", "1") if via == "file" else site.hook("asterisk", "default", "100")
            assert settled(service, 1) == {"failed": 1}
            wait_for(lambda: not list((site.folder / "spool/new").iterdir()))
        assert [row["reason"] for row in service.queue.list_jobs("failed")] == ["limit-exceeded"]
    assert not site.outputs()


def test_garbage_in_the_spool_is_set_aside(site):
    new = site.folder / "spool/new"
    new.mkdir(parents=True)
    for number, content in enumerate(
        [b"", b"{}", b"\xff" * 20_000, b'{"schema":"redactor-ticket/1","source":"file","id":"1","path":"/etc/passwd"}']
    ):
        (new / f"{number}.ticket").write_bytes(content)
    (new / "9.ticket").symlink_to("/etc/passwd")
    with site.service() as service:
        wait_for(lambda: not list(new.iterdir()))
        assert service.queue.counts() == {}
    assert len(list((site.folder / "spool/refused").iterdir())) == 5


@pytest.mark.parametrize("via", ["file", "mailbox"])
def test_logs_and_metrics_name_nobody(site, caplog, via):
    caplog.set_level("INFO", logger="redactor")
    bad = site.record("Dana_Whitlock_5550142.wav", 1)
    site.bad("bad_5550142.wav", b"Dana Whitlock")
    site.message(0, 3, box="5550142")
    with site.service() as service:
        if via == "file":
            site.hook("file", bad, "--id", "Whitlock-5550142")
            site.hook("file", site.recordings / "bad_5550142.wav", "--id", "5550142")
            counts = settled(service, 2)
        else:
            site.hook("asterisk", "default", "5550142")
            counts = settled(service, 1)
        text = caplog.text + service.metrics.text().decode() + str(counts)
    assert "job" in caplog.text
    for secret in ("Whitlock", "5550142", "Dana", ".wav", str(site.folder)):
        assert secret not in text
    database = b"".join(p.read_bytes() for p in (site.folder / "state").glob("queue.sqlite*"))
    assert not [s for s in (b"Whitlock", b"5550142", b"Dana", b".wav") if s in database]


def test_two_services_on_one_spool_do_not_read_the_same_tickets(site, monkeypatch):
    from redactor.service.ingest import spool_reader

    path = site.record("a.wav")
    with site.service() as service, ExitStack() as held:
        other = spool_reader.SpoolReader(service.ingest._spool.folder)
        wait_for(lambda: held.enter_context(other.importing()))
        site.hook("file", path, "--id", "1")
        assert service.tickets.take_tickets() == 0
        assert other.waiting()
        # The other one hangs: nobody waits for it.
        monkeypatch.setattr(spool_reader, "OVERDUE", -1.0)
        wait_for(lambda: not other.waiting())
        assert settled(service, 1) == {"redacted": 1}
