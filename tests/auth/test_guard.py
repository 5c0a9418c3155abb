"""Who gets in where: every route without a session, with the wrong role, from another site; emergencies; tokens;
what reaches logs and disk.
"""

import json
import logging
import re

import postgresql
import pytest
from auth_site import FIRST, OWN, AuthSite, csrf
from fastapi.routing import APIRoute
from sqlalchemy import text

from redactor.audit_log import Trail
from redactor.auth import PERMISSIONS, ROLES, SECURITY_HEADERS
from redactor.errors import Busy, ConfigurationError, OutputError

OPEN = {"/login", "/login/code"}
CANARY = "Whitlock metformin 555-0142"


def flat(router):
    """Routes however deep the routers are nested."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from flat(getattr(route, "original_router", None) or getattr(route, "router", None) or route)


def routes(site, *methods):
    found = {(m, r.path.replace("{number}", "1")) for r in flat(site.access.router) for m in r.methods}
    found |= {("GET", "/behind"), ("GET", "/original"), ("POST", "/decide")}
    assert len(found) > 16, found
    return sorted((m, p) for m, p in found if not methods or m in methods)


def test_every_route_without_a_session_leads_to_the_log_in(site):
    for method, path in routes(site):
        if path in OPEN:
            continue
        client = site.client()
        page = client.request(method, path)
        assert (page.status_code, page.headers["location"].partition("?")[0]) == (303, "/login"), path
        told = client.request(method, path, headers={"Accept": "*/*"})
        assert (told.status_code, told.json()["detail"]) == (401, "log-in-first"), path
        client.cookies.set("__Host-redactor-session", "x" * 43)
        assert client.request(method, path).status_code == 303


def test_every_route_of_an_incomplete_account_but_those_that_complete_it(site):
    site.add("dana", "lead")
    client = site.client()
    site.password(client, "dana", FIRST)
    token = csrf(client, "/account/password")
    for method, path in routes(site):
        if path in OPEN or path.startswith(("/account/password", "/account/totp", "/logout")):
            continue
        answer = client.request(method, path, headers={"X-CSRF-Token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/password"), path


WRONG = [
    ("auditor", "GET", "/emergency"),
    ("auditor", "POST", "/emergency"),
    ("auditor", "POST", "/emergency/end"),
    ("auditor", "GET", "/original"),
    ("auditor", "POST", "/decide"),
    ("operator", "GET", "/original"),
    ("operator", "POST", "/decide"),
    ("operator", "POST", "/emergency/1/acknowledge"),
    ("reviewer", "POST", "/emergency/1/acknowledge"),
]


def test_every_route_with_a_role_that_does_not_allow_it(site):
    covered = set()
    for role in ROLES:
        client = site.inside(f"one.{role}", role)
        token = csrf(client)
        for who, method, path in WRONG:
            if who == role:
                answer = client.request(method, path, headers={"X-CSRF-Token": token})
                assert (answer.status_code, answer.json()["detail"]) == (403, "not-permitted"), (role, path)
                covered.add((method, path))
        site.now += 60
    guarded = {(m, p) for m, p in routes(site) if not p.startswith(("/account", "/log"))} - {("GET", "/behind")}
    assert covered == guarded
    assert len(site.events("not-permitted")) == len(WRONG)


def test_roles_are_data_and_say_what_issue_and_rules_ask():
    assert set().union(*ROLES.values()) == set(PERMISSIONS)
    assert not ROLES["auditor"] & {"message.hear_original", "message.hear_redacted", "finding.decide", "emergency.open"}
    assert [r for r in ROLES if "trail.read" in ROLES[r]] == ["auditor"]
    assert [r for r in ROLES if "adjudicate" in ROLES[r]] == ["lead"]


def test_every_change_needs_the_sessions_own_token(site):
    client, other = site.inside("dana", "lead"), site.inside("kim", "lead")
    foreign = csrf(other)
    for method, path in routes(site, "POST"):
        if path in OPEN:
            continue
        for headers, form in (
            ({}, {}),
            ({}, {"csrf": foreign}),
            ({"X-CSRF-Token": foreign}, {}),
            ({"X-CSRF-Token": ""}, {"csrf": ""}),
            ({"X-CSRF-Token": "é".encode()}, {}),
        ):
            answer = client.request(method, path, headers=headers, data=form)
            assert (answer.status_code, answer.json()["detail"]) == (403, "cross-site"), path
    assert client.get("/behind").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://review.test"},
        {"Origin": "https://review.test:444"},
        {"Origin": "https://review.test.evil.test"},
        {"Origin": "https://[x"},
    ],
    ids=str,
)
def test_no_change_comes_from_another_site(site, headers):
    client = site.inside("dana", "lead")
    token = csrf(client)
    for method, path in routes(site, "POST"):
        answer = client.request(method, path, headers=headers, data={"csrf": token, "name": "dana", "password": OWN})
        assert (answer.status_code, answer.json()["detail"]) == (403, "cross-site"), path
    assert client.get("/behind").status_code == 200


def test_our_own_pages_may_change_things(site):
    client = site.inside("dana", "reviewer")
    token, headers = csrf(client), {"Origin": "https://review.test", "Sec-Fetch-Site": "same-origin"}
    form = client.post("/decide", data={"csrf": token, "more": "x"}, headers=headers)
    assert form.json() == {"by": "person:1", "read": len(f"csrf={token}&more=x")}
    assert client.post("/decide", json={"a": 1}, headers={**headers, "X-CSRF-Token": token}).status_code == 200


def test_the_origin_that_a_proxy_hides_is_named_by_the_settings(tmp_path, quick):
    behind = AuthSite(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", origin="https://public.test")
    client = behind.inside("dana", "reviewer")
    token = csrf(client)
    for origin, status in (("https://public.test", 200), ("https://review.test", 403)):
        assert client.post("/decide", data={"csrf": token}, headers={"Origin": origin}).status_code == status


def test_delays_behind_a_proxy_are_the_clients_own(tmp_path, quick):
    behind = AuthSite(tmp_path, f"sqlite:///{tmp_path}/a.sqlite", behind_proxy=True)

    def guess(forwarded, peer="127.0.0.1"):
        return behind.client(peer).post(
            "/login", data={"name": "dana", "password": "guess"}, headers={"X-Forwarded-For": forwarded}
        )

    statuses = [guess(f"203.0.113.{n}, 198.51.100.1").status_code for n in range(6)]
    assert statuses[-1] == 429  # what the client itself wrote in front counts for nothing
    assert guess("198.51.100.2").status_code == 401
    assert guess("198.51.100.1", peer="192.0.2.1").status_code == 401  # not from the proxy


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"a=%FF\xff", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_forms_have_limits(site, content, kind, status):
    answer = site.client().post("/login", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status


def test_pages_carry_the_strict_headers_and_no_script_or_style(site):
    client = site.inside("dana", "lead")
    for path in ("/login", "/account", "/account/password", "/account/totp", "/emergency"):
        page = client.get(path)
        assert page.status_code == 200
        for name, value in SECURITY_HEADERS.items():
            assert page.headers[name] == value
        own = page.text.partition("<main")[2]
        assert "<script" not in own
        assert " style=" not in own
        assert not re.search(r"\son\w+\s*=", own)
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


# --- emergencies


def test_an_emergency_raises_rights_at_once_for_a_while_and_leads_are_told(site):
    client, lead = site.inside("olga", "operator"), site.inside("lee", "lead")
    assert client.get("/original").status_code == 403
    assert client.post("/emergency", data={"csrf": csrf(client), "reason": "short"}).status_code == 422
    reason = f"<script>alert(1)</script> {CANARY} is on the line and must be called back"
    assert client.post("/emergency", data={"csrf": csrf(client), "reason": reason}).status_code == 303
    assert client.get("/original").json()["until"] == site.now + 3600
    assert "Emergency access is active" in client.get("/emergency").text
    assert CANARY not in client.get("/emergency").text
    assert lead.get("/behind").json()["unacknowledged"] == 1
    page = lead.get("/emergency").text
    assert CANARY in page
    assert "<script>" not in page
    told = site.events("emergency-opened")[0]
    assert (told["person"], told["until"]) == (1, int(site.now + 3600))
    assert told["reason"] == site.trail.mark(reason)
    assert lead.post("/emergency/1/acknowledge", data={"csrf": csrf(lead)}).status_code == 303
    assert lead.get("/behind").json()["unacknowledged"] == 0
    assert lead.post("/emergency/1/acknowledge", data={"csrf": csrf(lead)}).status_code == 409
    for _ in range(5):
        site.now += 721
        client.get("/behind")
    assert client.get("/original").status_code == 403


def test_an_emergency_can_be_given_back(site):
    client = site.inside("olga", "operator")
    client.post("/emergency", data={"csrf": csrf(client), "reason": "a patient must be reached"})
    client.post("/emergency/end", data={"csrf": csrf(client)})
    assert client.get("/original").status_code == 403
    assert len(site.events("emergency-ended")) == 1


def test_nobody_acknowledges_an_emergency_of_their_own(site):
    lead = site.inside("lee", "lead")
    lead.post("/emergency", data={"csrf": csrf(lead), "reason": "nobody else is here today"})
    assert lead.post("/emergency/1/acknowledge", data={"csrf": csrf(lead)}).status_code == 409
    assert lead.get("/behind").json()["unacknowledged"] == 1


def test_without_the_trail_nothing_is_given(site, monkeypatch):
    client = site.inside("olga", "operator")
    site.enrolled("dana", "lead")
    token = csrf(client)

    def full(*_given):
        raise OutputError("The disk is full.")

    monkeypatch.setattr(Trail, "append_many", full)
    answer = client.post("/emergency", data={"csrf": token, "reason": "a patient must be reached"})
    assert (answer.status_code, answer.json()["detail"]) == (503, "access-unavailable")
    assert client.get("/original").status_code == 503  # the refusal could not be recorded either
    other = site.client()
    site.password(other, "dana")
    assert other.post("/login/code", data={"code": site.code("dana")}).status_code == 503
    assert other.get("/behind").status_code == 303
    with pytest.raises(OutputError):
        site.access.accounts.add("new", FIRST, ["lead"], by="user:0")
    monkeypatch.undo()
    assert site.access.emergencies.until(1) == 0.0
    assert [a.name for a in site.access.accounts.list()] == ["olga", "dana"]


def test_without_the_database_nothing_is_given(site):
    client = site.inside("dana", "lead")
    with site.engine.begin() as c:
        for table in ("redactor_sessions", "redactor_accounts", "redactor_attempts"):
            c.execute(text(f"DROP TABLE {table}"))
    assert client.get("/behind").status_code == 503
    assert site.password(site.client(), "dana").status_code == 503
    with pytest.raises(Busy):
        site.add("kim", "lead")


# --- tokens of programs


def test_tokens_have_scopes_an_end_and_can_be_revoked(site):
    tokens = site.access.tokens
    good = tokens.make("exporter", ["export"], days=30, by="user:0")
    other = tokens.make("hook", ["hook"], days=30, by="user:0")

    def ask(token, kind="Bearer"):
        return site.client().get("/program", headers={"Authorization": f"{kind} {token}"})

    assert ask(good).json() == {"actor": "token:1"}
    assert ask(other).status_code == 403
    for wrong in ("", "rdt_x", good[:-1], good + "x", good.upper()):
        assert ask(wrong).status_code == 401
    assert ask(good, "Basic").status_code == 401
    assert site.client().get("/behind", headers={"Authorization": f"Bearer {good}"}).status_code == 303
    site.now += 30 * 86_400 + 1
    assert ask(good).status_code == 401
    fresh = tokens.make("exporter", ["export"], days=1, by="user:0")
    assert tokens.revoke(3, by="user:0")
    assert ask(fresh).status_code == 401
    assert not tokens.revoke(3, by="user:0")
    assert [e["event"] for e in map(dict, site.events("token-made") + site.events("token-revoked"))] == [
        "token-made"
    ] * 3 + ["token-revoked"]
    for bad in ({"scopes": ["everything"]}, {"scopes": []}, {"days": 0}, {"days": 4000}, {"name": ""}):
        with pytest.raises(ConfigurationError):
            tokens.make(**{"name": "x", "scopes": ["hook"], "days": 1, "by": "user:0", **bad})


# --- what stays where


def test_nothing_secret_lies_in_the_database_or_the_trail_in_clear(site):
    client = site.inside("dana", "lead")
    codes = site.enrolled("kim", "lead")
    token = site.access.tokens.make("exporter", ["export"], days=30, by="user:0")
    client.post("/emergency", data={"csrf": csrf(client), "reason": f"{CANARY} must be reached"})
    session = next(iter(client.cookies.values()), "") or client.cookies["__Host-redactor-session"]
    site.engine.dispose()
    written = b"".join(p.read_bytes() for p in site.folder.rglob("*") if p.is_file())
    assert b"dana" in written
    for secret in (OWN, FIRST, session, csrf(client), token, *codes, *site.secrets.values(), *CANARY.split()):
        assert secret.encode() not in written, secret


def test_nothing_that_was_typed_reaches_logs_or_error_pages(site, caplog):
    caplog.set_level(logging.DEBUG)
    client = site.inside("dana", "lead")
    answers = [
        site.password(site.client(), CANARY, CANARY),
        site.client().post("/login", content=CANARY, headers={"Content-Type": "text/plain"}),
        site.client().get(f"/nowhere/{CANARY}"),
        client.post("/emergency", data={"csrf": csrf(client), "reason": CANARY[:9]}),
        client.post("/emergency", data={"csrf": CANARY, "reason": CANARY}),
        client.post(f"/emergency/{CANARY}/acknowledge", headers={"X-CSRF-Token": csrf(client)}, data={"x": CANARY}),
        client.post(
            "/account/password", data={"csrf": csrf(client), "password": CANARY, "new": CANARY, "again": CANARY}
        ),
    ]
    for answer in answers[:2] + answers[3:5] + answers[6:]:
        assert CANARY not in answer.text
        assert CANARY not in json.dumps(dict(answer.headers))
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert not [line for line in ours if "Whitlock" in line or "metformin" in line]
    trail = (site.folder / "trail" / "trail-000001.jsonl").read_text()
    assert not any(word in trail for word in CANARY.split())


@pytest.fixture
def on_postgresql(tmp_path, quick):
    if postgresql.missing():
        pytest.skip(postgresql.missing())
    with postgresql.server() as url:
        yield AuthSite(tmp_path, url)


def test_the_same_on_postgresql(on_postgresql):
    site = on_postgresql
    client = site.inside("dana", "lead")
    assert client.get("/behind").json()["name"] == "dana"
    code = site.code("dana")
    again = site.client()
    site.password(again, "dana")
    assert again.post("/login/code", data={"code": code}).status_code == 303
    third = site.client()
    site.password(third, "dana")
    assert third.post("/login/code", data={"code": code}).status_code == 401
    client.post("/emergency", data={"csrf": csrf(client), "reason": "a patient must be reached"})
    assert client.get("/original").json()["until"] > site.now
    statuses = [site.password(site.client(), "dana", "guess").status_code for _ in range(5)]
    assert 429 in statuses
    with pytest.raises(ConfigurationError):
        site.add("dana", "lead")
    site.access.accounts.disable("dana", by="user:0")
    assert client.get("/behind").status_code == 303
    assert site.sound()
    site.engine.dispose()
