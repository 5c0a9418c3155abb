"""Audio and files of a message: redacted ones for everybody who may hear them, the original with a grant only."""

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from redactor.audit_log import events
from redactor.auth import Person
from redactor.render import MEDIA_TYPES, ArtefactKind
from redactor.review.request_context import Message, RequestContext, begins, ranged, session_mark
from redactor.review.version_store import OpenVersion
from redactor.review.versions import TYPES


def router(context: RequestContext) -> APIRouter:
    """The routes for audio."""
    routes = APIRouter(prefix="/messages/{message}")
    hears = Annotated[Person, Depends(context.guard("message.hear_redacted"))]
    reveals = Annotated[Person, Depends(context.guard("message.hear_original"))]

    def sound_of(message: str, folder: str) -> tuple[str, OpenVersion]:
        path = context.versions.version_store.sound(message, folder)
        return PurePath(path).suffix, OpenVersion(path)

    def log_heard(request: Request, person: Person, event: events.RedactedHeard | events.OriginalHeard) -> None:
        """Log what is about to be heard; the many pieces of one playback are one event."""
        what = (session_mark(person), type(event), event.message, event.version)
        context.recent_events.record(what, lambda: context.trail.append(event), again=begins(request))

    @routes.get("/audio")
    def audio(message: Message, request: Request, person: hears) -> Response:
        """The redacted audio, or a range of it."""
        context.check_hearing(context.row(message), person)
        row, (suffix, file) = context.current(message, lambda folder: sound_of(message, folder))
        event = events.RedactedHeard(by=person.actor, message=message, version=row["version"])
        log_heard(request, person, event)
        return ranged(request, file.size, file.read, TYPES.get(suffix.lower(), "application/octet-stream"))

    @routes.get("/original.wav")
    def original(message: Message, request: Request, person: reveals) -> Response:
        """The original audio, while the grant lasts (the grant itself was logged)."""
        row = context.row(message)
        grant = context.store.granted(message, person.id, session_mark(person))
        if not grant:
            raise HTTPException(403, "no-leave")
        log_heard(
            request,
            person,
            events.OriginalHeard(by=person.actor, message=message, version=row["version"], reason=grant),
        )
        data, _ = context.versions.original(message, grant, by=person.actor, reason=grant)
        return ranged(request, len(data), lambda first, count: data[first : first + count], "audio/wav")

    @routes.get("/files/{kind}")
    def file(message: Message, kind: ArtefactKind, person: hears) -> Response:
        """A redacted file of the current version, named by the id."""
        context.check_hearing(context.row(message), person)
        row, (data, suffix) = context.current(
            message, lambda folder: context.versions.version_store.artefact(message, folder, kind)
        )
        context.trail.append(events.RedactedHeard(by=person.actor, message=message, version=row["version"]))
        name = f"{message[:12]}-{row['version']}.redacted{suffix}"
        return Response(
            data,
            media_type=MEDIA_TYPES.get(kind, "application/octet-stream"),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return routes
