"""One reviewer has a message, from opening it; the others read only."""

import re
import threading
import time
from types import SimpleNamespace

import postgresql
import pytest
from argon2 import PasswordHasher
from review_site import CLEAN, HTML, SAID, ReviewSite, post, send
from sqlalchemy import update

from redactor.auth import passwords
from redactor.database import connect
from redactor.review.claims import WRITES, Claims
from redactor.review.repository import ReviewRepository
from redactor.review.reviews import Reviews
from redactor.review.schema import claims

EDIT = {"version": 1, "edits": [{"kind": "region", "channel": 0, "start": 0.1, "end": 0.4}]}
EVERYBODY = [SimpleNamespace(id=n, name=f"p{n}", permissions=WRITES) for n in range(1, 9)]


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    """A site for each test, and passwords are slow to hash by design."""
    monkeypatch.setattr(passwords, "hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def here(tmp_path):
    return ReviewSite(tmp_path)


def opened(client, message):
    return client.get(f"/messages/{message}", headers=HTML).text


def key_of(page):
    return re.search(r'data-claim="(\w*)"', page)[1]


def expire(site, message):
    with site.engine.begin() as c:
        c.execute(update(claims).where(claims.c.message == message).values(until=time.time() - 1))


def test_who_opens_a_message_first_has_it_and_others_read_only(here):
    message, ray, rita = here.add(), here.client("ray"), here.client("rita")
    first, second = opened(ray, message), opened(rita, message)
    assert key_of(first)
    assert 'data-edit="1"' in first
    assert 'data-judge="1"' in first
    assert not key_of(second)
    assert 'data-edit="0"' in second
    assert 'data-judge="0"' in second
    assert '<b id="claim-holder">ray</b> is working on this message' in second
    assert "Submit review" in first
    assert "Submit review" not in second
    assert 'id="save"' not in second
    assert "with ray" in rita.get("/messages", headers=HTML).text
    assert "with ray" not in ray.get("/messages", headers=HTML).text  # their own
    olive = here.client("olive")  # may not change anything, so she keeps nobody off
    expire(here, message)
    assert not key_of(opened(olive, message))
    assert here.reviews.claims.of(message) is None


def test_a_save_by_another_is_refused_and_keeps_what_was_typed(here):
    message, ray, rita = here.add(), here.client("ray"), here.client("rita")
    opened(rita, message)
    expire(here, message)
    opened(ray, message)
    answer = send(rita, f"/messages/{message}/edits", EDIT)
    assert (answer.status_code, answer.json()) == (409, {"error": "claimed", "by": "ray"})
    body = {"finding": 0, "rule": here.store.findings(message)[0]["rule"], "decision": "accept"}
    assert send(rita, f"/messages/{message}/decisions", body).status_code == 409
    page = post(rita, f"/messages/{message}/review", version="1", verdict="pass", comment="typed by rita <b>")
    assert page.status_code == 409
    assert "ray is working on this message" in page.text
    assert "typed by rita &lt;b&gt;" in page.text
    assert re.search(r'value="pass" required checked', page.text)
    assert here.store.find(message)["version"] == 1
    assert not here.reviews.mine(message, here.person("rita")).answers
    assert send(ray, f"/messages/{message}/edits", EDIT).status_code == 200


def test_a_claim_ends_by_finishing_leaving_and_without_heartbeats(here):
    message, ray, rita = here.add(said=CLEAN), here.client("ray"), here.client("rita")
    key = key_of(opened(ray, message))
    later = key_of(opened(ray, message))  # a second tab, or the same page loaded again
    assert post(ray, f"/messages/{message}/claim/end", key=key).status_code == 204
    assert 'data-edit="0"' in opened(rita, message), "the first page's leaving must not end the second's claim"
    assert post(ray, f"/messages/{message}/claim/end", key=later).status_code == 204
    assert 'data-edit="1"' in opened(rita, message)
    assert post(ray, f"/messages/{message}/claim", key=later).json() == {"held": False, "by": "rita"}
    expire(here, message)
    assert post(ray, f"/messages/{message}/claim", key=later).json() == {"held": True, "by": "ray"}
    until = here.reviews.claims.of(message).until
    assert 290 < until - time.time() < 310
    post(ray, f"/messages/{message}/claim", key=later)
    assert here.reviews.claims.of(message).until > until
    for f in here.store.findings(message):
        body = {"finding": f["number"], "rule": f["rule"], "decision": "reject"}
        send(ray, f"/messages/{message}/decisions", body)
    undetermined = post(ray, f"/messages/{message}/review", version="1", verdict="undetermined")
    assert undetermined.status_code == 303, undetermined.text
    assert here.reviews.claims.of(message) is None
    assert post(ray, f"/messages/{message}/claim", key="no key").status_code == 422


def test_another_cannot_end_a_claim(here):
    message, ray, rita = here.add(), here.client("ray"), here.client("rita")
    key = key_of(opened(ray, message))
    post(rita, f"/messages/{message}/claim/end", key=key)
    assert here.reviews.claims.of(message).name == "ray"
    olive = here.client("olive")
    assert post(olive, f"/messages/{message}/claim", key=key).status_code == 403


def test_a_lead_takes_over_what_was_begun_and_it_is_logged(here):
    message, ray, rita, lee = here.add(), *(here.client(name) for name in ("ray", "rita", "lee"))
    assert post(ray, "/messages/next").headers["location"] == f"/messages/{message}"
    opened(ray, message)
    rule = here.store.findings(message)[0]["rule"]
    body = {"finding": 0, "rule": rule, "decision": "accept"}
    assert send(ray, f"/messages/{message}/decisions", body).status_code == 200
    assert "Take it over" not in opened(rita, message)
    assert "Take it over" in opened(lee, message)
    assert post(rita, f"/messages/{message}/claim/over").status_code == 403
    assert here.reviews.claims.of(message).name == "ray"
    assert post(lee, f"/messages/{message}/claim/over").status_code == 303
    assert 'data-judge="1"' in opened(lee, message)
    assert send(lee, f"/messages/{message}/decisions", body).status_code == 200, "the assignment is the lead's, too"
    assert send(ray, f"/messages/{message}/edits", EDIT).status_code == 409
    assert "claim-taken-over" in here.events()


def test_next_never_gives_a_claimed_message(here):
    first, second = here.add(seed=1, added=1e9), here.add(seed=2, added=2e9)
    ray, rita, lee = (here.client(name) for name in ("ray", "rita", "lee"))
    opened(ray, first)  # by its address, so that it is not assigned to anybody
    assert post(rita, "/messages/next").headers["location"] == f"/messages/{second}"
    assert "none=1" in post(lee, "/messages/next").headers["location"]
    post(ray, f"/messages/{first}/claim/end", key=here.reviews.claims.of(first).key)
    assert post(lee, "/messages/next").headers["location"] == f"/messages/{first}"


def test_what_was_taken_and_left_without_an_answer_comes_up_for_others(here):
    message, ray, rita = here.add(), here.client("ray"), here.client("rita")
    post(ray, "/messages/next")
    key = key_of(opened(ray, message))
    assert "none=1" in post(rita, "/messages/next").headers["location"]
    post(ray, f"/messages/{message}/claim/end", key=key)
    assert post(rita, "/messages/next").headers["location"] == f"/messages/{message}"


def race(url, act):
    """Every person at the same instant, each with connections of their own; the results."""
    ready, found = threading.Barrier(len(EVERYBODY)), []

    def one(person):
        engine = connect(url)
        try:
            with engine.connect():
                pass
            ready.wait(30)
            found.append(act(engine, person))
        finally:
            engine.dispose()

    threads = [threading.Thread(target=one, args=(person,)) for person in EVERYBODY]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def exactly_one_wins(url):
    engine = connect(url)
    ReviewRepository(engine).prepare()
    for n in range(5):
        held = race(url, lambda e, person, n=n: (person.id, Claims(e).open(f"{n:064x}", person).person))
        assert len(held) == len(EVERYBODY)
        assert len({holder for _, holder in held}) == 1
        assert sum(who == holder for who, holder in held) == 1
    engine.dispose()


def everybody_gets_another(site, url):
    messages = {site.add(seed=seed, said=CLEAN) for seed in range(1, 1 + len(EVERYBODY))}
    given = race(url, lambda e, person: Reviews(e, site.sealer).take_next(person.id, person.name))
    assert set(given) == messages
    assert len(given) == len(messages)


def test_of_openings_at_the_same_instant_exactly_one_wins(tmp_path):
    exactly_one_wins(f"sqlite:///{tmp_path}/race.sqlite")


def test_next_at_the_same_instant_gives_each_another_message(here):
    everybody_gets_another(here, f"sqlite:///{here.folder}/review.sqlite")


@pytest.mark.skipif(bool(postgresql.missing()), reason=postgresql.missing())
def test_the_same_on_postgresql(tmp_path):
    with postgresql.server() as url:
        exactly_one_wins(url)
        site = ReviewSite(tmp_path, url=url)
        everybody_gets_another(site, url)
        site.engine.dispose()


def test_the_pages_script_beats_and_leaves(here):
    client = here.client("ray")
    message = here.add(said=SAID)
    page = opened(client, message)
    assert 'id="claim" hidden' in page
    script = client.get("/static/claim.js")
    assert script.status_code == 200
    assert "sendBeacon" in script.text
