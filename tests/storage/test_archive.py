"""The journal of an archive: what is done, skipped, copied, tried again, given up; over runs, kills and damage."""

import json
import os
import sqlite3

import pytest
from archives import crash

from redactor.errors import InUse, OutOfSpace, OutputError
from redactor.storage import ArchiveJournal, Step
from redactor.storage import run_journal as archive_module
from redactor.storage.ledger import NAME, Ledger
from redactor.types import Outcome, Status

pytestmark = pytest.mark.usefixtures("old_files")


def test_a_second_run_reads_nothing_again(archive):
    for name in ("a.wav", "b.wav"):
        archive.put(name, name)
    assert archive.run() == ["redacted", "redacted"]
    assert archive.run() == ["skipped", "skipped"]
    assert archive.read == []
    archive.put("b.wav", "changed")
    os.utime(archive.inputs / "a.wav")  # touched: read again, not redone
    assert archive.run() == ["skipped", "redacted"]
    assert archive.read == ["a.wav", "b.wav"]
    assert archive.run(resume=False) == ["redacted", "redacted"]


def test_files_too_young_to_be_known_by_their_times_are_read(archive, monkeypatch):
    monkeypatch.setattr(archive_module, "YOUNG", 1 << 62)
    archive.put("a.wav", "a")
    archive.run()
    assert archive.run() == ["skipped"]
    assert archive.read == ["a.wav"]
    assert archive.worked == []


@pytest.mark.parametrize("suffix", [".wav", ".txt", ".json"])
@pytest.mark.parametrize("change", ["delete", "grow"])
def test_outputs_that_were_deleted_or_changed_are_made_again(archive, suffix, change):
    archive.put("a.wav", "a")
    archive.run()
    path = archive.out / f"a.wav.redacted{suffix}"
    if change == "delete":
        path.unlink()
    else:
        path.write_text(path.read_text() + " ")
    assert archive.run() == ["redacted"]


@pytest.mark.parametrize("lost", [".redactor-*", ".redactor-ledger.key"])
def test_without_the_ledger_or_its_key_nothing_that_lies_there_is_believed(archive, lost):
    archive.put("a.wav", "a")
    archive.put("b.wav", "a")
    archive.run()
    for path in archive.out.glob(lost):
        path.unlink()
    assert archive.run() == ["redacted", "duplicate"]
    archive.run()
    assert archive.read == []


def test_duplicates_get_artefacts_of_their_own(archive):
    for name in ("a.wav", "b.wav", "c.ulaw"):
        archive.put(name, "same")
    assert archive.run() == ["redacted", "duplicate", "redacted"]  # another ending may decode differently
    assert archive.worked == ["a.wav", "c.ulaw"]
    assert archive.documents() == ["a.wav", "b.wav", "c.ulaw"]
    assert (archive.out / "a.wav.redacted.wav").stat().st_ino != (archive.out / "b.wav.redacted.wav").stat().st_ino
    archive.put("d.wav", "same")
    (archive.out / "a.wav.redacted.txt").unlink()  # the first twin's are gone: another's do
    assert archive.run() == ["duplicate", "skipped", "skipped", "duplicate"]
    assert archive.run(resume=False) == ["redacted", "duplicate", "redacted", "duplicate"]


@pytest.mark.parametrize("reason", ["damaged-audio", "untranscribed-speech", "recognition-failed"])
def test_duplicates_of_a_failure_share_it(archive, reason):
    archive.put("a.wav", "bad")
    archive.put("b.wav", "bad")
    archive.fails = {"bad": reason}
    statuses = archive.run()
    assert statuses[0] == statuses[1]
    assert archive.worked == ["a.wav"]


def test_a_failure_of_a_place_is_not_that_of_a_twin(archive):
    archive.put("a.wav", "bad")
    archive.put("b.wav", "bad")
    archive.fails = {"bad": "cannot-write"}
    archive.run()
    assert archive.worked == ["a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("reason", "times"),
    [("recognition-failed", 3), ("damaged-audio", 1), ("untranscribed-speech", 1), ("out-of-space", 9)],
)
def test_what_may_pass_is_tried_again_with_limits(archive, reason, times):
    archive.put("a.wav", "bad")
    archive.fails = {"bad": reason}
    worked = 0
    for _ in range(9):
        (status,) = archive.run()
        worked += len(archive.worked)
        assert status == ("quarantined" if reason == "untranscribed-speech" else "failed")
    assert worked == times
    archive.run(retry_failed=True)
    assert archive.worked == ["a.wav"]
    archive.fails = {}
    assert archive.run(retry_failed=True) == ["redacted"]
    assert archive.run() == ["skipped"]


def test_a_twin_of_what_is_under_way_waits(archive):
    archive.put("a.wav", "same")
    archive.put("b.wav", "same")
    archive.put("c.wav", "other")
    a, b, c = archive.items()
    journal = ArchiveJournal(archive.out)
    first = archive.claim(a, "same")
    assert journal.begin(first).step is Step.PROCEED
    assert journal.begin(archive.claim(b, "same")).step is Step.WAIT
    assert journal.begin(archive.claim(c, "other")).step is Step.PROCEED
    assert journal.released(idle=False) == ()
    journal.finish(a, Outcome(1, first.source_id, Status.REDACTED), archive.save(first))
    assert journal.released(idle=False) == (b,)
    assert journal.released(idle=True) == ()
    assert archive.process(journal, b).status is Status.DUPLICATE
    assert journal.states() == {"redacted": 1, "duplicate": 1}
    journal.close()


def test_a_recording_that_kills_runs_is_taken_last_and_then_set_aside(archive):
    for name in ("a.wav", "b.wav"):
        archive.put(name, name)
    for n in range(3):
        journal = ArchiveJournal(archive.out)
        a, b = archive.items()
        decision = journal.begin(archive.claim(a, "a.wav"))
        if n:
            assert decision.step is Step.WAIT
            archive.process(journal, b)
            assert journal.released(idle=False) == ()
            assert journal.released(idle=True) == (a,)
            assert journal.begin(archive.claim(a, "a.wav")).step is Step.PROCEED
        crash(journal)
    assert archive.run() == ["failed", "skipped"]
    assert archive.worked == []
    assert archive.run() == ["failed", "skipped"]
    assert archive.run(retry_failed=True) == ["redacted", "skipped"]


def test_an_orderly_end_is_no_crash(archive):
    archive.put("a.wav", "a")
    for _ in range(5):
        journal = ArchiveJournal(archive.out)
        assert journal.begin(archive.claim(archive.items()[0], "a")).step is Step.PROCEED
        journal.close()
    assert archive.run() == ["redacted"]


def test_killed_between_the_artefacts_and_the_ledger(archive):
    archive.put("a.wav", "a")
    journal = ArchiveJournal(archive.out)
    claim = archive.claim(archive.items()[0], "a")
    journal.begin(claim)
    archive.save(claim)
    crash(journal)
    assert archive.run() == ["redacted"]  # nothing says what those artefacts should be
    assert archive.run() == ["skipped"]


def test_one_run_at_a_time(archive):
    journal = ArchiveJournal(archive.out)
    with pytest.raises(InUse) as caught:
        ArchiveJournal(archive.out, patience=0.05)
    assert caught.value.exit_code == 75
    journal.close()
    ArchiveJournal(archive.out).close()


@pytest.mark.parametrize("damage", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000, "middle"])
def test_a_damaged_ledger_is_set_aside_and_begun_again(archive, damage):
    archive.put("a.wav", "a")
    archive.run()
    path = archive.out / NAME
    if damage == "middle":
        content = path.read_bytes()
        damage = content[:4000] + b"\xff" * 12_000 + content[16_000:]
    path.write_bytes(damage)
    assert archive.run() == ["redacted"]
    assert archive.run() == ["skipped"]
    assert len(list(archive.out.glob(".redactor-ledger-damaged-*.sqlite"))) == 1


def test_a_ledger_of_a_newer_version_is_left_alone(archive):
    ArchiveJournal(archive.out).close()
    with sqlite3.connect(archive.out / NAME) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(OutputError, match="newer version"):
        ArchiveJournal(archive.out)


def test_a_ledger_that_cannot_be_opened(archive):
    (archive.out / NAME).mkdir()
    with pytest.raises(OutputError):
        ArchiveJournal(archive.out)
    (archive.out / NAME).rmdir()
    (archive.out / NAME).symlink_to("elsewhere")
    with pytest.raises(OutputError, match="link"):
        ArchiveJournal(archive.out)


@pytest.mark.parametrize(("pragma", "kind"), [("max_page_count = 1", OutOfSpace), ("query_only = 1", OutputError)])
def test_a_ledger_that_can_no_longer_be_written_stops_the_run_and_loses_nothing(archive, pragma, kind):
    for n in range(200):
        archive.put(f"{n}.wav", str(n))
    journal = ArchiveJournal(archive.out)
    ledger = journal._ledger

    def limit(connection):
        connection.execute(f"PRAGMA {pragma}")

    # Outside a transaction, in the ledger's thread.
    real = Ledger._transact

    def transact(connection, batch):
        limit(connection)
        return real(connection, batch)

    ledger._transact = transact
    done = 0
    for item in archive.items():
        try:
            archive.process(journal, item)
        except OutputError:
            break
        done += 1
    assert type(journal.trouble) is kind
    assert journal.released(idle=True) == ()
    journal.close()
    statuses = archive.run()
    assert done - 1 <= statuses.count("skipped") <= done  # of the last the digests were not noted any more
    assert set(statuses) <= {"skipped", "redacted"}
    assert len(statuses) == 200


def test_no_names_in_the_ledger(archive):
    archive.put("Dana Whitlock 5550142.wav", "a")
    archive.put("Brunsvold.wav", "a")
    archive.run()
    archive.run()
    for path in archive.out.glob(".redactor-*"):
        content = path.read_bytes().lower()
        assert not any(secret in content for secret in (b"dana", b"whitlock", b"5550142", b"brunsvold"))
        assert path.stat().st_mode & 0o077 == 0


def same_size(path):
    """What somebody puts in an artefact's place: other bytes, as many."""
    planted = bytes(255 - byte for byte in path.read_bytes())
    times = path.stat()
    path.write_bytes(planted)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return planted


@pytest.mark.parametrize("suffix", [".wav", ".txt", ".srt", ".vtt", ".json"])
@pytest.mark.parametrize("young", [False, True])
def test_an_artefact_of_the_same_size_is_not_believed(archive, monkeypatch, suffix, young):
    archive.put("a.wav", "a")
    archive.run()
    if young:  # so that the input is read again
        monkeypatch.setattr(archive_module, "YOUNG", 1 << 62)
    path = archive.out / f"a.wav.redacted{suffix}"
    made, planted = path.read_bytes(), same_size(path)
    assert archive.run() == ["redacted"]
    assert path.read_bytes() == made != planted


@pytest.mark.parametrize("suffix", [".wav", ".txt"])
def test_a_planted_artefact_is_not_handed_on_to_a_twin(archive, suffix):
    archive.put("b.wav", "same")
    archive.run()
    planted = same_size(archive.out / f"b.wav.redacted{suffix}")
    archive.put("a.wav", "same")  # comes first, and would take what its twin has
    archive.put("c.wav", "same")
    assert archive.run() == ["redacted", "duplicate", "duplicate"]
    for name in "abc":
        assert (archive.out / f"{name}.wav.redacted{suffix}").read_bytes() != planted


def test_a_link_to_the_very_bytes_is_not_believed(archive):
    archive.put("a.wav", "a")
    archive.run()
    path = archive.out / "a.wav.redacted.wav"
    elsewhere = path.rename(archive.inputs.parent / "elsewhere.wav")
    path.symlink_to(elsewhere)
    assert archive.run() == ["redacted"]
    assert not path.is_symlink()


def test_what_the_first_version_noted_is_made_again(archive):
    archive.put("a.wav", "a")
    archive.put("b.wav", "a")
    archive.run()
    with sqlite3.connect(archive.out / NAME) as connection:
        connection.execute("ALTER TABLE input RENAME COLUMN files TO sizes")
        for name, noted in connection.execute("SELECT name, sizes FROM input").fetchall():
            sizes = json.dumps({suffix: size for suffix, (size, _) in json.loads(noted).items()})
            connection.execute("UPDATE input SET sizes = ? WHERE name = ?", (sizes, name))
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert archive.run() == ["redacted", "duplicate"]
    assert archive.run() == ["skipped", "skipped"]


def test_the_ledger_says_what_became_of_each_input_and_with_which_options(archive):
    for name in ("a.wav", "b.wav"):
        archive.put(name, name)
    archive.run()
    archive.put("c.wav", "new")
    items = archive.items()
    journal = ArchiveJournal(archive.out, naming="")
    assert journal.options() is None
    journal.remember(b"a path with a name")
    assert journal.options() == b"a path with a name"
    done, _, fresh = journal.records(items)
    journal.close()
    assert fresh is None
    assert (done.state, done.reason) == ("redacted", "")
    assert set(done.files) >= {".wav", ".json"}
    assert "a.wav" not in repr(done)
    assert b"a path" not in (archive.out / NAME).read_bytes()
    (archive.out / ".redactor-ledger.key").unlink()
    journal = ArchiveJournal(archive.out, naming="")
    assert journal.options() is None
    journal.close()
