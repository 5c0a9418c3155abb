"""Sound and artefacts of a message: redacted for everybody who may hear, the original with leave alone."""

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from redactor.doors.serve.review.access import Person
from redactor.doors.serve.review.desk import Desk, Message, begins, ranged
from redactor.doors.serve.review.shelf import Shelf
from redactor.doors.serve.review.studio import TYPES
from redactor.keep.trail import events

KINDS = {
    "text": "text/plain; charset=utf-8",
    "srt": "application/x-subrip",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
    "audio": "application/octet-stream",
}


def router(desk: Desk) -> APIRouter:
    """Routes of sound."""
    routes = APIRouter(prefix="/messages/{message}")
    hears = Annotated[Person, Depends(desk.guard("message.hear_redacted"))]
    reveals = Annotated[Person, Depends(desk.guard("message.hear_original"))]

    def sound_of(message: str, folder: str) -> tuple[Path, bytes]:
        path = desk.studio.shelf.sound(message, folder)
        return path, Shelf.read(path)

    @routes.get("/audio")
    def audio(message: Message, request: Request, person: hears) -> Response:
        """The redacted sound, whole or a range of it."""
        row, (path, data) = desk.current(message, lambda folder: sound_of(message, folder))
        if begins(request):
            desk.trail.append(events.RedactedHeard(by=person.actor, message=message, version=row["version"]))
        return ranged(request, data, TYPES.get(path.suffix.lower(), "application/octet-stream"))

    @routes.get("/original.wav")
    def original(message: Message, request: Request, person: reveals) -> Response:
        """The original sound, while leave lasts (it was written to the trail when it was given)."""
        row = desk.row(message)
        grant = desk.store.granted(message, person.id)
        if not grant:
            raise HTTPException(403, "no-leave")
        if begins(request):
            desk.trail.append(
                events.OriginalHeard(by=person.actor, message=message, version=row["version"], reason=grant)
            )
        data, _ = desk.studio.original(message, grant, by=person.actor, reason=grant)
        return ranged(request, data, "audio/wav")

    @routes.get("/files/{kind}")
    def file(message: Message, kind: Literal["text", "srt", "vtt", "json", "audio"], person: hears) -> Response:
        """A redacted artefact of the current version, named by the id."""
        row, (data, suffix) = desk.current(message, lambda folder: desk.studio.shelf.artefact(message, folder, kind))
        desk.trail.append(events.RedactedHeard(by=person.actor, message=message, version=row["version"]))
        name = f"{message[:12]}-{row['version']}.redacted{suffix}"
        return Response(data, media_type=KINDS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'})

    return routes
