"""The message page in a real browser: two sides of a call, findings, keys, and what stays in view."""

import pytest
from browsing import DOUBTED, DOUBTS, add, at, ready, saved, says, served, status, until, view_of, word
from review_site import CANARY, CLEAN, SAID, ReviewSite

SIDES = ("hi this is Rowan please call Dana Whitlock", "yes this is the desk your metformin is ready goodbye")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    site = ReviewSite(tmp_path_factory.mktemp("page"))
    for name in ("ray", "rita", "lee"):
        site.person(name)
    with served(site):
        yield site


# --- two sides of a call


def test_each_side_of_a_call_has_its_waveform_and_its_bleeps(page, house):
    message = add(house, *SIDES)
    page = page(message)
    view = view_of(page)
    assert view["same_as"] == [0, 1]
    assert {i["channel"] for i in view["intervals"]} == {0, 1}
    person, drug = (next(i for i in view["intervals"] if label in i["labels"]) for label in ("PERSON", "MEDICATION"))
    assert (person["channel"], drug["channel"]) == (0, 1)
    assert at(page, "#sides span").all_inner_texts() == ["Side A", "Side B"]
    assert at(page, "#words .side-name").all_inner_texts() == ["Side A", "Side B"]
    assert at(page, "#wave").bounding_box()["height"] == 132
    # A drag over the lower side redacts that side only.
    box = at(page, "#wave").bounding_box()
    x = [box["x"] + box["width"] * t / view["duration"] for t in (0.3, 1.0)]
    page.mouse.move(x[0], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(x[1], box["y"] + 100, steps=4)
    page.mouse.up()
    assert at(page, "#changes .what").inner_text().startswith("Side B:")
    at(page, "#discard").click()
    # m marks all sides, or the chosen one.
    page.evaluate("document.getElementById('audio').currentTime = 0.4")
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    assert [t[:7] for t in at(page, "#changes .what").all_inner_texts()] == ["Side A:", "Side B:"]
    page.keyboard.press("Control+z")
    page.keyboard.press("b")
    page.keyboard.press("b")
    assert "Side B" in status(page)
    page.keyboard.press("m")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("m")
    page.keyboard.press("2")
    page.keyboard.press("s")
    saved(page, 2)
    assert [(e.channel, e.label) for e in house.store.edits(message, 2)] == [(1, "DATE_TIME")]
    assert "Rowan" not in at(page, "#words").inner_text()  # as before
    added = [i for i in view_of(page)["intervals"] if "DATE_TIME" in i["labels"]]
    assert {i["channel"] for i in added} == {1}


def test_the_same_sound_on_two_channels_has_one_text(page, house):
    page = page(house.add(91, SAID, channels=2))
    assert at(page, "#sides span").all_inner_texts() == ["Side A", "Side B, same as Side A"]
    assert at(page, "#words .side-name").count() == 0
    assert at(page, "#side-choice").is_hidden()


# --- findings


def test_findings_show_only_what_the_reviewer_may_read(page, house):
    message = add(house, SAID)
    page = page(message)
    drug = at(page, ".finding").filter(has_text="A drug is named")
    assert drug.locator("h3").inner_text() == "A drug is named: [Drug]"
    assert not any(c in page.content() for c in CANARY)
    # With the original open, the word itself.
    page.get_by_text("Hear and read the original").click()
    page.get_by_label("Reason for access").fill("to judge whether this is a drug")
    page.get_by_role("button", name="Open it for 15 minutes").click()
    page.wait_for_selector(".reveal")
    ready(page)
    assert drug.locator("h3").inner_text() == "A drug is named: metformin"


def test_submitting_goes_to_what_is_unanswered_and_all_can_be_accepted(page, house):
    message = add(house, "hi this is Rowan with a message for Dana Whitlock please call us back", "hello")
    wanted = [f["number"] for f in house.store.findings(message) if f["verdict"] == "findings"]
    assert len(wanted) > 1
    page = page(message, width=390)
    submit = page.get_by_role("button", name="Submit review")
    submit.click()
    assert "no answer yet" in status(page)
    focus = "document.activeElement.dataset.number"
    assert page.evaluate(focus) == str(wanted[0])
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert page.evaluate("document.getElementById('player').getBoundingClientRect().bottom") < top < 844
    page.keyboard.press("r")
    says(page, "rejected")
    page.keyboard.press("Shift+A")
    says(page, "accepted")
    assert at(page, "#open-findings").inner_text() == "Every finding has an answer."
    answers = house.reviews.mine(message, house.person("ray")).answers
    assert {answers[n] for n in wanted} == {"accept", "reject"}
    # Then the verdict, then changes that are not saved.
    submit.click()
    assert "verdict is missing" in status(page)
    assert page.evaluate("document.activeElement.name") == "verdict"
    word(page, "hello").dblclick()
    page.get_by_label("A rule is broken").check()
    submit.click()
    assert page.evaluate("document.activeElement.id") == "save"
    page.keyboard.press("s")
    saved(page, 2)
    submit.click()
    page.wait_for_url("**given=1")


def test_saving_an_edit_goes_on_to_what_is_unanswered(page, house):
    message = add(house, SAID)
    page = page(message)
    word(page, "practice").dblclick()
    page.keyboard.press("s")
    saved(page, 2)
    says(page, "no answer yet")
    assert page.evaluate("document.activeElement.className").startswith("finding")


def test_without_findings_the_page_says_what_to_do(page, house, monkeypatch):
    message = add(house, DOUBTED, confidences=DOUBTS)
    monkeypatch.setattr(type(house.store), "findings", lambda *_: [])
    page = page(message)
    said = at(page, ".judge").inner_text()
    assert "The rules found no breach" in said
    assert "3 stretches" in said
    assert "nothing" not in said.lower()
    assert at(page, ".todo li").count() == 4


# --- keys, and what stays in view


def test_keys_work_wherever_the_focus_is_except_in_text_fields(page, house):
    page = page(add(house, DOUBTED, confidences=DOUBTS))
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    places = ["#play", "#wave", "#speed", "summary", "#missed-rule", "input[name=verdict]", "nav a", "#words .word"]
    for n, place in enumerate(places):
        at(page, place).first.focus()
        page.keyboard.press("]" if n % 2 else "[")
        assert "Speed" in status(page), place
        page.evaluate("document.getElementById('status').textContent = ''")
    for place in (".comment", "#review-comment", "#reason"):
        at(page, place).first.focus()
        page.keyboard.press("]")
        page.keyboard.press("d")
        assert status(page) == "", place
        assert at(page, place).first.input_value() == "]d"
        page.keyboard.press("Escape")
    # A button that was clicked leaves the space bar to the player.
    at(page, "#on").click()
    page.keyboard.press("Space")
    assert not page.evaluate("document.getElementById('audio').paused")


def test_the_list_names_every_key(page, house):
    page = page(add(house, CLEAN))
    page.keyboard.press("?")
    listed = at(page, "#help kbd").all_inner_texts()
    source = page.evaluate("fetch('/static/keys.js').then((r) => r.text())")
    for key in (
        "Space",
        "d",
        "l",
        "m",
        "x",
        "w",
        "o",
        "b",
        "s",
        "1",
        "9",
        "+",
        "-",
        "Ctrl+Z",
        "Ctrl+Shift+Z",
        "A",
        "?",
    ):
        assert key in listed, key
    assert "actions.set" in source
    page.keyboard.press("?")
    at(page, "#help").wait_for(state="hidden")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_player_stays_in_view(page, house, width):
    page = page(add(house, SAID), width=width)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    box = at(page, "#player").bounding_box()
    assert box["y"] >= -20
    assert box["y"] + box["height"] < 500
    if width == 390:
        assert box["height"] < 260
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    play = at(page, "#play").bounding_box()
    assert 0 < play["y"] < 500


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_in_the_middle_of_work_by_axe(page, house, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = page(add(house, "this is Brunsvald", DOUBTED, confidences=DOUBTS), width=width, scheme=scheme)
    word(page, "Brunsvold").dblclick()
    until(page, "document.querySelector('.alike') !== null")
    page.keyboard.press("Shift+D")
    page.get_by_role("button", name="Submit review").click()
    for key in ("", "?"):
        if key:
            page.keyboard.press(key)
        found = Axe().run(page).response["violations"]
        assert [
            (v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")
        ] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_an_operator_listens_and_edits_nothing(page, house):
    page = page(add(house, DOUBTED, confidences=DOUBTS), "olive")
    page.keyboard.press("d")
    says(page, "stretch 1 of")
    for key in ("x", "m", "1", "o", "s", "Control+z", "A"):
        page.keyboard.press(key)
    assert at(page, ".word.pending").count() == 0
    assert at(page, "#edits").count() == 0
    page.keyboard.press("?")
    assert "m" not in at(page, "#help kbd").all_inner_texts()
