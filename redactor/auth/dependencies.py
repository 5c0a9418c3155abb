"""What a route asks for: a person with permissions, or a program's token with a scope; and that a change comes from our
own pages.

Against cross-site requests stand three things at once: the cookie is SameSite=Strict, browsers say where a request
comes from (Sec-Fetch-Site, Origin), and every change carries the session's CSRF token. Failing any, nothing is done.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from redactor.audit_log import events
from redactor.auth.accounts import Account, Accounts
from redactor.auth.emergencies import Emergencies
from redactor.auth.forms import FORM, form_of
from redactor.auth.roles import EMERGENCY, PERMISSIONS, SCOPES
from redactor.auth.sessions import Sessions, csrf_of
from redactor.auth.store import AccessStore
from redactor.auth.tokens import Tokens
from redactor.errors import RedactorError

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src "
    "'self'; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
Result = TypeVar("Result")
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody logged in.

    Attributes:
        permissions: what they may do now, raised rights included.
        csrf: goes into forms (`csrf`) and requests (X-CSRF-Token).
        emergency_until: seconds since 1970 until when rights are raised; 0.0: they are not.
        unacknowledged: uses of emergency access that nobody has acknowledged, for those who may.
        complete: whether the password is their own and one-time codes are set up.
    """

    id: int
    name: str
    roles: frozenset[str]
    permissions: frozenset[str]
    csrf: str = field(repr=False)
    emergency_until: float = 0.0
    unacknowledged: int = 0
    must_change: bool = False
    enrolled: bool = True

    @property
    def actor(self) -> str:
        return f"person:{self.id}"

    @property
    def complete(self) -> bool:
        return self.enrolled and not self.must_change

    def may(self, permission: str) -> bool:
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Holder:
    """A program with a token."""

    id: int
    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        return f"token:{self.id}"


class AccessGuard:
    def __init__(self, store: AccessStore) -> None:
        self._store = store
        self._accounts, self._sessions = Accounts(store), Sessions(store)
        self._emergencies, self._tokens = Emergencies(store), Tokens(store)

    def __call__(self, *permissions: str) -> Callable[[Request], Awaitable[Person]]:
        """A dependency that gives the `Person` who has all these permissions.

        Raises (when asked):
            HTTPException: 303 to the log-in or to what is missing of the account (pages), 401, 403, 503.
        """
        unknown = set(permissions) - set(PERMISSIONS)
        assert not unknown, f"unknown permissions: {unknown}"

        async def admitted(request: Request) -> Person:
            person = await self._admit(request)
            if not person.complete:
                where = "/account/password" if person.must_change else "/account/totp"
                raise _elsewhere(request, where, 403, "account-incomplete")
            for permission in permissions:
                if not person.may(permission):
                    await self._ask(self._refused, person, permission)
                    raise HTTPException(403, "not-permitted")
            return person

        return admitted

    def anyone(self) -> Callable[[Request], Awaitable[Person]]:
        """The same for whoever is logged in with a complete account."""
        return self()

    def incomplete(self) -> Callable[[Request], Awaitable[Person]]:
        """The same also for whoever must still change the password or set up codes: for those pages only."""
        return self._admit

    def token(self, scope: str) -> Callable[[Request], Awaitable[Holder]]:
        """A dependency that gives the holder of a token with this scope (Authorization: Bearer …).

        Raises (when asked):
            HTTPException: 401, 403, 503
        """
        assert scope in SCOPES, scope

        async def admitted(request: Request) -> Holder:
            kind, _, given = request.headers.get("authorization", "").partition(" ")
            found = await self._ask(self._tokens.find, given.strip()) if kind.lower() == "bearer" else None
            if found is None:
                raise HTTPException(401, "bad-token", {"WWW-Authenticate": "Bearer"})
            if scope not in found.scopes:
                raise HTTPException(403, "not-permitted")
            return Holder(found.id, found.name, found.scopes)

        return admitted

    def either(self, permission: str, scope: str) -> Callable[[Request], Awaitable[Person | Holder]]:
        """A dependency for people with a permission and programs with a token of a scope: who shows a token is a
        program.

        Raises (when asked):
            HTTPException: as of the two.
        """
        people, programs = self(permission), self.token(scope)

        async def admitted(request: Request) -> Person | Holder:
            return await (programs if "authorization" in request.headers else people)(request)

        return admitted

    # --- cookies

    @property
    def cookie(self) -> str:
        return "__Host-redactor-session" if self._store.settings.secure else "redactor-session"

    def token_in(self, request: Request) -> str:
        return request.cookies.get(self.cookie, "")

    def set_cookie(self, response: Response, token: str) -> None:
        """A cookie of the browser's session: gone when it is closed."""
        response.set_cookie(
            self.cookie, token, path="/", httponly=True, secure=self._store.settings.secure, samesite="strict"
        )

    def clear_cookie(self, response: Response) -> None:
        response.delete_cookie(
            self.cookie, path="/", httponly=True, secure=self._store.settings.secure, samesite="strict"
        )

    def check_origin(self, request: Request) -> None:
        """Whether a change comes from our own pages, as far as the browser says.

        Raises:
            HTTPException: 403
        """
        site = request.headers.get("sec-fetch-site", "")
        origin = request.headers.get("origin")
        # Where cookies are for https only, browsers know us by https, whatever a proxy speaks to us.
        scheme = "https" if self._store.settings.secure else request.url.scheme
        ours = self._store.settings.origin or f"{scheme}://{request.headers.get('host', '')}"
        if site not in ("", "same-origin", "none") or (origin is not None and not _same(origin, ours)):
            raise HTTPException(403, "cross-site")

    # --- what the dependencies share

    async def _admit(self, request: Request) -> Person:
        token = self.token_in(request)
        person = await self._ask(self._person, token)
        if person is None:
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            following = f"?next={quote(path)}" if request.method == "GET" else ""
            raise _elsewhere(request, "/login" + following, 401, "log-in-first")
        if request.method not in _SAFE:
            self.check_origin(request)
            given = request.headers.get("x-csrf-token", "")
            if not given and request.headers.get("content-type", "").lower().startswith(FORM):
                given = (await form_of(request)).get("csrf", "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), person.csrf.encode()):
                raise HTTPException(403, "cross-site")
        return person

    def _person(self, token: str) -> Person | None:
        session = self._sessions.find(token)
        if session is None or session.stage != "full":
            return None
        account = self._accounts.get(session.account)
        if account is None or account.disabled:
            return None
        return self.person_of(account, token)

    def person_of(self, account: Account, token: str) -> Person:
        """Of an account that is logged in with this token."""
        permissions = account.permissions
        until = self._emergencies.until(account.id) if "emergency.open" in permissions else 0.0
        unacknowledged = self._emergencies.waiting() if "emergency.acknowledge" in permissions else 0
        return Person(
            id=account.id,
            name=account.name,
            roles=account.roles,
            permissions=permissions | EMERGENCY if until else permissions,
            csrf=csrf_of(token),
            emergency_until=until,
            unacknowledged=unacknowledged,
            must_change=account.must_change,
            enrolled=account.enrolled,
        )

    def _refused(self, person: Person, permission: str) -> None:
        self._store.trail.append(events.NotPermitted(by=person.actor, permission=permission))

    @staticmethod
    async def _ask(question: Callable[..., Result], *given: Any) -> Result:
        try:
            return await run_in_threadpool(question, *given)
        except RedactorError:
            raise HTTPException(503, "access-unavailable", {"Retry-After": "30"}) from None


def _elsewhere(request: Request, where: str, status: int, word: str) -> HTTPException:
    """Pages are led on, programs told."""
    if "text/html" in request.headers.get("accept", ""):
        return HTTPException(303, word, {"Location": where})
    return HTTPException(status, word)


def _same(origin: str, ours: str) -> bool:
    ports = {"https": 443, "http": 80}
    try:
        a, b = ((u.scheme, u.hostname, u.port or ports.get(u.scheme)) for u in (urlsplit(origin), urlsplit(ours)))
    except ValueError:
        return False
    return a == b and bool(a[1])
