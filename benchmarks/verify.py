"""Measures the finds, the false alarms and the cost of `--verify` on labelled natural voicemails.

    python benchmarks/verify.py ARCHIVE --model base --verify-model tiny.en --out benchmarks/results/verify.json

Three measurements:

    messages   each is redacted without and with --verify, alternately. By the labels, a message leaks if more than
               LEAK_SECONDS and more than LEAK_SHARE of one of its spans stay audible; the others are correctly
               redacted and should not be withheld
    faults     in a redacted message, one bleep is undone (the original audio is restored) or moved by MOVED seconds;
               the samples are then encoded, decoded and checked like every output. Counted are the finds of the whole
               check and of each of its two halves alone
    time       wall and processor seconds of whole runs, to saved artefacts

Speech without a recognised word is bleeped, and doubt is not limited, so that only --verify withholds messages.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from redactor_system import Overhearing
from report import Row, headline, save, stamp, table

from redactor.audio import Source, bleep, decode, encode, looks_like_audio, read_source
from redactor.concurrency import bounded_map
from redactor.errors import Quarantine, VerificationHit
from redactor.evaluation import audible_spans
from redactor.labels import LabelledRecording, load_labels
from redactor.phi import build_detector
from redactor.pipeline import Pipeline
from redactor.policy import load_policy, make_plan
from redactor.render import Replacer
from redactor.speech import load_transcriber, resolve, second_checkpoint, second_transcriber
from redactor.storage import list_inputs
from redactor.types import Interval, Plan, Recording

LEAK_SECONDS, LEAK_SHARE = 0.25, 0.3
MOVED = 0.5
KINDS = ("undone", "moved")


@dataclass(frozen=True)
class Message:
    """A redacted message: its recording, its plan, the labels of spans that can be heard, and what --verify said ("" =
    nothing).
    """

    recording: Recording
    plan: Plan
    leaks: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class Fault:
    kind: str
    message: Message
    interval: Interval
    left: tuple[Interval, ...]
    """The intervals that are bleeped."""


class Bench:
    """Two pipelines of one loaded engine, without and with a second reading."""

    def __init__(self, model: str, verify_model: str, *, style: Any) -> None:
        cpu_semaphore = threading.BoundedSemaphore(4)
        checkpoint = resolve(model)
        first = load_transcriber(checkpoint, cpu_semaphore=cpu_semaphore)
        other = second_checkpoint(checkpoint) if verify_model == "auto" else None
        if verify_model not in ("auto", "same"):
            other = resolve(verify_model)
        self.model = checkpoint.path
        self.second = other.name if other else f"{checkpoint.name} with another search"
        self.heard = Overhearing(first)
        self.policy = load_policy("deidentify").with_changes(unheard_speech="bleep", max_doubt=1.0)
        self.in_flight = first.in_flight
        self.detector = build_detector()
        self.style = style
        self.plain, self.verifying = (
            Pipeline(
                transcriber_for=lambda _: self.heard,
                detector=self.detector,
                policy=self.policy,
                replacer=Replacer(),
                style=style,
                verify_with=second,
                cpu_semaphore=cpu_semaphore,
            )
            for second in (None, second_transcriber(first, other, cpu_semaphore=cpu_semaphore))
        )

    def run(self, pipeline: Pipeline, paths: Sequence[Path]) -> tuple[tuple[float, float], dict[str, str]]:
        """Seconds (wall, of the processor), and by file name what --verify said.

        Raises:
            SystemExit: a file failed for another reason.
        """
        items = list_inputs(list(paths), is_audio=looks_like_audio).items
        with tempfile.TemporaryDirectory(prefix="redactor-bench-") as out:
            began = time.perf_counter(), time.process_time()
            outcomes = list(pipeline.run(items, Path(out), threads=self.in_flight))
            seconds = time.perf_counter() - began[0], time.process_time() - began[1]
        names = {item.number: item.path.name for item in items}
        bad = [o for o in outcomes if o.status.value == "failed"]
        if bad:
            raise SystemExit(f"{len(bad)} files failed: {bad[0].reason}. {bad[0].message}")
        return seconds, {names[o.item]: o.message for o in outcomes}

    def message(self, labelled: LabelledRecording, verdict: str) -> Message | None:
        """None: it is withheld already without a second reading."""
        recording = decode(read_source(labelled.path))
        speech = self.heard.heard[recording.id]
        try:
            plan = make_plan(recording, speech, self.plain.search(speech), self.policy)
        except Quarantine:
            return None
        spans = audible_spans(labelled, plan, self.policy)
        leaks = [label for label, audible, whole in spans if audible > LEAK_SECONDS and audible > LEAK_SHARE * whole]
        return Message(recording, plan, tuple(leaks), verdict)

    def found(self, fault: Fault) -> tuple[Fault, dict[str, bool]]:
        """Whether the check, its samples' half and its second reading find a fault."""
        recording, plan = fault.message.recording, fault.message.plan
        encoded = encode(bleep(recording, fault.left, style=self.style), recording.format)
        verification = self.verifying.verification
        try:
            verification.check(recording, plan, encoded, self.policy)
            check = False
        except VerificationHit:
            check = True
        output = decode(Source.of(encoded.data, encoded.suffix))
        return fault, {
            "check": check,
            "samples": bool(verification.samples(recording, output, plan)),
            "second_reading": bool(verification.again(output, plan, self.policy)),
        }


def planted(messages: Sequence[Message], count: int, *, seed: int = 5) -> list[Fault]:
    """Faults of both kinds in turn, over all messages that have a bleep."""
    rnd = random.Random(seed)
    usable = [m for m in messages if m.plan.intervals]
    out: list[Fault] = []
    while usable and len(out) < count:
        message = usable[len(out) // len(KINDS) % len(usable)]
        kind = KINDS[len(out) % len(KINDS)]
        interval = rnd.choice(message.plan.intervals)
        left = [i for i in message.plan.intervals if i is not interval]
        if kind == "moved":
            ways = [s for s in (MOVED, -MOVED) if interval.start + s >= 0 and interval.end + s <= message.plan.duration]
            by = rnd.choice(ways or [MOVED])
            end = min(message.plan.duration, interval.end + by)
            left.append(replace(interval, start=min(max(0.0, interval.start + by), end - 0.01), end=end))
        out.append(Fault(kind, message, interval, tuple(left)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="labels.jsonl, or its folder")
    parser.add_argument("--model", default="base")
    parser.add_argument("--verify-model", default="auto", help="a checkpoint, auto as redactor does, or same")
    parser.add_argument("--files", type=int, default=66)
    parser.add_argument("--first", type=int, default=0, help="first files to skip: thresholds were chosen on them")
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1, help="timed runs without and with --verify")
    parser.add_argument("--bleep", choices=("tone", "silence", "noise"), default="tone")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    labelled = load_labels(args.archive)[args.first : args.first + args.files]
    bench = Bench(args.model, args.verify_model, style=args.bleep)
    document: Row = {**stamp(bench.model), "second_reader": bench.second, "bleep": args.bleep}
    document |= measured(bench, labelled, faults=args.faults, rounds=args.rounds)
    print(f"{headline(document)}\n{caption(document)}\n\n{shown_table(document)}")
    if args.out:
        save(args.out, document)


def measured(bench: Bench, labelled: Sequence[LabelledRecording], *, faults: int, rounds: int) -> Row:
    """All three measurements."""
    paths = [one.path for one in labelled]
    bench.run(bench.verifying, paths[:2])  # loads what is loaded late
    times: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    verdicts: dict[str, str] = {}
    for _ in range(rounds):
        times["without"].append(bench.run(bench.plain, paths)[0])
        seconds, verdicts = bench.run(bench.verifying, paths)
        times["with"].append(seconds)
    made = [bench.message(one, verdicts[one.path.name]) for one in labelled]
    messages = [one for one in made if one is not None]
    good = [m for m in messages if not m.leaks]
    leaking = [m for m in messages if m.leaks]
    began = time.perf_counter()
    results = list(
        bounded_map(bench.found, planted([m for m in messages if not m.verdict], faults), threads=bench.in_flight)
    )
    return {
        "messages": len(messages),
        "withheld_before": len(made) - len(messages),
        "audio_seconds": round(sum(m.recording.duration for m in messages), 1),
        "well_redacted": _share(good, lambda m: bool(m.verdict)),
        "leaking": _share(leaking, lambda m: bool(m.verdict)),
        "leaking_labels": dict(Counter(label for m in leaking for label in set(m.leaks)).most_common()),
        "leaking_labels_found": dict(
            Counter(label for m in leaking if m.verdict for label in set(m.leaks)).most_common()
        ),
        "verdicts": dict(Counter(m.verdict for m in messages if m.verdict).most_common()),
        "faults": {
            kind: {
                how: _share(
                    [found for fault, found in results if fault.kind == kind], lambda found, how=how: found[how]
                )
                for how in ("check", "samples", "second_reading")
            }
            for kind in KINDS
        }
        | {"all": {"check": _share([found for _, found in results], lambda found: found["check"])}},
        "shortest_faulty_bleep": min((f.interval.end - f.interval.start for f, _ in results), default=None),
        "seconds": _compared({how: [t[0] for t in several] for how, several in times.items()}),
        "processor_seconds": _compared({how: [t[1] for t in several] for how, several in times.items()}),
        "faults_seconds": round(time.perf_counter() - began, 1),
    }


def _compared(times: dict[str, list[float]]) -> Row:
    """Medians of the runs, and how many times as long the one with --verify takes."""
    without, beside = median(times["without"]), median(times["with"])
    return {"without": round(without, 2), "with": round(beside, 2), "ratio": round(beside / without, 3), "runs": times}


def _share(of: Sequence[Any], true: Any) -> Row:
    count = sum(1 for one in of if true(one))
    return {"of": len(of), "found": count, "percent": round(100 * count / len(of), 1) if of else None}


def caption(document: Row) -> str:
    return (
        f"{document['messages']} messages, {document['audio_seconds'] / 60:.0f} min, none of which a threshold "
        f"was chosen on; "
        f"second reader {document['second_reader']}."
    )


def shown_table(document: Row) -> str:
    """The tables."""
    good, leaking = document["well_redacted"], document["leaking"]
    rows: list[list[Any]] = [
        ["well redacted messages withheld", good["of"], good["found"], good["percent"]],
        ["leaking messages withheld", leaking["of"], leaking["found"], leaking["percent"]],
    ]
    for kind in KINDS:
        for how, named in (("check", "found"), ("samples", "by samples alone"), ("second_reading", "by words alone")):
            one = document["faults"][kind][how]
            rows.append([f"bleep {kind}: {named}", one["of"], one["found"], one["percent"]])
    one = document["faults"]["all"]["check"]
    rows.append(["planted faults: found", one["of"], one["found"], one["percent"]])
    times = [
        [named, document[key]["without"], document[key]["with"], document[key]["ratio"]]
        for named, key in (("wall", "seconds"), ("processor", "processor_seconds"))
    ]
    return "\n\n".join(
        [
            table(["", "of", "number", "%"], rows),
            table(["seconds", "without --verify", "with it", "times"], times),
        ]
    )


if __name__ == "__main__":
    main()
