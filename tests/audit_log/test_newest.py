"""Reading from the end gives the same as reading everything and turning it round, wherever blocks and segments break
and whatever bytes stand between.
"""

import importlib

import pytest
from trails import event, opened, segment

from redactor.audit_log import LastCheck, entries, events, newest
from redactor.audit_log.keys import KeyRing
from redactor.errors import TrailDamaged

MODULE = importlib.import_module("redactor.audit_log.newest")


@pytest.fixture
def trail(tmp_path, monkeypatch):
    """Some segments of a few entries, two kinds in turns."""
    monkeypatch.setattr("redactor.audit_log.log.SEGMENT_BYTES", 3000)
    trail = opened(tmp_path)
    for n in range(20):
        trail.append_many([event(n), events.Exported(by="person:2", what="report", rows=n)])
    assert segment(tmp_path, 3).exists()
    return trail


def through(folder, **asked):
    """All pages; each begins below what the one before ended with."""
    seen, before = [], 0
    while True:
        page = newest(folder, before=before, **asked)
        assert len(page.entries) <= asked["limit"]
        assert not before or page.following < before
        seen += page.entries
        before = page.following
        if not before:
            return seen


@pytest.mark.parametrize("block", [1, 40, 333, 1 << 16])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_all_pages_together_are_the_whole_trail(trail, monkeypatch, block, limit):
    monkeypatch.setattr(MODULE, "_BLOCK", block)
    told = list(entries(trail.folder))[::-1]
    assert through(trail.folder, limit=limit) == told
    kind = [e for e in told if e["event"] == "exported"]
    assert through(trail.folder, limit=limit, kind="exported") == kind
    assert through(trail.folder, limit=limit, by="person:2", most_bytes=500) == kind
    assert through(trail.folder, limit=limit, kind="exported", by="person:1") == []


@pytest.mark.parametrize("block", [1, 40, 333, 1 << 16])
def test_a_page_begins_below_any_number(trail, monkeypatch, block):
    monkeypatch.setattr(MODULE, "_BLOCK", block)
    last = trail.now().count
    for before in [*range(1, last + 3), 10**18]:
        numbers = [e["n"] for e in newest(trail.folder, before=before, limit=4).entries]
        highest = min(before - 1, last)
        assert numbers == list(range(highest, max(0, highest - 4), -1))


@pytest.mark.parametrize("block", [40, 333, 1 << 16])
@pytest.mark.parametrize(
    "bytes_", [b"x" * 9000 + b"\n", b'{"n":1,"torn', b"\n\n\xff\x00\n", b'{"n":5,"mac":"' + b"zz" * 32 + b'"}\n']
)
def test_bytes_that_are_no_entry_are_passed_over(trail, tmp_path, monkeypatch, block, bytes_):
    monkeypatch.setattr(MODULE, "_BLOCK", block)
    told = list(entries(trail.folder))[::-1]
    with segment(tmp_path, 2).open("ab") as file:
        file.write(bytes_)
    path = segment(tmp_path, 1)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], bytes_ if bytes_.endswith(b"\n") else bytes_ + b"\n", *lines[3:]]))
    assert through(trail.folder, limit=7) == told


def test_a_trail_without_entries_and_one_that_cannot_be_read(tmp_path, trail):
    assert newest(tmp_path / "nowhere") == MODULE.Newest((), 0)
    path = segment(tmp_path, 1)
    path.unlink()
    path.mkdir()
    assert newest(trail.folder, limit=3).following
    with pytest.raises(TrailDamaged):
        through(trail.folder, limit=100)


def test_the_note_of_a_check_is_of_this_key_and_unchanged(tmp_path, trail):
    assert trail.last_check() is None
    note = LastCheck(1_795_000_000, 12, 0)
    note.save(trail.anchor, KeyRing.load(trail.key))
    assert trail.last_check() == note
    trail.rotate(by="user:0")
    assert trail.last_check() == note
    path = trail.anchor.with_name(trail.anchor.name + ".checked")
    good = path.read_bytes()
    for bad in (
        b"",
        b"[]",
        b"{",
        good.replace(b"12", b"13"),
        good.replace(b'"mac": "', '"mac": "é'.encode()),
        b"[" * 900,
    ):
        path.write_bytes(bad)
        assert trail.last_check() is None
    path.unlink()
    LastCheck(1, 1, 0).save(trail.anchor, KeyRing((b"f" * 32,)))
    assert trail.last_check() is None
