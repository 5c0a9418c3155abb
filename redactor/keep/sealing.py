"""Names that only the holder of a key can read or recognise.

What the ledger must remember of a name is kept in two forms: a `mark`, by which the same name is recognised, and a `seal`, which gives
the name back. Both are BLAKE2b with a random key of 32 bytes in a file of its own beside the ledger (mode 0600).

Against whom: whoever gets the ledger alone (a backup of one file, an attachment to a support request) learns how many inputs there
were, the SHA-256 of each and what became of it, and no name. Whoever gets the key as well can read the sealed output names (as
the folder itself shows them) and test guesses of input names: telephone numbers are few enough to try them all. So the key is worth
as much as the archive's file names, stays on the machine, and can be deleted at any time: a run without it only reads every file again.
"""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from redactor.durable import Partial, as_output_error
from redactor.errors import OutputError

_KEY = 32
_MARK = 16


class Sealer:
    """Marks and seals under one key."""

    def __init__(self, key: bytes) -> None:
        self._marks = blake2b(key=key, person=b"redactor-mark").digest()
        self._seals = blake2b(key=key, person=b"redactor-seal").digest()
        self._streams = blake2b(key=key, person=b"redactor-stream").digest()

    def mark(self, *parts: bytes) -> bytes:
        """16 bytes: the same for the same parts, and nothing without the key."""
        return self._mac(self._marks, *parts)

    def seal(self, text: bytes) -> bytes:
        """Hide a name (as SIV does: its own mark is the nonce, so that no two names ever share a key stream)."""
        nonce = self._mac(self._seals, text)
        return nonce + self._mix(text, nonce)

    def open(self, sealed: bytes) -> bytes | None:
        """The name, or None if it was sealed under another key or damaged."""
        nonce, body = sealed[:_MARK], sealed[_MARK:]
        text = self._mix(body, nonce)
        return text if hmac.compare_digest(self._mac(self._seals, text), nonce) else None

    @staticmethod
    def _mac(key: bytes, *parts: bytes) -> bytes:
        made = blake2b(key=key, digest_size=_MARK)
        for part in parts:
            made.update(len(part).to_bytes(8, "big") + part)
        return made.digest()

    def _mix(self, text: bytes, nonce: bytes) -> bytes:
        stream = b"".join(
            blake2b(nonce + block.to_bytes(8, "big"), key=self._streams).digest()
            for block in range(len(text) // 64 + 1)
        )
        return bytes(a ^ b for a, b in zip(text, stream, strict=False))


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
