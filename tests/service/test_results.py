"""Results are where the telephone system's user can write: only the service's own are trusted, and no link is
followed.
"""

import hashlib
import json
import os
import threading

import pytest
from service_site import settled, wait_for
from test_in_place_redaction import kept as kept  # noqa: PLC0414 - the fixture
from test_replacing_races import heard
from test_write_records import OTHER

from redactor.errors import Busy, OutputError
from redactor.service.api.status import _artefact
from redactor.service.ingest import sources as recordings
from redactor.service.jobs.schema import jobs
from redactor.service.worker import JobWorker


def plant(site, genuine, path, secret, *, links):
    """A complete set of files beside `path` that claims to be its result."""
    doc = json.loads(genuine.with_name("a.redacted.json").read_bytes())
    doc |= {"id": hashlib.sha256(path.read_bytes()).hexdigest(), "audio": ".wav"}
    for suffix in (".txt", ".srt", ".vtt", ".wav"):
        file = path.with_suffix(f".redacted{suffix}")
        file.symlink_to(secret) if links else file.write_bytes(secret.read_bytes())
    path.with_suffix(".redacted.json").write_text(json.dumps(doc))


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("mode", ["stay", "replace"])
def test_a_planted_result_is_made_again(kept, mode, links):
    first = kept.record("a.wav", 1)
    with kept.service(**kept.tables(mode)) as service:
        kept.hook("file", first, "--id", "1")
        settled(service, 1)
        path, secret = kept.record("b.wav", 2), kept.folder / "state/key"
        plant(kept, first, path, secret, links=links)
        kept.hook("file", path, "--id", "2")
        assert settled(service, 2) == {"redacted": 2}
    for file in (path, *(path.with_suffix(f".redacted{s}") for s in (".txt", ".srt", ".vtt", ".wav"))):
        assert not file.is_symlink()
        assert file.read_bytes() != secret.read_bytes()
    assert json.loads(path.with_suffix(".redacted.json").read_bytes())["text"].count("[PERSON]") == 3


@pytest.mark.parametrize("kind", ["text", "audio", "json"])
@pytest.mark.parametrize("how", ["link", "other"])
def test_a_replaced_file_of_a_result_is_not_served(site, kind, how):
    path = site.record("a.wav")
    with site.service() as service:
        site.hook("file", path, "--id", "1")
        settled(service, 1)
        document, key = site.recordings / "a.redacted.json", site.folder / "state/key"
        assert _given(service, document, kind)
        file = document.with_suffix({"text": ".txt", "audio": ".wav", "json": ".json"}[kind])
        file.unlink()
        file.symlink_to(key) if how == "link" else file.write_bytes(b"{}")
        for asked in ("text", "audio", "json"):
            assert _given(service, document, asked) is None


def _given(service, document, kind):
    class Here:
        results = service._results

    return _artefact(Here, document, "", kind)


def test_a_link_in_the_place_of_the_folder_of_results(site):
    site.message(0, 1)
    elsewhere = site.folder / "state/held"
    elsewhere.mkdir(parents=True)
    (site.voicemail / "default/100/redacted").symlink_to(elsewhere)
    with site.service() as service:
        site.hook("asterisk", "default", "100")
        assert settled(service, 1) == {"failed": 1}
        assert [row["reason"] for row in service.queue.list_jobs()] == ["refused-input"]
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(("gone", "end"), [(False, "superseded"), (True, "failed")])
def test_a_slow_recording_does_not_save_over_the_next_one_of_its_name(kept, monkeypatch, gone, end):
    path = kept.record("a.wav", 1)
    first = hashlib.sha256(path.read_bytes()).hexdigest()
    really, inside, go = JobWorker.before_save, threading.Event(), threading.Event()

    def show(self, item, source, *rest):
        if source.id == first:
            inside.set()
            go.wait(20)
        return really(self, item, source, *rest)

    monkeypatch.setattr(JobWorker, "before_save", show)
    with kept.service(**kept.tables("stay" if gone else "replace")) as service:
        kept.hook("file", path, "--id", "1")
        assert inside.wait(10)
        kept.record("a.wav", 2, said=OTHER)
        kept.hook("file", path, "--id", "2")
        wait_for(lambda: service.queue.counts().get("redacted") == 1)
        if gone:
            path.unlink()
        go.set()
        assert settled(service, 2) == {"redacted": 1, end: 1}
        (row,) = service.queue.list_jobs("redacted")
    assert json.loads((kept.recordings / "a.redacted.json").read_bytes())["id"] == row["audio"] != first


def test_a_pipe_in_the_place_of_a_result_does_not_block_the_worker(site):
    path = site.record("a.wav")
    os.mkfifo(site.recordings / "a.redacted.json")
    with site.service() as service:
        site.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}


@pytest.mark.parametrize("mode", ["stay", "replace"])
def test_a_recording_that_is_taken_away_while_it_is_recognised_has_its_result(kept, monkeypatch, mode):
    path, really = kept.record("a.wav"), JobWorker.before_save

    def show(self, *rest):
        path.unlink(missing_ok=True)
        return really(self, *rest)

    monkeypatch.setattr(JobWorker, "before_save", show)
    with kept.service(**kept.tables(mode)) as service:
        kept.hook("file", path, "--id", "1")
        counts = settled(service, 1)
    assert len(kept.outputs()) == 1
    assert mode == "replace" or counts == {"redacted": 1}


def test_a_passing_shortage_is_no_end(kept, monkeypatch):
    really, done = recordings.opened_folder, []

    def opened_folder(*args):
        if not done:
            done.append(1)
            raise Busy("There are too many open files.")
        return really(*args)

    monkeypatch.setattr(recordings, "opened_folder", opened_folder)
    kept.record("a.wav")
    with kept.service() as service:
        service.sweeper.sweep()
        assert settled(service, 1) == {"redacted": 1}


@pytest.mark.parametrize("fails", [True, False])
def test_a_service_that_lost_its_claim_neither_removes_nor_replaces_the_result(kept, monkeypatch, fails):
    path = kept.record("a.wav", 1)
    really, inside, go, stalled = JobWorker.before_save, threading.Event(), threading.Event(), []

    def show(self, *rest):
        if not stalled:
            stalled.append(self)
            inside.set()
            go.wait(20)
            if fails:
                raise OutputError("The trail cannot be written to.")
        return really(self, *rest)

    monkeypatch.setattr(JobWorker, "before_save", show)
    with kept.service(**kept.tables("replace")) as slow:
        kept.hook("file", path, "--id", "1")
        assert inside.wait(10)
        with kept.service(**kept.tables("replace")) as quick:
            with quick.queue.engine.begin() as connection:
                connection.execute(jobs.update().values(lease=0.0))  # it has sent no heartbeat for long
            wait_for(lambda: quick.queue.counts() == {"redacted": 1})
            made = (kept.recordings / "a.redacted.json").stat().st_mtime_ns
            go.set()
            wait_for(lambda: not slow.worker.in_progress)
            assert quick.queue.counts() == {"redacted": 1}
    assert (kept.recordings / "a.redacted.json").stat().st_mtime_ns == made


@pytest.mark.parametrize("late", [True, False])
def test_a_direction_that_comes_too_late_is_reported_to_a_person(kept, monkeypatch, late):
    """A replaced original cannot be redacted with another policy, nor may it pass for a sent message."""
    lines = (
        'model = "none"\nverify_transcripts = false\nner = "none"\nunheard = "bleep"\npolicy = '
        '"identifiers"\nsent_policy = "deidentify"\n'
    )
    path, inside, go, really = kept.record("a.wav"), threading.Event(), threading.Event(), JobWorker.before_save

    def show(self, *rest):
        if not late and not go.is_set():
            inside.set()
            go.wait(10)
        return really(self, *rest)

    monkeypatch.setattr(JobWorker, "before_save", show)
    with kept.service(**kept.tables("replace"), redaction=lines) as service:
        service.sweeper.sweep()
        assert settled(service, 1) if late else inside.wait(10)
        kept.hook("file", path, "--id", "1", "--direction", "out")
        heard(kept)
        go.set()
        wait_for(lambda: service.queue.counts() == {"failed": 1})
        (row,) = service.queue.list_jobs()
    assert (row["reason"], row["direction"]) == ("direction-too-late", "out")
