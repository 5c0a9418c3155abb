"""Measures the peak memory of an archive run by number of files, and of one recording of three hours.

    python benchmarks/memory.py [--files 100 1000 5000] [--hours 3] [--json FILE] [--plot FILE.png]

`redactor redact` runs in a process of its own, as a user starts it. The peak is the kernel's figure for the process's
resident memory (ru_maxrss); the picture shows memory as sampled twice per second. The archive consists of the first
CLIP seconds of benchmark voicemails with their last bytes changed, so that no two are alike; the long recording is a
sequence of benchmark voicemails, µ-law, 8 kHz.

Caveats: clips are cut inside words, so speech without words is bleeped (--unheard bleep), because this measures memory,
not accuracy. Resident memory includes the checkpoint, the detector's lists and the libraries, which dominate the
smallest run. Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile
from report import ROOT, folder_of, headline, progress, save, stamp, table

CLIP = 2.0  # seconds
A_FOLDER = 500  # files


def sources() -> Iterator[tuple[np.ndarray, int]]:
    """Samples (frames, channels) and rate of the sample recordings that every build of libsndfile reads."""
    for path in sorted(p for folder in ("incoming", "outgoing") for p in (ROOT / "sample_audio" / folder).iterdir()):
        if path.suffix.lower() in (".wav", ".flac"):
            yield soundfile.read(path, dtype="int16", always_2d=True)


def clips(count: int, folder: Path) -> None:
    """`count` different short recordings below `folder`."""
    originals = []
    for n, (samples, rate) in enumerate(sources()):
        path = folder / f"source-{n}.wav"
        soundfile.write(path, samples[: round(CLIP * rate)], rate, subtype="ULAW" if n % 2 else "PCM_16")
        originals.append(path.read_bytes())
        path.unlink()
    for n in range(count):
        place = folder / f"{n // A_FOLDER:03d}" / f"message-{n:05d}.wav"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(originals[n % len(originals)][:-4] + n.to_bytes(4, "little"))


def long_recording(hours: float, path: Path) -> None:
    telephone = [samples[:, 0] for samples, rate in sources() if rate == 8000]
    left = round(hours * 3600 * 8000)
    with soundfile.SoundFile(path, "w", 8000, 1, subtype="ULAW", format="WAV") as out:
        while left > 0:
            for samples in telephone:
                out.write(samples[:left])
                left -= len(samples[:left])


def redact(inputs: Path, out: Path, model: str, cores: int) -> dict[str, Any]:
    """Run `redactor redact` and watch its memory."""
    command = [
        sys.executable,
        "-m",
        "redactor.cli.app",
        "redact",
        str(inputs),
        "--out",
        str(out),
        "--model",
        model,
        "--unheard",
        "bleep",
    ]
    usable = sorted(os.sched_getaffinity(0))[:cores]
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        preexec_fn=lambda: os.sched_setaffinity(0, usable),  # noqa: PLW1509 - no threads here yet
    )
    curve: list[tuple[float, float]] = []
    pages = Path(f"/proc/{process.pid}/statm")
    while True:
        pid, code, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        resident = int(pages.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        curve.append((round(time.perf_counter() - began, 1), round(resident, 1)))
        time.sleep(0.5)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode not in (0, 3):  # 3: of some clips, cut inside words, little is understood
        raise SystemExit(f"redact ended with exit code {process.returncode}")
    return {
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6, 1),
        "median_mb": median(mb for _, mb in curve[len(curve) // 2 :]),
        "wall_seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "curve_mb": curve[:: max(1, len(curve) // 200)],
    }


def caption(document: dict[str, Any]) -> str:
    del document
    return "`redactor redact` in a process of its own."


def shown_table(document: dict[str, Any]) -> str:
    first = document["rows"][0]

    def cells(row: dict[str, Any], what: str) -> tuple[int | None, str | None]:
        if what not in row:  # a result that was kept before it was measured
            return None, None
        return round(row[what]), f"{100 * (row[what] / first[what] - 1):+.1f} %" if "files" in row else None

    rows = [
        [row["what"], *cells(row, "peak_mb"), *cells(row, "median_mb"), row["wall_seconds"]] for row in document["rows"]
    ]
    return table(["run", "peak MB", "against the first", "median MB", "against the first", "wall s"], rows)


def plot(document: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    for row in document["rows"]:
        wall = row["curve_mb"][-1][0] or 1.0
        axes.plot(
            [100 * t / wall for t, _ in row["curve_mb"]],
            [mb for _, mb in row["curve_mb"]],
            label=row["what"],
            linewidth=1,
        )
    axes.set_xlabel("% of the run's time", fontsize=8)
    axes.set_ylabel("resident memory, MB", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="*", default=[100, 1000, 5000])
    parser.add_argument("--hours", type=float, default=3.0, help="length of the long recording; 0: none")
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    stamped = stamp(folder_of(given.model), cores=given.cores)
    rows: list[dict[str, Any]] = []
    for count in given.files:
        with tempfile.TemporaryDirectory(prefix="redactor-bench-") as work:
            inputs = Path(work) / "archive"
            inputs.mkdir()
            clips(count, inputs)
            rows.append(
                {
                    "what": f"{count:,} files of {CLIP:g} s",
                    "files": count,
                    **redact(inputs, Path(work) / "out", given.model, given.cores),
                }
            )
        progress(f"memory: {rows[-1]['what']}: {rows[-1]['peak_mb']:.0f} MB in {rows[-1]['wall_seconds']:.0f} s")
    if given.hours:
        with tempfile.TemporaryDirectory(prefix="redactor-bench-") as work:
            long_recording(given.hours, Path(work) / "long.wav")
            rows.append(
                {
                    "what": f"one recording of {given.hours:g} h",
                    **redact(Path(work) / "long.wav", Path(work) / "out", given.model, given.cores),
                }
            )
        progress(f"memory: {rows[-1]['what']}: {rows[-1]['peak_mb']:.0f} MB in {rows[-1]['wall_seconds']:.0f} s")
    document = {**stamped, "rows": rows}
    print(headline(stamped) + "\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)
    if given.plot:
        plot(document, given.plot)


if __name__ == "__main__":
    main()
