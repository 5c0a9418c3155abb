"""`redactor evaluate`: leaks, over-bleeping and boundary errors, measured on labelled recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from redactor import builders
from redactor.cli.options import ContextGroup, PrivacyGroup, RecognitionGroup, flat
from redactor.cli.sample import print_misses
from redactor.console import console, notice
from redactor.errors import ConfigurationError, InputError, NoInput, Quarantine, RedactorError
from redactor.storage import Item
from redactor.types import Plan, Recording

if TYPE_CHECKING:
    from redactor.evaluation import HardVerdict
    from redactor.labels import LabelledRecording

SLACK = 0.5
"""Seconds by which a labelled word may end after the recording: lossy codecs trim."""
LABEL_EACH = "Label each channel of the recording, with times on its clock."


def register(app: typer.Typer) -> None:
    app.command()(flat(evaluate))


def evaluate(
    labels: Annotated[
        Path | None,
        typer.Argument(metavar="LABELS", readable=False, help="A labels.jsonl, or a folder that contains one."),
    ] = None,
    *,
    recognition: RecognitionGroup,
    privacy: PrivacyGroup,
    context: ContextGroup,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures, and a row for each recording, as JSON.")
    ] = False,
    per_recording: Annotated[
        bool,
        typer.Option("--per-recording", help="Also list each recording's figures, by its number and id."),
    ] = False,
    from_review: Annotated[
        Path | None,
        typer.Option(
            "--from-review",
            metavar="DIR",
            readable=False,
            help="Instead of LABELS, what reviewers of a `redactor sample` covered by hand: the run's --out folder.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a page (HTML) with the losses by label and cause, and the worst of them with their sound. "
            "It contains the labelled PHI.",
        ),
    ] = None,
) -> None:
    """Measure on labelled recordings how much PHI stays audible, which step missed it, and how much else is bleeped.

    Hard recordings (their labels list the acceptable outcomes) are reported by outcome and excluded from the
    percentages.

    With --from-review: the share of a sample's recordings in which the run missed something, with an exact interval.

    Exit codes: 0, or 65 if a labelled recording could not be used (it is excluded from the figures).
    """
    from redactor import evaluation_report
    from redactor.audio import Limits, decode, read_source
    from redactor.doubt import accept
    from redactor.evaluation import EvaluationTotals, ideal_findings, judge, measure
    from redactor.labels import load_labels
    from redactor.pipeline import Pipeline
    from redactor.policy import make_plan
    from redactor.render import Replacer
    from redactor.storage import save_set
    from redactor.types import ModelInfo, Speech

    if from_review is not None:
        if labels is not None:
            raise ConfigurationError("LABELS and --from-review are two questions.", hint="Give one of them.")
        print_misses(from_review, as_json=as_json)
        return
    if labels is None:
        raise ConfigurationError("No labels are given.", hint="Name a labels.jsonl, or use --from-review.")
    if report:
        evaluation_report.needs()
    recordings = load_labels(labels)
    chosen = privacy.build_policy()
    contexts = context.read()
    if contexts is not None:
        contexts.settle(_item(labels, number, labelled) for number, labelled in enumerate(recordings, 1))
        contexts.prepare()
    engine = builders.build_transcriber(recognition.options())
    second_ear = (
        builders.build_second_ear(privacy.second_ear, recognition.options()) if privacy.second_ear is not None else None
    )
    detector = builders.build_detector(privacy.ner)
    pipeline = Pipeline(
        transcriber_for=lambda _item: engine,
        detector=detector,
        policy=chosen,
        replacer=Replacer(),
        second_ear=second_ear,
        context_hotwords=context.context_hotwords,
    )

    def ideal_plan(labelled: LabelledRecording, recording: Recording) -> Plan:
        texts = tuple(c.transcript for c in labelled.channels)
        if sorted(t.channel for t in texts) != list(range(recording.channels)):
            raise InputError(
                f"The recording has {recording.channels} channels, its labels have others.", hint=LABEL_EACH
            )
        if any(c.end > recording.duration + SLACK for c in labelled.channels):
            raise InputError("Labelled words or spans end after the recording does.", hint=LABEL_EACH)
        found = ideal_findings(labelled.channels, [detector.detect(t.text) for t in texts])
        truth = Speech(texts, tuple(range(recording.channels)), ModelInfo("labels", "labels"))
        return make_plan(recording, truth, found, chosen)

    def planned(number: int, recording: Recording) -> tuple[Plan | None, str]:
        try:
            known = contexts.of(_item(labels, number, recordings[number - 1]), recording.id) if contexts else None
            plan = pipeline.plan(recording, engine, context=known)
            accept(plan, chosen.max_doubt)  # as a run does
        except RedactorError as error:
            kind = "withheld" if isinstance(error, Quarantine) else "failed"
            notice(f"#{number} {recording.id[:12]} {kind}: {error.reason}. {error.message}")
            return None, kind
        return plan, "redacted"

    def hard(number: int, labelled: LabelledRecording) -> HardVerdict:
        try:
            recording = decode(read_source(labelled.path, limits=Limits()))
        except NoInput:
            raise
        except RedactorError as error:
            notice(f"#{number} failed: {error.reason}. {error.message}")
            return judge(labelled, "failed", None, policy=chosen)
        plan, outcome = planned(number, recording)
        return judge(labelled, outcome, plan, policy=chosen)

    total = EvaluationTotals()
    worst = evaluation_report.WorstLosses()
    verdicts: dict[int, HardVerdict] = {}
    rows: list[dict[str, Any]] = []
    unusable = 0
    for number, labelled in enumerate(recordings, 1):
        try:
            if not labelled.ordinary:
                verdicts[number] = hard(number, labelled)
                rows.append({"item": number, "expected": labelled.outcomes, **asdict(verdicts[number])})
                continue
            recording = decode(read_source(labelled.path, limits=Limits()))
            ideal = ideal_plan(labelled, recording)
        except RedactorError as error:
            unusable += 1
            notice(f"#{number} (line order of the labels) skipped: {error.reason}. {error.message}")
            rows.append({"item": number, "left_out": error.reason})
            continue
        plan, outcome = planned(number, recording)
        one = EvaluationTotals()
        measure(labelled, plan, ideal, one, policy=chosen)
        measure(labelled, plan, ideal, total, policy=chosen)
        if report:
            worst.add(number, recording, one.losses)
        rows.append({"item": number, "id": recording.id, "outcome": outcome, **one.figures()})
    figures = {
        "policy": chosen.stamp,
        "padding": chosen.padding,
        "model": engine.info.name,
        "second_ear": second_ear.info.name if second_ear else None,
        "left_out": unusable,
        "hard": {
            "recordings": len(verdicts),
            "met": sum(v.met for v in verdicts.values()),
            "not_met": [number for number, v in verdicts.items() if not v.met],
        },
        **total.figures(),
    }
    if report:
        save_set({report: evaluation_report.render(figures, worst).encode()})
    if as_json:
        print(json.dumps({**figures, "recordings_measured": rows}))
    else:
        console(data=True).print(_table(figures, verdicts))
        if per_recording:
            console(data=True).print(_rows(rows))
    if unusable:
        raise typer.Exit(InputError.exit_code)


def _item(labels: Path, number: int, labelled: LabelledRecording) -> Item:
    """A labelled recording as an input, named by its path below the folder of the labels."""
    folder, path = labels if labels.is_dir() else labels.parent, labelled.path
    below = path.relative_to(folder) if path.is_relative_to(folder) else PurePath(path.name)
    return Item(number, path, below, below)


def _table(figures: dict[str, Any], verdicts: Mapping[int, HardVerdict]) -> Table:
    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} %"

    table = Table(
        title=f"Measured with {figures['model']}, policy {figures['policy']}", title_justify="left", show_header=False
    )
    left_out = f", {figures['left_out']} more could not be used" if figures["left_out"] else ""
    table.add_row("recordings", f"{figures['recordings']} ({figures['withheld']} withheld: no output){left_out}")
    table.add_row("labelled PHI in the outputs", f"{figures['phi_seconds']:.1f} s in {figures['phi_spans']} spans")
    table.add_row("audible PHI", percent(figures["audible_phi_percent"]))
    table.add_row("  spans with an audible word", str(figures["leaked_spans"]))
    for cause, value in figures["lost_by_percent"].items():
        table.add_row(f"  lost by {cause}", percent(value))
    table.add_row("over-bleep (other words' time)", percent(figures["over_bleep_percent"]))
    edge = figures["boundary_error_ms"]
    table.add_row(
        "boundary error",
        "-" if not edge["n"] else f"median {edge['median']:.0f} ms, p95 {edge['p95']:.0f} ms (n = {edge['n']})",
    )
    table.add_row("word error rate", percent(figures["wer_percent"]))
    for label, row in figures["labels"].items():
        table.add_row(f"  audible {label}", f"{percent(row['audible_percent'])} of {row['seconds']:.1f} s")
    if intervals := figures.get("intervals"):
        table.add_row("labelled with times alone", f"{intervals['seconds']:.1f} s in {intervals['spans']} spans")
        share = percent(intervals["audible_percent"])
        table.add_row("  audible", f"{intervals['audible_seconds']:.1f} s ({share})")
        table.add_row("  spans that leak", str(intervals["leaked_spans"]))
        share = percent(intervals["bleeped_outside_percent"])
        table.add_row("  bleeped outside them", f"{intervals['bleeped_outside_seconds']:.1f} s ({share} of that time)")
        for label, row in intervals["labels"].items():
            table.add_row(f"  audible {label}", f"{percent(row['audible_percent'])} of {row['seconds']:.1f} s")
    if verdicts:
        hard = figures["hard"]
        table.add_row("hard recordings", f"{hard['met']} of {hard['recordings']} ended as required")
    for number, verdict in verdicts.items():
        heard = f", {verdict.audible_spans} of {verdict.spans} PHI spans audible" if verdict.audible_spans else ""
        table.add_row(f"  #{number}", f"{verdict.outcome}{heard}{'' if verdict.met else ': not as required'}")
    return table


def _rows(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each recording's figures: numbers and ids, never names."""
    table = Table(
        "#", "id", "outcome", "PHI", "audible", "leaked", "over-bleep", "WER", title="Recordings", title_justify="left"
    )
    for row in rows:
        identity, outcome = str(row.get("id", ""))[:12], row.get("outcome") or f"left out: {row['left_out']}"
        if "phi_seconds" not in row:  # a hard recording, or one that could not be used
            spans = f"{row['audible_spans']} of {row['spans']}" if "spans" in row else "-"
            table.add_row(str(row["item"]), identity or "-", outcome, "-", "-", spans, "-", "-")
            continue
        marked = row.get("intervals") or {}
        seconds = row["phi_seconds"] + marked.get("seconds", 0.0)
        audible = (row["audible_phi_percent"] or 0.0) / 100 * row["phi_seconds"] + marked.get("audible_seconds", 0.0)
        spans = row["phi_spans"] + marked.get("spans", 0)
        leaked = row["leaked_spans"] + marked.get("leaked_spans", 0)
        outside = marked["bleeped_outside_percent"] if marked else row["over_bleep_percent"]
        table.add_row(
            str(row["item"]),
            identity,
            outcome,
            f"{seconds:.1f} s",
            f"{audible:.1f} s",
            f"{leaked} of {spans}",
            "-" if outside is None else f"{outside:.1f} %",
            "-" if row["wer_percent"] is None else f"{row['wer_percent']:.1f} %",
        )
    return table
