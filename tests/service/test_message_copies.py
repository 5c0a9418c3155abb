"""A message is in several places and formats, and Asterisk moves it meanwhile: none of them may stay audible."""

import errno
import hashlib
import json
import os
import shutil
import threading

import pytest
from service_site import settled, voicemail, wait_for
from sqlalchemy import create_engine, text
from test_in_place_redaction import kept as kept  # noqa: PLC0414 - the fixture
from test_in_place_redaction import resemblance, several_formats
from test_replacing_races import heard

from redactor.service import in_place_redaction as originals


@pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
def either_database(request, site):
    """An empty one for each test."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
        name = f"places_{os.urandom(4).hex()}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as c:
            c.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        site.database_url = url.replace("/postgres?", f"/{name}?")
    yield
    assert (site.folder / "state/queue.sqlite").exists() == (request.param == "sqlite")


def saved(wav, *, move=False):
    """VoiceMailMain saves a message: a copy in Old (at the end of the call it is removed from INBOX)."""
    old = wav.parent.parent / "Old"
    old.mkdir(exist_ok=True)
    for suffix in (".wav", ".txt"):
        (shutil.move if move else shutil.copy)(wav.with_suffix(suffix), old / f"msg0000{suffix}")
    return old / "msg0000.wav"


def test_a_kill_while_the_second_folder_is_written(kept, monkeypatch):
    new = kept.message(0, 1)
    data, old = new.read_bytes(), saved(new)
    really, torn = os.pwrite, []

    def half(descriptor, content, at):
        if os.fstat(descriptor).st_ino == old.stat().st_ino and not torn:
            really(descriptor, bytes(content[: len(content) // 8]), at)
            torn.append(1)
            raise KeyboardInterrupt
        return really(descriptor, content, at)

    monkeypatch.setattr(os, "pwrite", half)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    with kept.service(**kept.tables("replace")):
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        wait_for(lambda: torn)
    with kept.service(**kept.tables("replace")) as service:
        assert settled(service, 1) == {"redacted": 1}
    (document,) = (kept.voicemail / "default/100/redacted").glob("*.json")
    last = json.loads(document.read_bytes())["intervals"][-1]
    assert abs(resemblance(old.read_bytes(), data, last["start"] + 0.05, last["end"] - 0.05)) < 0.1
    assert old.read_bytes() == new.read_bytes()


@pytest.mark.parametrize("via", ["hook", "sweep"])
def test_a_message_saved_after_the_lookup_and_reported_before_the_end(kept, monkeypatch, via):
    new = kept.message(0, 1)
    data, really, looked, go = new.read_bytes(), originals.located, threading.Event(), threading.Event()

    def located(*args, **kwargs):
        found = really(*args, **kwargs)
        if not looked.is_set():
            looked.set()
            go.wait(10)
        return found

    monkeypatch.setattr(originals, "located", located)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        assert looked.wait(10)
        old = saved(new)
        if via == "hook":
            kept.hook("asterisk", "default", "100", "0", "1", "0")
            heard(kept)
        else:
            service.sweeper.sweep()
        go.set()
        wait_for(lambda: old.read_bytes() != data)
        assert settled(service, 1) == {"redacted": 1}


def test_a_copy_whose_other_formats_were_copied_before(kept):
    """Asterisk copies format by format, and the message was replaced in between."""
    files = {path.suffix: path for path in several_formats(kept, 0, 1)}
    old, gsm = files[".wav"].parent.parent / "Old", files[".gsm"].read_bytes()
    old.mkdir()
    shutil.copy(files[".gsm"], old / "msg0000.gsm")
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        assert settled(service, 1) == {"redacted": 1}
        for suffix in (".wav", ".WAV", ".flac"):
            shutil.copy(files[suffix], old / f"msg0000{suffix}")
        shutil.copy(files[".wav"].with_suffix(".txt"), old / "msg0000.txt")
        for path in (*files.values(), files[".wav"].with_suffix(".txt")):
            path.unlink()
        kept.hook("asterisk", "default", "100", "0", "1", "0")
        wait_for(lambda: (old / "msg0000.gsm").read_bytes() != gsm)
        assert settled(service, 1) == {"redacted": 1}
    (document,) = (kept.voicemail / "default/100/redacted").glob("*.json")
    for one in json.loads(document.read_bytes())["intervals"]:
        span = one["start"] + 0.05, one["end"] - 0.05
        assert abs(resemblance((old / "msg0000.gsm").read_bytes(), gsm, *span, ".gsm")) < 0.2
    assert abs(resemblance((old / "msg0000.gsm").read_bytes(), gsm, 0.3, 0.6, ".gsm")) > 0.9


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EACCES])
def test_a_copy_that_cannot_be_opened_was_not_redacted(kept, monkeypatch, number):
    wav = kept.message(0, 1)
    data, really = wav.read_bytes(), os.open
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        assert settled(service, 1) == {"redacted": 1}
        old = saved(wav)
        old.with_suffix(".WAV").write_bytes(data)

        def opening(name, flags, *rest, **options):
            if str(name) == "msg0000.WAV" and flags & os.O_RDWR:
                raise OSError(number, "x")
            return really(name, flags, *rest, **options)

        monkeypatch.setattr(os, "open", opening)
        service.sweeper.sweep()
        wait_for(lambda: service.queue.counts() == {"failed": 1})


def test_a_format_that_cannot_be_redacted_does_not_block_others(kept, monkeypatch):
    """A kill while a FLAC file is written, which then does not decode: a person must handle it, and nothing else."""
    files = {path.suffix: path for path in several_formats(kept, 0, 1)}
    before = {suffix: path.read_bytes() for suffix, path in files.items()}
    files[".flac"].write_bytes(before[".flac"][:4000] + bytes(len(before[".flac"]) - 4000))
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        assert settled(service, 1) == {"failed": 1}
    for suffix in (".wav", ".WAV", ".gsm"):
        assert files[suffix].read_bytes() != before[suffix]


def test_a_message_that_is_missing_for_a_while_is_not_given_up(kept):
    """Forwarding with a greeting put before it: msg0000 is called msg0000-bak while the caller speaks."""
    wav = kept.message(0, 1)
    data = wav.read_bytes()
    with kept.service(**kept.tables("replace")) as service:
        really, hold = service.queue.claim, [True]
        service.queue.claim = lambda *args, **kwargs: [] if hold else really(*args, **kwargs)
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        heard(kept)
        for suffix in (".wav", ".txt"):
            wav.with_suffix(suffix).rename(wav.with_name(f"msg0000-bak{suffix}"))
        hold.clear()
        assert settled(service, 1) == {"failed": 1}
        for suffix in (".wav", ".txt"):
            wav.with_name(f"msg0000-bak{suffix}").rename(wav.with_suffix(suffix))
        wait_for(lambda: service.sweeper.sweep() >= 0 and wav.read_bytes() != data)
        assert settled(service, 1) == {"redacted": 1}


def test_a_message_that_was_deleted_after_it_was_replaced_is_done(kept, monkeypatch):
    from redactor.service.jobs.queue import Queue

    path = kept.message(0, 1)
    really, lost = Queue.settle, []

    def settle(self, job, state, outcome, **kwargs):
        if state == "redacted" and not lost:
            lost.append(job.id)
            raise KeyboardInterrupt
        return really(self, job, state, outcome, **kwargs)

    monkeypatch.setattr(Queue, "settle", settle)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    with kept.service(**kept.tables("replace")):
        kept.hook("asterisk", "default", "100")
        wait_for(lambda: lost)
    for suffix in (".wav", ".txt"):
        path.with_suffix(suffix).unlink()
    with kept.service(**kept.tables("replace")) as service:
        assert settled(service, 1) == {"redacted": 1}


def test_a_message_in_a_format_of_its_own_has_an_outcome(kept):
    wav, sound = kept.message(0, 1), b"what nothing here decodes" * 99
    (kept.transcripts / f"{hashlib.sha256(sound).hexdigest()}.json").write_text(voicemail(1)[1])
    wav.unlink()
    wav.with_suffix(".siren14").write_bytes(sound)
    with kept.service() as service:
        kept.hook("asterisk", "default", "100")
        assert settled(service, 1) == {"failed": 1}
        assert [row["reason"] for row in service.queue.list_jobs()] == ["unsupported-audio"]
