"""Forms as browsers send them (application/x-www-form-urlencoded), with limits; nothing that was sent is ever
quoted.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

from redactor.request_body import TooLarge, TooSlow, read_body

FORM = "application/x-www-form-urlencoded"
_FIELDS = 1000


async def form_of(request: Request, limit: int = 65_536) -> dict[str, str]:
    """The fields of a form; of several with one name the last. Empty if the request has no body.

    Args:
        limit: bytes.

    Raises:
        HTTPException: 413 too large, 408 too slow, 415 no such form, 400 cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        if kind:
            raise HTTPException(415, "no-form")
        return {}
    try:
        body = await read_body(request, limit)
    except TooLarge:
        raise HTTPException(413, "too-large") from None
    except TooSlow:
        raise HTTPException(408, "too-slow") from None
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError:
        raise HTTPException(400, "bad-form") from None
