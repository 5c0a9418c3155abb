"""Legal holds: a file for each message with the matters that hold it. An unreadable file counts as a hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

from redactor.vault import files

MATTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A case number."""
UNREADABLE = "unreadable"


def matters_of(folder: Path, id: str) -> tuple[str, ...]:  # noqa: A002
    """The matters that hold a message, oldest first."""
    content = files.read(folder, "holds", f"{id}.json")
    if content is None:
        return ()
    try:
        found = json.loads(content)
        matters = tuple(str(m) for m in found["matters"]) if "matters" in found else (str(found["matter"]),)
    except (ValueError, KeyError, TypeError):
        matters = ()
    return matters if matters and all(map(MATTER.fullmatch, matters)) else (UNREADABLE,)


def write_matters(folder: Path, id: str, matters: tuple[str, ...]) -> None:  # noqa: A002
    """Raises OutputError, RefusedInput."""
    if matters:
        files.write(folder, "holds", f"{id}.json", content=json.dumps({"matters": matters}).encode())
    else:
        files.remove(folder, "holds", f"{id}.json")
