"""Sealing with AES-256-GCM in chunks: each content has its own data key, wrapped with RSA-OAEP for each recipient.

    the line `redactor-gcm/1`, the line NAME, a prefix of 7 bytes; then chunks of 64 KiB, each with its tag of 16 bytes

The nonce of a chunk is the prefix, the chunk's number (4 bytes) and whether it is the last (1 byte), as in STREAM
(Hoang, Reyhanitabar, Rogaway, Vizár 2015). The header is authenticated with every chunk. So dropped, duplicated,
reordered, truncated or foreign chunks do not open. A data key is used for one item only, so nonces never repeat.
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
        raise LimitExceeded("The content is too large to be sealed with this cipher.")
    view = memoryview(content)
    for number in range(count):
        chunk = view[number * CHUNK : (number + 1) * CHUNK]
        parts.append(box.encrypt(_nonce(prefix, number, last=number == count - 1), chunk, header))
    return b"".join(parts), _wrap(_secret(key, name, content), recipients)


def open_sealed(name: str, sealed: bytes, key: bytes, identities: Identities) -> bytes:
    """The content.

    Raises:
        Refused: the private key does not fit.
        VaultDamaged: content or key was not sealed as `name`.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = _unwrap(key, identities)
    if secret[32:64] != sha256(name.encode()).digest():
        raise VaultDamaged("The key file of a sealed item belongs to another item.")
    start = len(_MAGIC) + len(name) + 1
    header, body = sealed[: start + 7], memoryview(sealed)[start + 7 :]
    if header[:start] != _MAGIC + name.encode() + b"\n":
        raise VaultDamaged("A sealed item does not match its name.")
    box, parts, step = AESGCM(secret[:32]), [], CHUNK + _TAG
    count = max(1, -(-len(body) // step))
    try:
        for number in range(count):
            chunk = body[number * step : (number + 1) * step]
            parts.append(box.decrypt(_nonce(header[start:], number, last=number == count - 1), chunk, header))
    except (InvalidTag, ValueError, OverflowError):
        raise VaultDamaged("A sealed item was truncated or changed.") from None
    content = b"".join(parts)
    if secret[64:] != sha256(content).digest():
        raise VaultDamaged("A sealed item does not match its key file.")
    return content


def rewrap(key: bytes, identities: Identities, recipients: Recipients) -> bytes:
    """The key of an item for other recipients."""
    return _wrap(_unwrap(key, identities), recipients)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _secret(key: bytes, name: str, content: bytes) -> bytes:
    """The bytes to wrap: the data key, and digests of name and content."""
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
        raise VaultDamaged("The key file of a sealed item was truncated or changed.") from None
    for one in wrapped:
        for identity in identities.keys:
            try:
                secret = bytes(identity.decrypt(one, _oaep()))
            except ValueError:
                continue
            if len(secret) == 96:
                return secret
    raise Refused("This private key does not open the vault's items.")
