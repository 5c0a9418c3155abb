"""Builds access control: tables, routes and guard."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from jinja2 import Environment
from sqlalchemy import Engine

from redactor.audit_log import Trail
from redactor.auth.account import account_routes
from redactor.auth.accounts import Accounts
from redactor.auth.dependencies import AccessGuard
from redactor.auth.emergencies import Emergencies
from redactor.auth.emergency_routes import emergency_routes
from redactor.auth.login import login_routes
from redactor.auth.pages import Pages
from redactor.auth.sessions import Sessions
from redactor.auth.store import AccessSettings, AccessStore
from redactor.auth.tokens import Tokens
from redactor.crypto import Sealer


@dataclass(frozen=True, slots=True)
class Access:
    """Router and guard for the application; the rest for the command line and tests."""

    router: APIRouter
    guard: AccessGuard
    accounts: Accounts
    sessions: Sessions
    emergencies: Emergencies
    tokens: Tokens
    store: AccessStore


def build_access(
    engine: Engine,
    *,
    trail: Trail,
    sealer: Sealer,
    settings: AccessSettings | None = None,
    templates: Environment,
    clock: Callable[[], float] = time.time,
) -> Access:
    """Create or migrate the tables, and build the routes.

    Args:
        sealer: with the service's key.
        templates: with the `base.html` that the pages extend.

    Raises:
        Busy: the database does not answer.
    """
    store = AccessStore(engine, trail, sealer, settings or AccessSettings(), clock)
    store.make_tables()
    guard, pages = AccessGuard(store), Pages(templates)
    router = APIRouter()
    for routes in (login_routes, account_routes, emergency_routes):
        router.include_router(routes(store, guard, pages))
    return Access(router, guard, Accounts(store), Sessions(store), Emergencies(store), Tokens(store), store)
