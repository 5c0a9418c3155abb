"""A stretch of the trail as a file of its own, with its own proof: to be kept for the six years of 45 CFR
164.316(b)(2).

JSON Lines: the entries as they stand, then one line `{"proof": {…}}` with the MAC before the first entry, the last
entry's MAC, the SHA-256 of the
entries and a MAC over all that with the key in force. The keys (or a copy of the key file) check it, without the rest
of the trail.
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
    """Numbers of the first and last entry (0 and 0: none)."""

    first: int
    last: int


def export(
    folder: Path, ring: KeyRing, *, since: float | None = None, until: float | None = None
) -> Iterator[bytes | Export]:
    """Lines of the export; at the end what it holds.

    The trail must have been verified: what does not fit is left out.

    Args:
        since, until: seconds since 1970; entries from the first that is not older to the last that is older than
            `until`. A chain has no gaps, so what lies between them goes along, whatever a clock that was set back says.
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
    """Check an exported file: what it holds, and what does not fit.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            proof = _proof_of(file)
            file.seek(0)
            return _check(file, proof, ring)
    except OSError:
        raise ConfigurationError("The export cannot be read.", hint="Give the file that `log export` wrote.") from None


def _proof_of(file: Any) -> dict[str, Any]:
    """What the last line says, if it is a proof to the byte as `export` writes it."""
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
    # As bytes: letters beyond ASCII would be an error of the comparison, and whoever made them up decides what stands
    # here.
    if key is None or not hmac.compare_digest(
        _mac(key, bare).encode(), str(proof.get("mac", "")).encode("utf-8", "replace")
    ):
        return Export(0, 0), ("The proof is missing, changed, or made with another key.",)
    head, number, seen = bytes.fromhex(bare["before"]), int(bare["first"]) - 1, hashlib.sha256()
    line_key: bytes | None = None
    for line in file:
        if line.startswith(b'{"proof":'):
            if file.read(1):
                problems.append("Something follows the proof.")
            break
        seen.update(line)
        mac = None
        # Which key made an entry is told by its segment's first one, which may lie before the stretch: then all are
        # tried once.
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
            problems.append(f"Entry {number} is not what was written.")
            told = claimed(line)
            mac = told[1] if told else head
        head = mac
    last = bare["last"] if bare["first"] else -1
    if (seen.hexdigest(), head.hex(), number) != (bare["sha256"], bare["head"], last):
        problems.append("The entries are not those that the proof is of.")
    return Export(bare["first"], bare["last"]), tuple(problems[:100])


def _mac(key: bytes, proof: dict[str, Any]) -> str:
    return hmac.digest(key, b"redactor-trail-export\0" + json.dumps(proof, sort_keys=True).encode(), "sha256").hex()


def _bounds(folder: Path, ring: KeyRing, since: float | None, until: float | None) -> tuple[int, int]:
    """Numbers of the first and last entry of the stretch; 0, 0: none."""
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
    """As entries write it: text that sorts like time."""
    if moment is None:
        return None
    told = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="microseconds")
    return told.replace("+00:00", "Z")
