"""Signatures of webhooks: Standard Webhooks (callbacks that we send, notices that we receive) and Twilio.

Standard Webhooks 1.0 (standardwebhooks.com) is signed and verified by the `standardwebhooks` library: headers
webhook-id, webhook-timestamp (Unix seconds, at most five minutes off) and webhook-signature, a list of
`v1,BASE64(HMAC-SHA256(key, "id.timestamp.body"))`, so that a sender can sign with an old and a new key. Secrets are
written whsec_BASE64. The library also accepts an empty or guessable key, ignores characters that are not base64, and
reads a timestamp as any float: these checks are ours.

Twilio (docs: security/webhooks) has a format of its own, which no small library covers: BASE64 of HMAC-SHA1 with the
auth token over the URL and the sorted form fields; for other bodies over the URL, whose bodySHA256 must match.
All comparisons take constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit, urlunsplit

if TYPE_CHECKING:
    from standardwebhooks import Webhook

SHORTEST_KEY = 16
"""Bytes. Standard Webhooks asks for 24 to 64."""
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def webhook_key(secret: bytes) -> bytes:
    """The key in a secret: the decoded BASE64 of whsec_BASE64, or the bytes as they are.

    Raises:
        ValueError: the secret is not base64, or the key is short enough to guess. (With an empty variable after the
            prefix, anybody could sign.)
    """
    key = base64.b64decode(secret[6:], validate=True) if secret.startswith(b"whsec_") else secret
    if len(key) < SHORTEST_KEY:
        raise ValueError(len(key))
    return key


def is_webhook_secret(secret: bytes) -> bool:
    """Whether the secret holds a usable key."""
    try:
        return bool(webhook_key(secret))
    except ValueError:
        return False


def webhook_headers(secret: bytes, message_id: str, body: bytes, *, at: datetime | None = None) -> dict[str, str]:
    """The headers that sign a request.

    Args:
        body: UTF-8 text.
        at: the time of signing, with its zone; now by default.

    Raises:
        ValueError: the secret has no usable key.
    """
    signed_at = (at or datetime.now(timezone.utc)).astimezone(timezone.utc)
    signature = _webhook(secret).sign(message_id, signed_at, body.decode())
    return dict(zip(_HEADERS, (message_id, str(int(signed_at.timestamp())), signature), strict=True))


def webhook_is_genuine(secret: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request is signed with the secret, within the last five minutes.

    Args:
        headers: lower-case names, or a mapping that ignores case.
    """
    from standardwebhooks import WebhookVerificationError

    signed = {name: headers.get(name, "") for name in _HEADERS}
    timestamp = signed["webhook-timestamp"]
    if not secret or not (timestamp.isascii() and timestamp.isdigit()):
        return False
    try:
        _webhook(secret).verify(body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: malformed base64, or a body that is not UTF-8
        return False
    return True


def _webhook(secret: bytes) -> Webhook:
    from standardwebhooks import Webhook  # part of the service's extra; the command line reads settings without it

    return Webhook(webhook_key(secret))


def twilio_is_genuine(
    token: bytes, url: str, signature: str, *, form: Sequence[tuple[str, str]], body: bytes | None = None
) -> bool:
    """Whether Twilio signed this request.

    Args:
        url: the URL configured at Twilio, with its query; it is tried with and without the standard port, since
            Twilio's products differ.
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
    """Twilio's signature of a URL and its form fields (names and values, sorted, without separators)."""
    return base64.b64encode(hmac.digest(token, (url + fields).encode("utf-8", "surrogatepass"), "sha1")).decode()


def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        return url, urlunsplit(parts._replace(netloc=bare))
    return url, urlunsplit(parts._replace(netloc=f"{host}:{443 if parts.scheme == 'https' else 80}"))
