"""The recogniser: Whisper's encoder-decoder at a size that trains on a CPU, plus two training-only heads.

Parameter names follow `transformers.WhisperForConditionalGeneration`, so that `export` copies the weights one to one.
Two heads exist during training only: `ctc` (word pieces per encoder frame) and `ctc_ph` (phones per encoder frame).
"""

import math
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N_MELS = 80
MAX_FRAMES = 1500  # encoder positions: 30 s at 50 a second
MAX_TOKENS = 448  # decoder positions
GUIDED_HEADS = 2  # cross-attention heads of the last decoder layer that are pulled onto the word times


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; the defaults are voicemail-micro (4.0 M parameters without the training heads)."""

    d: int = 192
    h: int = 3
    ff: int = 768
    ne: int = 4
    nd: int = 2
    V: int = 2533
    nt: int = 1024


class Output(NamedTuple):
    """Everything one forward pass yields: [B, L, V], [B, T, nt + 1], [B, T, phones], [B, GUIDED_HEADS, L, T]."""

    logits: Tensor
    ctc: Tensor
    phones: Tensor
    attention: Tensor | None


class Attention(nn.Module):
    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(d, d)
        self.k_proj = nn.Linear(d, d, bias=False)
        self.v_proj = nn.Linear(d, d)
        self.out_proj = nn.Linear(d, d)

    def forward(
        self, x: Tensor, memory: Tensor | None = None, *, causal: bool = False, guide: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from `x` [B, T, d] to `memory` (default: `x`); also return the raw scores of the first `guide` heads."""
        memory = x if memory is None else memory
        batch, length, width = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, y.shape[1], self.heads, -1).transpose(1, 2)

        q, k, v = split(self.q_proj(x)), split(self.k_proj(memory)), split(self.v_proj(memory))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        scores = None
        if guide:
            scores = (q[:, :guide] @ k[:, :guide].transpose(-1, -2)).float() / math.sqrt(q.shape[-1])
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, length, width)), scores


class EncoderLayer(nn.Module):
    def __init__(self, d: int, heads: int, ff: int) -> None:
        super().__init__()
        self.self_attn = Attention(d, heads)
        self.self_attn_layer_norm = nn.LayerNorm(d)
        self.fc1 = nn.Linear(d, ff)
        self.fc2 = nn.Linear(ff, d)
        self.final_layer_norm = nn.LayerNorm(d)

    def feed_forward(self, x: Tensor) -> Tensor:
        return x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))

    def forward(self, x: Tensor) -> Tensor:
        return self.feed_forward(x + self.self_attn(self.self_attn_layer_norm(x))[0])


class DecoderLayer(EncoderLayer):
    def __init__(self, d: int, heads: int, ff: int) -> None:
        super().__init__(d, heads, ff)
        self.encoder_attn = Attention(d, heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(d)

    def decode(self, x: Tensor, memory: Tensor, guide: int) -> tuple[Tensor, Tensor | None]:
        x = x + self.self_attn(self.self_attn_layer_norm(x), causal=True)[0]
        mixed, scores = self.encoder_attn(self.encoder_attn_layer_norm(x), memory, guide=guide)
        return self.feed_forward(x + mixed), scores


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's fixed encoder positions."""
    rates = torch.exp(-math.log(10000) / (width // 2 - 1) * torch.arange(width // 2))
    phase = torch.arange(length).view(-1, 1) * rates.view(1, -1)
    return torch.cat([phase.sin(), phase.cos()], 1)


class Encoder(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(N_MELS, s.d, 3, padding=1)
        self.conv2 = nn.Conv1d(s.d, s.d, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(MAX_FRAMES, s.d)
        self.embed_positions.weight.data = sinusoids(MAX_FRAMES, s.d) * 0.3
        self.embed_positions.weight.requires_grad_(False)
        self.layers = nn.ModuleList(EncoderLayer(s.d, s.h, s.ff) for _ in range(s.ne))
        self.layer_norm = nn.LayerNorm(s.d)

    def forward(self, mel: Tensor, offset: Tensor) -> Tensor:
        """`mel` [B, frames, 80] → [B, frames / 2, d]; item b takes the positions from `offset[b]` on."""
        x = F.gelu(self.conv1(mel.transpose(1, 2)))
        x = F.gelu(self.conv2(x)).transpose(1, 2)
        where = offset[:, None] + torch.arange(x.shape[1], device=x.device)
        x = x + self.embed_positions(where).to(x.dtype)
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x)


class Decoder(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(s.V, s.d)
        self.embed_positions = nn.Embedding(MAX_TOKENS, s.d)
        nn.init.normal_(self.embed_tokens.weight, std=s.d**-0.5)
        nn.init.normal_(self.embed_positions.weight, std=0.02)
        self.layers = nn.ModuleList(DecoderLayer(s.d, s.h, s.ff) for _ in range(s.nd))
        self.layer_norm = nn.LayerNorm(s.d)

    def forward(self, tokens: Tensor, memory: Tensor, guide: int) -> tuple[Tensor, Tensor | None]:
        x = self.embed_tokens(tokens) + self.embed_positions.weight[: tokens.shape[1]]
        scores = None
        for layer in self.layers:
            x, scores = layer.decode(x, memory, guide if layer is self.layers[-1] else 0)
        return self.layer_norm(x), scores


class Recogniser(nn.Module):
    """Whisper with the two training heads; `cfg` is stored in checkpoints."""

    def __init__(self, shape: Shape, phones: int) -> None:
        super().__init__()
        self.cfg = asdict(shape)
        self.model = nn.Module()
        self.model.encoder = Encoder(shape)
        self.model.decoder = Decoder(shape)
        self.ctc = nn.Linear(shape.d, shape.nt + 1)
        self.ctc_ph = nn.Linear(shape.d, phones)

    def forward(self, mel: Tensor, tokens: Tensor, offset: Tensor, *, guide: bool = True) -> Output:
        memory = self.model.encoder(mel, offset)
        hidden, scores = self.model.decoder(tokens, memory, GUIDED_HEADS if guide else 0)
        logits = hidden @ self.model.decoder.embed_tokens.weight.t()
        return Output(logits, self.ctc(memory), self.ctc_ph(memory), scores)
