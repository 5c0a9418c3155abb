"""Muon: momentum whose matrix-shaped updates are made orthogonal by a Newton-Schulz iteration (Jordan et al., 2024).

Written out here for stacks of equal shapes; in bfloat16 where the processor has instructions for it (matrix products run at 1 GFLOP/s
where it has not). With several workers each one orthogonalises its share of the matrices and broadcasts the result.
"""

import torch
import torch.distributed as dist
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5


def orthogonalise(stack: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Nearest (semi-)orthogonal matrices to `stack` [N, rows, columns], roughly: singular values land near 1."""
    a, b, c = COEFFICIENTS
    tall = stack.shape[1] > stack.shape[2]
    x = stack.transpose(1, 2) if tall else stack
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).to(dtype)
    for _ in range(STEPS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.transpose(1, 2) if tall else x).to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """Muon for 2-d parameters; the step is scaled to the size an AdamW step would have (`0.2 * sqrt(max(rows, columns))`)."""

    def __init__(
        self,
        params: list[Tensor],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        rank = dist.get_rank() if dist.is_initialized() else 0
        world = dist.get_world_size() if dist.is_initialized() else 1
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[Tensor]] = {}
            for p in group["params"]:
                shapes.setdefault(tuple(p.shape), []).append(p)
            for shape, params in shapes.items():
                mine = params[rank::world]
                if not mine:
                    continue
                grads = torch.stack([p.grad for p in mine])
                key = mine[0]
                state = self.state[key]
                if "momentum" not in state or state["momentum"].shape != grads.shape:
                    state["momentum"] = torch.zeros_like(grads)
                velocity = state["momentum"].lerp_(grads, 1 - group["momentum"])
                update = orthogonalise(grads.lerp(velocity, group["momentum"]), self._dtype)
                scale = 0.2 * max(shape) ** 0.5 * group["lr"]
                for p, u in zip(mine, update, strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).add_(u, alpha=-scale)
        if world > 1:
            self._share(world)

    def _share(self, world: int) -> None:
        """Send each worker's freshly updated matrices to the others, in one message per owner."""
        for owner in range(world):
            owned = []
            for group in self.param_groups:
                shapes: dict[tuple[int, ...], list[Tensor]] = {}
                for p in group["params"]:
                    shapes.setdefault(tuple(p.shape), []).append(p)
                for params in shapes.values():
                    owned += params[owner::world]
            if not owned:
                continue
            flat = torch.cat([p.view(-1) for p in owned])
            dist.broadcast(flat, owner)
            at = 0
            for p in owned:
                p.copy_(flat[at : at + p.numel()].view_as(p))
                at += p.numel()
