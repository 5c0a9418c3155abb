"""The worker with a fake handler and a pipeline of a few lines: what is called when, and how each job ends."""

import hashlib
import inspect
from pathlib import PurePath

import pytest
from fake_handler import FakeJobHandler

from redactor.audio import Source
from redactor.crypto import Sealer
from redactor.errors import (
    Busy,
    DamagedAudio,
    NoInput,
    NotUnderstood,
    OnHold,
    OutOfSpace,
    Quarantine,
    as_redactor_error,
)
from redactor.service.ingest.sources import Changed
from redactor.service.job_handler import RedactionJobHandler
from redactor.service.jobs.handler import JobHandler
from redactor.service.jobs.queue import NewJob, Queue
from redactor.service.worker import JobWorker
from redactor.storage import Claim, Item, Step, Target, artefact
from redactor.types import Outcome, Status

AUDIO = b"RIFF"
SHA = hashlib.sha256(AUDIO).hexdigest()


class Recordings:
    """One recording for all jobs; `error`: reading it fails."""

    def __init__(self, folder):
        self.folder, self.error = folder, None

    def item(self, job, number):
        return Item(number, self.folder / "a.wav", PurePath("a.wav"), PurePath("a")), Target(self.folder)

    def read(self, job):
        if self.error:
            raise self.error
        return Source.of(AUDIO, ".wav")


class Pipeline:
    """Keeps to the protocol, and makes nothing; `error`: recognition fails."""

    def __init__(self, worker):
        self.worker, self.error = worker, None

    def run(self, items, out, *, journal, threads, stopping):
        for item in items:
            yield self.process(item, out(item), journal)

    def process(self, item, out, journal):
        try:
            self.worker.policy(item)
            source = self.worker.source(item)
            self.worker.transcript(item)
            decision = journal.begin(Claim(item, source.id, ".wav", "settings", out / item.stem))
            if decision.step is not Step.PROCEED:
                return decision.outcome
            if self.error:
                raise self.error  # noqa: TRY301
            self.worker.before_save(item, source, None, None)
        except Exception as error:  # noqa: BLE001
            problem = as_redactor_error(error, "x")
            outcome = Outcome(
                item.number,
                SHA,
                Status.QUARANTINED if isinstance(problem, Quarantine) else Status.FAILED,
                reason=problem.reason,
                message="m",
                exit_code=problem.exit_code,
            )
            self.held = journal.holds(item)
        else:
            outcome = Outcome(item.number, SHA, Status.REDACTED)
        journal.finish(item, outcome, {})
        return outcome


@pytest.fixture
def work(tmp_path):
    """Processes one job: `work.once()` gives its state in the queue."""

    class Work:
        queue = Queue(f"sqlite:///{tmp_path}/q.sqlite", Sealer(bytes(32)), worker="w", tries=2)
        handler, recordings = FakeJobHandler(), Recordings(tmp_path)

        def __init__(self):
            self.queue.prepare()
            self.worker = JobWorker(self.queue, self.recordings, self.handler)
            self.pipeline = Pipeline(self.worker)
            self.queue.add(NewJob("file", "1", SHA, {"kind": "file"}))

        def once(self):
            (job,) = self.queue.claim(1, idle=True)
            item = self.worker._taken(job)
            self.pipeline.process(item, self.worker._folder(item), self.worker)
            assert not self.worker.in_progress
            return self.queue.summary(job.id)["state"]

        def called(self):
            return [method for method, _ in self.handler.calls]

    made = Work()
    yield made
    made.queue.close()


@pytest.mark.parametrize("handler", [RedactionJobHandler, FakeJobHandler])
def test_both_handlers_have_the_protocols_methods(handler):
    for name, method in inspect.getmembers(JobHandler, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(handler, name)).parameters) == list(
                inspect.signature(method).parameters
            )


def test_a_job_meets_the_handler_in_this_order(work):
    assert work.once() == "redacted"
    assert work.called() == [
        "policy",
        "received",
        "transcript",
        "existing_result",
        "before_save",
        "check_unchanged",
        "saving",
        "complete",
        "forget_notice",
        "ended",
    ]
    assert work.handler.states == ["redacted"]


def test_a_whole_result_of_an_earlier_process_is_kept(work):
    work.handler.document = lambda _: {"id": SHA, "settings": "settings"}
    assert work.once() == "redacted"
    assert "before_save" not in work.called()
    assert ("complete", 1) in work.handler.calls


@pytest.mark.parametrize("document", [{"id": SHA, "settings": "others"}, {"id": "0" * 64, "settings": "settings"}, {}])
def test_another_result_is_made_again(work, document):
    work.handler.document = lambda _: document
    assert work.once() == "redacted"
    assert "before_save" in work.called()


def test_a_result_that_reviewers_lack_is_made_again(work):
    work.handler.document, work.handler.repeats = lambda _: {"id": SHA, "settings": "settings"}, True
    assert work.once() == "redacted"
    assert "before_save" in work.called()


@pytest.mark.parametrize("method", ["received", "transcript", "before_save", "check_unchanged", "saving", "complete"])
def test_a_passing_failure_is_tried_again_and_becomes_a_dead_letter(work, method, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.0)
    work.handler.fails[method] = Busy("Not now.")
    assert [work.once(), work.once()] == ["queued", "failed"]
    assert work.handler.states == ["put off", "failed"]


def test_a_failure_of_the_recording_is_a_dead_letter_at_once(work):
    work.pipeline.error = DamagedAudio("It is damaged.")
    assert work.once() == "failed"
    assert "forget_notice" in work.called()  # it may have been withheld before


def test_a_withheld_recording_ends_with_its_notice(work):
    work.pipeline.error, work.handler.notice = NotUnderstood("Noise."), "/r/a.quarantined.json"
    assert work.once() == "quarantined"
    assert work.called()[-2:] == ["withheld", "ended"]
    assert work.queue.unsealed(1)[1] == "/r/a.quarantined.json"


def test_a_lost_claim_leaves_no_notice(work):
    work.pipeline.error = NotUnderstood("Noise.")
    work.handler.transcript = lambda *_: work.queue.release_claims()
    assert work.once() == "queued"
    assert "withheld" not in work.called()
    assert work.handler.states == ["lost"]


@pytest.mark.parametrize("error", [OutOfSpace("The disk is full."), OnHold("It waits.")])
def test_a_failure_of_the_environment_is_tried_without_end(work, error, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.LONGEST_DELAY", 0.0)
    work.pipeline.error = error
    assert {work.once() for _ in range(5)} == {"queued"}


def test_an_unreadable_recording_is_forgotten_only_when_it_is_given_up(work, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.0)
    work.recordings.error = NoInput("It is gone.")
    assert work.once() == "queued"
    assert "unreadable" not in work.called()
    assert work.once() == "failed"
    assert ("unreadable", 1) in work.handler.calls


def test_a_changed_recording_is_queued_as_it_is_now(work):
    work.recordings.error = Changed("It changed.")
    assert work.once() == "superseded"
    assert ("requeue", 1) in work.handler.calls


@pytest.mark.parametrize(("late", "state", "reason"), [(False, "redacted", ""), (True, "failed", "direction-too-late")])
def test_a_recording_that_was_replaced_before_has_its_result(work, tmp_path, late, state, reason):
    work.recordings.error = Changed("It changed.")
    work.handler.earlier, work.handler.late = str(artefact(Target(tmp_path) / PurePath("a"), ".json")), late
    assert work.once() == state
    assert work.queue.summary(1)["reason"] == reason


def test_a_place_that_another_recording_has_taken_is_not_held(work):
    work.handler.fails["check_unchanged"] = Changed("Another has its name.")
    work.once()
    assert work.pipeline.held is False
    work.handler.fails.clear()


def test_a_lost_claim_saves_nothing(work):
    work.handler.before_save = lambda *_: work.queue.release_claims()
    work.once()
    assert "saving" not in work.called()
    assert work.pipeline.held is False


def test_a_failing_database_is_no_end(work, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def settle(*_args, **_options):
        raise OperationalError("x", {}, Exception())

    monkeypatch.setattr(work.queue, "settle", settle)
    assert work.once() == "claimed"
    assert work.worker.lost == {1}
