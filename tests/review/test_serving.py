"""The review as it is run: settings, `redactor review add`, and the pages in the service beside its own routes."""

import hashlib
import json

import httpx
import pytest
from fastapi.testclient import TestClient
from service_site import Finder, Site
from typer.testing import CliRunner

from redactor import builders
from redactor.cli.app import app
from redactor.config import load_settings
from redactor.crypto import Sealer
from redactor.database import connect
from redactor.errors import ConfigurationError
from redactor.log_and_vault import places_in
from redactor.review.bootstrap import open_review
from redactor.vault import make_keys


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(builders, "build_detector", lambda *_: Finder())
    site = Site(tmp_path)
    keys = make_keys(tmp_path / "keys", "age")
    public = next(p for p in keys if "recipients" in p.name)
    private = next(p for p in keys if "organisation" in p.name and p != public)
    site.tables = {
        "keeping": f'recipients = "{public}"\nidentity = "{private}"\n',
        "review": f'folder = "{tmp_path}/versions"\npublic_url = "http://127.0.0.1:8470"\n',
    }
    site.settings(**site.tables)
    return site


def add(site, *words):
    done = CliRunner().invoke(
        app, ["review", "add", *map(str, words), "--config", str(site.config), "--transcript", str(site.transcripts)]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def named_transcripts(site):
    """Transcripts by file name, as `--transcript` wants them."""
    for path in site.recordings.glob("*.wav"):
        made = site.transcripts / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.json"
        if made.exists():
            (site.transcripts / f"{path.stem}.json").write_bytes(made.read_bytes())


def test_messages_are_added_once_and_shown_by_the_service(house, monkeypatch):
    house.record("a.wav", 1)
    house.record("b.wav", 2)
    house.bad("c.wav", b"RIFFnothing")
    named_transcripts(house)
    callers = house.folder / "sent.csv"
    callers.write_text("file,caller,direction,sent\na.wav,c7,out,2026-01-02\nb.wav,,in,\n")
    done = add(house, house.recordings, "--recipients", callers)
    counts = json.loads(done.output.splitlines()[-1])
    assert counts["failed"] == 1
    assert counts["not sent by us"] == 1
    assert counts.get("findings", 0) + counts.get("undetermined", 0) == 1
    assert done.exit_code == 65
    assert json.loads(add(house, house.recordings / "a.wav").output.splitlines()[-1]) == {"known": 1}
    assert not any(w in done.output for w in ("Whitlock", "555-0142", "a.wav"))

    from redactor.service import app as serving

    ports = []
    make = serving.socket.create_server
    monkeypatch.setattr(serving.socket, "create_server", lambda *a, **k: ports.append(made := make(*a, **k)) or made)
    with house.service(http='listen = "127.0.0.1:0"\n', **house.tables):
        base = f"http://127.0.0.1:{ports[0].getsockname()[1]}"
        with httpx.Client(base_url=base) as client:
            assert client.get("/healthz").json() == {"status": "alive"}
            page = client.get("/messages", headers={"accept": "text/html"})
            assert (page.status_code, page.headers["location"]) == (303, "/login?next=/messages")
            login = client.get("/login")
            assert "script-src 'self'" in login.headers["content-security-policy"]
            assert "redactor" in login.text
            assert client.get("/static/message.js").headers["cache-control"] == "max-age=300"
            assert client.get("/messages").json() == {"error": "log-in-first"}
            assert client.get("/jobs/1").status_code == 401
            # What the metrics count are routes, never what somebody asked for.
            client.get("/messages/5550142")
            assert "5550142" not in client.get("/metrics").text


def test_without_the_table_there_is_no_review(house):
    settings = house.settings()
    assert not settings.review.folder
    house.record("a.wav", 1)
    words = ["review", "add", str(house.recordings), "--config", str(house.config)]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, ConfigurationError)
    with house.service(http='listen = "127.0.0.1:0"\n') as service:
        assert service._review is None


def test_a_review_without_a_vault_is_refused(house, tmp_path):
    with pytest.raises(ConfigurationError, match=r"keeping\.recipients"):
        house.settings(review=house.tables["review"])


def test_trail_and_vault_are_those_of_the_commands(house):
    house.record("a.wav", 1)
    named_transcripts(house)
    add(house, house.recordings)
    places = places_in(load_settings(house.config))
    vault = places.open_vault()
    kinds = {item.kind for item in vault.items()}
    assert kinds == {"original", "plan", "meta"}
    trail = "".join(p.read_text(errors="replace") for p in places.trail.rglob("*") if p.is_file())
    assert trail.count('"event":"message-added"') == 1
    assert "vault-sealed" in "".join(p.read_text(errors="replace") for p in places.trail.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://review.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost@example.org",
        "https://review.example.org/below",
        "ftp://localhost",
    ],
)
def test_a_session_cookie_never_goes_over_plain_http(house, url):
    review = house.tables["review"].replace("http://127.0.0.1:8470", url)
    with pytest.raises(ConfigurationError, match=r"review\.public_url"):
        house.settings(**{**house.tables, "review": review})


@pytest.mark.parametrize(
    ("lines", "address"),
    [("", "203.0.113.7"), ("behind_proxy = false\n", "127.0.0.1")],
)
def test_behind_the_proxy_that_https_needs_clients_are_told_apart(house, lines, address):
    """Otherwise one who types wrong passwords makes everybody wait."""
    review = house.tables["review"].replace("http://127.0.0.1:8470", "https://review.example.org") + lines
    settings = house.settings(**{**house.tables, "review": review})
    engine = connect(f"sqlite:///{house.folder}/review.sqlite")
    web = open_review(settings, engine, Sealer(b"k" * 32), pipeline=lambda: None)
    client = TestClient(web.app, base_url="https://review.example.org", client=("127.0.0.1", 5000))
    told = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7", "Origin": "https://review.example.org"}
    client.post("/login", data={"name": "nobody", "password": "wrong"}, headers=told)
    trail = "".join(p.read_text(errors="replace") for p in places_in(settings).trail.rglob("*") if p.is_file())
    assert f'"address":"{address}"' in trail.replace(" ", "")


def test_over_plain_http_nobody_is_believed_an_address(house):
    settings = load_settings(house.config)
    engine = connect(f"sqlite:///{house.folder}/review.sqlite")
    web = open_review(settings, engine, Sealer(b"k" * 32), pipeline=lambda: None)
    assert web.access.store.settings.behind_proxy is False
    assert web.access.store.settings.secure is False
