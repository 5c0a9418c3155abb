"""One-time codes (RFC 6238: SHA-1, 6 digits, 30 s, as authenticator apps use them) and recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import pyotp

STEP = 30
RECOVERY_CODES = 10
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without letters and digits that are easily confused."""


def new_secret() -> str:
    return pyotp.random_base32(32)


def uri_of(secret: str, name: str) -> str:
    """The URI that an authenticator app reads (otpauth://…)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="redactor")


def step_of(secret: str, code: str, *, at: float, after: int) -> int:
    """The time step of a code: the current one, or the one before or after it, and later than `after` (no code works
    twice); 0 if the code is wrong.
    """
    now = int(at) // STEP
    given = "".join(code.split())
    found = 0
    # By counter, not by time: pyotp before 2.12 converted to local time, in which one hour in autumn occurs twice.
    made = pyotp.HOTP(secret)
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(made.at(step).encode(), given.encode("utf-8", "replace")):
            found = step
    return found if found > after else 0


def new_recovery_code() -> str:
    """16 letters and digits in four groups: 78 bits."""
    made = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return "-".join(made[i : i + 4] for i in range(0, 16, 4))


def hash_of(secret: str) -> str:
    """SHA-256 of a long random secret (session, token, recovery code); a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def recovery_hash(account: int, code: str) -> str:
    """The hash of a recovery code, however it is typed."""
    plain = "".join(c for c in code.upper() if c in _LETTERS)
    return hash_of(f"recovery:{account}:{plain}")
