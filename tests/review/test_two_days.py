"""A reviewer's day and a lead's day with sent messages, in a real browser; both are checked in the database."""

import csv
import json
from contextlib import contextmanager

import pyotp
import pytest
from browsing import Window, at, ready, saved, says, served, until, view_of, word
from review_site import CANARY, CLEAN, PASSWORD, SAID, ReviewSite, judged
from sqlalchemy import select

from redactor.cli import accounts as commands
from redactor.proportions import clopper_pearson
from redactor.review.schema import decisions, reviews, versions

FIRST = "a first password of four words"


def site_of(folder, people):
    site = ReviewSite(folder)
    site.messages = [site.add(seed, CLEAN if seed % 3 == 0 else SAID, added=1.79e9 + seed) for seed in range(1, 7)]
    for name in people:
        site.person(name)
    return served(site)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with site_of(tmp_path_factory.mktemp("reviewer"), ("ray",)) as site:
        yield site


@pytest.fixture(scope="module")
def ministry(tmp_path_factory):
    with site_of(tmp_path_factory.mktemp("lead"), ("ray", "rita", "lee")) as site:
        yield site


def rows(site, table, **where):
    query = select(table)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    with site.engine.connect() as c:
        return list(c.execute(query.order_by(*table.primary_key)).mappings())


def redact_by_hand(page):
    """What is heard while a key is held, with label and reason; a word, which is taken back; saved as redaction 2."""
    page.keyboard.press("Space")
    until(page, "document.getElementById('audio').currentTime > 0.3")
    page.keyboard.down("m")
    page.wait_for_timeout(450)
    page.keyboard.up("m")
    page.keyboard.press("Space")
    until(page, "document.getElementById('audio').paused")
    assert "1 change" in at(page, "#pending").inner_text()
    page.keyboard.press("9")
    page.keyboard.press("w")
    page.keyboard.type("a place is named")
    page.keyboard.press("Escape")
    word(page, "please").focus()
    page.keyboard.press("x")
    assert "2 changes" in at(page, "#pending").inner_text()
    page.keyboard.press("Control+z")
    assert "1 change" in at(page, "#pending").inner_text()
    page.keyboard.press("s")
    saved(page, 2)


def judge(page, verdict):
    """Accept what the rules found, give the verdict with the keyboard, and submit."""
    if at(page, "#accept-all").is_visible() or at(page, "#open-findings").count():
        page.keyboard.press("Shift+A")
        until(page, "document.getElementById('open-findings').textContent === 'Every finding has an answer.'")
    page.keyboard.press("v")
    until(page, "document.activeElement.name === 'verdict'")
    page.keyboard.press("Space" if verdict == "pass" else "ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**given=1", wait_until="commit")
    ready(page)


def test_a_reviewer_works_until_the_queue_is_empty(window, house):
    page = window().log_in("ray")
    assert at(page, "tbody tr").count() == len(house.messages)
    page.get_by_role("button", name="Review the next message").click()
    ready(page)
    first = page.url.rsplit("/", 1)[1]
    assert not any(c in page.content() for c in CANARY)
    redact_by_hand(page)
    # The finding that wants an answer has the focus. The last answer counts.
    says(page, "no answer yet")
    page.keyboard.press("r")
    says(page, "rejected")
    page.keyboard.press("a")
    says(page, "accepted")
    # One's own saved change, undone and done again without the original.
    page.keyboard.press("Control+z")
    saved(page, 3)
    assert view_of(page)["edits"] == []
    page.keyboard.press("Control+Shift+Z")
    saved(page, 4)
    judge(page, "findings")
    seen = [first]
    while True:
        page.get_by_role("button", name="Review the next message").click()
        page.wait_for_url(lambda url: "given" not in url, wait_until="commit")
        if "none=1" in page.url:
            break
        ready(page)
        seen.append(page.url.rsplit("/", 1)[1])
        judge(page, "findings" if at(page, "#open-findings").count() else "pass")
    assert page.get_by_text("There is nothing to review now.").is_visible()
    # Every message came up once, and what was done is stored.
    assert sorted(seen) == sorted(house.messages)
    assert {house.store.find(m)["state"] for m in house.messages} == {"reviewed"}
    given = rows(house, reviews)
    assert [(r["message"], r["state"]) for r in given] == [(m, "given") for m in seen]
    assert {r["message"]: r["verdict"] for r in given} == {
        m: "findings" if any(f["verdict"] == "findings" for f in house.store.findings(m)) else "pass" for m in seen
    }
    (edit,) = house.store.edits(first, 4)
    assert (edit.kind, edit.label) == ("region", "LOCATION")
    assert 0.1 < edit.end - edit.start < 5
    assert [len(json.loads(v["edits"])) for v in rows(house, versions, message=first)] == [0, 1, 0, 1]
    wanted = [f["number"] for f in house.store.findings(first) if f["verdict"] == "findings"]
    assert house.reviews.mine(first, house.person("ray")).answers == dict.fromkeys(wanted, "accept")
    assert len(rows(house, decisions, message=first)) == len(wanted) + 1  # one was changed
    assert "place is named" not in house.events()


def test_a_leads_day(browser, ministry, tmp_path, monkeypatch, capsys):
    house = ministry
    window = Window(browser, house)
    lead = window.log_in("lee")
    lead.get_by_role("link", name="Samples").click()
    lead.get_by_label("Messages", exact=True).fill("6")
    lead.get_by_label("Seed").fill("11")
    lead.get_by_role("button", name="Draw").click()
    lead.wait_for_url("**/samples#sample-1")
    assert "6 of 6 messages" in lead.inner_text("#sample-1")
    # Two blind reviews of each; they differ about one message and about one finding.
    kept = [m for m in house.messages if any(f["verdict"] == "findings" for f in house.store.findings(m))]
    claims = sum(f["verdict"] == "findings" for m in house.messages for f in house.store.findings(m))
    for name in ("ray", "rita"):
        for m in house.messages:
            differs = m == kept[0] and name == "rita"
            broken = m in kept and not differs
            judged(house, name, m, "findings" if broken else "pass", answer="accept" if broken else "reject")
    lead.get_by_role("link", name="Disputes").click()
    lead.get_by_role("link", name="Message").click()
    lead.locator('form.verdict input[name="verdict"][value="pass"]').check()
    for name in {e.get_attribute("name") for e in lead.locator('form.verdict input[name^="finding_"]').all()}:
        lead.locator(f'form.verdict input[name="{name}"][value="reject"]').check()
    lead.get_by_role("button", name="Save decision").click()
    lead.wait_for_url("**/disputes")
    assert lead.get_by_text("There are no disputes.").is_visible()
    # The dashboard, with exact intervals: all claims but those of the message that was decided the other way.
    lead.get_by_role("link", name="Dashboard").click()
    hits = claims - sum(f["verdict"] == "findings" for f in house.store.findings(kept[0]))
    low, high = clopper_pearson(hits, claims)
    said = at(lead, ".statistics").inner_text()
    assert f"{100 * hits / claims:.1f} %" in said
    assert f"{100 * low:.1f} % \N{EN DASH} {100 * high:.1f} %" in said
    assert f"{hits} of {claims} reported breaches accepted" in said
    assert "6 messages" in said
    # The exports.
    for link, least in (("Messages (CSV)", 6), ("Reviews (CSV)", 12)):
        with lead.expect_download() as got:
            lead.get_by_role("link", name=link).click()
        got.value.save_as(tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(newline="") as file:
            table = list(csv.DictReader(file))
        assert {row["id"] for row in table} == set(house.messages)
        assert len(table) >= least
        assert not any(c in (tmp_path / "out.csv").read_text() for c in CANARY)
    # An account is made, used and disabled; its session ends at once, and the log-in says no more than for others.
    monkeypatch.setattr(commands, "open_access", opened_of(house))
    monkeypatch.setattr(commands, "_password", lambda: FIRST)
    commands.add("nora", ["reviewer"])
    made = json.loads(capsys.readouterr().out)
    assert (made["name"], made["roles"]) == ("nora", ["reviewer"])
    account = house.access.accounts.named("nora")
    house.access.accounts.change_password(account, PASSWORD)
    secret = house.access.accounts.new_secret(account)
    assert house.access.accounts.enrol(account, pyotp.TOTP(secret).at(0)) is None  # an old code
    house.secrets["nora"] = secret
    assert house.access.accounts.enrol(account, house.code("nora"))
    other = Window(browser, house)
    page = other.enter("nora")
    page.goto("/messages")
    assert page.get_by_role("link", name="nora").is_visible()
    assert page.get_by_role("link", name="Samples").count() == 0
    commands.disable("nora")
    page.goto("/messages")
    page.wait_for_url("**/login?next=/messages")
    page.get_by_label("Name").fill("nora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").inner_text() == "Wrong name or password, or the account is disabled."
    lead.get_by_role("button", name="Log out").click()
    lead.wait_for_url("**/login")
    told = house.events()
    assert all(word in told for word in ("sample-drawn", "exported", "account-made", "account-changed"))
    assert window.complaints == []
    assert all("status of 401" in c for c in other.complaints)
    for one in (window, other):
        one.context.close()


def opened_of(site):
    @contextmanager
    def open_access(_config):
        yield site.access.accounts, None

    return open_access
