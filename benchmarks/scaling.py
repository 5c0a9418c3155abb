"""Measures how the whole pipeline scales: workers and threads, windows per batch, recordings in progress.

    python benchmarks/scaling.py [--files 40] [--repeats 1] [--cores N] [--json FILE] [--plot FILE.png]

One setting changes at a time; the others keep the values of `redactor redact`. Each run is `Pipeline.run` over the same
files after a warm-up, all in one process that is restricted to --cores cores (default: all). More workers times threads
than cores gain nothing.

Caveats: one process runs all settings, so the first may suffer from cold caches (it is run once before the clock
starts). The archive is small, so the last batches are not full.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

import voicemails
from report import folder_of, headline, progress, save, stamp, table

BATCHES = (1, 2, 4, 8, 16, 32)
IN_FLIGHT = (1, 2, 4, 8, 16, 32, 64, 128)


def settings(cores: int) -> list[dict[str, Any]]:
    """What is tried: group, the value that is drawn, and options."""
    calls = sorted({1, 2, cores // 2, cores, cores + 1} - {0})
    out: list[dict[str, Any]] = [
        {"group": "workers of one thread", "value": n, "options": {"threads": 1, "workers": n}} for n in calls
    ]
    out += [
        {"group": "threads of one worker", "value": n, "options": {"threads": n, "workers": 1}}
        for n in sorted({1, 2, cores})
    ]
    out += [{"group": "windows in a batch", "value": n, "options": {"batch_size": n}} for n in BATCHES]
    out += [{"group": "recordings under way", "value": n, "options": {}, "in_flight": n} for n in IN_FLIGHT]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--cores", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    usable = sorted(os.sched_getaffinity(0))
    cores = given.cores or len(usable)
    folder = folder_of(given.model)
    stamped = stamp(folder, cores=cores)
    os.sched_setaffinity(0, usable[:cores])
    from redactor_system import RedactorSystem

    labels = voicemails.archive(given.files)
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    seconds = sum(row["duration"] for row in labels)
    detector = None
    rows: list[dict[str, Any]] = []
    for tried in settings(cores):
        system = RedactorSystem(folder, cores=cores, detector=detector, **tried["options"])
        detector = system.pipeline.detector
        system.in_flight = tried.get("in_flight", system.in_flight)
        system.whole(paths[: 2 if rows else None])
        walls = []
        for _ in range(given.repeats):
            began = time.perf_counter()
            system.whole(paths)
            walls.append(time.perf_counter() - began)
        system.close()
        wall = statistics.median(walls)
        rows.append(
            {
                "group": tried["group"],
                "value": tried["value"],
                "wall_seconds": round(wall, 2),
                "times_real_time": round(seconds / wall, 1),
            }
        )
        progress(f"scaling: {tried['group']} {tried['value']}: {wall:.1f} s")
    document = {
        **stamped,
        "files": given.files,
        "audio_seconds": round(seconds, 1),
        "repeats": given.repeats,
        "rows": rows,
    }
    print(headline(stamped) + "\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)
    if given.plot:
        plot(document, given.plot)


def groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for row in document["rows"]:
        out.setdefault(row["group"], []).append(row)
    return out


def caption(document: dict[str, Any]) -> str:
    return f"{document['files']} files, {document['audio_seconds'] / 60:.0f} min."


def shown_table(document: dict[str, Any]) -> str:
    rows = [
        [name, ", ".join(f"{row['value']}: {row['times_real_time']:.0f}" for row in rows)]
        for name, rows in groups(document).items()
    ]
    return table(["setting", "value: times real time"], rows)


def plot(document: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    parts = groups(document)
    figure = Figure(figsize=(11, 2.6), layout="constrained")
    for axis, (name, rows) in zip(figure.subplots(1, len(parts), sharey=True), parts.items(), strict=True):
        axis.plot(
            [str(row["value"]) for row in rows], [row["times_real_time"] for row in rows], marker="o", markersize=3
        )
        axis.set_xlabel(name, fontsize=8)
        axis.set_ylim(bottom=0)
        axis.tick_params(labelsize=7)
    figure.axes[0].set_ylabel("times real time", fontsize=8)
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
