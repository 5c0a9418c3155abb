"""The first sign-in in a real browser: own password, QR code of the one-time codes, recovery codes, queue."""

import re

import pyotp
import pytest
from test_browser import house  # noqa: F401 - a fixture

FIRST, OWN = "a first password of four words", "an own password of four words"


@pytest.mark.parametrize(("name", "width", "scheme"), [("nina", 1280, "light"), ("nico", 390, "dark")])
def test_a_new_account_ends_in_the_queue(window, house, name, width, scheme):  # noqa: F811
    house.access.accounts.add(name, FIRST, ["reviewer"], by="test")
    opened = window(width=width, scheme=scheme)
    page = opened.page
    page.goto("/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Current password").fill(FIRST)
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("Repeat the new password").fill(OWN)
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url("**/account/totp")
    page.get_by_label("Password").fill(OWN)
    page.get_by_role("button", name="Show a new secret").click()
    code = page.locator("svg.qr")
    box = code.bounding_box()
    assert box["width"] == box["height"] >= 200  # large enough for a camera
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colours = page.evaluate(
        "[...document.querySelectorAll('svg.qr path')].map(p => getComputedStyle(p)).map(s => [s.fill, s.stroke])"
    )
    assert colours[0][0] == "rgb(255, 255, 255)"
    assert colours[1][1] == "rgb(0, 0, 0)"
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.content())[1]
    page.get_by_label("Code shown by the app").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="I have written them down").click()
    page.wait_for_url("**/messages")
    assert opened.complaints == []
