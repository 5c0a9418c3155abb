"""The cost of `--cluster`: the same files through the local pool, one Ray worker with all cores, and two Ray nodes that
share the cores.

    python benchmarks/cluster.py [--small 1] [--large 6] [--repeats 3] [--json FILE]

Each configuration redacts copies of the WAV files of sample_audio/ twice: few and many. The difference in time, divided
by the difference in number, is the steady cost of a recording; the rest is the start (Ray, models in each worker). The
configurations alternate, and medians are printed. Needs the extra "cluster" and at least two cores.

Caveats: nodes of one machine communicate over its loopback interface and share its disk and memory; the toy checkpoint
makes recordings cheap, so overhead weighs more than with a real one; two nodes with half the cores each also have
smaller batches.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
AUTH = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
}


@contextmanager
def nodes(count: int, cores: int) -> Iterator[str]:
    """Address of a cluster of `count` nodes with `cores` each."""
    with socket.socket() as found:
        found.bind(("", 0))
        port = found.getsockname()[1]
    address = f"{socket.gethostbyname(socket.gethostname())}:{port}"
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as temp:
        common = ["--block", f"--num-cpus={cores}", "--object-store-memory=80000000", "--disable-usage-stats"]
        started = []
        try:
            for n in range(count):
                place = (
                    [f"--address={address}"]
                    if n
                    else ["--head", f"--port={port}", f"--temp-dir={temp}", "--include-dashboard=false"]
                )
                started.append(
                    subprocess.Popen(
                        [BIN / "ray", "start", *common, *place],
                        env={**os.environ, **AUTH},
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                )
                time.sleep(15)
            yield address
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                process.wait(60)


def redact(archive: Path, *more: str) -> dict[str, float]:
    """One run: seconds of the whole command, and of its recordings alone."""
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        done = subprocess.run(
            [
                BIN / "redactor",
                "redact",
                archive,
                "--out",
                out,
                "--model",
                "voicemail-micro",
                "--unheard",
                "bleep",
                "--json",
                *more,
            ],
            env={**os.environ, **AUTH},
            capture_output=True,
            check=True,
        )
        whole = time.perf_counter() - began
    summary = json.loads(done.stdout)
    assert summary["redacted"] == summary["items"], summary
    return {"whole": whole, "items": summary["items"], "audio": summary["audio_seconds"]}


def copies(folder: Path, number: int) -> Path:
    """Copies of the WAV files, none of them a twin of another."""
    for n in range(number):
        for way in ("incoming", "outgoing"):
            target = folder / f"{n}" / way
            target.mkdir(parents=True)
            for path in (ROOT / "sample_audio" / way).glob("*.[wW][aA][vV]"):
                content = bytearray(path.read_bytes())
                content[-1] ^= n
                (target / path.name).write_bytes(content)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", type=int, default=1)
    parser.add_argument("--large", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temp, nodes(2, cores // 2) as address:
        sizes = {n: copies(Path(temp, f"of-{n}"), n) for n in (args.small, args.large)}
        ways = {"local pool": (), "--cluster local": ("--cluster", "local"), "two nodes": ("--cluster", address)}
        seen: dict[str, dict[int, list[dict[str, float]]]] = {way: {n: [] for n in sizes} for way in ways}
        for _ in range(args.repeats):
            for way, words in ways.items():
                for n, archive in sizes.items():
                    seen[way][n].append(redact(archive, *words))
    rows = {}
    for way, runs in seen.items():
        few, many = (statistics.median(r["whole"] for r in runs[n]) for n in sizes)
        items = [runs[n][0]["items"] for n in sizes]
        each = (many - few) / (items[1] - items[0])
        rows[way] = {"few": few, "many": many, "each": each, "start": few - each * items[0]}
    print(f"{'':16} {items[0]:4.0f} files {items[1]:4.0f} files   a file   start")
    for way, row in rows.items():
        print(f"{way:16} {row['few']:8.1f} s {row['many']:8.1f} s {row['each']:6.3f} s {row['start']:5.1f} s")
    if args.json:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        stamp = {
            "commit": commit.stdout.strip(),
            "cores": cores,
            "machine": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "load": os.getloadavg()[2],
            "model": "voicemail-micro",
            "files": items,
        }
        args.json.write_text(
            json.dumps(
                {"stamp": stamp, "rows": rows, "runs": {w: {str(n): r for n, r in x.items()} for w, x in seen.items()}},
                indent=1,
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
