"""A reviewer's day in a real browser: log in, sample, listen, toggle, drag, judge, adjudicate, export; and every
page by axe-core.
"""

import csv

import pytest
from browsing import at, now, ready, served, until
from review_site import CANARY, CLEAN, SAID, ReviewSite

from redactor.policy import Edit
from redactor.review.repository import Filters


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A site with messages and people, served; its address."""
    site = ReviewSite(tmp_path_factory.mktemp("browser"))
    site.messages = [site.add(seed, CLEAN if seed % 3 == 0 else SAID) for seed in range(1, 6)]
    for name in ("ray", "rita", "lee", "ada"):
        site.person(name)
    with served(site):
        yield site


def judge(page, verdict):
    """Answer every finding that wants an answer by keyboard, then give the review."""
    page.keyboard.press("n")
    for n in range(at(page, ".finding").count()):
        if n:
            page.keyboard.press("n")
        with page.expect_response(lambda r: r.url.endswith("/decisions") and r.ok):
            page.keyboard.press("a" if verdict == "A rule is broken" else "r")
    page.get_by_label(verdict).check()
    page.get_by_role("button", name="Submit review").click()
    page.wait_for_url("**given=1")


def test_a_reviewers_day(window, house, tmp_path):
    # A lead logs in for real and draws a sample.
    lead = window().log_in("lee")
    lead.get_by_role("link", name="Samples").click()
    lead.get_by_label("Messages", exact=True).fill("5")
    lead.get_by_role("button", name="Draw").click()
    lead.wait_for_url("**/samples#sample-1")
    assert "5 of 5 messages" in lead.inner_text("#sample-1")

    # A reviewer logs in, takes the next message and listens.
    page = window().log_in("ray")
    page.get_by_role("button", name="Review the next message").click()
    ready(page)
    message = page.url.rsplit("/", 1)[1]
    assert not any(c in page.content() for c in CANARY)
    page.keyboard.press("Space")
    until(page, "document.getElementById('audio').currentTime > 0.4")
    page.wait_for_selector(".word.now")
    page.keyboard.press("Space")
    until(page, "document.getElementById('play').textContent === 'Play'")
    page.keyboard.press("]")
    assert page.evaluate("document.getElementById('audio').playbackRate") == 1.25
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")

    # A click on a word goes there; a double click redacts it, another takes that back.
    word = at(page, ".word").filter(has_text="please").first
    word.click()
    expected = page.evaluate(
        "fetch(location.pathname + '/view.json').then(r => r.json()).then(v => v.words.find(w => w.text === "
        "'please').start)"
    )
    assert now(page) == pytest.approx(expected, abs=0.05)
    word.dblclick()
    assert at(page, ".word.pending").inner_text() == "please"
    at(page, ".word.pending").dblclick()
    assert at(page, ".word.pending").count() == 0
    # The same by keyboard.
    page.keyboard.press("x")
    assert at(page, ".word.pending").count() == 1

    # A stretch is dragged over, and both are saved: the words are gone from all that is shown.
    box = at(page, "#wave").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.06, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.10, box["y"] + 34, steps=4)
    page.mouse.up()
    assert "2 changes" in at(page, "#pending").inner_text()
    page.keyboard.press("s")
    until(page, "document.getElementById('version').textContent === '2'")
    assert "please" not in at(page, "#words").inner_text()
    assert "[PERSON] call" in at(page, "#words").inner_text()
    assert "please" not in house.client("ray").get(f"/messages/{message}/files/text").text

    # Somebody else's save comes first: nothing of this one's is lost.
    word = at(page, ".word").filter(has_text="thank").first
    word.dblclick()
    house.versions.edit(message, 2, [Edit("region", 0, start=0.0, end=0.05)], by="person:99", reason="edit")
    page.keyboard.press("s")
    page.wait_for_selector("#status.bad")
    assert "1 change" in at(page, "#pending").inner_text()
    page.keyboard.press("s")
    until(page, "document.getElementById('version').textContent === '4'")

    # The original, with a reason.
    page.get_by_text("Hear and read the original").click()
    page.get_by_label("Reason for access").fill("to judge whether the name is the patient's")
    page.get_by_role("button", name="Open it for 15 minutes").click()
    page.wait_for_selector(".reveal")
    ready(page)
    at(page, "#which").select_option("original.wav")
    until(page, "document.getElementById('audio').readyState >= 2")
    page.get_by_role("button", name="Back to the redacted version").click()
    ready(page)

    # Both reviewers judge it, blind, and do not agree.
    judge(page, "A rule is broken")
    house.reviews.take(message, house.person("rita"))
    other = window().enter("rita")
    other.goto(f"/messages/{message}")
    ready(other)
    judge(other, "No rule is broken")
    lead.goto("/disputes")
    lead.get_by_role("link", name="Message").click()
    lead.locator('form.verdict input[value="findings"]').check()
    for name in {e.get_attribute("name") for e in lead.locator('form.verdict input[name^="finding_"]').all()}:
        lead.locator(f'form.verdict input[name="{name}"][value="accept"]').check()
    lead.get_by_role("button", name="Save decision").click()
    lead.wait_for_url("**/disputes")
    assert house.store.find(message)["state"] == "adjudicated"

    # The numbers, and the export.
    lead.get_by_role("link", name="Dashboard").click()
    assert "Precision" in lead.inner_text("main")
    with lead.expect_download() as got:
        lead.get_by_role("link", name="Reviews (CSV)").click()
    got.value.save_as(tmp_path / "judgments.csv")
    with (tmp_path / "judgments.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == {message}
    assert {row["adjudicated"] for row in rows} == {"findings"}
    lead.get_by_role("button", name="Log out").click()
    lead.wait_for_url("**/login")


def test_keys_are_listed_and_a_region_can_be_marked_without_a_mouse(window, house):
    page = window().enter("ray")
    page.goto(f"/messages/{house.messages[1]}")
    ready(page)
    page.keyboard.press("?")
    assert at(page, "#help").is_visible()
    listed = " ".join(at(page, "#help kbd").all_inner_texts())
    for key in ("Space", "x", "m", "s", "u", "n", "p", "a", "r", "[", "]"):
        assert key in listed
    page.keyboard.press("Escape")
    at(page, "#help").wait_for(state="hidden")
    at(page, "#play").focus()  # keys work as well after somebody has clicked a button
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    until(page, "document.getElementById('audio').currentTime > 1.9")
    page.keyboard.press("m")
    assert "1 change" in at(page, "#pending").inner_text()
    page.get_by_role("button", name="Discard").click()
    # What nobody has heard is not uncovered.
    hidden = at(page, ".word.hidden").first
    hidden.dblclick()
    assert "Open the original first" in at(page, "#status").inner_text()
    assert "No changes" in at(page, "#pending").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "dark"), (320, "light")])
def test_every_page_by_axe(window, house, width, scheme):
    """No serious finding of axe-core, in both themes and on a narrow screen, and nothing to scroll sideways."""
    from axe_playwright_python.sync_playwright import Axe

    message, axe = house.messages[0], Axe()
    opened = window(width=width, scheme=scheme)
    page = opened.page
    seen = []

    def look(path):
        page.goto(path)
        if at(page, "#words").count():
            ready(page)
        found = axe.run(page).response["violations"]
        grave = [
            (v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")
        ]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        seen.extend((path, one) for one in [*grave, *(["too wide"] if wide else [])])

    look("/login")
    opened.enter("lee")
    disputed = [row["id"] for row in house.store.page(Filters(state="adjudicated")).rows]
    paths = [
        "/messages",
        "/messages?state=disputed",
        f"/messages/{message}",
        "/samples",
        "/disputes",
        "/dashboard",
        "/dashboard?sample=0",
        "/account",
        "/account/password",
        "/account/totp",
        "/emergency",
        "/nowhere",
    ]
    for path in paths + [f"/messages/{m}/adjudication" for m in disputed[:1]]:
        look(path)
    opened.enter("ada")
    look("/trail")
    look("/trail?kind=logged-in&by=nobody")
    look(f"/messages/{message}")  # not permitted
    assert not seen
    opened.complaints[:] = [c for c in opened.complaints if "status of 40" not in c]


def test_lists_are_cards_on_a_narrow_screen(window, house):
    page = window(width=390).enter("lee")
    page.goto("/messages")
    rows = at(page, "tbody tr").all()
    assert len(rows) == len(house.messages)
    for row in rows:
        box, title = row.bounding_box(), row.locator("th").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert title["height"] < box["height"] / 2  # the other cells are below it
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every((s) => s.scrollWidth <= s.clientWidth)")


def test_a_page_without_permission_and_one_that_is_not_there(window, house):
    opened = window()
    page = opened.enter("ada")
    page.goto(f"/messages/{house.messages[0]}")
    assert "Not permitted" in page.inner_text("main")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit log").click()
    page.goto("/nowhere")
    assert "Not found" in page.inner_text("main")
    page.get_by_role("link", name="Back to the queue").click()
    page.wait_for_url("**/messages")
    assert all("status of 40" in c for c in opened.complaints)
    opened.complaints.clear()
