"""Helpers of the log-in and account pages: rendering, the client's address, redirects."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from redactor.auth.dependencies import SECURITY_HEADERS
from redactor.errors import RedactorError

_LOCAL = re.compile(r"/(?![/\\])[\w/?=&%.,:~+-]*")
Result = TypeVar("Result")


def moment(seconds: float) -> str:
    """2026-11-26 21:30 UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


class Pages:
    """Renders pages. `person` is None if nobody is logged in."""

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
    """`path` if it is a path on this site, else `otherwise`."""
    return path if len(path) < 2000 and _LOCAL.fullmatch(path) else otherwise


def address_of(request: Request, *, behind_proxy: bool = False) -> str:
    """The client's address. Behind a proxy on the loopback, the last entry of X-Forwarded-For; earlier ones come from
    the client.
    """
    given = request.client.host if request.client else ""
    if behind_proxy and given in ("127.0.0.1", "::1"):
        given = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(given.partition("%")[0]))
    except ValueError:
        return "unknown"


async def ask(question: Callable[..., Result], *given: Any, **named: Any) -> Result:
    """Call `question` in a thread.

    Raises:
        HTTPException: 503, the database or the audit log does not answer.
        ConfigurationError: the input is not accepted.
    """
    from redactor.errors import ConfigurationError

    try:
        return await run_in_threadpool(question, *given, **named)
    except ConfigurationError:
        raise
    except RedactorError:
        raise HTTPException(503, "access-unavailable", {"Retry-After": "30"}) from None
