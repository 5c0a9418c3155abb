"""`redactor review`: an archive run on this machine, or sent messages imported for the service's review pages."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import Any

import typer
from typer.core import TyperGroup

from redactor import builders
from redactor.cli.options import ConfigOption, Paths, RecipientsOption, TranscriptOption
from redactor.cli.review_archive import open_archive
from redactor.console import notice
from redactor.log_and_vault import DEFAULT, actor


class ReviewCommands(TyperGroup):
    """`redactor review PATH…` is `redactor review open PATH…`, unless the first word is a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["open", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    review = typer.Typer(
        cls=ReviewCommands,
        no_args_is_help=True,
        help="Review by people: the recordings of an archive run (`redactor review PATH… --out DIR`), or sent messages "
        "that `redactor serve` shows.",
    )
    review.command("open")(open_archive)
    review.command()(add)
    app.add_typer(review, name="review")


def add(
    paths: Paths,
    *,
    config: ConfigOption = DEFAULT,
    recipients: RecipientsOption = None,
    transcript: TranscriptOption = None,
) -> None:
    """Recognise, audit and redact sent messages, seal the originals, and queue the messages for review.

    Messages that were added before, from the same path, are skipped. Speech that no word stands for is bleeped,
    since a person will listen.
    """
    from redactor.audio import Limits, looks_like_audio, read_source
    from redactor.compliance.recipients import Sendings, read_sendings
    from redactor.config import load_settings
    from redactor.errors import as_redactor_error
    from redactor.factory import assemble, sandboxed
    from redactor.job_config import job_configuration_of, sent_policy_of
    from redactor.review.bootstrap import open_version_service
    from redactor.review.importer import Importer
    from redactor.service.app import open_queue
    from redactor.service.jobs.worker_locks import WorkerLocks
    from redactor.storage import Inputs

    settings = load_settings(config)
    sendings = read_sendings(recipients) if recipients is not None else Sendings({})
    inputs = Inputs(paths, is_audio=looks_like_audio)
    sendings.settle(inputs)
    reader = builders.transcripts_for(transcript, inputs) if transcript else None
    job = job_configuration_of(settings)
    job = replace(
        job,
        policy=sent_policy_of(settings).with_changes(unheard_speech="bleep"),
        recognition=None if reader else job.recognition,
    )
    counts: Counter[str] = Counter()
    codes: set[int] = set()
    with (
        closing(WorkerLocks(settings.state)) as locks,
        closing(open_queue(settings, locks)) as queue,
        sandboxed(job.sandbox, warn=notice) as decoder,
    ):
        pipelines: list[Any] = []
        versions, trail, _ = open_version_service(
            settings, queue.engine, queue.sealer, pipeline=lambda: pipelines[0] if pipelines else None
        )
        pipelines.append(assemble(job, reader=reader, decoder=decoder).pipeline)
        importer = Importer(versions, trail, queue.sealer)
        limits = Limits()
        for item in inputs:
            try:
                source = read_source(item.path, limits=limits)
                place = os.path.realpath(item.path)
                if importer.knows(source.id, place=place):
                    counts["known"] += 1
                    continue
                sending = sendings.of(item, source.id)
                if sending.direction == "in":
                    counts["not sent by us"] += 1
                    continue
                audited = importer.add(
                    source, pipelines[0].transcriber_for(item), sending, place=place, by=actor(), name=item.path.name
                )
                counts[audited.verdict.value] += 1
            except Exception as error:  # noqa: BLE001
                # One recording's failure does not end the run; messages of other libraries may quote speech.
                problem = as_redactor_error(error, "add a message")
                counts["failed"] += 1
                notice(f"Recording {item.number}: {problem.message} {problem.hint}")
                codes.add(problem.exit_code)
    print(json.dumps(dict(sorted(counts.items()))))
    if codes:
        raise typer.Exit(max(codes))
