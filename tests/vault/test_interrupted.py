"""The vault when processes are killed or meet: nothing is lost that was to be kept, and nothing survives that was to
be destroyed.
"""

import os
from pathlib import Path

import pytest
from places import CIPHERS, ID, SOUND, Place

from redactor.errors import ConfigurationError, Refused, VaultDamaged
from redactor.vault import Recipients, files, make_keys


@pytest.fixture(params=CIPHERS)
def place(tmp_path, request):
    return Place(tmp_path, request.param)


@pytest.fixture
def aged(tmp_path):
    return Place(tmp_path, "age")


def kill_before_rename(monkeypatch, below):
    """The next write below this folder ends as `kill -9` would end it: the temporary file is whole and stays."""

    class Killed(files.Partial):
        def commit(self):
            if f"/{below}/" in str(self.target):
                raise KeyboardInterrupt
            super().commit()

        def discard(self):
            if f"/{below}/" not in str(self.target):
                super().discard()

    monkeypatch.setattr(files, "Partial", Killed)


def left(place, below):
    """Temporary files."""
    return [p for p in place.files(below) if p.name.startswith(".redactor-")]


def test_a_key_that_a_killed_rotation_left_does_not_survive_a_purge(place, tmp_path, monkeypatch):
    place.host.seal(ID, "original", SOUND, by="service")
    make_keys(tmp_path / "new", place.cipher)
    kill_before_rename(monkeypatch, "keys")
    with pytest.raises(KeyboardInterrupt):
        place.organisation.rotate(Recipients.load(tmp_path / "new" / "recipients.txt"), by="person:4")
    monkeypatch.undo()
    assert len(left(place, "keys")) == 1
    place.organisation.purge(place.organisation.item(ID, "original"), by="person:9", why="age")
    assert place.files("keys") == place.files("sealed") == []


def test_rotation_leaves_no_key_of_the_old_recipients_on_the_disk(place, tmp_path):
    place.host.seal(ID, "original", SOUND, by="service")
    old = place.one("keys")
    size, handle = old.stat().st_size, os.open(old, os.O_RDONLY)  # what the disk's blocks hold afterwards
    make_keys(tmp_path / "new", place.cipher)
    place.organisation.rotate(Recipients.load(tmp_path / "new" / "recipients.txt"), by="person:4")
    assert os.read(handle, 1 << 16) == bytes(size)
    os.close(handle)


def test_what_a_killed_sealing_left_is_swept_away(aged, monkeypatch):
    aged.host.seal("ab" * 32, "transcript", b"stays", by="service")
    kill_before_rename(monkeypatch, "keys")
    with pytest.raises(KeyboardInterrupt):
        aged.host.seal(ID, "original", SOUND, by="service")
    monkeypatch.undo()
    assert len(aged.files("sealed")) == 2
    assert list(aged.organisation.items()) == [aged.organisation.item("ab" * 32, "transcript")]
    assert aged.organisation.sweep(by="user:0") == 1
    assert [p.name.partition(".")[0] for p in aged.files()] == ["ab" * 32] * 3
    assert aged.organisation.open("ab" * 32, "transcript", by="person:1") == b"stays"
    assert [(e["message"], e["why"]) for e in aged.told("vault-purged")] == [(ID, "leftover")]
    assert aged.organisation.sweep(by="user:0") == 0
    assert len(aged.told("vault-purged")) == 1


@pytest.mark.parametrize("ended", ["open", "sweep"])
def test_what_the_log_names_is_kept_though_its_record_was_never_written(aged, monkeypatch, ended):
    kill_before_rename(monkeypatch, "records")
    with pytest.raises(KeyboardInterrupt):
        aged.host.seal(ID, "original", SOUND, by="service")
    monkeypatch.undo()
    assert not aged.organisation.holds(ID, "original")
    if ended == "sweep":
        assert aged.organisation.sweep(by="user:0") == 0
        assert aged.organisation.holds(ID, "original")
    assert aged.organisation.open(ID, "original", by="person:1") == SOUND
    item = aged.organisation.item(ID, "original")
    told = aged.told("vault-sealed")[0]
    assert (item.sha256, item.size, item.entry) == (told["sha256"], len(SOUND), told["n"])
    assert aged.told("vault-purged") == []


def test_sweeping_keeps_what_is_under_a_legal_hold(aged, monkeypatch):
    kill_before_rename(monkeypatch, "records")
    with pytest.raises(KeyboardInterrupt):
        aged.host.seal(ID, "original", SOUND, by="service")
    monkeypatch.undo()
    aged.organisation.hold(ID, "case-7", by="person:4")
    assert aged.organisation.sweep(by="user:0") == 0
    assert len(aged.files("sealed")) == len([p for p in aged.files("keys") if ID in p.name]) == 1


def test_an_item_that_was_sealed_anew_meanwhile_is_not_purged(place):
    place.host.seal(ID, "transcript", b"one", by="service")
    chosen = place.organisation.item(ID, "transcript")
    place.host.seal(ID, "transcript", b"two", by="service", replace=True)
    with pytest.raises(Refused):
        place.organisation.purge(chosen, by="person:9", why="age")
    assert place.organisation.open(ID, "transcript", by="person:1") == b"two"
    assert place.told("vault-purged") == []


def test_purging_twice_is_told_once(aged):
    aged.host.seal(ID, "transcript", b"one", by="service")
    chosen = aged.organisation.item(ID, "transcript")
    aged.organisation.purge(chosen, by="person:9", why="age")
    gone = aged.organisation.item(ID, "transcript")
    aged.now += 60
    aged.organisation.purge(chosen, by="person:8", why="asked")
    assert aged.organisation.item(ID, "transcript") == gone
    assert len(aged.told("vault-purged")) == 1


@pytest.mark.parametrize("below", ["keys", "sealed"])
def test_an_original_of_which_a_part_is_gone_does_not_count_as_kept(place, below):
    place.host.seal(ID, "original", SOUND, by="service")
    place.one(below).unlink()
    with pytest.raises(VaultDamaged):
        place.host.seal(ID, "original", SOUND, by="service")
    assert place.host.seal(ID, "original", SOUND, by="service", replace=True)
    assert place.organisation.open(ID, "original", by="person:1") == SOUND


def test_two_legal_holds_end_one_by_one(aged):
    aged.host.seal(ID, "transcript", b"one", by="service")
    item = aged.organisation.item(ID, "transcript")
    for matter in ("case-1", "case-2", "case-1"):
        aged.organisation.hold(ID, matter, by="person:4")
    assert aged.organisation.held(ID) == "case-1,case-2"
    with pytest.raises(ConfigurationError):
        aged.organisation.release(ID, by="person:4")
    aged.organisation.release(ID, matter="case-2", by="person:4")
    assert aged.organisation.held(ID) == "case-1"
    with pytest.raises(Refused):
        aged.organisation.purge(item, by="person:4", why="age")
    aged.organisation.release(ID, by="person:4")
    assert aged.organisation.held(ID) is None
    assert [e["matter"] for e in aged.told("vault-held")] == ["case-1", "case-2"]
    assert [e["matter"] for e in aged.told("vault-released")] == ["case-2", "case-1"]


def test_a_hold_as_earlier_versions_wrote_it_still_holds(aged):
    holds = aged.folder / "vault" / "holds"
    aged.organisation.hold(ID, "case-1", by="person:4")
    (holds / f"{ID}.json").write_text('{"matter": "case-0"}')
    aged.organisation.hold(ID, "case-1", by="person:4")
    assert aged.organisation.held(ID) == "case-0,case-1"


def test_new_folders_last_as_their_files_do(aged, monkeypatch):
    flushed = []
    real = files.flush_folder
    monkeypatch.setattr(files, "flush_folder", lambda folder: (flushed.append(Path(folder)), real(folder)))
    aged.host.seal(ID, "original", SOUND, by="service")
    root = aged.folder / "vault"
    assert {root, root / "sealed", root / "keys", root / "records"} <= set(flushed)
    before = len(flushed)
    aged.host.seal(ID, "transcript", b"one", by="service")
    assert {p.name for p in flushed[before:]} == {ID[:2]}
