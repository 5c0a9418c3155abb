"""The log's keys: a file (mode 0600) with all keys ever used; the last one is current.

Writers of the log need the file, and the auditor needs a copy: entries are verified with the keys that made them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from redactor.atomic_files import as_output_error, save
from redactor.errors import ConfigurationError, TrailDamaged

SCHEMA = "redactor-trail-keys/1"
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`keys`: 32 bytes each, oldest first. `repr` hides them."""

    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def active(self) -> bytes:
        return self.keys[-1]

    def find(self, fingerprint: str) -> bytes | None:
        return next((k for k in self.keys if fingerprint_of(k) == fingerprint), None)

    def mark(self, text: str) -> str:
        """A keyed mark of a text. It uses the oldest key, so it never changes."""
        return hmac.digest(self.keys[0], b"redactor-trail-mark\0" + text.encode(), "sha256").hex()[:32]

    def with_new_key(self) -> KeyRing:
        return KeyRing((*self.keys, secrets.token_bytes(32)))

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            OutputError
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise as_output_error(error) from None
        save(path, json.dumps({"schema": SCHEMA, "keys": [k.hex() for k in self.keys]}).encode(), mode=0o600)

    @classmethod
    def make(cls, path: Path) -> KeyRing:
        """Create a file with one key; if another process was faster, load its file."""
        ring = cls((secrets.token_bytes(32),))
        made = path.with_name(f".{path.name}-{os.urandom(8).hex()}")
        ring.save(made)
        try:
            with suppress(FileExistsError):
                os.link(made, path)  # never overwrites another process's key
        except OSError as error:
            raise as_output_error(error) from None
        finally:
            made.unlink(missing_ok=True)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read the file.

        Raises:
            TrailDamaged: it is missing; a new one would hide that nothing can be verified.
            ConfigurationError: it is a link, or contains no keys.
        """
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
            with os.fdopen(handle, "rb") as file:
                found = json.loads(file.read(_LONGEST))
            keys = [str(k) for k in found["keys"]] if found["schema"] == SCHEMA else []
        except FileNotFoundError:
            raise TrailDamaged("The key file of the audit log is missing.", hint="Restore it from its copy.") from None
        except (OSError, ValueError, TypeError, KeyError):
            keys = []
        if not keys or not all(re.fullmatch(r"[0-9a-f]{64}", k) for k in keys):
            raise ConfigurationError(
                "The key file of the audit log cannot be read, or is not a key file.",
                hint="It must be a regular file, readable for this user and written by `redactor`.",
            )
        return cls(tuple(bytes.fromhex(k) for k in keys))


def fingerprint_of(key: bytes) -> str:
    """The name by which a segment refers to its key."""
    return hashlib.sha256(b"redactor-trail-key\0" + key).hexdigest()[:16]
