"""Logging in and out: /login, /login/code, /logout.

A wrong name, a wrong password and a disabled account get the same answer after the same time. The password starts a
session that only accepts the code; the code starts the full session, under a new token.
"""

import math
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from redactor.audit_log import events
from redactor.auth.accounts import Account, Accounts
from redactor.auth.dependencies import AccessGuard, Person
from redactor.auth.forms import form_of
from redactor.auth.pages import Pages, address_of, ask, go, local
from redactor.auth.sessions import Session, Sessions
from redactor.auth.store import AccessStore
from redactor.auth.throttle import Throttle

WRONG = "Wrong name or password, or the account is disabled."
WRONG_CODE = "The code is wrong or has been used before."


def login_routes(store: AccessStore, guard: AccessGuard, pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    accounts, sessions, throttle = Accounts(store), Sessions(store), Throttle(store)

    def client(request: Request) -> str:
        return address_of(request, behind_proxy=store.settings.behind_proxy)

    home = store.settings.home

    def open_session(account: Account, stage: str, old: str, address: str, *, checked_hash: str = "") -> str:
        """The token; "" if the account was reset or disabled since password or code were checked."""
        token = sessions.begin(
            account.id, stage, replacing=old, checked_hash=checked_hash, still_valid=not checked_hash
        )
        if token and stage == "full":
            session = sessions.find(token)
            assert session is not None
            store.trail.append(events.LoggedIn(by=f"person:{account.id}", session=session.short, address=address))
        return token

    def refuse(person: int, why: str, address: str) -> None:
        store.trail.append(events.LogInRefused(by="service", person=person, why=why, address=address))

    def check(name: str, password: str, old: str, address: str) -> tuple[str, str, float]:
        """Token ("" if refused) and stage of a new session, and the seconds to wait."""
        wait = throttle.begin("login", name, address)
        if wait:
            return "", "", wait
        account = accounts.by_name(name)
        hashed = accounts.verified(account, password)
        if not hashed or account is None or account.disabled:
            refuse(account.id if account else 0, "disabled" if hashed else "password", address)
            return "", "", 0.0
        throttle.forgive("login", name, address)
        stage = "code" if account.enrolled else "full"
        token = open_session(account, stage, old, address, checked_hash=hashed)
        if not token:
            refuse(account.id, "changed", address)
        return token, stage, 0.0

    def asked_for_code(token: str) -> tuple[Session, Account] | None:
        session = sessions.find(token)
        account = accounts.get(session.account) if session and session.stage == "code" else None
        return (session, account) if session and account and not account.disabled else None

    def check_code(token: str, code: str, address: str) -> tuple[str, bool, float]:
        """Token of the full session ("" if refused), whether another attempt is allowed, and the seconds to wait."""
        found = asked_for_code(token)
        if found is None:
            return "", False, 0.0
        account = found[1]
        wait = throttle.begin("code", str(account.id), address)
        if wait:
            return "", True, wait
        if not accounts.use_code(account, code):
            refuse(account.id, "code", address)
            return "", not sessions.wrong_code(token), 0.0
        throttle.forgive("code", str(account.id), address)
        fresh = open_session(account, "full", token, address)
        if not fresh:
            refuse(account.id, "changed", address)
        return fresh, bool(fresh), 0.0

    @routes.get("/login")
    async def ask_for_password(request: Request) -> Response:
        return pages.show("login", error="", following=local(request.query_params.get("next", ""), ""))

    @routes.post("/login")
    async def take_password(request: Request) -> Response:
        guard.check_origin(request)
        form = await form_of(request, 8192)
        following = local(form.get("next", ""), "")
        name, password = form.get("name", "").strip().lower()[:128], form.get("password", "")
        token, stage, wait = await ask(check, name, password, guard.token_in(request), client(request))
        if not token:
            return _again(pages, "login", WRONG, wait, following)
        target = "/login/code" + (f"?next={following}" if following and "?" not in following else "")
        response = go(target if stage == "code" else following or home)
        guard.set_cookie(response, token)
        return response

    @routes.get("/login/code")
    async def ask_for_code(request: Request) -> Response:
        if await ask(asked_for_code, guard.token_in(request)) is None:
            return go("/login")
        return pages.show("code", error="", following=local(request.query_params.get("next", ""), ""))

    @routes.post("/login/code")
    async def take_code(request: Request) -> Response:
        guard.check_origin(request)
        form = await form_of(request, 8192)
        following = local(form.get("next", ""), "")
        token, more, wait = await ask(check_code, guard.token_in(request), form.get("code", "")[:64], client(request))
        if not token:
            if more:
                return _again(pages, "code", WRONG_CODE, wait, following)
            response: Response = go("/login")
            guard.clear_cookie(response)
            return response
        response = go(following or home)
        guard.set_cookie(response, token)
        return response

    @routes.post("/logout")
    async def log_out(request: Request, person: Annotated[Person, Depends(guard.incomplete())]) -> Response:
        await ask(sessions.end, guard.token_in(request), person.id)
        response = go("/login")
        guard.clear_cookie(response)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return routes


def _again(pages: Pages, name: str, wrong: str, wait: float, following: str) -> Response:
    if not wait:
        return pages.show(name, status=401, error=wrong, following=following)
    seconds = math.ceil(wait)
    error = f"Too many attempts. Wait {seconds} seconds and try again."
    return pages.show(name, status=429, headers={"Retry-After": str(seconds)}, error=error, following=following)
