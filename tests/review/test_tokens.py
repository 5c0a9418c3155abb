"""Tokens of `redactor accounts token`: what each scope opens, and nothing else; an ended one opens nothing."""

import json

import pytest
from fastapi.testclient import TestClient
from review_site import ReviewSite

from redactor.review.bootstrap import Review
from redactor.service.api import build_app
from redactor.service.api.dependencies import ServiceContext

SECRET = b"whsec_" + b"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"


class Counted:
    """In place of the service's queue, metrics and settings: only who gets to it is tested."""

    def __init__(self):
        self.jobs = []

    def __getattr__(self, _name):
        return self

    def __call__(self, *_args, **_options):
        return self

    def add(self, new):
        self.jobs.append(new)
        return len(self.jobs), True

    def list_jobs(self, *_args, **_options):
        return []

    def retry(self, numbers):
        return len(numbers)

    def summary(self, number):
        return {"id": number, "state": "redacted"} if number <= len(self.jobs) else None


@pytest.fixture
def house(tmp_path):
    site = ReviewSite(tmp_path)
    site.add()
    return site


def client_of(site, **shown):
    queue = Counted()
    settings = Counted()
    settings.webhook = type("W", (), {"secret": SECRET, "hosts": ("https://calls.example.org",)})
    settings.s3 = type(
        "S", (), {"endpoint": "https://s3.example.org", "token": b"of-the-settings", "buckets": ("calls",)}
    )
    settings.http = type("H", (), {"token": b"of-the-settings", "body_limit": 20_000})
    review = Review(site.app, site.context, site.access, None)
    context = ServiceContext(
        settings=settings,
        queue=queue,
        results=Counted(),
        metrics=Counted(),
        notices=None,
        trouble=lambda: "",
        alive=lambda: True,
        review=site.app,
        scopes=review.scopes,
    )
    client = TestClient(build_app(context), base_url="http://127.0.0.1", raise_server_exceptions=False)
    client.headers.update(shown)
    return client, queue


def bearer(site, *scopes):
    return {"authorization": f"Bearer {site.access.tokens.make('program', scopes, days=1, by='test')}"}


EVENT = {
    "Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "calls"}, "object": {"key": "a.wav"}}}]
}


def asked(client):
    """Statuses of the routes for hooks, jobs and exports."""
    told = {"id": "1", "url": "https://calls.example.org/a.wav"}
    return {
        "hook": {client.post("/webhook", json=told).status_code, client.post("/s3", json=EVENT).status_code},
        "jobs": {client.get(path).status_code for path in ("/jobs/1", "/jobs", "/dead-letters")},
        "retry": {client.post("/dead-letters/1/retry").status_code},
        "export": {client.get(f"/export/{what}.csv").status_code for what in ("messages", "judgments")},
    }


@pytest.mark.parametrize("scope", ["hook", "jobs", "retry", "export"])
def test_a_token_opens_the_routes_of_its_scope_and_no_other(house, scope):
    client, queue = client_of(house, **bearer(house, scope))
    queue.jobs += [None]  # one to be looked at
    opened = asked(client)
    assert opened.pop(scope) <= {200, 202}
    assert all(statuses <= {401, 403} for statuses in opened.values()), opened
    assert len(queue.jobs) == (3 if scope == "hook" else 1)


def test_an_ended_or_invented_token_opens_nothing(house):
    shown = bearer(house, "hook", "jobs", "retry", "export")
    (token,) = house.access.tokens.list()
    assert house.access.tokens.revoke(token.id, by="test")
    for headers in (shown, {"authorization": "Bearer rdt_invented"}, {}):
        client, queue = client_of(house, **headers)
        assert all(statuses <= {401, 403} for statuses in asked(client).values())
        assert not queue.jobs


def test_an_export_by_a_program_is_an_event_of_it(house):
    client, _ = client_of(house, **bearer(house, "export"))
    assert client.get("/export/messages.csv").text.count("\r\n") == 2
    told = [json.loads(line) for line in house.events().splitlines() if '"exported"' in line]
    assert [(e["event"], e["by"][:6], e["rows"]) for e in told] == [("exported", "token:", 1)]
