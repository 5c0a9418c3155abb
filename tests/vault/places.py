"""Shared by the tests of the vault: a vault with its audit log and keys."""

import atexit
import shutil
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from redactor.audit_log import Trail, entries
from redactor.vault import Identities, Recipients, Vault, age, gcm, make_keys

CIPHERS = {"age": age, "aes-256-gcm": gcm}
CANARY = b"Hi this is Dana Whitlock about the metformin refill, call 555-0142. "
SOUND = CANARY * 3000
ID = sha256(SOUND).hexdigest()


@cache
def made_keys(cipher):
    """RSA keys, made once for all tests because that takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="redactor-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make_keys(folder / "keys", cipher)
    return folder / "keys"


loaded = cache(Identities.load)


class Place:
    """A vault with an audit log; `host` can only seal, `organisation` can also open."""

    def __init__(self, folder, cipher):
        self.folder, self.cipher = folder, cipher
        self.keys = folder / "private"
        shutil.copytree(made_keys(cipher), self.keys)
        self.trail = Trail.open(folder / "trail", key=folder / "trail.keys", anchor=folder / "anchor")
        self.recipients = Recipients.load(self.keys / "recipients.txt")
        self.now = 1_800_000_000.0
        self.host = self.vault(recipients=self.recipients)
        self.organisation = self.vault(recipients=self.recipients, identities=self.identity("organisation"))

    def identity(self, name):
        return loaded(self.keys / f"{name}.key")

    def vault(self, **given):
        return Vault(self.folder / "vault", trail=self.trail, clock=lambda: self.now, **given)

    def told(self, kind):
        return [e for e in entries(self.folder / "trail") if e["event"] == kind]

    def files(self, below=""):
        return sorted(p for p in (self.folder / "vault" / below).rglob("*") if p.is_file() and p.name != "lock")

    def one(self, below, kind="original"):
        return next(p for p in self.files(below) if f".{kind}." in p.name)
