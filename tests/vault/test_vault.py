"""The vault: what is sealed opens with the organisation's key or the recovery key and with nothing else, and is
never given out changed.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256

import pytest
from places import CIPHERS, ID, SOUND, Place

from redactor.audit_log import Anchor, KeyRing, Trail, verify
from redactor.errors import ConfigurationError, InputError, NoInput, OutputError, Refused, RefusedInput, VaultDamaged
from redactor.vault import Identities, Recipients, Vault, files, make_keys


@pytest.fixture(params=CIPHERS)
def place(tmp_path, request):
    return Place(tmp_path, request.param)


def test_what_the_host_seals_opens_with_either_private_key(place):
    assert place.host.seal(ID, "original", SOUND, by="service")
    assert place.host.seal(ID, "transcript", b"{}", by="service")
    assert place.host.seal(ID, "meta", b"", by="service")
    for name in ("organisation", "recovery"):
        organisation = place.vault(identities=place.identity(name))
        assert organisation.open(ID, "original", by="person:1", reason="x") == SOUND
        assert organisation.open(ID, "transcript", by="person:1") == b"{}"
        assert organisation.open(ID, "meta", by="person:1") == b""
    assert [(e["item"], e["by"]) for e in place.told("vault-opened")][:2] == [
        ("original", "person:1"),
        ("transcript", "person:1"),
    ]
    assert place.host.holds(ID, "original")
    assert not place.host.holds(ID, "other")


def test_the_first_digits_of_an_id_are_enough_if_they_are_of_one_only(place):
    place.host.seal(ID, "transcript", b"{}", by="service")
    assert place.host.full_id(ID[:8].upper()) == place.host.full_id(ID[:63]) == ID
    assert place.host.full_id("0" * 64) == "0" * 64
    other = ID[:10] + ("0" if ID[10] != "0" else "1") * 54
    place.host.seal(other, "transcript", b"{}", by="service")
    assert place.host.full_id(ID[:11]) == ID
    with pytest.raises(ConfigurationError, match="Several ids"):
        place.host.full_id(ID[:10])
    with pytest.raises(NoInput):
        place.host.full_id(("0" if ID[0] != "0" else "1") * 8)
    for short in (ID[:7], "dana-whi", "../" + ID[:8], ID + "0"):
        with pytest.raises(ConfigurationError, match="first 8 digits"):
            place.host.full_id(short)


def test_the_sealing_host_cannot_open_and_strangers_neither(place, tmp_path):
    place.host.seal(ID, "original", SOUND, by="service")
    with pytest.raises(Refused):
        place.host.open(ID, "original", by="service")
    for cipher in CIPHERS:
        make_keys(tmp_path / cipher, cipher)
        stranger = place.vault(identities=Identities.load(tmp_path / cipher / "organisation.key"))
        with pytest.raises(Refused):
            stranger.open(ID, "original", by="person:2")


def test_nothing_in_clear_tells_of_the_content_and_files_are_the_owners(place):
    place.host.seal(ID, "original", SOUND, by="service")
    place.host.seal(ID, "meta", json.dumps({"name": "5550142-whitlock.wav"}).encode(), by="service")
    for path in place.files():
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        for word in (b"Whitlock", b"whitlock", b"metformin", b"5550142"):
            assert word not in path.read_bytes()
    assert place.one("sealed").stat().st_size > len(SOUND)


def test_the_standard_program_opens_what_age_sealed(tmp_path):
    if shutil.which("age") is None:
        pytest.skip("the program age is not installed (the package age)")
    place = Place(tmp_path, "age")
    place.host.seal(ID, "original", SOUND, by="service")

    def decrypt(path, identity):
        return subprocess.run(["age", "-d", "-i", identity, path], capture_output=True, check=True).stdout

    for name in ("organisation", "recovery"):
        key = tmp_path / f"{name}.item"
        key.write_bytes(decrypt(place.one("keys"), place.keys / f"{name}.key"))
        assert decrypt(place.one("sealed"), key) == SOUND


def test_the_standard_program_makes_keys_that_are_used_here(tmp_path):
    if shutil.which("age-keygen") is None:
        pytest.skip("the program age-keygen is not installed (the package age)")
    for name in ("one", "two"):
        subprocess.run(["age-keygen", "-o", tmp_path / name], check=True, capture_output=True)
    public = [re.search(r"age1\w+", (tmp_path / n).read_text())[0] for n in ("one", "two")]
    (tmp_path / "recipients").write_text("\n".join(public))
    trail = Trail.open(tmp_path / "trail", key=tmp_path / "k", anchor=tmp_path / "a")
    recipients = Recipients.load(tmp_path / "recipients")
    Vault(tmp_path / "v", trail=trail, recipients=recipients).seal(ID, "original", SOUND, by="service")
    organisation = Vault(tmp_path / "v", trail=trail, identities=Identities.load(tmp_path / "two"))
    assert organisation.open(ID, "original", by="person:1") == SOUND


def test_items_cannot_take_each_others_place(place):
    place.host.seal(ID, "transcript", b"one", by="service")
    place.host.seal("cd" * 32, "transcript", b"two", by="service")
    first, second = (p for p in place.files("sealed"))
    keys = place.files("keys")
    if ID not in first.name:
        first, second, keys = second, first, keys[::-1]
    first.write_bytes(second.read_bytes())
    with pytest.raises(VaultDamaged):
        place.organisation.open(ID, "transcript", by="person:1")
    keys[0].write_bytes(keys[1].read_bytes())
    with pytest.raises(VaultDamaged):
        place.organisation.open(ID, "transcript", by="person:1")


def test_an_original_is_what_its_id_says(place):
    with pytest.raises(InputError):
        place.host.seal(ID, "original", SOUND + b"x", by="service")
    assert place.files() == []


def test_the_same_again_changes_nothing_and_another_must_be_asked_for(place):
    assert place.host.seal(ID, "original", SOUND, by="service")
    before = {p: p.read_bytes() for p in place.files()}
    assert not place.host.seal(ID, "original", SOUND, by="service")
    assert {p: p.read_bytes() for p in place.files()} == before
    place.host.seal(ID, "transcript", b"one", by="service")
    with pytest.raises(Refused):
        place.host.seal(ID, "transcript", b"two", by="service")
    place.host.seal(ID, "transcript", b"two", by="service", replace=True)
    assert place.organisation.open(ID, "transcript", by="person:1") == b"two"
    assert len(place.files("keys")) == len(place.files("sealed")) == 2


@pytest.mark.parametrize(("after", "holds"), [(1, b"one"), (2, b"two")])
def test_a_replacement_that_is_killed_leaves_one_item_whole(place, monkeypatch, after, holds):
    """The old one until the log names the new one, whose record is then made good."""
    place.host.seal(ID, "transcript", b"one", by="service")
    real, left = files.write, [after]

    def killed(*given, **named):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        real(*given, **named)

    monkeypatch.setattr(files, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        place.host.seal(ID, "transcript", b"two", by="service", replace=True)
    monkeypatch.undo()
    assert place.organisation.open(ID, "transcript", by="person:1") == holds
    place.organisation.purge(place.organisation.item(ID, "transcript"), by="person:1", why="asked")
    assert place.files("keys") == place.files("sealed") == []


@pytest.mark.parametrize(
    "bad", [("x", "original"), (ID, "../original"), (ID, "a/b"), (ID, "Original"), (ID, "a..b"), (ID, ""), (ID, ".a")]
)
def test_no_name_leads_out_of_the_folder(place, bad):
    for act in (
        lambda: place.host.seal(*bad, b"", by="service"),
        lambda: place.organisation.open(*bad, by="person:1"),
        lambda: place.host.holds(*bad),
    ):
        with pytest.raises(ConfigurationError):
            act()


@pytest.mark.parametrize("below", ["", "sealed", "keys", "records", "holds"])
def test_links_are_refused(place, tmp_path, below):
    vault, away = tmp_path / "vault", tmp_path / "away"
    away.mkdir()
    if below:
        vault.mkdir()
    (vault / below if below else vault).symlink_to(away)

    def work():
        place.host.seal(ID, "original", SOUND, by="service")
        place.host.hold(ID, "case-7", by="person:1")

    with pytest.raises(RefusedInput):
        work()
    assert [p for p in away.rglob("*") if p.is_file()] == []


def test_a_file_that_is_a_link_is_refused(place, tmp_path):
    place.host.seal(ID, "original", SOUND, by="service")
    for below in ("sealed", "keys", "records"):
        path = place.one(below)
        moved = tmp_path / "moved"
        path.rename(moved)
        path.symlink_to(moved)
        with pytest.raises(RefusedInput):
            place.organisation.open(ID, "original", by="person:1")
        path.unlink()
        moved.rename(path)
    assert place.organisation.open(ID, "original", by="person:1") == SOUND


def test_purging_destroys_the_key_and_is_remembered(place):
    place.host.seal(ID, "original", SOUND, by="service")
    place.host.seal(ID, "transcript", b"one", by="service")
    key = place.one("keys").read_bytes()
    sealed, path = place.one("sealed").read_bytes(), place.one("keys")
    handle = os.open(path, os.O_RDONLY)  # what the disk's blocks hold afterwards
    place.organisation.purge(place.organisation.item(ID, "original"), by="person:9", why="age")
    assert os.read(handle, 1 << 16) == bytes(len(key))
    os.close(handle)
    assert not any("original" in p.name for p in place.files("keys") + place.files("sealed"))
    with pytest.raises(NoInput):
        place.organisation.open(ID, "original", by="person:1")
    assert not place.host.holds(ID, "original")
    assert place.organisation.open(ID, "transcript", by="person:1") == b"one"
    assert [i.kind for i in place.organisation.items()] == ["transcript"]
    assert {i.kind for i in place.organisation.items(purged=True)} == {"original", "transcript"}
    told = place.told("vault-purged")[0]
    assert (told["by"], told["message"], told["item"], told["why"]) == ("person:9", ID, "original", "age")
    with pytest.raises(Refused):
        place.host.seal(ID, "original", SOUND, by="service")
    # A copy of the sealed content alone is nothing any more.
    with pytest.raises((VaultDamaged, Refused)):
        CIPHERS[place.cipher].open_sealed(
            f"{ID}.original", sealed, place.one("keys", "transcript").read_bytes(), place.identity("recovery")
        )


def test_a_legal_hold_keeps_a_message(place):
    place.host.seal(ID, "transcript", b"one", by="service")
    place.organisation.hold(ID, "case-2026.7", by="person:4")
    item = place.organisation.item(ID, "transcript")
    with pytest.raises(Refused):
        place.organisation.purge(item, by="person:4", why="age")
    with pytest.raises(Refused):
        place.host.seal(ID, "transcript", b"two", by="service", replace=True)
    assert place.organisation.open(ID, "transcript", by="person:1") == b"one"
    (place.folder / "vault" / "holds" / f"{ID}.json").write_text("damaged")
    with pytest.raises(Refused):
        place.organisation.purge(item, by="person:4", why="age")
    place.organisation.release(ID, by="person:4")
    place.organisation.purge(item, by="person:4", why="age")
    assert [e["matter"] for e in place.told("vault-held")] == ["case-2026.7"]
    with pytest.raises(NoInput):
        place.organisation.release(ID, by="person:4")
    with pytest.raises(ConfigurationError):
        place.organisation.hold(ID, "Dana Whitlock against us", by="person:4")


def test_rotation_gives_the_keys_to_others_and_leaves_the_content(place, tmp_path):
    place.host.seal(ID, "original", SOUND, by="service")
    place.host.seal(ID, "transcript", b"one", by="service")
    content = {p: p.read_bytes() for p in place.files("sealed")}
    make_keys(tmp_path / "new", place.cipher)
    new = Recipients.load(tmp_path / "new" / "recipients.txt")
    assert place.organisation.rotate(new, by="person:4") == 2
    assert {p: p.read_bytes() for p in place.files("sealed")} == content
    with pytest.raises(Refused):
        place.organisation.open(ID, "original", by="person:1")
    for name in ("organisation", "recovery"):
        organisation = place.vault(identities=Identities.load(tmp_path / "new" / f"{name}.key"))
        assert organisation.open(ID, "original", by="person:1") == SOUND
    assert [e["items"] for e in place.told("vault-rotated")] == [0, 2]
    other = "age" if place.cipher != "age" else "aes-256-gcm"
    make_keys(tmp_path / "other", other)
    with pytest.raises(Refused):
        organisation.rotate(Recipients.load(tmp_path / "other" / "recipients.txt"), by="person:4")
    assert organisation.open(ID, "transcript", by="person:1") == b"one"


def test_without_the_trail_nothing_is_opened_sealed_or_destroyed(place, monkeypatch):
    place.host.seal(ID, "original", SOUND, by="service")
    before = {p: p.read_bytes() for p in place.files()}

    def full(*_given):
        raise OutputError("The disk is full.")

    monkeypatch.setattr(Trail, "append_many", full)
    item = place.organisation.item(ID, "original")
    for act in (
        lambda: place.organisation.open(ID, "original", by="person:1"),
        lambda: place.organisation.purge(item, by="person:1", why="asked"),
        lambda: place.host.seal(ID, "transcript", b"one", by="service"),
        lambda: place.organisation.hold(ID, "case", by="person:1"),
        lambda: place.organisation.rotate(place.recipients, by="person:1"),
    ):
        with pytest.raises(OutputError):
            act()
    assert {p: p.read_bytes() for p in place.files()} == before


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "redactor-vault/1"}', "part"])
def test_a_damaged_record_is_told(place, content):
    place.host.seal(ID, "original", SOUND, by="service")
    record = place.one("records")
    if content == "part":
        content = json.dumps({**json.loads(record.read_text()), "part": "../../x"})
    record.write_text(content)
    with pytest.raises(VaultDamaged):
        place.organisation.open(ID, "original", by="person:1")


@pytest.mark.parametrize("below", ["sealed", "keys"])
def test_a_missing_part_is_told(place, below):
    place.host.seal(ID, "original", SOUND, by="service")
    place.one(below).unlink()
    with pytest.raises(VaultDamaged):
        place.organisation.open(ID, "original", by="person:1")


def test_keys_are_never_overwritten_and_one_recipient_is_not_enough(place, tmp_path):
    before = (place.keys / "organisation.key").read_bytes()
    with pytest.raises(OutputError):
        make_keys(place.keys, place.cipher)
    assert (place.keys / "organisation.key").read_bytes() == before
    assert (place.keys / "organisation.key").stat().st_mode & 0o777 == 0o600
    alone = tmp_path / "alone.txt"
    text = (place.keys / "recipients.txt").read_text()
    alone.write_text(text[: text.index("# recovery")])
    with pytest.raises(ConfigurationError):
        Recipients.load(alone)
    alone.write_text(alone.read_text() * 2)
    with pytest.raises(ConfigurationError):
        Recipients.load(alone)
    assert Recipients.load(alone, alone=True).keys


@pytest.mark.parametrize(
    "content",
    ["", "age1xyz", "AGE-SECRET-KEY-1X", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "\x00\xff"],
)
def test_files_that_hold_no_keys_are_refused(tmp_path, content):
    path = tmp_path / "keys"
    path.write_text(content, encoding="latin-1")
    for load in (Recipients.load, Identities.load):
        with pytest.raises(ConfigurationError) as caught:
            load(path)
        assert "AAAA" not in str(caught.value)


def test_no_private_key_shows_in_a_repr(place):
    shown = repr(place.identity("recovery")) + repr(place.recipients) + repr(place.organisation)
    assert "AGE-SECRET" not in shown
    assert "BEGIN" not in shown


def test_the_trail_of_all_this_is_sound(place):
    place.host.seal(ID, "original", SOUND, by="service")
    item = place.organisation.item(ID, "original")
    assert item == replace(item)
    assert (
        place.told("vault-sealed")[0]["sha256"] == item.sha256 == sha256(place.one("sealed").read_bytes()).hexdigest()
    )
    ring = KeyRing.load(place.folder / "trail.keys")
    assert verify(place.folder / "trail", ring, anchor=Anchor.load(place.folder / "anchor")).sound
