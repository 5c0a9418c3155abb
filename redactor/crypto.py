"""Sealing of short texts in a database: names in the ledger, paths, typed comments, log-in secrets.

A text is stored in two forms: a `mark`, by which the same text is recognised (keyed BLAKE2b), and a `seal`, which gives
the text back: AES-256 in SIV mode (RFC 5297) with a nonce, from the package `cryptography`. The key lives as long as
the database and is shared by many processes, also after a machine is restored from a snapshot. If a nonce repeats, SIV
reveals only that two equal texts are equal, whereas AES-GCM would reveal both texts and the key of the tags.
AES-GCM-SIV has the same property, but needs OpenSSL 3.2, which not every distribution has.

    version (1 byte, 2) ‖ nonce (16) ‖ synthetic IV (16) ‖ ciphertext

Earlier versions sealed with a BLAKE2b construction of our own; `_open_v1` reads it, and nothing writes it.

The key is 32 random bytes in a separate file beside the ledger (mode 0600). Somebody who gets the ledger alone (a
backup of one file, an attachment to a support request) learns how many inputs there were, their SHA-256 and their
outcomes, and no name. With the key they can also read the sealed output names (which the folder shows anyway) and test
guesses of input names: there are few enough telephone numbers to try them all. So protect the key as much as the
archive's file names, and keep it on this machine. It can be deleted at any time: the next run then reads every file
again.
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from redactor.atomic_files import Partial, as_output_error
from redactor.errors import OutputError

_KEY = 32
_MARK = 16
_NONCE = 16
_VERSION = b"\x02"
_CONTEXT = b"redactor-sealing/2"


class Sealer:
    """Marks and seals under one key of 32 bytes. Safe for many threads."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._marks = blake2b(key=key, person=b"redactor-mark").digest()
        self._siv: Any = None

    def mark(self, *parts: bytes) -> bytes:
        """16 bytes: the same for the same parts, and meaningless without the key."""
        return _mac(self._marks, *parts)

    def seal(self, text: bytes) -> bytes:
        """Hide a text: 33 bytes longer, and different every time."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + bytes(self._cipher().encrypt(text, [_CONTEXT, nonce]))

    def open(self, sealed: bytes) -> bytes | None:
        """The text, or None if it was sealed under another key or damaged."""
        from cryptography.exceptions import InvalidTag

        if sealed[:1] == _VERSION:
            with suppress(InvalidTag, ValueError):
                body = sealed[1 + _NONCE :]
                return bytes(self._cipher().decrypt(body, [_CONTEXT, sealed[1 : 1 + _NONCE]]))
        # Texts of earlier versions have no version byte; one in 256 of them begins with ours.
        return self._open_v1(sealed)

    def _cipher(self) -> Any:
        """Loaded on first use: commands that seal nothing start without it."""
        if self._siv is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV

            self._siv = AESSIV(blake2b(key=self._key, person=b"redactor-aes-siv").digest())
        return self._siv

    def _open_v1(self, sealed: bytes) -> bytes | None:
        """Open a seal of earlier versions: a keyed hash of the text, and the text under a key stream made from it."""
        seals = blake2b(key=self._key, person=b"redactor-seal").digest()
        streams = blake2b(key=self._key, person=b"redactor-stream").digest()
        nonce, body = sealed[:_MARK], sealed[_MARK:]
        stream = b"".join(
            blake2b(nonce + block.to_bytes(8, "big"), key=streams).digest() for block in range(len(body) // 64 + 1)
        )
        text = bytes(a ^ b for a, b in zip(body, stream, strict=False))
        return text if hmac.compare_digest(_mac(seals, text), nonce) else None


def _mac(key: bytes, *parts: bytes) -> bytes:
    made = blake2b(key=key, digest_size=_MARK)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.digest()


def read_or_make_key(path: Path) -> bytes:
    """The key in this file; a new one if there is none, or it is incomplete.

    Raises:
        OutputError: the file can be neither read nor written, or is a link.
    """
    if path.is_symlink():
        raise OutputError(
            "The ledger's key in the --out folder is a symbolic link.", hint="Remove it; a new key is made."
        )
    partial = Partial(path, mode=0o600)
    try:
        with suppress(FileNotFoundError):
            key = path.read_bytes()
            if len(key) == _KEY:
                return key
        key = secrets.token_bytes(_KEY)
        partial.write(key)
        partial.commit()
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        partial.discard()
    return key
