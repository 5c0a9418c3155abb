"""Forms as browsers send them (application/x-www-form-urlencoded), with limits; nothing that was sent is ever
quoted.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

FORM = "application/x-www-form-urlencoded"
_FIELDS = 1000


async def form_of(request: Request, limit: int = 65_536) -> dict[str, str]:
    """The fields of a form; of several with one name the last. Empty if the request has no body.

    Args:
        limit: bytes.

    Raises:
        HTTPException: 413 too large, 415 no such form, 400 cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        if kind:
            raise HTTPException(415, "no-form")
        return {}
    given = request.headers.get("content-length", "")
    if given.isdigit() and int(given) > limit:
        raise HTTPException(413, "too-large")
    if not hasattr(request, "_body"):
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise HTTPException(413, "too-large")
            parts.append(part)
        request._body = b"".join(parts)  # noqa: SLF001 - where starlette keeps it, so that the route can read it again
    body: bytes = await request.body()
    if len(body) > limit:
        raise HTTPException(413, "too-large")
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError:
        raise HTTPException(400, "bad-form") from None
