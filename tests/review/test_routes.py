"""Who gets what: every route without and with the wrong role, nothing of speech or names where it may not be, edits,
reviews, exports.
"""

import csv
import io

import pytest
from fastapi.routing import APIRoute
from review_site import CANARY, CLEAN, HTML, SAID, judged, post, send
from sqlalchemy import delete

from redactor.review.schema import claims

NUMBER = "0" * 32
EVIL = '"><img src=x onerror=alert(1)>555-0142.wav'
GET = {
    "/": "message.list",
    "/messages": "message.list",
    "/withheld/1": "message.list",
    "/messages/{id}": "message.hear_redacted",
    "/messages/{id}/view.json": "message.hear_redacted",
    "/messages/{id}/audio": "message.hear_redacted",
    "/messages/{id}/files/text": "message.hear_redacted",
    "/messages/{id}/original.wav": "message.hear_original",
    "/everywhere/{number}": "redaction.edit_many",
    "/samples": "sample.draw",
    "/disputes": "adjudicate",
    "/messages/{id}/adjudication": "adjudicate",
    "/dashboard": "report.read",
    "/export/messages.csv": "export",
    "/export/judgments.csv": "export",
    "/trail": "trail.read",
}
POST = {
    "/messages/filter": "message.list",
    "/messages/next": "finding.decide",
    "/messages/{id}/claim": "message.hear_redacted",
    "/messages/{id}/claim/end": "message.hear_redacted",
    "/messages/{id}/claim/over": "claim.take_over",
    "/messages/{id}/everywhere": "redaction.edit_many",
    "/everywhere": "redaction.edit_many",
    "/everywhere/{number}/continue": "redaction.edit_many",
    "/messages/{id}/edits": "redaction.edit",
    "/messages/{id}/similar": "redaction.edit",
    "/messages/{id}/decisions": "finding.decide",
    "/messages/{id}/review": "finding.decide",
    "/messages/{id}/original": "message.hear_original",
    "/messages/{id}/original/end": "message.hear_original",
    "/messages/{id}/release": "message.release",
    "/messages/{id}/refusal": "message.release",
    "/messages/{id}/done": "redaction.edit",
    "/messages/{id}/reopen": "redaction.edit",
    "/samples": "sample.draw",
    "/messages/{id}/adjudication": "adjudicate",
}
WITHOUT = {
    "message.hear_redacted": "ada",
    "message.hear_original": "olive",
    "redaction.edit": "olive",
    "redaction.edit_many": "ray",
    "claim.take_over": "ray",
    "message.release": "olive",
    "finding.decide": "olive",
    "sample.draw": "ray",
    "adjudicate": "ray",
    "report.read": "olive",
    "export": "ray",
    "trail.read": "lee",
}
"""Somebody who lacks each permission."""


@pytest.fixture(scope="module")
def dirty(site):
    return site.add(1, SAID, name=EVIL)


@pytest.fixture(scope="module")
def clean(site):
    return site.add(2, CLEAN, name="b.wav")


def test_every_route_is_in_these_tables(site):
    """A new route must be put here, or nobody checks who may use it."""
    flat = []

    def walk(routes):
        for route in routes:
            if isinstance(route, APIRoute):
                flat.append(route)
            elif hasattr(route, "original_router"):
                walk(route.original_router.routes)

    walk(site.app.routes)
    ours = {
        (m, r.path)
        for r in flat
        for m in r.methods
        if m in ("GET", "POST") and not r.path.startswith(("/log", "/account", "/emergency", "/static"))
    }
    named = {("GET", p) for p in GET} | {("POST", p) for p in POST}
    plain = {
        (
            m,
            p.replace("{id}", "{message}")
            .replace("files/text", "files/{kind}")
            .replace("messages.csv", "{what}.csv")
            .replace("withheld/1", "withheld/{number}"),
        )
        for m, p in named
        if "judgments" not in p
    }
    assert ours == plain


@pytest.mark.parametrize("path", GET)
def test_nobody_gets_a_page_without_logging_in(site, dirty, path):
    client, path = site.client(), path.format(id=dirty, number=NUMBER)
    assert client.get(path).status_code == 401
    led = client.get(path, headers=HTML)
    assert (led.status_code, led.headers["location"].startswith("/login")) == (303, True)
    assert not any(c in led.text for c in CANARY)


@pytest.mark.parametrize("path", POST)
def test_nobody_changes_anything_without_logging_in(site, dirty, path):
    assert site.client().post(path.format(id=dirty, number=NUMBER), json={}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    # Every role may list messages.
    [(m, *i) for m, table in (("GET", GET), ("POST", POST)) for i in table.items() if i[1] in WITHOUT],
)
def test_the_wrong_role_is_refused(site, dirty, method, path, permission):
    client = site.client(WITHOUT[permission])
    answer = client.request(method, path.format(id=dirty, number=NUMBER), headers={"X-CSRF-Token": client.csrf, **HTML})
    assert answer.status_code == 403
    assert not any(c in answer.text for c in CANARY)


@pytest.mark.parametrize("path", POST)
def test_a_change_without_the_sessions_token_is_refused(site, dirty, path):
    client = site.client("lee")
    assert client.post(path.format(id=dirty, number=NUMBER), json={}).status_code == 403
    assert client.post(path.format(id=dirty, number=NUMBER), data={"csrf": "wrong"}).status_code == 403
    crossed = {"X-CSRF-Token": client.csrf, "Origin": "https://elsewhere.example"}
    assert client.post(path.format(id=dirty, number=NUMBER), json={}, headers=crossed).status_code == 403


@pytest.mark.parametrize(
    "path", [p for p in GET if not any(w in p for w in ("original", "adjudication", "everywhere"))]
)
def test_pages_hold_nothing_that_is_covered(site, dirty, clean, path):
    answer = site.client("ada" if path == "/trail" else "lee").get(path.format(id=dirty, number=NUMBER), headers=HTML)
    assert answer.status_code in (200, 303) or (path, answer.status_code) == ("/withheld/1", 404)  # there is no job
    assert not any(c.encode() in answer.content for c in CANARY)
    assert b"onerror" not in answer.content
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "no-store" in answer.headers["cache-control"]
    assert b"<script>" not in answer.content
    assert b" style=" not in answer.content


@pytest.mark.parametrize(
    "bad", ["0" * 63, "../" * 8 + "etc/passwd", "%2e%2e%2fetc%2fpasswd", "A" * 64, "0" * 64, "x' or 1=1--"]
)
def test_what_is_no_message_is_not_found(site, bad):
    client = site.client("lee")
    for rest in ("", "/view.json", "/audio", "/files/json"):
        answer = client.get(f"/messages/{bad}{rest}", headers=HTML)
        assert answer.status_code == 404
        assert "passwd" not in answer.text
    assert client.get("/static/..%2fapp.py").status_code == 404
    assert client.get(f"/messages/{'0' * 64}/files/..%2f..%2fkey").status_code == 404


def test_leave_to_hear_needs_a_reason_and_leaves_a_mark_in_the_trail(site, dirty):
    client = site.client("ray")
    assert client.get(f"/messages/{dirty}/original.wav").status_code == 403
    assert post(client, f"/messages/{dirty}/original", reason="  ").status_code == 422
    reason = "patient Whitlock asked what was said"
    before = site.events()
    assert post(client, f"/messages/{dirty}/original", reason=reason).status_code == 303
    told = site.events()[len(before) :]
    assert "original-heard" in told
    assert "words-read" in told
    assert "Whitlock" not in told
    page, view = client.get(f"/messages/{dirty}").text, client.get(f"/messages/{dirty}/view.json").json()
    assert "&lt;img" in page  # the file's name, escaped
    assert "<img" not in page
    assert view["revealed"]
    assert {"Dana", "Whitlock", "metformin"} <= {w["text"] for w in view["words"]}
    sound = client.get(f"/messages/{dirty}/original.wav", headers={"Range": "bytes=0-3"})
    assert (sound.status_code, sound.content) == (206, b"RIFF")
    # Nobody else gains by it.
    other = site.client("lee").get(f"/messages/{dirty}/view.json").text
    assert not any(c in other for c in CANARY)
    assert post(client, f"/messages/{dirty}/original/end").status_code == 303
    assert not client.get(f"/messages/{dirty}/view.json").json()["revealed"]
    assert client.get(f"/messages/{dirty}/original.wav").status_code == 403


def test_ranges(site, dirty):
    client = site.client("olive")
    whole = client.get(f"/messages/{dirty}/audio")
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "audio/wav"
    n = len(whole.content)
    for asked, part in (("bytes=0-9", slice(0, 10)), ("bytes=10-", slice(10, None)), ("bytes=-5", slice(n - 5, None))):
        got = client.get(f"/messages/{dirty}/audio", headers={"Range": asked})
        assert (got.status_code, got.content) == (206, whole.content[part])
    assert client.get(f"/messages/{dirty}/audio", headers={"Range": f"bytes={n}-"}).status_code == 416
    assert client.get(f"/messages/{dirty}/audio", headers={"Range": "bytes=9-1"}).status_code == 416


def test_an_edit_renders_every_artefact_anew_and_a_stale_one_changes_nothing(site):
    message = site.add(31, SAID)
    client = site.client("ray")
    view = client.get(f"/messages/{message}/view.json").json()
    word = next(w for w in view["words"] if w["text"] == "practice")
    before = {k: client.get(f"/messages/{message}/files/{k}").content for k in ("text", "srt", "vtt", "json", "audio")}
    edit = {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"]}
    assert send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).json() == {"version": 2}
    after = {k: client.get(f"/messages/{message}/files/{k}").content for k in before}
    for kind, content in after.items():
        assert content != before[kind], kind
        assert b"practice" not in content
    assert "redaction-edited" in site.events()
    late = send(site.client("rita"), f"/messages/{message}/edits", {"version": 1, "edits": [edit]})
    assert (late.status_code, late.json()) == (409, {"error": "stale"})
    assert site.store.find(message)["version"] == 2
    assert [v["version"] for v in site.store.history(message)] == [1, 2]


def test_nobody_uncovers_what_they_have_not_heard(site):
    message = site.add(32, SAID)
    client = site.client("ray")
    word = next(w for w in client.get(f"/messages/{message}/view.json").json()["words"] if w["label"] == "MEDICATION")
    edit = {"kind": "uncover", "channel": 0, "first": word["first"], "last": word["last"]}
    refused = send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]})
    assert (refused.status_code, refused.json()) == (403, {"error": "hear-it-first"})
    post(client, f"/messages/{message}/original", reason="to see whether this is a drug")
    assert send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).status_code == 200
    assert "metformin" in client.get(f"/messages/{message}/files/text").text
    assert send(client, f"/messages/{message}/edits", {"version": 2, "undo": True}).json() == {"version": 3}
    assert "metformin" not in client.get(f"/messages/{message}/files/text").text


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"version": 1},
        {"version": 1, "edits": []},
        {"version": "1", "edits": [{}]},
        {"version": 1, "edits": [{"kind": "cover"}]},
        {"version": 1, "edits": [{"kind": "cover", "channel": 0, "first": 0, "last": 999}]},
        {"version": 1, "edits": [{"kind": "region", "channel": 0, "start": 5, "end": 1e9}]},
        {"version": 1, "edits": [{"kind": "region", "channel": 0, "start": True, "end": 2}]},
        {"version": 1, "edits": [{"kind": "cover", "channel": 0, "first": 0, "last": 1, "label": "<b>metformin"}]},
        {"version": 1, "edits": [{"kind": "cover", "channel": 0, "first": 0, "last": 1}] * 300},
    ],
)
def test_odd_edits_are_refused_and_not_quoted(site, dirty, body):
    with site.engine.begin() as c:  # somebody has it open
        c.execute(delete(claims))
    answer = send(site.client("ray"), f"/messages/{dirty}/edits", body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert "metformin" not in answer.text


def test_a_review_of_an_older_redaction_is_kept_and_shown(site):
    message = site.add(51, CLEAN)
    client = site.client("ray")
    edit = {"kind": "region", "channel": 0, "start": 0.0, "end": 0.1}
    assert send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).status_code == 200
    answer = post(client, f"/messages/{message}/review", version="1", verdict="pass", comment="<b>all</b> well")
    assert answer.status_code == 409
    assert "&lt;b&gt;all&lt;/b&gt; well" in answer.text
    assert 'name="version" value="2"' in answer.text


def test_export_is_safe_for_spreadsheets_and_holds_no_words(site, dirty):
    assert judged(site, "ray", site.add(84, SAID), "findings").status_code == 303
    lead = site.client("lee")
    for what in ("messages", "judgments"):
        answer = lead.get(f"/export/{what}.csv")
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert len(rows) > 1
        assert all(len(row) == len(rows[0]) for row in rows)
        assert not any(c in answer.text for c in CANARY)
        assert "cmd|" not in answer.text
    assert "exported" in site.events()


def test_errors_quote_nothing(site, dirty, caplog, monkeypatch):
    """A fault below a page: neither page nor log holds what was handled."""

    def broken(*_args, **_kwargs):
        raise RuntimeError("Dana Whitlock metformin 555-0142")

    monkeypatch.setattr(type(site.store), "findings", broken)
    client = site.client("ray")
    for headers in (HTML, {}):
        answer = client.get(f"/messages/{dirty}?q=Whitlock", headers=headers)
        assert answer.status_code == 500
        assert not any(c in answer.text for c in CANARY)
    assert not any(c in caplog.text for c in CANARY)


def test_if_the_trail_cannot_be_written_nothing_is_given(site, monkeypatch):
    from redactor.errors import OutputError

    message = site.add(61, SAID)
    client = site.client("ray")

    def full(*_):
        raise OutputError("no")

    monkeypatch.setattr(type(site.trail), "append_many", full)
    assert client.get(f"/messages/{message}/audio").status_code == 503
    assert post(client, f"/messages/{message}/original", reason="a good enough reason").status_code == 503
    edit = {"kind": "region", "channel": 0, "start": 0.0, "end": 1.0}
    assert send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).status_code == 503
    assert (
        send(client, f"/messages/{message}/decisions", {"finding": -1, "rule": "V01", "decision": "missed"}).status_code
        == 503
    )
    monkeypatch.undo()
    assert site.store.find(message)["version"] == 1
    assert "You may hear and read the original" not in client.get(f"/messages/{message}").text
    assert not site.reviews.mine(message, site.person("ray")).missed


def test_filters_page_by_key_and_odd_ones_change_nothing(site, dirty):
    client = site.client("olive")
    for query in ("state=<script>", "rule=V99", "since=yesterday", "after=zzz", "sample=1e9", "assigned=you"):
        answer = client.get(f"/messages?{query}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text
    assert dirty[:12] in client.get("/messages?rule=V16&since=2000-01-01").text
    assert dirty[:12] not in client.get("/messages?until=2000-01-01").text


def test_the_disk_and_the_database_hold_nothing_in_clear(site, dirty):
    """Vault, version store, trail and tables after all of the above: what was said lies sealed or nowhere."""
    for path in site.folder.rglob("*"):
        # Artefacts of version 2 of the uncovering test hold "metformin" on purpose; file names never do.
        assert not any(c in path.name for c in CANARY)
        if path.is_file() and "versions" not in path.parts:
            content = path.read_bytes()
            assert not any(c.encode() in content for c in CANARY), path.name


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("edits", '{"version": 1, "edits": [{"kind": "region", "channel": 0, "start": 0, "end": 1%s}]}'),
        ("decisions", '{"finding": -1, "rule": "V01", "decision": "missed", "start": 1%s}'),
        ("decisions", '{"finding": 1%s, "rule": "V01", "decision": "accept"}'),
    ],
)
def test_numbers_of_any_length_are_refused(site, dirty, path, body):
    client = site.client("ray")
    headers = {"X-CSRF-Token": client.csrf, "Content-Type": "application/json"}
    answer = client.post(f"/messages/{dirty}/{path}", content=body % ("0" * 400), headers=headers)
    assert answer.status_code == 422
