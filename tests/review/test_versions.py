"""Messages and versions: what the vault, the version store and the repository get, and what an edit makes of it."""

import io
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from review_site import CANARY, CLEAN, SAID, ReviewSite, recording
from sqlalchemy import update

from redactor.audio import Source
from redactor.compliance.model import Audited, Breach, Kind, RuleVerdict, Severity
from redactor.errors import NoInput
from redactor.policy import Edit, edited
from redactor.review.plan_codec import pack, unpack
from redactor.review.report import report
from redactor.review.repository import Filters, Stale
from redactor.review.reviews import AlreadyTaken
from redactor.review.schema import messages
from redactor.review.view import peaks
from redactor.speech import TranscriptReader


@pytest.fixture(scope="module")
def message(site):
    return site.add(1, SAID)


def base(site, message):
    return unpack(site.vault.open(message, "plan", by="service", reason="test"))


def test_a_plan_comes_back_as_it_went(site, message):
    plan, suffix = base(site, message)
    assert suffix == ".wav"
    assert unpack(pack(plan, suffix=".WAV")) == (plan, ".WAV")
    with pytest.raises(ValueError, match="version"):
        unpack(b'{"schema": "other"}')


def test_adding_twice_changes_nothing(site, message):
    before = site.store.find(message)
    assert site.add(1, SAID) == message
    assert site.store.find(message) == before
    assert len(list(Path(site.version_store.place(message, before["folder"])).parent.iterdir())) == 1


@pytest.mark.parametrize("channels", [1, 2])
def test_what_an_edit_covers_is_gone_from_sound_and_files_and_from_the_disk(site, channels):
    message = site.add(10 + channels, SAID, channels=channels)
    first = site.store.find(message)["folder"]
    plan, _ = base(site, message)
    transcript = plan.speech.transcripts[0]
    at = next(i for i, w in enumerate(transcript.words) if w.text == "practice")
    word = transcript.words[at]
    region = Edit("region", 0, start=word.end + 0.3, end=word.end + 0.8)
    assert site.versions.edit(message, 1, [Edit("cover", 0, at, at + 1), region], by="person:1", reason="edit") == 2
    row = site.store.find(message)
    data, _ = site.version_store.artefact(message, row["folder"], "audio")
    out, rate = soundfile.read(io.BytesIO(data), always_2d=True)
    original, _ = soundfile.read(
        io.BytesIO(site.vault.open(message, "original", by="service", reason="t")), always_2d=True
    )
    for start, end in ((word.start, word.end), (region.start, region.end)):
        a, b = int(start * rate) + 1, int(end * rate) - 1
        for channel in range(channels):
            likeness = np.corrcoef(out[a:b, channel], original[a:b, channel])[0, 1]
            assert abs(likeness) < 0.2
    for kind in ("text", "srt", "vtt", "json"):
        content = site.version_store.artefact(message, row["folder"], kind)[0]
        assert b"practice" not in content
    with pytest.raises(NoInput):
        site.version_store.view(message, first)
    here = Path(site.version_store.place(message, row["folder"]))
    assert [p.name for p in here.parent.iterdir()] == [here.name]
    view = site.version_store.view(message, row["folder"])
    assert not any(c in str(view) for c in CANARY)
    hidden = {
        i
        for c in edited(plan, site.store.edits(message, 2), site.pipeline.policy).covers
        for i in range(c.first, c.last)
    }
    assert {w["first"] for w in view["words"] if not w["label"]} == set(range(len(transcript.words))) - hidden


def test_two_who_save_at_once_do_not_meet(site):
    message = site.add(20, SAID)
    held = site.versions._version

    def slower(*given):
        """Somebody else saves between this one's rendering and its save."""
        site.versions._version = held
        site.versions.edit(message, 1, [Edit("region", 0, start=1.0, end=1.2)], by="person:2", reason="edit")
        return held(*given)

    site.versions._version = slower
    try:
        with pytest.raises(Stale):
            site.versions.edit(message, 1, [Edit("region", 0, start=2.0, end=2.2)], by="person:1", reason="edit")
    finally:
        site.versions.__dict__.pop("_version", None)
    row = site.store.find(message)
    assert row["version"] == 2
    assert site.store.edits(message, 2)[0].start == 1.0
    # The loser's files are gone, the winner's are whole.
    assert [p.name for p in Path(site.version_store.place(message, row["folder"])).parent.iterdir()] == [row["folder"]]
    site.version_store.view(message, row["folder"])


def test_a_failed_edit_leaves_everything_as_it_was(site, monkeypatch):
    message = site.add(21, SAID)

    def told(_):
        raise NoInput("the trail is away")

    with pytest.raises(NoInput):
        site.versions.edit(
            message, 1, [Edit("region", 0, start=1.0, end=1.2)], by="person:1", reason="edit", before_save=told
        )
    row = site.store.find(message)
    assert row["version"] == 1
    assert len(list(Path(site.version_store.place(message, row["folder"])).parent.iterdir())) == 1
    with pytest.raises(ValueError, match="to undo"):
        site.versions.edit(message, 1, [], step="undo", by="person:1", reason="edit")


def test_what_a_killed_edit_leaves_goes_at_the_next_start(site, monkeypatch):
    message = site.add(22, SAID)
    row = site.store.find(message)
    monkeypatch.setattr(site.version_store, "drop", lambda *_: None)

    def killed(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.versions.edit(
            message, 1, [Edit("region", 0, start=1.0, end=1.2)], by="person:1", reason="edit", before_save=killed
        )
    here = Path(site.version_store.place(message, row["folder"]))
    (here.parent / ".gone-0123456789").mkdir()
    assert len(list(here.parent.iterdir())) == 3
    site.versions.sweep()
    assert [p.name for p in here.parent.iterdir()] == [row["folder"]]
    # A row of another version than is there (a restored database) costs nothing.
    other = here.rename(here.with_name("7-0123456789"))
    (here.parent / "8-0123456789").mkdir()
    site.versions.sweep()
    assert other.exists()


def test_a_reader_of_a_version_that_went_gets_the_new_one(site):
    message = site.add(23, SAID)
    edit = Edit("region", 0, start=1.0, end=1.2)
    seen = []

    def read(folder):
        seen.append(folder)
        if len(seen) == 1:
            site.versions.edit(message, 1, [edit], by="person:1", reason="edit")
        return site.version_store.view(message, folder)

    row, shown = site.context.current(message, read)
    assert (row["version"], shown["version"]) == (2, 2)
    assert [name[:2] for name in seen] == ["1-", "2-"]
    site.version_store.drop(message, row["folder"])
    with pytest.raises(NoInput):
        site.context.current(message, lambda folder: site.version_store.view(message, folder))


def test_adding_at_once_does_not_exchange_the_plan_of_the_first(site):
    """Edits are numbers of words: with another recognition's plan they would uncover other words than a reviewer
    saw.
    """
    data, said = recording(24, SAID)
    slow, fast = site.folder / "slow.json", site.folder / "fast.json"
    slow.write_text(said.replace("practice", "office"))
    fast.write_text(said)
    source, held = Source.of(data, ".wav"), site.versions._audit

    def slower(*given):
        """Another `review add` is faster, while this one has only just recognised."""
        site.versions._audit = held
        site.versions.add(source, TranscriptReader(fast), by="service")
        return held(*given)

    site.versions._audit = slower
    try:
        site.versions.add(source, TranscriptReader(slow), by="service")
    finally:
        site.versions._audit = held
    words = [w.text for w in base(site, source.id)[0].speech.transcripts[0].words]
    assert "practice" in words
    assert "office" not in words


@pytest.mark.parametrize(
    ("message", "folder"),
    [("../../etc", "1-0123456789"), ("a" * 64, "../x"), ("a" * 64, "1-zz"), ("A" * 64, "1-0123456789")],
)
def test_no_path_is_built_of_odd_names(site, message, folder):
    with pytest.raises(NoInput):
        site.version_store.place(message, folder)


def test_other_bytes_than_the_id_are_refused(site):
    from redactor.errors import InputError

    source = replace(Source.of(b"RIFF....", ".wav"), id="b" * 64)
    with pytest.raises(InputError):
        site.vault.seal(source.id, "original", source.untrusted_data, by="service")


def test_peaks_are_of_the_sound():
    samples = np.zeros((1000, 2), dtype=np.int16)
    samples[500:600, 1] = -32767
    found = peaks(samples, 10)
    assert found == [[0] * 10, [0] * 5 + [100] + [0] * 4]
    assert peaks(np.zeros((3, 1), dtype=np.float32), 10) == [[0, 0, 0]]


def audited(n, *rules, verdict=RuleVerdict.FINDINGS):
    breaches = tuple(Breach(rule, Severity.S2, verdict) for rule in rules)
    return Audited(f"{n:064x}", "t/1", Kind.OTHER, verdict if rules else RuleVerdict.PASS, breaches, duration=1.0)


def test_pages_hold_every_message_once_also_with_equal_times(site):
    for n in range(120):
        site.store.add(
            audited(n, *(["V09"] if n % 3 else [])), folder="1-0000000000", by="service", added=100.0 + n // 50
        )
    for filters in (Filters(until=1000.0), Filters(rule="V09", until=1000.0), Filters(verdict="pass", until=1000.0)):
        seen, after = [], ""
        while True:
            page = site.store.page(filters, after=after, limit=7)
            seen += [row["id"] for row in page.rows]
            if not (after := page.following):
                break
        expected = [n for n in range(120) if not filters.rule or n % 3] if not filters.verdict else range(0, 120, 3)
        assert sorted(seen) == sorted(f"{n:064x}" for n in expected)
        assert page.count == len(seen)


def test_the_report_counts_what_was_judged(site, tmp_path):
    here = ReviewSite(tmp_path)
    for n in range(1, 41):
        here.store.add(audited(n, *(["V09"] if n <= 20 else [])), folder="1-0000000000", by="service", added=float(n))
    number = here.samples.draw(size=30, least=5, seed=3, strata=["verdict"], reviews=2, by="person:9")
    drawn = [row["id"] for row in here.store.page(Filters(sample=number), limit=99).rows]
    assert len(drawn) == 30
    flagged = [m for m in drawn if int(m, 16) <= 20]
    for m in drawn:
        bad = m in flagged[:10]
        for person in (1, 2):
            if m in flagged:
                here.reviews.decide(m, person, finding=0, rule="V09", decision="accept" if bad else "reject")
            here.reviews.give(m, person, version=1, verdict="findings" if bad else "pass")
    found = report(here.store.engine, number)
    assert (found.judged, found.pairs, found.finding_pairs) == (30, 30, len(flagged))
    assert found.verdict_kappa == pytest.approx(1.0)
    assert (found.precision.hits, found.precision.n) == (10, len(flagged))
    assert (found.misses.hits, found.misses.n) == (0, 30 - len(flagged))
    assert found.misses.above == pytest.approx(1 - 0.05 ** (1 / found.misses.n))
    assert [r.rule for r in found.rules] == ["V09"]
    assert here.store.counts() == {"new": 10, "reviewed": 30}


def test_what_the_rules_could_not_judge_is_neither_precision_nor_a_miss(site, tmp_path):
    here = ReviewSite(tmp_path)
    for n in (1, 2, 3):
        here.store.add(audited(n, "V02", verdict=RuleVerdict.UNDETERMINED), folder="1-0000000000", by="service")
    for n, answer, verdict in ((1, "accept", "findings"), (2, "reject", "pass"), (3, "reject", "findings")):
        here.reviews.decide(f"{n:064x}", 1, finding=0, rule="V02", decision=answer)
        here.reviews.give(f"{n:064x}", 1, version=1, verdict=verdict)
    found = report(here.store.engine)
    assert found.precision is None
    # The third breaks a rule that nothing points at.
    assert (found.misses.hits, found.misses.n) == (1, 3)
    assert (found.missed_breaches.hits, found.missed_breaches.n) == (1, 2)


def test_a_message_goes_to_as_many_people_as_are_wanted_and_each_gets_the_next(site, tmp_path):
    here = ReviewSite(tmp_path)
    for n in range(1, 4):
        here.store.add(audited(n), folder="1-0000000000", by="service")
    here.samples.draw(size=3, least=1, seed=1, strata=[], reviews=2, by="person:9")
    mine = here.reviews.take_next(1)
    assert here.reviews.take_next(1) == mine
    here.reviews.give(mine, 1, version=1, verdict="pass")
    # What somebody has begun is finished first, by somebody else.
    assert here.reviews.take_next(2) == mine
    assert here.reviews.take_next(1) not in ("", mine)
    assert here.reviews.take_next(3) not in ("", mine)


DAY = 86_400.0


def test_without_a_sample_the_gravest_of_the_oldest_day_comes_next(tmp_path):
    here = ReviewSite(tmp_path)
    for n, severity, day, seconds in (
        (1, "S1", 2, 10.0),  # a later day
        (2, "S3", 1, 10.0),
        (3, "S1", 1, 30.0),
        (4, "S1", 1, 20.0),
        (5, "note", 1, 5.0),
    ):
        here.store.add(audited(n), folder="1-0000000000", by="service", added=1000 * DAY + day * DAY + seconds)
        with here.store.engine.begin() as c:
            c.execute(update(messages).where(messages.c.id == f"{n:064x}").values(severity=severity))
    given = []
    for _ in range(5):
        found = here.reviews.take_next(1)
        assert here.reviews.take_next(1) == found  # what is taken is finished first
        here.reviews.give(found, 1, version=1, verdict="pass")
        given.append(int(found, 16))
    assert given == [4, 3, 2, 5, 1]
    assert here.reviews.take_next(1) == ""


def test_two_people_never_get_the_same_unsampled_message(tmp_path):
    here = ReviewSite(tmp_path)
    for n in range(1, 4):
        here.store.add(audited(n), folder="1-0000000000", by="service")
    assert len({here.reviews.take_next(person) for person in (1, 2, 3)}) == 3
    assert here.reviews.take_next(4) == ""


def test_who_has_read_the_reviews_gets_none_of_these_messages(tmp_path):
    here = ReviewSite(tmp_path)
    for n in (1, 2):
        here.store.add(audited(n), folder="1-0000000000", by="service")
    here.reviews.give(f"{1:064x}", 1, version=1, verdict="pass")
    here.reviews.note_read(7, f"{1:064x}")
    with here.store.engine.begin() as c:  # a second review is asked for
        c.execute(update(messages).where(messages.c.id == f"{1:064x}").values(needed=2, state="open"))
    assert here.reviews.take_next(7) == f"{2:064x}"
    assert here.reviews.take_next(8) == f"{1:064x}"


def test_samples_come_before_other_messages(tmp_path):
    here = ReviewSite(tmp_path)
    for n in range(1, 9):
        here.store.add(audited(n), folder="1-0000000000", by="service", added=1000.0 * n)
    number = here.samples.draw(size=1, least=1, seed=3, strata=[], reviews=1, by="person:9")
    (drawn,) = here.store.page(Filters(sample=number)).rows
    assert here.reviews.take_next(1) == drawn["id"]
    assert here.reviews.take_next(2) == (f"{1:064x}" if drawn["id"] != f"{1:064x}" else f"{2:064x}")


def test_a_clean_message_is_added_too(site):
    assert site.store.find(site.add(33, CLEAN)) is not None


def test_a_second_sample_of_what_two_have_judged_leaves_it_judged(tmp_path):
    here = ReviewSite(tmp_path)
    for n in (1, 2):
        here.store.add(audited(n), folder="1-0000000000", by="service")
    draw = {"size": 2, "least": 1, "seed": 1, "strata": [], "by": "person:9"}
    here.reviews.give(f"{2:064x}", 1, version=1, verdict="pass")
    here.samples.draw(**draw, reviews=2)
    for person in (1, 2):
        here.reviews.give(f"{1:064x}", person, version=1, verdict="pass")
    assert here.store.counts() == {"reviewed": 1, "open": 1}
    number = here.samples.draw(**draw, reviews=2)
    assert here.store.counts() == {"reviewed": 1, "open": 1}
    assert report(here.store.engine, number).judged == 1
    # A third review that is asked for is waited for.
    here.samples.draw(**draw, reviews=3)
    assert here.store.counts() == {"open": 2}
    assert here.reviews.take_next(3) != ""


def test_who_has_read_a_review_gives_no_blind_one(tmp_path):
    here = ReviewSite(tmp_path)
    for n in (1, 2, 3):
        here.store.add(audited(n), folder="1-0000000000", by="service")
    for n in (1, 2):
        here.reviews.give(f"{n:064x}", 1, version=1, verdict="pass")
    here.reviews.note_read(8, f"{1:064x}")
    here.reviews.note_read(9)
    here.reviews.note_read(9)
    here.samples.draw(size=3, least=1, seed=1, strata=[], reviews=2, by="person:9")
    for person, n in ((8, 1), (9, 1), (9, 2)):
        with pytest.raises(AlreadyTaken, match="blind"):
            here.reviews.give(f"{n:064x}", person, version=1, verdict="pass")
    assert here.reviews.take_next(9) == f"{3:064x}"
    assert here.reviews.take_next(8) == f"{2:064x}"
    here.reviews.give(f"{1:064x}", 2, version=1, verdict="pass")


def test_the_shelf_is_its_owners_alone_whatever_the_umask(tmp_path):
    before = os.umask(0o000)
    try:
        site = ReviewSite(tmp_path)
        site.add()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "versions").stat().st_mode) == 0o700
