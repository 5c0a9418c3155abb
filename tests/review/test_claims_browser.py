"""Claims and the search in all messages in a real browser."""

import time

import pytest
from browsing import add, at, ready, served
from review_site import CLEAN, ReviewSite

KEPT = "hello please tell Wetlock that the office is open and thank you for calling goodbye"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    site = ReviewSite(tmp_path_factory.mktemp("claims"))
    for name in ("ray", "rita", "lee"):
        site.person(name)
    with served(site):
        yield site


def wait(page, until):
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_who_comes_second_reads_and_leaving_gives_the_message_back(window, house):
    message = add(house, CLEAN)
    first, second = window().enter("ray"), window().enter("rita")
    first.goto(f"/messages/{message}")
    ready(first)
    second.goto(f"/messages/{message}")
    ready(second)
    assert at(first, "#claim").is_hidden()
    assert at(second, "#claim").is_visible()
    assert "ray" in at(second, "#claim").inner_text()
    assert at(second, "#save").count() == 0
    first.goto("/messages")
    wait(second, lambda: house.reviews.claims.of(message) is None)
    second.goto(f"/messages/{message}")
    ready(second)
    assert at(second, "#claim").is_hidden()
    assert at(second, "#save").count() == 1


def test_a_lead_finds_a_marked_word_in_all_messages(window, house):
    one, two = add(house, KEPT), add(house, KEPT)
    page = window().enter("lee")
    page.goto(f"/messages/{one}")
    ready(page)
    page.evaluate(
        "[...document.querySelectorAll('#words [data-i]')].find((w) => w.textContent.includes('Wetlock')).focus()"
    )
    page.keyboard.press("x")
    at(page, "#changes button:has-text('Find it in all messages')").click()
    page.wait_for_url("**/everywhere")
    assert at(page, "input[type=checkbox]").count() == 2
    at(page, "#everywhere-reason").fill("A misheard surname.")
    at(page, "button.primary:has-text('Redact')").click()
    page.wait_for_url("**/everywhere/*")
    wait(page, lambda: [house.store.find(m)["version"] for m in (one, two)] == [2, 2])
