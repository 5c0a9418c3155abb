"""Forms: what is read of them, and what is refused."""

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from redactor.auth import form_of

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture(scope="module")
def client():
    app = FastAPI()

    @app.post("/form")
    async def show(request: Request):
        first = await form_of(request, 1000)
        assert await form_of(request, 1000) == first  # as the guard and a route do
        return first

    return TestClient(app)


def test_fields_are_decoded_and_the_last_of_a_name_counts(client):
    sent = b"name=r%C3%A4y+x&empty=&name=%F0%9F%94%92&plus=%2B"
    answer = client.post("/form", content=sent, headers=FORM)
    assert answer.json() == {"name": "\N{LOCK}", "empty": "", "plus": "+"}


def test_without_a_body_it_is_empty(client):
    assert client.post("/form").json() == {}


@pytest.mark.parametrize("sent", [b"a=%zz%", b"&&&", b"=", b"a" * 900])
def test_odd_forms_are_no_error(client, sent):
    assert client.post("/form", content=sent, headers=FORM).status_code == 200


@pytest.mark.parametrize("sent", [b"a=%FF", b"%C3=a", b"\xff\xfe=\x00", b"a=\xc3\xa4"])
def test_what_is_not_utf_8_or_not_encoded_is_refused(client, sent):
    answer = client.post("/form", content=sent, headers=FORM)
    assert (answer.status_code, answer.json()) == (400, {"detail": "bad-form"})


@pytest.mark.parametrize("streamed", [False, True])
def test_a_large_body_is_refused_whether_its_length_is_said_or_not(client, streamed):
    sent = b"a=" + b"b" * 1000
    answer = client.post("/form", content=iter([sent[:600], sent[600:]]) if streamed else sent, headers=FORM)
    assert (answer.status_code, answer.json()) == (413, {"detail": "too-large"})


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain"])
def test_other_kinds_are_refused(client, kind):
    answer = client.post("/form", content=b"--x\r\n", headers={"content-type": kind})
    assert (answer.status_code, answer.json()) == (415, {"detail": "no-form"})


def test_a_body_that_trickles_in_is_refused(client, monkeypatch):
    import asyncio

    async def trickle(_body, _limit):
        from redactor.request_body import TooSlow

        await asyncio.sleep(0)
        raise TooSlow

    monkeypatch.setattr("redactor.auth.forms.read_body", trickle)
    assert client.post("/form", content=b"a=b", headers=FORM).status_code == 408
