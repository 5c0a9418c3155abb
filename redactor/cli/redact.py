"""`redactor redact` and `redactor locate`."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Literal

import typer

from redactor import builders
from redactor.cli import options as o
from redactor.cli.progress import Meter, Stop, meter
from redactor.cli.summary import Totals, summary_table
from redactor.console import console, notice
from redactor.errors import ConfigurationError, NoInput, OutOfSpace, OutputError, RedactorError
from redactor.factory import JobConfiguration, assemble, layers_of, sandboxed
from redactor.storage import ArchiveJournal, Inputs, Item, OutcomeLog, remove_leftovers, save_set
from redactor.types import Outcome

MANY = 500
"""Recordings from which measuring how recognition runs best pays for itself."""

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
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            readable=False,
            help="Folder for the redacted twins.",
            rich_help_panel="Output",
        ),
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
            "--in-flight",
            min=0,
            max=1024,
            help="Recordings under way at once; 0: enough to fill the batches.",
            rich_help_panel="Performance",
        ),
    ] = 0,
    order: Annotated[
        Literal["completion", "input"],
        typer.Option(help="Outcomes as they come, or in the inputs' order.", rich_help_panel="Output"),
    ] = "completion",
    beam: o.BeamOption = None,
    language: o.LanguageOption = None,
    hotwords: o.HotwordsOption = None,
    initial_prompt: o.PromptOption = None,
    transcript: o.TranscriptOption = None,
    raw: o.RawOption = None,
    ner: o.NerOption = "auto",
    bleep: Annotated[Style, typer.Option(help="What replaces covered speech.", rich_help_panel="Output")] = "tone",
    operator: Annotated[
        Operator, typer.Option(help="What replaces covered words in text.", rich_help_panel="Output")
    ] = "label",
    hash_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Secret of at least 16 bytes for --operator hash.",
            rich_help_panel="Output",
        ),
    ] = None,
    padding: o.PaddingOption = None,
    unheard: o.UnheardOption = None,
    verify: Annotated[
        bool | None,
        typer.Option(
            "--verify/--no-verify",
            help="Recognise the redacted audio again; quarantine what says PHI that was not kept on purpose. On by "
            "default with --transcript.",
            rich_help_panel="Privacy",
        ),
    ] = None,
    verify_model: o.VerifyModelOption = "auto",
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--redo",
            help="Go on where an earlier run with the same settings ended, or do everything again.",
            rich_help_panel="Resuming",
        ),
    ] = True,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Try again what earlier runs quarantined or gave up.", rich_help_panel="Resuming"
        ),
    ] = False,
    tries: Annotated[
        int,
        typer.Option(
            min=1,
            help="How often a recording may fail for a passing reason, or end the program, before it is given up.",
            rich_help_panel="Resuming",
        ),
    ] = 3,
    names: Annotated[
        Names,
        typer.Option(
            help="Output names: auto replaces names that hold PHI by the recording's id.", rich_help_panel="Output"
        ),
    ] = "auto",
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|local",
            help="Work on the machines of a Ray cluster that share this file system; local: start one here.",
            rich_help_panel="Cluster",
        ),
    ] = None,
    sandbox: o.SandboxOption = "auto",
    open_cluster: Annotated[
        bool,
        typer.Option(
            "--open-cluster", help="Join a Ray cluster that has no authentication.", rich_help_panel="Cluster"
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.", rich_help_panel="Output")
    ] = False,
) -> None:
    """Redact recordings: bleeped audio, transcript, subtitles and a JSON document for each, below --out.

    The same command again goes on where it was stopped, and redoes only what changed.

    Exit codes: 0 all redacted, 3 some quarantined (a person must listen), 65 some could not be read, 70 some failed, 74
    disk full,
    75 another run has --out, 130 stopped.
    """
    from redactor.audio import looks_like_audio
    from redactor.render import Replacer

    if hash_key_file is not None and operator != "hash":
        raise ConfigurationError("--hash-key-file is for --operator hash.")
    if verify is None:  # times and words made elsewhere are somebody's claim until the result is heard
        verify = transcript is not None
    if verify_model != "auto" and not verify:
        raise ConfigurationError("--verify-model is for --verify.")
    job = JobConfiguration(
        policy=builders.policy_from(policy, padding=padding, unheard=unheard),
        operator=operator,
        style=bleep,
        names=names,
        raw=raw,
        ner=ner,
        verify=verify,
        verify_model=verify_model,
        only_transcripts=transcript is not None,
        in_flight=in_flight,
        sandbox=sandbox,
        hash_key=builders.read_key(hash_key_file),
        recognition=builders.RecognitionOptions(
            model=model,
            device=device,
            compute_type=compute_type,
            threads=threads,
            workers=workers,
            batch_size=batch_size,
            window=window,
            beam=beam,
            language=language,
            hotwords=hotwords,
            initial_prompt=initial_prompt,
            revision=revision,
            probe=cluster is None
            and sum(1 for _ in islice(Inputs(paths, is_audio=looks_like_audio, outside=out), MANY)) == MANY,
        )
        if transcript is None or verify
        else None,
    )
    Replacer(operator, key=job.hash_key)  # a bad key or codec is said before anything is looked for or started
    builders.decoder(raw)
    inputs = Inputs(paths, is_audio=looks_like_audio, outside=out)
    items = iter(inputs)
    first = next(items)  # an error where there is nothing, before anything is made or loaded
    reader = builders.transcripts_for(transcript, inputs) if transcript else None
    _make_folder(out)
    _protect(out, paths)
    stop = Stop()
    with ExitStack() as stack:
        journal = stack.enter_context(
            closing(
                ArchiveJournal(out, naming=names, resume=resume, retry_failed=retry_failed, tries=tries, stopping=stop)
            )
        )
        if journal.rebuilt:
            notice("The ledger was damaged: it is set aside, and a new one is filled from the documents.")
        run: Callable[..., Iterator[Outcome]]
        layers: Callable[[], tuple[str, ...]]
        if cluster is None:
            decoder = stack.enter_context(sandboxed(job.sandbox, warn=notice))
            made = assemble(job, reader=reader, confined=decoder)
            run, layers = partial(made.pipeline.run, threads=made.in_flight), lambda: layers_of(decoder)
        else:
            from redactor.cluster import joined

            crew = stack.enter_context(joined(cluster, job, out, open_cluster=open_cluster, tries=tries))
            run, layers = partial(crew.run, reader=reader), lambda: crew.layers
        if journal.unclean:
            remove_leftovers(out)
        taken = InputsUntilStop(chain([first], items), stop)
        began = time.perf_counter()
        totals = Totals()
        with stop.on_signals(), closing(OutcomeLog(out)) as log, meter() as bar, counting(inputs, bar):
            for outcome in run(taken, out, journal=journal, ordered=order == "input", stopping=stop):
                totals.add(outcome)
                log.add(outcome)
                bar.add(outcome)
                _stop_if_hopeless(stop, outcome, journal.trouble or log.trouble)
        wall = time.perf_counter() - began
        trouble = journal.trouble or log.trouble
        code = totals.exit_code or (trouble.exit_code if trouble else 0)
        interrupted = totals.items < taken.count or not taken.exhausted
        if interrupted and not stop.why:
            code = 130
        summary = totals.summary(
            wall=wall, passed_over=inputs.passed_over, interrupted=interrupted, exit_code=code, sandbox=layers()
        )
        unsaved = _save_summary(out, summary)
        code = code or unsaved
    if as_json:
        print(json.dumps(summary))
    else:
        with suppress(OSError):
            console().print(summary_table(totals, wall, inputs.passed_over, sandbox=layers()))
    if interrupted:
        notice(f"Stopped early{f' ({stop.why})' if stop.why else ''}: run the same command again (--resume) to go on.")
    raise typer.Exit(code)


class InputsUntilStop:
    """The inputs as far as the run takes them: none after a wish to stop."""

    def __init__(self, items: Iterable[Item], stop: Stop) -> None:
        self._items = iter(items)
        self._stop = stop
        self.count = 0
        self.exhausted = False

    def __iter__(self) -> Iterator[Item]:
        while not self._stop():
            item = next(self._items, None)
            if item is None:
                self.exhausted = True
                return
            self.count += 1
            yield item


@contextmanager
def counting(inputs: Inputs, bar: Meter) -> Iterator[None]:
    """Meanwhile count the inputs beside the work, for the time that is left."""
    ended = threading.Event()

    def count() -> None:
        with suppress(OSError):
            bar.total = inputs.count(stopping=ended.is_set)

    thread = threading.Thread(target=count, name="counting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5.0)


FULL = 3
"""So many recordings in a row that found no space on the disk end the run: those to come would be recognised for
nothing.
"""


def _stop_if_hopeless(stop: Stop, outcome: Outcome, trouble: OutputError | None) -> None:
    if trouble is not None:
        stop.because(trouble.message.rstrip("."))
    stop.full = stop.full + 1 if outcome.reason == OutOfSpace.reason else 0
    if stop.full >= FULL:
        stop.because("the disk is full")


def _save_summary(out: Path, summary: dict[str, object]) -> int:
    """Returns the exit code of a summary that could not be written, 0 if it was."""
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


def _protect(out: Path, paths: Sequence[Path]) -> None:
    """Refuse to run where an output would take the place of an input, or of somebody else's summary.json.

    Only a file that is given by itself can have an output's name: those in folders are passed over.
    """
    folder = os.path.realpath(out)
    for number, path in enumerate(paths, 1):
        if ".redacted." in path.name and folder == os.path.commonpath([folder, os.path.realpath(path.parent)]):
            raise ConfigurationError(
                f"Path {number} of {len(paths)} lies in the --out folder under a name that outputs have.",
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

    if (identity is None) == (item is None):
        raise ConfigurationError("Give either --id or --item.")
    if identity is not None and (len(identity) < 8 or not set(identity.lower()) <= set("0123456789abcdef")):
        raise ConfigurationError("An id is hexadecimal; give at least its first 8 digits.")
    hits = 0
    for entry in Inputs(paths, is_audio=looks_like_audio):
        if identity is not None:
            try:
                digest = read_source(entry.path, within=entry.within, limits=Limits()).id
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
