"""A trail that was rolled back to an older state together with its anchor: both fit each other, and what was noted
elsewhere does not fit them.
"""

import json
import shutil
import time

import pytest

from redactor.audit_log import Anchor, KeyRing, LastCheck, Trail, events, verify
from redactor.errors import TrailDamaged

ID = "ab" * 32


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


class Place:
    def __init__(self, folder):
        self.folder, self.anchor = folder, folder / "anchor"
        self.open().append_many([events.MessageAdded(by="service", message=ID)] * 4)

    def open(self):
        return Trail.open(self.folder / "trail", key=self.folder / "keys", anchor=self.anchor)

    def copy(self):
        shutil.copytree(self.folder / "trail", self.folder / "old")
        shutil.copy(self.anchor, self.folder / "old-anchor")

    def put_back(self):
        shutil.rmtree(self.folder / "trail")
        shutil.copytree(self.folder / "old", self.folder / "trail")
        shutil.copy(self.folder / "old-anchor", self.anchor)

    def write(self, count=3):
        self.open().append_many([events.RedactedHeard(by="person:3", message=ID, version=1)] * count)

    def check(self):
        """As `redactor log verify` does."""
        ring = KeyRing.load(self.folder / "keys")
        before = LastCheck.load(self.anchor, ring)
        report = verify(self.folder / "trail", ring, anchor=Anchor.load(self.anchor), checked=before)
        known = (report.last, report.head) if report.sound else (before.reached, before.head) if before else (0, "")
        LastCheck(int(time.time()), report.last, len(report.problems), *known).save(self.anchor, ring)
        return report.problems


def test_the_last_check_knows_more_than_trail_and_anchor(place):
    place.copy()
    place.write()
    assert place.check() == ()
    place.put_back()
    for _ in range(2):  # the first does not make the second one good
        problem = place.check()
        assert len(problem) == 1
        assert "ends at entry 5" in problem[0]
        assert "had 8 entries when it was checked at" in problem[0]
        with pytest.raises(TrailDamaged, match="rolled back to an older state"):
            place.open()


def test_a_trail_that_was_put_back_and_grew_again_is_another(place):
    place.copy()
    place.write()
    assert place.check() == ()
    note = place.anchor.with_name("anchor.checked")
    noted = note.read_bytes()
    place.put_back()
    note.unlink()
    place.write(7)
    note.write_bytes(noted)
    with pytest.raises(TrailDamaged, match="Entry 8 is not the same"):
        place.open()
    assert any("Entry 8 is not the same" in problem for problem in place.check())


def test_a_note_of_an_earlier_version_still_counts_entries(place):
    place.copy()
    place.write()
    ring = KeyRing.load(place.folder / "keys")
    LastCheck(1_800_000_000, 8, 0).save(place.anchor, ring)
    path = place.anchor.with_name("anchor.checked")
    told = {name: value for name, value in json.loads(path.read_bytes()).items() if name not in ("known", "head")}
    path.write_text(json.dumps(told))
    assert place.open().now().count == 8
    assert place.check() == ()
    LastCheck(1_800_000_000, 8, 0).save(place.anchor, ring)
    place.put_back()
    with pytest.raises(TrailDamaged, match="had 8 entries when it was checked at 2027-01-15"):
        place.open()


def test_a_sound_trail_opens_after_checks_writes_and_new_keys(place):
    for _ in range(3):
        assert place.check() == ()
        place.write()
        place.open().rotate(by="user:0")
    assert place.check() == ()
    assert place.open().last_check().reached == place.open().now().count


def test_a_note_that_nobody_with_the_key_wrote_counts_for_nothing(place):
    place.check()
    path = place.anchor.with_name("anchor.checked")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "known": 999}))
    assert place.open().now().count == 5
    assert place.check() == ()
