"""The message page in a real browser: doubtful stretches, labels, words alike, marking by ear, undo and redo, the
waveform.
"""

import pytest
from browsing import DOUBTED, DOUBTS, add, at, now, saved, says, served, status, until, view_of, word
from review_site import CLEAN, SAID, ReviewSite


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    site = ReviewSite(tmp_path_factory.mktemp("page"))
    for name in ("ray", "rita", "lee"):
        site.person(name)
    with served(site):
        yield site


# --- doubtful stretches


def test_the_next_doubtful_stretch_is_played_with_a_second_around_it_and_looped(page, house):
    page = page(add(house, DOUBTED, confidences=DOUBTS))
    doubts = view_of(page)["doubts"]
    assert [5 in range(d["first"], d["last"]) for d in doubts] == [True, *[False] * (len(doubts) - 1)]
    assert any(9 in range(d["first"], d["last"]) for d in doubts[1:])
    count = len(doubts)
    assert at(page, "#doubt-count").inner_text() == str(count)
    page.keyboard.press("d")
    says(page, f"stretch 1 of {count}")
    assert now(page) == pytest.approx(max(0, doubts[0]["start"] - 1), abs=0.8)
    assert "Brunsvald" in " ".join(at(page, ".word.in-doubt").all_inner_texts())
    # It ends by itself a second after the stretch.
    until(page, "document.getElementById('audio').paused")
    assert now(page) == pytest.approx(doubts[0]["end"] + 1, abs=0.3)
    page.keyboard.press("d")
    says(page, f"stretch 2 of {count}")
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
    for _ in range(count - 1):
        page.keyboard.press("d")
    says(page, f"stretch 1 of {count}")
    page.keyboard.press("l")
    page.keyboard.press("ArrowLeft")
    assert at(page, "#loop").get_attribute("aria-pressed") == "false"
    page.keyboard.press("Shift+D")
    says(page, f"stretch {count} of {count}")


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
    mine.goto(mine.url.rsplit("/", 1)[0])  # leaves it to others
    other = page(message, "rita")
    assert at(other, "#undo").is_disabled()
    other.keyboard.press("Control+z")
    assert "not yours" in status(other)
    other.goto(other.url.rsplit("/", 1)[0])
    mine = page(message)
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
