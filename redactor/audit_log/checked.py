"""The note of the last check of the log, beside its anchor. It shows when that was, and detects a log that was rolled
back together with its anchor. It proves nothing about later entries.

One line with a MAC under a key of the log, so that only a holder of the key can write it. If all three are rolled back,
only something kept elsewhere shows it: a printed anchor, or the vault's records.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from redactor.atomic_files import save
from redactor.audit_log.keys import KeyRing, fingerprint_of


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The result of the last check, and the length of the longest log that a check found intact.

    Attributes:
        at: seconds since 1970.
        last: number of the last entry that was checked.
        problems: number of problems found.
        known: number of the last entry of the longest log found intact; `head`: its MAC. Notes of earlier versions
            lack both.
    """

    at: int
    last: int
    problems: int
    known: int = 0
    head: str = ""

    @property
    def reached(self) -> int:
        """Number of entries that certainly existed."""
        return self.known if self.head or self.problems else self.last

    def contradiction(self, count: int, head: str | None) -> str:
        """What contradicts a log of `count` entries, of which number `reached` has the MAC `head`; "" if nothing."""
        return contradiction(self.reached, self.head, count, head, f"when it was checked at {moment_of(self.at)}")

    def save(self, anchor: Path, ring: KeyRing) -> None:
        """Write the note beside the anchor, readable for everybody, since the service may run as another user.

        Raises:
            OutputError
        """
        path, key = _beside(anchor), ring.active
        content = json.dumps({**asdict(self), "key": fingerprint_of(key), "mac": self._mac(key)}).encode() + b"\n"
        save(path, content, mode=0o644)

    @classmethod
    def load(cls, anchor: Path, ring: KeyRing) -> LastCheck | None:
        """The note beside the anchor; None if there is none, or if it was not made with a key of this log."""
        try:
            with os.fdopen(os.open(_beside(anchor), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
                content = json.loads(file.read(1024))
            note = cls(
                int(content["at"]),
                int(content["last"]),
                int(content["problems"]),
                int(content.get("known", 0)),
                str(content.get("head", "")),
            )
            key, mac = ring.find(str(content["key"])), str(content["mac"]).encode("utf-8", "replace")
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return note if key is not None and hmac.compare_digest(note._mac(key).encode(), mac) else None

    def _mac(self, key: bytes) -> str:
        content = asdict(self) if self.head else {"at": self.at, "last": self.last, "problems": self.problems}
        return hmac.digest(key, b"redactor-trail-checked\0" + json.dumps(content).encode(), "sha256").hex()


def contradiction(known: int, known_head: str, count: int, head: str | None, when: str) -> str:
    """What contradicts a log of `count` entries, if entry `known` once had the MAC `known_head` ("": not known); "" if
    nothing.

    Args:
        head: the MAC of entry `known` now; None if there is no such entry.
        when: when the entry existed, for the message.
    """
    if known > count:
        return (
            f"The log ends at entry {count}, but had {known} entries {when}: log and anchor were rolled back to an "
            f"older state."
        )
    if known and known_head and head != known_head:
        return (
            f"Entry {known} is not the same as {when}: log and anchor were rolled back to an older state, or rewritten."
        )
    return ""


def moment_of(seconds: int) -> str:
    """2026-11-26 21:26 UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _beside(anchor: Path) -> Path:
    return anchor.with_name(anchor.name + ".checked")
