"""Step 6, training: `python -m models.training.train --data SHARDS --tokenizer FILE --out RUN --minutes 120`.

The learning rate and the curriculum follow a clock, so that a run on a busy machine still ends where it should: sentences first,
windows of 6-10 s, and some 30 s windows, most of them holding one short message and then zeros. The run survives being killed or stopped for a while: the clock
stands still meanwhile, and started again with the same `--out` it goes on from its last checkpoint. `--init` starts from another run's weights.

Products are taken in bfloat16 on CUDA and on processors with instructions for it, else in float32. Two single-threaded workers (`--workers 2`)
that average their gradients beat one process with two threads: they meet once a step, not at every operator.
"""

import argparse
import json
import os
import random
import time
from collections import defaultdict
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from tokenizers import Tokenizer

from .muon import Muon
from .network import Recogniser, Shape
from .objectives import losses
from .shards import Library
from .windows import SINGLE, Composer, Options

# until this share of the run: window length in frames → share of the steps
STAGES = [
    (0.50, {SINGLE: 0.64, 600: 0.14, 800: 0.15, 3000: 0.07}),
    (1.01, {SINGLE: 0.48, 600: 0.16, 1000: 0.26, 3000: 0.10}),
]
HOLD = 0.35  # share of the run at full learning rate, then linear to (nearly) zero
WARM = 60  # steps
LONGEST_STEP = 20.0  # seconds: whatever a step takes beyond, the process was stopped, and its clock with it
CLIP = 2.0
WEIGHTS = {"text": 1.0, "ctc": 0.3, "phones": 0.7, "guide": 0.5}
PHONES = Path(__file__).with_name("phones.txt")


def phone_ids() -> dict[str, int]:
    """Names of the phones a shard may hold → label; 0 is silence."""
    return {name: i + 1 for i, name in enumerate(PHONES.read_text().split())}


class Run:
    """One worker's share of a training run."""

    def __init__(self, a: argparse.Namespace, rank: int) -> None:
        self.a, self.rank = a, rank
        self.device = torch.device(a.device)
        self.short = self.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001 - nothing public tells
        ids = phone_ids()
        self.library = Library(a.data, Tokenizer.from_file(str(a.tokenizer)), ids)
        self.composer = Composer(self.library, Options(frames=a.frames // a.workers), seed=os.getpid())
        torch.manual_seed(0)
        self.net = Recogniser(Shape(**a.shape), len(ids) + 1)
        self.parent = os.getppid()
        self.spent, self.step, self.hours = 0.0, 0, 0.0
        saved = self._saved()
        if saved:
            self.net.load_state_dict({k: v.float() for k, v in saved["net"].items()})
        self.net.to(self.device)
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self.optimizers = self._optimizers()
        if saved and "optimizers" in saved:  # the same run goes on
            self.spent, self.step, self.hours = saved["spent"], saved["step"], saved["hours"]
            self.average = {k: v.to(self.device) for k, v in saved["ema"].items()}
            self.optimizers[0].load_state_dict(saved["optimizers"])

    def _saved(self) -> dict[str, object] | None:
        state = self.a.out / "state.pt"
        path = state if state.exists() else self.a.init
        return torch.load(path, map_location="cpu", weights_only=True) if path else None

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        named = [(n, p) for n, p in self.net.named_parameters() if p.requires_grad]
        matrices = [p for n, p in named if p.ndim == 2 and ".layers." in n]
        rest = [p for n, p in named if not (p.ndim == 2 and ".layers." in n)]
        adam = torch.optim.AdamW(rest, lr=self.a.lr, betas=(0.9, 0.98), weight_decay=0.01)
        return [adam, Muon(matrices, lr=self.a.lr, dtype=torch.bfloat16 if self.short else torch.float32)]

    @property
    def progress(self) -> float:
        """Share of the run's time that is over, the same on every worker."""
        share = torch.tensor(self.spent / (self.a.minutes * 60), dtype=torch.float64)
        if self.a.workers > 1:
            dist.broadcast(share, 0)
        return share.item()

    def train(self) -> None:
        width_rng = random.Random(self.step)
        sums: dict[str, float] = defaultdict(float)
        saved = refreshed = before = time.time()
        warm = self.step + WARM
        while (share := self.progress) < 1:
            rate = min(1.0, 1 - (warm - self.step) / WARM + 0.02) * min(1.0, (1 - share) / (1 - HOLD))
            mix = next(m for end, m in STAGES if share < end)
            width = width_rng.choices(list(mix), list(mix.values()))[0]
            t = time.time()
            batch = self.composer.batch(width).to(self.device)
            sums["data"] += time.time() - t
            for name, value in self._update(batch, max(rate, 0.004) * self.a.lr).items():
                sums[name] += value
            self.step += 1
            self.spent += min(time.time() - before, LONGEST_STEP)
            before = time.time()
            self.hours += batch.hours * self.a.workers
            sums["n"] += 1
            if self.a.workers > 1 and os.getppid() != self.parent:
                return  # the parent was killed: stop as well, the last checkpoint stands
            if self.step % 25 == 0:
                self._report(sums, share, rate)
            if time.time() - saved > 150:
                self.save("state.pt")
                saved = time.time()
            if time.time() - refreshed > 60:
                self.library.refresh()
                refreshed = time.time()
        self.save("final.pt")

    def _update(self, batch: object, lr: float) -> dict[str, float]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.short):
            out = self.net(batch.mel, batch.tokens[:, :-1], batch.offset)
        parts = losses(out, batch, blank=self.net.cfg["nt"])
        total = sum(weight * getattr(parts, name) for name, weight in WEIGHTS.items())
        for optimizer in self.optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = lr
        total.backward()
        params = [p for p in self.net.parameters() if p.requires_grad]
        self._average_gradients(params)
        norm = torch.nn.utils.clip_grad_norm_(params, CLIP)
        if torch.isfinite(norm):
            for optimizer in self.optimizers:
                optimizer.step()
        if self.step % 4 == 0:
            keep = min(0.998, (self.step + 1) / (self.step + 20)) ** 4
            for k, v in self.net.state_dict().items():
                self.average[k].lerp_(v, 1 - keep)
        return {name: value.item() for name, value in parts._asdict().items()} | {"norm": norm.item()}

    def _average_gradients(self, params: list[torch.Tensor]) -> None:
        if self.a.workers == 1:
            return
        for p in params:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        flat = torch.cat([p.grad.view(-1) for p in params])
        dist.all_reduce(flat)
        flat /= self.a.workers
        at = 0
        for p in params:
            p.grad = flat[at : at + p.numel()].view_as(p)
            at += p.numel()

    def _report(self, sums: dict[str, float], share: float, rate: float) -> None:
        if self.rank:
            sums.clear()
            return
        n = sums.pop("n")
        row = {
            "minutes": self.spent / 60,
            "step": self.step,
            "hours": self.hours,
            "share": share,
            "rate": rate,
        }
        row |= {k: v / n for k, v in sums.items()}
        sums.clear()
        row = {k: round(float(v), 4) for k, v in row.items()}
        print(json.dumps(row), flush=True)
        with (self.a.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")

    def save(self, name: str) -> None:
        """Atomic checkpoint: weights, running average, optimiser and clock."""
        if self.rank:
            return
        state = {
            "net": self.net.state_dict(),
            "ema": self.average,
            "cfg": self.net.cfg,
            "step": self.step,
            "hours": self.hours,
        }
        state |= {"spent": self.spent, "optimizers": self.optimizers[0].state_dict()}
        torch.save(state, self.a.out / f"{name}.part")
        (self.a.out / f"{name}.part").rename(self.a.out / name)


def work(rank: int, a: argparse.Namespace) -> None:
    """One worker process."""
    if a.device == "cpu":
        torch.set_num_threads(a.threads)
    if a.workers > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        dist.init_process_group("gloo", init_method=f"file://{a.meeting}", rank=rank, world_size=a.workers)
    Run(a, rank).train()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="shard folders")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="checkpoint to start from")
    parser.add_argument(
        "--minutes",
        type=float,
        default=120,
        help="length of the whole run; time during which it is stopped does not count",
    )
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument(
        "--frames", type=int, default=6000, help="audio per step, all workers together, 100 frames a second"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="threads per worker on a CPU")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--shape", type=json.loads, default={}, help='sizes, for example {"d":384,"h":6,"ff":1536,"ne":6,"nd":4}'
    )
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    a.meeting = (a.out / f"meeting-{os.getpid()}").absolute()
    if a.workers == 1:
        work(0, a)
    else:
        mp.spawn(work, args=(a,), nprocs=a.workers, daemon=True)


if __name__ == "__main__":
    main()
