"""Read access: health and metrics for all who reach the service; jobs, results and dead letters with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as InPath

from redactor.render import MEDIA_TYPES, SUFFIXES_BY_KIND, ArtefactKind
from redactor.service.api.dependencies import ServiceContext, refusal
from redactor.service.jobs.queries import FOR_PEOPLE
from redactor.service.quarantine_notices import actions_for
from redactor.service.results import document_of, target_of

JobState = Literal["quarantined", "failed", "queued", "claimed", "releasing", "redacted", "superseded"]
Number = Annotated[int, InPath(ge=1, le=2**62)]
UNKNOWN: dict[int | str, dict[str, Any]] = {
    401: {"description": "No valid token."},
    404: {"description": "There is no such job, or it has no result."},
    503: {"description": "The database is unavailable: try again."},
}


def health(context: ServiceContext) -> APIRouter:
    """Routes for supervisors."""
    routes = APIRouter()

    @routes.get("/healthz", responses={503: {"description": "The service must be restarted."}})
    def healthz(response: Response) -> dict[str, str]:
        """Whether the process works: the worker's thread runs."""
        if not context.alive():
            response.status_code = 503
            return {"status": "dead"}
        return {"status": "alive"}

    @routes.get("/readyz", responses={503: {"description": "The service takes no recordings now."}})
    def readyz(response: Response) -> dict[str, str]:
        """Whether recordings are taken: the model is loaded, the database answers, the service is not stopping."""
        trouble = context.trouble()
        if trouble:
            response.status_code = 503
        return {"status": trouble or "ready"}

    @routes.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(context.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def jobs(context: ServiceContext) -> APIRouter:
    """Routes that need a token: of the scope jobs for reading, of the scope retry for changes."""
    routes = APIRouter(dependencies=[Depends(_guard(context, "jobs"))], responses=UNKNOWN)
    changes = APIRouter(dependencies=[Depends(_guard(context, "retry"))], responses=UNKNOWN)

    @routes.get("/jobs")
    async def listed(
        state: Annotated[JobState, Query(description="Jobs in this state.")] = "quarantined",
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Jobs in a state by number, by default the withheld ones, with what can be done about each."""
        rows = await context.ask(context.queue.list_jobs, state, after=after, limit=limit)
        return [_with_actions(context, row) for row in rows]

    @routes.get("/jobs/{number}")
    async def job(number: Number) -> dict[str, Any]:
        """The state of a job."""
        shown = await context.ask(context.queue.summary, number)
        if shown is None:
            raise refusal(404, "no-such-job")
        return _with_actions(context, shown)

    @routes.get("/jobs/{number}/files/{kind}", response_class=Response)
    async def file(number: Number, kind: ArtefactKind) -> Response:
        """One file of a job's result; of a withheld recording, `json` is the notice that says why and where."""
        shown = await context.ask(context.queue.summary, number)
        sealed = await context.ask(context.queue.unsealed, number)
        if shown and sealed and sealed[1] and (shown["state"], kind) == ("quarantined", "json"):
            notice = await context.ask(context.notices.read, sealed[1], shown["audio"])
            if notice is None:
                raise refusal(404, "no-result")
            return Response(notice, media_type="application/json")
        if shown is None or shown["state"] != "redacted" or not sealed or not sealed[1]:
            raise refusal(404, "no-result")
        content = await context.ask(_artefact, context, Path(sealed[1]), shown["audio"], kind)
        if content is None:
            raise refusal(404, "no-result")
        return Response(content, media_type=MEDIA_TYPES.get(kind, "application/octet-stream"))

    @routes.get("/dead-letters")
    async def dead_letters(
        state: Literal["failed", "quarantined"] = "failed",
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Dead letters, or quarantined recordings, which a person must listen to, with reasons."""
        rows = await context.ask(context.queue.list_jobs, state, after=after, limit=limit)
        return [_with_actions(context, row) for row in rows]

    @changes.post("/dead-letters/{number}/retry")
    async def retry(number: Number) -> dict[str, int]:
        """Try a dead letter again."""
        done = await context.ask(context.queue.retry, [number])
        context.wake()
        if not done:
            raise refusal(404, "no-such-dead-letter")
        return {"retried": int(done)}

    both = APIRouter()
    both.include_router(routes)
    both.include_router(changes)
    return both


def _guard(context: ServiceContext, scope: str) -> Callable[[Request], Awaitable[None]]:
    async def guard(request: Request) -> None:
        if not await context.admits(request, scope, context.settings.http.token):
            raise refusal(401, "bad-token", {"WWW-Authenticate": "Bearer"})

    return guard


def _with_actions(context: ServiceContext, row: dict[str, Any]) -> dict[str, Any]:
    """A job that waits for a person, with the commands and the address to act."""
    return {**row, "act": actions_for(context.settings, row)} if row["state"] in FOR_PEOPLE else dict(row)


def _artefact(context: ServiceContext, document: Path, audio: str, kind: str) -> bytes | None:
    """The content of one file of a result; None unless the whole result is unchanged."""
    files = context.results.read(target_of(document), audio)
    if files is None:
        return None
    return files[SUFFIXES_BY_KIND.get(kind) or str(document_of(files)["audio"])]
