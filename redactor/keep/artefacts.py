"""The set of files that stands for one redacted recording: `a.redacted.wav`, `.txt`, `.srt`, `.vtt` and, last, `.json`."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from redactor.errors import OutputError
from redactor.keep.save import save_set

TEXT_SUFFIXES = (".txt", ".srt", ".vtt", ".json")
"""Written after the audio; the JSON document is last and marks the set as complete."""


def artefact(target: Path, suffix: str) -> Path:
    """`OUT/a` and ".wav" → `OUT/a.redacted.wav`."""
    return target.with_name(f"{target.name}.redacted{suffix}")


def below(out: Path, stem: Path) -> Path:
    """The place of an output, unless a link inside `out` leads it elsewhere: whoever can plant one must not choose where outputs go.

    Raises:
        OutputError
    """
    target = out / stem
    real = os.path.realpath(out)
    if os.path.commonpath([real, os.path.realpath(target.parent)]) != real:
        raise OutputError(
            "A link in the --out folder leads out of it.", hint="Remove the link, or choose another --out folder."
        )
    return target


def finished(target: Path, source_id: str, settings: str) -> dict[str, int] | None:
    """Bytes by suffix of a complete set that was made of these bytes with these settings; None if there is none.

    The document is the witness: it is written last, so where it stands the others were complete.
    """
    try:
        doc = json.loads(artefact(target, ".json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(doc, dict) or doc.get("id") != source_id or doc.get("settings") != settings:
        return None
    return sizes(target, (str(doc.get("audio")), *TEXT_SUFFIXES))


def sizes(target: Path, suffixes: tuple[str, ...]) -> dict[str, int] | None:
    """Bytes by suffix, None if one of the files is missing."""
    found: dict[str, int] = {}
    for suffix in suffixes:
        try:
            status = artefact(target, suffix).stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        found[suffix] = status.st_size
    return found


def copy_set(first: Path, target: Path, files: Mapping[str, int]) -> bool:
    """Give `target` the artefacts of `first`, all or none, the document last; False if those are no longer what they were.

    Bytes are copied rather than linked: an edit of one twin's file must not change the other's.

    Raises:
        OutputError: as `save_set`.
    """
    content: dict[Path, bytes] = {}
    for suffix in sorted(files, key=lambda s: s == ".json"):
        try:
            data = artefact(first, suffix).read_bytes()
        except OSError:
            return False
        if len(data) != files[suffix]:
            return False
        content[artefact(target, suffix)] = data
    save_set(content)
    return True
