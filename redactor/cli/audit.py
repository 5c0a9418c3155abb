"""`redactor audit`: checks sent voicemails by the compliance rules."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from redactor import builders
from redactor.cli.options import (
    DecodingGroup,
    NerOption,
    Paths,
    RecipientsOption,
    RecognitionGroup,
    RulesOption,
    TranscriptOption,
    flat,
)
from redactor.cli.progress import Stop
from redactor.console import console, notice
from redactor.errors import OutputError
from redactor.factory import JobConfiguration, assemble, sandboxed
from redactor.storage import Inputs, Item, save_set

if TYPE_CHECKING:
    from redactor.compliance.recipients import Sending
    from redactor.compliance.results import ResultRow

ANNOUNCE = 60
"""Recordings between lines of progress."""


def register(app: typer.Typer) -> None:
    app.command()(flat(audit))


def audit(
    paths: Paths,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", readable=False, help="Folder for the results.")],
    consents: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL", help="Consent register: CSV, SQLite file, or a file .url with a database's address."
        ),
    ] = None,
    rules: RulesOption = None,
    recipients: RecipientsOption = None,
    recipient: Annotated[
        str | None, typer.Option(metavar="ID", help="Recipient of all recordings that --recipients does not list.")
    ] = None,
    reviewed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="CSV of people's own verdicts (id, rules), to measure what the audit missed.",
        ),
    ] = None,
    show_words: Annotated[
        bool,
        typer.Option(
            "--show-words",
            help="Include the words of the messages in the results, which makes them PROTECTED HEALTH INFORMATION.",
        ),
    ] = False,
    hash_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Secret that hashes callers' names; use the same in every audit to compare them.",
        ),
    ] = None,
    transcript: TranscriptOption = None,
    decoding: DecodingGroup,
    recognition: RecognitionGroup,
    ner: NerOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON on standard output.")] = False,
) -> None:
    """Audit voicemails that your staff sent: which of the rules V01 … V20 each breaks, or may break.

    Writes audit.json, audit.csv and report.html below --out. By default they contain no word of a message.

    Exit codes: 0 no findings, 1 findings, 3 no findings, but some rules undetermined
    (a person must look), 65 some could not be read, 70 some failed.
    """
    from redactor.audio import Limits, looks_like_audio, read_source
    from redactor.compliance import load_rules, read_register, report, results
    from redactor.compliance.recipients import Sendings, read_sendings
    from redactor.compliance.reviewed import missed, read_labels
    from redactor.compliance.transcriber import Listener
    from redactor.concurrency import bounded_map, in_order
    from redactor.policy import load_policy

    report.needs()
    rule_set = load_rules(rules)
    consent_register = read_register(consents) if consents is not None else None
    sendings = read_sendings(recipients) if recipients is not None else Sendings({})
    labels = read_labels(reviewed) if reviewed is not None else None
    key = builders.read_key(hash_key_file) or secrets.token_bytes(32)
    builders.build_decoder(decoding.raw)
    inputs = Inputs(paths, is_audio=looks_like_audio, outside=out)
    sendings.settle(inputs)
    items = iter(inputs)
    first = next(items)
    reader = builders.transcripts_for(transcript, inputs, any_language=True) if transcript else None
    _prepare(out)
    if show_words:
        notice("--show-words: the results contain words of the messages and are PROTECTED HEALTH INFORMATION.")
    job = JobConfiguration(
        policy=load_policy("deidentify"),
        operator="label",
        style="tone",
        names="id",
        raw=decoding.raw,
        ner=ner,
        verify=False,
        sandbox=decoding.sandbox,
        recognition=None if transcript else recognition.options(),
    )
    stop = Stop()
    rows: list[ResultRow] = []
    with ExitStack() as stack:
        made = assemble(job, reader=reader, decoder=stack.enter_context(sandboxed(decoding.sandbox, warn=notice)))
        listener = Listener(made, read=lambda item: read_source(item.path, within=item.within, limits=Limits()))

        def known(item: Item, identity: str) -> Sending:
            sending = sendings.of(item, identity)
            return sending if sending.recipient or recipient is None else replace(sending, recipient=recipient)

        judge = _judge(listener, rule_set, consent_register, known, key)
        stack.enter_context(listener.gathered())
        stack.enter_context(stop.on_signals())
        ordered = in_order(
            bounded_map(judge, chain([first], items), threads=made.in_flight, stopping=stop), place=lambda r: r.item
        )
        for taken, row in enumerate(ordered, 1):
            rows.append(row)
            if row.exit_code:
                notice(f"#{row.item} {row.id[:12] or '(unread)'} not audited: {row.reason}. {row.message} {row.hint}")
            if taken % ANNOUNCE == 0:
                notice(f"{taken:,} audited")
    interrupted = stop()
    code = 130 if interrupted else results.exit_code(rows)
    synthetic = any(row.synthetic_only for row in rows)
    name = made.engine.info.name if made.engine else "imported transcripts"
    made_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    facts = {
        "made": made_at,
        "model": name,
        "name_model": Path(ner).name,
        "synthetic_only": synthetic,
        "interrupted": interrupted,
    }
    measured = missed(rows, labels) if labels is not None else None
    doc = results.document(rows, rule_set, words=show_words, exit_code=code, **facts)
    if measured:
        doc["missed"] = {
            name: {"count": r.count, "total": r.total, "at_most_95": round(r.bound, 4)}
            for name, r in (
                ("breaches", measured.breaches),
                ("silent_messages", measured.silent),
                ("false_alarms", measured.false_alarms),
            )
        }
    page = report.render(
        rows,
        rule_set,
        words=show_words,
        made=made_at,
        model=name,
        synthetic_only=synthetic,
        interrupted=interrupted,
        missed=measured,
        name_model=Path(ner).name,
    )
    save_set(
        {
            out / "audit.csv": results.table(rows, rule_set, words=show_words).encode("utf-8-sig"),
            out / "report.html": page.encode(),
            out / "audit.json": (json.dumps(doc, indent=1, ensure_ascii=False) + "\n").encode(),
        }
    )
    if as_json:
        print(json.dumps({"schema": results.SCHEMA, "exit_code": code, **doc["counts"]}))
    else:
        console().print(_counts_table(doc["counts"]))
    if interrupted:
        notice("Stopped early: the results are incomplete and say so. The same command starts again.")
    raise typer.Exit(code)


def _judge(
    listener: Any, rule_set: Any, consent_register: Any, known: Callable[[Item, str], Sending], key: bytes
) -> Callable[[Item], ResultRow]:
    """A function from a recording to its row. It never raises: a failure is a row, and the audit continues."""
    from redactor.compliance import Circumstances
    from redactor.compliance import audit as audited_by
    from redactor.compliance.results import ResultRow, caller_of
    from redactor.errors import as_redactor_error

    def judge(item: Item) -> ResultRow:
        identity: list[str] = []
        try:
            sending = known(item, "")
            if sending.direction == "in":
                return ResultRow(item.number, passed_over=True)
            message, synthetic = listener.hear(item, identity.append)
            sending = known(item, message.id)
            if sending.direction == "in":
                return ResultRow(item.number, message.id, passed_over=True)
            circumstances = Circumstances(
                consents=consent_register.of(sending.recipient) if consent_register is not None else None,
                sent=sending.sent,
                today=datetime.now().astimezone().date(),
                prerecorded=sending.prerecorded,
            )
            audited = audited_by(message, circumstances, rule_set)
        except Exception as caught:  # noqa: BLE001 - the one boundary: a failure is a value
            error = as_redactor_error(caught, "audit")
            return ResultRow(
                item.number,
                "".join(identity),
                reason=error.reason,
                message=error.message,
                hint=error.hint,
                exit_code=error.exit_code,
            )
        caller = sending.caller or caller_of(audited, key)
        return ResultRow(item.number, message.id, audited, caller, sending.sent, synthetic_only=synthetic)

    return judge


def _prepare(out: Path) -> None:
    """Create the folder; refuse to overwrite files of other programs."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError("--out is a file, not a folder.") from None
    except OSError:
        raise OutputError("The --out folder cannot be created.") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise OutputError("The --out folder is not writable.")
    marks = {"audit.json": b'"schema": "redactor-audit/', "report.html": b"<title>Audit of sent voicemails"}
    for name, mark in marks.items():
        try:
            with (out / name).open("rb") as file:
                ours = mark in file.read(2000)
        except FileNotFoundError:
            continue
        except OSError:
            ours = False
        if not ours:
            raise OutputError(
                f"The --out folder contains {name} from another program.", hint="Choose another --out folder."
            )


def _counts_table(counts: dict[str, Any]) -> Table:
    table = Table(show_header=False, title="Audit", title_justify="left")
    for name in ("audited", "findings", "undetermined", "nothing_found", "not_audited", "left_by_others"):
        if counts[name] or name == "audited":
            table.add_row(name.replace("_", " "), str(counts[name]))
    for rule in sorted({*counts["findings_by_rule"], *counts["undetermined_by_rule"]}):
        found, unsure = counts["findings_by_rule"].get(rule, 0), counts["undetermined_by_rule"].get(rule, 0)
        table.add_row(f"  {rule}", f"{found} found, {unsure} undetermined")
    return table
