"""Originals that must not stay audible: other formats, other folders and boxes, restored copies, kills in the middle
of writing.
"""

import json
import os
import threading

import pytest
from service_site import settled, wait_for
from test_in_place_redaction import cover, resemblance, sealed, several_formats
from test_in_place_redaction import kept as kept  # noqa: PLC0414 - the fixture

from redactor.service import in_place_redaction as originals
from redactor.service.worker import JobWorker


def heard(site):
    wait_for(lambda: not list((site.folder / "spool/new").iterdir()))


def test_a_format_that_nothing_here_can_write_is_a_dead_letter(kept):
    wav = kept.message(0, 1)
    other = wav.with_suffix(".siren7")
    other.write_bytes(b"something that a converter made")
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        assert settled(service, 1) == {"failed": 1}


def test_a_message_that_went_to_several_boxes_is_replaced_in_each(kept):
    boxes = {box: kept.message(0, 1, box=box) for box in ("100", "101")}
    before = boxes["100"].read_bytes()
    with kept.service(**kept.tables("replace")) as service:
        for box in boxes:
            kept.hook("asterisk", "default", box, "1", "0", "0")
            heard(kept)
        assert settled(service, 2) == {"redacted": 2}
    for box, path in boxes.items():
        assert path.read_bytes() != before
        assert len(list((kept.voicemail / "default" / box / "redacted").glob("*.json"))) == 1


def test_a_message_that_is_saved_meanwhile_is_replaced_where_it_went(kept, monkeypatch):
    """VoiceMailMain copies it into Old at once, and removes it from INBOX at the end of the call."""
    new = kept.message(0, 1)
    before, old = new.read_bytes(), new.parent.parent / "Old/msg0000.wav"
    old.parent.mkdir()
    really, done = originals.located, []

    def saved(*args, **kwargs):
        found = really(*args, **kwargs)
        if not done:
            done.append(1)
            for suffix in (".wav", ".txt"):
                old.with_suffix(suffix).write_bytes(new.with_suffix(suffix).read_bytes())
        return found

    monkeypatch.setattr(originals, "located", saved)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        wait_for(lambda: new.read_bytes() != before)
        for suffix in (".wav", ".txt"):
            new.with_suffix(suffix).unlink()
        kept.hook("asterisk", "default", "100", "0", "1", "0")
        wait_for(lambda: old.read_bytes() != before)
        assert settled(service, 1) == {"redacted": 1}


def test_a_restored_original_is_replaced_again(kept):
    path = kept.record("a.wav")
    data = path.read_bytes()
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        settled(service, 1)
        path.write_bytes(data)  # a backup was restored
        kept.hook("file", path, "--id", "1")
        wait_for(lambda: path.read_bytes() != data)
        assert settled(service, 1) == {"redacted": 1}
        path.write_bytes(data)
        service.sweeper.sweep()
        wait_for(lambda: path.read_bytes() != data)


def test_another_messages_copy_never_gets_these_bleeps(kept, monkeypatch):
    """Asterisk renames sound files first and the .txt last: in between, the name says one message and the sound is
    another's.
    """
    first, second = several_formats(kept, 0, 1), several_formats(kept, 1, 2)
    gsm, other = first[0].with_suffix(".gsm"), second[0].with_suffix(".gsm").read_bytes()
    really, done = originals.copies, []

    def half_renamed(path, roots):
        found = really(path, roots)
        if not done and path == str(first[0]):
            done.append(1)
            gsm.unlink()
            second[0].with_suffix(".gsm").rename(gsm)
        return found

    monkeypatch.setattr(originals, "copies", half_renamed)
    with kept.service(**kept.tables("replace"), sweep="every = 0\nsettle = 0\n") as service:
        kept.hook("asterisk", "default", "100", "2", "0", "0")
        assert settled(service, 2).get("failed") == 1  # the sound is not of this message: a person must look
        assert [row["reason"] for row in service.queue.list_jobs()] == ["cannot-replace"]
    assert done
    assert gsm.read_bytes() == other


@pytest.mark.parametrize("kind", ["file", "mailbox"])
def test_a_kill_during_the_write_is_repaired(kept, monkeypatch, kind):
    path = kept.record("a.wav") if kind == "file" else kept.message(0, 1)
    data, really, torn = path.read_bytes(), os.pwrite, []

    def half(descriptor, content, at):
        if not torn:
            really(descriptor, bytes(content[: len(content) // 2]), at)
            torn.append(1)
            raise KeyboardInterrupt  # the process ends here
        return really(descriptor, content, at)

    monkeypatch.setattr(os, "pwrite", half)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    words = ("file", path, "--id", "1") if kind == "file" else ("asterisk", "default", "100")
    with kept.service(**kept.tables("replace")) as service:
        kept.hook(*words)
        wait_for(lambda: torn)
        kept.hook(*words)
        heard(kept)
        assert service.sweeper.sweep() == 0  # half an original is no recording
    assert path.read_bytes() != data
    with kept.service(**kept.tables("replace")) as service:
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
        assert service.sweeper.sweep() == 0
    (document,) = kept.folder.rglob("*.redacted.json")
    doc = json.loads(document.read_bytes())
    assert path.read_bytes() == document.with_name(document.name.removesuffix(".json") + doc["audio"]).read_bytes()
    assert sealed(kept, data) == data
    assert abs(resemblance(path.read_bytes(), data, *cover(document))) < 0.1


def test_two_messages_under_one_id_do_not_get_each_others_sound(kept, monkeypatch):
    first, second = (kept.message(n, n + 1, msg_id="1764000000-0000000a") for n in (0, 1))
    before = {path: path.read_bytes() for path in (first, second)}
    together = threading.Barrier(2, timeout=10)
    really = originals.Originals.finish

    def finish(self, job, target, *, is_new):
        together.wait()
        really(self, job, target, is_new=is_new)

    monkeypatch.setattr(originals.Originals, "finish", finish)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "2", "0", "0")
        counts = settled(service, 2)
    assert counts.get("failed", 0) >= 1
    for path, data in before.items():
        assert path.read_bytes() == data or abs(resemblance(path.read_bytes(), data, 0.3, 0.6)) > 0.9


@pytest.mark.parametrize("document", ["{}", "[]", "not JSON"])
def test_a_foreign_document_does_not_end_the_worker(kept, document):
    path = kept.record("a.wav")
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        settled(service, 1)
        (kept.recordings / "a.redacted.json").write_text(document)
        with service.queue.engine.begin() as connection:
            from redactor.service.jobs.schema import jobs

            connection.execute(jobs.update().values(state="queued"))
        service.worker.wake()
        wait_for(lambda: "queued" not in service.queue.counts() and "claimed" not in service.queue.counts())
        assert service.worker.alive


def test_an_end_that_cannot_be_settled_is_tried_again(kept, monkeypatch):
    really, failed = JobWorker._settle, []

    def settle(self, work, outcome):
        if not failed:
            failed.append(1)
            raise KeyError("never said to anybody")
        really(self, work, outcome)

    monkeypatch.setattr(JobWorker, "_settle", settle)
    path = kept.record("a.wav")
    with kept.service(
        **{**kept.tables("replace"), "service": kept.tables("replace")["service"] + "lease = 1.0\n"}
    ) as service:
        kept.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
    assert failed
