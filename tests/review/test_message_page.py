"""The message page in a real browser: its keys, doubtful stretches, labels, words alike, marking by ear, the waveform,
undo and redo, findings, and two sides of a call.
"""

import io
import itertools

import numpy as np
import pytest
import soundfile
from browsing import at, now, ready, served, until
from review_site import CANARY, CLEAN, SAID, ReviewSite, timed

from models.tts.shaped import uttered
from redactor.audio import Source
from redactor.compliance.recipients import Sending
from redactor.speech import TranscriptReader

DOUBTED = "hi this is Rowan about Brunsvald please ask for Brunsvold or call the practice thank you very much"
DOUBTS = {"Brunsvald": 0.2, "Brunsvold": 0.4, "practice": 0.45, "the": 0.45, "much": 0.7}
SIDES = ("hi this is Rowan please call Dana Whitlock", "yes this is the desk your metformin is ready goodbye")
SEED = itertools.count(100)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    site = ReviewSite(tmp_path_factory.mktemp("page"))
    for name in ("ray", "rita", "lee"):
        site.person(name)
    with served(site):
        yield site


def add(site, *sides, confidences=None, rate=8000):
    """A message with one voice on each side, one after the other; words of low confidence by their text."""
    lines, spans, begin = [], [], 0.3
    for side, said in enumerate(sides):
        words = timed(said, begin)
        spans.append([(w["word"], w["start"], w["end"]) for w in words])
        for w in words:
            word, length = w["word"].strip(), w["end"] - w["start"]
            sure = (confidences or {}).get(word, 0.95)
            lines.append(f"call {side + 1} {w['start']:.3f} {length:.3f} {word} {sure}")
        begin = words[-1]["end"] + 0.4
    seed = next(SEED)
    samples = [uttered(said, begin, rate=rate, seed=seed + 50 * side) for side, said in enumerate(spans)]
    held = io.BytesIO()
    soundfile.write(held, np.stack(samples, axis=1), rate, format="WAV", subtype="ULAW")
    path = site.folder / "call.ctm"
    path.write_text("\n".join(lines))
    source = Source.of(held.getvalue(), ".wav")
    sending = Sending(recipient="r1", caller="c1")
    site.versions.add(source, TranscriptReader(path), sending, by="service", name="call.wav")
    path.unlink()
    return source.id


@pytest.fixture
def page(window, house):
    """A reviewer's page of a message."""

    def open_(message, name="ray", **kwargs):
        page = window(**kwargs).enter(name)
        page.goto(f"/messages/{message}")
        ready(page)
        return page

    return open_


def word(page, text):
    return at(page, "#words .word").filter(has_text=text).first


def status(page):
    return at(page, "#status").inner_text()


def view_of(page):
    return page.evaluate("fetch(location.pathname + '/view.json').then((r) => r.json())")


def says(page, text):
    until(page, f"document.getElementById('status').textContent.includes({text!r})")


def saved(page, version):
    until(page, f"document.getElementById('version').textContent === '{version}'")
    until(page, "!document.getElementById('status').textContent.startsWith('Saving')")


# --- doubtful stretches


def test_the_next_doubtful_stretch_is_played_with_a_second_around_it_and_looped(page, house):
    page = page(add(house, DOUBTED, confidences=DOUBTS))
    doubts = view_of(page)["doubts"]
    assert [(d["first"], d["last"]) for d in doubts] == [(5, 6), (9, 10), (12, 14)]
    assert at(page, "#doubt-count").inner_text() == "3"
    page.keyboard.press("d")
    says(page, "stretch 1 of 3")
    assert now(page) == pytest.approx(max(0, doubts[0]["start"] - 1), abs=0.3)
    assert "Brunsvald" in at(page, ".word.in-doubt").inner_text()
    # It ends by itself a second after the stretch.
    until(page, "document.getElementById('audio').paused")
    assert now(page) == pytest.approx(doubts[0]["end"] + 1, abs=0.3)
    page.keyboard.press("d")
    says(page, "stretch 2 of 3")
    page.keyboard.press("l")
    end = doubts[1]["end"] + 1
    page.evaluate(f"document.getElementById('audio').currentTime = {end - 0.2}")
    until(page, f"document.getElementById('audio').currentTime < {doubts[1]['start']}")
    assert not page.evaluate("document.getElementById('audio').paused")
    assert at(page, "#loop").get_attribute("aria-pressed") == "true"
    page.keyboard.press("l")
    assert page.evaluate("document.getElementById('audio').paused")
    assert at(page, "#loop").get_attribute("aria-pressed") == "false"
    # After the last one comes the first; going somewhere else ends a loop.
    page.keyboard.press("d")
    page.keyboard.press("d")
    says(page, "stretch 1 of 3")
    page.keyboard.press("l")
    page.keyboard.press("ArrowLeft")
    assert at(page, "#loop").get_attribute("aria-pressed") == "false"
    page.keyboard.press("Shift+D")
    says(page, "stretch 3 of 3")


def test_words_show_their_confidence_without_colour_too(page, house):
    page = page(add(house, DOUBTED, confidences=DOUBTS))
    lines = {}
    for text in ("thank", "much", "practice", "Brunsvald"):
        style = word(page, text).evaluate(
            "(e) => { const s = getComputedStyle(e); return [s.textDecorationLine, s.textDecorationStyle]; }"
        )
        lines[text] = tuple(style)
    assert lines["thank"][0] == "none"
    assert len(set(lines.values())) == 4
    assert "confidence 20 %" in word(page, "Brunsvald").get_attribute("title")
    assert at(page, ".legend").inner_text().split() == ["sure", "fairly", "sure", "doubtful", "a", "guess", "[COVERED]"]


def test_without_a_doubt_the_page_says_so(page, house):
    page = page(add(house, CLEAN))
    page.keyboard.press("d")
    assert "sure of every word" in status(page)
    assert at(page, "#doubt").is_disabled()


# --- labels, reasons, words alike


def test_a_redaction_gets_a_label_and_a_reason_that_are_shown_again(page, house):
    message = add(house, DOUBTED, confidences=DOUBTS)
    page = page(message)
    assert at(page, "#labels").is_hidden()
    word(page, "practice").click()
    page.keyboard.press("x")
    assert at(page, "#labels button[aria-pressed=true]").inner_text().split() == ["1", "Name"]
    page.keyboard.press("4")
    assert at(page, "#labels button[aria-pressed=true]").inner_text().split() == ["4", "Organisation"]
    page.keyboard.press("w")
    page.keyboard.type("d m 5 it is theirs")  # keys do nothing in a text field
    page.keyboard.press("Escape")
    at(page, "#other-labels").select_option("OTHER_ID")
    assert at(page, "#labels button[aria-pressed=true]").count() == 0
    page.keyboard.press("4")  # and they work in a list of choices
    assert "1 change" in at(page, "#pending").inner_text()
    assert "it is theirs" not in str(page.evaluate("Object.values(sessionStorage)"))
    page.keyboard.press("s")
    saved(page, 2)
    assert "[ORGANIZATION]" in at(page, "#words").inner_text()
    assert "Organisation" in at(page, "#edited").inner_text()
    assert "d m 5 it is theirs" in at(page, "#edited").inner_text()
    assert house.store.edits(message, 2)[0].label == "ORGANIZATION"


def test_the_same_and_sound_alike_words_are_redacted_in_one_step(page, house):
    message = add(house, DOUBTED + " Brunsvold", confidences=DOUBTS)
    page = page(message)
    word(page, "Brunsvold").dblclick()
    page.keyboard.press("3")
    until(page, "document.querySelector('.alike') !== null")
    offer = at(page, ".alike").inner_text()
    assert "2 more like this" in offer
    assert "Brunsvald" in offer
    page.keyboard.press("o")
    says(page, "2 more")
    assert "3 changes" in at(page, "#pending").inner_text()
    assert at(page, ".word.pending").count() == 3
    page.keyboard.press("Control+z")
    assert "1 change" in at(page, "#pending").inner_text()
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("7")  # they keep one label
    page.keyboard.press("s")
    saved(page, 2)
    assert at(page, "#words").inner_text().count("[MEDICATION]") == 3
    assert {e.label for e in house.store.edits(message, 2)} == {"MEDICATION"}


# --- marking by ear


def test_a_key_is_held_while_listening_to_mark(page, house):
    page = page(add(house, SAID))
    page.keyboard.press("Space")
    until(page, "document.getElementById('audio').currentTime > 0.8")
    page.keyboard.down("m")
    page.wait_for_timeout(500)
    page.keyboard.down("m")  # a keyboard repeats a key that is held
    page.wait_for_timeout(200)
    page.keyboard.up("m")
    assert "1 change" in at(page, "#pending").inner_text()
    assert at(page, ".word.pending").count() >= 1
    text = at(page, "#changes .what").inner_text()
    start, end = (float(part.removesuffix(" s")) for part in text.split(" to "))
    assert 0.7 < start < 1.5
    assert 0.4 < end - start < 1.4
    # The same with a finger.
    box = at(page, "#hold").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.wait_for_timeout(500)
    page.mouse.up()
    assert "2 changes" in at(page, "#pending").inner_text()


# --- undo and redo


def test_everything_unsaved_is_undone_and_redone(page, house):
    page = page(add(house, SAID))
    for text in ("practice", "message", "please"):
        word(page, text).dblclick()
    page.keyboard.press("6")
    at(page, "#discard").click()
    assert "No changes" in at(page, "#pending").inner_text()
    page.keyboard.press("Control+z")
    assert "3 changes" in at(page, "#pending").inner_text()
    assert "Procedure" in at(page, "#changes").inner_text()
    page.keyboard.press("Control+z")
    assert "Procedure" not in at(page, "#changes").inner_text()
    page.keyboard.press("Control+z")
    assert "2 changes" in at(page, "#pending").inner_text()
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+y")
    assert "Procedure" in at(page, "#changes").inner_text()
    # In a text field, the key is the field's.
    page.keyboard.press("w")
    page.keyboard.type("ab")
    page.keyboard.press("Control+z")
    assert "3 changes" in at(page, "#pending").inner_text()


def test_ones_own_saved_edit_is_undone_without_the_original(page, house, window):
    message = add(house, SAID)
    mine = page(message)
    word(mine, "practice").dblclick()
    mine.keyboard.press("s")
    saved(mine, 2)
    assert "practice" not in at(mine, "#words").inner_text()
    other = page(message, "rita")
    assert at(other, "#undo").is_disabled()
    other.keyboard.press("Control+z")
    assert "not yours" in status(other)
    mine.keyboard.press("Control+z")
    saved(mine, 3)
    assert "practice" in at(mine, "#words").inner_text()
    assert at(mine, "#undo").is_disabled()
    mine.keyboard.press("Control+Shift+Z")
    saved(mine, 4)
    assert "practice" not in at(mine, "#words").inner_text()
    assert not mine.evaluate("document.getElementById('panes').dataset.revealed === '1'")


# --- the waveform


def test_the_waveform_is_enlarged_and_the_overview_shows_where(page, house):
    page = page(add(house, SAID))
    duration = view_of(page)["duration"]
    at(page, "#zoom-in").click()
    page.keyboard.press("+")
    assert status(page) == f"{duration / 4:.1f} s in view."
    box = at(page, "#wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert now(page) == pytest.approx(duration / 8, abs=0.1)
    # A press on the overview goes there, and the waveform follows.
    strip = at(page, "#overview").bounding_box()
    page.mouse.click(strip["x"] + strip["width"] * 0.8, strip["y"] + 8)
    assert now(page) == pytest.approx(duration * 0.8, abs=0.1)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert now(page) == pytest.approx(duration * 0.8, abs=0.1)
    # The frame is dragged without playing somewhere else.
    page.mouse.move(strip["x"] + strip["width"] * 0.8, strip["y"] + 8)
    page.mouse.down()
    page.mouse.move(strip["x"] + strip["width"] * 0.3, strip["y"] + 8, steps=4)
    page.mouse.up()
    assert now(page) == pytest.approx(duration * 0.8, abs=0.1)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert now(page) == pytest.approx(duration * 0.3, abs=0.1)
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert "whole recording" in status(page)
    assert at(page, "#zoom-out").is_disabled()
    # A stretch that is marked in an enlarged waveform is where it was dragged.
    page.keyboard.press("+")
    page.evaluate("document.getElementById('audio').currentTime = 0")
    page.wait_for_timeout(100)
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 24, steps=4)
    page.mouse.up()
    start, end = (float(t.removesuffix(" s")) for t in at(page, "#changes .what").inner_text().split(" to "))
    assert start == pytest.approx(duration * 0.1, abs=0.1)
    assert end == pytest.approx(duration * 0.2, abs=0.1)


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


def test_an_operator_listens_and_edits_nothing(page, house):
    page = page(add(house, DOUBTED, confidences=DOUBTS), "olive")
    page.keyboard.press("d")
    says(page, "stretch 1 of 3")
    for key in ("x", "m", "1", "o", "s", "Control+z", "A"):
        page.keyboard.press(key)
    assert at(page, ".word.pending").count() == 0
    assert at(page, "#edits").count() == 0
    page.keyboard.press("?")
    assert "m" not in at(page, "#help kbd").all_inner_texts()
