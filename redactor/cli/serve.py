"""`redactor serve` and `redactor queue`."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from redactor.cli.options import ConfigOption
from redactor.errors import ConfigurationError, NoInput
from redactor.log_and_vault import DEFAULT
from redactor.niceness import follow_niceness

if TYPE_CHECKING:
    from redactor.config import Settings
    from redactor.factory import JobConfiguration
    from redactor.service.jobs.queue import Queue


def register(app: typer.Typer) -> None:
    app.command()(serve)
    queue = typer.Typer(
        no_args_is_help=True, help="The service's queue: list jobs, retry failed ones, find a job's files."
    )
    queue.command("list")(show)
    queue.command("retry")(retry)
    queue.command("where")(where)
    app.add_typer(queue, name="queue")


def serve(
    *,
    config: ConfigOption = DEFAULT,
    listen: Annotated[
        str | None, typer.Option(metavar="ADDRESS:PORT", help="Overrides http.listen; '' for no HTTP.")
    ] = None,
    sandbox: Annotated[
        Literal["required", "auto", "limits"] | None, typer.Option(help="Overrides service.sandbox.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check settings, folders, spool, models and sandbox, then exit.")
    ] = False,
    print_config: Annotated[
        bool,
        typer.Option(
            "--print-config", help="Print the settings in effect and where each comes from, without secrets; then exit."
        ),
    ] = False,
) -> None:
    """Run the service, which redacts recordings from telephone systems, webhooks and watched folders.

    SIGTERM stops it after the recordings in progress are finished.
    """
    needs_service_extra()
    from redactor.config import load_settings

    os.umask(0o027)
    settings = load_settings(config, listen=listen, sandbox=sandbox)
    if print_config:
        from redactor.service.effective_settings import effective_settings

        given = {("http", "listen"): listen, ("service", "sandbox"): sandbox}
        named = frozenset(setting for setting, value in given.items() if value is not None)
        print(effective_settings(settings, overridden=named), end="")
        return
    if hasattr(os, "nice"):
        # The telephone system comes first: a hook that waits for the recogniser would hold up a call.
        os.nice(settings.service.nice)
        follow_niceness()
    # Large imports only now: they take seconds of a processor.
    from redactor.job_config import job_configuration_of

    job = job_configuration_of(settings)
    if check:
        print("The settings are valid.")
        _check(settings, job)
        return
    from redactor.factory import layers_of, sandboxed
    from redactor.service.app import Service

    _log_to_stderr()
    stop = threading.Event()

    def handler(_number: int, _frame: Any) -> None:
        if stop.is_set():
            os._exit(75)  # at once: nothing is half-written, and leases run out
        stop.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        log = logging.getLogger("redactor.serve")
        with sandboxed(job.sandbox, warn=log.warning) as decoder:
            log.info("sandbox layers for decoding: %s", ", ".join(layers_of(decoder)) or "none")
            service = Service(settings, job, decoder=decoder)
            try:
                service.start()
                while not stop.wait(1.0) and service.trouble != "worker-ended":
                    pass
            finally:
                done = service.stop()
    finally:
        for number, old in before.items():
            signal.signal(number, old)
    raise typer.Exit(0 if stop.is_set() and done else 75 if stop.is_set() else 70)


def _check(settings: Settings, job: JobConfiguration) -> None:
    """Try what the service will need, and say what was found."""
    from redactor.console import notice
    from redactor.service.checks import check_folders, load_models

    check_folders(settings)
    print(f"The folders can be used: {len(settings.roots)} of recordings, spool, state.")
    models = load_models(job, warn=notice)
    print(
        f"The speech checkpoint is {models.checkpoint} ({models.compute_type} on {models.device})."
        if models.checkpoint
        else "Transcripts are used instead of a speech checkpoint."
    )
    print(f"The sandbox has these layers: {', '.join(models.sandbox) or 'none'}.")


def show(
    *,
    config: ConfigOption = DEFAULT,
    state: Annotated[
        Literal["failed", "quarantined", "queued", "claimed", "releasing", "redacted", "superseded"] | None,
        typer.Option(help="Jobs in this state; without it, all that wait for a person: failed and quarantined."),
    ] = None,
) -> None:
    """Print the jobs that wait for a person, with what can be done about each, or those in a state, as JSON Lines."""
    from redactor.service.jobs.queries import FOR_PEOPLE
    from redactor.service.quarantine_notices import actions_for

    with _queue(config) as (queue, settings):
        for wanted in (state,) if state else FOR_PEOPLE:
            after = 0
            while page := queue.list_jobs(wanted, after=after):
                for row in page:
                    print(json.dumps({**row, "act": actions_for(settings, row)} if wanted in FOR_PEOPLE else row))
                after = page[-1]["id"]


def retry(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="JOB…", help="Numbers of jobs; all failed ones if not given.")
    ] = None,
    *,
    config: ConfigOption = DEFAULT,
) -> None:
    """Put failed jobs (dead letters) back into the queue, with all their attempts."""
    with _queue(config) as (queue, _):
        count = queue.retry(numbers or None)
        print(f"{count} {'job' if count == 1 else 'jobs'} will be tried again.")


def where(
    number: Annotated[
        int, typer.Argument(metavar="JOB", help="Number of the job, from a log or `redactor queue list`.")
    ],
    *,
    config: ConfigOption = DEFAULT,
) -> None:
    """Print the paths of a job's recording and result (the service itself never names files)."""
    from redactor.service.ingest.sources import described

    with _queue(config) as (queue, settings):
        kept = queue.unsealed(number)
        if kept is None:
            raise NoInput("There is no job with this number.", hint="See `redactor queue list`.")
        place = described(kept[0])
        if kept[0].get("kind") == "held":
            place = str(settings.state / "held" / place)
        for line in (place, kept[1]):
            # A name may contain commands to the terminal.
            print("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line) if sys.stdout.isatty() else line)


@contextmanager
def _queue(config: Path) -> Iterator[tuple[Queue, Settings]]:
    needs_service_extra()
    from redactor.config import load_settings
    from redactor.service.app import open_queue
    from redactor.service.jobs.worker_locks import WorkerLocks

    settings = load_settings(config)
    with closing(WorkerLocks(settings.state)) as locks, closing(open_queue(settings, locks)) as queue:
        yield queue, settings


def needs_service_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("sqlalchemy", "fastapi", "uvicorn", "prometheus_client") if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            "The service needs packages that are not installed.", hint="pip install 'voicemail-redactor[serve]'"
        )
    if os.name != "posix":
        raise ConfigurationError("The service runs on Linux and other POSIX systems only.")


class _Plain(logging.Formatter):
    """No tracebacks: their last lines quote the data that was processed."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return f"({ei[0].__name__ if ei and ei[0] else 'error'})"

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return ""


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(message)s"))
    for name, level in (("redactor", logging.INFO), ("uvicorn", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
