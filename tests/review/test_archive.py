"""The review of an archive run: queue, withheld recordings, releases, edits, and what comes up when."""

import json
from types import SimpleNamespace

import pytest
from archive_site import LONG, REASON, SET, SURE, TWIN, WITHHELD, ArchiveSite, logged, page, view
from review_site import CANARY, CLEAN, HTML, post, send
from sqlalchemy import update

from redactor.errors import Quarantine, TooDoubtful, VerificationHit
from redactor.render.second_reading import ResidualHit
from redactor.review import preparation
from redactor.review.schema import messages


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    return ArchiveSite(tmp_path, monkeypatch, capsys)


@pytest.fixture
def reviewed(site):
    """A run, and its review with the link opened."""
    site.redact()
    with site.opened() as client:
        yield client


def test_a_withheld_recording_is_corrected_and_released_and_the_next_run_skips_it(site):
    code, err, rows = site.redact()
    assert (code, site.status(rows, WITHHELD), site.status(rows, SURE)) == (3, "quarantined", "redacted")
    assert "2 recordings were withheld" in err
    assert "redactor review ARCHIVE --out OUT" in err
    withheld = site.ids[WITHHELD]
    assert not site.artefacts(WITHHELD)
    with site.opened() as client:
        queue = client.get("/messages", headers=HTML).text
        assert queue.index(withheld[:12]) < queue.index(site.ids[SURE][:12])
        assert "speech without words" in queue
        shown = page(client, withheld)
        assert "Speech was heard that was not recognised as words" in shown
        assert "No rule is broken" not in shown  # there is no verdict to give
        words = view(client, withheld)
        assert words["revealed"]
        lost = next(w for w in words["words"] if w["label"] == "UNTRANSCRIBED")
        edit = {"kind": "clear", "channel": 0, "start": lost["start"], "end": lost["end"]}
        assert send(client, f"/messages/{withheld}/edits", {"version": 1, "edits": [edit]}).json() == {"version": 2}
        covered = [i for i in view(client, withheld)["intervals"] if i["start"] < lost["end"] - 0.5 > i["end"]]
        assert not [i for i in covered if i["end"] > lost["start"] + 0.5]
        assert not site.artefacts(WITHHELD)
        answer = post(client, f"/messages/{withheld}/release", version="2", reason=REASON)
        assert answer.headers["location"] == f"/messages/{site.ids[SURE]}?released={withheld}"
        assert "was released." in client.get(answer.headers["location"], headers=HTML).text
        assert withheld[:12] in client.get("/messages?outcome=released", headers=HTML).text
        assert REASON in page(client, withheld)
    told = logged(site)
    assert "message-released" in told
    assert "stretch-uncovered" in told
    assert "names nobody" not in told
    for name in (WITHHELD, TWIN):  # the other file has the same bytes
        assert set(site.artefacts(name)) == SET
        assert not any(c in site.artefacts(name)[".txt"].read_text() for c in CANARY)
    whole, silent = site.samples(site.archive / f"{WITHHELD}.wav"), site.samples(site.artefacts(WITHHELD)[".wav"])
    middle = slice(int((lost["start"] + 0.4) * 8000), int((lost["end"] - 0.4) * 8000))
    assert abs(whole[middle] - silent[middle]).max() < 0.01  # what the person uncovered is audible
    code, err, rows = site.redact()
    assert (code, set(rows.values())) == (0, {"skipped"})
    assert "were withheld" not in err
    summary = json.loads((site.out / "summary.json").read_text())
    assert (summary["skipped"], summary["quarantined"]) == (3, 0)


def test_the_link_works_once_and_nothing_is_shown_without_it(site):
    site.redact()
    with site.review() as client:
        assert client.get("/messages").status_code == 401
        assert client.get("/messages", headers=HTML).headers["location"].startswith("/login")
        assert client.get("/open/" + "x" * 43).status_code == 403
        answer = client.get(client.path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.get("/messages").status_code == 200
        client.cookies.clear()
        assert client.get(client.path).status_code == 403
        assert "used already" in client.get(client.path, headers=HTML).text
        assert client.get("/messages").status_code == 401
    assert logged(site).count("log-in-refused") == 3


def test_other_pages_and_other_hosts_are_refused(site, reviewed):
    message = site.ids[WITHHELD]
    form = {"csrf": reviewed.csrf, "version": "1", "reason": REASON}
    for headers in (
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "elsewhere.example"},
        {"Host": "elsewhere.example:80"},
    ):
        assert reviewed.post(f"/messages/{message}/release", data=form, headers=headers).status_code == 403
    wrong = {**form, "csrf": "0" * 64}
    assert reviewed.post(f"/messages/{message}/release", data=wrong).status_code == 403
    assert reviewed.get("/messages", headers={"Host": "elsewhere.example"}).status_code == 403
    assert not site.artefacts(WITHHELD)


def test_an_edit_of_a_redacted_recording_replaces_its_files(site, reviewed):
    message = site.ids[SURE]
    assert "Withheld" not in page(reviewed, message)
    words = view(reviewed, message)
    assert not words["revealed"]  # only withheld ones open with the original
    before = {suffix: path.read_bytes() for suffix, path in site.artefacts(SURE).items()}
    word = next(w for w in words["words"] if w["text"] == "goodbye")
    edit = {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"]}
    answer = send(reviewed, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).json()
    assert answer["version"] == 2
    assert "holds this version" in answer["note"]
    after = {suffix: path.read_bytes() for suffix, path in site.artefacts(SURE).items()}
    assert set(after) == SET
    assert all(after[suffix] != before[suffix] for suffix in SET)
    assert b"goodbye" not in after[".txt"]
    assert post(reviewed, f"/messages/{message}/done", version="2").status_code == 303
    assert "artefacts-replaced" in logged(site)
    assert "message-done" in logged(site)
    _, _, rows = site.redact()
    assert site.status(rows, SURE) == "skipped"
    assert site.artefacts(SURE)[".txt"].read_bytes() == after[".txt"]


def test_an_untouched_redaction_is_only_marked_as_done(site, reviewed):
    message = site.ids[SURE]
    page(reviewed, message)
    before = {path: path.stat().st_mtime_ns for path in site.artefacts(SURE).values()}
    assert post(reviewed, f"/messages/{message}/done", version="1").status_code == 303
    assert {path: path.stat().st_mtime_ns for path in site.artefacts(SURE).values()} == before
    assert message[:12] in reviewed.get("/messages?state=reviewed", headers=HTML).text


def test_what_cannot_be_released_does_not_come_up_until_somebody_asks(site, reviewed):
    message = site.ids[WITHHELD]
    page(reviewed, message)
    assert post(reviewed, f"/messages/{message}/refusal", reason=" ").status_code == 422
    assert post(reviewed, f"/messages/{message}/refusal", reason="Two patients at once").status_code == 303
    assert post(reviewed, f"/messages/{site.ids[SURE]}/done", version="1").status_code in (303, 409)
    page(reviewed, site.ids[SURE])
    post(reviewed, f"/messages/{site.ids[SURE]}/done", version="1")
    assert post(reviewed, "/messages/next").headers["location"] == "/messages?none=1"
    assert "Nothing is left to do" in reviewed.get("/messages?none=1", headers=HTML).text
    assert "Cannot be released" in page(reviewed, message)
    assert "release-refused" in logged(site)
    post(reviewed, f"/messages/{message}/reopen")
    assert post(reviewed, "/messages/next").headers["location"] == f"/messages/{message}"
    assert not site.artefacts(WITHHELD)


def test_a_release_needs_a_reason_and_the_version_that_was_heard(site, reviewed):
    message = site.ids[WITHHELD]
    page(reviewed, message)
    answer = post(reviewed, f"/messages/{message}/release", version="1", reason="  ok ")
    assert answer.status_code == 422
    assert "why it may be released" in answer.text
    assert post(reviewed, f"/messages/{message}/release", version="7", reason=REASON).status_code == 409
    assert post(reviewed, f"/messages/{message}/release", version="x", reason=REASON).status_code == 422
    assert not site.artefacts(WITHHELD)
    assert post(reviewed, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
    again = post(reviewed, f"/messages/{message}/release", version="1", reason=REASON)
    assert again.status_code == 409


def test_doubtful_words_are_covered_in_the_draft_of_a_recording_that_was_withheld_for_them(site, monkeypatch):
    site.add(
        "msg0004", 9, "hi this is Rowan please call about Brunsvald soon thank you", confidences={"Brunsvald": 0.1}
    )
    site.redact()
    prepare = preparation.Preparation.prepare

    def withheld(self, message):
        values = {"outcome": "withheld", "reason": TooDoubtful.reason}
        with self._versions.store.engine.begin() as c:
            c.execute(update(messages).where(messages.c.id == site.ids["msg0004"]).values(**values))
        prepare(self, message)

    monkeypatch.setattr(preparation.Preparation, "prepare", withheld)
    with site.opened() as client:
        assert "may be misheard" in page(client, site.ids["msg0004"])
        words = {w["text"]: w["label"] for w in view(client, site.ids["msg0004"])["words"]}
        assert words["Brunsvald"] == "UNTRANSCRIBED"
        assert words["thank"] == ""


def test_what_was_heard_again_is_covered_in_the_draft(site, monkeypatch):
    """A recording that the second reading withheld: its draft covers what it heard."""
    site.redact()
    heard = ResidualHit("fresh", "PERSON", 0, 1.0, 1.6, 0.6, 0.9)
    asked = []

    def again(_self, _output, plan, *_):
        asked.append(plan.id)
        return [heard] if asked.count(plan.id) == 1 else []

    prepare = preparation.Preparation.prepare

    def with_second(self, message):
        self.pipeline.verify_with = SimpleNamespace(info=SimpleNamespace(stamp=()))
        row = self._versions.store.find(message)
        if row["outcome"] == "redacted":  # as if the run had withheld it
            values = {"outcome": "withheld", "reason": VerificationHit.reason}
            with self._versions.store.engine.begin() as c:
                c.execute(update(messages).where(messages.c.id == message).values(**values))
        prepare(self, message)

    monkeypatch.setattr("redactor.verification.Verification.again", again)
    monkeypatch.setattr(preparation.Preparation, "prepare", with_second)
    with site.opened() as client:
        assert "still heard when the redacted audio was recognised again" in page(client, site.ids[SURE])
        assert any(i["start"] <= 1.0 and i["end"] >= 1.6 for i in view(client, site.ids[SURE])["intervals"])


def test_a_page_does_not_wait_for_ever(site, monkeypatch):
    site.redact()
    monkeypatch.setattr("redactor.review.routes.message.PATIENCE", 0.05)
    monkeypatch.setattr(preparation.Preparation, "prepare", lambda *_: None)
    with site.opened() as client:
        answer = client.get(f"/messages/{site.ids[SURE]}", headers=HTML)
        assert answer.status_code == 200
        assert "is being recognised" in answer.text
        assert 'http-equiv="refresh"' in answer.text


def test_a_recording_that_was_hardly_understood_opens_covered(site):
    site.add("msg0009", 9, LONG)
    words = site.words / "msg0009.json"
    doc = json.loads(words.read_text())
    doc["segments"][0]["words"] = []
    doc["segments"][0]["text"] = doc["text"] = ""
    words.write_text(json.dumps(doc))
    _, _, rows = site.redact()
    message = site.ids["msg0009"]
    assert site.status(rows, "msg0009") == "quarantined"
    with site.opened() as client:
        assert "Most of it was not understood" in page(client, message)
        shown = view(client, message)
        (whole,) = shown["intervals"]
        assert (whole["start"], whole["end"]) == (0.0, shown["duration"])
        edit = {"kind": "clear", "channel": 0, "start": 0.0, "end": 1.0}
        assert send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).json() == {"version": 2}
        (rest,) = view(client, message)["intervals"]
        assert 0.5 < rest["start"] <= 1.01
        assert post(client, f"/messages/{message}/release", version="2", reason=REASON).status_code == 303
    assert set(site.artefacts("msg0009")) == SET
    assert Quarantine.exit_code == 3


def test_the_most_doubtful_redaction_comes_first(site):
    site.add("msg0004", 4, CLEAN)
    site.redact()
    path = site.artefacts("msg0004")[".json"]
    path.write_text(json.dumps({**json.loads(path.read_text()), "doubt": {"probability": 0.42, "stretches": []}}))
    with site.opened() as client:
        queue = client.get("/messages", headers=HTML).text
        order = [queue.index(site.ids[name][:12]) for name in (WITHHELD, "msg0004", SURE)]
        assert order == sorted(order)
        assert "42 %" in queue


def test_the_redacted_version_of_a_withheld_recording_can_be_heard(site, reviewed):
    message = site.ids[WITHHELD]
    assert "Original audio and words" in page(reviewed, message)
    answer = post(reviewed, f"/messages/{message}/original/end")
    shown = reviewed.get(answer.headers["location"], headers=HTML).text
    assert "Redacted audio and words" in shown
    assert not view(reviewed, message)["revealed"]
    assert reviewed.get(f"/messages/{message}/original.wav").status_code == 403


@pytest.mark.parametrize("names", ["id", "keep"])
def test_a_release_has_the_name_that_the_run_would_have_given(site, names):
    site.redact("--names", names)
    message = site.ids[WITHHELD]
    with site.opened() as client:
        page(client, message)
        assert post(client, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
    found = [p for p in site.out.rglob("*.redacted.json") if ".redactor-review" not in p.parts]
    assert sum(p.name.startswith(message if names == "id" else "msg000") for p in found) >= 2
    code, _, rows = site.redact("--names", names)
    assert (code, set(rows.values())) == (0, {"skipped"})
