"""The queue on both databases: once in, once out, leases, suspects, dead letters; many claimants at a time."""

import threading
import time

import pytest
from sqlalchemy import event, text

from redactor.crypto import Sealer
from redactor.errors import Busy
from redactor.service.jobs import queue as queues
from redactor.service.jobs.pending_callbacks import PendingCallbacks
from redactor.service.jobs.queue import NewJob, Queue
from redactor.service.jobs.schema import jobs
from redactor.service.jobs.worker_locks import WorkerLocks
from redactor.types import Outcome, Status

KEY = bytes(range(32))
DONE = Outcome(1, "f" * 64, Status.REDACTED, duration=2.0)
FAILED = Outcome(1, "f" * 64, Status.FAILED, reason="no-input", message="It is not there.", hint="Look.", exit_code=66)


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, tmp_path):
    """Makes queues on one empty database: each stands for a service."""
    made = []
    url = f"sqlite:///{tmp_path}/queue.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres")

    def go(worker="a", **kwargs):
        queue = Queue(url, Sealer(kwargs.pop("key", KEY)), worker=worker, **kwargs)
        queue.prepare()
        if not made:
            with queue.engine.begin() as c:
                for table in ("redactor_jobs", "redactor_callbacks", "redactor_seen"):
                    c.execute(text(f"DELETE FROM {table}"))
        made.append(queue)
        return queue

    yield go
    for queue in made:
        queue.close()


def new(number=1, **kwargs):
    given = {
        "source": "file",
        "message": f"m{number}",
        "audio": f"{number:064x}",
        "details": {"path": f"/r/{number}_5550142"},
        **kwargs,
    }
    return NewJob(**given)


def fall(queue):
    """Let every lease run out."""
    with queue.engine.begin() as c:
        c.execute(jobs.update().where(jobs.c.state == "claimed").values(lease=1.0))


def test_a_job_goes_in_once(make):
    queue = make()
    first = queue.add(new())
    assert first[1]
    assert queue.add(new()) == (first[0], False)
    assert queue.add(new(message="other"))[1]
    assert queue.add(new(audio="e" * 64))[1]
    # Told under another name of the same bytes at the same place: the same recording.
    at = queue.add(new(7, place="/r/7"))
    assert queue.add(new(7, source="sweep", message="/r/7", place="/r/7")) == (at[0], False)
    assert queue.add(new(7, source="sweep", message="/r/7", place="/r/8"))[1]


def test_the_whole_life_of_a_job(make):
    queue = make(callbacks=True)
    number, _ = queue.add(new(direction="in", added=time.time() - 5))
    (job,) = queue.claim(5, idle=True)
    assert (job.id, job.attempts, job.details["path"], job.direction) == (number, 1, "/r/1_5550142", "in")
    assert queue.claim(5, idle=False) == []
    assert queue.counts() == {"claimed": 1}
    assert 4 < queue.oldest() < 60
    assert queue.settle(job, "redacted", DONE, result="/r/x.json")
    assert not queue.settle(job, "redacted", DONE)
    shown = queue.summary(number)
    assert (shown["state"], shown["audio"], shown["duration"]) == ("redacted", "f" * 64, 2.0)
    assert "5550142" not in str(shown)
    assert queue.unsealed(number)[1] == "/r/x.json"
    assert queue.summary(999) is None
    pending = PendingCallbacks(queue.engine)
    (first,) = pending.due(5, hold=60)
    assert (first.job, first.attempt) == (number, 1)
    assert pending.due(5, hold=60) == []
    assert pending.end(first, "waiting", delay=-1)
    (second,) = pending.due(5, hold=60)
    assert (second.job, second.attempt) == (number, 2)
    assert not pending.end(first, "dead")
    assert pending.end(second, "sent")
    assert pending.counts() == {"sent": 1}


def test_a_full_queue_takes_nothing_new(make):
    queue = make(limit=2)
    queue.add(new(1))
    queue.add(new(2))
    with pytest.raises(Busy):
        queue.add(new(3))
    assert queue.add(new(2))[1] is False


def test_a_passing_failure_is_tried_again(make, monkeypatch):
    monkeypatch.setattr(queues, "LONGEST_DELAY", -1.0)
    queue = make(tries=2)
    queue.add(new())
    (job,) = queue.claim(1, idle=True)
    assert queue.put_off(job, FAILED)
    (job,) = queue.claim(1, idle=True)
    assert queue.put_off(job, FAILED, counts=False)  # a full disk is nobody's fault
    (job,) = queue.claim(1, idle=True)
    assert job.attempts == 2
    assert not queue.put_off(job, FAILED)
    (row,) = queue.list_jobs()
    assert (row["reason"], row["attempts"]) == ("no-input", 2)
    assert queue.retry([99]) == 0
    assert queue.retry(None) == 1
    assert queue.claim(1, idle=True)[0].attempts == 1


def test_later_means_later(make, monkeypatch):
    monkeypatch.setattr(queues, "FIRST_DELAY", 60.0)
    queue = make()
    queue.add(new())
    queue.put_off(queue.claim(1, idle=True)[0], FAILED)
    assert queue.claim(1, idle=True) == []


def test_a_lease_that_runs_out_is_taken_over_and_the_late_end_is_refused(make):
    slow, quick = make("slow"), make("quick")
    slow.add(new())
    (job,) = slow.claim(1, idle=True)
    slow.heartbeat()
    assert quick.claim(1, idle=True) == []
    fall(slow)
    (again,) = quick.claim(1, idle=True)
    assert (again.id, again.attempts) == (job.id, 2)
    assert not slow.settle(job, "redacted", DONE)
    slow.put_off(job, FAILED)
    assert quick.counts() == {"claimed": 1}
    assert quick.settle(again, "redacted", DONE)


def test_jobs_of_a_dead_worker_are_reclaimed_at_once(make):
    dead, alive = make("dead", lease=3600), make("alive")
    dead.add(new())
    dead.claim(1, idle=True)
    assert alive.workers() == ["dead"]
    assert alive.reclaim("dead") == 1
    assert len(alive.claim(1, idle=True)) == 1


def test_an_orderly_end_is_no_crash(make):
    queue = make()
    queue.add(new())
    queue.claim(1, idle=True)
    queue.release_claims()
    (job,) = queue.claim(1, idle=True)
    assert (job.attempts, job.alone) == (1, False)


def test_a_recording_that_ends_services_is_tried_alone_and_then_set_aside(make):
    queue = make()
    queue.add(new(1))
    for _ in range(2):
        assert len(queue.claim(4, idle=True)) == 1
        fall(queue)
    queue.add(new(2))
    assert [j.alone for j in queue.claim(4, idle=False)] == [False]  # the other first: a suspect waits for a gap
    fell = 0
    while suspects := queue.claim(4, idle=True):
        assert [s.alone for s in suspects] == [True]
        with queue.engine.begin() as c:
            c.execute(jobs.update().where(jobs.c.id == suspects[0].id).values(lease=1.0))
        fell += 1
        assert fell < 9
    assert [row["reason"] for row in queue.list_jobs()] == ["crashed-repeatedly"]


def test_a_lost_key_has_a_reason_of_its_own(make):
    queue, other = make(), make("b", key=bytes(32))
    queue.add(new())
    assert other.claim(1, idle=True) == []
    assert other.list_jobs()[0]["reason"] == "key-lost"


def test_fingerprints(make):
    fingerprints = make().fingerprints
    assert fingerprints.unseen({"/a": "1"}) == {"/a"}
    fingerprints.note("/a", "1")
    fingerprints.note("/a", "1")
    assert fingerprints.unseen({"/a": "1"}) == set()
    assert fingerprints.unseen({"/a": "2", "/b": "1"}) == {"/a", "/b"}
    fingerprints.note("/a", "2")
    assert (fingerprints.of("/a"), fingerprints.of("/b")) == ("2", None)


def test_many_fingerprints_are_looked_up_at_once(make):
    queue = make()
    with queue.engine.begin() as c:
        for number in range(0, 1200, 2):
            queue.fingerprints.note_within(c, f"/{number}", "1")
    asked = []
    event.listen(queue.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    assert queue.fingerprints.unseen({f"/{number}": "1" for number in range(1200)}) == {
        f"/{n}" for n in range(1, 1200, 2)
    }
    assert sum("SELECT" in statement for statement in asked) == 3


def test_a_fingerprint_is_recorded_with_its_job_or_not_at_all(make):
    queue = make(limit=1)
    queue.add(new(1), fingerprint=("/1", "s"))
    with pytest.raises(Busy):
        queue.add(new(2), fingerprint=("/2", "s"))
    assert (queue.fingerprints.of("/1"), queue.fingerprints.of("/2")) == ("s", None)


def test_an_empty_queue_costs_one_query_and_no_lock(make):
    queue = make()
    queue.add(new())
    (job,) = queue.claim(1, idle=True)
    asked = []
    event.listen(queue.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    assert queue.claim(1, idle=False) == []
    assert [statement.split()[0] for statement in asked if statement != "BEGIN"] == ["SELECT"]
    assert "BEGIN IMMEDIATE" not in asked
    queue.settle(job, "redacted", DONE)


def test_many_workers_claim_without_overlap_and_many_reports_add_once(make):
    services = [make(f"w{n}") for n in range(3)]
    count = 60
    added, claimed, lock = [], [], threading.Lock()

    def tell(queue):
        mine = [queue.add(new(n))[1] for n in range(count)]
        with lock:
            added.extend(mine)

    def take(queue):
        while got := queue.claim(3, idle=False):
            with lock:
                claimed.extend(job.id for job in got)

    for work in (tell, take):
        threads = [threading.Thread(target=work, args=(q,)) for q in services]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(added) == count
    assert len(claimed) == len(set(claimed)) == count


def test_a_revived_job_is_announced_when_it_has_ended(make):
    queue = make(tries=1, callbacks=True)
    queue.add(new(place="/r/1"))
    queue.put_off(queue.claim(1, idle=True)[0], FAILED)
    assert PendingCallbacks(queue.engine).counts() == {"waiting": 1}
    queue.add(new(place="/r/1"))
    assert queue.counts() == {"queued": 1}
    assert PendingCallbacks(queue.engine).counts() == {}


def test_texts_fit_their_columns(make):
    queue = make()
    queue.add(new())
    (job,) = queue.claim(1, idle=True)
    assert queue.settle(
        job, "failed", Outcome(1, "f" * 64, Status.FAILED, reason="x" * 50, message="m\0" * 300, hint="h" * 500)
    )


def test_a_job_that_is_repeated_while_in_progress_runs_again(make):
    queue = make()
    number, _ = queue.add(new())
    for state in ("queued", "redacted"):
        (job,) = queue.claim(1, idle=True)
        if state == "queued":
            queue.repeat(number)
        queue.settle(job, "redacted", DONE)
        assert queue.counts() == {state: 1}


def test_a_table_of_an_earlier_version_gets_its_missing_columns(make):
    queue = make()
    with queue.engine.begin() as c:
        c.execute(text("ALTER TABLE redactor_jobs DROP COLUMN wanted"))
        c.execute(text("DROP TABLE redactor_schema"))
    queue.prepare()
    queue.add(new())
    assert len(queue.claim(1, idle=True)) == 1


def test_nothing_in_the_database_names_anybody(make):
    queue = make()
    queue.add(new(1, message="Whitlock 5550142", place="/r/Whitlock"))
    with queue.engine.connect() as c:
        row = str(c.execute(jobs.select()).all())
    assert "Whitlock" not in row
    assert "5550142" not in row


def test_worker_locks(tmp_path):
    first, second = WorkerLocks(tmp_path), WorkerLocks(tmp_path)
    assert first.name.split("-")[0] == second.name.split("-")[0]
    assert not second.is_dead(first.name)
    assert not second.is_dead("x" * 32 + "-" + "0" * 16)
    assert not second.is_dead(second.name)
    first.close()
    assert second.is_dead(first.name)
    second.close()
