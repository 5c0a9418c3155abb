"""What the routes need, as one object, and the few helpers that all of them share."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import jinja2
from fastapi import HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from redactor.auth.pages import moment
from redactor.crypto import Sealer
from redactor.errors import NoInput
from redactor.request_body import TooLarge, TooSlow, read_body
from redactor.review.repository import ReviewRepository
from redactor.review.reviews import Reviews
from redactor.review.sampling import Samples
from redactor.review.versions import VersionService

if TYPE_CHECKING:
    from redactor.audit_log import Trail
    from redactor.auth import AccessGuard, Person

Message = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
RULES = tuple(f"V{n:02d}" for n in range(1, 21))
LARGEST_BODY = 65_536
PIECE = 1 << 20
"""Bytes of sound that are held at once."""
MOST_TOLD = 10_000
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
Read = TypeVar("Read")


class RecentEvents:
    """What the trail was told within some seconds: who asks for the rest of what they have begun is not written down
    again.

    In this process's memory: what another one, or one before, has told is told once more.
    """

    def __init__(self, seconds: float = 900.0) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._at: OrderedDict[tuple[object, ...], float] = OrderedDict()

    def tell(self, what: tuple[object, ...], told: Callable[[], object], *, again: bool) -> None:
        """Call `told`, unless it has been lately; with `again` also then. What it raises is raised, and nothing
        remembered.
        """
        at = time.monotonic()
        with self._lock:
            known = what in self._at and at - self._at[what] < self._seconds
        if known and not again:
            return
        told()
        with self._lock:
            self._at[what] = at
            self._at.move_to_end(what)
            while len(self._at) > MOST_TOLD:
                self._at.popitem(last=False)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Built once by `bootstrap`; `reveal_seconds`: how long permission to hear an original lasts."""

    store: ReviewRepository
    reviews: Reviews
    samples: Samples
    versions: VersionService
    trail: Trail
    sealer: Sealer
    guard: AccessGuard
    templates: jinja2.Environment
    reveal_seconds: float = 900.0
    titles: Mapping[str, str] = field(default_factory=dict)
    lately: RecentEvents = field(default_factory=RecentEvents)

    def page(self, template: str, person: Person, *, status: int = 200, **given: Any) -> HTMLResponse:
        """A page; everything in it is escaped."""
        made = self.templates.get_template(template)
        return HTMLResponse(made.render(person=person, titles=self.titles, **given), status_code=status)

    def row(self, message: str) -> dict[str, Any]:
        """A message's row; HTTPException 404."""
        row = self.store.look(message)
        if row is None:
            raise HTTPException(404, "no-such-message")
        return row

    def current(self, message: str, read: Callable[[str], Read]) -> tuple[dict[str, Any], Read]:
        """A message's row, and what `read` gives of its version's folder. If an edit removed that meanwhile: both of
        the new version.

        Raises:
            HTTPException 404, NoInput
        """
        row = self.row(message)
        try:
            return row, read(row["folder"])
        except NoInput:
            if self.row(message)["folder"] == row["folder"]:
                raise
        return self.current(message, read)


def environment() -> jinja2.Environment:
    """Templates of the review web, its filters, autoescape on whatever a file is called."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("redactor.review"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=_day, moment=moment, clock=_clock, percent=_percent)
    return made


async def json_of(request: Request) -> dict[str, Any]:
    """A JSON object of at most `LARGEST_BODY` bytes; HTTPException 413, 408, 422."""
    try:
        body = await read_body(request, LARGEST_BODY)
    except TooLarge:
        raise HTTPException(413, "too-large") from None
    except TooSlow:
        raise HTTPException(408, "too-slow") from None
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(422, "bad-request") from None
    if not isinstance(given, dict):
        raise HTTPException(422, "bad-request")
    return given


def ranged(request: Request, size: int, read: Callable[[int, int], bytes], media_type: str) -> Response:
    """The bytes, or the one range that is asked for (RFC 9110, 14). `read`: where, how many → bytes; not all at once
    of what is long.
    """
    headers = {"Accept-Ranges": "bytes"}
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or asked[1] == asked[2] == "":
        return _pieces(0, size, read, 200, media_type, headers)
    first = int(asked[1]) if asked[1] else max(0, size - int(asked[2]))
    last = min(size - 1, int(asked[2])) if asked[1] and asked[2] else size - 1
    if first > last:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return _pieces(first, last + 1, read, 206, media_type, headers)


def _pieces(
    first: int, end: int, read: Callable[[int, int], bytes], status: int, media_type: str, headers: dict[str, str]
) -> Response:
    if end - first <= PIECE:
        return Response(read(first, end - first), status, headers, media_type)
    pieces = (read(at, min(PIECE, end - at)) for at in range(first, end, PIECE))
    return StreamingResponse(pieces, status, {**headers, "Content-Length": str(end - first)}, media_type)


def begins(request: Request) -> bool:
    """Whether a request for sound is one for its beginning: a player asks for many pieces of what is heard once."""
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    return asked is None or int(asked[1] or 0) == 0


def sitting(person: Person) -> str:
    """A mark of this log-in, and of the emergency that raises its rights, if there is one."""
    return sha256(f"{person.csrf} {person.emergency_until!r}".encode()).hexdigest()[:32]


def whole(text: str, *, least: int = 0, most: int = 2**31) -> int:
    """A whole number that was typed; HTTPException 422."""
    if not re.fullmatch(r"-?\d{1,12}", text) or not least <= int(text) <= most:
        raise HTTPException(422, "bad-request")
    return int(text)


def date_of(text: str) -> float:
    """Seconds since 1970 of the beginning of a day (UTC), 0 for anything that is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return 0.0


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
