"""More like this in all messages: the same words and those that sound alike, redacted with one confirmed action."""

import re
import time

import pytest
from argon2 import PasswordHasher
from review_site import HTML, ReviewSite, post, send

from redactor.auth import passwords

REASON = "A misheard surname."
SAME = "hello please tell Wetlock that the office is open and thank you for calling goodbye"
ALIKE = "hi a message about Whetlock please call back when you can thank you and goodbye"
UNLIKE = "hello your order can be collected on Thursday after four thank you goodbye"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    monkeypatch.setattr(passwords, "hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def here(tmp_path):
    return ReviewSite(tmp_path)


def place_of(client, message, text):
    words = client.get(f"/messages/{message}/view.json").json()["words"]
    word = next(w for w in words if w["text"] == text)
    return {name: str(word[name]) for name in ("channel", "first", "last")}


def search(client, message, text="Wetlock"):
    return post(client, f"/messages/{message}/everywhere", **place_of(client, message, text), label="PERSON")


def places(page):
    return re.findall(r'name="(place_\d+)" value="([^"]+)" checked', page)


def finished(client, address):
    for _ in range(600):
        page = client.get(address, headers=HTML).text
        if 'http-equiv="refresh"' not in page:
            return page
        time.sleep(0.1)
    raise AssertionError("the action does not end")


def kept(site, message):
    row = site.store.find(message)
    return {w["text"] for w in site.version_store.view(message, row["folder"])["words"] if not w["label"]}


def test_a_lead_redacts_the_same_and_similar_words_in_all_messages(here):
    one, two, three, four = (here.add(seed=n, said=s) for n, s in enumerate((SAME, SAME, ALIKE, UNLIKE), 1))
    lee = here.client("lee")
    page = search(lee, one)
    assert page.status_code == 200
    assert {value[:64] for _, value in places(page.text)} == {one, two, three}
    assert page.text.count("sounds alike</span>") == 1
    assert "<mark>Whetlock</mark>" in page.text
    assert "message about <mark>" in page.text
    answer = post(lee, "/everywhere", label="PERSON", reason=REASON, **dict(places(page.text)))
    assert answer.status_code == 303
    done = finished(lee, answer.headers["location"])
    assert "3 of 3 messages are redacted" in done
    for message in (one, two, three):
        assert not {"Wetlock", "Whetlock"} & kept(here, message)
        (edit,) = here.store.edits(message, 2)
        assert (edit.kind, edit.label) == ("cover", "PERSON")
        shown = lee.get(f"/messages/{message}/view.json").json()["edits"]
        assert [e["reason"] for e in shown] == [REASON]
        assert here.store.history(message)[-1]["by"] == f"person:{here.person('lee')}"
    assert here.store.find(four)["version"] == 1
    assert here.events().count('"redaction-edited"') == 3
    assert "Wetlock" not in here.events() + done
    assert not places(search(lee, four, "Thursday").text.replace(four, ""))


def test_only_what_is_checked_is_redacted_and_a_reason_is_needed(here):
    one, two = here.add(seed=1, said=SAME), here.add(seed=2, said=SAME)
    lee = here.client("lee")
    found = dict(places(search(lee, one).text))
    assert post(lee, "/everywhere", label="PERSON", reason="short", **found).status_code == 422
    assert post(lee, "/everywhere", label="PERSON", reason=REASON).status_code == 422
    assert post(lee, "/everywhere", label="NOBODY", reason=REASON, **found).status_code == 422
    checked = {name: value for name, value in found.items() if value.startswith(two)}
    finished(lee, post(lee, "/everywhere", label="PERSON", reason=REASON, **checked).headers["location"])
    assert "Wetlock" in kept(here, one)
    assert "Wetlock" not in kept(here, two)


def test_a_claimed_or_changed_message_is_left_alone_and_named(here):
    one, two, three = (here.add(seed=n, said=SAME) for n in (1, 2, 3))
    lee, ray = here.client("lee"), here.client("ray")
    found = dict(places(search(lee, one).text))
    ray.get(f"/messages/{two}", headers=HTML)
    edit = {"version": 1, "edits": [{"kind": "region", "channel": 0, "start": 0.1, "end": 0.2}]}
    assert send(lee, f"/messages/{three}/edits", edit).status_code == 200
    done = finished(lee, post(lee, "/everywhere", label="PERSON", reason=REASON, **found).headers["location"])
    assert "1 of 3 messages are redacted" in done
    assert "somebody is working on it" in done
    assert "changed after the search" in done
    assert here.store.find(two)["version"] == 1
    assert here.store.find(three)["version"] == 2


def test_it_is_a_leads(here):
    one = here.add(seed=1, said=SAME)
    ray = here.client("ray")
    assert search(ray, one).status_code == 403
    assert post(ray, "/everywhere", label="PERSON", reason=REASON, place_1=f"{one} 1 0 3 4").status_code == 403
    assert 'data-everywhere="0"' in ray.get(f"/messages/{one}", headers=HTML).text
    ray.get(f"/messages/{one}/claim")
    here.reviews.claims.end(one, here.person("ray"))
    assert 'data-everywhere="1"' in here.client("lee").get(f"/messages/{one}", headers=HTML).text


def test_a_killed_program_leaves_what_is_to_be_done(here, monkeypatch):
    one, two = here.add(seed=1, said=SAME), here.add(seed=2, said=SAME)
    lee = here.client("lee")
    found = dict(places(search(lee, one).text))
    with monkeypatch.context() as patch:
        patch.setattr("redactor.review.mass_edits.MassEdits.start", lambda *_: None)
        address = post(lee, "/everywhere", label="PERSON", reason=REASON, **found).headers["location"]
    page = lee.get(address, headers=HTML).text
    assert "2 messages are still to be done" in page
    assert post(lee, f"{address}/continue").status_code == 303
    assert "2 of 2 messages are redacted" in finished(lee, address)
    assert "Wetlock" not in kept(here, one) | kept(here, two)
    assert lee.get("/everywhere/" + "0" * 32, headers=HTML).status_code == 404
