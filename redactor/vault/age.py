"""Sealing with age: the content is encrypted to its own identity, and that identity to the recipients.

The decrypted key file is an identity file whose comment names message, kind and SHA-256 of the content, so swapped
content or keys do not open.
"""

from __future__ import annotations

import re
from hashlib import sha256

from redactor.errors import Refused, VaultDamaged
from redactor.vault.keys import Identities, Recipients, age_identities

_KEY = re.compile(rb"# redactor-vault/1 (\S+) sha256=([0-9a-f]{64})\n(AGE-SECRET-KEY-1[0-9A-Z]+)\n")


def seal(name: str, content: bytes, recipients: Recipients) -> tuple[bytes, bytes]:
    """Sealed content and sealed key of the item `name`."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    key = f"# redactor-vault/1 {name} sha256={sha256(content).hexdigest()}\n{identity}\n"
    return pyrage.encrypt(content, [identity.to_public()]), pyrage.encrypt(key.encode(), list(recipients.keys))


def open_sealed(name: str, sealed: bytes, key: bytes, identities: Identities) -> bytes:
    """The content.

    Raises:
        Refused: the private key does not fit.
        VaultDamaged: content or key was not sealed as `name`.
    """
    import pyrage

    found = _KEY.fullmatch(_plain(key, identities))
    if found is None or found[1].decode("ascii", "replace") != name:
        raise VaultDamaged("The key file of a sealed item belongs to another item.")
    try:
        content: bytes = pyrage.decrypt(sealed, list(age_identities([found[3].decode()])))
    except pyrage.DecryptError:
        raise VaultDamaged("A sealed item was truncated or changed.") from None
    if sha256(content).hexdigest() != found[2].decode():
        raise VaultDamaged("A sealed item does not match its key file.")
    return content


def rewrap(key: bytes, identities: Identities, recipients: Recipients) -> bytes:
    """The key of an item for other recipients."""
    import pyrage

    return bytes(pyrage.encrypt(_plain(key, identities), list(recipients.keys)))


def _plain(key: bytes, identities: Identities) -> bytes:
    import pyrage

    try:
        return bytes(pyrage.decrypt(key, list(identities.keys)))
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise Refused("This private key does not open the vault's items.") from None
        raise VaultDamaged("The key file of a sealed item was truncated or changed.") from None
