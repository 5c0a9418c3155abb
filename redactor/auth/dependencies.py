"""FastAPI dependencies that admit a person with permissions, or a program with a token's scope, and refuse cross-site
requests.

Three checks prevent cross-site requests: the cookie is SameSite=Strict, the browser says where a request comes from
(Sec-Fetch-Site, Origin), and every change carries the session's CSRF token. If one fails, the request is refused.
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
    """A person who is logged in.

    Attributes:
        permissions: what they may do now, including emergency access.
        csrf: for forms (field `csrf`) and requests (X-CSRF-Token).
        emergency_until: end of emergency access in seconds since 1970; 0.0 if there is none.
        unacknowledged: number of uses of emergency access to acknowledge, for people who may.
        complete: whether they have changed the first password and set up one-time codes.
        kind: "person", with an account, or "user" of this machine's system, whose number `id` then is.
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
    kind: str = "person"

    @property
    def actor(self) -> str:
        return f"{self.kind}:{self.id}"

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
        """A dependency that returns the `Person` if they have all these permissions.

        Raises (per request):
            HTTPException: 303 to the log-in page or to an unfinished step of the account (pages), 401, 403, 503.
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
        """The same for everybody with a complete account."""
        return self()

    def incomplete(self) -> Callable[[Request], Awaitable[Person]]:
        """The same, also for accounts that are not complete; only for the pages on which they are completed."""
        return self._admit

    def token(self, scope: str) -> Callable[[Request], Awaitable[Holder]]:
        """A dependency that returns the holder of a token with this scope (Authorization: Bearer …).

        Raises (per request):
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
        """A dependency for people with a permission, and for programs with a token's scope.

        Raises (per request):
            HTTPException: as both.
        """
        people, programs = self(permission), self.token(scope)

        async def admitted(request: Request) -> Person | Holder:
            return await (programs if "authorization" in request.headers else people)(request)

        return admitted

    async def visitor(self, request: Request) -> Person | None:
        """Who is logged in, for a page that needs no permission; None if nobody is, or it cannot be found out."""
        try:
            return await self._ask(self._person, self.token_in(request))
        except Exception:  # noqa: BLE001 - the page says that something failed, and is shown in any case
            return None

    # --- cookies

    @property
    def cookie(self) -> str:
        return "__Host-redactor-session" if self._store.settings.secure else "redactor-session"

    def token_in(self, request: Request) -> str:
        return request.cookies.get(self.cookie, "")

    def set_cookie(self, response: Response, token: str) -> None:
        """Set a cookie that ends with the browser session."""
        response.set_cookie(
            self.cookie, token, path="/", httponly=True, secure=self._store.settings.secure, samesite="strict"
        )

    def clear_cookie(self, response: Response) -> None:
        response.delete_cookie(
            self.cookie, path="/", httponly=True, secure=self._store.settings.secure, samesite="strict"
        )

    def check_origin(self, request: Request) -> None:
        """Check that the browser reports a request from these pages.

        Raises:
            HTTPException: 403
        """
        site = request.headers.get("sec-fetch-site", "")
        origin = request.headers.get("origin")
        # With cookies for https only, browsers use https even if the proxy uses http.
        scheme = "https" if self._store.settings.secure else request.url.scheme
        ours = self._store.settings.origin or f"{scheme}://{request.headers.get('host', '')}"
        if site not in ("", "same-origin", "none") or (origin is not None and not _same(origin, ours)):
            raise HTTPException(403, "cross-site")

    # --- shared by the dependencies

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
        """The person of an account that is logged in with this token."""
        permissions = account.permissions
        until = self._emergencies.until(account.id) if "emergency.open" in permissions else 0.0
        unacknowledged = self._emergencies.unacknowledged() if "emergency.acknowledge" in permissions else 0
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
    """A redirect for pages, a status for programs."""
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
