"""Half-sent requests, slow ones and answers that nobody reads: a good request is answered all the same. With
real sockets.
"""

import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager

import pytest

from redactor.service.api import listener

GOOD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HALF = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Le"
NO_BODY = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"


async def app(scope, receive, send):
    """Reads the body, answers with as many bytes as the path says."""
    while (await receive()).get("more_body"):
        pass
    size = int(scope["path"].strip("/") or 0) if scope["path"].strip("/").isdigit() else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    while size > 0:
        await send({"type": "http.response.body", "body": b"x" * min(size, 1 << 16), "more_body": size > 1 << 16})
        size -= 1 << 16


@contextmanager
def serving(application=app):
    """The port of a listener."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        server = listener.server_of(application)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [made]}, daemon=True)
        thread.start()
        try:
            yield made.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def connected(port, sent):
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.sendall(sent)
    return made


def answer(port, request=GOOD):
    with closing(connected(port, request)) as asked:
        parts = []
        while part := asked.recv(65536):
            parts.append(part)
    return b"".join(parts)


def ended(connection, *, seconds):
    """Whether the other side ends it in that time."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def ended_while(connection, act, *, until=lambda: False):
    """Whether the other side ends a connection while something is done with it."""
    last = time.monotonic() + 20
    while time.monotonic() < last and not until():
        try:
            act()
        except OSError:
            return True
        time.sleep(0.005)
    return False


@pytest.mark.parametrize("sent", [b"", HALF, NO_BODY], ids=["nothing", "half a head", "no body"])
def test_a_complete_request_does_not_wait_for_half_sent_ones(site, sent, monkeypatch):
    from redactor.service import app as serving_module

    ports, make = [], socket.create_server
    monkeypatch.setattr(
        serving_module.socket, "create_server", lambda *a, **k: ports.append(make(*a, **k)) or ports[-1]
    )
    with site.service(http='listen = "127.0.0.1:0"\n'), ExitStack() as stack:
        port = ports[0].getsockname()[1]
        held = [stack.enter_context(closing(connected(port, sent))) for _ in range(513)]
        assert answer(port).startswith(b"HTTP/1.1 200")
        assert ended(held[0], seconds=20)  # the one that had waited longest made room


@pytest.mark.parametrize("sent", [b"", HALF, NO_BODY], ids=["nothing", "half a head", "no body"])
def test_an_endless_request_is_closed(sent, monkeypatch):
    monkeypatch.setattr(listener, "REQUEST_SECONDS", 0.5)
    with serving() as port, closing(connected(port, sent)) as slow:
        assert ended(slow, seconds=20)


def test_sending_byte_by_byte_keeps_no_connection(monkeypatch):
    monkeypatch.setattr(listener, "REQUEST_SECONDS", 0.5)
    with serving() as port, closing(connected(port, HALF)) as slow:
        assert ended_while(slow, lambda: slow.sendall(b"n"))


def test_the_second_request_of_a_connection_must_end_too(monkeypatch):
    monkeypatch.setattr(listener, "REQUEST_SECONDS", 1.0)
    with serving() as port, closing(connected(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")) as slow:
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        slow.sendall(HALF)
        assert ended(slow, seconds=20)


def test_an_unread_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(listener, "WRITE_SECONDS", 0.5)
    with serving() as port, closing(connected(port, b"GET /50000000 HTTP/1.1\r\nHost: x\r\n\r\n")) as slow:
        time.sleep(2)
        slow.settimeout(20)
        got = []
        ended_while(slow, lambda: got.append(len(slow.recv(1 << 20))), until=lambda: got[-1:] == [0])
        assert sum(got) < 50_000_000


def test_slow_processing_is_not_interrupted(monkeypatch):
    """The time limit is the peer's: a complete request may be processed for as long as needed."""
    import asyncio

    async def slow(scope, receive, send):
        await asyncio.sleep(1.5)
        await app(scope, receive, send)

    monkeypatch.setattr(listener, "REQUEST_SECONDS", 0.3)
    with serving(slow) as port:
        assert answer(port, b"GET /5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").endswith(b"xxxxx")


def test_one_address_cannot_take_all_connections(monkeypatch):
    monkeypatch.setattr(listener, "_network", lambda address: address)
    monkeypatch.setattr(listener, "WAITING_PER_PEER", 3)
    with serving() as port, ExitStack() as stack:
        held = [stack.enter_context(closing(connected(port, HALF))) for _ in range(6)]
        assert [ended(one, seconds=0.5) for one in held] == [True] * 3 + [False] * 3


def test_addresses_that_count_as_one():
    network = listener._network
    assert network("192.0.2.7") == "192.0.2.7"
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("127.0.0.1") == network("::1") == network("") == ""
