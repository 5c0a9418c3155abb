"""Access for the one person who started the pages on their own machine: a one-time link instead of an account.

The link holds a random token of 256 bits. Whoever opens it first gets a session, and the link is void from then on.
Link and session live in this process and end with it. The pages listen on the loopback only; requests that name
another host (DNS rebinding), or come from other pages, are refused.
"""

import secrets
import threading
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from redactor.audit_log import events
from redactor.auth.dependencies import AccessGuard, Person
from redactor.auth.pages import Pages, address_of, ask, go
from redactor.auth.roles import LOCAL
from redactor.auth.sessions import csrf_of
from redactor.auth.store import AccessStore
from redactor.auth.totp import hash_of


class LocalGuard(AccessGuard):
    """Admits who has opened the link.

    Args:
        user: number of the system's user who started the pages.
        port: of the pages. Browsers send cookies to every port of a host, so that the cookie's name holds it.
    """

    def __init__(self, store: AccessStore, *, user: int, port: int) -> None:
        super().__init__(store)
        self._user, self._port = user, port
        self._link = secrets.token_urlsafe(32)
        self._token_hash = hash_of(self._link)
        self._lock = threading.Lock()
        self._session = ""

    @property
    def link(self) -> str:
        """The address that starts the session; to be shown to this person only."""
        return f"http://127.0.0.1:{self._port}/open/{self._link}"

    @property
    def cookie(self) -> str:
        return f"redactor-session-{self._port}"

    def check_host(self, request: Request) -> None:
        """Check that a request names this machine.

        Raises:
            HTTPException: 403
        """
        hosts = {f"{name}:{self._port}" for name in ("127.0.0.1", "localhost")}
        if request.headers.get("host", "").lower() not in hosts:
            raise HTTPException(403, "wrong-host")

    def exchange(self, token: str, address: str) -> str:
        """A session's token for the link's, "" if it is not the link's or was used before. Both are logged."""
        with self._lock:
            if not self._token_hash or not secrets.compare_digest(hash_of(token), self._token_hash):
                self._store.trail.append(
                    events.LogInRefused(by=f"user:{self._user}", person=0, why="link", address=address)
                )
                return ""
            session = secrets.token_urlsafe(32)
            self._store.trail.append(
                events.LoggedIn(by=f"user:{self._user}", session=hash_of(session)[:12], address=address)
            )
            self._token_hash, self._session = "", hash_of(session)
        return session

    def end(self) -> None:
        """End the session; only another start of the pages begins one."""
        with self._lock:
            self._session = ""
            self._store.trail.append(events.LoggedOff(by=f"user:{self._user}", person=0, why="asked", sessions=1))

    def _person(self, token: str) -> Person | None:
        if not token or not self._session or not secrets.compare_digest(hash_of(token), self._session):
            return None
        return Person(id=self._user, name="you", roles=frozenset(), permissions=LOCAL, csrf=csrf_of(token), kind="user")


def local_routes(guard: LocalGuard, pages: Pages) -> APIRouter:
    """/open for the link, /login for people without a session, /logout."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/open/{token}")
    async def begin(token: str, request: Request) -> Response:
        session = await ask(guard.exchange, token, address_of(request))
        if not session:
            return pages.show("local", status=403, problem="This link has been used already, or is not complete.")
        response = go("/")
        guard.set_cookie(response, session)
        return response

    @routes.get("/login")
    async def closed() -> Response:
        return pages.show("local", status=401, problem="")

    @routes.post("/logout")
    async def end(_person: Annotated[Person, Depends(guard.anyone())]) -> Response:
        await ask(guard.end)
        response = go("/login")
        guard.clear_cookie(response)
        return response

    return routes
