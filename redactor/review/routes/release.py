"""The end of a review without a verdict: released, cannot be released, checked; and into the queue again."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from redactor.auth import Person, form_of
from redactor.errors import Quarantine, RedactorError
from redactor.review.claims import Claimed
from redactor.review.releases import reviewer_of
from redactor.review.repository import Stale
from redactor.review.request_context import Message, RequestContext, session_mark, whole
from redactor.review.routes.claims import claimed_page
from redactor.review.routes.message import LONGEST_TEXT, SHORTEST_REASON, message_page

if TYPE_CHECKING:
    from redactor.review.archive.bootstrap import ArchiveReview
    from redactor.review.job_review import JobReview


def router(context: RequestContext) -> APIRouter:
    """The routes for the recordings of an archive and the service's jobs; other messages are not found."""
    routes, claims = APIRouter(prefix="/messages/{message}"), context.reviews.claims
    releases = Annotated[Person, Depends(context.guard("message.hear_original", "message.release"))]
    checks = Annotated[Person, Depends(context.guard("message.hear_redacted", "redaction.edit"))]

    def releasing(message: str) -> "ArchiveReview | JobReview":
        row, found = context.row(message), context.releasing
        if found is None or found.facts(row) is None:
            raise HTTPException(404, "no-release")
        return found

    def again(message: str, person: Person, why: RedactorError | str, reason: str = "", path: str = "") -> Response:
        """The page of the message, with why nothing was written and what was typed."""
        if isinstance(why, Claimed):
            return claimed_page(context, message, person, why, path, reason=reason)
        if not context.row(message)["version"]:  # among them those that are deleted
            return RedirectResponse(f"/messages/{message}", 303)
        row, shown = context.current(message, lambda folder: context.versions.version_store.view(message, folder))
        grant = context.store.granted(message, person.id, session_mark(person))
        if isinstance(why, str):
            status, text = 422, why
        else:
            status = 409 if isinstance(why, Stale | Quarantine) else 503
            text = f"{why.message} {why.hint}"
        return message_page(context, row, shown, person, grant, status=status, unreleased=text, reason=reason)

    def following(message: str, person: Person, what: str) -> Response:
        """On to the next message, or back to the queue."""
        context.reviews.claims.end(message, person.id)
        found = context.next_for(person)
        note = f"{what}={message}"
        return RedirectResponse(f"/messages/{found}?{note}" if found else f"/messages?none=1&{note}", 303)

    @routes.post("/release")
    async def release(message: Message, request: Request, person: releases) -> Response:
        """{"version", "reason"}: render, check and write a withheld recording."""
        form = await form_of(request)
        version, reason = whole(form.get("version", "")), form.get("reason", "").strip()[:LONGEST_TEXT]

        def write() -> Response:
            found = releasing(message)
            if len(reason) < SHORTEST_REASON:
                return again(message, person, "Say in a few words why it may be released.", reason)
            try:
                with claims.working(message, person):
                    found.releases.release(message, version, reviewer_of(person), reason=reason)
            except RedactorError as error:
                return again(message, person, error, reason, "release")
            return following(message, person, "released")

        return await run_in_threadpool(write)

    @routes.post("/refusal")
    async def refuse(message: Message, request: Request, person: releases) -> Response:
        """{"reason"}: the recording cannot be released."""
        form = await form_of(request)
        reason = form.get("reason", "").strip()[:LONGEST_TEXT]

        def keep() -> Response:
            found = releasing(message)
            if len(reason) < SHORTEST_REASON:
                return again(message, person, "Say in a few words why it cannot be released.", reason)
            try:
                with claims.working(message, person):
                    found.releases.refuse(message, reviewer_of(person), reason=reason)
                if context.archive is not None:
                    context.archive.retention.sweep()
            except RedactorError as error:
                return again(message, person, error, reason, "refusal")
            return following(message, person, "refused")

        return await run_in_threadpool(keep)

    @routes.post("/done")
    async def done(message: Message, request: Request, person: checks) -> Response:
        """{"version"}: the redaction was checked."""
        form = await form_of(request)
        version = whole(form.get("version", ""))

        def note() -> Response:
            found = releasing(message)
            try:
                with claims.working(message, person):
                    found.releases.done(message, version, reviewer_of(person))
            except RedactorError as error:
                return again(message, person, error, path="done")
            return following(message, person, "done")

        return await run_in_threadpool(note)

    @routes.post("/reopen")
    def reopen(message: Message, person: checks) -> Response:
        """Put a message into the queue again."""
        found = releasing(message)
        try:
            with claims.working(message, person):
                found.preparation.again(message)
                found.releases.reopen(message)
        except Claimed as error:
            return again(message, person, error, path="reopen")
        return RedirectResponse(f"/messages/{message}", 303)

    return routes
