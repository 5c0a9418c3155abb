"""Compares a burst of calls with an archive run of the same recordings: rates and processor seconds, for `hooks.py`."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import soundfile

PROGRAM = str(Path(sys.executable).with_name("redactor"))
A_FEW = 2  # recordings of the archive run whose processor seconds are taken as those of the start


def audio_seconds(paths: Iterable[Path]) -> float:
    return sum(soundfile.info(path).duration for path in paths)


def processor_seconds(process: int) -> float:
    """User and kernel seconds of a process, its descendants, and those of them that ended. Linux only."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            values = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            one = int(stat.parent.name)
            parents[one], spent[one] = int(values[1]), sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")
    family = {process}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(spent.get(one, 0.0) for one in family)


def children_seconds() -> float:
    """User and kernel seconds of the children of this process that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def archive_run(paths: Sequence[Path], model: str) -> dict[str, float]:
    """`redactor redact` over the recordings; the rate is without start and loading, the processor seconds are with."""
    with tempfile.TemporaryDirectory(prefix="redactor-archive-") as folder:
        recordings, out = Path(folder) / "recordings", Path(folder) / "out"
        recordings.mkdir()
        for path in paths:
            (recordings / path.name).write_bytes(path.read_bytes())
        before = children_seconds()
        options = ["--model", model, "--unheard", "bleep", "--names", "keep"]
        subprocess.run(
            [PROGRAM, "redact", str(recordings), "--out", str(out), *options], capture_output=True, check=False
        )
        summary = json.loads((out / "summary.json").read_bytes())
    assert summary["items"] == len(paths), "the archive run ended early"
    wall = summary["wall_seconds"]
    return {"seconds": wall, "times_real_time": audio_seconds(paths) / wall, "cpu": children_seconds() - before}


def beside_an_archive(paths: Sequence[Path], burst: dict[str, Any], model: str) -> dict[str, Any]:
    """What an archive run makes of the recordings of a burst, and how the burst compares.

    Args:
        burst: its "drained_seconds", "service_cpu" and "hook_cpu".
    """
    start = archive_run(paths[:A_FEW], model)["cpu"]
    archive = archive_run(paths, model)
    seconds = audio_seconds(paths)
    each = (archive["cpu"] - start) / (len(paths) - A_FEW)
    return {
        "times_real_time": round(seconds / burst["drained_seconds"], 1),
        "archive_times_real_time": round(archive["times_real_time"], 1),
        "of_the_archives_rate": round(archive["seconds"] / burst["drained_seconds"], 3),
        "cpu_ms_a_recording": {
            "archive": round(1000 * each),
            "service": round(1000 * burst["service_cpu"] / len(paths)),
            "hook": round(1000 * burst["hook_cpu"] / len(paths)),
        },
    }
