"""A note of the last check of the trail, beside its anchor: for people who ask when that was, and against a trail that
was put back to an older state together with its anchor. It proves nothing of the entries after it.

One line under a key of the trail, so that only who holds the key can write one. Whoever can put back an older copy of
all three needs no key: then
only what lies elsewhere tells (a printed anchor, the vault's records).
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
    """What the last check found, and how far a check ever found the trail sound.

    Attributes:
        at: seconds since 1970.
        last: number of the last entry that was looked at.
        problems: how many were found.
        known: number of the last entry of the longest trail that was found sound; `head`: its MAC. Notes of earlier
            versions lack both.
    """

    at: int
    last: int
    problems: int
    known: int = 0
    head: str = ""

    @property
    def reached(self) -> int:
        """Entries that there were, for certain."""
        return self.known if self.head or self.problems else self.last

    def contradiction(self, count: int, head: str | None) -> str:
        """What is wrong with a trail of `count` entries, of which number `reached` has the MAC `head`; "" if nothing
        is.
        """
        return contradiction(self.reached, self.head, count, head, f"when it was checked at {moment_of(self.at)}")

    def save(self, anchor: Path, ring: KeyRing) -> None:
        """Write it beside this anchor. Readable for all: the service need not be the user who checks.

        Raises:
            OutputError
        """
        path, key = _beside(anchor), ring.active
        content = json.dumps({**asdict(self), "key": fingerprint_of(key), "mac": self._mac(key)}).encode() + b"\n"
        save(path, content, mode=0o644)

    @classmethod
    def load(cls, anchor: Path, ring: KeyRing) -> LastCheck | None:
        """The note beside this anchor; None: there is none, or it was not made with a key of this trail."""
        try:
            with os.fdopen(os.open(_beside(anchor), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
                told = json.loads(file.read(1024))
            note = cls(
                int(told["at"]),
                int(told["last"]),
                int(told["problems"]),
                int(told.get("known", 0)),
                str(told.get("head", "")),
            )
            key, mac = ring.find(str(told["key"])), str(told["mac"]).encode("utf-8", "replace")
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return note if key is not None and hmac.compare_digest(note._mac(key).encode(), mac) else None

    def _mac(self, key: bytes) -> str:
        told = asdict(self) if self.head else {"at": self.at, "last": self.last, "problems": self.problems}
        return hmac.digest(key, b"redactor-trail-checked\0" + json.dumps(told).encode(), "sha256").hex()


def contradiction(known: int, known_head: str, count: int, head: str | None, when: str) -> str:
    """What is wrong with a trail of `count` entries, if entry `known` was once there with the MAC `known_head` ("": not
    known); "" if nothing is.

    Args:
        head: the MAC that entry `known` has now; None: there is none.
        when: it was there.
    """
    if known > count:
        return (
            f"The trail ends at entry {count}, and had {known} {when}: trail and anchor were put back to an older "
            f"state."
        )
    if known and known_head and head != known_head:
        return (
            f"Entry {known} is not the one that it was {when}: trail and anchor were put back to an older state, "
            f"or written again."
        )
    return ""


def moment_of(seconds: int) -> str:
    """2026-11-26 21:26 UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _beside(anchor: Path) -> Path:
    return anchor.with_name(anchor.name + ".checked")
