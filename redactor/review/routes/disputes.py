"""Adjudication: two blind reviews side by side, and a lead's decision."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from redactor.audit_log import events
from redactor.auth import Person, form_of
from redactor.review.repository import Filters, Stale
from redactor.review.request_context import RULES, Message, RequestContext, whole
from redactor.review.reviews import ANSWERS, VERDICTS, AlreadyTaken
from redactor.review.routes.message import LONGEST_TEXT


def router(context: RequestContext) -> APIRouter:
    """The routes for adjudication."""
    routes = APIRouter()
    settles = Annotated[Person, Depends(context.guard("message.hear_redacted", "adjudicate"))]

    @routes.get("/disputes")
    def disputes(person: settles) -> Response:
        """Messages on which reviewers disagree."""
        return context.page("disputes.html", person, page=context.store.page(Filters(state="disputed")))

    def shown(
        person: Person, row: dict[str, Any], *, status: int = 200, problem: str = "", typed: Any = None
    ) -> Response:
        message = row["id"]
        everybody = context.reviews.all(message)
        given = [j for j in everybody if j.state == "given"]
        return context.page(
            "adjudication.html",
            person,
            status=status,
            row=row,
            given=given,
            findings=context.store.findings(message),
            rules=RULES,
            verdicts=VERDICTS,
            settled=context.reviews.settled(message),
            problem=problem,
            typed=typed or {},
            own=any(j.person == person.id for j in everybody),
        )

    @routes.get("/messages/{message}/adjudication")
    def adjudication(message: Message, person: settles) -> Response:
        """Both reviews, once both are submitted; before that, nobody sees either."""
        row = context.row(message)
        if row["state"] not in ("disputed", "adjudicated", "reviewed"):
            raise HTTPException(404, "nothing-to-settle")
        if row["state"] == "reviewed":
            context.reviews.note_read(person.id, message)
        return shown(person, row)

    @routes.post("/messages/{message}/adjudication")
    async def settle(message: Message, request: Request, person: settles) -> Response:
        """Save the lead's decision. If somebody else was faster: 409, a page that keeps the input."""
        form = await form_of(request)
        verdict, comment = form.get("verdict", ""), form.get("comment", "")[:LONGEST_TEXT]
        turn = whole(form.get("turn", ""))
        answers = {
            whole(name.removeprefix("finding_")): value
            for name, value in form.items()
            if name.startswith("finding_") and value in ANSWERS
        }
        missed = [rule for rule in RULES if form.get(f"missed_{rule}")]
        if verdict not in VERDICTS:
            raise HTTPException(422, "choose-a-verdict")

        def keep() -> Response:
            try:
                event = events.Adjudicated(by=person.actor, message=message, verdict=verdict)
                context.reviews.adjudicate(
                    message,
                    person.id,
                    turn=turn,
                    verdict=verdict,
                    answers=answers,
                    missed=missed,
                    comment=comment,
                    before_save=lambda: context.trail.append(event),
                )
            except (Stale, AlreadyTaken) as refused:
                problem = f"{refused.message} Nothing was saved; your input is kept below."
                return shown(person, context.row(message), status=409, problem=problem, typed=form)
            return RedirectResponse("/disputes", 303)

        return await run_in_threadpool(keep)

    return routes
