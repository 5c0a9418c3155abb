"""Draw docs/images/redaction.png: a sample recording before and after, and the redacted text.

redactor models get base
pip install -e '.[bench]'
python docs/make_picture.py

The sound and the text are what `redactor redact` writes; nothing is drawn by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import soundfile

ROOT = Path(__file__).parents[1]
PICTURE = Path(__file__).parent / "images" / "redaction.png"
SPEECH, BLEEP, SHADE, INK, PALE = "#4a6572", "#c62828", "#fde0dc", "#263238", "#78909c"
WIDTH, HEIGHT, DPI = 9.0, 4.1, 200
COLUMNS = 96


def redacted(recording: Path, model: str) -> tuple[dict[str, Any], Any, int]:
    """The document, the samples and the rate that the command line writes for a recording."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "redactor.cli.app", "redact", str(recording), "--out", folder]
        subprocess.run([*command, "--model", model, "--names", "keep"], check=True, cwd=ROOT)  # noqa: S603
        document = json.loads(next(Path(folder).glob("*.redacted.json")).read_text(encoding="utf-8"))
        sound = next(p for p in Path(folder).glob("*.redacted.*") if p.suffix == document["audio"])
        samples, rate = soundfile.read(sound)
    return document, samples, rate


def envelope(samples: Any, rate: int, points: int = 1400) -> tuple[Any, Any, Any]:
    """Times, lowest and highest sample of each of so many stretches."""
    edges = np.linspace(0, len(samples), points + 1).astype(int)
    lowest = np.array([samples[a:b].min() for a, b in pairwise(edges)])
    highest = np.array([samples[a:b].max() for a, b in pairwise(edges)])
    return (edges[:-1] + edges[1:]) / 2 / rate, lowest, highest


def draw(recording: Path, model: str, picture: Path) -> None:
    before, rate = soundfile.read(recording)
    document, after, _ = redacted(recording, model)
    seconds = len(before) / rate
    bleeps = [(i["start"], i["end"], i["labels"]) for i in document["intervals"]]
    figure = plt.figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
    rows = figure.add_gridspec(
        3, 1, height_ratios=(1.0, 1.0, 0.62), hspace=0.32, left=0.035, right=0.985, top=0.93, bottom=0.02
    )
    limit = 1.08 * max(np.abs(before).max(), np.abs(after).max())
    for row, samples, title in ((0, before, "as it was left"), (1, after, "as redactor writes it")):
        axes = figure.add_subplot(rows[row])
        times, lowest, highest = envelope(samples, rate)
        axes.fill_between(times, lowest, highest, color=SPEECH, linewidth=0)
        for start, end, _ in bleeps:
            axes.axvspan(start, end, color=SHADE, linewidth=0, zorder=0)
            if row == 1:
                inside = (times >= start) & (times <= end)
                axes.fill_between(times[inside], lowest[inside], highest[inside], color=BLEEP, linewidth=0)
        axes.set(xlim=(0, seconds), ylim=(-limit, limit), yticks=[])
        axes.set_title(title, loc="left", fontsize=10, color=INK, pad=4)
        axes.tick_params(colors=PALE, labelsize=8, length=2, labelbottom=row == 1)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(PALE)
        if row == 1:
            axes.set_xlabel("seconds", fontsize=8, color=PALE, labelpad=1)
    written = figure.add_subplot(rows[2])
    written.axis("off")
    text = "\n".join(textwrap.wrap(document["text"], COLUMNS))
    shape = {"fontsize": 9.5, "family": "monospace", "va": "top", "transform": written.transAxes}
    # Two layers of one text: the labels of what was covered, and the rest.
    label = re.compile(r"\[[A-Z_]+\]")
    written.text(0.0, 0.55, label.sub(lambda m: " " * len(m[0]), text), color=INK, **shape)
    written.text(0.0, 0.55, re.sub(r"(\[[A-Z_]+\])|[^\n]", lambda m: m[1] or " ", text), color=BLEEP, **shape)
    picture.parent.mkdir(exist_ok=True)
    figure.savefig(picture, facecolor="white")
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the picture of the README.")
    parser.add_argument("--recording", type=Path, default=ROOT / "sample_audio" / "incoming" / "in-01.wav")
    parser.add_argument("--model", default="base")
    parser.add_argument("--out", type=Path, default=PICTURE)
    given = parser.parse_args()
    draw(given.recording, given.model, given.out)


if __name__ == "__main__":
    main()
