"""The review web as an application of its own, and the one place where its refusals become pages or words."""

from collections.abc import Awaitable, Callable
from importlib import resources

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from redactor.auth import SECURITY_HEADERS
from redactor.errors import Busy, NoInput, RedactorError
from redactor.review.repository import Stale
from redactor.review.request_context import RequestContext
from redactor.review.reviews import AlreadyTaken, Undecided
from redactor.review.routes import dashboard, disputes, message, queue, samples, sound, trail

STATIC = {
    "base.css": "text/css",
    "review.css": "text/css",
    "message.js": "text/javascript",
    "wave.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
WORDS = {
    401: ("Log in first", "Your session has ended. Log in, and try again."),
    403: ("Not for you", "Your role does not allow this, or the request did not come from our own pages."),
    404: ("Not here", "There is no such page or message."),
    405: ("Not here", "There is no such page or message."),
    409: ("Somebody was faster", "The message was changed meanwhile. Nothing was overwritten: load it again."),
    413: ("Too large", "That was more than a page may send."),
    422: ("Not understood", "Something that was sent is missing or not valid."),
    503: ("Not now", "The service cannot answer at the moment; nothing was changed. Try again in a minute."),
}
CONFLICTS = (Stale, AlreadyTaken, Undecided)


def build_review(context: RequestContext, access: APIRouter) -> FastAPI:
    """The application; `access`: routes of log-in and accounts."""
    app = FastAPI(title="redactor review", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(access)
    for module in (queue, message, sound, samples, disputes, dashboard, trail):
        app.include_router(module.router(context))
    # Our own files only, by name: nothing of a request ever becomes a path.
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
        except Exception as error:  # noqa: BLE001 - nothing of an error may reach a log or a page: it may quote speech
            response = _refusal(context, request, *_status(error))
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = str(error.detail)
        word = detail if " " not in detail and detail.islower() else f"http-{error.status_code}"
        return _refusal(context, request, error.status_code, word, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, _error: RequestValidationError) -> Response:
        # A path that is no id and a field that is none: the framework's own answer quotes them.
        return _refusal(context, request, 404 if request.method == "GET" else 422, "bad-request")

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


def _refusal(
    context: RequestContext, request: Request, status: int, word: str, headers: dict[str, str] | None = None
) -> Response:
    """A page for people, a word for programs; never anything of the request."""
    if status == 303:
        return Response(status_code=303, headers=headers)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": word}, status_code=status, headers=headers)
    title, text = WORDS.get(status, ("Something went wrong", "It was not your doing. Nothing was changed."))
    page = context.templates.get_template("error.html").render(person=None, title=title, text=text)
    return Response(page, status, headers, "text/html; charset=utf-8")
