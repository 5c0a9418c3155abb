"""A privacy officer sees every stretch that somebody un-bleeped, with who and when; and a plan that somebody else
sealed uncovers nothing.
"""

import json
import secrets
from dataclasses import asdict, replace
from hashlib import sha256

import pytest
from review_site import CANARY, HTML, SAID, post, send

from redactor.audit_log import newest
from redactor.errors import RedactorError
from redactor.policy import Edit, edited, uncovered
from redactor.review.plan_codec import pack, unpack
from redactor.vault import SealedItem, age


def stretches(site, message):
    found = newest(site.trail.folder, kind="stretch-uncovered", limit=1000).entries
    return [e for e in reversed(found) if e["message"] == message]


def test_every_stretch_that_was_uncovered_is_told_with_who_and_when(site):
    message = site.add(61, SAID)
    client = site.client("ray")
    view = client.get(f"/messages/{message}/view.json").json()
    drug = next(w for w in view["words"] if w["label"] == "MEDICATION")
    post(client, f"/messages/{message}/original", reason="to see whether this is a drug")
    edit = {"kind": "uncover", "channel": 0, "first": drug["first"], "last": drug["last"]}
    assert send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).status_code == 200
    (told,) = stretches(site, message)
    assert (told["by"], told["version"], told["channel"], told["labels"]) == (
        f"person:{site.person('ray')}",
        2,
        0,
        "MEDICATION",
    )
    plan, _ = unpack(site.vault.open(message, "plan", by="service", reason="test"))
    word = plan.speech.transcripts[0].words[drug["first"]]
    assert told["start_ms"] <= word.start * 1000
    assert told["end_ms"] >= word.end * 1000 - 1

    # Covering uncovers nothing; taking a cover back does.
    practice = next(w for w in view["words"] if w["text"] == "practice")
    cover = {"kind": "cover", "channel": 0, "first": practice["first"], "last": practice["last"]}
    assert send(client, f"/messages/{message}/edits", {"version": 2, "edits": [cover]}).status_code == 200
    assert len(stretches(site, message)) == 1
    assert send(client, f"/messages/{message}/edits", {"version": 3, "undo": True}).status_code == 200
    back = stretches(site, message)[1]
    assert (back["version"], back["labels"]) == (4, "REDACTED")
    edits = [e for e in newest(site.trail.folder, kind="redaction-edited", limit=10).entries if e["message"] == message]
    assert [e["uncovered"] for e in edits] == [1, 0, 1]

    page = site.client("ada").get("/trail?kind=stretch-uncovered", headers=HTML).text
    assert f">{told['start_ms']}<" in page
    assert "MEDICATION" in page
    assert "metformin" not in page
    assert not any(word in site.events() for word in (*CANARY, "practice"))


def test_an_edit_that_an_earlier_version_told_of_is_still_shown():
    from redactor.review.routes.trail import shown

    old = {
        "n": 7,
        "t": "2026-11-26T21:26:51.123456Z",
        "event": "redaction-edited",
        "by": "person:3",
        "message": "ab" * 32,
        "version": 2,
        "mac": "00",
    }
    assert shown(old).fields == (("message", "ab" * 32), ("version", 2), ("uncovered", -1))


def test_what_two_versions_of_a_plan_do_not_both_cover(site):
    message = site.add(62, SAID)
    plan, _ = unpack(site.vault.open(message, "plan", by="service", reason="test"))
    policy = site.pipeline.policy
    whole, words = edited(plan, [], policy), plan.speech.transcripts[0].words
    assert uncovered(whole, whole) == ()
    bare = edited(plan, [Edit("uncover", 0, 0, len(words))], policy)
    opened = uncovered(whole, bare)
    for interval in whole.intervals:
        assert any(o.start <= interval.start and interval.end <= o.end for o in opened)
    assert {label for o in opened for label in o.labels} == {label for c in whole.covers for label in c.labels}
    assert uncovered(bare, whole) == ()
    # Half a bleep, and a word whose sound stays bleeped while its text can be read.
    first = whole.intervals[0]
    middle = (first.start + first.end) / 2
    shorter = replace(whole, intervals=(replace(first, end=middle), *whole.intervals[1:]))
    assert [(o.start, o.end) for o in uncovered(whole, shorter)] == [(middle, first.end)]
    cover = whole.covers[0]
    assert len(uncovered(whole, replace(whole, covers=whole.covers[1:]))) == 1
    assert uncovered(whole, replace(whole, covers=whole.covers[1:]))[0].labels == cover.labels


def test_a_plan_that_was_sealed_with_the_public_keys_publishes_nothing(site):
    """The attack: a plan that covers nothing in the vault, and a reviewer who changes something else and never opens
    the original.
    """
    message = site.add(63, SAID)
    row = site.store.find(message)
    plan, suffix = unpack(site.vault.open(message, "plan", by="service", reason="test"))
    forged = pack(replace(plan, covers=(), intervals=(), decisions=()), suffix=suffix)
    root = site.vault.folder
    record = root / "records" / message[:2] / f"{message}.plan.json"
    part = secrets.token_hex(4)
    sealed, key = age.seal(f"{message}.plan", forged, site.vault._recipients)
    digest = sha256(sealed).hexdigest()
    item = replace(
        SealedItem(**{n: v for n, v in json.loads(record.read_bytes()).items() if n != "schema"}),
        size=len(forged),
        sha256=digest,
        part=part,
    )
    told = {name: value for name, value in asdict(item).items() if name != "entry"}
    for path in [*root.rglob(f"{message}.plan.*.age")]:
        path.unlink()
    (root / "sealed" / message[:2] / f"{message}.plan.{part}.age").write_bytes(sealed)
    (root / "keys" / message[:2] / f"{message}.plan.{part}.age").write_bytes(key)
    record.write_text(json.dumps({"schema": "redactor-vault/1", **told}))
    with pytest.raises(RedactorError):
        site.versions.edit(message, 1, [Edit("region", 0, start=0.05, end=0.1)], by="person:1", reason="edit")
    assert site.store.find(message) == row
    text = site.version_store.artefact(message, row["folder"], "text")[0].decode()
    assert not any(word in text for word in CANARY)
    mismatch = newest(site.trail.folder, kind="vault-mismatch", limit=1).entries[0]
    assert (mismatch["message"], mismatch["item"], mismatch["why"]) == (message, "plan", "replaced")


def test_a_plan_of_another_recording_is_refused_though_the_host_sealed_it(site):
    message, other = site.add(64, SAID), site.add(65, SAID)
    theirs = site.vault.open(other, "plan", by="service", reason="test")
    site.vault.seal(message, "plan", theirs, by="service", replace=True)
    with pytest.raises(RedactorError, match="another recording"):
        site.versions.edit(message, 1, [Edit("region", 0, start=0.05, end=0.1)], by="person:1", reason="edit")
