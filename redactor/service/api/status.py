"""What may be asked: health and metrics by anybody who reaches us, jobs, results and dead letters with the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as InPath

from redactor.service.api.dependencies import ServiceContext, refusal
from redactor.service.results import document_of, target_of

Number = Annotated[int, InPath(ge=1, le=2**62)]
KINDS = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}
TYPES = {
    "text": "text/plain; charset=utf-8",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "json": "application/json",
}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    401: {"description": "No token, or another."},
    404: {"description": "There is no such job, or it has no result."},
    503: {"description": "The database is unavailable: try again."},
}


def health(office: ServiceContext) -> APIRouter:
    """Routes for supervisors."""
    routes = APIRouter()

    @routes.get("/healthz", responses={503: {"description": "Restart it."}})
    def healthz(response: Response) -> dict[str, str]:
        """Whether the process works: the crew's thread runs."""
        if not office.alive():
            response.status_code = 503
            return {"status": "dead"}
        return {"status": "alive"}

    @routes.get("/readyz", responses={503: {"description": "Send nothing here now."}})
    def readyz(response: Response) -> dict[str, str]:
        """Whether recordings are taken: the model is loaded, the database answers, we are not about to end."""
        trouble = office.trouble()
        if trouble:
            response.status_code = 503
        return {"status": trouble or "ready"}

    @routes.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Prometheus."""
        return Response(office.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def jobs(office: ServiceContext) -> APIRouter:
    """Routes behind the token: to read with the scope jobs, to change something with the scope retry."""
    routes = APIRouter(dependencies=[Depends(_guard(office, "jobs"))], responses=UNKNOWN)
    changes = APIRouter(dependencies=[Depends(_guard(office, "retry"))], responses=UNKNOWN)

    @routes.get("/jobs/{number}")
    async def job(number: Number) -> dict[str, Any]:
        """State of a job."""
        shown = await office.ask(office.queue.look, number)
        if shown is None:
            raise refusal(404, "no-such-job")
        return dict(shown)

    @routes.get("/jobs/{number}/files/{kind}", response_class=Response)
    async def file(number: Number, kind: Literal["text", "srt", "vtt", "json", "audio"]) -> Response:
        """A redacted artefact."""
        shown, kept = await office.ask(office.queue.look, number), await office.ask(office.queue.unsealed, number)
        if shown is None or shown["state"] != "redacted" or not kept or not kept[1]:
            raise refusal(404, "no-result")
        content = await office.ask(_artefact, office, Path(kept[1]), shown["audio"], kind)
        if content is None:
            raise refusal(404, "no-result")
        return Response(content, media_type=TYPES.get(kind, "application/octet-stream"))

    @routes.get("/letters")
    async def letters(
        state: Literal["failed", "quarantined"] = "failed",
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Dead letters, or what a person must listen to, with reasons."""
        return list(await office.ask(office.queue.letters, state, after=after, limit=limit))

    @changes.post("/letters/{number}/retry")
    async def retry(number: Number) -> dict[str, int]:
        """Try a dead letter again."""
        done = await office.ask(office.queue.retry, [number])
        office.wake()
        if not done:
            raise refusal(404, "no-such-letter")
        return {"retried": int(done)}

    both = APIRouter()
    both.include_router(routes)
    both.include_router(changes)
    return both


def _guard(office: ServiceContext, scope: str) -> Callable[[Request], Awaitable[None]]:
    async def guard(request: Request) -> None:
        if not await office.admits(request, scope, office.settings.http.token):
            raise refusal(401, "bad-token", {"WWW-Authenticate": "Bearer"})

    return guard


def _artefact(office: ServiceContext, document: Path, audio: str, kind: str) -> bytes | None:
    """Content of one file of a result; None unless all of it is there as we made it."""
    files = office.results.read(target_of(document), audio)
    if files is None:
        return None
    return files[KINDS.get(kind) or str(document_of(files)["audio"])]
