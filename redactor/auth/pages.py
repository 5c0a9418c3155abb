"""What the pages of access share: rendering, the client's address, where to go next."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from redactor.auth.dependencies import SECURITY_HEADERS
from redactor.errors import RedactorError

_LOCAL = re.compile(r"/(?![/\\])[\w/?=&%.,:~+-]*")
Result = TypeVar("Result")


def environment() -> Environment:
    """Templates of the review web: everything escaped, a missing value is an error."""
    made = Environment(loader=PackageLoader("redactor.review", "templates"), autoescape=True, undefined=StrictUndefined)
    made.filters["moment"] = moment
    return made


def moment(seconds: float) -> str:
    """2026-11-26 21:30 UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


class Pages:
    """Renders. `person` is None where nobody is logged in."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates
        templates.filters.setdefault("moment", moment)

    def show(
        self, name: str, *, status: int = 200, headers: dict[str, str] | None = None, **given: Any
    ) -> HTMLResponse:
        given.setdefault("person", None)
        text = self._templates.get_template(f"access/{name}.html").render(**given)
        return HTMLResponse(text, status, {**SECURITY_HEADERS, **(headers or {})})


def go(where: str) -> RedirectResponse:
    return RedirectResponse(where, 303, SECURITY_HEADERS)


def local(path: str, otherwise: str) -> str:
    """A path of ours to go to; never another site."""
    return path if len(path) < 2000 and _LOCAL.fullmatch(path) else otherwise


def address_of(request: Request, *, behind_proxy: bool = False) -> str:
    """The client's address; of a proxy on the loopback, if there is one, what it says (the last entry: those before
    are the client's word).
    """
    given = request.client.host if request.client else ""
    if behind_proxy and given in ("127.0.0.1", "::1"):
        given = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(given.partition("%")[0]))
    except ValueError:
        return "unknown"


async def ask(question: Callable[..., Result], *given: Any, **named: Any) -> Result:
    """Ask database and trail, beside the event loop.

    Raises:
        HTTPException: 503: they do not answer, so nothing is given.
        ConfigurationError: what was given cannot be honoured.
    """
    from redactor.errors import ConfigurationError

    try:
        return await run_in_threadpool(question, *given, **named)
    except ConfigurationError:
        raise
    except RedactorError:
        raise HTTPException(503, "access-unavailable", {"Retry-After": "30"}) from None
