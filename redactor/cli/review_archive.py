"""`redactor review PATH… --out OUT`: listen to the recordings of a run, correct them, release withheld ones."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redactor import builders
from redactor.cli.options import Paths
from redactor.cli.serve import needs_service_extra
from redactor.console import notice
from redactor.errors import ConfigurationError, NoInput, OutputError

if TYPE_CHECKING:
    from redactor.factory import JobConfiguration
    from redactor.review.archive.listing import ArchiveListing
    from redactor.storage import Inputs


def open_archive(
    paths: Paths,
    *,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", readable=False, help="The --out folder of the run."),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0: a free one.")] = 0,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Key that seals the words of opened recordings; made if there is none. By default it lies in your "
            "own state folder, not in --out.",
        ),
    ] = None,
    delete_refused: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS",
            min=0.0,
            max=36500.0,
            help="Retention policy: delete recordings from the archive so many days after you decided that they cannot "
            "be released (0: at once). Each is noted in the audit log first. Without it, nothing is deleted.",
        ),
    ] = None,
) -> None:
    """Review the recordings of a `redactor redact` run in a browser on this machine, withheld ones first.

    Prints a link that works once. Recordings that you release, and redactions that you correct, are checked and
    written where the run would have put them; the same `redactor redact` then skips them. Ctrl-C ends it; your work is
    kept in --out. The word `open` can be left out.
    """
    needs_service_extra()
    from redactor.audio import looks_like_audio
    from redactor.cli.redact import ClusterGroup, job_of
    from redactor.cli.run_options import RunOptions
    from redactor.factory import assemble, sandboxed
    from redactor.review.archive.bootstrap import open_archive_review
    from redactor.review.archive.run import ArchiveRun, key_path
    from redactor.storage import Inputs

    paths, out = [Path(os.path.abspath(p)) for p in paths], Path(os.path.abspath(out))  # noqa: PTH100
    key = Path(os.path.abspath(key)) if key else key_path(out)  # noqa: PTH100
    run = ArchiveRun(out, "")
    options, folder = RunOptions.of(stored_options(run))
    with _working_folder(folder):
        job = job_of(
            paths,
            replace(options.output, out=out),
            options.transcript,
            options.decoding,
            options.recognition,
            options.privacy,
            options.context,
            options.verification,
            ClusterGroup(),
        )
        if job.recognition is not None:
            job = replace(job, recognition=replace(job.recognition, probe=False))
        inputs = Inputs(paths, is_audio=looks_like_audio, outside=out)
        reader = builders.transcripts_for(options.transcript, inputs) if options.transcript else None
        job = _with_context(job, inputs, run)
        run = replace(run, naming=options.output.names)
        if job.context is not None:
            run = replace(run, context_for=job.context.of)
        _log_to_stderr()
        stop = threading.Event()
        with ExitStack() as stack:
            stack.enter_context(_signals(stop))
            decoder = stack.enter_context(sandboxed(job.sandbox, warn=notice))
            sock = stack.enter_context(closing(_listen(port)))
            review = stack.enter_context(
                open_archive_review(
                    run,
                    without_empty(inputs),
                    key=key,
                    port=sock.getsockname()[1],
                    load=lambda: assemble(job, reader=reader, decoder=decoder).pipeline,
                    stopped=stop.set,
                    delete_after=delete_refused,
                    say=notice,
                )
            )
            _say(review.listing)
            print(f"Open this link (it works once): {review.guard.link}", flush=True)
            notice("Ctrl-C ends the review; what you have done is kept.")
            _serve(review.app, sock, stop)
            trouble = review.preparation.trouble
    if trouble is not None:
        raise trouble


def stored_options(run: Any) -> bytes | None:
    """The options of the run.

    Raises:
        NoInput: there was no run.
    """
    from redactor.storage.ledger import NAME

    if not (run.out / NAME).is_file():
        raise NoInput(
            "The --out folder holds no run of `redactor redact`.",
            hint="Give the paths and the --out folder of a run; `redactor redact` makes one.",
        )
    with run.journal() as journal:
        stored: bytes | None = journal.options()
    return stored


def _with_context(job: JobConfiguration, inputs: Inputs, run: Any) -> JobConfiguration:
    if job.context is None:
        return job
    job.context.settle(inputs)
    with run.journal() as journal:
        return replace(job, context=job.context.keyed(journal.key))


def without_empty(inputs: Inputs) -> Iterator[Any]:
    """The inputs; an archive that is empty by now has none, and what was done is still there."""
    try:
        yield from inputs
    except NoInput:
        return


@contextmanager
def _working_folder(folder: Path) -> Iterator[None]:
    """Relative paths of the run's options mean what they meant then."""
    before = Path.cwd()
    if folder != before and folder.is_dir():
        os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        raise OutputError("The port cannot be used.", hint="Another program listens there; omit --port.") from None


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    def handler(_number: int, _frame: Any) -> None:
        if stop.is_set():
            os._exit(130)  # what was acknowledged is on the disk, and nothing else counts
        stop.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _serve(app: Any, sock: socket.socket, stop: threading.Event) -> None:
    """Answer requests until a signal, or until the model cannot be loaded."""
    from redactor.service.api.listener import server_of

    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="http", daemon=True)
    thread.start()
    while not stop.wait(0.5) and thread.is_alive():
        pass
    server.should_exit = True
    thread.join(timeout=15)


def _say(listing: ArchiveListing) -> None:
    counts, done = listing.counts, listing.done
    shown = [("withheld", "withheld"), ("redacted", "redacted"), ("released", "released")]
    shown += [
        ("refused", "cannot be released"),
        ("deleted", "deleted"),
        ("failed", "failed"),
        ("not run", "without an outcome yet"),
    ]
    parts = [f"{counts[name]} {words}" for name, words in shown if counts.get(name)]
    more = "" if done else " so far; the list grows while you work"
    notice(f"Recordings: {', '.join(parts) or 'none'}{more}.")
    if done and not any(counts.get(name) for name, _ in shown[:5]):
        raise ConfigurationError(
            "The ledger in the --out folder knows none of these recordings.",
            hint="Give the same paths as to `redactor redact`, and the same --out folder.",
        )


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("redactor.review", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING if name == "redactor.review" else logging.CRITICAL)
