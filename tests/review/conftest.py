"""One site per module, because passwords are slow to hash by design."""

import pytest
from browsing import ARGUMENTS, Window, ready
from review_site import ReviewSite


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return ReviewSite(tmp_path_factory.mktemp("review"))


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        made = p.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def window(browser, house):
    opened = []

    def open_(**kwargs):
        opened.append(Window(browser, house, **kwargs))
        return opened[-1]

    yield open_
    for one in opened:
        one.context.close()
        # A browser notes every refusal that a page then explains.
        assert not [c for c in one.complaints if "status of 409" not in c]


@pytest.fixture
def page(window, house):
    """A reviewer's page of a message."""

    def open_(message, name="ray", **kwargs):
        page = window(**kwargs).enter(name)
        page.goto(f"/messages/{message}")
        ready(page)
        return page

    return open_


@pytest.fixture
def window_of(browser):
    """The page of a browser for the review of an archive; whatever its console complains of fails the test."""
    opened, complaints = [], []

    def open_(client, *, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=str(client.base_url)
        )
        context.set_default_timeout(60_000)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        return page

    yield open_
    for context in opened:
        context.close()
    assert not complaints
