"""More like this in all messages: the search from one message, the confirmed action, and what has become of it."""

import base64
import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from redactor.auth import Person, form_of
from redactor.policy import Edit
from redactor.review.claims import with_holders
from redactor.review.mass_edits import MassEdits, find_alike
from redactor.review.request_context import Message, RequestContext, whole
from redactor.review.routes.message import LONGEST_REASON, MOST_WORDS, NONCE, SHORTEST_REASON, edit_events
from redactor.review.view import sought_in
from redactor.review.wording import LABEL_NAMES

PLACE = re.compile(r"([0-9a-f]{64}) ([0-9]{1,9}) ([0-9]{1,6}) ([0-9]{1,6}) ([0-9]{1,6})")
MOST_PLACES = 500
BATCH = re.compile(r"[0-9a-f]{32}")
WHY = {
    "claimed": "somebody is working on it",
    "stale": "it was changed after the search",
}


def router(context: RequestContext) -> APIRouter:
    """The routes; their pages hold kept words, and no address does."""
    routes = APIRouter()
    may = Annotated[Person, Depends(context.guard("message.hear_redacted", "redaction.edit", "redaction.edit_many"))]

    def apply(message: str, version: int, wanted: list[Edit], person: Person) -> None:
        with context.reviews.claims.working(message, person):
            number = context.versions.edit(
                message,
                version,
                wanted,
                by=person.actor,
                reason="edit",
                before_save=lambda opened: context.trail.append_many(
                    edit_events(person.actor, message, version + 1, opened)
                ),
            )
            if context.releasing is not None:
                context.releasing.after_edit(message, number, person)

    edits = MassEdits(context.store.engine, apply)

    def listed(person: Person, sought: list[str], label: str, source: str, problem: str = "") -> Response:
        found, more = find_alike(context.versions, sought) if sought else ([], False)
        rows = with_holders(
            ({"id": one.message, "version": one.version, "places": one.places} for one in found),
            context.reviews.claims,
        )
        return context.page(
            "everywhere.html",
            person,
            status=422 if problem else 200,
            rows=rows,
            more=more,
            sought=" ".join(sought),
            label=label,
            label_names=LABEL_NAMES,
            source=source,
            problem=problem,
        )

    @routes.post("/messages/{message}/everywhere")
    async def search(message: Message, request: Request, person: may) -> Response:
        """{"channel", "first", "last", "label"}: the messages that keep the same words, or some that sound alike."""
        form = await form_of(request)
        asked = {name: whole(form.get(name, ""), most=MOST_WORDS) for name in ("channel", "first", "last")}
        label = form.get("label", "")

        def look() -> Response:
            _, shown = context.current(message, lambda folder: context.versions.version_store.view(message, folder))
            return listed(person, sought_in(shown["words"], **asked), label, message)

        return await run_in_threadpool(look)

    @routes.post("/everywhere")
    async def confirm(request: Request, person: may) -> Response:
        """{"reason", "label", "place_N": "MESSAGE VERSION CHANNEL FIRST LAST"}: redact in all of them."""
        form = await form_of(request)
        reason, label = form.get("reason", "").strip()[:LONGEST_REASON], form.get("label", "")
        matches = [PLACE.fullmatch(value) for name, value in form.items() if name.startswith("place_")]
        places = [match.groups() for match in matches if match is not None]
        if label not in LABEL_NAMES or len(places) != len(matches) or not 0 < len(places) <= MOST_PLACES:
            raise HTTPException(422, "choose-messages-and-a-label")
        if len(reason) < SHORTEST_REASON:
            raise HTTPException(422, "give-a-reason")

        def begin() -> Response:
            wanted: dict[tuple[str, int], list[Edit]] = {}
            for message, version, *numbers in places:
                note = context.sealer.seal(secrets.token_bytes(NONCE) + reason.encode())
                channel, first, last = map(int, numbers)
                edit = Edit("cover", channel, first, last, label=label, note=base64.b64encode(note).decode())
                wanted.setdefault((message, int(version)), []).append(edit)
            if len({message for message, _ in wanted}) != len(wanted):
                raise HTTPException(422, "bad-request")
            number = edits.add(person, wanted)
            edits.start(number, person)
            return RedirectResponse(f"/everywhere/{number}", 303)

        return await run_in_threadpool(begin)

    def state_of(number: str) -> list[dict[str, Any]]:
        items = edits.items(number) if BATCH.fullmatch(number) else []
        if not items:
            raise HTTPException(404, "no-such-action")
        return items

    @routes.get("/everywhere/{number}")
    def progress(number: str, person: may) -> Response:
        """What has become of a confirmed action."""
        return context.page(
            "everywhere_done.html",
            person,
            number=number,
            items=state_of(number),
            working=edits.is_working(number),
            whys=WHY,
        )

    @routes.post("/everywhere/{number}/continue")
    def go_on(number: str, person: may) -> Response:
        """Do what a killed program left."""
        state_of(number)
        edits.start(number, person)
        return RedirectResponse(f"/everywhere/{number}", 303)

    return routes
