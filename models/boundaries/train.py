"""Trains a network of models/voicemail-boundaries.

    python benchmarks/voicemails.py --texts benchmarks/texts/fresh --out .train/fresh --files 90
    python -m models.boundaries.data .train/fresh --model base --out .train/edges.pkl
    python -m models.boundaries.data sample_audio --model base --out .train/edges-held.pkl
    python -m models.boundaries.train --data .train/edges.pkl --held .train/edges-held.pkl \
        --out models/voicemail-boundaries/base.onnx

Needs the extra "train", and `onnx`. Some minutes on one core.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from redactor.speech.boundaries import BoundaryModel, refine

from .data import Window

HIDDEN, KERNEL = 64, 5
EPOCHS = 24
NOISE = 0.05  # standard deviation of what is added to states while training


class Network(nn.Module):
    """States (batch, frames, width) → logits of start, end and inside (batch, frames, 3)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(width, HIDDEN)
        self.time = nn.Conv1d(HIDDEN, HIDDEN, KERNEL, padding=KERNEL // 2)
        self.out = nn.Conv1d(HIDDEN, 3, KERNEL, padding=KERNEL // 2)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        narrow = torch.relu(self.narrow(states)).transpose(1, 2)
        return self.out(torch.relu(self.time(narrow))).transpose(1, 2)


def errors(
    held: Sequence[Window], probabilities: Callable[[np.ndarray], np.ndarray] | None
) -> dict[str, dict[str, float]]:
    """Milliseconds between recognised and labelled edges of equal words; `probabilities` None: as they were aligned."""
    found: dict[str, list[float]] = {"start": [], "end": []}
    for window in held:
        words: Sequence = window.words
        if probabilities is not None:
            words = refine(words, probabilities(window.states.astype(np.float32)), duration=window.seconds)
        for i, start, end in window.matched():
            found["start"].append(1000 * abs(words[i].start - start))
            found["end"].append(1000 * abs(words[i].end - end))
    return {
        edge: {
            "median": round(float(np.median(e)), 1),
            **{f"p{p}": round(float(np.percentile(e, p))) for p in (90, 95)},
        }
        for edge, e in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--held", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    data: list[Window] = pickle.loads(given.data.read_bytes())
    held: list[Window] = pickle.loads(given.held.read_bytes())
    targets = [torch.from_numpy(window.targets())[None] for window in data]
    width = data[0].states.shape[1]
    network = Network(width)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    print("aligned", errors(held, None))
    for epoch in range(EPOCHS):
        total = 0.0
        for i in rng.permutation(len(data)):
            states = torch.from_numpy(data[i].states.astype(np.float32))[None]
            loss = functional.binary_cross_entropy_with_logits(
                network(states + NOISE * torch.randn_like(states)), targets[i]
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()
        schedule.step()
        print(f"epoch {epoch}: loss {total / len(data):.4f}", flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        nn.Sequential(network.eval(), nn.Sigmoid()),
        torch.zeros(1, 100, width),
        str(given.out),
        input_names=["states"],
        output_names=["probabilities"],
        dynamic_axes={"states": {1: "frames"}, "probabilities": {1: "frames"}},
        dynamo=False,
    )
    print(f"{sum(w.seconds for w in data):.0f} s of speech; refined {errors(held, BoundaryModel(given.out))}")


if __name__ == "__main__":
    main()
