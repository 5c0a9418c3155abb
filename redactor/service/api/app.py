"""The application: routes, and the one place that makes all answers that are not a route's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from redactor import __version__
from redactor.service.api import status, webhooks
from redactor.service.api.dependencies import ServiceContext

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def build_app(context: ServiceContext) -> FastAPI:
    """The ASGI application of a service."""
    app = FastAPI(
        title="redactor",
        version=__version__,
        summary="Redacts protected health information from voicemail.",
        docs_url=None,
        redoc_url=None,  # these pages load scripts from other sites
    )
    app.include_router(status.health(context))
    app.include_router(status.jobs(context))
    app.include_router(webhooks.router(context))
    if context.review is not None:
        app.mount("/", context.review)

    @app.middleware("http")
    async def answer(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            response = await following(request)
        except Exception:  # noqa: BLE001 - an error may quote the request, so it reaches neither a log nor an answer
            response = JSONResponse({"error": "internal-error"}, status_code=500)
        route: Any = request.scope.get("route")
        context.metrics.requests.labels(getattr(route, "path", "none"), str(response.status_code)).inc()
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        # The service's own refusals are single words with hyphens; the framework's are replaced by their status.
        word = (
            error.detail if "-" in str(error.detail) and " " not in str(error.detail) else f"http-{error.status_code}"
        )
        return JSONResponse({"error": word}, status_code=error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, _error: RequestValidationError) -> Response:
        # The framework's own answer quotes the request.
        return JSONResponse({"error": "bad-request"}, status_code=422)

    return app
