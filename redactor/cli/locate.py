"""`redactor locate`: from an id or a number in a message to the file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from redactor.cli.options import Paths
from redactor.errors import ConfigurationError, NoInput, RedactorError
from redactor.storage import Inputs


def register(app: typer.Typer) -> None:
    app.command()(locate)


def locate(
    paths: Paths,
    *,
    identity: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The id (or its first 8 digits or more).")
    ] = None,
    item: Annotated[
        int | None, typer.Option(min=1, help="The number (#…) that a message gave for a recording.")
    ] = None,
) -> None:
    """Print the file that an id or number in a run's messages stands for (the messages never name files)."""
    from redactor.audio import Limits, looks_like_audio, read_source

    if (identity is None) == (item is None):
        raise ConfigurationError("Give either --id or --item.", hint="Both are in the messages of `redactor redact`.")
    if identity is not None and (len(identity) < 8 or not set(identity.lower()) <= set("0123456789abcdef")):
        raise ConfigurationError("An id is hexadecimal: give at least its first 8 digits.")
    hits: dict[str, list[Path]] = {}
    for entry in Inputs(paths, is_audio=looks_like_audio):
        digest = ""
        if identity is not None:
            try:
                digest = read_source(entry.path, within=entry.within, limits=Limits()).id
            except RedactorError:  # a file that a run cannot read has no id
                continue
            if not digest.startswith(identity.lower()):
                continue
        elif entry.number != item:
            continue
        hits.setdefault(digest, []).append(entry.path)
    if not hits:
        raise NoInput("No file in these paths matches.", hint="Give the same paths, in the same order, as in the run.")
    if len(hits) > 1:
        raise ConfigurationError("The ids of several recordings begin with these digits.", hint="Give more digits.")
    for path in hits.popitem()[1]:
        if sys.stdout.isatty():
            # A name may contain commands to the terminal.
            print("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in os.fspath(path)))
        else:
            # The bytes on the disk: a name need not be valid text.
            sys.stdout.buffer.write(os.fsencode(path) + b"\n")
            sys.stdout.buffer.flush()
