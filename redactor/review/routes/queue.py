"""The queue: filters, pages, the next message to review."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse

from redactor.auth import Person, form_of
from redactor.review.claims import with_holders
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

LONGEST_WORDS = 200
"""Characters of the words that the queue searches."""
_WORDS = b"words "
"""In front of sealed words, so that no other seal is taken for one."""


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
        text = said_in(chosen, asked.get("words", ""), context)
        filters = Filters(
            **{name: chosen.get(name, "") for name in choices},
            since=date_of(chosen.get("since", "")),
            # The last day is included.
            until=date_of(chosen["until"]) + 86_400 if "until" in chosen else 0.0,
            mine=person.id if "assigned" in chosen else 0,
            sample=int(chosen.get("sample", 0)),
            urgent=context.releasing is not None,
            words=context.versions.kept.marks_of(text) if context.versions.kept else (),
        )
        page = context.store.page(filters, after=asked.get("after", "")[:120])
        following: Any = f"/messages?{urlencode({**chosen, 'after': page.following})}" if page.following else ""
        first = f"/messages?{urlencode(chosen)}" if asked.get("after") else ""
        return context.page(
            "queue.html",
            person,
            page=replace(page, rows=with_holders(page.rows, context.reviews.claims)),
            chosen=chosen,
            words=text,
            listing=context.archive.listing if context.archive is not None else None,
            searchable=context.versions.kept is not None,
            choices=choices,
            tiles=tiles,
            nothing="none" in asked,
            settled=settled_in(request),
            following=following,
            first=first,
            many=COUNTED,
            counts=context.store.counts(tiles),
        )

    @routes.post("/messages/filter")
    async def filtered(request: Request, _person: lister) -> Response:
        """The form of the filters → the address of the queue with them. Typed words may identify somebody, and an
        address gets into logs and histories, so they are sealed in it.
        """
        form = await form_of(request)
        text = " ".join(form.get("words", "").split())[:LONGEST_WORDS]
        chosen = {name: value[:64] for name, value in form.items() if value and name not in ("csrf", "words")}
        if text:
            chosen["words"] = urlsafe_b64encode(context.sealer.seal(_WORDS + text.encode())).decode()
        return RedirectResponse(f"/messages?{urlencode(chosen)}" if chosen else "/messages", 303)

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


def said_in(chosen: dict[str, str], sealed: str, context: RequestContext) -> str:
    """The typed words in an address, which are then also in `chosen`; "" if there are none."""
    if not sealed or len(sealed) > 4 * LONGEST_WORDS:
        return ""
    try:
        opened = context.sealer.open(urlsafe_b64decode(sealed.encode()))
    except ValueError:
        return ""
    if opened is None or not opened.startswith(_WORDS):
        return ""
    chosen["words"] = sealed
    return opened.removeprefix(_WORDS).decode()
