"""Sealing with AES-256-GCM in chunks: the content under a data key of its own, that key wrapped with RSA-OAEP for each
recipient.

    the line `redactor-gcm/1`, the line NAME, a prefix of 7 bytes; then chunks of 64 KiB, each with its tag of 16 bytes

The nonce of a chunk is the prefix, the chunk's number (4 bytes) and whether it is the last (1 byte), as in STREAM
(Hoang, Reyhanitabar, Rogaway, Vizár 2015), and everything in
front of the chunks is authenticated with each: chunks that were dropped, doubled, reordered, cut off or taken from
another item do not open. A data key is used for
one item only, so nonces never meet.
"""

from __future__ import annotations

import base64
import json
import secrets
from hashlib import sha256
from typing import Any

from redactor.errors import LimitExceeded, Refused, VaultDamaged
from redactor.vault.keys import Identities, Recipients

CHUNK = 64 << 10
_TAG = 16
_MAGIC = b"redactor-gcm/1\n"
_MOST = (1 << 32) - 1


def seal(name: str, content: bytes, recipients: Recipients) -> tuple[bytes, bytes]:
    """Sealed content and wrapped key of the item `name`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, prefix = secrets.token_bytes(32), secrets.token_bytes(7)
    header = _MAGIC + name.encode() + b"\n" + prefix
    box, parts = AESGCM(key), [header]
    count = max(1, -(-len(content) // CHUNK))
    if count > _MOST:
        raise LimitExceeded("The content has more chunks than can be numbered.")
    view = memoryview(content)
    for number in range(count):
        chunk = view[number * CHUNK : (number + 1) * CHUNK]
        parts.append(box.encrypt(_nonce(prefix, number, last=number == count - 1), chunk, header))
    return b"".join(parts), _wrap(_secret(key, name, content), recipients)


def open_sealed(name: str, sealed: bytes, key: bytes, identities: Identities) -> bytes:
    """The content.

    Raises:
        Refused: the key is for others.
        VaultDamaged: content or key is not what was sealed as `name`.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = _unwrap(key, identities)
    if secret[32:64] != sha256(name.encode()).digest():
        raise VaultDamaged("The key of a sealed item is not that item's.")
    start = len(_MAGIC) + len(name) + 1
    header, body = sealed[: start + 7], memoryview(sealed)[start + 7 :]
    if header[:start] != _MAGIC + name.encode() + b"\n":
        raise VaultDamaged("A sealed item is not what its name says.")
    box, parts, step = AESGCM(secret[:32]), [], CHUNK + _TAG
    count = max(1, -(-len(body) // step))
    try:
        for number in range(count):
            chunk = body[number * step : (number + 1) * step]
            parts.append(box.decrypt(_nonce(header[start:], number, last=number == count - 1), chunk, header))
    except (InvalidTag, ValueError, OverflowError):
        raise VaultDamaged("A sealed item was cut or changed.") from None
    content = b"".join(parts)
    if secret[64:] != sha256(content).digest():
        raise VaultDamaged("A sealed item is not the one that its key is of.")
    return content


def rewrap(key: bytes, identities: Identities, recipients: Recipients) -> bytes:
    """The key of an item for other recipients."""
    return _wrap(_unwrap(key, identities), recipients)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _secret(key: bytes, name: str, content: bytes) -> bytes:
    """What is wrapped: the data key, and what it is of."""
    return key + sha256(name.encode()).digest() + sha256(content).digest()


def _oaep() -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def _wrap(secret: bytes, recipients: Recipients) -> bytes:
    wrapped = [base64.b64encode(k.encrypt(secret, _oaep())).decode() for k in recipients.keys]
    return json.dumps({"schema": "redactor-gcm-key/1", "wrapped": wrapped}).encode()


def _unwrap(key: bytes, identities: Identities) -> bytes:
    try:
        wrapped = [base64.b64decode(w, validate=True) for w in json.loads(key)["wrapped"]]
    except (ValueError, KeyError, TypeError):
        raise VaultDamaged("The key of a sealed item was cut or changed.") from None
    for one in wrapped:
        for identity in identities.keys:
            try:
                secret = bytes(identity.decrypt(one, _oaep()))
            except ValueError:
                continue
            if len(secret) == 96:
                return secret
    raise Refused("This private key does not open the vault's items.")
