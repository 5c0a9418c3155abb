"""A line of the log and its MAC.

    {"n":17,"t":"2026-11-26T21:26:51.123456Z","event":"message-opened","by":"person:3","message":"…",
     "version":2,"mac":"…"}

`mac` is HMAC-SHA256 (FIPS 198-1) over the MAC of the entry before (32 zero bytes before the first) and the bytes of the
line in front of `,"mac":`; so a MAC covers everything up to it, and one call checks an entry.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

from redactor.audit_log.events import Event, body_of

START = bytes(32)
_TAG, _END = b',"mac":"', b'"}\n'
TAIL = len(_TAG) + 64 + len(_END)
LONGEST = 4096
"""Longest line in bytes; entries are far shorter."""
_TORN = 4 << 20
"""Longest interrupted write in bytes."""
_SEGMENT = re.compile(r"trail-([0-9]{6})\.jsonl")


def seal_line(key: bytes, before: bytes, number: int, event: Event, moment: float) -> tuple[bytes, bytes]:
    """The line of an event, and its MAC."""
    moment_text = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
    content = {"n": number, "t": moment_text, **body_of(event)}
    body = json.dumps(content, separators=(",", ":")).encode()[:-1]
    mac = hmac.digest(key, before + body, "sha256")
    return body + _TAG + mac.hex().encode() + _END, mac


def check_line(key: bytes, before: bytes, number: int, line: bytes) -> bytes | None:
    """The MAC of a line, or None if it is not entry `number` after the one whose MAC is `before`."""
    body = line[:-TAIL]
    mac = hmac.digest(key, before + body, "sha256")
    if line[-TAIL:] != _TAG + mac.hex().encode() + _END or not body.startswith(b'{"n":%d,' % number):
        return None
    return mac


def claimed(line: bytes) -> tuple[int, bytes] | None:
    """The number and MAC in a line, unverified; None if it does not have the form of an entry."""
    found = re.match(rb'\{"n":([0-9]{1,18}),', line)
    tail = line[-TAIL:]
    if found is None or not (tail.startswith(_TAG) and tail.endswith(_END)):
        return None
    try:
        return int(found[1]), bytes.fromhex(tail[len(_TAG) : -len(_END)].decode())
    except ValueError:
        return None


def read_line(line: bytes) -> dict[str, Any]:
    """An entry as a dictionary; empty if the line is not an entry."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def interruption(file: BinaryIO, offset: int, key: bytes, head: bytes, at: int) -> int:
    """The offset of an `Interrupted` entry behind the bytes that it describes; 0 if there is none."""
    file.seek(offset)
    block = file.read(_TORN)
    cut = block.find(b"\n") + 1
    while cut:
        end = block.find(b"\n", cut) + 1
        line = block[cut:end]
        if b'"event":"interrupted"' in line and check_line(key, head, at + 1, line) is not None:
            entry, torn = read_line(line), block[: cut - 1]
            fits = entry.get("size") == len(torn) and entry.get("sha256") == hashlib.sha256(torn).hexdigest()
            return offset + cut if fits else 0
        cut = end
    return 0


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"trail-{number:06d}.jsonl"


def segments(folder: Path) -> list[int]:
    """The numbers of the segment files, ascending."""
    try:
        return sorted(int(m[1]) for p in folder.iterdir() if (m := _SEGMENT.fullmatch(p.name)))
    except FileNotFoundError:
        return []
