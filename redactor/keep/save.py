"""Atomic saves of a set of files: each appears complete or not at all (`durable`).

The last file of a set is its marker: an older one goes before anything else changes, the new one comes when all else is in place
and flushed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from redactor.durable import Partial, as_output_error, flush_folder, remove_leftovers

__all__ = ["Partial", "as_output_error", "remove_leftovers", "save_set"]


def save_set(files: Mapping[Path, bytes]) -> None:
    """Write several files so that the last one appears only when all others are there: it marks the set as complete.

    Raises:
        OutOfSpace: the disk is full or failing; nothing of the set is left.
        OutputError: a folder cannot be made or written to; nothing of the set is left.

    In both cases an older set under the same names is untouched if writing failed, and gone if renaming did.
    """
    partials: dict[Path, Partial] = {}
    changing = done = False
    try:
        for target, content in files.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = partials[target] = Partial(target)
            partial.write(content)
        *others, marker = partials
        changing = True
        marker.unlink(missing_ok=True)
        for target in others:
            partials[target].commit()
        for folder in {target.parent for target in others}:
            flush_folder(folder)
        partials[marker].commit()
        flush_folder(marker.parent)
        done = True
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        for partial in partials.values():
            partial.discard()
        if changing and not done:
            for target in reversed(list(files)):
                with suppress(OSError):
                    target.unlink()
