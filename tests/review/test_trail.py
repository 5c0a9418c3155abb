"""The page of the audit trail: who gets it, its pages and filters, what a line written by hand cannot put on it,
that it is an event, and its cost.
"""

import html
import re

import pytest
from review_site import HTML, ReviewSite

from redactor.audit_log import LastCheck, entries, events, newest, verify
from redactor.audit_log.anchor import Anchor
from redactor.audit_log.chain import segment_path, segments
from redactor.audit_log.keys import KeyRing
from redactor.review.routes.trail import LogRow
from redactor.review.routes.trail import shown as row

MESSAGE = "ab" * 32
MANY = 200_000


@pytest.fixture(scope="module")
def ada(site):
    return site.client("ada")


@pytest.fixture
def full(site):
    """300 entries more, every third of them somebody else's and of another kind."""
    site.trail.append_many(
        [
            events.Exported(by="token:77", what="report", rows=n)
            if n % 3 == 0
            else events.MessageOpened(by="person:88", message=MESSAGE, version=n)
            for n in range(300)
        ]
    )
    return site


def rows(page):
    """Number, kind and actor of the rows of a page."""
    cells = re.findall(
        r'<th scope="row" class="number">(\d+)</th>\s*<td>[^<]*</td>\s*<td>([^<]*)</td>\s*<td>([^<]*)</td>', page
    )
    return [(int(n), kind, by) for n, kind, by in cells]


def following(page):
    found = re.search(r'<a href="([^"]+)" rel="next">', page)
    return html.unescape(found[1]) if found else ""


def told(site, kind):
    return [e for e in entries(site.trail.folder) if e["event"] == kind]


def test_only_who_may_read_the_trail_gets_it_and_its_link(site, ada):
    for name in ("olive", "ray", "lee"):
        client = site.client(name)
        refused = client.get("/trail", headers=HTML)
        assert refused.status_code == 403
        assert "segment-opened" not in refused.text
        assert 'href="/trail"' not in client.get("/messages", headers=HTML).text
    assert told(site, "not-permitted")[-1]["permission"] == "trail.read"
    assert 'href="/trail"' in ada.get("/messages", headers=HTML).text
    assert ada.get("/trail", headers=HTML).status_code == 200


def test_pages_go_from_the_newest_to_the_first_without_a_gap(full, ada):
    written = [e["n"] for e in entries(full.trail.folder)]
    seen, path = [], "/trail"
    while path:
        page = ada.get(path, headers=HTML).text
        shown = rows(page)
        assert len(shown) == 100 or not following(page)
        seen += [n for n, _, _ in shown]
        path = following(page)
    assert seen == written[::-1]
    assert 'href="/trail">Newest</a>' in page


def test_reading_is_an_event_with_what_was_shown(full, ada):
    page = rows(ada.get("/trail", headers=HTML).text)
    event = told(full, "trail-read")[-1]
    assert (event["first"], event["last"]) == (page[-1][0], page[0][0])
    assert event["by"] == f"person:{full.person('ada')}"
    # The next reading shows this one first.
    assert rows(ada.get("/trail", headers=HTML).text)[0] == (page[0][0] + 1, "trail-read", event["by"])


def test_nothing_is_shown_when_the_reading_cannot_be_recorded(full, ada, monkeypatch):
    from redactor.errors import OutputError

    def broken(*_):
        raise OutputError("The disk is full or failing.")

    monkeypatch.setattr(full.trail, "append", broken)
    answer = ada.get("/trail", headers=HTML)
    assert answer.status_code == 503
    assert "segment-opened" not in answer.text


@pytest.mark.parametrize(
    ("query", "kind", "by"),
    [
        ("kind=exported", "exported", ""),
        ("by=token:77", "", "token:77"),
        ("kind=message-opened&by=person:88", "message-opened", "person:88"),
    ],
)
def test_filters_and_their_pages(full, ada, query, kind, by):
    expected = [e["n"] for e in entries(full.trail.folder) if kind in ("", e["event"]) and by in ("", e["by"])][::-1]
    seen, path = [], f"/trail?{query}"
    while path:
        page = ada.get(path, headers=HTML).text
        seen += rows(page)
        path = following(page)
    assert [n for n, _, _ in seen] == expected
    assert len(expected) >= 100
    assert all(kind in ("", k) and by in ("", b) for _, k, b in seen)


def test_filters_that_fit_nothing_or_are_none(full, ada):
    assert "No entry matches" in ada.get("/trail?kind=exported&by=person:88", headers=HTML).text
    page = ada.get("/trail?kind=no-such-kind&before=x", headers=HTML).text
    assert len(rows(page)) == 100
    evil = '"><img src=x onerror=alert(1)>Dana'
    page = ada.get("/trail", params={"by": evil, "kind": evil, "before": evil}, headers=HTML).text
    assert "Write an actor as" in page
    assert html.escape(evil, quote=False).replace('"', "&#34;") in page
    assert "<img" not in page
    assert evil not in following(page)
    assert "onerror" not in following(page)


@pytest.mark.parametrize(
    "body",
    [
        {"event": "exported", "by": "person:1", "what": "<script>alert(1)</script>", "rows": 1},
        {"event": "exported", "by": "Dana Whitlock said", "what": "report", "rows": 1},
        {"event": "exported", "by": "person:1", "what": ["Whitlock"], "rows": 1},
        {"event": "exported", "by": "person:1", "what": "report", "rows": 1, "Whitlock": 1},
        {"event": "exported", "by": "person:1", "what": "report"},
        {"event": "Whitlock", "by": "person:1"},
        {"event": ["exported"], "by": "person:1", "what": "report", "rows": 1},
        {"t": "Whitlock", "event": "exported", "by": "person:1", "what": "report", "rows": 1},
    ],
)
def test_nothing_of_an_entry_that_no_event_of_ours_could_make_is_in_its_row(body):
    whole = {"n": 7, "t": "2026-11-26T21:26:51.123456Z", "mac": "ab" * 32}
    ours = row({**whole, "event": "exported", "by": "person:1", "what": "report", "rows": 1})
    assert ours == LogRow(7, "2026-11-26 21:26:51 UTC", "exported", "person:1", (("what", "report"), ("rows", 1)))
    assert row({**whole, **body}) == LogRow(7)


def test_what_somebody_wrote_into_the_file_by_hand_is_not_shown(tmp_path):
    site = ReviewSite(tmp_path)
    ada = site.client("ada")
    path = segment_path(site.trail.folder, 1)
    lines = path.read_bytes().splitlines(keepends=True)
    # As long as before, so that the end still fits its anchor and the service goes on.
    evil = b"<b>Whitlock</b>"
    changed = lines[1].replace(b'"by":"', b'"by":"' + evil, 1)
    changed = re.sub(rb'"t":"[^"]{%d}' % len(evil), b'"t":"', changed, count=1)
    assert len(changed) == len(lines[1])
    path.write_bytes(b"".join([lines[0], changed, *lines[2:]]))
    page = ada.get("/trail", headers=HTML)
    assert page.status_code == 200
    assert "Whitlock" not in page.text
    assert "This line is not a valid entry" in page.text
    assert len(rows(page.text)) == len(lines) - 1


def test_the_page_says_when_the_trail_was_last_checked(tmp_path):
    site = ReviewSite(tmp_path)
    ada = site.client("ada")
    assert "This log has not been verified on this host" in ada.get("/trail", headers=HTML).text
    ring = KeyRing.load(site.trail.key)
    report = verify(site.trail.folder, ring, anchor=Anchor.load(site.trail.anchor))
    assert report.sound
    LastCheck(1_795_000_000, report.last, 0).save(site.trail.anchor, ring)
    page = ada.get("/trail", headers=HTML).text
    assert f"Last verified 2026-11-18 11:06 UTC, up to entry {report.last}: unchanged." in page
    assert "redactor log verify" in page
    LastCheck(1_795_000_000, report.last, 2).save(site.trail.anchor, ring)
    assert "found 2 problems" in ada.get("/trail", headers=HTML).text
    # A note that nobody with the key wrote is none.
    note = site.trail.anchor.with_name(site.trail.anchor.name + ".checked")
    note.write_text(note.read_text().replace('"problems": 2', '"problems": 0'))
    assert "This log has not been verified on this host" in ada.get("/trail", headers=HTML).text


def test_a_page_of_200_000_entries_looks_at_a_few_of_them(tmp_path, monkeypatch):
    import importlib

    monkeypatch.setattr("redactor.audit_log.log.SEGMENT_BYTES", 12 << 20)
    site = ReviewSite(tmp_path)
    ada = site.client("ada")
    begin = len(list(entries(site.trail.folder)))
    opened = events.MessageOpened(by="person:88", message=MESSAGE, version=1)
    site.trail.append(events.Exported(by="token:77", what="report", rows=1))
    for _ in range(MANY // 10_000):
        site.trail.append_many([opened] * 10_000)
    assert len(segments(site.trail.folder)) > 2
    module = importlib.import_module("redactor.audit_log.newest")
    looked, claimed = [], module.claimed
    monkeypatch.setattr(module, "claimed", lambda line: looked.append(1) or claimed(line))
    for before, highest in ((0, MANY), (150_001, 150_000), (60_001, 60_000), (101, 100)):
        looked.clear()
        page = ada.get(f"/trail?before={before}" if before else "/trail", headers=HTML).text
        shown = [n for n, _, _ in rows(page)]
        assert shown == list(range(shown[0], shown[0] - 100, -1))
        assert shown[0] == highest if before else shown[0] > highest
        assert len(looked) < 1000
    # A kind that is rare is found without looking at every line.
    looked.clear()
    page = ada.get("/trail?kind=exported", headers=HTML).text
    assert [n for n, _, _ in rows(page)] == [begin + 1]
    assert len(looked) < 1000
    # Where looking ends early, the next page goes on there.
    seen, before, asked = [], 0, 0
    while True:
        found = newest(site.trail.folder, before=before, kind="exported", most_bytes=10 << 20)
        seen += [e["n"] for e in found.entries]
        asked += 1
        assert not found.following or not before or found.following < before
        before = found.following
        if not before:
            break
    assert seen == [begin + 1]
    assert asked > 3
