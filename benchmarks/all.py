"""Runs every benchmark of time and memory, one after the other, and updates the tables of BENCHMARKS.md.

    python benchmarks/all.py [--only throughput stages …] [--quick] [--out FOLDER]

Takes about 25 minutes on two quiet cores (`make bench` does the same). Each step is a script that also runs alone; its
docstring describes the measurement, its caveats and its options. --quick measures a few files each, into
.train/bench-quick, to check that everything works; its numbers are meaningless. Needs the extra `bench`, torch and
transformers (for random weights), and the environment that voicemails.py names.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import page
from report import RESULTS, ROOT, progress

QUICK = ROOT / ".train" / "bench-quick"


class Step(NamedTuple):
    """Name of the result, script, options of a real run and of a quick one; `plot`: whether it draws a picture."""

    name: str
    script: str
    options: str
    quick: str
    plot: bool = True


def _steps() -> tuple[Step, ...]:
    each = ("base", "tiny.en")
    return (
        *(
            Step(f"throughput-{m}", "throughput", f"--model {m}", f"--model {m} --files 4 --repeats 1", plot=False)
            for m in each
        ),
        *(Step(f"stages-{m}", "stages", f"--model {m} --files 66", f"--model {m} --files 4 --repeats 1") for m in each),
        *(Step(f"margin-{m}", "margin", f"--model {m} --files 66", f"--model {m} --files 4") for m in each),
        Step("scaling", "scaling", "--files 40", "--files 4"),
        Step("latency", "latency", "--messages 80", "--messages 5 --files 4"),
        Step("memory", "memory", "--files 100 1000 5000 --hours 3", "--files 5 10 --hours 0.02"),
    )


STEPS = _steps()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=[step.name for step in STEPS])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="folder for the results (default: benchmarks/results)")
    given = parser.parse_args()
    out = given.out or (QUICK if given.quick else RESULTS)
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    for step in STEPS:
        if given.only and step.name not in given.only:
            continue
        progress(f"{step.name} …")
        options = (step.quick if given.quick else step.options).split()
        options += ["--json", str(out / f"{step.name}.json")]
        options += ["--plot", str(out / f"{step.name}.png")] if step.plot else []
        subprocess.run([sys.executable, str(ROOT / "benchmarks" / f"{step.script}.py"), *options], check=True, cwd=ROOT)
        progress(f"{step.name} done, {(time.monotonic() - began) / 60:.1f} min so far")
    if out == RESULTS:
        page.fill()


if __name__ == "__main__":
    main()
