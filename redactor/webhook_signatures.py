"""Who sent this? Signatures of Standard Webhooks (both ways) and of Twilio. All comparisons take the same time.

Standard Webhooks 1.0 (standardwebhooks.com): headers webhook-id, webhook-timestamp (Unix seconds) and
webhook-signature, a list of `v1,BASE64(HMAC-SHA256(secret, "id.timestamp.body"))`; secrets are written whsec_BASE64.
Twilio (docs: security/webhooks): BASE64 of HMAC-SHA1 with the auth token over the address and the sorted form fields;
for other bodies over the address, whose bodySHA256 must be theirs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit, urlunsplit

TOLERANCE = 300.0
"""Seconds that a sender's clock may differ; older requests are replays."""
SHORTEST_KEY = 16
"""Bytes. Standard Webhooks asks for 24 to 64."""


def webhook_key(secret: bytes) -> bytes:
    """The key in a secret: whsec_BASE64, or the bytes as they are.

    Raises:
        ValueError: no base64, or a key that can be guessed: a prefix before an empty variable would let anybody sign.
    """
    key = base64.b64decode(secret[6:], validate=True) if secret.startswith(b"whsec_") else secret
    if len(key) < SHORTEST_KEY:
        raise ValueError(len(key))
    return key


def is_webhook_secret(secret: bytes) -> bool:
    """Whether there is a key in it."""
    try:
        return bool(webhook_key(secret))
    except ValueError:
        return False


def webhook_headers(secret: bytes, identity: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
    """Headers that sign a request."""
    stamp = str(int(time.time() if at is None else at))
    return {
        "webhook-id": identity,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + _webhook(secret, identity, stamp, body),
    }


def webhook_is_genuine(secret: bytes, headers: Mapping[str, str], body: bytes, *, at: float | None = None) -> bool:
    """Whether a request is signed with the secret, and fresh."""
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not secret or not identity or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    if abs((time.time() if at is None else at) - int(stamp)) > TOLERANCE:
        return False
    expected = _webhook(secret, identity, stamp, body).encode()
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split(" ")[:8]]
    # All are compared, so that the time tells nothing.
    return any(
        hmac.compare_digest(expected, value.encode("utf-8", "replace")) for kind, _, value in given if kind == "v1"
    )


def _webhook(secret: bytes, identity: str, stamp: str, body: bytes) -> str:
    signed = b".".join((identity.encode("utf-8", "replace"), stamp.encode(), body))
    return base64.b64encode(hmac.digest(webhook_key(secret), signed, "sha256")).decode()


def twilio_is_genuine(
    token: bytes, url: str, signature: str, *, form: Sequence[tuple[str, str]], body: bytes | None = None
) -> bool:
    """Whether Twilio signed this request.

    Args:
        url: the address as Twilio was told it, query included; it is tried with and without the standard port, since
            senders differ.
        form: the fields of a form body.
        body: the bytes of any other body; None for a form.
    """
    if not token or not signature:
        return False
    if body is not None:
        digest = dict(parse_qsl(urlsplit(url).query)).get("bodySHA256", "")
        if not hmac.compare_digest(
            digest.lower().encode("utf-8", "replace"), hashlib.sha256(body).hexdigest().encode()
        ):
            return False
        form = ()
    fields = "".join(name + value for name, value in sorted(set(form)))
    given = signature.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(given, twilio_signature(token, u, fields).encode()) for u in _with_and_without_port(url)
    )


def twilio_signature(token: bytes, url: str, fields: str = "") -> str:
    """Twilio's signature of an address and its form fields (names and values, sorted, without anything between)."""
    return base64.b64encode(hmac.digest(token, (url + fields).encode("utf-8", "surrogatepass"), "sha1")).decode()


def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        return url, urlunsplit(parts._replace(netloc=bare))
    return url, urlunsplit(parts._replace(netloc=f"{host}:{443 if parts.scheme == 'https' else 80}"))
