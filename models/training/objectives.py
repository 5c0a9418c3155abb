"""What the training minimises: text, word pieces per frame (CTC), phones per frame, and attention on the known word times."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .network import Output
from .windows import UNKNOWN, Batch

LABEL_SMOOTHING = 0.05
SLACK = 0.03  # seconds around a word that its attention may use


class Losses(NamedTuple):
    text: Tensor
    ctc: Tensor
    phones: Tensor
    guide: Tensor
    accuracy: Tensor


def losses(out: Output, batch: Batch, blank: int) -> Losses:
    """Each term as a mean; `out.logits` predicts `batch.tokens[:, 1:]`."""
    targets, counted = batch.tokens[:, 1:], batch.counted[:, 1:]
    each = F.cross_entropy(
        out.logits.float().transpose(1, 2), targets, reduction="none", label_smoothing=LABEL_SMOOTHING
    )
    right = (out.logits.argmax(-1) == targets) * counted
    return Losses(
        text=(each * counted).sum() / counted.sum(),
        ctc=_ctc(out.ctc, batch.content, blank),
        phones=_phones(out.phones, batch.phones),
        guide=_guide(out.attention, batch.times[:, 1:]),
        accuracy=right.sum() / counted.sum(),
    )


def _ctc(scores: Tensor, content: list[Tensor], blank: int) -> Tensor:
    logp = scores.float().log_softmax(-1).transpose(0, 1)
    lengths = torch.tensor([len(c) for c in content])
    frames = torch.full((len(content),), logp.shape[0])
    each = F.ctc_loss(
        logp, torch.cat(content).to(logp.device), frames, lengths, blank=blank, zero_infinity=True, reduction="none"
    )
    return (each / lengths.clamp(min=1).to(each.device)).mean()


def _phones(scores: Tensor, labels: Tensor) -> Tensor:
    known = labels != UNKNOWN
    if not known.any():
        return scores.sum() * 0
    return F.cross_entropy(scores[known].float(), labels[known])


def _guide(attention: Tensor | None, times: Tensor) -> Tensor:
    """-log of the attention mass that falls inside the word being written, for tokens with a known time."""
    known = times[..., 0] >= 0
    if attention is None or not known.any():
        return torch.zeros((), device=times.device)
    moments = torch.arange(attention.shape[-1], device=times.device) / 50.0
    inside = (moments >= times[..., :1] - SLACK) & (moments <= times[..., 1:] + SLACK)
    mass = (attention.softmax(-1) * inside[:, None]).sum(-1)
    return (-(mass + 1e-5).log() * known[:, None]).sum() / (known.sum() * attention.shape[1])
