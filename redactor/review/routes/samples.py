"""Samples: leads draw them, with a seed; the probabilities are stored."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from redactor.audit_log import events
from redactor.auth import Person, form_of
from redactor.errors import NoInput
from redactor.review.request_context import RequestContext, date_of, whole
from redactor.review.sampling import LARGEST, STRATA


def router(context: RequestContext) -> APIRouter:
    """The routes for samples."""
    routes = APIRouter()
    draws = Annotated[Person, Depends(context.guard("sample.draw"))]

    @routes.get("/samples")
    def samples(person: draws) -> Response:
        """The samples, and a form to draw another."""
        return context.page(
            "samples.html",
            person,
            samples=context.samples.all(),
            strata=STRATA,
            largest=LARGEST,
            seed=secrets.randbelow(1_000_000),
            problem="",
        )

    @routes.post("/samples")
    async def draw(request: Request, person: draws) -> Response:
        """Draw a sample. The same seed and messages give the same sample."""
        form = await form_of(request)
        size, least = whole(form.get("size", ""), least=1, most=LARGEST), whole(form.get("least", ""), most=100)
        seed, reviews = whole(form.get("seed", "")), whole(form.get("reviews", ""), least=1, most=2)
        strata = [name for name in STRATA if form.get(f"by_{name}")]
        since, until = date_of(form.get("since", "")), date_of(form.get("until", ""))

        def make() -> Response:
            def log_sample(number: int, drawn: int, of: int) -> None:
                context.trail.append(events.SampleDrawn(by=person.actor, sample=number, seed=seed, size=drawn, of=of))

            try:
                number = context.samples.draw(
                    size=size,
                    least=least,
                    seed=seed,
                    strata=strata,
                    reviews=reviews,
                    by=person.actor,
                    since=since,
                    until=until + 86_400 if until else 0.0,
                    before_save=log_sample,
                )
            except NoInput as error:
                return context.page(
                    "samples.html",
                    person,
                    status=422,
                    samples=context.samples.all(),
                    strata=STRATA,
                    largest=LARGEST,
                    seed=seed,
                    problem=f"{error.message} {error.hint}",
                )
            return RedirectResponse(f"/samples#sample-{number}", 303)

        return await run_in_threadpool(make)

    return routes
