"""The page /emergency: people raise their own rights, and leads acknowledge it."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from redactor.auth.dependencies import AccessGuard, Person
from redactor.auth.emergencies import Emergencies
from redactor.auth.forms import form_of
from redactor.auth.pages import Pages, ask, go
from redactor.auth.store import AccessStore
from redactor.errors import ConfigurationError

Number = Annotated[int, Path(ge=1, le=2**62)]


def emergency_routes(store: AccessStore, guard: AccessGuard, pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    emergencies = Emergencies(store)
    minutes = round(store.settings.emergency_seconds / 60)

    async def page(person: Person, *, status: int = 200, error: str = "") -> Response:
        shown = await ask(emergencies.list) if person.may("emergency.acknowledge") else []
        return pages.show("emergency", status=status, person=person, error=error, emergencies=shown, minutes=minutes)

    @routes.get("/emergency")
    async def look(person: Annotated[Person, Depends(guard("emergency.open"))]) -> Response:
        return await page(person)

    @routes.post("/emergency")
    async def raise_rights(request: Request, person: Annotated[Person, Depends(guard("emergency.open"))]) -> Response:
        form = await form_of(request, 16_384)
        try:
            await ask(emergencies.open, person.id, form.get("reason", ""))
        except ConfigurationError as error:
            return await page(person, status=422, error=error.message)
        return go("/emergency")

    @routes.post("/emergency/end")
    async def end(person: Annotated[Person, Depends(guard("emergency.open"))]) -> Response:
        await ask(emergencies.end, person.id)
        return go("/emergency")

    @routes.post("/emergency/{number}/acknowledge")
    async def acknowledge(
        number: Number, person: Annotated[Person, Depends(guard("emergency.acknowledge"))]
    ) -> Response:
        if not await ask(emergencies.acknowledge, number, by=person.id):
            raise HTTPException(409, "nothing-to-acknowledge")
        return go("/emergency")

    return routes
