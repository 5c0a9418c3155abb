"""Reads the bodies of HTTP requests, with limits on size and time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

SECONDS = 30.0
"""Time limit of a body: one that arrives byte by byte occupies a connection of the listener."""


class TooLarge(Exception):
    """The body is larger than the limit, by its header or in fact."""


class TooSlow(Exception):
    """The body is not complete within the time limit."""


async def read_body(request: Request, limit: int, *, seconds: float = SECONDS) -> bytes:
    """The body, of at most `limit` bytes. It is stored in the request, so that a route can read it again.

    Raises:
        TooLarge, TooSlow
    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise TooLarge

    async def collected() -> bytes:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise TooLarge
        return bytes(body)

    if not hasattr(request, "_body"):
        try:
            request._body = await asyncio.wait_for(collected(), seconds)  # noqa: SLF001 - where Starlette keeps it
        except asyncio.TimeoutError:
            raise TooSlow from None
    body: bytes = await request.body()
    if len(body) > limit:
        raise TooLarge
    return body
