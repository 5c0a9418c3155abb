#!/usr/bin/env python3
"""How much faster than Whisper file by file: ours beside faster-whisper's own two ways, on the same files, checkpoint, type and cores.

    python benchmarks/throughput.py [--files 200] [--repeats 3] [--model models/voicemail-micro] [--random base] [--json FILE]

Every run is a process of its own, held to --cores cores, that loads the checkpoint (int8), warms up on the first files and is then timed. Runs of
the systems are interleaved; the table shows medians. The rivals decode files themselves, with beam 5 and word times and their other options
as they come; each is first tried with one model on two threads and with two workers of one thread on the first files, and its
faster setting is used. "Recognition" is what the rivals do: from the file to words with times. "Whole path" is more than they do: it also finds PHI,
plans, bleeps, encodes, decodes the result to check it and saves five files for each recording.

The words count, too: each system's words go through our detector and policy (speech that no word stands for is bleeped) and
are measured against the labels: word error rate, audible PHI (share of labelled PHI seconds), over-bleep.

--random tiny|base|small: checkpoints of Whisper's shapes with random weights, for speed alone: see random_whisper.py.

Caveats: a checkpoint as small as voicemail-micro makes everything around it count more than with a real one. Synthetic voices.
Batches across files need an archive; for one file at a time see latency.py. Only ratios of one run compare, never times of two.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [p for p in (str(ROOT), str(ROOT / "benchmarks")) if p not in sys.path]

import voicemails  # noqa: E402
from report import RESULTS, headline, progress, save, stamp, table  # noqa: E402

RIVALS = ("naive", "batched")
SETTINGS = {"2x1": (2, 1), "1x2": (1, 2)}
"""Threads of a model call, and calls at once."""
OURS = ("recognition", "whole")
TITLES = {
    "naive": "naive loop: WhisperModel.transcribe, file by file",
    "batched": "faster-whisper's batched mode, file by file",
    "recognition": "ours, recognition only",
    "whole": "ours, whole path to saved artefacts",
}
TRIAL = 12  # files on which settings are tried
WARM = 2  # files before the clock starts


def child(arguments: argparse.Namespace) -> None:
    """One timed run; prints nothing, leaves {"wall", "cpu", "words"} in --json."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    import recognisers

    job = json.loads(arguments.child)
    paths = [Path(p) for p in job["paths"]]
    forced = job.get("forced") or {}
    name, _, setting = job["system"].partition("-")
    run: Any
    if name in RIVALS:
        threads, workers = SETTINGS[setting]
        run = getattr(recognisers, name)(arguments.model, threads=threads, workers=workers, forced=forced)
    else:
        run = getattr(recognisers.Ours(arguments.model, cores=arguments.cores, forced=bool(forced)), name)
    run(paths[:WARM])
    before, began = _cpu(), time.perf_counter()
    words = run(paths)
    wall, cpu = time.perf_counter() - began, _cpu() - before
    save(arguments.json, {"wall": wall, "cpu": cpu, "words": words})


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(system: str, paths: list[Path], given: argparse.Namespace, forced: dict[str, int]) -> dict[str, Any]:
    """Start a child for one run and return what it measured."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        job = {"system": system, "paths": [str(p) for p in paths], "forced": forced}
        command = [sys.executable, __file__, "--child", json.dumps(job), "--model", str(given.model), "--cores", str(given.cores), "--json", str(out)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{system} failed:\n{done.stderr[-2000:]}")
        result = json.loads(out.read_text(encoding="utf-8"))
    progress(f"{system}: {result['wall']:.1f} s wall, {result['cpu']:.1f} s CPU for {len(paths)} files")
    return dict(result)


def rows_of(runs: dict[str, list[dict[str, Any]]], seconds: float, base: str) -> list[dict[str, Any]]:
    """Medians of each system; ratios are medians of the ratios of one round."""
    rows = []
    for system, done in runs.items():
        ratios = [b["wall"] / r["wall"] for b, r in zip(runs[base], done, strict=True)]
        rows.append(
            {
                "system": system,
                "wall_seconds": round(statistics.median(r["wall"] for r in done), 2),
                "walls": [round(r["wall"], 2) for r in done],
                "cpu_seconds": round(statistics.median(r["cpu"] for r in done), 2),
                "times_real_time": round(seconds / statistics.median(r["wall"] for r in done), 1),
                "speedup": round(statistics.median(ratios), 2),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=voicemails.FILES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "voicemail-micro")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given)
        return
    labels = voicemails.archive(given.files)
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    stamped = stamp(given.model, cores=given.cores)
    forced: dict[str, int] = {}
    chosen: dict[str, str] = {}
    trials: dict[str, float] = {}
    for rival in RIVALS:
        for setting in SETTINGS:
            trials[f"{rival}-{setting}"] = timed(f"{rival}-{setting}", paths[:TRIAL], given, forced)["wall"]
        chosen[rival] = min((f"{rival}-{s}" for s in SETTINGS), key=lambda name: trials[name])
    order = [*(chosen[r] for r in RIVALS), *OURS]
    runs: dict[str, list[dict[str, Any]]] = {system: [] for system in order}
    for turn in range(given.repeats):
        # Each round in another order, so that none has always the same neighbour.
        for system in order[turn % len(order) :] + order[: turn % len(order)]:
            runs[system].append(timed(system, paths, given, forced))
    seconds = sum(row["duration"] for row in labels)
    rows = rows_of(runs, seconds, chosen["naive"])
    if not forced:
        from recognisers import timed as with_times
        from scoring import Scorer

        scorer = Scorer(voicemails.FOLDER, [p.name for p in paths])
        for row in rows:
            words = runs[row["system"]][-1]["words"]
            row["quality"] = scorer.score({name: with_times(said) for name, said in words.items()})
    document = {**stamped, "files": len(paths), "audio_seconds": round(seconds, 1), "repeats": given.repeats, "trials": {k: round(v, 2) for k, v in trials.items()}, "rows": rows}  # fmt: skip
    print(headline(stamped))
    print(f"{len(paths)} files, {seconds / 60:.1f} min, {given.repeats} interleaved repeats, medians\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)


def shown_table(document: dict[str, Any]) -> str:
    """The result as Markdown."""
    base = {row["system"].partition("-")[0]: row for row in document["rows"]}
    rows = []
    for name, row in base.items():
        setting = row["system"].partition("-")[2]
        quality = row.get("quality", {})
        rows.append(
            [
                TITLES[name] + (f" ({SETTINGS[setting][0]} threads, {SETTINGS[setting][1]} workers)" if setting else ""),
                row["wall_seconds"],
                row["cpu_seconds"],
                row["times_real_time"],
                f"{row['speedup']:.2f}x",
                f"{base['batched']['wall_seconds'] / row['wall_seconds']:.2f}x",
                quality.get("wer_percent"),
                quality.get("audible_phi_percent"),
                quality.get("over_bleep_percent"),
            ]
        )
    columns = ["system", "wall s", "CPU s", "x real time", "vs naive", "vs batched", "WER %", "audible PHI %", "over-bleep %"]  # fmt: skip
    return table(columns, rows)


if __name__ == "__main__":
    main()
