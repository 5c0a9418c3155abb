"""What every journal must do, and the archive's under any order of runs, kills, changes and losses."""

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archives import Archive, crash
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from journals import KINDS

from redactor.storage import ArchiveJournal, Step, artefact
from redactor.storage import run_journal as archive_module
from redactor.storage.ledger import NAME
from redactor.types import Outcome, Status


class Runs(RuleBasedStateMachine):
    """Any order of runs, kills, changed inputs and deleted outputs: every input ends with one true result."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.archive = Archive(Path(self.folder.name))
        self.old, archive_module.YOUNG = archive_module.YOUNG, -1 << 62

    def teardown(self) -> None:
        archive_module.YOUNG = self.old
        self.folder.cleanup()

    @rule(name=st.sampled_from(["a.wav", "b.wav", "c.wav"]), content=st.sampled_from(["x", "yy"]))
    def put(self, name, content):
        self.archive.put(name, content)

    @rule(at=st.integers(0, 2), saved=st.booleans())
    def killed(self, at, saved):
        journal = ArchiveJournal(self.archive.out)
        for n, item in enumerate(self.archive.items()):
            if n < at:
                self.archive.process(journal, item)
            elif journal.known(item) is None:
                claim = self.archive.claim(item, item.path.read_text())
                if journal.begin(claim).step is Step.PROCEED and saved:
                    self.archive.save(claim)
                break
        crash(journal)

    @rule(suffix=st.sampled_from([".wav", ".json"]))
    def lose(self, suffix):
        for path in sorted(self.archive.out.glob(f"*.redacted{suffix}"))[:1]:
            path.unlink()

    @rule()
    def lose_the_ledger(self):
        (self.archive.out / NAME).unlink(missing_ok=True)

    @rule(resume=st.booleans())
    def run(self, resume):
        statuses = self.archive.run(resume=resume, tries=1000)
        assert len(statuses) == len(self.archive.items())
        assert set(statuses) <= {"redacted", "skipped", "duplicate"}
        assert self.archive.documents() == [i.path.name for i in self.archive.items()]
        assert self.archive.run() == ["skipped"] * len(statuses)
        assert self.archive.read == []

    @invariant()
    def documents_are_true(self):
        for item in self.archive.items():
            claim = self.archive.claim(item, item.path.read_text())
            document = Path(artefact(claim.target, ".json"))
            audio = Path(artefact(claim.target, ".wav"))
            if document.exists() and audio.exists():
                assert json.loads(document.read_text())["id"] == audio.read_text()


TestRuns = Runs.TestCase
TestRuns.settings = settings(max_examples=12, stateful_step_count=8, deadline=None)


@pytest.fixture(params=sorted(KINDS))
def runs(request, archive):
    """One run after the other with a journal of one kind."""
    return KINDS[request.param](archive)


def walk(runs, archive, *, threads=1):
    """Processes all items of a run as a pipeline does; outcomes by file name."""
    outcomes = {}
    with runs.run() as (journal, items), ThreadPoolExecutor(threads) as pool:

        def process(item):
            outcome = archive.process(journal, item)
            if outcome is not None:
                assert outcome.item == item.number
                outcomes.setdefault(item.path.name, []).append(outcome)

        if threads == 1:
            for item in items:
                process(item)
        else:
            list(pool.map(process, items))
        assert journal.released(idle=False) == ()
        assert journal.released(idle=True) == ()
    assert all(len(found) == 1 for found in outcomes.values())
    return {name: outcome for name, (outcome,) in sorted(outcomes.items())}


def statuses(outcomes):
    return [outcome.status for outcome in outcomes.values()]


def test_every_recording_ends_once(runs, archive):
    for name, content in (("a.wav", "a"), ("b.wav", "b"), ("twin of a.wav", "a")):
        archive.put(name, content)
    outcomes = walk(runs, archive)
    assert sorted(outcomes) == ["a.wav", "b.wav", "twin of a.wav"]
    assert set(statuses(outcomes)) <= {Status.REDACTED, Status.DUPLICATE}
    assert len(archive.documents()) >= 2


def test_many_at_once_end_once_each(runs, archive):
    for number in range(12):
        archive.put(f"{number}.wav", f"content {number}")
    outcomes = walk(runs, archive, threads=4)
    assert statuses(outcomes) == [Status.REDACTED] * 12
    assert len(archive.documents()) == 12


def test_a_failure_ends_its_recording_only(runs, archive):
    archive.fails["bad"] = "damaged-audio"
    for name in ("a.wav", "b.wav", "c.wav"):
        archive.put(name, "bad" if name == "b.wav" else name)
    outcomes = walk(runs, archive)
    assert statuses(outcomes) == [Status.REDACTED, Status.FAILED, Status.REDACTED]


def test_a_result_is_kept_by_a_journal_that_remembers(runs, archive):
    archive.put("a.wav", "a")
    assert statuses(walk(runs, archive)) == [Status.REDACTED]
    assert statuses(walk(runs, archive)) == [Status.SKIPPED if runs.remembers else Status.REDACTED]


def test_changed_bytes_are_processed_again(runs, archive):
    archive.put("a.wav", "a")
    walk(runs, archive)
    archive.put("a.wav", "b")
    assert statuses(walk(runs, archive)) == [Status.REDACTED]


def test_a_recording_may_fail_before_its_bytes_are_known(runs, archive):
    """Reading it failed: `finish` without `begin`. The others go on."""
    archive.put("a.wav", "a")
    archive.put("b.wav", "b")
    done = []
    with runs.run() as (journal, items):
        for item in items:
            assert journal.known(item) is None
            if item.path.name == "a.wav":
                unread = Outcome(item.number, "", Status.FAILED, reason="refused-input", message="m", exit_code=65)
                journal.finish(item, unread, {})
            else:
                done.append(archive.process(journal, item).status)
    assert done == [Status.REDACTED]


def test_an_item_is_held_from_its_claim_to_its_end(runs, archive):
    archive.put("a.wav", "a")
    with runs.run() as (journal, items):
        for item in items:
            claim = archive.claim(item, "a")
            assert journal.known(item) is None
            assert journal.begin(claim).step is Step.PROCEED
            assert journal.holds(item)
            journal.finish(item, Outcome(item.number, claim.source_id, Status.REDACTED), archive.save(claim))


def test_another_try_of_a_failed_recording_may_succeed(runs, archive):
    archive.put("a.wav", "a")
    archive.fails["a"] = "recognition-failed"
    assert statuses(walk(runs, archive)) == [Status.FAILED]
    archive.fails.clear()
    runs.retry_failed()
    assert statuses(walk(runs, archive)) == [Status.REDACTED]
