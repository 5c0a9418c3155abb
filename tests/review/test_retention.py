"""A refused recording is deleted by a policy: never without one, never before its time, never silently."""

import time

import pytest
from archive_site import REASON, TWIN, WITHHELD, ArchiveSite, logged, page
from review_site import HTML, post
from sqlalchemy import update

from redactor.cli import review_archive
from redactor.database import connect
from redactor.review.schema import releases

OPEN = review_archive.open_archive


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    made = ArchiveSite(tmp_path, monkeypatch, capsys)
    made.redact()
    return made


def opened_with(site, monkeypatch, days):
    monkeypatch.setattr(review_archive, "open_archive", lambda paths, *, out: OPEN(paths, out=out, delete_refused=days))
    return site.opened()


def refuse(client, message):
    page(client, message)
    return post(client, f"/messages/{message}/refusal", reason=REASON)


def originals(site):
    return {name for name in (WITHHELD, TWIN) if (site.archive / f"{name}.wav").exists()}


def test_without_a_policy_nothing_is_deleted(site):
    message = site.ids[WITHHELD]
    with site.opened() as client:
        assert "retention policy" not in page(client, message)
        assert refuse(client, message).status_code == 303
    with site.opened() as client:
        assert "cannot be released" in client.get("/messages?outcome=refused", headers=HTML).text
    assert originals(site) == {WITHHELD, TWIN}
    assert "recording-deleted" not in logged(site)


def test_it_is_deleted_after_its_days_with_an_entry_in_the_log(site, monkeypatch):
    message = site.ids[WITHHELD]
    with opened_with(site, monkeypatch, 30.0) as client:
        assert "deletes it from the archive after 30 days" in page(client, message)
        refuse(client, message)
    assert originals(site) == {WITHHELD, TWIN}, "it is not old enough"
    engine = connect(f"sqlite:///{site.out}/.redactor-review/review.sqlite")
    with engine.begin() as c:
        c.execute(update(releases).values(at=time.time() - 31 * 86_400))
    engine.dispose()
    with opened_with(site, monkeypatch, 30.0) as client:
        shown = page(client, message)
        assert "the retention policy has deleted it" in shown
        assert REASON in shown
        assert f"/messages/{message}" in client.get("/messages?outcome=deleted", headers=HTML).text
        post(client, f"/messages/{message}/reopen")
        assert "the retention policy has deleted it" in page(client, message)
        assert (
            "none=1" in post(client, "/messages/next").headers["location"]
            or message not in (post(client, "/messages/next").headers["location"])
        )
    assert originals(site) == set()
    assert "recording-deleted" in logged(site)
    state = site.out / ".redactor-review"
    assert not [p for p in state.rglob(f"*{message}*") if p.is_file()], "no draft and no sealed plan is left"
    with opened_with(site, monkeypatch, 30.0) as client:
        assert "the retention policy has deleted it" in page(client, message)


def test_at_once_and_only_these_bytes(site, monkeypatch):
    message = site.ids[WITHHELD]
    other = site.archive / f"{TWIN}.wav"
    with opened_with(site, monkeypatch, 0.0) as client:
        page(client, message)
        other.write_bytes(other.read_bytes() + b"\0")  # it is another recording now
        refuse(client, message)
        assert "the retention policy has deleted it" in page(client, message)
    assert originals(site) == {TWIN}


def test_put_into_the_queue_again_it_is_kept(site, monkeypatch):
    message = site.ids[WITHHELD]
    with site.opened() as client:
        refuse(client, message)
        post(client, f"/messages/{message}/reopen")
    with opened_with(site, monkeypatch, 0.0) as client:
        assert "the retention policy has deleted it" not in page(client, message)
    assert originals(site) == {WITHHELD, TWIN}
