"""The queue: filters, pages, the next message to review."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse

from redactor.auth import Person
from redactor.review.reasons import SHORTLY
from redactor.review.repository import COUNTED, Filters
from redactor.review.request_context import RULES, RequestContext, date_of, settled_in
from redactor.review.schema import OUTCOMES, STATES

CHOICES: dict[str, tuple[str, ...]] = {
    "state": STATES,
    "verdict": ("pass", "findings", "undetermined"),
    "rule": RULES,
    "severity": ("S1", "S2", "S3", "note"),
    "kind": ("callback", "appointment", "refill", "other"),
}

ARCHIVE_CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": OUTCOMES[:-1],
    "reason": tuple(SHORTLY),
    "state": ("new", "reviewed"),
}
"""Filters for the recordings of an archive."""
JOB_CHOICES: dict[str, tuple[str, ...]] = {"outcome": OUTCOMES[:-1], "direction": ("in", "out"), **CHOICES}
"""Filters for sent messages and the service's jobs."""


def router(context: RequestContext) -> APIRouter:
    """The routes for the queue."""
    routes = APIRouter()
    lister = Annotated[Person, Depends(context.guard("message.list"))]
    judge = Annotated[Person, Depends(context.guard("finding.decide"))]

    @routes.get("/")
    async def start(_person: lister) -> Response:
        """The start page."""
        return RedirectResponse("/messages", 303)

    @routes.get("/messages")
    def messages(request: Request, person: lister) -> Response:
        """A page of messages. Unknown filters are ignored."""
        asked = dict(request.query_params)
        choices = CHOICES if context.jobs is None else JOB_CHOICES
        choices = choices if context.archive is None else ARCHIVE_CHOICES
        tiles = "state" if context.archive is None else "outcome"
        chosen = {name: asked[name] for name, known in choices.items() if asked.get(name) in known}
        for name in ("since", "until"):
            if date_of(asked.get(name, "")):
                chosen[name] = asked[name]
        if asked.get("assigned") == "me":
            chosen["assigned"] = "me"
        if asked.get("sample", "").isdecimal() and len(asked["sample"]) < 10:
            chosen["sample"] = asked["sample"]
        filters = Filters(
            **{name: chosen.get(name, "") for name in choices},
            since=date_of(chosen.get("since", "")),
            # The last day is included.
            until=date_of(chosen["until"]) + 86_400 if "until" in chosen else 0.0,
            mine=person.id if "assigned" in chosen else 0,
            sample=int(chosen.get("sample", 0)),
            urgent=context.releasing is not None,
        )
        page = context.store.page(filters, after=asked.get("after", "")[:120])
        following: Any = f"/messages?{urlencode({**chosen, 'after': page.following})}" if page.following else ""
        first = f"/messages?{urlencode(chosen)}" if asked.get("after") else ""
        return context.page(
            "queue.html",
            person,
            page=page,
            chosen=chosen,
            choices=choices,
            tiles=tiles,
            nothing="none" in asked,
            settled=settled_in(request),
            following=following,
            first=first,
            many=COUNTED,
            counts=context.store.counts(tiles),
        )

    @routes.get("/withheld/{number}")
    def withheld(number: Annotated[int, InPath(ge=1, le=2**62)], _person: lister) -> Response:
        """The message of a job of the service: the address in its notice, lists and callback."""
        found = context.jobs.messages.message_of(number) if context.jobs is not None else ""
        if not found:
            raise HTTPException(404, "no-such-message")
        return RedirectResponse(f"/messages/{found}", 303)

    @routes.post("/messages/next")
    def take_next(person: judge) -> Response:
        """The next message for this person: see `Reviews.take_next`."""
        found = context.next_for(person)
        nothing = "/messages?assigned=me&none=1" if context.archive is None else "/messages?none=1"
        return RedirectResponse(f"/messages/{found}" if found else nothing, 303)

    return routes
