"""Exports a range of the log with its own proof, to be kept for the six years of 45 CFR 164.316(b)(2).

JSON Lines: the unchanged entries, then one line `{"proof": {…}}` with the MAC before the first entry, the last MAC, the
SHA-256 of the entries, and a MAC over all of that with the current key. It can be verified with the keys (or a copy of
the key file), without the rest of the log.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from redactor.audit_log.chain import START, check_line, claimed, read_line
from redactor.audit_log.keys import KeyRing, fingerprint_of
from redactor.audit_log.verify import sound_lines
from redactor.errors import ConfigurationError

SCHEMA = "redactor-trail-export/1"


@dataclass(frozen=True, slots=True)
class Export:
    """Numbers of the first and last entry (0 and 0 if there are none)."""

    first: int
    last: int


def export(
    folder: Path, ring: KeyRing, *, since: float | None = None, until: float | None = None
) -> Iterator[bytes | Export]:
    """The lines of the export, and at the end its range.

    The log must have been verified; lines that do not verify are left out.

    Args:
        since, until: seconds since 1970; from the first entry that is not older than `since` to the last that is older
            than
            `until`. A chain has no gaps, so everything in between is included, even if the clock was set back.
    """
    first, last = _bounds(folder, ring, since, until)
    seen, before, head, trail = hashlib.sha256(), START, START, ""
    for number, line, mac in sound_lines(folder, ring):
        trail = trail or str(read_line(line).get("trail", ""))
        if number < first:
            before = head = mac
        elif number <= last:
            head = mac
            seen.update(line)
            yield line
        else:
            break
    proof = {
        "schema": SCHEMA,
        "trail": trail,
        "first": first,
        "last": last,
        "before": before.hex(),
        "head": head.hex(),
        "sha256": seen.hexdigest(),
        "key": fingerprint_of(ring.active),
    }
    yield _written_proof({**proof, "mac": _mac(ring.active, proof)})
    yield Export(first, last)


def verify_export(path: Path, ring: KeyRing) -> tuple[Export, tuple[str, ...]]:
    """Verify an exported file; returns its range and the problems.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            proof = _proof_of(file)
            file.seek(0)
            return _check(file, proof, ring)
    except OSError:
        raise ConfigurationError(
            "The export cannot be read.", hint="Give a file written by `redactor log export`."
        ) from None


def _proof_of(file: Any) -> dict[str, Any]:
    """The proof in the last line, if it has exactly the bytes that `export` writes."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 4096))
    line = file.read().splitlines(keepends=True)[-1:]
    proof = read_line(line[0]).get("proof") if line else None
    return proof if isinstance(proof, dict) and line[0] == _written_proof(proof) else {}


def _written_proof(proof: dict[str, Any]) -> bytes:
    return json.dumps({"proof": proof}, separators=(",", ":")).encode() + b"\n"


def _check(file: Any, proof: dict[str, Any], ring: KeyRing) -> tuple[Export, tuple[str, ...]]:
    problems: list[str] = []
    bare = {name: value for name, value in proof.items() if name != "mac"}
    key = ring.find(str(proof.get("key", "")))
    # Compared as bytes: a forged MAC may contain non-ASCII letters, on which the comparison would fail.
    if key is None or not hmac.compare_digest(
        _mac(key, bare).encode(), str(proof.get("mac", "")).encode("utf-8", "replace")
    ):
        return Export(0, 0), ("The proof is missing, changed, or made with another key.",)
    head, number, seen = bytes.fromhex(bare["before"]), int(bare["first"]) - 1, hashlib.sha256()
    line_key: bytes | None = None
    for line in file:
        if line.startswith(b'{"proof":'):
            if file.read(1):
                problems.append("There is data after the proof.")
            break
        seen.update(line)
        mac = None
        # The first entry of a segment names its key. It may be before the range; then all keys are tried once.
        for one in [line_key] if line_key else ring.keys:
            mac = check_line(one, head, number + 1, line)
            if mac:
                line_key = one
                break
        else:
            line_key = ring.find(str(read_line(line).get("key", "")))
            mac = check_line(line_key, head, number + 1, line) if line_key else None
        number += 1
        if mac is None:
            problems.append(f"Entry {number} was changed.")
            claim = claimed(line)
            mac = claim[1] if claim else head
        head = mac
    last = bare["last"] if bare["first"] else -1
    if (seen.hexdigest(), head.hex(), number) != (bare["sha256"], bare["head"], last):
        problems.append("The entries do not match the proof.")
    return Export(bare["first"], bare["last"]), tuple(problems[:100])


def _mac(key: bytes, proof: dict[str, Any]) -> str:
    return hmac.digest(key, b"redactor-trail-export\0" + json.dumps(proof, sort_keys=True).encode(), "sha256").hex()


def _bounds(folder: Path, ring: KeyRing, since: float | None, until: float | None) -> tuple[int, int]:
    """Numbers of the first and last entry of the range; 0, 0 if there are none."""
    low, high = _written(since) or "", _written(until) or "~"
    first = last = 0
    for number, line, _ in sound_lines(folder, ring):
        moment = line[(begin := line.find(b'"t":"') + 5) : begin + 27].decode("ascii", "replace")
        if moment >= low and not first:
            first = number
        if moment < high:
            last = number
    return (first, last) if first and last >= first else (0, 0)


def _written(moment: float | None) -> str | None:
    """A time as entries contain it: text that sorts like time."""
    if moment is None:
        return None
    moment_text = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="microseconds")
    return moment_text.replace("+00:00", "Z")
