"""Trains models/voicemail-overlap: `python -m models.overlap.train --out models/voicemail-overlap [--minutes 15]`.

Needs the extra "train", `onnx`, and for Piper's part the voices of `python -m models.tts.natural.setup`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .data import Mixer, Voice, piper_voices, sample_voices

BATCH = 24
POOL = 3000  # examples kept at a time; the oldest is replaced by a new one, about every fifth time that it is used


class Detector(nn.Module):
    """Spectra (batch, 1, frames, 240) → logits (batch, frames / 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(
            nn.Conv2d(1, 8, (3, 5), stride=(1, 2), padding=(1, 2), bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 16, (3, 5), stride=(2, 2), padding=(1, 2), bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 24, (3, 5), stride=(1, 2), padding=(1, 2), bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(),
        )
        self.narrow = nn.Sequential(nn.Conv1d(720, 64, 1, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.15))
        self.time = nn.ModuleList(
            nn.Sequential(nn.Conv1d(64, 64, 5, padding=2 * d, dilation=d, bias=False), nn.BatchNorm1d(64), nn.ReLU())
            for d in (1, 2, 4)
        )
        self.out = nn.Conv1d(64, 1, 1)

    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        seen = self.front(spectra)
        seen = self.narrow(seen.permute(0, 1, 3, 2).flatten(1, 2))
        for layer in self.time:
            seen = seen + layer(seen)
        return self.out(seen)[:, 0]


class ExamplePool:
    """Examples made continuously by another process, because making one takes longer than learning from it."""

    def __init__(self, voices: list[Voice]) -> None:
        seen, labels, _ = Mixer(voices, 0).example()
        shapes = ((POOL, *seen.shape), (POOL, *labels.shape), (POOL, *labels.shape))
        self._parts = [multiprocessing.RawArray("f", int(np.prod(shape))) for shape in shapes]
        self._shapes = shapes
        self._made = multiprocessing.Value("l", 0)
        self._process = multiprocessing.Process(
            target=_produce, args=(voices, self._parts, shapes, self._made), daemon=True
        )
        self._process.start()
        self._rng = np.random.default_rng(4)

    @property
    def made(self) -> int:
        return int(self._made.value)

    def batch(self) -> list[torch.Tensor]:
        """Spectra, labels and weights of BATCH examples."""
        while (made := self._made.value) < 10 * BATCH:
            time.sleep(0.2)
        rows = self._rng.integers(min(made, POOL), size=BATCH)
        parts = [np.frombuffer(p, np.float32).reshape(s) for p, s in zip(self._parts, self._shapes, strict=True)]
        seen, labels, weights = (torch.from_numpy(part[rows]) for part in parts)
        # A band and a moment fall out; the level moves.
        for row in seen:
            at = int(self._rng.integers(row.shape[1]))
            row[:, at : at + int(self._rng.integers(30))] = 0.0
            row.add_(float(self._rng.normal(0, 0.05)))
        return [seen, labels, weights]


def _produce(
    voices: list[Voice], parts: list[object], shapes: tuple[tuple[int, ...], ...], made: Synchronized[int]
) -> None:
    mixer = Mixer(voices, 1)
    arrays = [np.frombuffer(p, np.float32).reshape(s) for p, s in zip(parts, shapes, strict=True)]
    while True:
        for array, part in zip(arrays, mixer.example(), strict=True):
            array[made.value % POOL] = part
        made.value += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--piper", type=Path, default=Path(".train/overlap-piper.npz"))
    parser.add_argument(
        "--state", type=Path, default=Path(".train/overlap.pt"), help="checkpoint to continue from and update"
    )
    given = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    voices = sample_voices()
    voices += piper_voices(given.piper)
    fixed = Mixer(voices, 2)
    held = [fixed.example() for _ in range(200)]
    pool = ExamplePool(voices)
    model = Detector()
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-2)
    if given.state.exists():
        model.load_state_dict(torch.load(given.state))
    began, step, running = time.monotonic(), 0, 0.0
    whole = given.minutes * 60
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    while (spent := time.monotonic() - began) < whole:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 100) * max(0.02, 0.5 * (1 + np.cos(np.pi * spent / whole)))
        loss = _loss(model, *pool.batch())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average.update_parameters(model)
        running = 0.98 * running + 0.02 * loss.item()
        step += 1
        if step % 200 == 0:
            torch.save(average.module.state_dict(), given.state)
            print(
                f"{step} {spent:.0f} s, {pool.made} examples, loss {running:.3f} {_scores(average.module, held)}",
                flush=True,
            )
    final = average.module.eval()
    torch.save(final.state_dict(), given.state)
    print(f"{step} steps {_scores(final, held)}")
    given.out.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        nn.Sequential(final, nn.Sigmoid()),
        torch.zeros(1, 1, 100, 240),
        str(given.out / "overlap.onnx"),
        input_names=["spectra"],
        output_names=["probability"],
        dynamic_axes={"spectra": {2: "frames"}, "probability": {1: "steps"}},
        opset_version=17,
        dynamo=False,
    )


def _loss(model: nn.Module, seen: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    model.train()
    logits = model(seen[:, None])
    return (
        functional.binary_cross_entropy_with_logits(logits, labels, reduction="none") * weights
    ).sum() / weights.sum()


def _scores(model: nn.Module, rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> str:
    model.eval()
    with torch.no_grad():
        seen, labels, weights = (np.stack(part) for part in zip(*rows, strict=True))
        found = (
            torch.cat([model(torch.from_numpy(seen[i : i + 50, None])) for i in range(0, len(seen), 50)])
            .sigmoid()
            .numpy()
        )
    yes, no = found[(labels > 0) & (weights > 0)], found[(labels == 0) & (weights > 0)]
    limit = np.quantile(no, 0.99)
    return (
        f"at 1 % false frames {100 * (yes > limit).mean():.1f} % of overlap; at 0.5: "
        f"{100 * (yes > 0.5).mean():.1f} %, false {100 * (no > 0.5).mean():.2f} %"
    )


if __name__ == "__main__":
    main()
