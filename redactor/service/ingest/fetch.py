"""Fetches a recording from a URL that somebody else sent: from the configured hosts only, with limits on size and time.

Against server-side request forgery: scheme, host and port must match an entry of the list exactly. A host name may only
resolve to public addresses (unless `private` says that the list means internal hosts), and the connection goes to the
very address that was checked. At most three redirects are followed, each with the same checks; credentials go to the
first host only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from urllib.parse import quote, urljoin, urlsplit

from redactor.errors import Busy, LimitExceeded, NoInput, RefusedInput

REDIRECTS = 3
SECONDS = 60.0
CHUNK = 1 << 16

CARRIERS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""NAT64 (RFC 6052), and IPv4-compatible addresses (RFC 4291, 2.5.5.1): an IPv4 address in the last 32 bits."""
UNICAST = ipaddress.IPv6Network("2000::/3")
"""Global unicast as far as it is assigned: not site-local, not multicast, not what is reserved."""
PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
"""IETF protocol assignments (RFC 6890); Pythons differ in which of them are global."""

Headers = Callable[[str], Mapping[str, str]]
"""Headers for an address."""


class Origin:
    """One entry of a list of hosts: scheme, host, port."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.scheme, self.host = parts.scheme, (parts.hostname or "").lower()
        self.port = parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def key(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def is_address(self) -> bool:
        """Whether the operator wrote an IP address, which is then meant, private or not."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


def allowed(url: str, hosts: Sequence[str]) -> Origin:
    """The origin of a URL, if it is in the list.

    Raises:
        RefusedInput
    """
    valid = url.isascii() and url.isprintable() and not set(url) & {" ", "\\"} and len(url) <= 4096
    try:
        parts, origin = urlsplit(url), Origin(url)
        valid = valid and parts.username is None and parts.password is None
    except ValueError:
        valid = False
    if not valid:
        raise RefusedInput("The recording's URL is malformed.", hint="Send an https:// URL.")
    if origin.key not in {Origin(h).key for h in hosts}:
        raise RefusedInput(
            "The recording is on a host that the settings do not list.", hint="Add it to the hosts of this source."
        )
    return origin


def fetch(
    url: str,
    hosts: Sequence[str],
    *,
    limit: int,
    headers: Headers = lambda _: {},
    seconds: float = SECONDS,
    private: bool = False,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """The content of a URL.

    Args:
        hosts: https://HOST[:PORT] that may be asked.
        limit: most bytes.
        headers: sent to the first host (credentials).
        seconds: for the whole transfer; name resolution has the resolver's own limits.
        private: whether names in the list may mean hosts of the local network.

    Raises:
        RefusedInput: see the module; or the host refuses access (401, 403).
        NoInput: it does not exist (404, 410).
        LimitExceeded: larger than `limit`.
        Busy: unreachable, or any other answer: worth another try.
    """
    until = time.monotonic() + seconds
    origin, send = allowed(url, hosts), headers
    for _ in range(REDIRECTS + 1):
        connection = _connection(origin, private=private, until=until, tls=tls)
        try:
            connection.connect()
            with _cut_off(connection.sock, until):
                parts = urlsplit(url)
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", target, headers={"Accept": "*/*", "Accept-Encoding": "identity", **send(url)})
                with connection.getresponse() as answer:
                    if answer.status not in (301, 302, 303, 307, 308):
                        _check_status(answer.status)
                        return _body(answer, limit, until)
                    url = _redirected(url, answer.getheader("Location") or "")
        except (OSError, http.client.HTTPException):
            raise Busy("The recording's host cannot be reached, or closed the connection.") from None
        finally:
            connection.close()
        before, origin = origin, allowed(url, hosts)
        if origin.key != before.key:
            send = lambda _: {}  # noqa: E731 - credentials are for the first host
    raise RefusedInput("The recording's host redirects too often.")


def _left(until: float) -> float:
    """Seconds that are left; raises Busy if there are none."""
    if (left := until - time.monotonic()) <= 0:
        raise Busy("The recording's host is too slow.")
    return left


@contextmanager
def _cut_off(sock: socket.socket, until: float) -> Iterator[None]:
    """Ends the connection when its time is up. A socket's own timeout starts again with every byte, and a host may send
    byte by byte.
    """

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, whose state belongs to the reader

    timer = threading.Timer(_left(until), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _redirected(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise RefusedInput("The recording's host redirects to a malformed URL.") from None


def _check_status(status: int) -> None:
    if status in (401, 403):
        raise RefusedInput("The recording's host refuses access to it.", hint="Check the credentials in the settings.")
    if status in (404, 410):
        raise NoInput("The recording does not exist at its URL.", hint="It was deleted, or reported too early.")
    if status != 200:
        raise Busy(f"The recording's host answers with status {status}.")


def _body(answer: http.client.HTTPResponse, limit: int, until: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := answer.read1(CHUNK):
        size += len(chunk)
        if size > limit:
            raise LimitExceeded(f"The recording is larger than {limit >> 20} MiB.")
        chunks.append(chunk)
    _left(until)  # a connection that was cut off looks like the end
    if answer.length:  # incomplete: http.client reports that in read() only
        raise Busy("The recording's host closed the connection too early.")
    return b"".join(chunks)


def _connection(
    origin: Origin, *, private: bool, until: float, tls: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: an invalid name
        raise Busy("The recording's host has no address.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not (private or origin.is_address) and not all(is_public(a) for a in addresses):
        raise RefusedInput(
            "The recording's host is in a private network.", hint="If that is intended, list its IP address."
        )
    kind = http.client.HTTPSConnection if origin.scheme == "https" else http.client.HTTPConnection
    connection = kind(origin.host, origin.port)
    if isinstance(connection, http.client.HTTPSConnection) and tls is not None:
        connection = http.client.HTTPSConnection(origin.host, origin.port, context=tls)

    # Connect to the address that was checked, without another lookup; the name stays for Host and the certificate.
    def connected(*_: object) -> socket.socket:
        made = socket.create_connection((addresses[0], origin.port), _left(until))
        made.settimeout(_left(until))  # for the handshake of TLS
        return made

    connection._create_connection = connected  # type: ignore[attr-defined]  # noqa: SLF001
    return connection


def is_public(text: str) -> bool:
    """Whether an address is a unicast address of the public network, also if it embeds an IPv4 address."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if any(address in network for network in CARRIERS):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is None:
            return address.is_global and address in UNICAST
        address = inner
    return address.is_global and not (address.is_multicast or address.is_reserved or address in PROTOCOLS)


def basic(user: str, password: bytes) -> Mapping[str, str]:
    """HTTP basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + password).decode()}


def signed_v4(
    url: str, *, access_key: str, secret_key: bytes, region: str, at: datetime | None = None
) -> Mapping[str, str]:
    """Headers of AWS Signature Version 4 for a GET without a body (S3 and compatible stores); the query must be sorted
    and encoded as AWS requires.
    """
    at = at or datetime.now(timezone.utc)
    day, stamp = at.strftime("%Y%m%d"), at.strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    empty = hashlib.sha256(b"").hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    names = ";".join(headers)
    canonical = "\n".join(
        ["GET", parts.path or "/", parts.query, *(f"{k}:{v}" for k, v in headers.items()), "", names, empty]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + secret_key
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    return {
        "X-Amz-Content-SHA256": empty,
        "X-Amz-Date": stamp,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}",
    }


def object_url(endpoint: str, bucket: str, key: str, *, version: str = "") -> str:
    """The path-style URL of an object; of its newest version if none is given."""
    url = f"{endpoint.rstrip('/')}/{quote(bucket, safe='')}/{quote(key, safe='/-_.~')}"
    return f"{url}?versionId={quote(version, safe='')}" if version else url
