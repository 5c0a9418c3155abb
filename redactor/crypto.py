"""Short texts in a database that only the holder of a key can read or recognise: names in the ledger, paths, typed
comments, secrets of log-ins.

What must be remembered of a text is kept in two forms: a `mark`, by which the same text is recognised (keyed BLAKE2b),
and a `seal`, which
gives the text back: AES-256 in SIV mode (RFC 5297) with a nonce, as the package `cryptography` has it. SIV, because the
key lives as long as the
database and is shared by many processes, also after a restored snapshot of the machine: a nonce that comes twice tells
that two equal texts are
equal, and nothing else, whereas under AES-GCM it gives away both texts and the key of the tags. AES-GCM-SIV has the
same merit, but needs
OpenSSL 3.2, which distributions that build `cryptography` against their own library do not all have.

    version (1 byte, 2) ‖ nonce (16) ‖ synthetic IV (16) ‖ ciphertext

Earlier versions sealed with a construction of BLAKE2b of our own: its reader is `_open_v1`; nothing is written so any
more.

The key is 32 random bytes in a file of its own beside the ledger (mode 0600). Against whom: whoever gets the ledger
alone (a backup of one file, an attachment to a support request) learns how many inputs there were, the SHA-256 of each
and what became of it, and no name. Whoever gets the key as well can read the sealed output names (as the folder itself
shows them) and test guesses of input names: telephone numbers are few enough to try them all. So the key is worth as
much as the archive's file names, stays on the machine, and can be deleted at any time: a run without it only reads
every file again.
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
        """16 bytes: the same for the same parts, and nothing without the key."""
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
        # What earlier versions wrote has no version byte: one in 256 of theirs begins like ours.
        return self._open_v1(sealed)

    def _cipher(self) -> Any:
        """Loaded when it is used: commands that seal nothing start without it."""
        if self._siv is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV

            self._siv = AESSIV(blake2b(key=self._key, person=b"redactor-aes-siv").digest())
        return self._siv

    def _open_v1(self, sealed: bytes) -> bytes | None:
        """What versions before 2 sealed: a keyed hash of the text, and the text under a key stream made from that
        hash.
        """
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
    """The key in this file; a new one if there is none, or not a whole one.

    Raises:
        OutputError: it can be neither read nor written, or is a link.
    """
    if path.is_symlink():
        raise OutputError("The ledger's key in the --out folder is a link.", hint="Remove it: a new key is made.")
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
