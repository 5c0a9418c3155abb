"""What every journal must do, and the archive's under any order of runs, kills, changes and losses."""

import json
import tempfile
from pathlib import Path

import pytest
from archives import Archive, crash
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from redactor.storage import ArchiveJournal, NullJournal, Step, artefact
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


@pytest.fixture(params=["ledger", "null"])
def journals(request, archive):
    """Makes a journal for one run after the other."""
    made = []

    def make():
        for journal in made:
            getattr(journal, "close", lambda: None)()
        made.append(ArchiveJournal(archive.out) if request.param == "ledger" else NullJournal())
        return made[-1]

    yield make
    getattr(made[-1], "close", lambda: None)()


def test_contract(journals, archive):
    archive.put("a.wav", "a")
    (item,) = archive.items()
    journal = journals()
    assert journal.known(item) is None
    assert journal.begin(archive.claim(item, "a")).step is Step.PROCEED
    journal.finish(item, Outcome(1, "", Status.FAILED, reason="recognition-failed", exit_code=70), {})
    assert journal.released(idle=False) == ()
    assert journal.released(idle=True) == ()
    journal = journals()
    assert archive.process(journal, item).status is Status.REDACTED
    journal = journals()
    again = archive.process(journal, item).status
    assert again is (Status.SKIPPED if isinstance(journal, ArchiveJournal) else Status.REDACTED)
    journal.finish(item, Outcome(1, "", Status.FAILED), {})  # before `begin`: allowed
    archive.put("a.wav", "b")
    journal = journals()
    assert archive.process(journal, item).status is Status.REDACTED
