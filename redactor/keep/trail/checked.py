"""A note of the last check of the trail, beside its anchor: for people who ask when that was. It proves nothing of the entries after it.

One line under a key of the trail, so that only who holds the key can write one.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from redactor.durable import save
from redactor.keep.trail.keys import KeyRing, fingerprint_of


@dataclass(frozen=True, slots=True)
class LastCheck:
    """`at`: seconds since 1970; `last`: number of the last entry that was looked at; `problems`: how many were found."""

    at: int
    last: int
    problems: int

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
            note = cls(int(told["at"]), int(told["last"]), int(told["problems"]))
            key, mac = ring.find(str(told["key"])), str(told["mac"]).encode("utf-8", "replace")
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return note if key is not None and hmac.compare_digest(note._mac(key).encode(), mac) else None

    def _mac(self, key: bytes) -> str:
        return hmac.digest(key, b"redactor-trail-checked\0" + json.dumps(asdict(self)).encode(), "sha256").hex()


def _beside(anchor: Path) -> Path:
    return anchor.with_name(anchor.name + ".checked")
