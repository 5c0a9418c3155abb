"""The anchor: the length of the log and its last MAC, in a second place, so that truncation is detected.

It is written after every append and should be on another file system or host than the log. Printed (`text`), it can be
kept where this host cannot write; only such an anchor constrains somebody who has the key.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from redactor.atomic_files import save
from redactor.audit_log.keys import KeyRing, fingerprint_of
from redactor.errors import ConfigurationError, TrailDamaged

_TEXT = re.compile(
    r"redactor-anchor/1 trail=([0-9a-f]{32}) count=([0-9]{1,18}) head=([0-9a-f]{64}) segment=([0-9]{1,6}) "
    r"offset=([0-9]{1,18}) time=([0-9]{1,12}) key=([0-9a-f]{16}) mac=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """`count` entries, the last one with the MAC `head`, ending at `offset` of `segment`; `time`: seconds since
    1970.
    """

    trail: str
    count: int
    head: str
    segment: int
    offset: int
    time: int
    key: str = ""
    mac: str = ""

    def signed(self, key: bytes) -> Anchor:
        """The anchor with a MAC under this key."""
        bare = Anchor(self.trail, self.count, self.head, self.segment, self.offset, self.time, fingerprint_of(key))
        return Anchor(**{**asdict(bare), "mac": hmac.digest(key, bare._bytes(), "sha256").hex()})

    def is_genuine(self, ring: KeyRing) -> bool:
        key = ring.find(self.key)
        return key is not None and hmac.compare_digest(self.signed(key).mac, self.mac)

    def text(self) -> str:
        """One line, to be kept elsewhere."""
        return f"redactor-anchor/1 {' '.join(f'{name}={value}' for name, value in asdict(self).items())}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Parse one line.

        Raises:
            ConfigurationError
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(
                "This is not an anchor of an audit log.", hint="Give the line that `redactor log anchor` prints."
            )
        trail, count, head, segment, offset, time, key, mac = found.groups()
        return cls(trail, int(count), head, int(segment), int(offset), int(time), key, mac)

    def save(self, path: Path) -> None:
        """Write the anchor file.

        Raises:
            OutputError
        """
        save(path, (self.text() + "\n").encode(), mode=0o600)

    @classmethod
    def load(cls, path: Path) -> Anchor | None:
        """The anchor in a file, None if there is no file.

        Raises:
            TrailDamaged: the file contains something else.
        """
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
                return cls.parse(file.read(1024).decode("ascii"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, ConfigurationError):
            raise TrailDamaged("The anchor of the audit log cannot be read.") from None

    def _bytes(self) -> bytes:
        return json.dumps({name: value for name, value in asdict(self).items() if name != "mac"}).encode()
