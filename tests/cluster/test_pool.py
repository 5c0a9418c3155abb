"""The cluster without Ray: workers in this process that can be made to vanish."""

import copy
import hashlib
import shutil
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from redactor import builders
from redactor.builders import transcripts_for
from redactor.cluster.messages import KEY_NAME, AssignedItem, MessageCipher, Orders, Started, Tampered
from redactor.cluster.pool import Machine, WorkerLost, WorkerPool
from redactor.cluster.worker import Worker
from redactor.errors import ClusterUnavailable, ConfigurationError, ModelUnavailable, RedactorError
from redactor.factory import JobConfiguration, assemble
from redactor.policy import load_policy
from redactor.storage import ArchiveJournal, NullJournal, list_inputs
from redactor.types import Status

KEY = bytes(range(32))


class NearLink:
    def __init__(self, name, out, fate):
        self.box = MessageCipher(KEY, name, driver=True)
        self.worker = Worker(str(out), name, 1)
        self.name = name
        self.fate = fate
        self.dead = False

    def start(self, job):
        answer = self.box.open(self.worker.start(self.box.seal(job)))
        if isinstance(answer, RedactorError):
            raise answer
        return answer

    def exchange(self, orders):
        if self.dead or self.fate(self, orders):
            self.dead = True
            raise WorkerLost
        return self.box.open(self.worker.exchange(self.box.seal(orders)))

    def cut(self):
        self.dead = True
        self.worker._journal.abandon()  # as the threads of a killed process, these must not live on


class NearSite:
    def __init__(self, out, fate=lambda link, orders: False, machines=2):
        (out / KEY_NAME).write_bytes(KEY)
        self.out, self.fate = out, fate
        self.there = [Machine(f"m{n}", 1) for n in range(machines)]
        self.links = []

    def machines(self):
        return self.there

    def link(self, machine, name):
        self.links.append(NearLink(name, self.out, self.fate))
        return self.links[-1]


class OneAtATime:
    """A detector that all workers of this process share: building one takes longer than everything else."""

    def __init__(self, detector):
        self.detector, self.lock = detector, threading.Lock()

    def search(self, transcripts):
        with self.lock:
            return list(self.detector.search(transcripts))

    def __getattr__(self, name):
        return getattr(self.detector, name)


@pytest.fixture(scope="module")
def detector():
    return OneAtATime(builders.build_detector("none"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch, detector):
    from redactor.cluster import pool as pools
    from redactor.cluster import worker

    monkeypatch.setattr(builders, "build_detector", lambda ner: detector)
    monkeypatch.setattr(pools, "DISCOVERY", 0.05)
    monkeypatch.setattr(worker, "POLL", 0.02)


@pytest.fixture
def archive(message, tmp_path):
    """Twelve recordings that differ in one sample, each with its transcript, two of them twins."""
    audio, transcript = message
    samples, rate = soundfile.read(audio, dtype="int16")
    folder, texts = tmp_path / "archive", tmp_path / "texts"
    folder.mkdir()
    texts.mkdir()
    for n in range(12):
        changed = np.array(samples)
        changed[n] += 500
        soundfile.write(folder / f"m{n:02}.wav", changed, rate, subtype="ULAW")
        shutil.copy(transcript, texts / f"m{n:02}.json")
    shutil.copy(folder / "m03.wav", folder / "m07.wav")
    return folder, texts


def job(**changes):
    given = {
        "policy": load_policy("deidentify"),
        "operator": "label",
        "style": "tone",
        "names": "auto",
        "raw": None,
        "ner": "none",
        "verify": False,
        "recognition": None,
        "in_flight": 3,
        "sandbox": "off",
    }
    return JobConfiguration(**{**given, **changes})


def listed(archive):
    folder, texts = archive
    items = list_inputs([folder], is_audio=lambda p: p.suffix == ".wav").items
    return items, transcripts_for(texts, items)


def artefacts(out):
    return {
        str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(out.rglob("*.redacted.*"))
    }


@pytest.fixture
def alone(archive, tmp_path):
    """Artefacts of the run in one process."""
    out = tmp_path / "alone"
    out.mkdir()
    items, reader = listed(archive)
    made = assemble(job(), reader=reader)
    outcomes = list(made.pipeline.run(items, out, journal=NullJournal(), threads=3))
    assert {o.status for o in outcomes} == {Status.REDACTED}
    return artefacts(out)


def go(archive, out, site, *, journal=None, pool=None, **kwargs):
    items, reader = listed(archive)
    pool = pool or WorkerPool(site, job())
    return list(pool.run(items, out, journal=journal or NullJournal(), reader=reader, **kwargs)), pool


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_the_same_artefacts_as_alone(archive, alone, out):
    site = NearSite(out)
    outcomes, _ = go(archive, out, site, ordered=True)
    assert [o.item for o in outcomes] == list(range(1, 13))
    assert {o.status for o in outcomes} == {Status.REDACTED}
    assert artefacts(out) == alone
    assert len(site.links) == 2


def test_a_second_run_skips(archive, out):
    for expected in (Status.REDACTED, Status.SKIPPED):
        with closing(ArchiveJournal(out)) as journal:
            outcomes, _ = go(archive, out, NearSite(out), journal=journal)
        assert {o.status for o in outcomes} <= {expected, Status.DUPLICATE}
        assert len(outcomes) == 12


def test_twins_on_two_machines_are_processed_once(archive, out, alone):
    journal = ArchiveJournal(out)
    outcomes, _ = go(archive, out, NearSite(out), journal=journal)
    assert sorted(o.status.value for o in outcomes) == ["duplicate"] + ["redacted"] * 11
    assert artefacts(out) == alone
    assert journal.states() == {"duplicate": 1, "redacted": 11}
    journal.close()
    journal = ArchiveJournal(out)
    outcomes, _ = go(archive, out, NearSite(out), journal=journal)
    journal.close()
    assert not [(o.reason, o.message) for o in outcomes if o.status not in (Status.SKIPPED, Status.DUPLICATE)]
    assert len(outcomes) == 12


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_lost_machine_loses_nothing(archive, alone, out, after):
    seen = []
    first = threading.Lock()

    def fate(link, orders):
        with first:
            if link.name == "worker-1":
                seen.append(orders)
            return len(seen) == after and link.name == "worker-1"

    site = NearSite(out, fate)
    journal = ArchiveJournal(out)
    outcomes, pool = go(archive, out, site, journal=journal)
    states = journal.states()
    journal.close()
    assert sorted(o.item for o in outcomes) == list(range(1, 13))
    assert {o.status for o in outcomes} <= {Status.REDACTED, Status.DUPLICATE}
    assert artefacts(out) == alone
    assert pool.losses == 1
    assert sum(states.values()) == 12


def test_an_item_that_ends_three_workers_is_set_aside(archive, out):
    """Item 5 ends every worker that may process it."""
    began = threading.Lock()
    deaths = []

    def fate(link, orders):
        with began:
            if any(number == 5 and not isinstance(a, RedactorError) for number, a in orders.answers):
                deaths.append([g.item.number for g in orders.given])
                return True
        return False

    journal = ArchiveJournal(out)
    outcomes, pool = go(archive, out, NearSite(out, fate), journal=journal)
    journal.close()
    assert pool.losses == len(deaths) == 3
    by_item = {o.item: o for o in outcomes}
    assert len(outcomes) == len(by_item) == 12
    assert by_item[5].reason == "crashed-repeatedly"
    assert by_item[5].id
    assert all(o.status is not Status.FAILED for n, o in by_item.items() if n != 5)
    # A later run leaves it alone.
    journal = ArchiveJournal(out)
    outcomes, pool = go(archive, out, NearSite(out), journal=journal)
    journal.close()
    assert {o.item: o for o in outcomes}[5].reason == "crashed-repeatedly"
    assert pool.losses == 0


def test_stopping_finishes_items_in_progress(archive, out):
    wanted = threading.Event()
    items, reader = listed(archive)
    outcomes = []
    for outcome in WorkerPool(NearSite(out, machines=1), job()).run(
        items, out, journal=NullJournal(), reader=reader, stopping=wanted.is_set
    ):
        outcomes.append(outcome)
        wanted.set()
    assert 1 <= len(outcomes) < 12
    assert len(list(out.rglob("*.redacted.json"))) == len(outcomes)
    assert len(list(out.rglob("*.redacted.*"))) == 5 * len(outcomes)


def test_a_worker_has_few_items_at_a_time(archive, out):
    taken = []
    most = []

    def fate(link, orders):
        most.append(len(taken) - len(list(out.rglob("*.redacted.json"))))
        return False

    items, reader = listed(archive)

    def watched():
        for item in items:
            taken.append(item)
            yield item

    list(
        WorkerPool(NearSite(out, fate, machines=1), job(in_flight=2)).run(
            watched(), out, journal=NullJournal(), reader=reader
        )
    )
    assert max(most) <= 2 + 4


def test_a_failing_listing_ends_the_run(archive, out):
    items, reader = listed(archive)

    def broken():
        yield items[0]
        raise ConfigurationError("No more.")

    with pytest.raises(ConfigurationError, match="No more"):
        list(WorkerPool(NearSite(out), job()).run(broken(), out, journal=NullJournal(), reader=reader))


def test_a_machine_that_cannot_start_is_not_used(archive, alone, out, monkeypatch):
    real = NearLink.start

    def start(self, given):
        if self.name == "worker-1":
            raise ModelUnavailable("Not here.")
        return real(self, given)

    monkeypatch.setattr(NearLink, "start", start)
    said = []
    site = NearSite(out)
    outcomes, _ = go(archive, out, site, pool=WorkerPool(site, job(), notice=said.append))
    assert len(outcomes) == 12
    assert artefacts(out) == alone
    assert said == ["A machine of the cluster is not used: Not here."]


def test_no_machine_that_can_start(archive, out, monkeypatch):
    monkeypatch.setattr(NearLink, "start", lambda self, job: (_ for _ in ()).throw(ModelUnavailable("Not here.")))
    with pytest.raises(ModelUnavailable):
        go(archive, out, NearSite(out))


def test_machines_must_agree(archive, alone, out, monkeypatch):
    real = NearLink.start
    turn = threading.Lock()

    def start(self, given):
        with turn:
            started = real(self, given)
            return started if self.name == "worker-1" else Started("other", started.in_flight)

    monkeypatch.setattr(NearLink, "start", start)
    said = []
    site = NearSite(out)
    outcomes, _ = go(archive, out, site, pool=WorkerPool(site, job(), notice=said.append))
    assert len(outcomes) == 12
    assert len(said) == 1
    assert "not used" in said[0]


def test_no_machine_at_all(archive, out, monkeypatch):
    from redactor.cluster import pool as pools

    monkeypatch.setattr(pools, "PATIENCE", 0.1)
    with pytest.raises(ClusterUnavailable):
        go(archive, out, NearSite(out, machines=0))


def test_a_missing_transcript_is_that_recordings_failure(archive, out):
    (archive[1] / "m02.json").unlink()
    outcomes, _ = go(archive, out, NearSite(out))
    assert {o.item for o in outcomes if o.status is Status.FAILED} == {3}


# --- messages
# ----------------------------------------------------------------------------------------------------------


def boxes(name="w", other=None, key=KEY):
    return MessageCipher(KEY, name, driver=True), MessageCipher(key, other or name, driver=False)


def test_messages_hide_paths_and_secrets(archive):
    items, _ = listed(archive)
    driver, worker = boxes()
    secret = job(
        hash_key=b"a secret of the operator", recognition=builders.RecognitionOptions(model="x", hotwords="Whitlock")
    )
    for message in (Orders((AssignedItem(items[0]),)), secret):
        sealed = driver.seal(message)
        assert b"archive" not in sealed
        assert b"secret" not in sealed
        assert b"Whitlock" not in sealed
        assert worker.open(sealed) == message


@pytest.mark.parametrize("other", [{"key": bytes(32)}, {"other": "w2"}])
def test_only_the_recipient_can_open_a_message(other):
    driver, worker = boxes(**other)
    with pytest.raises(Tampered):
        worker.open(driver.seal(Orders()))


def test_changed_repeated_reordered_and_reflected_messages_are_refused():
    driver, worker = boxes()
    first, second = driver.seal(Orders()), driver.seal(Orders(end=True))
    for bad in (second, first[:-1] + bytes([first[-1] ^ 1]), b""):
        with pytest.raises(Tampered):
            worker.open(bad)
    with pytest.raises(Tampered):
        driver.open(first)
    assert worker.open(first) == Orders()
    with pytest.raises(Tampered):
        worker.open(first)
    assert worker.open(second) == Orders(end=True)


def test_a_worker_without_the_key_says_nothing(out):
    driver, _ = boxes()
    assert Worker(str(out), "w", 1).start(driver.seal(job())) == b""
    (out / KEY_NAME).write_bytes(bytes(32))
    assert Worker(str(out), "w", 1).start(driver.seal(job())) == b""


def test_a_job_for_other_machines_has_absolute_paths(tmp_path, monkeypatch):
    (tmp_path / "ckpt").mkdir()
    monkeypatch.chdir(tmp_path)
    sent = job(recognition=builders.RecognitionOptions(model="ckpt", beam=5), ner="none").elsewhere()
    assert sent.recognition.model == str(tmp_path / "ckpt")
    assert sent.ner == "none"
    assert copy.copy(sent) == sent
    assert "secret" not in repr(job(hash_key=b"secret"))
    assert Path(sent.recognition.model).is_absolute()
