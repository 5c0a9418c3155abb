"""Makes the pictures of the review pages: python benchmarks/review_pictures.py (needs Debian's chromium).

The messages are invented, detector and rules are the default ones, and the reviews are drawn at random: the pictures
show the look of the pages, and their numbers are meaningless.
"""

from __future__ import annotations

import random
import socket
import sys
import tempfile
import threading
from pathlib import Path

import uvicorn
from report import RESULTS, ROOT

sys.path.append(str(ROOT / "tests" / "review"))

from review_site import ReviewSite

from redactor.phi import build_detector
from redactor.review.repository import Filters

CHROMIUM = "/usr/bin/chromium"
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


def main() -> None:
    rng = random.Random(4)
    with tempfile.TemporaryDirectory() as name:
        site = ReviewSite(Path(name))
        site.pipeline.detector = build_detector()
        first = [
            site.add(seed, SAID[seed % len(SAID)], added=1.79e9 + 4000 * seed, confidences=UNSURE)
            for seed in range(1, 61)
        ]
        site.samples.draw(size=40, least=12, seed=20, strata=["verdict"], reviews=2, by="person:1")
        for row in site.store.page(Filters(sample=1), limit=99).rows[4:]:
            true = {
                f["number"]: rng.random() < (0.85 if f["verdict"] == "findings" else 0.3)
                for f in site.store.findings(row["id"])
            }
            for person in (91, 92):
                answers = []
                for f in site.store.findings(row["id"]):
                    answers.append("accept" if true[f["number"]] ^ (rng.random() < 0.03) else "reject")
                    site.reviews.decide(row["id"], person, finding=f["number"], rule=f["rule"], decision=answers[-1])
                verdict = "findings" if "accept" in answers else "pass"
                site.reviews.give(row["id"], person, version=1, verdict=verdict)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site.app, log_config=None, access_log=False, lifespan="off"))
        threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        from playwright.sync_api import sync_playwright

        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            for picture, path, scheme, height in (
                ("review_message", f"/messages/{first[3]}", "light", 860),
                ("review_queue", "/messages", "dark", 760),
                ("review_dashboard", "/dashboard", "light", 900),
            ):
                context = browser.new_context(viewport={"width": 1180, "height": height}, color_scheme=scheme)
                token = site.access.sessions.begin(site.person("lee"), "full", replacing="")
                context.add_cookies([{"name": "redactor-session", "value": token, "url": url}])
                page = context.new_page()
                page.goto(url + path)
                page.wait_for_timeout(800)
                if picture == "review_message":
                    page.evaluate("document.getElementById('audio').currentTime = 2.6")
                    page.locator(".word").filter(has_text="ready").first.dblclick()
                    page.keyboard.press("+")
                    page.wait_for_timeout(600)
                page.screenshot(path=str(RESULTS / f"{picture}.png"))
                context.close()
            browser.close()
        server.should_exit = True


if __name__ == "__main__":
    main()
