"""An item's record, the names of its files, and what the audit log says about it.

Anybody who can write to the vault's folder can write a record, so it counts only if the log agrees.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from redactor.audit_log.chain import read_line
from redactor.errors import ConfigurationError, VaultDamaged
from redactor.vault import files

SCHEMA = "redactor-vault/1"
ENDINGS = {"age": ("age", "age"), "aes-256-gcm": ("gcm", "json")}
"""Cipher → endings of content and key file."""
ID = re.compile(r"[0-9a-f]{64}")
PREFIX = re.compile(r"[0-9a-f]{8,63}")
"""The beginning of an id, as people give it."""
KIND = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?")
FILE = re.compile(r"([0-9a-f]{64})\.([a-z0-9.-]+)\.([0-9a-f]{8})\.(?:age|gcm|json)")
"""Names of content and key files: id, kind, part."""
_PART = re.compile(r"[0-9a-f]{8}")

WHY = {
    "unknown": (
        "The audit log does not name this sealed item; somebody else may have added it.",
        "Check it with `redactor vault bind`, which adds it to the log once a person has confirmed it.",
    ),
    "rolled-back": (
        "The audit log ends before the entry that sealed this item: log and anchor were rolled back to an older state.",
        (
            "Restore the newer copies of both. If the log was started again on purpose, bind the item: see `redactor "
            "vault bind --help`."
        ),
    ),
    "replaced": (
        "This sealed item is not the one that the audit log names: it was replaced or rolled back to an older version.",
        "`redactor log verify` shows which; restore it from a backup, or seal it again.",
    ),
    "missing": (
        "The audit log names this item, but it is not in the vault.",
        "Restore it from a backup, or seal it again; `redactor log verify` lists everything that is missing.",
    ),
    "purged": (
        "The audit log says that this item was purged, but it is present.",
        "If its purge was interrupted, purge it again; otherwise find out who restored it.",
    ),
    "damaged": (
        "A part of a sealed item is missing.",
        "If its purge was interrupted, purge it again; otherwise seal it again.",
    ),
}
"""Why an item is not opened: `VaultMismatch.why` → message and hint."""


@dataclass(frozen=True, slots=True)
class SealedItem:
    """What is known about an item without any key.

    Attributes:
        size: bytes before sealing; `sha256`: of the sealed content.
        sealed, purged: seconds since 1970; `purged` is 0.0 for a present item.
        part: random part of its file names, so that replacing never mixes new content with an old key.
        entry: number of the log entry that names it; 0 if an earlier version sealed it.
    """

    id: str
    kind: str
    cipher: str
    size: int
    sealed: float
    sha256: str
    part: str
    purged: float = 0.0
    entry: int = 0

    @property
    def name(self) -> str:
        return f"{self.id}.{self.kind}"

    @property
    def content_path(self) -> tuple[str, ...]:
        """Below the vault's folder."""
        return "sealed", self.id[:2], f"{self.name}.{self.part}.{ENDINGS[self.cipher][0]}"

    @property
    def key_path(self) -> tuple[str, ...]:
        return "keys", self.id[:2], f"{self.name}.{self.part}.{ENDINGS[self.cipher][1]}"


@dataclass(frozen=True, slots=True)
class Named:
    """What the log's last entry about an item says. `sha256` is "" if it was purged."""

    entry: int
    at: float
    cipher: str = ""
    size: int = 0
    sha256: str = ""

    @property
    def purged(self) -> bool:
        return not self.sha256

    def fits(self, item: SealedItem) -> bool:
        return (self.cipher, self.size, self.sha256) == (item.cipher, item.size, item.sha256)


def named_by(line: bytes) -> tuple[str, Named] | None:
    """The item that a log entry names, and what it says; None for other entries."""
    if b'"event":"vault-' not in line:
        return None
    entry = read_line(line)
    try:
        name, number = f"{entry['message']}.{entry['item']}", int(entry["n"])
        at = datetime.fromisoformat(str(entry["t"]).replace("Z", "+00:00")).timestamp()
        if entry["event"] in ("vault-sealed", "vault-bound"):
            return name, Named(number, at, str(entry["cipher"]), int(entry["size"]), str(entry["sha256"]))
        if entry["event"] == "vault-purged" and entry["why"] != "leftover":
            return name, Named(number, at)
    except (KeyError, ValueError, TypeError):
        pass
    return None


def name_of(id: str, kind: str) -> str:  # noqa: A002
    """The name of an item; ConfigurationError for one that could leave the vault's folder."""
    if not ID.fullmatch(id) or not KIND.fullmatch(kind) or ".." in kind:
        raise ConfigurationError("An item has a SHA-256 and a kind of small letters, digits, dots and dashes.")
    return f"{id}.{kind}"


def read_record(folder: Path, id: str, kind: str) -> SealedItem | None:  # noqa: A002
    """The record of an item, None if there is none.

    Raises:
        VaultDamaged: it cannot be read.
    """
    content = files.read(folder, "records", id[:2], f"{name_of(id, kind)}.json")
    if content is None:
        return None
    try:
        found = json.loads(content)
        item = SealedItem(**{name: value for name, value in found.items() if name != "schema"})
        fits = found["schema"] == SCHEMA and (item.id, item.kind) == (id, kind) and item.cipher in ENDINGS
        fits = fits and _PART.fullmatch(item.part) is not None and type(item.entry) is int
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise VaultDamaged("The record of a sealed item cannot be read.")
    return item


def write_record(folder: Path, item: SealedItem) -> None:
    """Raises OutputError, RefusedInput."""
    content = json.dumps({"schema": SCHEMA, **asdict(item)}).encode()
    files.write(folder, "records", item.id[:2], f"{item.name}.json", content=content)
