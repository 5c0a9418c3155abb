"""Access without accounts: whose the link is, what it admits to, and what is refused."""

import threading
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from redactor.audit_log import Trail
from redactor.auth import AccessSettings, AccessStore, LocalGuard, Person, local_routes
from redactor.auth.pages import Pages
from redactor.crypto import Sealer
from redactor.database import connect
from redactor.review.request_context import environment


@pytest.fixture
def guard(tmp_path):
    trail = Trail.open(tmp_path / "trail", key=tmp_path / "keys", anchor=tmp_path / "anchor")
    store = AccessStore(
        connect(f"sqlite:///{tmp_path}/x.sqlite"), trail, Sealer(bytes(32)), AccessSettings(secure=False)
    )
    made = LocalGuard(store, user=1000, port=8123)
    made.trail_folder = tmp_path / "trail"
    return made


@pytest.fixture
def client(guard):
    app = FastAPI()
    app.include_router(local_routes(guard, Pages(environment())))

    @app.get("/hear")
    def hear(person: Annotated[Person, Depends(guard("message.hear_original"))]):
        return {"by": person.actor, "csrf": person.csrf}

    @app.get("/samples")
    def samples(person: Annotated[Person, Depends(guard("sample.draw"))]):
        return person.id

    return TestClient(app, base_url="http://127.0.0.1:8123", follow_redirects=False)


def path_of(guard):
    return guard.link.partition("8123")[2]


def test_one_of_many_who_open_the_link_at_once_gets_the_session(guard):
    token = guard.link.rpartition("/")[2]
    found = []
    threads = [threading.Thread(target=lambda: found.append(guard.exchange(token, "127.0.0.1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(bool(one) for one in found) == 1


def test_the_session_has_its_permissions_and_no_others(guard, client):
    assert client.get("/hear").status_code == 401
    client.get(path_of(guard))
    assert client.get("/hear").json()["by"] == "user:1000"
    assert client.get("/samples").status_code == 403
    assert "redactor-session-8123" in client.cookies


def test_closing_ends_the_session_and_nothing_opens_it_again(guard, client):
    client.get(path_of(guard))
    csrf = client.get("/hear").json()["csrf"]
    assert client.post("/logout").status_code == 403
    assert client.post("/logout", headers={"X-CSRF-Token": csrf}).status_code == 303
    assert client.get("/hear").status_code == 401
    assert client.get(path_of(guard)).status_code == 403
    told = "".join(p.read_text(errors="replace") for p in guard.trail_folder.rglob("*") if p.is_file())
    assert [kind in told for kind in ("logged-in", "log-in-refused", "logged-off")] == [True] * 3
    assert guard.link.rpartition("/")[2] not in told


def test_an_old_or_guessed_cookie_is_nothing(guard, client):
    for value in ("", "x", "0" * 64, guard.link.rpartition("/")[2]):
        client.cookies.set(guard.cookie, value)
        assert client.get("/hear").status_code == 401


@pytest.mark.parametrize(
    ("host", "right"),
    [
        ("127.0.0.1:8123", True),
        ("localhost:8123", True),
        ("127.0.0.1", False),
        ("127.0.0.1:80", False),
        ("evil.example:8123", False),
        ("127.0.0.1.evil.example:8123", False),
        ("", False),
    ],
)
def test_hosts(guard, host, right):
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host.encode())]})
    if right:
        guard.check_host(request)
    else:
        with pytest.raises(HTTPException):
            guard.check_host(request)
