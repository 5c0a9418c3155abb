"""`redactor redact`: recordings in, redacted copies out."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Literal

import typer

from redactor import builders
from redactor.cli.options import (
    ContextGroup,
    DecodingGroup,
    KeepingGroup,
    Paths,
    PrivacyGroup,
    RecognitionGroup,
    TranscriptOption,
    flat,
)
from redactor.cli.progress import Meter, Stop, meter
from redactor.cli.summary import Totals, summary_table
from redactor.console import console, notice
from redactor.errors import ConfigurationError, OutOfSpace, OutputError
from redactor.factory import JobConfiguration, assemble, layers_of, sandboxed
from redactor.storage import ArchiveJournal, Inputs, Item, OutcomeLog, remove_leftovers, save_set
from redactor.types import Outcome, Status

PROBED = 500
"""Recordings from which it pays to measure, before the run, how recognition is fastest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputGroup:
    """What is written, and how it is reported."""

    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            readable=False,
            help="Folder for the redacted copies.",
            rich_help_panel="Output",
        ),
    ]
    bleep: Annotated[
        Literal["tone", "silence", "noise"],
        typer.Option(help="What replaces covered speech.", rich_help_panel="Output"),
    ] = "tone"
    operator: Annotated[
        Literal["label", "mask", "hash", "drop"],
        typer.Option(help="What replaces covered words in text.", rich_help_panel="Output"),
    ] = "label"
    hash_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Secret of at least 16 bytes for --operator hash.",
            rich_help_panel="Output",
        ),
    ] = None
    names: Annotated[
        Literal["auto", "id", "keep"],
        typer.Option(
            help="Output names: the inputs' (keep), their ids (id), or ids for names in which PHI is found (auto).",
            rich_help_panel="Output",
        ),
    ] = "auto"
    order: Annotated[
        Literal["completion", "input"],
        typer.Option(help="Report outcomes as they come, or in the inputs' order.", rich_help_panel="Output"),
    ] = "completion"
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.", rich_help_panel="Output")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationGroup:
    """Whether the result is checked by recognising it again."""

    verify: Annotated[
        bool | None,
        typer.Option(
            "--verify/--no-verify",
            help="Recognise the redacted audio again, and quarantine recordings in which PHI is still heard. On by "
            "default with --transcript.",
            rich_help_panel="Privacy",
        ),
    ] = None
    verify_model: Annotated[
        str,
        typer.Option(
            metavar="NAME|PATH|auto",
            help="Checkpoint for --verify. auto: a smaller one that is here, or else the first one with another "
            "search; with --transcript, that of --model.",
            rich_help_panel="Privacy",
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumingGroup:
    """What a run does with the results of earlier runs."""

    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--redo",
            help="Continue where an earlier run with the same settings stopped, or do everything again.",
            rich_help_panel="Resuming",
        ),
    ] = True
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="Try again what earlier runs quarantined or gave up.",
            rich_help_panel="Resuming",
        ),
    ] = False
    tries: Annotated[
        int,
        typer.Option(
            min=1,
            help="Attempts on a recording that fails for a passing reason, or ends the program, before it is given up.",
            rich_help_panel="Resuming",
        ),
    ] = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterGroup:
    """Where the run happens, and how much of it at once."""

    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|local",
            help="Work on the machines of a Ray cluster that share this file system; local: start one here.",
            rich_help_panel="Cluster",
        ),
    ] = None
    open_cluster: Annotated[
        bool,
        typer.Option(
            "--open-cluster", help="Join a Ray cluster that has no authentication.", rich_help_panel="Cluster"
        ),
    ] = False
    in_flight: Annotated[
        int,
        typer.Option(
            min=0,
            max=1024,
            help="Recordings in progress at once; 0: enough to fill the batches.",
            rich_help_panel="Performance",
        ),
    ] = 0


def register(app: typer.Typer) -> None:
    app.command()(flat(redact))


def redact(
    paths: Paths,
    *,
    output: OutputGroup,
    transcript: TranscriptOption = None,
    decoding: DecodingGroup,
    recognition: RecognitionGroup,
    privacy: PrivacyGroup,
    context: ContextGroup,
    verification: VerificationGroup,
    resuming: ResumingGroup,
    keeping: KeepingGroup,
    cluster: ClusterGroup,
) -> None:
    """Redact recordings: write bleeped audio, a transcript, subtitles and a JSON document for each, below --out.

    The same command again continues where it was stopped, and redoes only what changed.

    Exit codes: 0 all redacted, 3 some quarantined (a person must listen),
    65 some could not be read, 70 some failed, 74 disk full,
    75 another run uses --out, 130 stopped.
    """
    from redactor.audio import looks_like_audio
    from redactor.render import Replacer

    out = output.out
    job = job_of(paths, output, transcript, decoding, recognition, privacy, context, verification, cluster)
    if keeping.keep_transcripts is not None and (transcript is not None or cluster.cluster is not None):
        raise ConfigurationError(
            "--keep-transcripts is for recordings that are recognised on this machine.",
            hint="Omit it, or --transcript and --cluster.",
        )
    Replacer(job.operator, key=job.hash_key)  # a bad key or codec is reported before anything is searched or started
    builders.build_decoder(job.raw)
    inputs = Inputs(paths, is_audio=looks_like_audio, outside=out)
    items = iter(inputs)
    first = next(items)  # raises where there is nothing, before anything is made or loaded
    reader = builders.transcripts_for(transcript, inputs) if transcript else None
    if job.context is not None:
        job.context.settle(inputs)
    _make_folder(out)
    _protect(out, paths)
    kept = keeping.open()
    stop = Stop()
    with ExitStack() as stack:
        journal = stack.enter_context(
            closing(
                ArchiveJournal(
                    out,
                    naming=output.names,
                    resume=resuming.resume,
                    retry_failed=resuming.retry_failed,
                    tries=resuming.tries,
                    stopping=stop,
                )
            )
        )
        from redactor.cli.run_options import RunOptions  # it needs the groups of options above

        journal.remember(
            RunOptions(
                output=output,
                transcript=transcript,
                decoding=decoding,
                recognition=recognition,
                privacy=privacy,
                context=context,
                verification=verification,
            ).packed()
        )
        if journal.rebuilt:
            notice("The ledger was damaged: it is set aside, and a new one is filled from the documents.")
        if job.context is not None:
            job = replace(job, context=job.context.keyed(journal.key))
        run: Callable[..., Iterator[Outcome]]
        layers: Callable[[], tuple[str, ...]]
        if cluster.cluster is None:
            decoder = stack.enter_context(sandboxed(job.sandbox, warn=notice))
            made = assemble(job, reader=reader, decoder=decoder, kept=kept)
            run, layers = partial(made.pipeline.run, threads=made.in_flight), lambda: layers_of(decoder)
        else:
            from redactor.cluster import joined

            pool = stack.enter_context(
                joined(cluster.cluster, job, out, open_cluster=cluster.open_cluster, tries=resuming.tries)
            )
            run, layers = partial(pool.run, reader=reader), lambda: pool.layers
        if journal.unclean:
            remove_leftovers(out)
        taken = InputsUntilStop(chain([first], items), stop)
        began = time.perf_counter()
        totals = Totals()
        with stop.on_signals(), closing(OutcomeLog(out)) as log, meter() as bar, counting(inputs, bar):
            for outcome in run(taken, out, journal=journal, ordered=output.order == "input", stopping=stop):
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
    if output.as_json:
        print(json.dumps(summary))
    else:
        with suppress(OSError):
            console().print(summary_table(totals, wall, inputs.passed_over, sandbox=layers()))
        _say_where_to_listen(totals)
    if withheld := totals.statuses[Status.QUARANTINED]:
        them = "1 recording was" if withheld == 1 else f"{withheld} recordings were"
        notice(
            f"{them} withheld, so a person must listen. The same paths and folder open them: "
            "redactor review ARCHIVE --out OUT"
        )
    if interrupted:
        why = f" ({stop.why})" if stop.why else ""
        notice(f"Stopped early{why}: run the same command again, with --resume (the default), to continue.")
    raise typer.Exit(code)


def job_of(
    paths: Sequence[Path],
    output: OutputGroup,
    transcript: Path | None,
    decoding: DecodingGroup,
    recognition: RecognitionGroup,
    privacy: PrivacyGroup,
    context: ContextGroup,
    verification: VerificationGroup,
    cluster: ClusterGroup,
) -> JobConfiguration:
    """The run's configuration.

    Raises:
        ConfigurationError: options contradict each other, or name a policy, a context or a key that cannot be read.
    """
    from redactor.audio import looks_like_audio

    if output.hash_key_file is not None and output.operator != "hash":
        raise ConfigurationError("--hash-key-file is for --operator hash.", hint="Add --operator hash, or omit it.")
    verify = verification.verify
    if verify is None:  # nothing proves the times and words of a transcript made elsewhere until the result is heard
        verify = transcript is not None
    if verification.verify_model != "auto" and not verify:
        raise ConfigurationError("--verify-model is for --verify.", hint="Add --verify, or omit it.")

    if privacy.second_ear and transcript is not None:
        raise ConfigurationError("--second-ear is for recordings that are recognised here.", hint="Omit it.")

    def many() -> bool:
        first = islice(Inputs(paths, is_audio=looks_like_audio, outside=output.out), PROBED)
        return sum(1 for _ in first) == PROBED

    return JobConfiguration(
        policy=privacy.build_policy(),
        operator=output.operator,
        style=output.bleep,
        names=output.names,
        raw=decoding.raw,
        ner=privacy.ner,
        verify=verify,
        verify_model=verification.verify_model,
        only_transcripts=transcript is not None,
        second_ear=privacy.second_ear,
        in_flight=cluster.in_flight,
        sandbox=decoding.sandbox,
        context=context.read(),
        context_hotwords=context.context_hotwords,
        hash_key=builders.read_key(output.hash_key_file),
        recognition=recognition.options(probe=cluster.cluster is None and many())
        if transcript is None or verify
        else None,
    )


def _say_where_to_listen(totals: Totals) -> None:
    """The recordings that leave most doubt, by their numbers."""
    if first := totals.listen_first:
        numbers = ", ".join(f"{row['item']} (doubt {row['doubt']:.0%})" for row in first[:5])
        notice(
            f"Listen first to recordings {numbers}: something may be audible there. `redactor locate --item` finds "
            'a file; "doubt" in its JSON document has the places.'
        )


class InputsUntilStop:
    """The inputs, until a stop is requested."""

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
    """Count the inputs in parallel with the work, for the estimate of the time left."""
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
"""Consecutive recordings that found the disk full, after which the run ends: more would be recognised in vain."""


def _stop_if_hopeless(stop: Stop, outcome: Outcome, trouble: OutputError | None) -> None:
    if trouble is not None:
        stop.because(trouble.message.rstrip("."))
    stop.full = stop.full + 1 if outcome.reason == OutOfSpace.reason else 0
    if stop.full >= FULL:
        stop.because("the disk is full")


def _save_summary(out: Path, summary: dict[str, object]) -> int:
    """0, or the exit code if the summary could not be written."""
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
        raise OutputError("--out is a file, not a folder.") from None
    except OSError:
        raise OutputError("The --out folder cannot be created.") from None
    if not os.access(out, os.W_OK | os.X_OK):  # reported now, not after hours of recognition
        raise OutputError("The --out folder is not writable.")


def _protect(out: Path, paths: Sequence[Path]) -> None:
    """Refuse to overwrite an input, or a summary.json of another program, by an output.

    Only a file that is given by itself can have an output's name: inside folders such files are skipped.
    """
    folder = os.path.realpath(out)
    for number, path in enumerate(paths, 1):
        if ".redacted." in path.name and folder == os.path.commonpath([folder, os.path.realpath(path.parent)]):
            raise ConfigurationError(
                f"Path {number} of {len(paths)} is in the --out folder, with a name that an output could have.",
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
        raise OutputError(
            "The --out folder contains a summary.json from another program.", hint="Choose another --out folder."
        )
