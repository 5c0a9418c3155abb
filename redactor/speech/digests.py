"""SHA-256 of files, and a cache of them: hashing 145 MB takes half a second, too long for every start of a command.

Digests are kept in the user's cache folder under the file's identity (device, inode, size and both times), so that a
file that was replaced or changed is hashed again. Only recognition uses them; `models verify` always hashes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path

from redactor import atomic_files as durable
from redactor.errors import RedactorError

MOST_ENTRIES = 64
"""Entries in the cache; the oldest are dropped."""
_HEX = re.compile("[0-9a-f]{64}")


def sha256(path: Path) -> str:
    """Hex digest of a file, "" if it does not exist."""
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def cached_sha256(path: Path) -> str:
    """Hex digest of a file, from the cache if the file did not change; "" if it cannot be read."""
    try:
        before = path.stat()
        key = f"{before.st_dev}-{before.st_ino}-{before.st_size}-{before.st_mtime_ns}-{before.st_ctime_ns}"
        known = _load()
        if key in known:
            return known[key]
        digest = sha256(path)
        after = path.stat()
    except OSError:
        return ""
    # A file that is written while it is read must not be cached in either state.
    if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
        _store(dict([*known.items(), (key, digest)][-MOST_ENTRIES:]))
    return digest


def _cache_file() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()  # noqa: PTH117
    return folder / "redactor" / "digests.json"


def _load() -> dict[str, str]:
    try:
        data = json.loads(_cache_file().read_bytes())
    except (OSError, ValueError, RuntimeError):  # RuntimeError: the user has no home
        return {}
    if not isinstance(data, dict):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, str) and _HEX.fullmatch(value)}


def _store(known: dict[str, str]) -> None:
    # If it cannot be stored, the next start hashes again.
    with suppress(OSError, RedactorError, RuntimeError):
        path = _cache_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.save(path, json.dumps(known).encode(), mode=0o600)
