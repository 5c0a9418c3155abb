"""Forms as browsers send them (application/x-www-form-urlencoded), parsed by Starlette. What was sent is never quoted.

The body is read here first, with limits on its size, its fields and the time it takes, since not every version of
Starlette has them. Other kinds of forms are refused, so nothing can be uploaded.
"""

from __future__ import annotations

from fastapi import HTTPException, Request

from redactor.request_body import TooLarge, TooSlow, read_body

FORM = "application/x-www-form-urlencoded"
_FIELDS = 1000
_UNDECODABLE = "\N{REPLACEMENT CHARACTER}"
"""Starlette puts it where the bytes were not UTF-8."""


async def form_of(request: Request, limit: int = 65_536) -> dict[str, str]:
    """The fields of a form; of several with the same name, the last. Empty if the request has no body.

    Args:
        limit: bytes.

    Raises:
        HTTPException: 413 too large, 408 too slow, 415 another kind of form, 400 cannot be parsed.
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
    if not body.isascii() or body.count(b"&") >= _FIELDS:
        raise HTTPException(400, "bad-form")
    try:
        form = await request.form(max_files=0, max_fields=_FIELDS)
    except HTTPException:
        raise HTTPException(400, "bad-form") from None
    fields = {name: str(value) for name, value in form.items()}
    if any(_UNDECODABLE in text for field in fields.items() for text in field):
        raise HTTPException(400, "bad-form")
    return fields
