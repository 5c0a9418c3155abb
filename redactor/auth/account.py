"""One's own account: /account, its password, its one-time codes, its sessions."""

import math
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from redactor.auth import totp as codes
from redactor.auth.accounts import Account, Accounts
from redactor.auth.dependencies import AccessGuard, Person
from redactor.auth.forms import form_of
from redactor.auth.pages import Pages, address_of, ask, go
from redactor.auth.qr_codes import svg_of
from redactor.auth.sessions import Sessions, csrf_of
from redactor.auth.store import AccessStore
from redactor.auth.throttle import Throttle
from redactor.errors import ConfigurationError

WRONG = "The present password is not right."
ENDED = "Somebody else changed the account meanwhile. Log in again."


def _after_password(person: Person, home: str) -> str:
    """The page after a change of the password: the next step of an account that is new or was reset, else one's own."""
    if not person.enrolled:
        return "/account/totp"
    return home if person.must_change else "/account"


def account_routes(store: AccessStore, guard: AccessGuard, pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    accounts, sessions, throttle = Accounts(store), Sessions(store), Throttle(store)
    home = store.settings.home

    def client(request: Request) -> str:
        return address_of(request, behind_proxy=store.settings.behind_proxy)

    Incomplete = Annotated[Person, Depends(guard.incomplete())]  # noqa: N806 - a type
    Complete = Annotated[Person, Depends(guard.anyone())]  # noqa: N806

    def own(person: Person, password: str, address: str) -> Account:
        """The person's account, after checking the password.

        Raises:
            ConfigurationError: the password is wrong, or there were too many attempts.
        """
        account = accounts.get(person.id)
        assert account is not None
        wait = throttle.begin("login", account.name, address)
        if wait:
            raise ConfigurationError(f"Too many attempts. Wait {math.ceil(wait)} seconds and try again.")
        hashed = accounts.verified(account, password)
        if not hashed:
            raise ConfigurationError(WRONG)
        throttle.forgive("login", account.name, address)
        return replace(account, hashed=hashed)

    def renewed(person: Person, token: str, why: str) -> str:
        """Replace this session by a new one, and end all others."""
        fresh = sessions.begin(person.id, "full", replacing=token, still_valid=True)
        if not fresh:
            raise ConfigurationError(ENDED)
        sessions.end_all(person.id, why=why, keep=fresh)
        return fresh

    def change(person: Person, old: str, new: str, address: str, token: str) -> str:
        accounts.change_password(own(person, old, address), new)
        return renewed(person, token, "password")

    def show_secret(person: Person, password: str, address: str) -> tuple[str, str]:
        secret = accounts.new_secret(own(person, password, address))
        return secret, codes.uri_of(secret, person.name)

    def confirm(person: Person, code: str, address: str, token: str) -> tuple[tuple[str, ...], str]:
        account = accounts.get(person.id)
        assert account is not None
        wait = throttle.begin("code", str(person.id), address)
        if wait:
            raise ConfigurationError(f"Too many attempts. Wait {math.ceil(wait)} seconds and try again.")
        made = accounts.enrol(account, code)
        if made is None:
            raise ConfigurationError("The code does not match the secret shown last.")
        throttle.forgive("code", str(person.id), address)
        return made, renewed(person, token, "codes")

    @routes.get("/account")
    async def overview(person: Complete) -> Response:
        return pages.show("account", person=person, sessions=await ask(sessions.of, person.id))

    @routes.post("/account/sessions/end")
    async def elsewhere(request: Request, person: Complete) -> Response:
        await ask(sessions.end_all, person.id, why="everywhere", keep=guard.token_in(request))
        return go("/account")

    @routes.get("/account/password")
    async def ask_for_new(person: Incomplete) -> Response:
        return pages.show("password", person=person, error="")

    @routes.post("/account/password")
    async def take_new(request: Request, person: Incomplete) -> Response:
        form = await form_of(request, 8192)
        if form.get("new", "") != form.get("again", ""):
            return pages.show("password", status=422, person=person, error="The two new passwords differ.")
        try:
            fresh = await ask(
                change, person, form.get("password", ""), form.get("new", ""), client(request), guard.token_in(request)
            )
        except ConfigurationError as error:
            return pages.show("password", status=422, person=person, error=f"{error.message}")
        response = go(_after_password(person, home))
        guard.set_cookie(response, fresh)
        return response

    @routes.get("/account/totp")
    async def offer(person: Incomplete) -> Response:
        return pages.show("totp", person=person, error="", secret="", uri="")

    @routes.post("/account/totp/new")
    async def reveal(request: Request, person: Incomplete) -> Response:
        form = await form_of(request, 8192)
        try:
            secret, uri = await ask(show_secret, person, form.get("password", ""), client(request))
        except ConfigurationError as error:
            return pages.show("totp", status=422, person=person, error=error.message, secret="", uri="")
        return pages.show("totp", person=person, error="", secret=secret, uri=uri, qr=svg_of(uri))

    @routes.post("/account/totp")
    async def enrol(request: Request, person: Incomplete) -> Response:
        form = await form_of(request, 8192)
        try:
            made, fresh = await ask(
                confirm, person, form.get("code", "")[:64], client(request), guard.token_in(request)
            )
        except ConfigurationError as error:
            return pages.show("totp", status=422, person=person, error=error.message, secret="", uri="")
        account = await ask(accounts.get, person.id)
        assert account is not None
        person = await ask(guard.person_of, account, fresh)
        assert person.csrf == csrf_of(fresh)
        response = pages.show("recovery", person=person, codes=made, home=home)
        guard.set_cookie(response, fresh)
        return response

    return routes
