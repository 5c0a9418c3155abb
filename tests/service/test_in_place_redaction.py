"""What happens to the recordings themselves: sealed first, then replaced by their redacted sound, whatever happens in
between.
"""

import hashlib
import json
import os
from pathlib import Path

import pytest
import soundfile
from service_site import settled, wait_for

from redactor.audio import Source, decode
from redactor.errors import ConfigurationError
from redactor.log_and_vault import places_in
from redactor.service import in_place_redaction as originals
from redactor.service.jobs.schema import jobs
from redactor.vault import make_keys


@pytest.fixture
def kept(site, monkeypatch):
    """The site with keys for a vault; `kept.tables(mode)` are its settings."""
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    keys = make_keys(site.folder / "keys", "age")
    public = next(p for p in keys if "recipients" in p.name)
    private = next(p for p in keys if "organisation" in p.name and p != public)
    site.tables = lambda mode: {
        "service": f'originals = "{mode}"\n',
        "keeping": f'recipients = "{public}"\nidentity = "{private}"\n',
    }
    return site


def sealed(site, data: bytes) -> bytes:
    places = places_in(site.settings(**site.tables("seal")))
    return places.open_vault().open(hashlib.sha256(data).hexdigest(), "original", by="test")


def resemblance(one: bytes, other: bytes, begin=0.0, end=0.0, suffix=".wav") -> float:
    """Correlation of two recordings between two seconds."""
    import numpy as np

    a, b = (decode(Source.of(data, suffix)).samples[:, 0].astype(float) for data in (one, other))
    assert len(a) == len(b)
    return float(np.corrcoef(*(x[int(begin * 8000) : int(end * 8000) or None] for x in (a, b)))[0, 1])


def cover(path):
    """The first bleep of a recording's result, seconds."""
    doc = json.loads(path.read_bytes())
    first = doc["intervals"][0]
    return first["start"] + 0.05, first["end"] - 0.05


def test_sealed_originals_stay_where_they_are(kept):
    path = kept.record("a.wav")
    data = path.read_bytes()
    with kept.service(**kept.tables("seal")) as service:
        kept.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
    assert path.read_bytes() == data == sealed(kept, data)


def test_listeners_hear_the_redacted_sound(kept):
    path = kept.record("a.wav")
    path.chmod(0o640)
    data, inode = path.read_bytes(), path.stat().st_ino
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
        assert path.read_bytes() == (kept.recordings / "a.redacted.wav").read_bytes() != data
        assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (inode, 0o640)
        # What we wrote is no new recording, whoever tells of it.
        kept.hook("file", path, "--id", "1")
        kept.hook("file", path, "--id", "2")
        wait_for(lambda: not list((kept.folder / "spool/new").iterdir()))
        assert service.sweeper.sweep() == 0
        assert service.queue.counts() == {"redacted": 1}
        assert json.loads((kept.recordings / "a.redacted.json").read_bytes())["id"] == hashlib.sha256(data).hexdigest()
        # Another recording under the old name is one.
        kept.record("a.wav", 2)
        assert service.sweeper.sweep() == 1
        assert settled(service, 2) == {"redacted": 2}
    assert sealed(kept, data) == data
    begin, end = cover(kept.recordings / "a.redacted.json")
    assert abs(resemblance((kept.recordings / "a.redacted.wav").read_bytes(), data, begin, end)) < 0.1


def test_without_bleeps_another_recording_of_the_same_bytes_has_its_result_too(kept):
    said = "hi please call me back thank you very much indeed"
    first, second = (kept.record(f"{name}.wav", said=said) for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", first, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
        kept.hook("file", second, "--id", "2")
        assert settled(service, 2) == {"redacted": 2}
    assert len(kept.outputs()) == 2


def test_a_result_of_an_earlier_process_is_sealed_and_replaced_as_well(kept):
    path = kept.record("a.wav")
    data = path.read_bytes()
    with kept.service(**kept.tables("stay")) as service:
        kept.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
    with kept.service(**kept.tables("replace")) as service:
        # Not before: the service that ends could take it again, and keep the original.
        with service.queue.engine.begin() as connection:
            connection.execute(jobs.update().values(state="queued"))
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
    assert sealed(kept, data) == data
    assert path.read_bytes() == (kept.recordings / "a.redacted.wav").read_bytes() != data


def several_formats(site, number, seed):
    """A message as `format=wav|wav49|gsm…` has it stored, as far as libsndfile writes them."""
    audio = site.message(number, seed)
    samples, rate = soundfile.read(audio)
    for suffix, container, subtype in (
        (".WAV", "WAV", "GSM610"),
        (".gsm", "RAW", "GSM610"),
        (".flac", "FLAC", "PCM_16"),
    ):
        soundfile.write(audio.with_suffix(suffix), samples, rate, format=container, subtype=subtype)
    return [audio, *(audio.with_suffix(suffix) for suffix in (".WAV", ".gsm", ".flac"))]


def test_a_mailbox_is_redacted_in_every_format_it_is_stored_in(kept):
    files = several_formats(kept, 0, 1)
    before = {path: path.read_bytes() for path in files}
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "1", "0", "0")
        assert settled(service, 1) == {"redacted": 1}
        assert service.sweeper.sweep() == 0
        (document,) = (kept.voicemail / "default/100/redacted").glob("*.json")
        begin, end = cover(document)
        for path, data in before.items():
            assert sealed(kept, data) == data
            assert abs(resemblance(path.read_bytes(), data, begin, end, path.suffix)) < 0.1, path.suffix
            assert (
                decode(Source.of(path.read_bytes(), path.suffix)).format.codec
                == decode(Source.of(data, path.suffix)).format.codec
            )
            assert abs(resemblance(path.read_bytes(), data, 0.3, 0.6, path.suffix)) > 0.9, path.suffix
        # A visit to VoiceMailMain tells of the mailbox again.
        kept.hook("asterisk", "default", "100", "0", "1", "0")
        wait_for(lambda: not list((kept.folder / "spool/new").iterdir()))
        assert service.queue.counts() == {"redacted": 1}


def test_a_renumbered_mailbox_never_loses_another_message(kept, monkeypatch):
    """Between the lookup and the write, message 0 is deleted, and message 1 takes its name."""
    first, second = kept.message(0, 1), kept.message(1, 2)
    other = second.read_bytes()
    really, done = originals.located, []

    def renumbered(*args, **kwargs):
        found = really(*args, **kwargs)
        if not done and found[0].path == str(first):
            done.append(first.read_bytes())
            for suffix in (".wav", ".txt"):
                second.with_suffix(suffix).replace(first.with_suffix(suffix))
        return found

    monkeypatch.setattr(originals, "located", renumbered)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("asterisk", "default", "100", "2", "0", "0")
        wait_for(lambda: service.queue.counts().get("redacted", 0) == 1 and done)
        wait_for(lambda: sealed(kept, other) == other)
        redacted = {p.read_bytes() for p in (kept.voicemail / "default/100/redacted").glob("*.wav")}
        wait_for(
            lambda: (
                first.read_bytes() in redacted | {p.read_bytes() for p in first.parent.parent.glob("redacted/*.wav")}
            )
        )
    begin, end = cover(next(iter((kept.voicemail / "default/100/redacted").glob("*.json"))))
    assert abs(resemblance(first.read_bytes(), other, begin, end)) < 0.1
    assert abs(resemblance(first.read_bytes(), other, 0.3, 0.6)) > 0.9  # of its own message, not of the one that went


@pytest.mark.parametrize("kind", ["file", "mailbox"])
def test_a_job_killed_between_replacing_and_its_end_is_completed(kept, monkeypatch, kind):
    from redactor.service.jobs.queue import Queue

    path = kept.record("a.wav") if kind == "file" else kept.message(0, 1)
    really, lost = Queue.settle, []

    def settle(self, job, state, outcome, **kwargs):
        if state == "redacted" and not lost:
            lost.append(job.id)
            raise KeyboardInterrupt  # the process ends here
        return really(self, job, state, outcome, **kwargs)

    monkeypatch.setattr(Queue, "settle", settle)
    words = ("file", path, "--id", "1") if kind == "file" else ("asterisk", "default", "100")
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook(*words)
        wait_for(lambda: lost)
    with kept.service(**kept.tables("replace")) as service:
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
        (row,) = service.queue.list_jobs("redacted")
        result = service.queue.unsealed(row["id"])[1]
    assert json.loads(Path(result).read_bytes())["id"] == row["audio"]
    assert len(list(kept.folder.rglob("*.redacted.json"))) == 1


def test_an_original_whose_format_cannot_be_written_is_a_dead_letter_and_stays(kept, monkeypatch):
    path = kept.record("a.wav")
    data = path.read_bytes()
    renamed = path.with_suffix(".au")  # a wrong name: the redacted file's will be right
    path.rename(renamed)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", renamed, "--id", "1")
        assert settled(service, 1) == {"failed": 1}
        assert [row["reason"] for row in service.queue.list_jobs()] == ["cannot-replace"]
    assert renamed.read_bytes() == data == sealed(kept, data)


def test_a_recording_that_may_not_be_written_to_is_tried_again(kept, monkeypatch):
    path = kept.record("a.wav")
    data, locked, really = path.read_bytes(), True, os.open

    def guarded(name, flags, *rest, **options):
        if locked and name == "a.wav" and flags & os.O_RDWR:
            raise PermissionError
        return really(name, flags, *rest, **options)

    monkeypatch.setattr(os, "open", guarded)
    with kept.service(**kept.tables("replace")) as service:
        kept.hook("file", path, "--id", "1")
        wait_for(lambda: [x for x in service.queue.list_jobs("queued") if x["reason"]])
        assert path.read_bytes() == data
        locked = False
        assert settled(service, 1) == {"redacted": 1}
    assert path.read_bytes() == (kept.recordings / "a.redacted.wav").read_bytes()


@pytest.mark.parametrize(
    ("lines", "says"), [('originals = "shred"\n', "must be one of"), ('originals = "seal"\n', "keeping.recipients")]
)
def test_settings_that_cannot_be_honoured(site, lines, says):
    with pytest.raises(ConfigurationError, match=says):
        site.settings(service=lines)
