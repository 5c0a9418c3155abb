"""`redactor sample`: draws redacted recordings of a run, to measure by listening how much the run missed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from redactor.cli.options import Paths
from redactor.console import console, notice

if TYPE_CHECKING:
    from redactor.review.misses import MissReport
    from redactor.review.statistics import Estimate


def register(app: typer.Typer) -> None:
    app.command()(sample)


def sample(
    paths: Paths,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", readable=False, help="The --out folder of the run.")
    ],
    size: Annotated[int, typer.Option("--size", "-n", min=1, max=5000, help="Recordings to draw.")] = 50,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="The same seed and recordings give the same sample.")] = 1,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="See `redactor review open --help`.")
    ] = None,
) -> None:
    """Draw redacted recordings of a `redactor redact` run at random, to measure how much the run missed.

    `redactor review` offers them first. When they are reviewed, `redactor evaluate --from-review DIR` tells in how many
    of them something had to be covered by hand, with an exact interval.
    """
    from redactor.audio import looks_like_audio
    from redactor.cli.review_archive import stored_options, without_empty
    from redactor.cli.run_options import RunOptions
    from redactor.cli.serve import needs_service_extra
    from redactor.storage import Inputs

    needs_service_extra()
    from redactor.review.archive.run import ArchiveRun, key_path
    from redactor.review.archive.sample import draw_sample

    paths, out = [Path(os.path.abspath(p)) for p in paths], Path(os.path.abspath(out))  # noqa: PTH100
    run = ArchiveRun(out, "")
    options, _ = RunOptions.of(stored_options(run))
    run = replace(run, naming=options.output.names)
    inputs = Inputs(paths, is_audio=looks_like_audio, outside=out)
    sealing = Path(os.path.abspath(key)) if key else key_path(out)  # noqa: PTH100
    number, drawn, of = draw_sample(run, without_empty(inputs), key=sealing, size=size, seed=seed)
    notice(
        f"Sample {number}: {drawn} of {of} redacted recordings. `redactor review` with the same paths and folder "
        "offers them first; `redactor evaluate --from-review` has the result."
    )


def miss_table(found: MissReport) -> Table:
    """The figures of a sample's review."""
    table = Table(show_header=False, title=f"Sample {found.sample}", title_justify="left")
    table.add_row("recordings", f"{found.reviewed} reviewed of {found.drawn} drawn from {found.of}")
    table.add_row("something had to be covered by hand in", shown(found.missed))
    table.add_row("something was covered needlessly in", shown(found.needless))
    for label, count in found.labels:
        table.add_row(f"  added: {label}", str(count))
    return table


def shown(estimate: Estimate | None) -> str:
    """A share with its exact interval."""
    if estimate is None:
        return "nothing is reviewed yet"
    interval = f"95 % interval {estimate.low:.1%} to {estimate.high:.1%}"
    return f"{estimate.share:.1%} ({estimate.hits} of {estimate.n}; {interval})"


def print_misses(out: Path, *, as_json: bool) -> None:
    """What the review of the newest sample of a run says.

    Raises:
        NoInput: no sample has been drawn. OutputError
    """
    import json
    from dataclasses import asdict

    from redactor.cli.serve import needs_service_extra

    needs_service_extra()
    from redactor.review.archive.run import ArchiveRun
    from redactor.review.archive.sample import misses_of

    found = misses_of(ArchiveRun(Path(os.path.abspath(out)), ""))  # noqa: PTH100
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        console().print(miss_table(found))
