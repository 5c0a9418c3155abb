"""Measures the time to a redacted message when messages arrive one by one, as from a mail server's hook.

    python benchmarks/latency.py [--loads 0.25 0.5 0.75 0.9] [--messages 80] [--json FILE] [--plot FILE.png]

First the archive is redacted as a whole to find the machine's capacity (messages per minute). Then, for each share of
it, messages arrive at random (a Poisson process from a seeded generator) at one running Pipeline. Latency is the time
from the arrival until all five files are saved. The time of one message alone on the idle machine is printed as well.

Caveats: messages repeat if there are more than --files. Near the capacity the queue grows without bound, so the last
line depends on the length of the run. Starting the program (about as long as a few messages) is not counted: a hook
that starts it for every message takes that time as well.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

import voicemails
from report import folder_of, headline, percentile, progress, save, stamp, table

SEED = 1
THREADS = 64
"""Messages under way at most; later arrivals wait in the queue, and their waiting counts."""


def arrivals(rate: float, count: int, seed: int = SEED) -> list[float]:
    """Seconds at which `count` messages arrive, `rate` a second on average.

    >>> times = arrivals(2.0, 1000)
    >>> times == sorted(times), 450 < times[-1] < 550
    (True, True)
    """
    rng = random.Random(seed)
    return list(itertools.accumulate(rng.expovariate(rate) for _ in range(count)))


def served(system: Any, paths: Sequence[Path], when: Sequence[float]) -> list[float]:
    """Latency of each message, in order of arrival."""
    from redactor.storage import Item

    done: dict[int, float] = {}
    process = system.pipeline.process

    def watched(item: Item, out: Path, **named: Any) -> Any:
        outcome = process(item, out, **named)
        done[item.number] = time.perf_counter()
        if outcome.status.value != "redacted":
            raise SystemExit(f"a message was {outcome.status.value}: {outcome.reason}")
        return outcome

    began = time.perf_counter()

    def items() -> Iterator[Item]:
        for number, (path, at) in enumerate(zip(itertools.cycle(paths), when), 1):
            time.sleep(max(0.0, began + at - time.perf_counter()))
            yield Item(number, path, PurePath(f"{number}.wav"), PurePath(str(number)))

    system.pipeline.process = watched
    try:
        with tempfile.TemporaryDirectory(prefix="redactor-bench-") as out:
            for _ in system.pipeline.run(items(), Path(out), threads=THREADS):
                pass
    finally:
        system.pipeline.process = process
    return [done[n] - began - at for n, at in enumerate(when, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=float, nargs="*", default=[0.25, 0.5, 0.75, 0.9])
    parser.add_argument("--messages", type=int, default=80)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    folder = folder_of(given.model)
    stamped = stamp(folder, cores=given.cores)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    from redactor_system import RedactorSystem

    labels = voicemails.archive(given.files)
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    system = RedactorSystem(folder, cores=given.cores)
    system.whole(paths[:2])
    alone = [served(system, [path], [0.0])[0] for path in paths[:10]]
    began = time.perf_counter()
    system.whole(paths)
    capacity = len(paths) / (time.perf_counter() - began)
    progress(f"latency: alone {statistics.median(alone):.2f} s, capacity {60 * capacity:.0f} messages a minute")
    rows = []
    for load in given.loads:
        waits = served(system, paths, arrivals(load * capacity, given.messages))
        rows.append(
            {
                "load": load,
                "messages_a_minute": round(60 * load * capacity, 1),
                "messages": len(waits),
                "p50": round(statistics.median(waits), 3),
                "p95": round(percentile(waits, 0.95), 3),
                "max": round(max(waits), 3),
            }
        )
        progress(f"latency: load {load:.0%}: p50 {rows[-1]['p50']:.2f} s, p95 {rows[-1]['p95']:.2f} s")
    document = {
        **stamped,
        "mean_message_seconds": round(statistics.mean(row["duration"] for row in labels), 1),
        "alone_seconds": round(statistics.median(alone), 3),
        "capacity_a_minute": round(60 * capacity, 1),
        "rows": rows,
    }
    print(headline(stamped) + "\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)
    if given.plot:
        plot(document, given.plot)


def caption(document: dict[str, Any]) -> str:
    return (
        f"Messages of {document['mean_message_seconds']} s on average; capacity {document['capacity_a_minute']} a "
        f"minute."
    )


def shown_table(document: dict[str, Any]) -> str:
    rows: list[list[Any]] = [["one alone", None, document["alone_seconds"], None, None]]
    rows += [
        [f"{row['load']:.0%} of capacity", row["messages_a_minute"], row["p50"], row["p95"], row["max"]]
        for row in document["rows"]
    ]
    return table(["load", "messages a minute", "p50 s", "p95 s", "longest s"], rows)


def plot(document: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    rates = [row["messages_a_minute"] for row in document["rows"]]
    for key in ("p95", "p50"):
        axes.plot(rates, [row[key] for row in document["rows"]], marker="o", markersize=3, label=key)
    axes.axvline(document["capacity_a_minute"], color="0.7", linewidth=0.8)
    axes.set_xlabel(f"messages a minute (grey: capacity), {document['mean_message_seconds']} s each", fontsize=8)
    axes.set_ylabel("arrival to saved files, s", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
