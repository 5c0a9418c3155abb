"""Passwords: argon2id (RFC 9106, its second recommended setting: 64 MiB, 3 passes), renewed when the setting changes.

A few at a time: each takes its memory, and whoever sends log-ins in bulk shall wait, not the machine.
"""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from redactor.errors import ConfigurationError

SHORTEST, LONGEST = 12, 256
"""Characters. Length is what counts (NIST SP 800-63B, 3.1.1): no rules of composition, no expiry."""
_TURNS = threading.BoundedSemaphore(4)


@cache
def hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)


def hash_password(password: str) -> str:
    with _TURNS:
        return hasher().hash(password)


def is_right(hashed: str, password: str) -> bool:
    """Whether it is the password of this hash. Takes the same time for `nobody`, so that no answer tells whether
    there is an account.
    """
    with _TURNS:
        try:
            return hasher().verify(hashed, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False


@cache
def nobody() -> str:
    """The hash of a password that nobody knows: checked where there is no account."""
    return hash_password(secrets.token_hex(32))


def is_old(hashed: str) -> bool:
    """Whether it was made with another setting."""
    return hasher().check_needs_rehash(hashed)


def check_new(password: str, name: str) -> None:
    """Whether it may become a password.

    Raises:
        ConfigurationError: why not.
    """
    why = ""
    if not SHORTEST <= len(password) <= LONGEST:
        why = f"A password needs {SHORTEST} to {LONGEST} characters."
    elif name.lower() in password.lower():
        why = "A password must not hold the name."
    elif len(set(password)) < 5:
        why = "A password needs five different characters."
    if why:
        raise ConfigurationError(why, hint="Four or five words chosen by chance make a good one.")
