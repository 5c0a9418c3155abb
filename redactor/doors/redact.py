"""`redactor redact` and `redactor locate`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from redactor.doors import options as o
from redactor.doors.job import Job, assemble
from redactor.doors.terminal import console, meter, notice, stop_requests, summary_table
from redactor.errors import ConfigurationError, NoInput, OutputError, RedactorError
from redactor.keep import Documents, Item
from redactor.types import Outcome, Status

Style = Literal["tone", "silence", "noise"]
Operator = Literal["label", "mask", "hash", "drop"]
Names = Literal["auto", "id", "keep"]


def register(app: typer.Typer) -> None:
    app.command()(redact)
    app.command()(locate)


def redact(
    paths: o.Paths,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", readable=False, help="Folder for the redacted twins.")
    ],
    policy: o.PolicyOption = "deidentify",
    model: o.ModelOption = "auto",
    revision: o.RevisionOption = None,
    device: o.DeviceOption = "auto",
    compute_type: o.ComputeOption = None,
    threads: o.ThreadsOption = 0,
    workers: o.WorkersOption = 0,
    batch_size: o.BatchOption = 0,
    window: o.WindowOption = "auto",
    in_flight: Annotated[
        int,
        typer.Option(
            "--in-flight", min=0, max=1024, help="Recordings under way at once; 0: enough to fill the batches."
        ),
    ] = 0,
    order: Annotated[
        Literal["completion", "input"], typer.Option(help="Outcomes as they come, or in the inputs' order.")
    ] = "completion",
    beam: o.BeamOption = 5,
    language: o.LanguageOption = None,
    hotwords: o.HotwordsOption = None,
    initial_prompt: o.PromptOption = None,
    transcript: o.TranscriptOption = None,
    raw: o.RawOption = None,
    ner: o.NerOption = "auto",
    bleep: Annotated[Style, typer.Option(help="What replaces covered speech.")] = "tone",
    operator: Annotated[Operator, typer.Option(help="What replaces covered words in text.")] = "label",
    hash_key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Secret of at least 16 bytes for --operator hash."),
    ] = None,
    padding: o.PaddingOption = None,
    unheard: o.UnheardOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Recognise the redacted audio again; quarantine on any hit.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip what an earlier run with the same settings finished.")
    ] = False,
    names: Annotated[
        Names, typer.Option(help="Output names: auto replaces names that hold PHI by the recording's id.")
    ] = "auto",
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|local",
            help="Work on the machines of a Ray cluster that share this file system; local: start one here.",
        ),
    ] = None,
    open_cluster: Annotated[
        bool, typer.Option("--open-cluster", help="Join a Ray cluster that has no authentication.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")] = False,
) -> None:
    """Redact recordings: bleeped audio, transcript, subtitles and a JSON document for each, below --out.

    Exit codes: 0 all redacted, 3 some quarantined (a person must listen), 65 some could not be read, 74 disk full.
    """
    from redactor.audio import looks_like_audio
    from redactor.keep import list_inputs, remove_leftovers
    from redactor.render import Replacer

    if hash_key_file is not None and operator != "hash":
        raise ConfigurationError("--hash-key-file is for --operator hash.")
    job = Job(
        policy=o.policy_from(policy, padding=padding, unheard=unheard),
        operator=operator,
        style=bleep,
        names=names,
        raw=raw,
        ner=ner,
        verify=verify,
        in_flight=in_flight,
        hash_key=o.read_key(hash_key_file),
        recognition={
            "model": model, "device": device, "compute_type": compute_type, "threads": threads, "workers": workers,
            "batch_size": batch_size, "window": window, "beam": beam, "language": language, "hotwords": hotwords,
            "initial_prompt": initial_prompt, "revision": revision,
        } if transcript is None or verify else None,
    )  # fmt: skip
    Replacer(operator, key=job.hash_key)  # a bad key or codec is said before anything is looked for or started
    o.decoder(raw)
    listing = list_inputs(paths, is_audio=looks_like_audio, outside=out)
    reader = o.transcripts_for(transcript, listing.items) if transcript else None
    _make_folder(out)
    _protect_inputs(out, listing.items)
    run: Callable[..., Iterator[Outcome]]
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        if cluster is None:
            made = assemble(job, reader=reader)
            run = partial(made.pipeline.run, threads=made.in_flight)
        else:
            from redactor.doors.cluster import joined

            crew = stack.enter_context(joined(cluster, job, out, open_cluster=open_cluster))
            run = partial(crew.run, reader=reader)
        remove_leftovers(out)
        began = time.perf_counter()
        stopping = stack.enter_context(stop_requests())
        bar = stack.enter_context(meter(len(listing.items)))
        for outcome in run(
            listing.items, out, journal=Documents(resume=resume), ordered=order == "input", stopping=stopping
        ):
            outcomes.append(outcome)
            bar.add(outcome)
    interrupted = len(outcomes) < len(listing.items)
    wall = time.perf_counter() - began
    summary = _summary(outcomes, wall, listing.passed_over, len(listing.items))
    unsaved = _save_summary(out, summary)
    if as_json:
        print(json.dumps(summary))
    else:
        with suppress(OSError):
            console().print(summary_table(outcomes, wall, listing.passed_over))
    if interrupted:
        notice("Stopped early: run the same command with --resume to go on.")
        raise typer.Exit(130)
    raise typer.Exit(_exit_code(outcomes) or unsaved)


def _exit_code(outcomes: list[Outcome]) -> int:
    """The gravest: a full disk, then a fault of ours, then bad input, then quarantine."""
    codes = {x.exit_code for x in outcomes}
    for code in (74, 73, 70, 69, 78):
        if code in codes:
            return code
    if codes & {65, 66}:
        return 65
    return max(codes, default=0)


def _summary(outcomes: list[Outcome], wall: float, passed_over: int, total: int) -> dict[str, object]:
    rows = []
    for outcome in outcomes:
        row = {k: v for k, v in asdict(outcome).items() if v not in ("", (), 0, 0.0)}
        row["status"] = outcome.status.value
        row["findings"] = dict(outcome.findings)
        row["seconds"] = {k: round(v, 3) for k, v in outcome.seconds}
        rows.append(row)
    count = {s.value: sum(x.status is s for x in outcomes) for s in Status}
    return {
        "schema": "redactor-summary/1",
        **count,
        "items": total,
        "passed_over": passed_over,
        "audio_seconds": round(sum(x.duration for x in outcomes), 2),
        "wall_seconds": round(wall, 2),
        "outcomes": rows,
    }


def _save_summary(out: Path, summary: dict[str, object]) -> int:
    """Returns the exit code of a summary that could not be written, 0 if it was."""
    from redactor.keep import save_set

    try:
        save_set({out / "summary.json": (json.dumps(summary, indent=1) + "\n").encode()})
    except OutputError as error:
        notice(f"summary.json was not written: {error.message}")
        return error.exit_code
    return 0


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError("--out is a file.") from None
    except OSError:
        raise OutputError("The --out folder cannot be made.") from None
    if not os.access(out, os.W_OK | os.X_OK):  # said now, not after hours of recognition
        raise OutputError("The --out folder may not be written to.")


def _protect_inputs(out: Path, items: Sequence[Item]) -> None:
    """Refuse to run where an output would take the place of an input, or of somebody else's summary.json."""
    folder = os.path.realpath(out)
    for item in items:
        if ".redacted." in item.path.name and folder == os.path.commonpath(
            [folder, os.path.realpath(item.path.parent)]
        ):
            raise ConfigurationError(
                f"Recording {item.number} lies in the --out folder under a name that outputs have.",
                hint="Choose another --out folder.",
            )
    summary = out / "summary.json"
    try:
        ours = b'"schema": "redactor-summary/' in summary.read_bytes()[:200]
    except FileNotFoundError:
        return
    except OSError:
        ours = False
    if not ours:
        raise OutputError("The --out folder has a summary.json of somebody else.", hint="Choose another --out folder.")


def locate(
    paths: o.Paths,
    *,
    identity: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The id (or its first 8 digits or more).")
    ] = None,
    item: Annotated[
        int | None, typer.Option(min=1, help="The number printed for a file that could not be read.")
    ] = None,
) -> None:
    """Print which file an id or a number of a run's messages stands for (messages themselves never name files)."""
    from redactor.audio import Limits, looks_like_audio, read_source
    from redactor.keep import list_inputs

    if (identity is None) == (item is None):
        raise ConfigurationError("Give either --id or --item.")
    if identity is not None and (len(identity) < 8 or not set(identity.lower()) <= set("0123456789abcdef")):
        raise ConfigurationError("An id is hexadecimal; give at least its first 8 digits.")
    hits = 0
    for entry in list_inputs(paths, is_audio=looks_like_audio).items:
        if identity is not None:
            try:
                digest = read_source(entry.path, limits=Limits()).id
            except RedactorError:  # what a run cannot read has no id
                continue
            if not digest.startswith(identity.lower()):
                continue
        elif entry.number != item:
            continue
        hits += 1
        if sys.stdout.isatty():
            # A name may hold commands to the terminal.
            print("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in os.fspath(entry.path)))
        else:
            # Bytes as the disk has them: a name need not be valid text.
            sys.stdout.buffer.write(os.fsencode(entry.path) + b"\n")
            sys.stdout.buffer.flush()
    if not hits:
        raise NoInput("No file there matches.", hint="Give the same paths as in the run.")
