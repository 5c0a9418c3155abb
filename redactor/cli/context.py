"""`redactor context …`: context files, sealed so that a directory of patients does not lie on the disk in clear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redactor.console import notice
from redactor.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    context = typer.Typer(no_args_is_help=True, help="Context files: known people and practices.")
    context.callback()(_group)
    context.command()(seal)
    app.add_typer(context, name="context")


def _group() -> None:
    """One command in a group is otherwise no group."""


def seal(
    file: Annotated[Path, typer.Argument(metavar="FILE", readable=False, help="Context file (CSV or JSON).")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", readable=False, help="The sealed file.")],
    key: Annotated[
        Path,
        typer.Option("--key", metavar="FILE", readable=False, help="Key to seal under; made if it does not exist."),
    ],
) -> None:
    """Seal a context file for --context and --context-key; delete the unsealed one afterwards.

    The sealed file is AES-256-SIV; whoever has the key can open it, so keep the two apart.
    """
    from redactor.atomic_files import save
    from redactor.crypto import read_or_make_key
    from redactor.recording_context import MAGIC, parse_contexts, read_content, sealed

    content = read_content(file)
    if content.startswith(MAGIC):
        raise ConfigurationError("The context file is sealed already.")
    parse_contexts(content)  # an error is reported now, not at night
    if key.is_symlink() or (key.exists() and key.stat().st_size != 32):
        raise ConfigurationError(
            "The --key file is not a key of 32 bytes.", hint="Name a file that does not exist: a key is made."
        )
    save(out, sealed(content, read_or_make_key(key)), mode=0o600)
    notice("Sealed. Delete the unsealed file.")
