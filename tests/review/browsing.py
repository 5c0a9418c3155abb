"""A browser for the tests of the review pages, and the site that it visits."""

import io
import itertools
import socket
import threading
import time
from contextlib import contextmanager

import numpy as np
import soundfile
import uvicorn
from review_site import PASSWORD, timed

from models.tts.shaped import uttered
from redactor.audio import Source
from redactor.compliance.recipients import Sending
from redactor.speech import TranscriptReader

DOUBTED = "hi this is Rowan about Brunsvald please ask for Brunsvold or call the practice thank you very much"
DOUBTS = {"Brunsvald": 0.2, "Brunsvold": 0.4, "practice": 0.45, "the": 0.45, "much": 0.7}
"""A message with words of low confidence."""
SEED = itertools.count(100)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]


@contextmanager
def served(site):
    """The site, on an address of its own: `site.url`."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(site.app, log_config=None, access_log=False, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield site
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


class Window:
    """A browser of its own; whatever its console complains of fails the test."""

    def __init__(self, browser, house, *, width=1280, scheme="light"):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=house.url, accept_downloads=True
        )
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.house = house

    def enter(self, name):
        """With the cookie of a session, without the pages of log-in."""
        token = self.house.access.sessions.begin(self.house.person(name), "full", replacing="")
        self.context.add_cookies([{"name": "redactor-session", "value": token, "url": self.house.url}])
        return self.page

    def log_in(self, name):
        page = self.page
        page.goto("/messages")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("Code").fill(self.house.code(name))
        page.get_by_role("button").last.click()
        page.wait_for_url("**/messages")
        return page


def at(page, selector):
    return page.locator(selector)


def until(page, true):
    """Wait; the pages' policy forbids the `eval` in which Playwright's own waiting is done."""
    end = time.monotonic() + 10
    while not page.evaluate(true):
        assert time.monotonic() < end, true
        page.wait_for_timeout(20)


def ready(page):
    until(page, "document.querySelectorAll('.word').length > 3")
    until(page, "document.getElementById('audio').readyState >= 2")


def now(page):
    return page.evaluate("document.getElementById('audio').currentTime")


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
