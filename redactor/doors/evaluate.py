"""`redactor evaluate`: measured leak, over-bleep and boundary error against labelled recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from redactor.doors import options as o
from redactor.doors.terminal import console, notice
from redactor.errors import RedactorError


def register(app: typer.Typer) -> None:
    app.command()(evaluate)


def evaluate(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="A labels.jsonl, or the folder that holds one.")],
    *,
    policy: o.PolicyOption = "deidentify",
    model: o.ModelOption = "auto",
    revision: o.RevisionOption = None,
    device: o.DeviceOption = "auto",
    compute_type: o.ComputeOption = None,
    threads: o.ThreadsOption = 0,
    beam: o.BeamOption = 5,
    language: o.LanguageOption = None,
    hotwords: o.HotwordsOption = None,
    initial_prompt: o.PromptOption = None,
    padding: o.PaddingOption = None,
    unheard: o.UnheardOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures and one row a recording as JSON.")] = False,
) -> None:
    """Measure, on labelled recordings, how much PHI stays audible, how much else is bleeped, and which step is to blame."""
    from redactor.audio import Limits, decode, read_source
    from redactor.evaluation import Tally, ideal_findings, load_labels, measure
    from redactor.phi import build_detector
    from redactor.pipeline import Pipeline
    from redactor.policy import make_plan
    from redactor.render import Replacer
    from redactor.types import ModelInfo, Speech

    recordings = load_labels(labels)
    chosen = o.policy_from(policy, padding=padding, unheard=unheard)
    engine = o.build_transcriber(
        model, device=device, compute_type=compute_type, threads=threads, beam=beam, language=language, hotwords=hotwords,
        initial_prompt=initial_prompt, revision=revision,
    )  # fmt: skip
    detector = build_detector()
    pipeline = Pipeline(transcriber_for=lambda _item: engine, detector=detector, policy=chosen, replacer=Replacer())
    total = Tally()
    rows: list[dict[str, Any]] = []
    for number, labelled in enumerate(recordings, 1):
        recording = decode(read_source(labelled.path, limits=Limits()))
        texts = tuple(c.transcript for c in labelled.channels)
        found = ideal_findings(labelled.channels, [detector.detect(t.text) for t in texts])
        truth = Speech(texts, tuple(range(recording.channels)), ModelInfo("labels", "labels"))
        ideal = make_plan(recording, truth, found, chosen)
        try:
            plan = pipeline.plan(recording, engine)
        except RedactorError as error:
            notice(f"#{number} {recording.id[:12]} withheld: {error.reason}. {error.message}")
            plan = None
        one = Tally()
        measure(labelled, plan, ideal, one, policy=chosen)
        measure(labelled, plan, ideal, total, policy=chosen)
        rows.append({"item": number, "id": recording.id, **one.figures()})
    figures = {"policy": chosen.stamp, "padding": chosen.padding, "model": engine.info.name, **total.figures()}
    if as_json:
        print(json.dumps({**figures, "recordings_measured": rows}))
    else:
        console(data=True).print(_table(figures))


def _table(figures: dict[str, Any]) -> Table:
    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} %"

    table = Table(
        title=f"Measured with {figures['model']}, policy {figures['policy']}", title_justify="left", show_header=False
    )
    table.add_row("recordings", f"{figures['recordings']} ({figures['withheld']} withheld: nothing came out)")
    table.add_row("labelled PHI", f"{figures['phi_seconds']:.1f} s")
    table.add_row("audible PHI", percent(figures["audible_phi_percent"]))
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
    return table
