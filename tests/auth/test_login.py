"""Logging in: passwords, codes, delays, sessions; and what an attacker does to each."""

import re
import threading

import pytest
from auth_site import FIRST, OWN, AuthSite, csrf

from redactor.auth import passwords
from redactor.errors import ConfigurationError


def cookie(client):
    return client.cookies.get("__Host-redactor-session", domain="review.test") or client.cookies.get(
        "__Host-redactor-session"
    )


def test_the_first_log_in_demands_an_own_password_and_codes(site):
    site.add("dana", "reviewer")
    client = site.client()
    assert site.password(client, "dana", FIRST).headers["location"] == "/"
    first = cookie(client)
    assert client.get("/behind").headers["location"] == "/account/password"
    assert client.get("/behind", headers={"Accept": "application/json"}).status_code == 403
    form = {"csrf": csrf(client, "/account/password"), "password": FIRST, "new": OWN, "again": OWN}
    assert client.post("/account/password", data={**form, "again": "x"}).status_code == 422
    assert client.post("/account/password", data={**form, "password": "x"}).status_code == 422
    assert client.post("/account/password", data={**form, "new": FIRST, "again": FIRST}).status_code == 422
    assert client.post("/account/password", data=form).headers["location"] == "/account/totp"
    assert cookie(client) != first
    assert client.get("/behind").headers["location"] == "/account/totp"
    shown = client.post("/account/totp/new", data={"csrf": csrf(client, "/account/totp"), "password": OWN})
    site.secrets["dana"] = re.search(r"<code>([A-Z2-7]{32})</code>", shown.text)[1]
    assert f"otpauth://totp/redactor:dana?secret={site.secrets['dana']}" in shown.text
    token = re.search(r'name="csrf" value="(\w+)"', shown.text)[1]
    assert client.post("/account/totp", data={"csrf": token, "code": "000000"}).status_code == 422
    second = cookie(client)
    done = client.post("/account/totp", data={"csrf": token, "code": site.code("dana")})
    assert len(re.findall(r"<code>[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}</code>", done.text)) == 10
    assert cookie(client) != second
    assert 'href="/">I have written them down' in done.text  # on to the work, not to the account
    assert "<svg " in shown.text
    assert client.get("/behind").json()["name"] == "dana"
    assert [e["what"] for e in site.events("account-changed")] == ["password", "totp"]
    assert site.sound()


def test_a_password_alone_opens_nothing_once_there_are_codes(site):
    site.enrolled("dana", "lead")
    client = site.client()
    assert site.password(client, "dana").headers["location"] == "/login/code"
    for path in ("/behind", "/account", "/account/password", "/account/totp", "/emergency"):
        assert client.get(path).headers["location"].startswith("/login?next="), path
    assert client.post("/logout").status_code == 303


def test_cookies_are_out_of_reach_and_the_plain_variant_is_only_for_http(site, tmp_path):
    site.enrolled("dana", "reviewer")
    set_cookie = site.password(site.client(), "dana").headers["set-cookie"].lower()
    assert set_cookie.startswith("__host-redactor-session=")
    assert {p.strip() for p in set_cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict", "secure"}
    (tmp_path / "plain").mkdir()
    plain = AuthSite(tmp_path / "plain", f"sqlite:///{tmp_path}/plain/a.sqlite", secure=False)
    plain.enrolled("dana", "reviewer")
    set_cookie = plain.password(plain.client(), "dana").headers["set-cookie"].lower()
    assert set_cookie.startswith("redactor-session=")
    assert {p.strip() for p in set_cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}


def test_a_planted_session_is_not_taken_over(site):
    site.enrolled("dana", "reviewer")
    attacker = site.client()
    site.password(attacker, "dana", "wrong password")
    victim = site.client()
    victim.cookies.set("__Host-redactor-session", "planted", domain="review.test", path="/")
    site.password(victim, "dana")
    half = cookie(victim)
    assert half != "planted"
    victim.post("/login/code", data={"code": site.code("dana")})
    whole = cookie(victim)
    assert whole not in (half, "planted")
    for old in ("planted", half):
        client = site.client()
        client.cookies.set("__Host-redactor-session", old)
        assert client.get("/behind").status_code == 303
    assert len({half, whole}) == 2
    assert all(len(t) >= 43 for t in (half, whole))


def test_a_code_is_good_once(site):
    site.enrolled("dana", "reviewer")
    code = site.code("dana")
    first, second = site.client(), site.client()
    for client in (first, second):
        site.password(client, "dana")
    assert first.post("/login/code", data={"code": code}).status_code == 303
    again = second.post("/login/code", data={"code": code})
    assert (again.status_code, "used before" in again.text) == (401, True)
    assert second.get("/behind").status_code == 303
    site.now += 30
    assert second.post("/login/code", data={"code": site.code("dana")}).headers["location"] == "/"


def test_codes_of_other_times_are_refused(site):
    site.enrolled("dana", "reviewer")
    code = site.code("dana")
    site.now += 90
    client = site.client()
    site.password(client, "dana")
    assert client.post("/login/code", data={"code": code}).status_code == 401
    assert site.events("log-in-refused")[-1]["why"] == "code"


def test_a_recovery_code_is_good_once_and_only_for_its_owner(site):
    codes = site.enrolled("dana", "reviewer")
    others = site.enrolled("kim", "reviewer")
    client = site.client()
    site.password(client, "dana")
    assert client.post("/login/code", data={"code": others[0]}).status_code == 401
    assert client.post("/login/code", data={"code": codes[0].lower().replace("-", " ")}).status_code == 303
    client = site.client()
    site.password(client, "dana")
    assert client.post("/login/code", data={"code": codes[0]}).status_code == 401
    assert client.post("/login/code", data={"code": codes[1]}).status_code == 303


def test_guesses_of_a_password_wait_longer_and_longer_but_not_for_ever(site):
    site.enrolled("dana", "reviewer")
    client, waits = site.client(), []
    for _ in range(14):
        refused = site.password(client, "dana", "not the password")
        while refused.status_code == 429:
            waits.append(int(refused.headers["retry-after"]))
            early = site.password(client, "dana")  # the right one, too early, is not even looked at
            assert (early.status_code, "location" in early.headers) == (429, False)
            site.now += waits[-1]
            refused = site.password(client, "dana", "not the password")
        assert refused.status_code == 401
    assert waits == sorted(waits)
    assert waits[0] == 1
    assert max(waits) <= 300
    assert sum(waits) > 600
    assert {e["why"] for e in site.events("log-in-refused")} == {"password"}
    assert len(site.events("log-in-refused")) == 14
    site.now += 300
    assert site.password(client, "dana").headers["location"] == "/login/code"
    assert site.password(client, "dana", "wrong again").status_code == 401  # forgiven: no delay at once


def test_an_attacker_elsewhere_makes_the_owner_wait_a_minute_at_most(site):
    site.enrolled("dana", "reviewer")
    for n in range(60):
        site.password(site.client(f"198.51.100.{n}"), "dana", "guess")
    refused = site.password(site.client("192.0.2.9"), "dana")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= 60
    site.now += 60
    assert site.password(site.client("192.0.2.9"), "dana").headers["location"] == "/login/code"


def test_one_address_that_tries_many_names_waits(site):
    statuses = [site.password(site.client("198.51.100.1"), f"name{n}", "guess").status_code for n in range(25)]
    assert statuses[:20] == [401] * 20
    assert 429 in statuses
    assert site.password(site.client("198.51.100.2"), "name1", "guess").status_code == 401


def test_tries_at_the_same_moment_gain_nothing(site):
    site.enrolled("dana", "reviewer")
    client, statuses = site.client(), []
    threads = [
        threading.Thread(target=lambda: statuses.append(site.password(client, "dana", "guess").status_code))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(401) <= 4
    assert statuses.count(429) == 16 - statuses.count(401)


def test_guesses_of_a_code_end_the_session_and_count_beyond_it(site):
    site.enrolled("dana", "reviewer")
    tried = 0
    for _ in range(3):
        client = site.client()
        if site.password(client, "dana").status_code == 429:
            site.now += 300
            site.password(client, "dana")
        for _ in range(5):
            answer = client.post("/login/code", data={"code": "123456"})
            tried += answer.status_code == 401
            if answer.status_code == 303:
                break
    assert tried < 8
    assert site.password(site.client(), "dana").headers["location"] == "/login/code"
    client = site.client()
    site.password(client, "dana")
    assert client.post("/login/code", data={"code": site.code("dana")}).status_code == 429


def test_the_fifth_wrong_code_ends_the_session(site):
    site.enrolled("dana", "reviewer")
    client = site.client()
    site.password(client, "dana")
    for n in range(5):
        answer = client.post("/login/code", data={"code": "123456"})
        assert (answer.status_code == 303) == (n == 4)
        site.now += 40 if n < 4 else 0
    assert client.get("/login/code").headers["location"] == "/login"


@pytest.mark.parametrize("case", ["unknown", "disabled", "wrong"])
def test_no_answer_tells_whether_there_is_an_account(site, quick, monkeypatch, case):
    site.enrolled("dana", "reviewer")
    site.enrolled("kim", "reviewer")
    site.access.accounts.disable("kim", by="user:0")
    name, password = {"unknown": ("nobody", OWN), "disabled": ("kim", OWN), "wrong": ("dana", "x" * 20)}[case]
    work = []
    monkeypatch.setattr(passwords, "hasher", lambda: Counting(quick, work))
    passwords.decoy_hash()
    work.clear()
    answer = site.password(site.client(), name, password)
    assert answer.status_code == 401
    assert work == ["verify"]
    reference = site.password(site.client("192.0.2.44"), "dana", "something else")
    assert answer.text == reference.text
    assert "set-cookie" not in answer.headers


class Counting:
    def __init__(self, hasher, work):
        self._hasher, self._work = hasher, work

    def verify(self, *given):
        self._work.append("verify")
        return self._hasher.verify(*given)

    def hash(self, password):
        self._work.append("hash")
        return self._hasher.hash(password)

    def check_needs_rehash(self, hashed):
        return self._hasher.check_needs_rehash(hashed)


def test_the_hash_is_argon2id_and_is_made_anew_when_the_setting_changes(site, monkeypatch):
    from argon2 import PasswordHasher

    site.enrolled("dana", "reviewer")
    old = site.access.accounts.named("dana").hashed
    assert old.startswith("$argon2id$")
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: stronger)
    site.password(site.client(), "dana")
    assert "t=2" in site.access.accounts.named("dana").hashed


def test_the_setting_in_force_is_strong():
    made = passwords.hasher()
    assert (made.time_cost, made.memory_cost, made.type.name) == (3, 64 * 1024, "ID")


@pytest.mark.parametrize("weak", ["short", "dana" * 5, "aaaaaaaaaaaaaaaa", "x" * 300, ""])
def test_weak_passwords_are_refused(site, weak):
    with pytest.raises(ConfigurationError):
        site.access.accounts.add("dana", weak, ["lead"], by="user:0")
    assert site.access.accounts.list() == []


@pytest.mark.parametrize(
    ("given", "goes"),
    [
        ("/behind?x=1", "/behind?x=1"),
        ("//evil.test", "/"),
        ("https://evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\r\nX: y", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 3000, "/"),
    ],
)
def test_log_in_leads_to_our_own_pages_only(site, given, goes):
    site.enrolled("dana", "reviewer")
    client = site.client()
    assert "evil" not in client.get("/login", params={"next": given}).text
    site.password(client, "dana")
    done = client.post("/login/code", data={"code": site.code("dana"), "next": given})
    assert done.headers["location"] == goes


def test_sessions_end_by_themselves(site):
    client = site.inside("dana", "reviewer")
    for _ in range(3):
        site.now += 800
        assert client.get("/behind").status_code == 200
    site.now += 901
    assert client.get("/behind").status_code == 303
    assert site.events("logged-off")[-1]["why"] == "idle"
    client = site.inside("dana")
    for _ in range(40):
        site.now += 800
        status = client.get("/behind").status_code
        if status != 200:
            break
    assert status == 303
    assert site.events("logged-off")[-1]["why"] == "limit"


def test_a_session_that_waits_for_its_code_is_short(site):
    site.enrolled("dana", "reviewer")
    client = site.client()
    site.password(client, "dana")
    site.now += 301
    assert client.post("/login/code", data={"code": site.code("dana")}).headers["location"] == "/login"


def test_logging_off_here_and_everywhere_else(site):
    one, two = site.inside("dana", "reviewer"), site.inside("dana")
    page = one.get("/account").text
    assert page.count("<tr>") == 3
    one.post("/account/sessions/end", data={"csrf": csrf(one)})
    assert (one.get("/behind").status_code, two.get("/behind").status_code) == (200, 303)
    token = cookie(one)
    done = one.post("/logout", data={"csrf": csrf(one)})
    assert done.headers["location"] == "/login"
    assert "storage" in done.headers["clear-site-data"]
    one.cookies.set("__Host-redactor-session", token)
    assert one.get("/behind").status_code == 303
    assert [e["why"] for e in site.events("logged-off")] == ["everywhere", "asked"]


@pytest.mark.parametrize("end", ["disable", "reset", "password"])
def test_sessions_end_with_what_they_rest_on(site, end):
    client, other = site.inside("dana", "reviewer"), site.inside("dana")
    if end == "disable":
        site.access.accounts.disable("dana", by="user:0")
    elif end == "reset":
        site.access.accounts.reset("dana", "a third horse battery", codes_too=True, by="user:0")
    else:
        new = "the fourth horse battery"
        form = {"csrf": csrf(other, "/account/password"), "password": OWN, "new": new, "again": new}
        assert other.post("/account/password", data=form).headers["location"] == "/account"
        assert other.get("/behind").status_code == 200
    assert client.get("/behind").status_code == 303
    if end == "reset":
        assert site.password(client, "dana", "a third horse battery").headers["location"] == "/"
        assert client.get("/behind").headers["location"] == "/account/password"


def test_after_a_reset_a_person_with_codes_goes_on_to_work(site):
    site.enrolled("dana", "reviewer")
    site.access.accounts.reset("dana", FIRST, codes_too=False, by="test")
    client = site.client()
    site.password(client, "dana", FIRST)
    client.post("/login/code", data={"code": site.code("dana")})
    form = {"csrf": csrf(client, "/account/password"), "password": FIRST, "new": f"{OWN} 2", "again": f"{OWN} 2"}
    assert client.post("/account/password", data=form).headers["location"] == "/"
    form = {"csrf": csrf(client, "/account/password"), "password": f"{OWN} 2", "new": OWN, "again": OWN}
    assert client.post("/account/password", data=form).headers["location"] == "/account"
