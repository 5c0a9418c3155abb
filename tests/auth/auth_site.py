"""An application with access control and three protected routes, a clock that tests move, and people who log in."""

import re
from typing import Annotated

import pyotp
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient

from redactor.audit_log import Anchor, KeyRing, Trail, entries, verify
from redactor.auth import AccessSettings, Person, build_access
from redactor.crypto import Sealer
from redactor.database import connect
from redactor.review.request_context import environment

FIRST, OWN = "correct horse battery", "another staple entirely"
HTML = {"Accept": "text/html"}


class AuthSite:
    def __init__(self, folder, url, **settings):
        self.folder = folder
        self.now = 1_800_000_000.0
        self.trail = Trail.open(folder / "trail", key=folder / "keys", anchor=folder / "anchor")
        self.engine = connect(url)
        self.access = build_access(
            self.engine,
            trail=self.trail,
            sealer=Sealer(b"k" * 32),
            settings=AccessSettings(**settings),
            templates=environment(),
            clock=lambda: self.now,
        )
        self.app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self.app.include_router(self.access.router)
        guard = self.access.guard
        self.secrets = {}

        @self.app.get("/behind")
        async def behind(person: Annotated[Person, Depends(guard("message.list"))]):
            return {
                "name": person.name,
                "permissions": sorted(person.permissions),
                "unacknowledged": person.unacknowledged,
            }

        @self.app.get("/original")
        async def original(person: Annotated[Person, Depends(guard("message.hear_original"))]):
            return {"until": person.emergency_until}

        @self.app.post("/decide")
        async def decide(request: Request, person: Annotated[Person, Depends(guard("finding.decide"))]):
            return {"by": person.actor, "read": len(await request.body())}

        @self.app.get("/program")
        async def program(holder: Annotated[object, Depends(guard.token("export"))]):
            return {"actor": holder.actor}

    def client(self, address="192.0.2.7") -> TestClient:
        return TestClient(
            self.app, base_url="https://review.test", headers=HTML, follow_redirects=False, client=(address, 4000)
        )

    def add(self, name, *roles):
        self.access.accounts.add(name, FIRST, roles, by="user:0")

    def enrolled(self, name, *roles):
        """An account with its own password and codes; its secret is kept in `secrets`."""
        self.add(name, *roles)
        accounts = self.access.accounts
        accounts.change_password(accounts.named(name), OWN)
        self.secrets[name] = accounts.new_secret(accounts.named(name))
        made = accounts.enrol(accounts.named(name), self.code(name))
        self.now += 60
        return made

    def code(self, name):
        return pyotp.TOTP(self.secrets[name]).at(int(self.now))

    def password(self, client, name, password=OWN):
        return client.post("/login", data={"name": name, "password": password})

    def inside(self, name, *roles, client=None) -> TestClient:
        """Somebody logged in; the account is created if necessary."""
        if self.access.accounts.by_name(name) is None:
            self.enrolled(name, *roles)
        client = client or self.client()
        assert self.password(client, name).headers["location"] == "/login/code"
        done = client.post("/login/code", data={"code": self.code(name)})
        assert (done.status_code, done.headers["location"]) == (303, "/")
        self.now += 60
        return client

    def events(self, kind):
        return [e for e in entries(self.folder / "trail") if e["event"] == kind]

    def sound(self):
        ring = KeyRing.load(self.folder / "keys")
        return verify(self.folder / "trail", ring, anchor=Anchor.load(self.folder / "anchor")).sound


def csrf(client, page="/account"):
    return re.search(r'name="csrf" value="(\w+)"', client.get(page).text)[1]
