"""The review of an archive run: link, queue, withheld recordings, releases, and what may go wrong between."""

import json
import os
import stat

import pytest
from archive_site import ArchiveSite
from review_site import CANARY, HTML, post, send


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    return ArchiveSite(tmp_path, monkeypatch, capsys)


def view(client, message):
    return client.get(f"/messages/{message}/view.json").json()


def words(shown):
    return {w["text"]: w for w in shown["words"]}


def test_a_withheld_recording_is_corrected_and_released_and_the_next_run_skips_it(site):
    code, err, rows = site.redact()
    assert (code, site.status(rows, "old/msg0002"), site.status(rows, "msg0001")) == (3, "quarantined", "redacted")
    assert "redactor review ARCHIVE --out OUT" in err
    long = site.ids["old/msg0002"]
    assert not site.artefacts("old/msg0002")
    with site.opened() as client:
        queue = client.get("/messages", headers=HTML).text
        assert queue.index(long[:12]) < queue.index(site.ids["msg0001"][:12])
        assert "speech without words" in queue
        page = client.get(f"/messages/{long}", headers=HTML).text
        assert "Speech was heard that was not recognised as words" in page
        assert "No rule is broken" not in page
        assert "no verdict" not in page
        shown = view(client, long)
        assert shown["revealed"]
        lost = next(w for w in shown["words"] if w["label"] == "UNTRANSCRIBED")
        before = [list(i.values()) for i in shown["intervals"]]
        edit = {"kind": "clear", "channel": 0, "start": lost["start"], "end": lost["end"]}
        assert send(client, f"/messages/{long}/edits", {"version": 1, "edits": [edit]}).json() == {"version": 2}
        assert [list(i.values()) for i in view(client, long)["intervals"]] != before
        assert not site.artefacts("old/msg0002")
        answer = post(client, f"/messages/{long}/release", version="2", reason="Heard; it names nobody else.")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"/messages/{site.ids['msg0001']}?released=")
        assert "released" in client.get("/messages?outcome=released", headers=HTML).text
        told = "".join(
            p.read_text(errors="replace") for p in (site.out / ".redactor-review" / "trail").rglob("*") if p.is_file()
        )
        assert "message-released" in told
        assert "names nobody" not in told
    for name in ("old/msg0002", "msg0003"):
        assert set(site.artefacts(name)) == {".wav", ".txt", ".srt", ".vtt", ".json"}
        assert not any(c in site.artefacts(name)[".txt"].read_text() for c in CANARY)
    assert json.loads(site.artefacts("old/msg0002")[".json"].read_text())["id"] == long
    code, err, rows = site.redact()
    assert code == 0
    assert set(rows.values()) == {"skipped"}
    assert "withheld" not in err
    summary = json.loads((site.out / "summary.json").read_text())
    assert (summary["skipped"], summary["quarantined"]) == (3, 0)
