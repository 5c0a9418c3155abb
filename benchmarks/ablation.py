"""What each part of the detection brings and costs: PHI that stays audible, over-bleep and time, with parts left out.

    python benchmarks/ablation.py ARCHIVE [--model base] [--second-ear tiny.en] [--files 200] [--json FILE]

ARCHIVE is a folder of benchmarks/voicemails.py. Its messages are recognised as in an archive run; all variants see the
same transcripts, except "word times as aligned" (recognised again without the network for word times). Rows:

    all                    as `redactor redact` works by default
    without …              one part is left out, the others stay
    with a second ear      `--second-ear`

The columns are those of `redactor evaluate`, and two more: messages that really leak, in which more than LEAK_SECONDS
and more than LEAK_SHARE of a labelled span stay audible; spans of which at most COVERED_SHARE stays audible. Seconds
are those of the recognition or detection that the row adds or saves, on this machine beside whatever else it does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from report import folder_of, headline, progress, save, stamp, table

from redactor import builders
from redactor.audio import decode, read_source
from redactor.concurrency import bounded_map
from redactor.errors import Quarantine
from redactor.evaluation import EvaluationTotals, audible_spans, ideal_findings, measure
from redactor.labels import LabelledRecording, load_labels
from redactor.phi import analyzer, build_detector, ner
from redactor.policy import Policy, load_policy, make_plan
from redactor.recognition import listen
from redactor.second_ear import unconfirmed
from redactor.types import Finding, ModelInfo, Plan, Recording, Speech

LEAK_SECONDS, LEAK_SHARE, COVERED_SHARE = 0.25, 0.3, 0.05
CHECKS = frozenset({"doubt", "overlap", "unclear"})
"""Kinds of `Unheard` that come of the checks for speech that was not understood."""


class Heard(NamedTuple):
    """One message as it was recognised."""

    labelled: LabelledRecording
    recording: Recording
    speech: Speech


class Variant(NamedTuple):
    """One row: its transcripts, detector and what is changed while it is planned."""

    name: str
    heard: Sequence[Heard]
    detector: Any
    second: Sequence[Heard] = ()
    context: Callable[[], Any] = nullcontext


def recognised(archive: Path, files: int, model: str, *, exact: bool = True) -> tuple[list[Heard], float]:
    """The messages, and the seconds that it took. `exact`: with the network for word times."""
    transcriber = builders.build_transcriber(builders.RecognitionOptions(model=model))
    if not exact:
        transcriber.engine.engine.boundaries = None
    rows = [row for row in load_labels(archive) if row.ordinary][:files]

    def one(number: int) -> tuple[int, Heard]:
        recording = decode(read_source(rows[number].path))
        speech = listen(recording, transcriber)
        if not exact:
            speech = replace(speech, model=replace(speech.model, exact_times=False))
        return number, Heard(rows[number], recording, speech)

    began = time.perf_counter()
    done = dict(bounded_map(one, range(len(rows)), threads=transcriber.in_flight))
    seconds = time.perf_counter() - began
    progress(f"{len(rows)} messages with {model} in {seconds:.0f} s")
    return [done[number] for number in range(len(rows))], seconds


def without_checks(heard: Sequence[Heard]) -> list[Heard]:
    """As if confidence said nothing about stretches and channels."""
    return [
        one._replace(
            speech=replace(
                one.speech,
                unheard=tuple(u for u in one.speech.unheard if u.kind not in CHECKS),
                least_confidence=0.0,
            )
        )
        for one in heard
    ]


@contextmanager
def no_doubtful_words() -> Iterator[None]:
    """Words of low confidence are not searched for places in which identifiers are said."""
    before = analyzer.low_confidence_findings
    analyzer.low_confidence_findings = lambda words, findings: iter(())  # noqa: ARG005
    try:
        yield
    finally:
        analyzer.low_confidence_findings = before


def planned(detector: Any, heard: Sequence[Heard], policy: Policy) -> list[Plan | None]:
    """A plan for each message; None where it is withheld."""
    transcripts = [t for one in heard for t in one.speech.transcripts]
    found = iter(list(detector.search(transcripts)))
    plans: list[Plan | None] = []
    for one in heard:
        findings: tuple[Finding, ...] = tuple(f for _ in one.speech.transcripts for f in next(found))
        try:
            plans.append(make_plan(one.recording, one.speech, findings, policy))
        except Quarantine:
            plans.append(None)
    return plans


def with_second(
    plans: Sequence[Plan | None], heard: Sequence[Heard], others: Sequence[Plan | None], detector: Any, policy: Policy
) -> list[Plan | None]:
    """The plans with what only the second recogniser heard, as `Pipeline.plan` adds it."""
    out: list[Plan | None] = []
    for plan, one, other in zip(plans, heard, others, strict=True):
        doubts = unconfirmed(plan, other) if plan is not None and other is not None else ()
        if not doubts:
            out.append(plan)
            continue
        speech = replace(one.speech, unheard=(*one.speech.unheard, *doubts))
        out += planned(detector, [one._replace(speech=speech)], policy)
    return out


def figures(variant: Variant, policy: Policy) -> dict[str, Any]:
    """The measures of one row."""
    totals = EvaluationTotals()
    leaking = spans = whole = 0
    began = time.perf_counter()
    with variant.context():
        plans = planned(variant.detector, variant.heard, policy)
        if variant.second:
            others = planned(variant.detector, variant.second, policy)
            plans = with_second(plans, variant.heard, others, variant.detector, policy)
    seconds = time.perf_counter() - began
    for (labelled, recording, _), plan in zip(variant.heard, plans, strict=True):
        texts = tuple(channel.transcript for channel in labelled.channels)
        found = ideal_findings(labelled.channels, list(variant.detector.pipe([t.text for t in texts])))
        truth = Speech(texts, tuple(range(recording.channels)), ModelInfo("labels", "labels"))
        measure(labelled, plan, make_plan(recording, truth, found, policy), totals, policy=policy)
        if plan is not None:
            measured = audible_spans(labelled, plan, policy)
            leaking += any(audible > max(LEAK_SECONDS, LEAK_SHARE * length) for _, audible, length in measured)
            spans += len(measured)
            whole += sum(audible <= COVERED_SHARE * length for _, audible, length in measured)
    result = totals.figures()
    progress(f"{variant.name}: {result['audible_phi_percent']} % audible, {result['over_bleep_percent']} % over-bleep")
    return {
        "variant": variant.name,
        "leaking": leaking,
        "covered_spans_percent": round(100 * whole / max(1, spans), 1),
        "detection_seconds": round(seconds, 1),
        **result,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--second-ear", default="tiny.en")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    stamped = stamp(folder_of(given.model))
    policy = load_policy("deidentify")
    whole, names_only = build_detector(), build_detector(ner=ner.NAMES)
    heard, seconds = recognised(given.archive, given.files, given.model)
    aligned, aligned_seconds = recognised(given.archive, given.files, given.model, exact=False)
    second, second_seconds = recognised(given.archive, given.files, given.second_ear)
    rows = [
        figures(variant, policy)
        for variant in (
            Variant("all", heard, whole),
            Variant("without the network for word times", aligned, whole),
            Variant("without the tagger for clinical facts", heard, names_only),
            Variant("without places for doubtful words", heard, whole, context=no_doubtful_words),
            Variant("without the checks for unintelligible speech", without_checks(heard), whole),
            Variant(f"with {given.second_ear} as second ear", heard, whole, second=second),
        )
    ]
    document = {
        **stamped,
        "recognition_seconds": {
            given.model: round(seconds, 1),
            "without the network for word times": round(aligned_seconds, 1),
            given.second_ear: round(second_seconds, 1),
        },
        "rows": rows,
    }
    print(headline(stamped), end="\n\n")
    print(
        table(
            ["", "audible PHI, %", "over-bleep, %", "really leaking", "spans covered, %", "withheld", "detection, s"],
            [
                [
                    row["variant"],
                    row["audible_phi_percent"],
                    row["over_bleep_percent"],
                    f"{row['leaking']} of {row['redacted']}",
                    row["covered_spans_percent"],
                    row["withheld"],
                    row["detection_seconds"],
                ]
                for row in rows
            ],
        )
    )
    if given.json:
        save(given.json, document)


if __name__ == "__main__":
    main()
