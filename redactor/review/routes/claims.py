"""Claims of messages: heartbeats, leaving, taking over; and the answers to somebody who has no claim."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse

from redactor.audit_log import events
from redactor.auth import Person, form_of
from redactor.review.claims import WRITES, Claimed
from redactor.review.request_context import Message, RequestContext

KEY = re.compile(r"[0-9a-f]{16}")


def router(context: RequestContext) -> APIRouter:
    """The routes for claims."""
    routes = APIRouter(prefix="/messages/{message}/claim")
    opens = Annotated[Person, Depends(context.guard("message.hear_redacted"))]
    leads = Annotated[Person, Depends(context.guard("message.hear_redacted", "claim.take_over"))]

    async def key_in(request: Request) -> str:
        key = (await form_of(request)).get("key", "")
        if not KEY.fullmatch(key):
            raise HTTPException(422, "bad-request")
        return key

    @routes.post("")
    async def beat(message: Message, request: Request, person: opens) -> Response:
        """{"key"}: the page is still open and used → {"held", "by"}."""
        key = await key_in(request)

        def renew() -> Response:
            context.row(message)
            if not WRITES & person.permissions:
                raise HTTPException(403, "not-permitted")
            claim = context.reviews.claims.open(message, person, key=key)
            return JSONResponse({"held": claim.person == person.id, "by": claim.name})

        return await run_in_threadpool(renew)

    @routes.post("/end")
    async def leave(message: Message, request: Request, person: opens) -> Response:
        """{"key"}: the page was left. A page of the same person that was opened later keeps the claim."""
        key = await key_in(request)
        await run_in_threadpool(context.reviews.claims.end, message, person.id, key=key)
        return Response(status_code=204)

    @routes.post("/over")
    def take_over(message: Message, person: leads) -> Response:
        """Go on with a message that somebody else has; logged."""
        context.row(message)
        if (before := context.reviews.claims.of(message)) is not None and before.person != person.id:
            context.trail.append(events.ClaimTakenOver(by=person.actor, message=message, person=before.person))
            context.reviews.claims.take_over(message, person)
        return RedirectResponse(f"/messages/{message}", 303)

    return routes


def claimed_answer(refused: Claimed) -> Response:
    """What a page's request gets while somebody else has the message: nothing was saved."""
    return JSONResponse({"error": refused.reason, "by": refused.holder}, status_code=409)


def claimed_page(
    context: RequestContext, message: str, person: Person, refused: Claimed, path: str, *, reason: str
) -> Response:
    """The same for a form, with what was typed. `path`: of the form, below the message."""
    row = context.row(message)
    return context.page("claimed.html", person, status=409, row=row, refused=refused, path=path, reason=reason)
