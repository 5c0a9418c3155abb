"""The objects that every route needs, and the helpers that routes share."""

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
from redactor.review.reasons import because, shortly
from redactor.review.repository import ReviewRepository
from redactor.review.reviews import Reviews
from redactor.review.sampling import Samples
from redactor.review.schema import WITHHELD
from redactor.review.versions import VersionService

if TYPE_CHECKING:
    from redactor.audit_log import Trail
    from redactor.auth import AccessGuard, Person
    from redactor.review.archive.bootstrap import ArchiveReview
    from redactor.review.job_review import JobReview

Message = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
RULES = tuple(f"V{n:02d}" for n in range(1, 21))
LARGEST_BODY = 65_536
PIECE = 1 << 20
"""Bytes of audio held in memory at once."""
MOST_EVENTS = 10_000
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
Read = TypeVar("Read")


class RecentEvents:
    """Events logged within the last seconds, so that one playback in many range requests is logged once.

    Kept in memory: another process, or a later one, logs the event again.
    """

    def __init__(self, seconds: float = 900.0) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._at: OrderedDict[tuple[object, ...], float] = OrderedDict()

    def record(self, what: tuple[object, ...], log: Callable[[], object], *, again: bool) -> None:
        """Call `log` unless it was called recently for the same `what`; with `again`, call it anyway.

        If `log` raises, nothing is remembered.
        """
        at = time.monotonic()
        with self._lock:
            known = what in self._at and at - self._at[what] < self._seconds
        if known and not again:
            return
        log()
        with self._lock:
            self._at[what] = at
            self._at.move_to_end(what)
            while len(self._at) > MOST_EVENTS:
                self._at.popitem(last=False)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What the routes share, built once by `bootstrap`.

    Attributes:
        reveal_seconds: how long a grant to hear an original lasts.
        titles: rule → its title.
        archive: the archive whose recordings are reviewed, on this machine; None in the service.
        jobs: the service's jobs that come up for correction and release; None without, and for an archive.
    """

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
    recent_events: RecentEvents = field(default_factory=RecentEvents)
    archive: ArchiveReview | None = None
    jobs: JobReview | None = None

    @property
    def releasing(self) -> ArchiveReview | JobReview | None:
        """What recordings are prepared and released by; None if the pages are for the verdicts of the rules alone."""
        return self.archive or self.jobs

    def check_hearing(self, row: Mapping[str, Any], person: Person) -> None:
        """A withheld recording's draft has passed no check, so it is for those who may hear the original.

        Raises:
            HTTPException: 403.
        """
        if row["outcome"] in WITHHELD and not person.may("message.hear_original"):
            raise HTTPException(403, "withheld")

    def next_for(self, person: Person) -> str:
        """The message that a person should review next; "" if there is none."""
        return self.reviews.take_next(
            person.id, person.name, releases=person.may("message.release"), withheld_first=self.archive is None
        )

    def page(self, template: str, person: Person, *, status: int = 200, **given: Any) -> HTMLResponse:
        """A rendered page; all values are escaped."""
        made = self.templates.get_template(template)
        given |= {"person": person, "titles": self.titles, "archive": self.archive is not None}
        given |= {"jobs": self.jobs is not None}
        return HTMLResponse(made.render(**given), status_code=status)

    def row(self, message: str) -> dict[str, Any]:
        """The row of a message.

        Raises:
            HTTPException: 404.
        """
        row = self.store.find(message)
        if row is None:
            raise HTTPException(404, "no-such-message")
        return row

    def current(self, message: str, read: Callable[[str], Read]) -> tuple[dict[str, Any], Read]:
        """The row of a message, and what `read` returns for the folder of its current version.

        If an edit removes that folder meanwhile, both are of the new version.

        Raises:
            HTTPException: 404. NoInput
        """
        row = self.row(message)
        try:
            return row, read(row["folder"])
        except NoInput:
            if self.row(message)["folder"] == row["folder"]:
                raise
        return self.current(message, read)


def environment() -> jinja2.Environment:
    """The templates of the review pages, with their filters; everything is escaped, whatever the file name."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("redactor.review"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=_day, moment=moment, clock=_clock, percent=_percent, because=because, shortly=shortly)
    return made


def settled_in(request: Request) -> tuple[str, str]:
    """What the page before did with which message: ("released", its id); two empty texts for anything else."""
    for what in ("released", "refused", "done"):
        if re.fullmatch(r"[0-9a-f]{64}", found := request.query_params.get(what, "")):
            return what, found
    return "", ""


async def json_of(request: Request) -> dict[str, Any]:
    """The request's JSON object, of at most `LARGEST_BODY` bytes.

    Raises:
        HTTPException: 413, 408, 422.
    """
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
    """The content, or the one range that is requested (RFC 9110, section 14); long content is streamed.

    Args:
        read: (offset, count) → bytes.
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
    """Whether a request is for the beginning of the audio; players fetch the rest in many pieces."""
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    return asked is None or int(asked[1] or 0) == 0


def session_mark(person: Person) -> str:
    """A pseudonym of this log-in and of its emergency access, if any."""
    return sha256(f"{person.csrf} {person.emergency_until!r}".encode()).hexdigest()[:32]


def whole(text: str, *, least: int = 0, most: int = 2**31) -> int:
    """An integer from a form.

    Raises:
        HTTPException: 422.
    """
    if not re.fullmatch(r"-?\d{1,12}", text) or not least <= int(text) <= most:
        raise HTTPException(422, "bad-request")
    return int(text)


def date_of(text: str) -> float:
    """Seconds since 1970 at the start of a day (UTC); 0 if the text is not a date."""
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
