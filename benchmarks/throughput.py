"""How much faster than Whisper file by file: ours beside faster-whisper's own two ways, on the same files, checkpoint, type and cores.

    python benchmarks/throughput.py [--files 200] [--repeats 3] [--model models/voicemail-micro] [--random tiny|base|small]
        [--device cuda] [--json FILE]

Every run is a process of its own, held to --cores cores, that loads the checkpoint (int8), warms up on the first files and is then timed. Runs of
the systems are interleaved; the table shows medians. The rivals decode files themselves, with beam 5 and word times and their other options as
they come, in two ways each: plain, as their documentation shows it, one file after the other with all cores for each model call; and "cores apart", as
somebody who has measured would use them, with as many calls of one thread as there are cores, each fed by a Python thread that has a file of its
own. "One temperature" is the naive loop, cores apart, without second tries, run once. "Recognition" is what the rivals do: from the file to words with times.
"Whole path" is more than they do: it also finds PHI, plans, bleeps, encodes, decodes the result to check it and saves five files for each recording.

The words count, too: each system's words go through our detector and policy and are measured against the labels (scoring.py). Speech
without words is bleeped, so a system that misses words leaks less and bleeps more; the default policy would withhold such recordings.

--random: a checkpoint of a Whisper shape with random weights (random_whisper.py): every system writes 4 tokens for each second of speech and
decodes once. Recordings of more than 29 s are left out, so that each is one window to the rivals.

--device cuda: float16 instead of int8, for all systems; --cores then holds the rest of the work.

Caveats: voicemail-micro was trained on windows of 7 s, which only ours cuts: the rivals' word errors are its weakness, not
theirs, and cost them second tries ("one temperature" shows how much). With so small a checkpoint all that surrounds it counts more than with a
real one. Batches across files need an archive; for messages that come one by one see latency.py. Only ratios of one run compare.

WhisperS2T 1.3.1 (the last release, 2024) is not among them: word times come from a second checkpoint that it downloads whatever it
is given, files are read through an ffmpeg command, and its install brings CUDA and half a dozen frameworks.
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

import voicemails
from report import ROOT, headline, progress, save, stamp, table

APART = "cores apart"
RIVALS = ("naive", "batched", f"naive, {APART}", f"batched, {APART}")
OURS = ("recognition", "whole")
TITLES = {
    "naive": "naive loop: `WhisperModel.transcribe`",
    "batched": "`BatchedInferencePipeline`",
    "recognition": "ours, recognition only",
    "whole": "ours, whole path to saved artefacts",
}
ONCE = f"naive, {APART}, one temperature"
"""What second tries cost is shown once: after the last round."""
WARM = 2  # files before the clock starts
LONGEST_FORCED = 29.0  # seconds


def child(given: argparse.Namespace) -> None:
    """One timed run; prints nothing, leaves {"wall", "cpu", "words"} in --json."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    job = json.loads(given.child.read_text(encoding="utf-8"))
    paths = [Path(p) for p in job["paths"]]
    name, *how = job["system"].split(", ")
    run: Any
    if name in RIVALS:
        import rivals

        threads, workers = (1, given.cores) if APART in how else (given.cores, 1)
        run = rivals.load(
            name,
            given.model,
            device=given.device,
            threads=threads,
            workers=workers,
            forced=job["forced"],
            fallback="one temperature" not in how,
        )
    else:
        from ours import Ours

        ours = Ours(given.model, cores=given.cores, device=given.device, forced=job["forced"] is not None)
        run = getattr(ours, name)
    run(paths[:WARM])
    before, began = _cpu(), time.perf_counter()
    words = run(paths)
    wall, cpu = time.perf_counter() - began, _cpu() - before
    save(given.json, {"wall": wall, "cpu": cpu, "words": words})


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Bench:
    """Timed runs over one archive."""

    def __init__(
        self, model: Path, paths: list[Path], *, cores: int, device: str, forced: dict[str, int] | None
    ) -> None:
        self.paths, self.forced, self.cores = paths, forced, cores
        self._command = [sys.executable, __file__, "--model", str(model), "--cores", str(cores), "--device", device]

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


def compare(bench: Bench, repeats: int) -> dict[str, list[dict[str, Any]]]:
    """Runs of each system, a round of all after the other, each round in another order."""
    order = [*RIVALS, *OURS]
    runs: dict[str, list[dict[str, Any]]] = {system: [] for system in order}
    for turn in range(repeats):
        for system in order[turn % len(order) :] + order[: turn % len(order)]:
            runs[system].append(bench.run(system))
    if bench.forced is None:
        runs[ONCE] = [bench.run(ONCE)]
    return runs


def row_of(system: str, runs: dict[str, list[dict[str, Any]]], seconds: float) -> dict[str, Any]:
    """Medians of one system; how many times faster than each rival: medians of the ratios of one round."""
    done = runs[system]
    wall = statistics.median(r["wall"] for r in done)
    return {
        "system": system,
        "runs": len(done),
        "wall_seconds": round(wall, 2),
        "walls": [round(r["wall"], 2) for r in done],
        "cpu_seconds": round(statistics.median(r["cpu"] for r in done), 2),
        "times_real_time": round(seconds / wall, 1),
        "faster_than": {
            rival: round(statistics.median(b["wall"] / r["wall"] for b, r in zip(runs[rival], done, strict=False)), 2)
            for rival in RIVALS
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=voicemails.FILES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "voicemail-micro")
    parser.add_argument("--random", choices=["tiny", "base", "small"])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given)
        return
    labels = voicemails.archive(given.files)
    forced: dict[str, int] | None = None
    if given.random:
        from ours import speech_seconds, tokens_for
        from random_whisper import checkpoint

        given.model = checkpoint(given.random)
        labels = [row for row in labels if row["duration"] <= LONGEST_FORCED]
        spoken = speech_seconds([voicemails.FOLDER / row["file"] for row in labels])
        forced = {name: tokens_for(seconds) for name, seconds in spoken.items()}
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    stamped = stamp(given.model, cores=given.cores)
    bench = Bench(given.model, paths, cores=given.cores, device=given.device, forced=forced)
    runs = compare(bench, given.repeats)
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
    print(f"{len(paths)} files, {seconds / 60:.1f} min, {given.repeats} interleaved repeats, medians\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)


def _add_quality(rows: list[dict[str, Any]], runs: dict[str, list[dict[str, Any]]], paths: list[Path]) -> None:
    from ours import timed
    from scoring import Scorer

    scorer = Scorer(voicemails.FOLDER, [p.name for p in paths])
    for row in rows:
        row["quality"] = scorer.score({name: timed(words) for name, words in runs[row["system"]][-1]["words"].items()})


def caption(document: dict[str, Any]) -> str:
    forced = " Random weights: speed only." if document["random_weights"] else ""
    return f"{document['files']} files, {document['audio_seconds'] / 60:.0f} min, medians of {document['repeats']} interleaved runs.{forced}"


def shown_table(document: dict[str, Any]) -> str:
    """The result as Markdown."""
    rows = []
    for row in document["rows"]:
        name, _, how = row["system"].partition(", ")
        ratios = [f"{row['faster_than'][rival]:.2f}x" for rival in RIVALS]
        cells = [TITLES[name] + (f" ({how})" if how else ""), row["wall_seconds"], row["cpu_seconds"], row["times_real_time"], *ratios]  # fmt: skip
        if "quality" in row:
            q = row["quality"]
            cells += [q[k] for k in ("wer_percent", "audible_phi_percent", "over_bleep_percent", "withheld_percent")]
        rows.append(cells)
    columns = ["system", "wall s", "CPU s", "x real time", *(f"against {rival}" for rival in RIVALS)]
    if not document["random_weights"]:
        columns += ["WER %", "audible PHI %", "over-bleep %", "default policy withholds %"]
    return table(columns, rows)


if __name__ == "__main__":
    main()
