"""A withheld recording in a real browser: the link, the queue, the doubtful stretch, release, all with the keyboard."""

import os
from pathlib import Path

import pytest
from archive_site import ArchiveSite
from browsing import ARGUMENTS


@pytest.fixture
def page(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        made = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        made.set_default_timeout(20_000)
        yield made
        browser.close()


def picture(page, name):
    """For people who look at the pages: set REVIEW_PICTURES to a folder."""
    if folder := os.environ.get("REVIEW_PICTURES"):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_withheld_recording_from_the_link_to_its_release(tmp_path, monkeypatch, capsys, page):
    from axe_playwright_python.sync_playwright import Axe

    site = ArchiveSite(tmp_path, monkeypatch, capsys)
    site.redact()
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    with site.review(served=True) as client:
        page.goto(client.link)
        page.wait_for_url("**/messages")
        assert page.get_by_role("row").nth(1).get_by_text("withheld").is_visible()
        picture(page, "queue")
        page.get_by_role("button", name="Review the next recording").click()
        page.wait_for_selector(".word")
        picture(page, "withheld")
        lost = page.locator(".word", has_text="[UNTRANSCRIBED]").first
        lost.focus()
        page.keyboard.press("x")
        assert "1 change not saved" in page.locator("#pending").inner_text()
        page.keyboard.press("s")
        page.locator("#version", has_text="2").wait_for()
        assert page.locator(".word", has_text="[UNTRANSCRIBED]").count() == 0
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            serious = [
                v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")
            ]
            assert serious == []
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        page.set_viewport_size({"width": 1280, "height": 900})
        page.locator("#wave").focus()
        page.keyboard.press("g")
        page.keyboard.type("Heard; it names nobody.")
        page.keyboard.press("Enter")
        page.wait_for_url("**?released=*")
        page.wait_for_selector(".word")
        picture(page, "redacted")
        page.keyboard.press("g")
        page.keyboard.press("Enter")
        page.wait_for_url("**/messages?none=1*")
        assert page.get_by_text("Nothing is left to do").is_visible()
        picture(page, "done")
        page.goto(f"{client.base_url}/login")
        picture(page, "login")
    assert set(site.artefacts("old/msg0002")) == {".wav", ".txt", ".srt", ".vtt", ".json"}
    assert [c for c in complaints if "401" not in c] == []
