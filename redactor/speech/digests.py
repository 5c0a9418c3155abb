"""SHA-256 of files, and a memory of it: hashing 145 MB takes half a second, too much for each start of a command.

Digests are kept in the user's cache folder under the file's identity (device, inode, size and both times), so a file
that was replaced or written to is hashed again. Only recognition uses them; `models verify` always hashes.
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

MOST = 64
"""Files remembered; the oldest are forgotten."""
_HEX = re.compile("[0-9a-f]{64}")


def sha256(path: Path) -> str:
    """Hex digest of a file, "" if it is not there."""
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def remembered(path: Path) -> str:
    """Hex digest of a file, from memory if the file is the one that was hashed before; "" if it cannot be read."""
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
    # A file that is written to while it is read must not be remembered by either state.
    if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
        _store(dict([*known.items(), (key, digest)][-MOST:]))
    return digest


def _memory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()  # noqa: PTH117
    return folder / "redactor" / "digests.json"


def _load() -> dict[str, str]:
    try:
        data = json.loads(_memory().read_bytes())
    except (OSError, ValueError, RuntimeError):  # RuntimeError: the user has no home
        return {}
    if not isinstance(data, dict):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, str) and _HEX.fullmatch(value)}


def _store(known: dict[str, str]) -> None:
    # Without a place to keep it, the next start hashes again.
    with suppress(OSError, RedactorError, RuntimeError):
        path = _memory()
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.save(path, json.dumps(known).encode(), mode=0o600)
