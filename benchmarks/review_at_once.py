"""Ten reviewers at once: what each page takes meanwhile, and whether what they did is stored, all of it and once.

    python benchmarks/review_at_once.py                  # 50,000 messages in SQLite, 10 reviewers
    python benchmarks/review_at_once.py --postgresql

The reviewers are threads of another process, each with a session of its own and a pause between two requests (`--pause`
seconds on average; people are slower). Each takes the next message, opens it, answers its findings, redacts something
by hand, reviews it, and looks at a list or at the dashboard. In between, all of them edit one and the same message.
The messages that come up have a sealed original, and every edit is rendered, checked and logged as in production, by
the real pipeline with a scripted detector; nothing is recognised. The others are rows with findings, as in
review_web.py.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import postgresql
import uvicorn
from report import RESULTS, ROOT, stamp
from review_web import LIMIT, fill
from sqlalchemy import func, select

sys.path.append(str(ROOT / "tests" / "review"))

from review_site import PASSWORD, SAID, ReviewSite

from redactor.auth.sessions import csrf_of
from redactor.review.schema import messages, reviews, versions

LISTS = (
    "/messages",
    "/messages?state=new&rule=V03",
    "/messages?severity=S1&since=2023-11-20&until=2023-12-01",
    "/messages?assigned=me",
    "/samples",
    "/dashboard",
    "/dashboard?sample=0",
    "/disputes",
    "/account",
)
HTML = {"accept": "text/html"}


class Colleague:
    """One reviewer, who keeps account of what was done and how long every answer took."""

    def __init__(self, url: str, token: str, *, number: int, pause: float) -> None:
        self._client = httpx.Client(
            base_url=url, cookies={"redactor-session": token}, timeout=120, headers={"accept": "text/html"}
        )
        self._csrf, self._number, self._pause = csrf_of(token), number, pause
        self._chance = random.Random(number)
        self.took: dict[str, list[float]] = defaultdict(list)
        self.edits: list[tuple[str, float]] = []
        self.reviewed: list[str] = []
        self.conflicts = 0

    def _ask(self, name: str, method: str, path: str, **given: Any) -> httpx.Response:
        time.sleep(self._chance.uniform(0, 2 * self._pause))
        begin = time.perf_counter()
        answer = self._client.request(method, path, **given)
        self.took[name].append(time.perf_counter() - begin)
        assert answer.status_code in (200, 206, 303, 409), (name, answer.status_code)
        return answer

    def _send(self, name: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._ask(
            name, "POST", path, json=body, headers={"X-CSRF-Token": self._csrf, "accept": "application/json"}
        )

    def work(self, shared: str, rounds: int) -> None:
        for n in range(rounds):
            answer = self._ask("next message", "POST", "/messages/next", data={"csrf": self._csrf})
            path = answer.headers["location"]
            if answer.status_code == 303 and "none=1" not in path:
                self._review(path)
            self._ask(LISTS[(n + self._number) % len(LISTS)], "GET", LISTS[(n + self._number) % len(LISTS)])
            self._edit(f"/messages/{shared}", "edit of the shared message")

    def _review(self, path: str) -> None:
        message = path.rsplit("/", 1)[1]
        page = self._ask("message page", "GET", path).text
        view = self._ask("message, words and peaks", "GET", f"{path}/view.json").json()
        self._ask("message, sound", "GET", f"{path}/audio")
        for part in page.split('data-number="')[1:]:
            number, rule = int(part.split('"', 1)[0]), part.split('data-rule="')[1].split('"', 1)[0]
            body = {"finding": number, "rule": rule, "decision": self._chance.choice(("accept", "reject"))}
            assert self._send("answer", f"{path}/decisions", body).status_code == 200
        version = self._edit(path, "edit", view["version"])
        form = {"csrf": self._csrf, "version": str(version), "verdict": "findings"}
        answer = self._ask("review", "POST", f"{path}/review", data=form)
        assert answer.status_code == 303, answer.text
        self.reviewed.append(message)

    def _edit(self, path: str, name: str, version: int = 0) -> int:
        """Redact a stretch that nobody else redacts, and again if somebody else was first; 0 if it is not allowed."""
        start = round(0.001 * (1 + self._number) + 0.02 * len(self.edits), 3)
        edit = {"kind": "region", "channel": 0, "start": start, "end": round(start + 0.05, 3)}
        while True:
            version = version or self._ask("message, words and peaks", "GET", f"{path}/view.json").json()["version"]
            answer = self._send(name, f"{path}/edits", {"version": version, "edits": [edit]})
            if answer.status_code == 200:
                self.edits.append((path.rsplit("/", 1)[1], start))
                return int(answer.json()["version"])
            self.conflicts += 1
            if answer.json()["error"] != "stale":  # somebody else has the message open
                return 0
            version = 0


def crowd(url: str, tokens: list[str], shared: str, rounds: int, pause: float, out: str) -> None:
    """All reviewers, in their own process."""
    people = [Colleague(url, token, number=n, pause=pause) for n, token in enumerate(tokens)]
    failed: list[str] = []

    def run(one: Colleague) -> None:
        try:
            one.work(shared, rounds)
        except Exception as error:  # noqa: BLE001 - reported by the other process
            failed.append(repr(error))

    threads = [threading.Thread(target=run, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took: dict[str, list[float]] = defaultdict(list)
    for one in people:
        for name, seconds in one.took.items():
            took[name] += seconds
    done = {
        "failed": failed,
        "took": took,
        "edits": [e for one in people for e in one.edits],
        "reviewed": [m for one in people for m in one.reviewed],
        "conflicts": sum(one.conflicts for one in people),
    }
    Path(out).write_text(json.dumps(done))


def wrong(site: ReviewSite, done: dict[str, Any], *, reviewed_before: int) -> list[str]:
    """How the database differs from what the reviewers did."""
    out = [f"{len(done['failed'])} reviewers failed: {done['failed'][:2]}"] if done["failed"] else []
    if len(set(done["reviewed"])) != len(done["reviewed"]):
        out.append("a message was reviewed twice")
    edited: dict[str, list[float]] = defaultdict(list)
    for message, start in done["edits"]:
        edited[message].append(start)
    with site.engine.connect() as c:
        for message, starts in edited.items():
            version = c.execute(select(messages.c.version).where(messages.c.id == message)).scalar_one()
            rows = c.execute(select(versions.c.version).where(versions.c.message == message)).scalars().all()
            stored = [round(e.start, 3) for e in site.store.edits(message, version)]
            if sorted(stored) != sorted(starts) or sorted(rows) != list(range(1, len(starts) + 2)):
                out.append(f"{message[:12]}: {len(starts)} edits were made, {len(stored)} are stored")
        given = c.execute(
            select(reviews.c.message, func.count()).where(reviews.c.state == "given").group_by(reviews.c.message)
        ).all()
    if any(count != 1 for _, count in given) or len(given) != reviewed_before + len(done["reviewed"]):
        out.append(f"{len(done['reviewed'])} reviews were given, {len(given) - reviewed_before} messages have one")
    return out


def row(name: str, seconds: list[float]) -> dict[str, object]:
    ordered = sorted(1e3 * s for s in seconds)
    found = {
        "page": name,
        "requests": len(ordered),
        "median_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "longest_ms": round(ordered[-1], 1),
    }
    print(f"{name:52} {found['requests']:6} {found['median_ms']:8} {found['p95_ms']:8} {found['longest_ms']:8}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--reviewers", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=10, help="messages that each reviewer takes")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two requests of one reviewer")
    parser.add_argument("--postgresql", action="store_true", help="use a private PostgreSQL server instead of SQLite")
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    marked = stamp()
    place = postgresql.server(durable=True) if given.postgresql else nullcontext("")
    with tempfile.TemporaryDirectory() as name, place as database:
        site = ReviewSite(Path(name), url=database or None)
        wanted = given.reviewers * given.rounds
        real = [site.add(seed, SAID, added=1.6e9 + seed) for seed in range(1, wanted + 2)]
        fill(site.store, site.version_store, given.messages - len(real), random.Random(1))
        site.samples.draw(size=500, least=2, seed=1, strata=["verdict", "rule"], reviews=1, by="person:1", since=1.65e9)
        with site.engine.begin() as c:  # nobody takes one of the rows without a recording
            c.execute(messages.update().where(messages.c.added > 1.65e9, messages.c.state == "new").values(needed=0))
        tokens = [session(site, n) for n in range(given.reviewers)]
        with site.engine.connect() as c:
            before = c.execute(select(func.count()).where(reviews.c.state == "given")).scalar_one()
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site.app, log_config=None, access_log=False, lifespan="off"))
        threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
        url, out = f"http://127.0.0.1:{listening.getsockname()[1]}", str(Path(name) / "done.json")
        for path in LISTS:  # what is loaded at the first use is no page's
            assert httpx.get(url + path, cookies={"redactor-session": tokens[0]}, headers=HTML).status_code == 200
        begin, used = time.perf_counter(), time.process_time()
        people = multiprocessing.get_context("spawn").Process(
            target=crowd, args=(url, tokens, real[-1], given.rounds, given.pause, out)
        )
        people.start()
        people.join()
        wall, cpu = time.perf_counter() - begin, time.process_time() - used
        done = json.loads(Path(out).read_text())
        print(f"{'ms':52} {'n':>6} {'median':>8} {'p95':>8} {'longest':>8}")
        rows = [row(name, seconds) for name, seconds in sorted(done["took"].items())]
        problems = wrong(site, done, reviewed_before=before)
        server.should_exit = True
        result = {
            **marked,
            "messages": given.messages,
            "reviewers": given.reviewers,
            "pause_seconds": given.pause,
            "database": site.engine.dialect.name,
            "seconds": round(wall, 1),
            "server_cpu_ms_per_request": round(1e3 * cpu / sum(map(len, done["took"].values())), 1),
            "load_at_end": round(os.getloadavg()[0], 1),
            "reviews": len(done["reviewed"]),
            "edits": len(done["edits"]),
            "conflicts": done["conflicts"],
            "problems": problems,
            "held": all(float(str(r["p95_ms"])) <= 1e3 * LIMIT for r in rows),
            "rows": rows,
        }
        site.engine.dispose()
    suffix = "_postgresql" if given.postgresql else ""
    (given.out or RESULTS / f"review_at_once{suffix}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{len(done['reviewed'])} reviews, {len(done['edits'])} edits, {done['conflicts']} conflicts")
    print("\n".join(problems) or "nothing was lost, nothing done twice")
    print("every page" if result["held"] else "NOT every page", f"within {1e3 * LIMIT:.0f} ms (p95)")


def session(site: ReviewSite, number: int) -> str:
    """The token of a lead who is logged in."""
    import pyotp

    accounts, name = site.access.accounts, f"reviewer{number}"
    accounts.add(name, "first-password-to-change-1", ["lead"], by="user:0")
    accounts.change_password(accounts.named(name), PASSWORD)
    secret = accounts.new_secret(accounts.named(name))
    assert accounts.enrol(accounts.named(name), pyotp.TOTP(secret).now())
    return str(site.access.sessions.begin(accounts.named(name).id, "full", replacing=""))


if __name__ == "__main__":
    main()
