"""What the message page asks of the server: doubtful stretches, words alike, reasons, undo and redo, plain words."""

import json
from dataclasses import replace

import pytest
from review_site import CANARY, SAID, post, recording, send

from redactor.compliance import load_rules
from redactor.policy import Edit
from redactor.review.edit_history import EditHistory
from redactor.review.plan_codec import unpack
from redactor.review.repository import Stale
from redactor.review.view import doubts, similar_in
from redactor.review.wording import CHOICES, LABEL_NAMES, in_words
from redactor.types import LABELS, Cover, Transcript

REASON = "it is the patient's sister Whitlock"


def view_of(client, message):
    return client.get(f"/messages/{message}/view.json").json()


def covering(view, text, **more):
    word = next(w for w in view["words"] if w["text"] == text)
    return {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"], **more}


def save(client, message, version, *edits, **step):
    return send(client, f"/messages/{message}/edits", {"version": version, "edits": list(edits), **step})


# --- doubtful stretches


@pytest.fixture(scope="module")
def plan(site):
    message = site.add(1, SAID)
    return unpack(site.vault.open(message, "plan", by="service", reason="test"))[0]


def unsure(plan, confidences, *, covers=()):
    """The plan with these confidences: number of a word → confidence; words 0.1 s apart, each 0.4 s long."""
    words = tuple(
        replace(w, confidence=confidences.get(i, 0.9), start=0.5 * i, end=0.5 * i + 0.4)
        for i, w in enumerate(plan.speech.transcripts[0].words)
    )
    said = replace(plan.speech, transcripts=(replace(plan.speech.transcripts[0], words=words),))
    return replace(plan, speech=said, covers=tuple(Cover(0, i, i + 1, 0, 0, "PERSON", ("PERSON",)) for i in covers))


@pytest.mark.parametrize(
    ("confidences", "covers", "doubtful"),
    [
        ({}, (), ()),
        ({3: 0.8}, (), ()),
        ({3: 0.2}, (), (3,)),
        ({3: 0.2, 4: 0.3}, (), (3, 4)),
        ({3: 0.2, 6: 0.2}, (), (3, 6)),
        ({3: 0.2, 4: 0.2}, (4,), (3,)),
        ({3: 0.2}, (3,), ()),
    ],
)
def test_doubtful_stretches(plan, confidences, covers, doubtful):
    found = doubts(unsure(plan, confidences, covers=covers))
    inside = {i for d in found for i in range(d["first"], d["last"])}
    assert set(doubtful) <= inside
    assert not inside & set(covers)
    assert bool(found) is bool(doubtful) or covers  # beside what is covered, a word needs less
    assert all((d["start"], d["end"]) == (0.5 * d["first"], pytest.approx(0.5 * d["last"] - 0.1)) for d in found)


def test_a_short_pause_does_not_end_a_doubtful_stretch(plan):
    given = unsure(plan, {3: 0.2, 5: 0.2})
    (transcript,) = given.speech.transcripts
    words = tuple(replace(w, start=1.9, end=2.1) if i == 4 else w for i, w in enumerate(transcript.words))
    words = tuple(replace(w, start=2.15, end=2.5) if i == 5 else w for i, w in enumerate(words))
    near = replace(given, speech=replace(given.speech, transcripts=(replace(transcript, words=words),)))
    assert doubts(near)[0]["first"] == 3
    assert doubts(near)[0]["last"] >= 6
    # Two sides of a call are listened to apart.
    other = Transcript(1, transcript.text, words)
    both = replace(near, speech=replace(near.speech, transcripts=(near.speech.transcripts[0], other)))
    assert {d["channel"] for d in doubts(both)} == {0, 1}


def test_the_view_holds_confidences_of_kept_words_only(site):
    view = view_of(site.client("ray"), site.add(2, SAID))
    assert {w["confidence"] for w in view["words"] if w["label"]} == {None}
    assert {w["confidence"] for w in view["words"] if not w["label"]} == {0.9}
    assert view["doubts"] == []


def test_a_view_of_an_earlier_version_has_no_doubts(site):
    message = site.add(3, SAID)
    path = site.version_store.place(message, site.store.find(message)["folder"]) / "view.json"
    with path.parent.opened() as folder:
        import os

        content = json.loads(site.version_store.read(path))
        del content["doubts"]
        os.unlink("view.json", dir_fd=folder)
        held = os.open("view.json", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=folder)
        os.write(held, json.dumps(content).encode())
        os.close(held)
    assert view_of(site.client("ray"), message)["doubts"] == []


# --- more like this


def test_words_alike_are_found_among_the_kept_ones_only(site):
    said = "hi this is Rowan about Larkfeld please ask for Larkfield or call Larkfield thank you"
    message = site.add(4, said)
    client = site.client("ray")
    view = view_of(client, message)
    word = next(w for w in view["words"] if w["text"] == "Larkfield")
    body = {"channel": 0, "first": word["first"], "last": word["last"]}
    found = send(client, f"/messages/{message}/similar", body).json()["similar"]
    assert [(f["first"], f["same"]) for f in found] == [(5, False), (12, True)]
    assert all(set(f) == {"channel", "first", "last", "start", "end", "same"} for f in found)
    # What is covered is not found, and not searched for.
    assert save(client, message, 1, *[{"kind": "cover", "channel": 0, "first": 12, "last": 13}]).status_code == 200
    found = send(client, f"/messages/{message}/similar", body).json()["similar"]
    assert [f["first"] for f in found] == [5]
    hidden = next(w for w in view["words"] if w["label"])
    body = {"channel": 0, "first": hidden["first"], "last": hidden["last"]}
    assert send(client, f"/messages/{message}/similar", body).json() == {"similar": []}


def test_a_cover_separates_the_words_beside_it():
    def word(i, text, label="", channel=0):
        given = {"channel": channel, "first": i, "last": i + 1, "start": i, "end": i + 0.5, "label": label}
        return {**given, "text": text, "confidence": None if label else 0.9}

    words = [word(0, "Bruns"), word(1, "[PERSON]", "PERSON"), word(2, "Vold"), word(3, "Brunsvold")]
    found = similar_in(words, channel=0, first=3, last=4)
    assert not [f for f in found if f["first"] <= 1 < f["last"]]
    words = [word(3, "Brunsvold"), word(0, "Brunsvold", channel=1)]
    assert [f["channel"] for f in similar_in(words, channel=0, first=3, last=4)] == [1]


@pytest.mark.parametrize(
    "body",
    [{}, {"channel": 0, "first": 1}, {"channel": 0, "first": -1, "last": 2}, {"channel": 0, "first": True, "last": 2}],
)
def test_odd_searches_are_refused(site, body):
    assert send(site.client("ray"), f"/messages/{site.add(2, SAID)}/similar", body).status_code == 422


# --- label and reason


def test_label_and_reason_of_a_redaction_are_kept_and_the_reason_is_sealed(site):
    message = site.add(10, SAID)
    client = site.client("ray")
    edit = covering(view_of(client, message), "practice", label="ORGANIZATION", reason=f"  {REASON} ")
    region = {"kind": "region", "channel": 0, "start": 0.0, "end": 0.1, "label": "LOCATION"}
    assert save(client, message, 1, edit, region).status_code == 200
    view = view_of(client, message)
    assert "[ORGANIZATION]" in [w["text"] for w in view["words"]]
    assert ["LOCATION"] in [i["labels"] for i in view["intervals"]]
    assert [(e["label"], e["reason"], e["own"]) for e in view["edits"]] == [
        ("ORGANIZATION", REASON, True),
        ("LOCATION", "", True),
    ]
    stored = site.store.edits(message, 2)
    assert stored[0].note
    assert "note" not in repr(stored[0])
    assert not stored[1].note
    for path in site.folder.rglob("*"):
        if path.is_file():
            assert b"sister" not in path.read_bytes()
    # Nobody reads another's reason before their own review.
    other = site.client("rita")
    first = view_of(other, message)["edits"][0]
    assert (first["label"], first["reason"], first["own"]) == (
        "ORGANIZATION",
        "",
        False,
    )
    assert site.client("olive").get(f"/messages/{message}/view.json").json()["edits"] == []
    for f in site.store.findings(message):
        if f["verdict"] == "findings":
            site.reviews.decide(message, site.person("rita"), finding=f["number"], rule=f["rule"], decision="accept")
    site.reviews.give(message, site.person("rita"), version=2, verdict="findings")
    assert view_of(other, message)["edits"][0]["reason"] == REASON


@pytest.mark.parametrize("more", [{"reason": 1}, {"reason": "x" * 301}, {"label": "NOBODY"}, {"label": None}])
def test_odd_labels_and_reasons_are_refused(site, more):
    message = site.add(2, SAID)
    edit = {"kind": "cover", "channel": 0, "first": 0, "last": 1, **more}
    assert save(site.client("ray"), message, 1, edit).status_code == 422


def test_the_page_names_every_label(site):
    assert len(CHOICES) == 9
    assert set(CHOICES) <= set(LABEL_NAMES) < LABELS
    page = site.client("ray").get(f"/messages/{site.add(2, SAID)}").text
    assert all(name in page for name in LABEL_NAMES.values())


# --- undo and redo


def test_ones_own_edit_is_undone_and_redone_without_the_original(site):
    message = site.add(20, SAID)
    client, other = site.client("ray"), site.client("rita")
    edit = covering(view_of(client, message), "practice")
    assert not view_of(client, message)["undo"]
    assert save(client, message, 1, edit, covering(view_of(client, message), "message")).status_code == 200
    assert [view_of(c, message)["undo"] for c in (client, other)] == [True, False]
    refused = save(other, message, 2, undo=True)
    assert (refused.status_code, refused.json()) == (403, {"error": "hear-it-first"})
    # One save is one step, whatever it held.
    assert save(client, message, 2, undo=True).json() == {"version": 3}
    view = view_of(client, message)
    assert {"practice", "message"} <= {w["text"] for w in view["words"]}
    assert (view["undo"], view["redo"]) == (False, True)
    assert not view_of(other, message)["redo"]
    assert save(other, message, 3, redo=True).status_code == 403
    assert save(client, message, 3, redo=True).json() == {"version": 4}
    view = view_of(client, message)
    assert not {"practice", "message"} & {w["text"] for w in view["words"]}
    assert (view["undo"], view["redo"]) == (True, False)
    assert save(client, message, 4, redo=True).status_code in (403, 422)
    assert save(client, message, 3, undo=True).status_code == 409
    # Somebody else who has heard it undoes it all the same.
    post(other, f"/messages/{message}/original", reason="to see whether this is harmless")
    assert view_of(other, message)["undo"]
    assert save(other, message, 4, undo=True).json() == {"version": 5}
    # The audit log holds what each of them uncovered.
    assert site.events().count('"stretch-uncovered"') >= 2


def test_an_edit_and_an_undo_at_once_are_refused(site):
    message = site.add(2, SAID)
    edit = {"kind": "region", "channel": 0, "start": 0.0, "end": 0.1}
    assert save(site.client("ray"), message, 1, edit, undo=True).status_code == 422
    assert save(site.client("ray"), message, 1, undo=True, redo=True).status_code == 422


def rows(*edits):
    return [
        {"version": n, "by": by, "edits": tuple(Edit("region", 0, start=ord(e), end=ord(e) + 1) for e in letters)}
        for n, (by, letters) in enumerate(edits, 1)
    ]


def test_the_history_is_replayed_as_a_stack():
    steps = [("s", ""), ("a", "x"), ("b", "xy"), ("b", "x"), ("a", ""), ("c", "x")]
    expected = [(1, None, None), (2, 1, None), (3, 2, None), (2, 1, 3), (1, None, 2), (2, 1, 3)]
    for n, (current, undo, redo) in enumerate(expected, 1):
        history = EditHistory.of(rows(*steps[:n]), n)
        assert history.current["version"] == current
        assert [row and row["version"] for row in (history.undo, history.redo)] == [undo, redo]
    # The first author counts, not who brought an edit back.
    assert history.is_own("undo", "a")
    assert not history.is_own("undo", "c")
    assert history.is_own("redo", "b")
    # A new edit ends what could be redone.
    history = EditHistory.of(rows(*steps, ("a", "xz")), 7)
    assert history.redo is None
    assert not history.is_own("redo", "a")
    with pytest.raises(ValueError, match="redo"):
        history.edits("redo")
    with pytest.raises(Stale):
        EditHistory.of(rows(*steps), 5)


# --- findings in plain words


def test_findings_are_said_plainly_and_without_words_of_the_message(site):
    message = site.add(30, SAID)
    said = {f["rule"]: in_words(f) for f in site.store.findings(message)}
    assert said["V02"][0] == "A drug is named"
    assert said["V02"][1].startswith("It is not known whether")
    page = site.client("ray").get(f"/messages/{message}").text
    assert "A drug is named" in page
    assert not any(c in page for c in CANARY)


@pytest.mark.parametrize(
    ("rule", "why", "expected"),
    [
        ("V02", "A medication or dose is mentioned.", ("A drug is named", "")),
        (
            "V02",
            "A medication or dose is mentioned. No consent covers it.",
            ("A drug is named", "No consent covers it."),
        ),
        (
            "V07",
            "The practice's name reveals a specialty and is not listed.",
            ("The practice's name reveals a specialty and is not listed", ""),
        ),
        ("V14", "No callback number is given.", ("No callback number is given", "")),
    ],
)
def test_plain_words(rule, why, expected):
    assert in_words({"rule": rule, "why": why}) == expected


def test_every_rule_about_content_has_plain_words():
    assert {f"V{n:02d}" for n in range(1, 21)} == set(load_rules().rules)
    for n in (*range(1, 14), 16):
        assert in_words({"rule": f"V{n:02d}", "why": "It is mentioned."})[0] != "It is mentioned"


def test_two_sides_keep_their_channels(site):
    view = view_of(site.client("ray"), site.add(31, SAID, channels=2))
    assert len(view["peaks"]) == 2
    assert {i["channel"] for i in view["intervals"]} == {0, 1}


def test_the_waveform_has_columns_for_being_enlarged(site):
    view = view_of(site.client("ray"), site.add(2, SAID))
    assert len(view["peaks"][0]) == 1200
    data, _ = recording(7, " ".join([SAID] * 8))
    assert data
    long = view_of(site.client("ray"), site.add(7, " ".join([SAID] * 8)))
    assert len(long["peaks"][0]) == round(40 * long["duration"]) > 1200
