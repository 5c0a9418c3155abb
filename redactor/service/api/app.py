"""The application: routes, and one place where every answer is made that is not a route's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from redactor import __version__
from redactor.service.api import status
from redactor.service.api import webhooks as inbound
from redactor.service.api.dependencies import ServiceContext

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def build_app(office: ServiceContext) -> FastAPI:
    """The ASGI application of a service."""
    app = FastAPI(
        title="redactor",
        version=__version__,
        summary="Redacts protected health information from voicemail.",
        docs_url=None,
        redoc_url=None,  # these pages load scripts from elsewhere
    )
    app.include_router(status.health(office))
    app.include_router(status.jobs(office))
    app.include_router(inbound.router(office))
    if office.review is not None:
        app.mount("/", office.review)

    @app.middleware("http")
    async def answer(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            response = await following(request)
        except Exception:  # noqa: BLE001 - nothing of an error may reach a log or an answer: it may quote the request
            response = JSONResponse({"error": "internal-error"}, status_code=500)
        route: Any = request.scope.get("route")
        office.metrics.requests.labels(getattr(route, "path", "none"), str(response.status_code)).inc()
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        # Our own refusals are words of one piece; the framework's become their status.
        word = (
            error.detail if "-" in str(error.detail) and " " not in str(error.detail) else f"http-{error.status_code}"
        )
        return JSONResponse({"error": word}, status_code=error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, _error: RequestValidationError) -> Response:
        # The framework's own answer quotes what was sent.
        return JSONResponse({"error": "bad-request"}, status_code=422)

    return app
