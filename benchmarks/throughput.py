"""Compares the speed of redactor with the loop that a user would write: beside faster-whisper's own two interfaces, on
the same files, checkpoint, type and cores.

    python benchmarks/throughput.py --model base [--files 200] [--repeats 3] [--json FILE]
    python benchmarks/throughput.py --random small --device cuda       # a Whisper shape with random weights: speed only

Every run is a process of its own, restricted to --cores cores, that loads the checkpoint (int8), warms up on the first
files and is then timed. Runs of the systems are interleaved; the table shows medians. All systems process a file to a
redacted file. The baselines (baselines.py) are faster-whisper as documented, then Presidio with a stock spaCy pipeline,
numpy and soundfile: plain, with all cores for each model call, or "a worker a core", as a user would run it after
measuring: one single-threaded call per core, each with its own files. redactor does more: it finds spoken forms, checks
the encoded result and saves five files for each recording.

Accuracy is measured as well. Each system's words go through our detector and policy and are compared with the labels
(scoring.py), which compares recognition. "Stock audible" is the PHI that the baselines' own bleeps leave audible.
Speech without words is bleeped, so a system that misses words leaks less and bleeps more; the last column shows the
recordings that the default policy would withhold for that.

--random: every system writes 4 tokens for each second of speech and decodes once. Recordings of more than 29 s are left
out, so that each is one window to the baselines. --device cuda: float16 instead of int8, for all systems; --cores then
restricts the rest of the work.

Caveats: near-human voices read texts that nobody spoke freely. Batches across files need an archive; for messages that
arrive one by one, see latency.py. Compare only ratios within one run.
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import voicemails
from report import folder_of, headline, progress, save, stamp, table

A_CORE = "a worker a core"
BASELINES = ("loop", f"loop, {A_CORE}", "batched")
OURS = "ours"
TITLES = {
    "loop": "loop: `WhisperModel.transcribe`, Presidio, numpy",
    "batched": "`BatchedInferencePipeline`, Presidio, numpy",
    OURS: "`redactor`, to checked and saved artefacts",
}
WARM = 2  # files before the clock starts
LONGEST_FORCED = 29.0  # seconds


def child(given: argparse.Namespace) -> None:
    """One timed run; prints nothing, leaves {"wall", "cpu", "kernel", "words"} in --json."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    job = json.loads(given.child.read_text(encoding="utf-8"))
    paths = [Path(p) for p in job["paths"]]
    name, *how = job["system"].split(", ")
    with tempfile.TemporaryDirectory(prefix="redactor-bench-") as out:
        if name == OURS:
            from redactor_system import RedactorSystem

            run: Any = RedactorSystem(
                given.folder, cores=given.cores, device=given.device, forced=job["forced"] is not None
            ).whole
        else:
            import baselines

            threads, workers = (1, given.cores) if A_CORE in how else (given.cores, 1)
            run = baselines.load(
                name,
                given.folder,
                device=given.device,
                threads=threads,
                workers=workers,
                out=Path(out),
                forced=job["forced"],
            )
        run(paths[:WARM])
        before, began = _cpu(), time.perf_counter()
        words = run(paths)
        wall, after = time.perf_counter() - began, _cpu()
    user, kernel = (b - a for a, b in zip(before, after, strict=True))
    save(given.json, {"wall": wall, "cpu": user + kernel, "kernel": kernel, "words": words})


def _cpu() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


class Bench:
    """Timed runs over one archive."""

    def __init__(
        self, folder: Path, paths: list[Path], *, cores: int, device: str, forced: dict[str, int] | None
    ) -> None:
        self.paths, self.forced, self.cores = paths, forced, cores
        self._command = [sys.executable, __file__, "--folder", str(folder), "--cores", str(cores), "--device", device]

    def run(self, system: str) -> dict[str, Any]:
        """One run of a system in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            job, out = Path(folder) / "job.json", Path(folder) / "run.json"
            work = {"system": system, "paths": [str(p) for p in self.paths], "forced": self.forced}
            job.write_text(json.dumps(work), encoding="utf-8")
            command = [*self._command, "--child", str(job), "--json", str(out)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{system} failed:\n{done.stderr[-2000:]}")
            result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        progress(f"{system}: {result['wall']:.1f} s wall, {result['cpu']:.1f} s CPU for {len(self.paths)} files")
        return result


def compare(
    bench: Bench, repeats: int, once: Sequence[str], baselines: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Runs of each system, a round of all after the other, each round in another order; those of `once` run only in
    the first round.
    """
    order = [*baselines, OURS]
    runs: dict[str, list[dict[str, Any]]] = {system: [] for system in order}
    for turn in range(repeats):
        for system in order[turn % len(order) :] + order[: turn % len(order)]:
            if turn == 0 or system not in once:
                runs[system].append(bench.run(system))
    return runs


def row_of(system: str, runs: dict[str, list[dict[str, Any]]], seconds: float) -> dict[str, Any]:
    """Medians of one system; how many times faster than each baseline: medians of the ratios of one round."""
    done = runs[system]
    wall = statistics.median(r["wall"] for r in done)
    return {
        "system": system,
        "runs": len(done),
        "wall_seconds": round(wall, 2),
        "walls": [round(r["wall"], 2) for r in done],
        "cpu_seconds": round(statistics.median(r["cpu"] for r in done), 2),
        "kernel_percent": round(100 * statistics.median(r["kernel"] / r["cpu"] for r in done), 1),
        "times_real_time": round(seconds / wall, 1),
        "faster_than": {
            baseline: round(
                statistics.median(b["wall"] / r["wall"] for b, r in zip(runs[baseline], done, strict=False)), 2
            )
            for baseline in BASELINES
            if baseline in runs
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=voicemails.FILES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--once", action="append", default=[], choices=BASELINES, help="timed in one round only")
    parser.add_argument("--only", action="append", choices=BASELINES, help="compared with; all baselines if left out")
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--random", choices=["tiny", "base", "small"])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given)
        return
    labels = voicemails.archive(given.files)
    forced: dict[str, int] | None = None
    if given.random:
        from random_whisper import checkpoint
        from redactor_system import speech_seconds, tokens_for

        folder = checkpoint(given.random)
        labels = [row for row in labels if row["duration"] <= LONGEST_FORCED]
        spoken = speech_seconds([voicemails.FOLDER / row["file"] for row in labels])
        forced = {name: tokens_for(seconds) for name, seconds in spoken.items()}
    else:
        folder = folder_of(given.model)
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    stamped = stamp(folder, cores=given.cores)
    bench = Bench(folder, paths, cores=given.cores, device=given.device, forced=forced)
    runs = compare(bench, given.repeats, given.once, given.only or BASELINES)
    seconds = sum(row["duration"] for row in labels)
    rows = [row_of(system, runs, seconds) for system in runs]
    if forced is None:
        _add_quality(rows, runs, paths)
    document = {
        **stamped,
        "files": len(paths),
        "audio_seconds": round(seconds, 1),
        "repeats": given.repeats,
        "random_weights": bool(given.random),
        "device": given.device,
        "rows": rows,
    }
    print(headline(stamped))
    print(f"{caption(document)}\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)


def _add_quality(rows: list[dict[str, Any]], runs: dict[str, list[dict[str, Any]]], paths: list[Path]) -> None:
    from baselines import StockDetector, analyzer
    from redactor_system import timed
    from scoring import Scorer

    analyzer()  # first: Presidio's registry would take our recognizers for its own once they are imported
    scorer = Scorer(voicemails.FOLDER, [p.name for p in paths])
    for row in rows:
        heard = {name: timed(words) for name, words in runs[row["system"]][-1]["words"].items()}
        row["quality"] = scorer.score(heard)
        if row["system"] != OURS:
            row["stock"] = scorer.score_stock(heard, StockDetector())


def caption(document: dict[str, Any]) -> str:
    forced = " Random weights: speed only." if document["random_weights"] else ""
    rounds = f"medians of {document['repeats']} interleaved runs" if document["repeats"] > 1 else "one run each"
    return f"{document['files']} files, {document['audio_seconds'] / 60:.0f} min, {rounds}.{forced}"


def shown_table(document: dict[str, Any]) -> str:
    """The result as Markdown."""
    rows = []
    for row in document["rows"]:
        name, _, how = row["system"].partition(", ")
        faster = row["faster_than"]
        ratios = [f"{faster[baseline]:.2f}x" if baseline in faster else "-" for baseline in BASELINES]
        cells = [
            TITLES[name] + (f" ({how})" if how else ""),
            row["wall_seconds"],
            row["cpu_seconds"],
            f"{row['kernel_percent']} %",
            row["times_real_time"],
            *ratios,
        ]
        if not document["random_weights"]:
            q, stock = row["quality"], row.get("stock")
            cells += [q[k] for k in ("wer_percent", "audible_phi_percent", "over_bleep_percent")]
            cells += [stock["audible_phi_percent"] if stock else None, stock["over_bleep_percent"] if stock else None]
            cells += [q["withheld_percent"]]
        rows.append(cells)
    columns = ["system", "wall s", "CPU s", "kernel", "x real time", *(f"against {baseline}" for baseline in BASELINES)]
    if not document["random_weights"]:
        columns += ["WER %", "audible PHI %", "over-bleep %", "stock audible %", "stock over-bleep %", "withheld %"]
    return table(columns, rows)


if __name__ == "__main__":
    main()
