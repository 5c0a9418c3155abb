"""The vault against whoever can write its folder: nothing opens that the log does not name, and every refusal is
told.
"""

import json
import shutil
from contextlib import suppress

import pytest
from attacks import Attacker
from places import CIPHERS, ID, SOUND, Place

from redactor.audit_log import Anchor, KeyRing, Trail, events, verify
from redactor.audit_log.chain import segment_path
from redactor.errors import NoInput, RedactorError, Refused, TrailDamaged, VaultDamaged
from redactor.vault import Recipients, VaultCheck, make_keys

PLAN, OTHER = b'{"plan": "of the host"}', b'{"plan": "of somebody else, which covers nothing"}'


@pytest.fixture(params=CIPHERS)
def place(tmp_path, request):
    return Place(tmp_path, request.param)


@pytest.fixture
def aged(tmp_path):
    return Place(tmp_path, "age")


def refused(place, kind="plan"):
    """That an item does not open, and why the log says so."""
    with pytest.raises(VaultDamaged) as caught:
        place.organisation.open(ID, kind, by="person:1", reason="x")
    assert caught.value.hint
    return place.told("vault-mismatch")[-1]["why"]


@pytest.mark.parametrize("keep_part", [False, True])
def test_a_plan_that_was_sealed_with_the_public_keys_does_not_open(place, keep_part):
    place.host.seal(ID, "plan", PLAN, by="service")
    Attacker(place).put(ID, "plan", OTHER, keep_part=keep_part)
    assert refused(place) == "replaced"


def test_an_item_that_the_host_never_sealed_does_not_open(place):
    Attacker(place).put(ID, "plan", OTHER)
    assert refused(place) == "unknown"


def test_an_original_that_was_put_there_in_advance_does_not_count_as_kept(place):
    """Else the service would overwrite the recording, and what it takes for its copy is somebody else's."""
    Attacker(place).put(ID, "original", SOUND)
    with pytest.raises(VaultDamaged):
        place.host.seal(ID, "original", SOUND, by="service")
    assert place.host.seal(ID, "original", SOUND, by="service", replace=True)
    assert place.organisation.open(ID, "original", by="person:1") == SOUND


def test_an_older_version_of_the_same_item_does_not_open(place):
    place.host.seal(ID, "plan", PLAN, by="service")
    attacker = Attacker(place)
    attacker.copy()
    place.host.seal(ID, "plan", b"newer", by="service", replace=True)
    attacker.put_back(only=f"{ID}.plan.*")
    assert refused(place) == "replaced"
    with pytest.raises(VaultDamaged):  # by a process that starts now, too
        place.vault(identities=place.identity("organisation")).open(ID, "plan", by="person:1")


def test_a_purged_item_that_was_put_back_does_not_open(place):
    place.host.seal(ID, "plan", PLAN, by="service")
    attacker = Attacker(place)
    attacker.copy()
    place.organisation.purge(place.organisation.item(ID, "plan"), by="person:9", why="age")
    attacker.put_back(only=f"{ID}.plan.*")
    assert refused(place) == "purged"


@pytest.mark.parametrize("kinds", [("meta", "plan"), ("plan", "meta")])
def test_what_is_another_items_does_not_open_in_its_place(place, kinds):
    place.host.seal(ID, "plan", PLAN, by="service")
    place.host.seal(ID, "meta", b"{}", by="service")
    Attacker(place).swap(*kinds)
    assert refused(place, kinds[1]) == "replaced"


def test_a_plan_of_another_recording_does_not_open_as_this_ones(place):
    other = "cd" * 32
    place.host.seal(ID, "plan", PLAN, by="service")
    place.host.seal(other, "plan", OTHER, by="service")
    for below in ("sealed", "keys"):
        mine = next(p for p in place.files(below) if p.name.startswith(ID))
        mine.write_bytes(next(p for p in place.files(below) if p.name.startswith(other)).read_bytes())
    told = json.loads(next(p for p in place.files("records") if p.name.startswith(ID)).read_bytes())
    theirs = place.host.item(other, "plan")
    Attacker(place).record({**told, "sha256": theirs.sha256, "size": theirs.size})
    assert refused(place) == "replaced"


@pytest.mark.parametrize("cut", [1, 17, -1])
def test_what_was_cut_does_not_open(place, cut):
    place.host.seal(ID, "plan", PLAN, by="service")
    path = place.one("sealed", "plan")
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut] if cut > 0 else whole + b"x")
    assert refused(place) == "replaced"


def test_a_key_that_was_replaced_opens_nothing(place):
    place.host.seal(ID, "plan", PLAN, by="service")
    _, key = CIPHERS[place.cipher].seal(f"{ID}.plan", PLAN, place.recipients)
    place.one("keys", "plan").write_bytes(key)
    with pytest.raises((VaultDamaged, Refused)):
        place.organisation.open(ID, "plan", by="person:1")


@pytest.mark.parametrize("told", [{"purged": 1.0}, {"size": 7}, {"cipher": "other"}])
def test_a_record_that_lies_opens_nothing(place, told):
    place.host.seal(ID, "plan", PLAN, by="service")
    path = place.one("records", "plan")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **told}))
    with suppress(VaultDamaged):  # or what the log names, from its parts
        assert place.organisation.open(ID, "plan", by="person:1") == PLAN
    place.one("sealed", "plan").unlink()
    with pytest.raises(VaultDamaged):
        place.organisation.open(ID, "plan", by="person:1")


def test_removing_the_record_does_not_make_an_item_unknown(place):
    place.host.seal(ID, "plan", PLAN, by="service")
    place.one("records", "plan").unlink()
    assert place.organisation.open(ID, "plan", by="person:1") == PLAN
    for below in ("records", "sealed"):
        place.one(below, "plan").unlink()
    assert refused(place) == "missing"


def test_the_log_cannot_be_made_to_name_an_older_version(place):
    """Whoever can write the log's folder as well, and has not its key, can take the newer entry out, and is found
    out by the chain.
    """
    place.host.seal(ID, "plan", PLAN, by="service")
    attacker = Attacker(place)
    attacker.copy()
    place.host.seal(ID, "plan", b"newer", by="service", replace=True)
    for number in range(3):
        place.trail.append(events.VaultHeld(by="person:4", message=ID, matter=f"case-{number}"))
    segment = segment_path(place.folder / "trail", 1)
    lines = segment.read_bytes().splitlines(keepends=True)
    newer = [line for line in lines if b"vault-sealed" in line][1]
    attacker.put_back(only=f"{ID}.plan.*")
    segment.write_bytes(b"".join(b"#" * (len(line) - 1) + b"\n" if line == newer else line for line in lines))
    fresh = Trail.open(place.folder / "trail", key=place.folder / "trail.keys", anchor=place.folder / "anchor")
    for trail in (place.trail, fresh):
        place.trail = trail
        organisation = place.vault(recipients=place.recipients, identities=place.identity("organisation"))
        with pytest.raises(TrailDamaged):
            organisation.open(ID, "plan", by="person:1")


@pytest.mark.parametrize("size", [400, 3000])
def test_what_the_log_names_is_found_in_older_segments_and_after_new_entries(aged, monkeypatch, size):
    monkeypatch.setattr("redactor.audit_log.log.SEGMENT_BYTES", size)
    aged.host.seal(ID, "plan", PLAN, by="service")
    for number in range(30):
        aged.host.seal("cd" * 32, "plan", b"%d" % number, by="service", replace=True)
    if size == 400:
        aged.trail.rotate(by="user:0")
    assert len(list((aged.folder / "trail").glob("*.jsonl"))) > 3
    for _ in range(2):
        assert aged.organisation.open(ID, "plan", by="person:1") == PLAN
        assert aged.organisation.open("cd" * 32, "plan", by="person:1") == b"29"
    other = Trail.open(aged.folder / "trail", key=aged.folder / "trail.keys", anchor=aged.folder / "anchor")
    told = aged.trail
    aged.trail = other
    aged.vault(recipients=aged.recipients).seal(ID, "plan", b"by another process", by="service", replace=True)
    aged.trail = told
    assert aged.organisation.open(ID, "plan", by="person:1") == b"by another process"


def test_bytes_of_a_killed_write_in_the_log_do_not_matter(aged):
    aged.host.seal(ID, "plan", PLAN, by="service")
    with segment_path(aged.folder / "trail", 1).open("ab") as file:
        file.write(b'{"n":4,"t":"2026')
    assert aged.organisation.open(ID, "plan", by="person:1") == PLAN
    assert aged.told("interrupted")


# --- a vault whose log was begun again


def without_its_log(place):
    """The same vault beside a new log."""
    place.host.seal(ID, "plan", PLAN, by="service")
    shutil.rmtree(place.folder / "trail")
    for name in ("trail.keys", "anchor"):
        (place.folder / name).unlink()
    place.trail = Trail.open(place.folder / "trail", key=place.folder / "trail.keys", anchor=place.folder / "anchor")
    place.organisation = place.vault(recipients=place.recipients, identities=place.identity("organisation"))


def test_an_item_that_a_person_vouches_for_opens_again(place):
    without_its_log(place)
    assert refused(place) == "unknown"
    seen = []
    with pytest.raises(Refused):
        place.organisation.bind(ID, "plan", by="person:4", reason="new-log", confirm=seen.append)
    assert seen == [PLAN]
    assert refused(place) == "unknown"
    place.organisation.bind(ID, "plan", by="person:4", reason="new-log", confirm=lambda content: content == PLAN)
    assert place.organisation.open(ID, "plan", by="person:1") == PLAN
    told = place.told("vault-bound")
    assert [(e["by"], e["item"]) for e in told] == [("person:4", "plan")]
    with pytest.raises(Refused):
        place.organisation.bind(ID, "plan", by="person:4", reason="again", confirm=lambda _: True)
    Attacker(place).put(ID, "plan", OTHER)
    assert refused(place) == "replaced"


def test_nobody_can_vouch_for_what_the_log_names_otherwise(place):
    place.host.seal(ID, "plan", PLAN, by="service")
    Attacker(place).put(ID, "plan", OTHER)
    with pytest.raises(VaultDamaged):
        place.organisation.bind(ID, "plan", by="person:4", reason="x", confirm=lambda _: True)
    assert place.told("vault-bound") == []


def test_what_changes_while_a_person_looks_is_not_bound(place):
    without_its_log(place)

    def swapped(_content):
        Attacker(place).put(ID, "plan", OTHER)
        return True

    with pytest.raises(Refused):
        place.organisation.bind(ID, "plan", by="person:4", reason="x", confirm=swapped)
    assert place.told("vault-bound") == []


def test_what_is_not_there_is_no_attack(place):
    for act in (
        lambda: place.organisation.open(ID, "plan", by="person:1"),
        lambda: place.organisation.bind(ID, "plan", by="person:1", reason="x", confirm=lambda _: True),
    ):
        with pytest.raises(NoInput):
            act()
    assert place.told("vault-mismatch") == place.told("vault-opened") == []


def test_refusals_say_nothing_of_the_content(place):
    place.host.seal(ID, "plan", PLAN, by="service")
    Attacker(place).put(ID, "plan", OTHER)
    with pytest.raises(RedactorError) as caught:
        place.organisation.open(ID, "plan", by="person:1")
    assert ID not in str(caught.value)


# --- the whole vault against the log


def problems(place):
    check = VaultCheck()
    report = verify(
        place.folder / "trail",
        KeyRing.load(place.folder / "trail.keys"),
        anchor=Anchor.load(place.folder / "anchor"),
        take=check.take,
    )
    assert report.sound
    return check.problems(place.folder / "vault")


@pytest.fixture
def filled(place):
    """Two plans, one of them sealed twice, and a copy of the vault from between."""
    place.host.seal(ID, "plan", PLAN, by="service")
    place.host.seal("cd" * 32, "plan", OTHER, by="service")
    place.attacker = Attacker(place)
    place.attacker.copy()
    place.host.seal(ID, "plan", b"newer", by="service", replace=True)
    place.host.seal(ID, "meta", b"{}", by="service")
    place.organisation.purge(place.organisation.item(ID, "meta"), by="person:9", why="age")
    place.organisation.hold(ID, "case-1", by="person:4")
    return place


def test_a_vault_as_the_log_tells_it_has_no_problems(filled, tmp_path):
    assert problems(filled) == ()
    make_keys(tmp_path / "new", filled.cipher)
    filled.organisation.rotate(Recipients.load(tmp_path / "new" / "recipients.txt"), by="person:4")
    assert problems(filled) == ()


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        (lambda p: p.attacker.put(ID, "plan", OTHER), f"{ID}.plan: replaced by something that the log"),
        (lambda p: p.one("sealed", "plan").write_bytes(b"junk"), ".plan: replaced by something that the log"),
        (lambda p: p.attacker.put_back(only=f"{ID}.plan.*"), f"{ID}.plan: rolled back to an older version"),
        (lambda p: p.attacker.put("ef" * 32, "plan", OTHER), f"{'ef' * 32}.plan: not named by the log"),
        (lambda p: [f.unlink() for f in p.files() if f"{ID}.plan" in f.name], f"{ID}.plan: missing"),
        (lambda p: p.one("keys", "plan").unlink(), ".plan: a part is missing"),
        (lambda p: p.attacker.put(ID, "meta", b"{}"), f"{ID}.meta: purged by entry"),
        (lambda p: (p.folder / "vault" / "holds" / f"{ID}.json").unlink(), f"{ID}: its legal holds differ"),
        (lambda p: shutil.rmtree(p.folder / "vault"), f"{'cd' * 32}.plan: missing"),
    ],
    ids=["replaced", "junk", "older", "extra", "missing", "key", "purged", "hold", "emptied"],
)
def test_the_check_says_what_somebody_did_to_the_vault(filled, attack, told):
    attack(filled)
    found = problems(filled)
    assert any(told in problem for problem in found), found


def test_one_item_in_anothers_place_is_told(filled):
    mine, theirs = (next(p for p in filled.files("sealed") if p.name.startswith(i)) for i in (ID, "cd" * 32))
    theirs.write_bytes(mine.read_bytes())
    assert problems(filled) == (f"{'cd' * 32}.plan: replaced by another item.",)


def test_a_log_that_was_put_back_with_its_anchor_is_told_by_the_vault(place):
    """Nothing but the vault remembers here: no check, no anchor elsewhere."""
    place.host.seal(ID, "plan", PLAN, by="service")
    for name in ("trail", "anchor"):
        copied = shutil.copytree if name == "trail" else shutil.copy
        copied(place.folder / name, place.folder / f"old-{name}")
    for number in range(5):
        place.host.seal(ID, "plan", b"%d" % number, by="service", replace=True)
    shutil.rmtree(place.folder / "trail")
    (place.folder / "old-trail").rename(place.folder / "trail")
    (place.folder / "old-anchor").replace(place.folder / "anchor")
    assert any("rolled back to an older state" in problem for problem in problems(place))
    place.trail = Trail.open(place.folder / "trail", key=place.folder / "trail.keys", anchor=place.folder / "anchor")
    place.organisation = place.vault(identities=place.identity("organisation"))
    assert refused(place) == "rolled-back"
