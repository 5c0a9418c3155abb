"""The ASGI application of the review pages, and the one place where its errors become pages or JSON."""

from collections.abc import Awaitable, Callable
from importlib import resources

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from redactor.auth import SECURITY_HEADERS
from redactor.errors import Busy, NoInput, RedactorError
from redactor.review.claims import Claimed
from redactor.review.repository import Stale
from redactor.review.request_context import RequestContext
from redactor.review.reviews import AlreadyTaken, Undecided
from redactor.review.routes import (
    claims,
    dashboard,
    disputes,
    everywhere,
    message,
    queue,
    release,
    samples,
    sound,
    trail,
)

STATIC = {
    "base.css": "text/css",
    "review.css": "text/css",
    **dict.fromkeys(
        (f"{name}.js" for name in "message page player timeline wave words mark edits findings claim keys".split()),
        "text/javascript",
    ),
    "icon.svg": "image/svg+xml",
}
ERROR_PAGES = {
    401: ("Log in first", "Your session has ended. Log in and try again."),
    403: ("Not permitted", "Your role does not allow this, or the request did not come from these pages."),
    404: ("Not found", "There is no such page or message."),
    405: ("Not found", "There is no such page or message."),
    409: ("Changed meanwhile", "Somebody else changed the message. Nothing was overwritten; load it again."),
    413: ("Too large", "The request is larger than allowed."),
    422: ("Invalid input", "A value is missing or invalid."),
    503: ("Unavailable", "The service cannot answer at the moment. Nothing was changed; try again in a minute."),
}
CONFLICTS = (Stale, AlreadyTaken, Undecided, Claimed)


def build_review(context: RequestContext, access: APIRouter) -> FastAPI:
    """The application. `access`: the routes for log-in and accounts."""
    app = FastAPI(title="redactor review", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(access)
    for module in (queue, message, claims, everywhere, release, sound, samples, disputes, dashboard, trail):
        app.include_router(module.router(context))
    # Only these files, by name: no part of a request becomes a path.
    static = {name: (resources.files(__package__) / "static" / name).read_bytes() for name in STATIC}

    @app.get("/static/{name}")
    async def file(name: str) -> Response:
        if name not in static:
            raise HTTPException(404, "no-such-file")
        return Response(static[name], media_type=STATIC[name], headers={"Cache-Control": "max-age=300"})

    @app.middleware("http")
    async def answer(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
        try:
            response = await following(request)
        except Exception as error:  # noqa: BLE001 - an error may quote speech, so none may reach a log or a page
            response = await _refusal(context, request, *_status(error))
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = str(error.detail)
        word = detail if " " not in detail and detail.islower() else f"http-{error.status_code}"
        return await _refusal(context, request, error.status_code, word, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, _error: RequestValidationError) -> Response:
        # The framework's own answer would quote the invalid path or field.
        return await _refusal(context, request, 404 if request.method == "GET" else 422, "bad-request")

    return app


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, CONFLICTS):
        return 409, error.reason
    if isinstance(error, NoInput):
        return 404, "no-input"
    if isinstance(error, ValueError):
        return 422, "bad-request"
    if isinstance(error, SQLAlchemyError):
        return 503, "database-unavailable"
    if isinstance(error, Busy | RedactorError):
        return 503, error.reason
    return 500, "internal-error"


async def _refusal(
    context: RequestContext, request: Request, status: int, word: str, headers: dict[str, str] | None = None
) -> Response:
    """An error page for people, an error code for programs; never any part of the request."""
    if status == 303:
        return Response(status_code=303, headers=headers)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": word}, status_code=status, headers=headers)
    title, text = ERROR_PAGES.get(status, ("Internal error", "Something failed in the service. Nothing was changed."))
    person = await context.guard.visitor(request)
    page = context.templates.get_template("error.html").render(person=person, title=title, text=text)
    return Response(page, status, headers, "text/html; charset=utf-8")
