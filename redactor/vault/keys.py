"""Public keys (recipients) and private keys (identities) of age or RSA in text files.

A recipients file contains age1… lines or PEM public keys, with # comments: the organisation's and at least one recovery
key, whose private key is kept offline. An identity file is written by `age-keygen`, or contains a PEM private key.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from redactor.atomic_files import as_output_error
from redactor.errors import ConfigurationError, OutputError

Cipher = Literal["age", "aes-256-gcm"]
_LONGEST = 1 << 18
_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----\n?", re.DOTALL)
_RSA_BITS = 3072
"""112 to 128 bits of security until 2030 and beyond (NIST SP 800-57, part 1, table 2)."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """The public keys for which content is sealed. `texts`: as in the file."""

    cipher: Cipher
    keys: tuple[Any, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Their common name in the audit log."""
        return sha256("\n".join(sorted(self.texts)).encode()).hexdigest()[:16]

    @classmethod
    def load(cls, path: Path, *, alone: bool = False) -> Recipients:
        """Read a file.

        Args:
            alone: accept a single recipient, although everything is lost with that key.

        Raises:
            ConfigurationError
        """
        content = _read(path)
        ages, pems = _lines(content, "age1"), _PEM.findall(content)
        if bool(ages) == bool(pems):
            raise ConfigurationError(
                "The recipients file must contain either age1… lines or PEM public keys.",
                hint="`redactor vault keygen` creates one.",
            )
        keys, texts = (_age_recipients(ages), ages) if ages else (_rsa_public(pems), [p.decode() for p in pems])
        if len(set(texts)) < 2 and not alone:
            raise ConfigurationError(
                "The recipients file contains only one key: if it is lost, everything is lost.",
                hint="Add the public key of a recovery key that is kept offline.",
            )
        return cls("age" if ages else "aes-256-gcm", tuple(keys), tuple(texts))


@dataclass(frozen=True, slots=True)
class Identities:
    """Private keys. `repr` hides them."""

    cipher: Cipher
    keys: tuple[Any, ...] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> Identities:
        """Read a file.

        Raises:
            ConfigurationError
        """
        content = _read(path)
        ages, pems = _lines(content, "AGE-SECRET-KEY-1"), _PEM.findall(content)
        if bool(ages) == bool(pems):
            raise ConfigurationError("The identity file must contain AGE-SECRET-KEY-1… lines or a PEM private key.")
        return cls("age", age_identities(ages)) if ages else cls("aes-256-gcm", _rsa_private(pems))


def make_keys(folder: Path, cipher: Cipher) -> list[Path]:
    """Create two key pairs: organisation.key, recovery.key (mode 0600) and recipients.txt. Never overwrites files.

    Raises:
        OutputError: a file exists already, or cannot be written.
    """
    pairs = {name: _age_pair() if cipher == "age" else _rsa_pair() for name in ("organisation", "recovery")}
    files = {f"{name}.key": f"# redactor vault: {name}, private\n{private}" for name, (private, _) in pairs.items()}
    files["recipients.txt"] = "".join(f"# {name}\n{public}" for name, (_, public) in pairs.items())
    made: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in files:
            if os.path.lexists(folder / name):
                raise OutputError(
                    "This folder contains keys already.", hint="Choose another folder; keys are never overwritten."
                )
        for name, text in files.items():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(folder / name, flags, 0o600 if name.endswith(".key") else 0o644), "wb") as file:
                made.append(folder / name)
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise as_output_error(error) from None
    return made


def age_identities(texts: list[str]) -> tuple[Any, ...]:
    from pyrage import IdentityError, x25519

    try:
        return tuple(x25519.Identity.from_str(t) for t in texts)
    except IdentityError:
        raise ConfigurationError("A key in the identity file is incomplete.") from None


def _age_recipients(texts: list[str]) -> tuple[Any, ...]:
    from pyrage import RecipientError, x25519

    try:
        return tuple(x25519.Recipient.from_str(t) for t in texts)
    except RecipientError:
        raise ConfigurationError("A key in the recipients file is incomplete, or not an X25519 key.") from None


def _age_pair() -> tuple[str, str]:
    from pyrage import x25519

    identity = x25519.Identity.generate()
    return f"{identity}\n", f"{identity.to_public()}\n"


def _rsa_public(pems: list[bytes]) -> tuple[Any, ...]:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        keys = [load_pem_public_key(p) for p in pems]
    except (ValueError, TypeError):
        keys = []
    if not keys or not all(isinstance(k, RSAPublicKey) and k.key_size >= _RSA_BITS for k in keys):
        raise ConfigurationError(f"The recipients must be RSA public keys of {_RSA_BITS} bits or more.")
    return tuple(keys)


def _rsa_private(pems: list[bytes]) -> tuple[Any, ...]:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        keys = [load_pem_private_key(p, None) for p in pems]
    except (ValueError, TypeError):
        keys = []
    if not keys or not all(isinstance(k, RSAPrivateKey) for k in keys):
        raise ConfigurationError("The identity must be an RSA private key without a passphrase.")
    return tuple(keys)


def _rsa_pair() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, _RSA_BITS)
    private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _lines(content: bytes, start: str) -> list[str]:
    text = content.decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip().startswith(start)]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except OSError:
        raise ConfigurationError(
            "A key file cannot be read.", hint="Check the path; `redactor vault keygen` creates keys."
        ) from None
