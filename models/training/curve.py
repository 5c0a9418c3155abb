"""Step 8, picture: `python -m models.training.curve --log RUN/log.jsonl --out models/voicemail-micro/training-curve.png`."""

import argparse
import json
from pathlib import Path

from matplotlib.figure import Figure

PANELS = {
    "text, cross-entropy a token": "text",
    "CTC a token": "ctc",
    "phones, cross-entropy a frame": "phones",
    "attention on the word": "guide",
}
SMOOTH = 8  # log lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    rows = [json.loads(line) for line in a.log.open()]
    hours = [r["hours"] for r in rows]
    figure = Figure(figsize=(12, 2.6), layout="constrained")
    axes = figure.subplots(1, len(PANELS))
    for axis, (title, key) in zip(axes, PANELS.items(), strict=True):
        values = [r[key] for r in rows]
        recent = [values[max(0, i - SMOOTH) : i + 1] for i in range(len(rows))]
        smooth = [sum(r) / len(r) for r in recent]
        axis.plot(hours, values, color="0.8", linewidth=0.8)
        axis.plot(hours, smooth, color="tab:blue", linewidth=1.4)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("hours of audio heard", fontsize=8)
        axis.tick_params(labelsize=7)
    figure.savefig(a.out, dpi=80)


if __name__ == "__main__":
    main()
