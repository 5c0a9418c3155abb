"""Calls the hook in bursts while the service is killed, and measures the time to a redacted recording at rising load.

    python benchmarks/hooks.py [--recordings 2000] [--kills 5] [--services 1] [--database sqlite|postgresql]
        [--json FILE]
    python benchmarks/hooks.py --load 0.1 0.5 1 2 --seconds 60 --burst 50 [--bursts 1] [--model base] [--json FILE]
        [--plot FILE]

First form: every tenth recording is reported twice and every fiftieth is corrupt, in bursts of 50 hook processes, eight
at a time, while `redactor serve` (or several, on PostgreSQL) is killed (-9) and started again. At the end every
recording must have exactly one result: a redacted copy whose document matches its bytes and whose files all exist, or a
dead letter if it is corrupt. Words come from transcripts, so that this tests the queue and not the recogniser;
detection, bleeping, the sandbox and the disk are real.

Second form: for each load (calls per second, evenly spread) the seconds from the call of the hook to the redacted
document, with a real checkpoint, natural messages of 15 s and a warm service. Percentiles by load show where the
machine is saturated. --burst makes that many calls at once and measures how fast they are processed, from the first
call to the last outcome, and, right after it, the rate of an archive run (`redactor redact`) over the same recordings.

Caveats: kill -9 is not a power cut; hooks, service and database share the cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import postgresql
from hook_burst import beside_an_archive, children_seconds, processor_seconds
from hook_messages import message, natural_messages, varied
from report import progress, stamp

from redactor.config import load_settings
from redactor.service.app import open_queue
from redactor.service.jobs.queue import Queue
from redactor.service.jobs.worker_locks import WorkerLocks

ROOT = Path(__file__).parents[1]
PROGRAM = str(Path(sys.executable).with_name("redactor"))
BURST, AT_ONCE = 50, 8
WARMING = 4  # messages


class Site:
    """Folders and settings of one run."""

    def __init__(
        self, folder: Path, *, database: str = "", model: str = "none", ner: str = "auto", more: str = ""
    ) -> None:
        self.folder, self.recordings, self.transcripts = folder, folder / "recordings", folder / "transcripts"
        self.recordings.mkdir()
        self.transcripts.mkdir()
        self.config = folder / "redactor.toml"
        url = ""
        if database:
            (folder / "database-url").write_text(database)
            url = f'database_url_file = "{folder}/database-url"\n'
        self.config.write_text(
            f'[service]\nspool = "{folder}/spool"\nstate = "{folder}/state"\nroots = ["{self.recordings}"]\n'
            f'transcripts = "{self.transcripts}"\nlease = 10.0\n{url}{more}[sweep]\nevery = 5.0\nsettle = '
            f'1.0\n[http]\nlisten = ""\n'
            f'[redaction]\nmodel = "{model}"\nverify_transcripts = false\nner = "{ner}"\nunheard = '
            f'"bleep"\nnames = "keep"\n'
        )
        self.log = folder / "log"

    def start(self) -> subprocess.Popen[bytes]:
        """A service in a process of its own."""
        with self.log.open("ab") as log:
            # A session of its own, as a service manager gives it.
            return subprocess.Popen(
                [PROGRAM, "serve", "--config", str(self.config)], stdout=log, stderr=log, start_new_session=True
            )

    @contextmanager
    def queue(self) -> Iterator[Queue]:
        """The queue as seen by an observer."""
        settings = load_settings(self.config)
        worker_locks = WorkerLocks(settings.state)
        queue = open_queue(settings, worker_locks)
        try:
            yield queue
        finally:
            queue.close()
            worker_locks.close()

    def hook(self, path: Path, identity: str) -> tuple[int, float]:
        """One call: exit code and seconds."""
        began = time.perf_counter()
        command = [PROGRAM, "hook", "--config", str(self.config), "file", str(path), "--id", identity]
        done = subprocess.run(command, capture_output=True, check=False)
        return done.returncode, time.perf_counter() - began


def prepare(site: Site, count: int) -> dict[str, bool]:
    """Write the recordings with their transcripts: name → whether it is intact. Every fiftieth is truncated."""
    made: dict[str, bool] = {}
    for number in range(count):
        data, transcript = message(number)
        sound = number % 50 != 49
        if not sound:
            data = data[: 44 + number % 7000]
        name = f"call-{number:05d}.wav"
        (site.recordings / name).write_bytes(data)
        (site.transcripts / f"{hashlib.sha256(data).hexdigest()}.json").write_text(transcript)
        made[name] = sound
    return made


def wrong_results(
    site: Site, made: dict[str, bool], letters: Sequence[dict[str, Any]], counts: dict[str, int]
) -> list[str]:
    """The violations of the requirements, in words."""
    wrong: list[str] = []
    dead = Counter(letter["audio"] for letter in letters)
    for name, sound in made.items():
        source = site.recordings / name
        identity = hashlib.sha256(source.read_bytes()).hexdigest()
        documents = list(site.recordings.glob(f"{source.stem}*.json"))
        if not sound:
            if documents or dead[identity] != 1:
                wrong.append(f"{name}: corrupt, {len(documents)} results, {dead[identity]} letters")
            continue
        if len(documents) != 1 or dead[identity]:
            wrong.append(f"{name}: {len(documents)} results, {dead[identity]} letters")
            continue
        doc = json.loads(documents[0].read_bytes())
        stem = documents[0].name.removesuffix(".json")
        whole = all(documents[0].with_name(stem + s).is_file() for s in (doc["audio"], ".txt", ".srt", ".vtt"))
        if doc["id"] != identity or not whole or "whitlock" in json.dumps(doc).lower() or "[PERSON]" not in doc["text"]:
            wrong.append(f"{name}: a result that is not of its bytes, not whole, or not redacted")
    if sum(counts.values()) != len(made):
        wrong.append(f"{sum(counts.values())} jobs for {len(made)} recordings: {counts}")
    leftovers = [p.name for p in site.recordings.rglob(".redactor-*")]
    if len(leftovers) > 64:
        wrong.append(f"{len(leftovers)} temporary files are left")
    return wrong


def killed_run(
    folder: Path, *, recordings: int, kills: int, services: int, database: str, seed: int = 1, ner: str = "auto"
) -> dict[str, Any]:
    """The first form; see the module."""
    site = Site(folder, database=database, ner=ner)
    made = prepare(site, recordings)
    os.sync()  # the first call's flush must not include the preparation
    calls = [n for i, n in enumerate(made) for _ in range(2 if i % 10 == 9 else 1)]
    chance = random.Random(seed)
    running = [site.start() for _ in range(services)]
    codes: Counter[int] = Counter()
    took: list[float] = []
    done = threading.Event()
    killed = 0

    def killer() -> None:
        """Kill one of the services, each time it has done a share of the work."""
        nonlocal killed
        with site.queue() as queue:
            for number in range(kills):
                goal = recordings * (number + 0.5 + 0.4 * chance.random()) / (kills + 0.5)
                while not done.is_set() and sum(queue.counts().get(s, 0) for s in ("redacted", "failed")) < goal:
                    time.sleep(0.25)  # looking costs time, too
                victim = chance.randrange(services)
                with suppress(ProcessLookupError):
                    os.kill(running[victim].pid, signal.SIGKILL)
                running[victim].wait()
                killed += 1
                running[victim] = site.start()

    with site.queue():  # the tables are there before anybody looks
        pass
    thread = threading.Thread(target=killer, daemon=True)
    began = time.monotonic()
    try:
        thread.start()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(calls), BURST):
                burst = calls[start : start + BURST]
                for code, seconds in pool.map(lambda n: site.hook(site.recordings / n, n), burst):
                    codes[code] += 1
                    took.append(seconds)
                time.sleep(chance.random())
        reported = time.monotonic() - began
        with site.queue() as queue:
            counts = wait_until_settled(queue, site, recordings)
            thread.join(timeout=120)
            counts = wait_until_settled(queue, site, recordings)
            letters = list(all_of(queue, "failed"))
            waits = latencies(queue)
    finally:
        done.set()
        ends = [stop(process) for process in running]
    hooks = np.percentile(took, [50, 95, 99, 100]) * 1000
    return {
        "recordings": recordings,
        "calls": len(calls),
        "killed": killed,
        "services": services,
        "database": "postgresql" if database else "sqlite",
        "hook_codes": {str(k): v for k, v in codes.items()},
        "hook_ms": dict(zip(("p50", "p95", "p99", "max"), np.round(hooks, 1).tolist(), strict=True)),
        "reported_seconds": round(reported, 1),
        "seconds": round(time.monotonic() - began, 1),
        "states": counts,
        "to_result": waits,
        "wrong": wrong_results(site, made, letters, counts),
        "drained": ends,
    }


def wait_until_settled(queue: Queue, site: Site, count: int, *, seconds: float = 1800.0) -> dict[str, int]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        counts = queue.counts()
        waiting = any((site.folder / "spool/new").glob("*.ticket"))
        if not waiting and sum(counts.values()) >= count and not counts.get("queued", 0) + counts.get("claimed", 0):
            return counts
        time.sleep(0.1)
    return queue.counts()


def latencies(queue: Queue, after: int = 0) -> dict[str, float]:
    """Percentiles of the seconds from the hook's call to the end of a job, by the queue's own times."""
    waits: list[float] = []
    while page := queue.list_jobs("redacted", after=after):
        waits += [row["ended"] - row["added"] for row in page]
        after = page[-1]["id"]
    if not waits:
        return {}
    return dict(
        zip(("p50", "p95", "p99", "max"), np.round(np.percentile(waits, [50, 95, 99, 100]), 2).tolist(), strict=True)
    )


def stop(process: subprocess.Popen[bytes]) -> int:
    """Stop a service in an orderly way and return its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait()


def load_run(
    folder: Path, rates: Sequence[float], *, seconds: float, model: str, burst: int, bursts: int
) -> list[dict[str, Any]]:
    """The second form; see the module."""
    # As nice as the archive run that a burst is compared with.
    site = Site(folder, model=model, more="nice = 0\n")
    sources = natural_messages()
    process = site.start()
    rows: list[dict[str, Any]] = []
    try:
        wait_for_ready(site)
        number = last = 0
        # The first messages warm the service and are not counted; a burst comes as fast as calls can be made.
        for rate in [1.0, *rates, *[math.inf] * (bursts if burst else 0)]:
            count = (burst if math.isinf(rate) else max(4, round(rate * seconds))) if number else WARMING
            paths = [site.recordings / f"call-{n:05d}.wav" for n in range(number, number + count)]
            made = [varied(sources[n % len(sources)], n) for n in range(number, number + count)]
            number += count
            took: list[float] = []

            def call(path: Path, took: list[float] = took) -> None:
                took.append(site.hook(path, path.name)[1])

            if math.isinf(rate):  # they are all there when the first call comes
                for path, data in zip(paths, made, strict=True):
                    path.write_bytes(data)
                os.sync()
            hooks, service = children_seconds(), processor_seconds(process.pid)
            began = time.monotonic()
            with ThreadPoolExecutor(16) as pool, site.queue() as queue:
                for step, (path, data) in enumerate(zip(paths, made, strict=True)):
                    if math.isfinite(rate):
                        path.write_bytes(data)
                    time.sleep(max(0.0, began + step / rate - time.monotonic()))
                    pool.submit(call, path)
                wait_until_settled(queue, site, number)
                done = [r for r in all_of(queue, "redacted") if r["id"] > last]
                row = {
                    "calls_per_second": rate if math.isfinite(rate) else "burst",
                    "seconds": round(time.monotonic() - began, 2),
                    "calls": count,
                    **latencies(queue, after=last),
                    "hook_p95_ms": round(float(np.percentile(took, 95)) * 1000, 1),
                    "states": queue.counts(),
                }
                last = max(r["id"] for r in done)
            if math.isinf(rate):
                drained = max(r["ended"] for r in done) - min(r["added"] for r in done)
                spent = {
                    "drained_seconds": round(drained, 2),
                    "hook_cpu": round(children_seconds() - hooks, 2),
                    "service_cpu": round(processor_seconds(process.pid) - service, 2),
                }
                row |= spent | beside_an_archive(paths, spent, model)
            if number > WARMING:
                rows.append(row)
            progress(json.dumps(row))
    finally:
        stop(process)
    return rows


def all_of(queue: Queue, state: str) -> Iterator[dict[str, Any]]:
    after = 0
    while page := queue.list_jobs(state, after=after):
        yield from page
        after = page[-1]["id"]


def wait_for_ready(site: Site, *, seconds: float = 600.0) -> None:
    until = time.monotonic() + seconds
    while b"ready" not in (site.log.read_bytes() if site.log.exists() else b""):
        assert time.monotonic() < until, "the service does not start"
        time.sleep(0.1)


def plot(rows: Sequence[dict[str, Any]], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = [row for row in rows if row["calls_per_second"] != "burst"]
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name in ("p50", "p95", "p99"):
        axes.plot([r["calls_per_second"] for r in rows], [r[name] for r in rows], marker="o", label=name)
    axes.set(
        xlabel="calls of the hook a second",
        ylabel="seconds from the call to the redacted file",
        xscale="log",
        yscale="log",
    )
    axes.set_xticks([r["calls_per_second"] for r in rows], [f"{r['calls_per_second']:g}" for r in rows])
    axes.set_xticks([], minor=True)
    axes.yaxis.set(major_formatter="{x:g}", minor_formatter="{x:g}")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(target, dpi=110)


@contextmanager
def workspace() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="redactor-hooks-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--services", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--load", type=float, nargs="*", help="calls per second; selects the second form")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--burst", type=int, default=0, help="number of calls at once, after the loads")
    parser.add_argument("--bursts", type=int, default=1, help="number of bursts, each followed by an archive run")
    parser.add_argument("--model", default="base", help="checkpoint of the second form")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    result: dict[str, Any] = {"stamp": stamp()}
    with workspace() as folder:
        if given.load or given.burst:
            how = {"seconds": given.seconds, "model": given.model, "burst": given.burst, "bursts": given.bursts}
            result["load"] = load_run(folder, given.load or (), **how)
            if given.plot and given.load:
                plot(result["load"], given.plot)
        else:
            server: Callable[[], Any] = (
                (lambda: postgresql.server(durable=True))
                if given.database == "postgresql"
                else (lambda: nullcontext(""))
            )
            with server() as url:
                result["killed"] = killed_run(
                    folder, recordings=given.recordings, kills=given.kills, services=given.services, database=url
                )
            if result["killed"]["wrong"]:
                print((folder / "log").read_text()[-4000:], file=sys.stderr)
    print(json.dumps({k: v for k, v in result.items() if k != "stamp"}, indent=1))
    if given.json:
        given.json.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(bool(result.get("killed", {}).get("wrong")))


if __name__ == "__main__":
    main()
