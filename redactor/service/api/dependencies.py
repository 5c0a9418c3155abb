"""The part of the service that routes depend on, as one object, and the helpers that all routes share."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from redactor.config import Settings
from redactor.errors import Busy, RedactorError
from redactor.request_body import TooLarge, TooSlow, read_body
from redactor.service.jobs.queue import NewJob, Queue
from redactor.service.metrics import Metrics
from redactor.service.quarantine_notices import QuarantineNotices
from redactor.service.results import Results

RETRY_AFTER = 30
BODY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What routes need.

    Attributes:
        trouble: gives why the service is not ready, "" if it is.
        alive: gives whether the worker runs.
        wake: called after a job was added.
        review: an application for all paths that are not the service's own.
        scopes: gives the scopes of a token of `redactor accounts token`, none for an unknown token.
    """

    settings: Settings
    queue: Queue
    results: Results
    metrics: Metrics
    notices: QuarantineNotices
    trouble: Callable[[], str]
    alive: Callable[[], bool]
    wake: Callable[[], None] = lambda: None
    review: Any = None
    scopes: Callable[[str], frozenset[str]] = lambda _: frozenset()

    async def admits(self, request: Request, scope: str, token: bytes = b"") -> bool:
        """Whether a request has a valid bearer token: the one in the settings, or one of `redactor accounts token` with
        this scope.

        Raises:
            HTTPException: 503, the token cannot be looked up.
        """
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip()
        if kind.lower() != "bearer" or not given:
            return False
        if token and hmac.compare_digest(given.encode("utf-8", "replace"), token):
            return True
        try:
            return scope in await run_in_threadpool(self.scopes, given)
        except RedactorError:
            raise refusal(503, "access-unavailable", {"Retry-After": str(RETRY_AFTER)}) from None

    async def add(self, new: NewJob) -> tuple[int, bool]:
        """Put a job into the queue: (its number, whether it is new).

        Raises:
            HTTPException: 503 with Retry-After if the queue is full or the database is down; nothing was added.
        """
        try:
            number, added = await run_in_threadpool(self.queue.add, new)
        except Busy:
            raise refusal(503, "queue-full", {"Retry-After": str(RETRY_AFTER)}) from None
        except SQLAlchemyError:
            raise refusal(503, "database-unavailable", {"Retry-After": str(RETRY_AFTER)}) from None
        self.metrics.reported.labels(new.source, "new" if added else "known").inc()
        self.wake()
        return number, added

    async def ask(self, question: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Call a function that uses the database, in a thread.

        Raises:
            HTTPException: 503
        """
        try:
            return await run_in_threadpool(question, *given, **named)
        except SQLAlchemyError:
            raise refusal(503, "database-unavailable", {"Retry-After": str(RETRY_AFTER)}) from None

    async def body(self, request: Request) -> bytes:
        """The body of a request.

        Raises:
            HTTPException: 413 larger than the limit, 408 too slow.
        """
        try:
            return await read_body(request, self.settings.http.body_limit, seconds=BODY_SECONDS)
        except TooLarge:
            raise refusal(413, "too-large") from None
        except TooSlow:
            raise refusal(408, "too-slow") from None


def refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """An error whose answer is one fixed word."""
    return HTTPException(status, error, dict(headers or {}))


def accepted(number: int, *, new: bool) -> JSONResponse:
    """The answer with a job's number; 202 if it is new, 200 if it was known."""
    return JSONResponse({"job": number, "new": new}, status_code=202 if new else 200)
