"""The HTTP listener: slow peers do not hold up the others.

uvicorn waits without limit for the end of a request, and for its answer to be read, so a few hundred half-sent requests
would block it. Here a request must be complete within `REQUEST_SECONDS`. When too many connections wait, a new one
replaces the one that has waited longest: a complete request takes milliseconds, so that affects peers that never finish
theirs.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 15.0
"""For a complete request, from the opening of the connection or the end of the previous answer: a little more than
`BODY_SECONDS`.
"""
WRITE_SECONDS = 120.0
"""For which an answer may wait to be read: browsers pause the download of audio that is not being played."""
REQUESTS = 1024
"""Requests in progress at once, including those whose connection has just ended; one more is answered 503."""
WAITING = 192
"""Most connections without a complete request."""
WAITING_PER_PEER = 32
"""Most of these from one address (one /64 in IPv6), except the loopback: there all come from the proxy."""


def server_of(app: Any) -> uvicorn.Server:
    """A server of an ASGI application, for a socket that is listening already."""
    config = uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        limit_concurrency=REQUESTS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)


class Connection(H11Protocol):
    """A connection that is closed when its peer is too slow."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.since = 0.0
        self.peer = ""
        self._due: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> bool:
        """Whether the peer must send next: no complete request is unanswered."""
        return self.cycle is None or self.cycle.more_body or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = _network(self.client[0] if self.client else "")
        self._make_room()
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(WRITE_SECONDS, self.end)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stuck)
        self._stuck = None

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._due)
        _cancel(self._stuck)
        super().connection_lost(exc)

    def end(self) -> None:
        """Close the connection at once; the unread part of an answer is lost."""
        self.connections.discard(self)
        self.transport.abort()

    def _look(self) -> None:
        """The timer runs on while the peer sends byte by byte; only a complete request stops it."""
        if self.transport.is_closing():
            return
        if not self.waiting:
            _cancel(self._due)
            self._due = None
        elif self._due is None:
            self.since = self.loop.time()
            self._due = self.loop.call_later(REQUEST_SECONDS, self._overdue)

    def _overdue(self) -> None:
        if self.transport.get_write_buffer_size():  # the previous answer is still being read
            self._due = self.loop.call_later(WRITE_SECONDS, self.end)
        else:
            self.end()

    def _make_room(self) -> None:
        others = [c for c in self.connections if isinstance(c, Connection) and c is not self and c.waiting]
        same = [c for c in others if c.peer == self.peer] if self.peer else []
        for connections, most in ((same, WAITING_PER_PEER), (others, WAITING)):
            if len(connections) >= most:
                min(connections, key=lambda c: c.since).end()
                return


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _network(address: str) -> str:
    """The network whose connections are counted together; "" for the loopback."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if found.is_loopback:
        return ""
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))
