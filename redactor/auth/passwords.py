"""Passwords: argon2id (RFC 9106, second recommended setting: 64 MiB, 3 passes), hashed again when the setting changes.

Only a few are hashed at a time, since each takes its memory.
"""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from redactor.errors import ConfigurationError

SHORTEST, LONGEST = 12, 256
"""Characters. Length matters (NIST SP 800-63B, 3.1.1); there are no composition rules and no expiry."""
_SLOTS = threading.BoundedSemaphore(4)


@cache
def hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)


def hash_password(password: str) -> str:
    with _SLOTS:
        return hasher().hash(password)


def is_right(hashed: str, password: str) -> bool:
    """Whether the password matches the hash. `decoy_hash` takes the same time, so that answers do not reveal whether an
    account exists.
    """
    with _SLOTS:
        try:
            return hasher().verify(hashed, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False


@cache
def decoy_hash() -> str:
    """The hash of a random password, checked if there is no account."""
    return hash_password(secrets.token_hex(32))


def is_old(hashed: str) -> bool:
    """Whether the hash was made with other settings."""
    return hasher().check_needs_rehash(hashed)


def check_new(password: str, name: str) -> None:
    """Check a new password.

    Raises:
        ConfigurationError: it is not accepted.
    """
    why = ""
    if not SHORTEST <= len(password) <= LONGEST:
        why = f"A password must have {SHORTEST} to {LONGEST} characters."
    elif name.lower() in password.lower():
        why = "A password must not contain the log-in name."
    elif len(set(password)) < 5:
        why = "A password must have at least five different characters."
    if why:
        raise ConfigurationError(why, hint="Four or five random words make a good password.")
