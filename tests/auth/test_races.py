"""Access when two things happen at once, when clocks are set, and when an attacker has many addresses."""

import re
import time

import pyotp
import pytest
from auth_site import FIRST, OWN, csrf
from sqlalchemy import func, select

from redactor.auth import accounts as rooms
from redactor.auth import passwords
from redactor.auth import totp as codes
from redactor.auth.store import sessions

NEW = "a third phrase of words"


def after_the_password(monkeypatch, act):
    """Do something once, right after a password was found right and before anything rests on it."""
    real, left = passwords.is_right, [act]

    def is_right(hashed, password):
        right = real(hashed, password)
        if right and left:
            left.pop()()
        return right

    monkeypatch.setattr(passwords, "is_right", is_right)


@pytest.mark.parametrize("end", ["reset", "disable"])
def test_a_log_in_that_overlaps_the_end_of_its_account_opens_no_session(site, monkeypatch, end):
    site.enrolled("ana", "reviewer")
    accounts = site.access.accounts

    def over():
        if end == "reset":
            accounts.reset("ana", NEW, codes_too=True, by="user:0")
        else:
            accounts.disable("ana", by="user:0")

    after_the_password(monkeypatch, over)
    assert site.password(site.client(), "ana").status_code == 401
    assert site.access.sessions.of(accounts.named("ana").id) == []


def test_a_code_that_overlaps_a_reset_opens_no_session(site, monkeypatch):
    site.enrolled("ana", "reviewer")
    accounts, client = site.access.accounts, site.client()
    site.password(client, "ana")
    real = rooms.Accounts.use_code

    def use_code(self, account, code):
        right = real(self, account, code)
        accounts.reset("ana", NEW, codes_too=False, by="user:0")
        return right

    monkeypatch.setattr(rooms.Accounts, "use_code", use_code)
    assert client.post("/login/code", data={"code": site.code("ana")}).headers["location"] == "/login"
    assert site.access.sessions.of(accounts.named("ana").id) == []
    assert site.events("logged-in") == []


def test_whoever_knows_the_old_password_does_not_undo_a_reset(site, monkeypatch):
    thief = site.inside("ana", "reviewer")
    accounts = site.access.accounts
    token = csrf(thief)
    after_the_password(monkeypatch, lambda: accounts.reset("ana", NEW, codes_too=False, by="user:0"))
    data = {"csrf": token, "password": OWN, "new": FIRST, "again": FIRST}
    assert thief.post("/account/password", data=data).status_code == 422
    assert accounts.named("ana").must_change
    assert accounts.is_right(accounts.named("ana"), NEW)
    assert site.access.sessions.of(accounts.named("ana").id) == []
    assert thief.get("/behind").status_code == 303


def test_a_hash_of_an_old_setting_hinders_neither_log_in_nor_change(site, monkeypatch):
    client = site.inside("ana", "reviewer")
    old = site.access.accounts.named("ana").hashed
    stronger = type(passwords.hasher())(time_cost=2, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: stronger)
    data = {"csrf": csrf(client), "password": OWN, "new": FIRST, "again": FIRST}
    assert client.post("/account/password", data=data).headers["location"] == "/account"
    assert site.access.accounts.named("ana").hashed != old


def test_a_clock_that_is_set_back_prolongs_no_delay(site):
    site.enrolled("dana", "reviewer")
    client = site.client()
    while site.password(client, "dana", "guess").status_code != 429:
        pass
    site.now -= 86_400
    wait = int(site.password(client, "dana").headers.get("retry-after", "0"))
    assert wait <= 300
    site.now += wait
    assert site.password(client, "dana").headers["location"] == "/login/code"


def test_all_addresses_of_one_ipv6_network_share_their_delays(site):
    statuses = [
        site.password(site.client(f"2001:db8:0:7::{n:x}"), f"name{n}", "guess").status_code for n in range(1, 26)
    ]
    assert 429 in statuses
    assert site.password(site.client("2001:db8:0:8::1"), "name1", "guess").status_code == 401


def test_addresses_of_ipv4_stay_apart_however_they_are_written(site):
    for n in range(25):
        site.password(site.client("::ffff:198.51.100.1"), f"name{n}", "guess")
    assert site.password(site.client("::ffff:198.51.100.2"), "name1", "guess").status_code == 401
    assert site.password(site.client("198.51.100.1"), "other", "guess").status_code == 429


def test_codes_do_not_know_of_local_time(monkeypatch):
    """pyotp before 2.12 took a moment through local time: in the hour that autumn repeats, codes were an hour old."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        secret = pyotp.random_base32(32)
        hour = [1_793_510_000 // 30 * 30 + n * 30 for n in range(240)]  # 2026-11-01, 05:13 to 07:13 UTC

        def local(self, moment):
            return int(time.mktime((*time.localtime(int(moment))[:8], -1)) / self.interval)

        expected = [pyotp.HOTP(secret).at(at // 30) for at in hour]
        monkeypatch.setattr(pyotp.TOTP, "timecode", local)
        assert [codes.step_of(secret, code, at=at, after=0) for code, at in zip(expected, hour, strict=True)] == [
            at // 30 for at in hour
        ]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_log_in_over_another_persons_session_ends_it_by_the_trail(site):
    client = site.inside("ana", "reviewer")
    first = site.access.accounts.named("ana").id
    site.inside("dana", "reviewer", client=client)
    assert [(e["person"], e["why"]) for e in site.events("logged-off")] == [(first, "replaced")]
    assert re.search(r"[0-9a-f]{12}", site.events("logged-in")[-1]["session"])


def test_many_emergencies_do_not_push_one_out_of_sight(site):
    site.add("opal", "operator")
    lead = site.inside("lea", "lead")
    number = site.access.accounts.named("opal").id
    for n in range(101):
        site.access.emergencies.open(number, f"this cannot wait, number {n}")
    for _ in range(101):
        waiting = re.search(r"/emergency/(\d+)/acknowledge", lead.get("/emergency").text)
        assert lead.post(f"/emergency/{waiting[1]}/acknowledge", data={"csrf": csrf(lead)}).status_code == 303
    assert lead.get("/behind").json()["unacknowledged"] == 0


def test_a_browser_that_never_comes_back_is_logged_off_all_the_same(site):
    site.inside("ana", "reviewer")
    number = site.access.accounts.named("ana").id
    site.password(site.client("192.0.2.8"), "ana")  # and one that never gave its code
    site.now += 3600
    site.inside("ana", client=site.client("192.0.2.9"))
    assert [(e["person"], e["why"], e["sessions"]) for e in site.events("logged-off")] == [(number, "idle", 1)]
    with site.access.store.begin() as c:
        assert c.execute(select(func.count()).select_from(sessions)).scalar_one() == 1


def test_a_clock_that_is_set_back_prolongs_neither_sessions_nor_raised_rights(site):
    client = site.inside("opal", "operator")
    number = site.access.accounts.named("opal").id
    site.access.emergencies.open(number, "this cannot wait any longer")
    site.now -= 60  # what clocks of several hosts differ by
    assert client.get("/original").status_code == 200
    site.now -= 7200
    assert site.access.emergencies.until(number) == 0.0
    assert client.get("/behind").headers["location"].startswith("/login")
    assert site.events("logged-off")[-1]["why"] == "limit"
