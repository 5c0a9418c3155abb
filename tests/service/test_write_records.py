"""The record of an original that is being written over: it must survive a kill, and nothing else."""

import errno
import json
import os
import time
from types import SimpleNamespace

import pytest
from service_site import settled, voicemail, wait_for
from sqlalchemy.exc import OperationalError
from test_in_place_redaction import kept as kept  # noqa: PLC0414 - the fixture
from test_in_place_redaction import resemblance, sealed
from test_replacing_races import heard

from redactor.errors import OutOfSpace
from redactor.service import in_place_redaction as originals
from redactor.service.in_place_write import PAGE, WriteRecord
from redactor.service.jobs.fingerprints import FileFingerprints

OTHER = "Hi this is Brunsvold about something entirely different thank you so much"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr("threading.excepthook", lambda _: None)


def last_cover(site, name="a"):
    last = json.loads((site.recordings / f"{name}.redacted.json").read_bytes())["intervals"][-1]
    return last["start"] + 0.05, last["end"] - 0.05


def once_at_the_end(monkeypatch, error):
    """The first time that a record is to be removed, this happens instead."""
    really, done = FileFingerprints.note, []

    def note(self, place, stamp):
        if place.startswith("writing\0") and stamp == "" and not done:
            done.append(1)
            raise error
        return really(self, place, stamp)

    monkeypatch.setattr(FileFingerprints, "note", note)
    return done


@pytest.mark.parametrize("kind", ["file", "mailbox"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OperationalError("", {}, Exception("gone"))])
def test_the_next_recording_in_the_same_inode_is_taken(kept, monkeypatch, kind, error):
    done = once_at_the_end(monkeypatch, error)
    path = kept.record("a.wav") if kind == "file" else kept.message(0, 1)
    words = ("file", path, "--id", "1") if kind == "file" else ("asterisk", "default", "100")
    with kept.service(**kept.tables("replace")):
        kept.hook(*words)
        wait_for(lambda: done)
    with kept.service(**kept.tables("replace")) as service:
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
        inode = path.stat().st_ino
        if kind == "file":
            kept.record("a.wav", 2)
        else:
            path.with_suffix(".txt").unlink()
            kept.message(0, 2)
        assert path.stat().st_ino == inode
        data = path.read_bytes()
        kept.hook(*words)
        wait_for(lambda: path.read_bytes() != data)
        assert settled(service, 2) == {"redacted": 2}


def test_a_new_recording_does_not_get_the_sound_of_one_that_waited_for_disk_space(kept, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.3)
    path = kept.record("a.wav")
    full, asked, really = [True], [], os.fstatvfs

    def room(descriptor):
        asked.append(1)
        return SimpleNamespace(f_blocks=9, f_bavail=0, f_frsize=4096) if full else really(descriptor)

    monkeypatch.setattr(os, "fstatvfs", room)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        wait_for(lambda: asked)
        kept.record("a.wav", 2, said=OTHER)
        new = path.read_bytes()
        kept.hook("file", path, "--id", "2")
        heard(kept)
        full.clear()
        wait_for(lambda: service.queue.counts().get("redacted", 0) >= 1 and "queued" not in service.queue.counts())
        service.sweeper.sweep()
        wait_for(lambda: path.read_bytes() != new)
        settled(service, 2)
    assert sealed(kept, new) == new
    assert abs(resemblance(path.read_bytes(), new, 0.3, 0.5)) > 0.9


def torn_at_first(monkeypatch, then):
    """The first write leaves an eighth of what it should, and then `then` happens."""
    really, torn = os.pwrite, []

    def pwrite(descriptor, content, at):
        if not torn:
            torn.append(1)
            really(descriptor, bytes(content[: len(content) // 8]), at)
            raise then
        return really(descriptor, content, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    return torn


def test_a_failure_during_the_repair_does_not_lose_the_record(kept, monkeypatch):
    path = kept.record("a.wav")
    data, torn = path.read_bytes(), torn_at_first(monkeypatch, KeyboardInterrupt())
    with kept.service(**kept.tables("replace")):
        kept.hook("file", path, "--id", "1")
        wait_for(lambda: torn)
    really, full = originals.Originals.seal, []

    def seal(self, source):
        if not full:
            full.append(1)
            raise OutOfSpace("The disk is full or failing.")
        really(self, source)

    monkeypatch.setattr(originals.Originals, "seal", seal)
    with kept.service(**kept.tables("replace")) as service:
        wait_for(lambda: full)
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
    assert abs(resemblance(path.read_bytes(), data, *last_cover(kept))) < 0.1


def test_a_disk_that_fills_up_during_the_write(kept, monkeypatch):
    path = kept.record("a.wav")
    data, torn = path.read_bytes(), torn_at_first(monkeypatch, OSError(errno.ENOSPC, "x"))
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        wait_for(lambda: torn)
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
        assert service.sweeper.sweep() == 0
    assert abs(resemblance(path.read_bytes(), data, *last_cover(kept))) < 0.1


def test_a_recorder_that_starts_again_during_the_check_loses_nothing(kept, monkeypatch):
    path = kept.record("a.wav")
    data, (new, transcript) = path.read_bytes(), voicemail(2, said=OTHER)
    (kept.transcripts / f"{originals._hash(new)}.json").write_text(transcript)
    really, done = originals.check_free_space, []

    def begins(descriptor, size):
        if not done:
            done.append(1)
            time.sleep(0.02)  # what is written within one tick of the kernel's clock has the same time
            path.write_bytes(new)
        really(descriptor, size)

    monkeypatch.setattr(originals, "check_free_space", begins)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        wait_for(lambda: done and path.read_bytes() != new)
        wait_for(lambda: service.queue.counts() == {"superseded": 1, "redacted": 1})
    assert sealed(kept, new) == new
    assert sealed(kept, data) == data


@pytest.mark.parametrize("cut", [1, 2, 5, 8])
@pytest.mark.parametrize("longer", [-6000, 0, 6000])
def test_a_torn_file_is_distinguished_from_another_recording(cut, longer):
    original, other = os.urandom(30_000), os.urandom(30_000)
    content = original[:100] + os.urandom(29_900 + longer)
    mark = WriteRecord.of(7, original)
    assert WriteRecord.parse(str(mark)) == mark
    at = min(cut * PAGE, len(content))
    assert mark.is_torn(content[:at] + original[at:], content)
    assert not mark.is_torn(original[:100] + other[100:], content)
    assert not mark.is_torn(b"", content)
    short = os.urandom(3000)  # bleeped, with another length, within one page
    assert mark.is_torn(short + original[3000:], short)
    assert WriteRecord.parse("f" * 64) is None


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EACCES])
def test_a_file_that_cannot_be_opened_any_more_was_not_replaced(kept, monkeypatch, number):
    path = kept.record("a.wav")
    data, really, failed = path.read_bytes(), os.open, []

    def write(*_):
        failed.append(1)
        raise OSError(errno.EIO, "x")

    def opening(name, flags, *rest, **options):
        if failed and str(name) == "a.wav" and flags & os.O_RDWR:
            raise OSError(number, "x")
        return really(name, flags, *rest, **options)

    monkeypatch.setattr(originals, "write_in_place", write)
    monkeypatch.setattr(os, "open", opening)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"failed": 1}
    assert path.read_bytes() == data
