"""Makes the pictures of the review pages: python benchmarks/review_pictures.py (needs Debian's chromium).

    python benchmarks/review_pictures.py                    # the compact set in docs/images
    python benchmarks/review_pictures.py --every FOLDER     # every page, wide and narrow, light and dark, side by side

The messages are invented, detector and rules are the default ones, and the reviews are drawn at random: the pictures
show the look of the pages, and their numbers are meaningless.
"""

from __future__ import annotations

import argparse
import io
import random
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from PIL import Image
from report import ROOT

sys.path.append(str(ROOT / "tests" / "review"))

from archive_site import WITHHELD, ArchiveSite
from review_site import PASSWORD, ReviewSite

from redactor.phi import build_detector
from redactor.review.repository import Filters

CHROMIUM = "/usr/bin/chromium"
DOCS = ROOT / "docs" / "images"
SIZES = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))
SAID = (
    (
        "Hi this is Rowan from Larkfield Family Practice with a message for Dana Whitlock. Your metformin refill "
        "is ready. Please call us back at 206-555-0142. Thank you."
    ),
    (
        "Hello Marcus this is June at Larkfield calling to confirm your appointment on Tuesday at ten. Our number "
        "is 206-555-0142."
    ),
    "This is Rowan from the front desk. Please call us back when you can at 206-555-0142. Thank you.",
    (
        "Hi Mister Okafor your biopsy results came back normal so no need to worry. Doctor Brunsvold will see you "
        "in March. Call 206-555-0142."
    ),
)
UNSURE = {"with": 0.66, "ready.": 0.28, "call": 0.44, "us": 0.41, "back": 0.24}
"""Confidences of some words, as a recogniser might give them."""
MESSAGES = 20


def sent_messages(folder: Path) -> ReviewSite:
    """A service with messages, a sample with two reviews of most of them, and some disputes."""
    rng = random.Random(4)
    site = ReviewSite(folder)
    site.pipeline.detector = build_detector()
    site.messages = [
        site.add(seed, SAID[seed % len(SAID)], added=1.79e9 + 4000 * seed, confidences=UNSURE)
        for seed in range(1, MESSAGES + 1)
    ]
    site.samples.draw(size=MESSAGES * 2 // 3, least=4, seed=20, strata=["verdict"], reviews=2, by="person:1")
    for row in site.store.page(Filters(sample=1), limit=99).rows[4:]:
        true = {
            f["number"]: rng.random() < (0.85 if f["verdict"] == "findings" else 0.3)
            for f in site.store.findings(row["id"])
        }
        for person in (91, 92):
            answers = []
            for f in site.store.findings(row["id"]):
                answers.append("accept" if true[f["number"]] ^ (rng.random() < 0.05) else "reject")
                site.reviews.decide(row["id"], person, finding=f["number"], rule=f["rule"], decision=answers[-1])
            verdict = "findings" if "accept" in answers else "pass"
            site.reviews.give(row["id"], person, version=1, verdict=verdict)
    return site


class Camera:
    """A browser that shows a page in all sizes and themes."""

    def __init__(self, browser: Any, url: str, cookies: list[dict[str, str]]) -> None:
        self._browser, self._url, self._cookies = browser, url, cookies
        self._contexts: dict[tuple[int, str], Any] = {}

    def take(
        self, path: str, width: int, scheme: str, *, height: int = 0, act: Callable[[Any], None] = lambda _: None
    ) -> bytes:
        """A PNG of a page, of its whole length unless `height` is given; `act`: what is done on it before."""
        if (context := self._contexts.get((width, scheme))) is None:
            context = self._contexts[width, scheme] = self._browser.new_context(color_scheme=scheme)
            context.set_default_timeout(120_000)
            context.add_cookies(self._cookies)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height or 900})
        page.goto(self._url + path, wait_until="domcontentloaded")
        page.wait_for_timeout(800)
        if page.locator("#words").count():
            page.locator(".word").first.wait_for()
        act(page)
        png: bytes = page.screenshot(full_page=not height)
        page.close()
        return png


def side_by_side(pictures: list[bytes]) -> Image.Image:
    """Pictures of different sizes in one row, at most 2,400 pixels high."""
    opened = [Image.open(io.BytesIO(png)).convert("RGB") for png in pictures]
    high = min(2400, max(one.height for one in opened))
    whole = Image.new("RGB", (sum(one.width + 20 for one in opened), high), "#888888")
    x = 0
    for one in opened:
        whole.paste(one, (x, 0))
        x += one.width + 20
    return whole


def edited(page: Any) -> None:
    """A word is marked, and the page is in the middle of it."""
    page.evaluate("document.getElementById('audio').currentTime = 2.6")
    page.locator(".word").filter(has_text="ready").first.dblclick()
    page.wait_for_timeout(500)


def typed_in(page: Any) -> None:
    """After the password, the code is asked for."""
    page.get_by_label("Name").fill("lee")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/login/code")


def service_pages(site: ReviewSite) -> Iterator[tuple[str, str, str, Callable[[Any], None]]]:
    """(name, who, path, what is done on it) of every page of the service."""

    def nothing(_page: Any) -> None:
        pass

    disputed = [row["id"] for row in site.store.page(Filters(state="disputed")).rows]
    new = list(site.store.page(Filters(state="new")).rows)
    clean = next((row["id"] for row in new if not row["rules"]), new[0]["id"])
    yield "login", "", "/login", nothing
    yield "code", "", "/login", typed_in
    yield "password", "lee", "/account/password", nothing
    yield "totp", "lee", "/account/totp", nothing
    yield "queue", "lee", "/messages", nothing
    yield "queue-nothing", "ray", "/messages?assigned=me&none=1", nothing
    yield "message", "lee", f"/messages/{site.messages[3]}", edited
    yield "message-without-findings", "ray", f"/messages/{clean}", nothing
    yield "keys", "ray", f"/messages/{clean}", lambda page: page.keyboard.press("?")
    yield "samples", "lee", "/samples", nothing
    yield "disputes", "lee", "/disputes", nothing
    for message in disputed[:1]:
        yield "adjudication", "lee", f"/messages/{message}/adjudication", nothing
    yield "dashboard", "lee", "/dashboard", nothing
    yield "account", "lee", "/account", nothing
    yield "emergency", "lee", "/emergency", nothing
    yield "trail", "ada", "/trail", nothing
    yield "not-found", "lee", "/nowhere", nothing
    yield "not-permitted", "ada", f"/messages/{clean}", nothing


@contextmanager
def served(app: Any) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


def cookies_of(site: ReviewSite, who: str, url: str) -> list[dict[str, str]]:
    if not who:
        site.person("lee")
        return []
    token = site.access.sessions.begin(site.person(who), "full", replacing="")
    return [{"name": "redactor-session", "value": token, "url": url}]


def of_service(browser: Any, folder: Path, every: Path | None) -> None:
    site = sent_messages(folder)
    with served(site.app) as url:
        if every is not None:
            for name, who, path, act in service_pages(site):
                if (every / f"{name}.png").exists():
                    continue
                camera = Camera(browser, url, cookies_of(site, who, url))
                side_by_side([camera.take(path, *size, act=act) for size in SIZES]).save(every / f"{name}.png")
            return
        camera = Camera(browser, url, cookies_of(site, "lee", url))
        message = f"/messages/{site.messages[3]}"
        keep(camera.take(message, 1280, "light", height=860, act=edited), "review_message")
        keep(camera.take(message, 390, "dark", height=844), "review_message_phone")
        keep(camera.take("/messages", 1280, "dark", height=720), "review_queue")
        keep(camera.take("/messages", 390, "light", height=844), "review_queue_phone")
        keep(camera.take("/dashboard", 1280, "light", height=900), "review_dashboard")


def of_archive(browser: Any, folder: Path, every: Path | None) -> None:
    """The pages of `redactor review`: they need an archive run, which is made here with given transcripts."""
    capsys = SimpleNamespace(readouterr=lambda: ("", ""))
    with pytest.MonkeyPatch.context() as patch:
        site = ArchiveSite(folder, patch, capsys)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            site.redact()
        with site.review(served=True) as client:
            url = str(client.base_url)
            answer = client.get(client.path)
            (name, value) = next(iter(answer.cookies.items()))
            camera = Camera(browser, url, [{"name": name, "value": value, "url": url}])
            withheld = f"/messages/{site.ids[WITHHELD]}"
            client.get(withheld)  # recognised when it is opened
            if every is None:
                keep(camera.take(withheld, 1280, "light", height=760), "review_withheld")
                return
            for page, path in (
                ("archive-queue", "/messages"),
                ("archive-withheld", withheld),
                ("archive-redacted", f"/messages/{site.ids['msg0001']}"),
                ("archive-nothing", "/messages?none=1"),
                ("archive-not-found", "/nowhere"),
            ):
                side_by_side([camera.take(path, *size) for size in SIZES]).save(every / f"{page}.png")
            closed = Camera(browser, url, [])
            side_by_side([closed.take("/login", *size) for size in SIZES]).save(every / "archive-login.png")


def keep(png: bytes, name: str) -> None:
    DOCS.mkdir(exist_ok=True)
    Image.open(io.BytesIO(png)).convert("RGB").save(DOCS / f"{name}.webp", quality=82, method=6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=Path, metavar="FOLDER", help="every page instead, into this folder")
    parser.add_argument("--only", choices=("service", "archive"), help="pages of one kind")
    given = parser.parse_args()
    if given.every is not None:
        given.every.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as p:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"]
        browser = p.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for kind, make in (("service", of_service), ("archive", of_archive)):
            folder = Path(name) / kind
            folder.mkdir()
            if given.only in (None, kind):
                make(browser, folder, given.every)
        browser.close()


if __name__ == "__main__":
    main()
