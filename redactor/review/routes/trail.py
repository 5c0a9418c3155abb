"""The audit log, newest first. Reading it is logged, too; `redactor log export` exports it with a proof."""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from redactor.audit_log import events, newest
from redactor.auth import Person
from redactor.review.request_context import RequestContext

PAGE = 100
ACTOR = re.compile(r"(person|token|user):[0-9]{1,18}|service|trail")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the page. `fields` is None if the line is not a valid entry; its content is then not shown."""

    number: int
    moment: str = ""
    kind: str = ""
    by: str = ""
    fields: tuple[tuple[str, str | int], ...] | None = None


def router(context: RequestContext) -> APIRouter:
    """The routes for the audit log."""
    routes = APIRouter()
    reads = Annotated[Person, Depends(context.guard("trail.read"))]

    @routes.get("/trail")
    def trail(request: Request, person: reads) -> Response:
        """A page of entries. Unknown filters are ignored; for an actor, the page says so."""
        asked = request.query_params
        kind, by, before = asked.get("kind", ""), asked.get("by", "").strip()[:96], asked.get("before", "")
        kind = kind if kind in events.KINDS else ""
        known = bool(ACTOR.fullmatch(by))
        chosen = {name: value for name, value in (("kind", kind), ("by", by if known else "")) if value}
        below = int(before) if re.fullmatch(r"[0-9]{1,18}", before) else 0
        page = newest(context.trail.folder, before=below, kind=kind, by=chosen.get("by", ""), limit=PAGE)
        numbers = [int(entry["n"]) for entry in page.entries] or [0]
        # Logged before anything is returned.
        context.trail.append(events.TrailRead(by=person.actor, first=min(numbers), last=max(numbers)))
        following = f"/trail?{urlencode({**chosen, 'before': page.following})}" if page.following else ""
        first = f"/trail?{urlencode(chosen)}" if chosen else "/trail"
        return context.page(
            "trail.html",
            person,
            entries=[shown(entry) for entry in page.entries],
            kinds=sorted(events.KINDS),
            kind=kind,
            by=by,
            problem=bool(by) and not known,
            chosen=chosen,
            first=first if below else "",
            following=following,
            full=len(page.entries) == PAGE,
            check=context.trail.last_check(),
        )

    return routes


def shown(entry: dict[str, Any]) -> LogRow:
    """An entry as a row. It must fit its event class: a line written by hand could contain speech."""
    number = int(entry["n"])
    rest = {name: value for name, value in entry.items() if name not in ("n", "t", "event", "mac")}
    kind, moment = entry.get("event"), entry.get("t")
    if not (isinstance(kind, str) and kind in events.KINDS and isinstance(moment, str) and MOMENT.fullmatch(moment)):
        return LogRow(number)
    try:
        body = events.body_of(events.KINDS[kind](**rest))
    except (TypeError, ValueError):
        return LogRow(number)
    fields = tuple((name, value) for name, value in body.items() if name not in ("event", "by"))
    return LogRow(number, f"{moment[:10]} {moment[11:19]} UTC", kind, body["by"], fields)
