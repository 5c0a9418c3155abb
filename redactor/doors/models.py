"""`redactor models list|get|where`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from redactor.doors import options as o
from redactor.doors.terminal import console

models = typer.Typer(help="Speech checkpoints: what is here, fetch one, where one lies.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as small.en, large-v3-turbo or voicemail-micro.")]


def register(app: typer.Typer) -> None:
    app.add_typer(models, name="models")


@models.command("list")
def list_models(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False
) -> None:
    """List the checkpoints: shipped, downloaded, and those that can be downloaded."""
    from redactor.speech import list_checkpoints

    rows = [
        {
            "name": c.name,
            "state": c.state,
            "use": "synthetic demonstration speech only" if c.synthetic_only else "calls",
        }
        for c in list_checkpoints()
    ]
    if as_json:
        print(json.dumps(rows))
        return
    table = Table("name", "state", "for")
    for row in rows:
        table.add_row(row["name"], row["state"], row["use"])
    console(data=True).print(table)


@models.command()
def get(name: Name, *, revision: o.RevisionOption = None) -> None:
    """Download a checkpoint into the Hugging Face cache and print its folder."""
    from redactor.speech import resolve

    print(resolve(name, device="cpu", revision=revision, progress=o.download_progress()).path)


@models.command()
def where(name: Name, *, revision: o.RevisionOption = None) -> None:
    """Print the folder of a checkpoint that is already here; never downloads."""
    from redactor.speech import resolve

    print(resolve(name, device="cpu", revision=revision, allow_download=False).path)
