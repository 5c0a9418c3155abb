"""The network in torch, layer by layer that of spaCy's tagger, and its conversion into a spaCy pipeline.

`MultiHashEmbed` and `MaxoutWindowEncoder` (models/ner/train.py trains the same through Thinc).
Torch is faster here, and lets single features of a word be left out at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import spacy
import torch
from spacy.strings import get_string_id
from thinc.api import NumpyOps
from torch import nn
from torch.nn import functional

from models.ner.train import CONFIG
from redactor.phi.clinical_tagger import FACTS
from redactor.phi.tagger import TOKENIZER

ROWS = (6000, 1500, 2500, 1000)
"""Rows of the tables of NORM, PREFIX, SUFFIX and SHAPE."""
FIRST_SEED = 8  # of spaCy's MultiHashEmbed


class Features:
    """The rows of a word's features, computed once a word."""

    def __init__(self) -> None:
        self._ops = NumpyOps()
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, word: str) -> np.ndarray:
        """Four rows of each table, numbered through."""
        if word not in self._known:
            said = [make(word) for _, make in FACTS.features]
            rows, before = [], 0
            for number, (text, count) in enumerate(zip(said, ROWS, strict=True)):
                ids = np.array([get_string_id(text)], dtype="uint64")
                rows.append(self._ops.hash(ids, seed=FIRST_SEED + number)[0] % count + before)
                before += count
            self._known[word] = np.concatenate(rows).astype("i8")
        return self._known[word]


class Maxout(nn.Module):
    def __init__(self, inputs: int, width: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear, self.norm = nn.Linear(inputs, width * pieces), nn.LayerNorm(width, eps=1e-8)
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, rows: Any) -> Any:
        return self.norm(self.linear(rows).view(*rows.shape[:-1], self.pieces, -1).max(-2)[0])


class Network(nn.Module):
    """Scores of the tags for a batch of texts, one after the other with `depth` empty rows around each."""

    def __init__(self, *, width: int, depth: int, dropout: float, forget: float) -> None:
        super().__init__()
        self.width, self.depth, self.dropout, self.forget = width, depth, dropout, forget
        self.hashed = nn.Embedding(sum(ROWS), width)
        nn.init.uniform_(self.hashed.weight, -0.1, 0.1)
        self.mix = Maxout(len(ROWS) * width, width, 3)
        self.layers = nn.ModuleList(Maxout(3 * width, width, 2) for _ in range(depth))
        self.out = nn.Linear(width, len(FACTS.tags))

    def forward(self, rows: Any, real: Any) -> Any:
        made = self.hashed(rows).view(-1, len(ROWS), 4, self.width).sum(2)
        if self.training:  # a word that was never seen
            seen = (torch.rand(len(rows), 1, 1) > self.forget).float()
            made = torch.cat([made[:, :1] * seen, made[:, 1:]], 1)
        out = self._drop(made.flatten(1))
        out = self.mix(out) * real[:, None]
        for layer in self.layers:
            out = self._drop(out)
            around = functional.pad(out, (0, 0, 1, 1))
            out = out + layer(torch.cat([around[:-2], around[1:-1], around[2:]], 1))
        return self.out(self._drop(out))

    def _drop(self, rows: Any) -> Any:
        return functional.dropout(rows, self.dropout, self.training)

    def batch(self, texts: Sequence[Sequence[str]], features: Features) -> tuple[tuple[Any, Any], list[slice]]:
        """(inputs of `forward`, the rows of each text)."""
        empty = np.zeros(4 * len(ROWS), "i8")
        rows, real, places = [empty] * self.depth, [0.0] * self.depth, []
        for text in texts:
            places.append(slice(len(rows), len(rows) + len(text)))
            rows += [features(word) for word in text] + [empty] * self.depth
            real += [1.0] * len(text) + [0.0] * self.depth
        return (torch.from_numpy(np.stack(rows)), torch.tensor(real)), places


def to_spacy(network: Network) -> Any:
    """The trained network as a spaCy pipeline."""
    text = CONFIG.format(
        callback=FACTS.callback, tokenizer=TOKENIZER, width=network.width, depth=network.depth, rows=list(ROWS)
    )
    nlp = spacy.util.load_model_from_config(spacy.util.Config().from_str(text, interpolate=False), auto_fill=True)
    tagger = nlp.get_pipe("tagger")
    for tag in FACTS.tags:
        tagger.add_label(tag)
    doc = nlp.make_doc("a word")
    tagger.model.initialize(X=[doc], Y=[np.eye(len(FACTS.tags), dtype="f")[[0, 0]]])
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    embed, encode = tagger.model.get_ref("tok2vec").layers
    before = 0
    for table, count in zip(embed.layers[2].layers[0].layers, ROWS, strict=True):
        node = next(node for node in table.walk() if node.name == "hashembed")
        node.set_param("E", state["hashed.weight"][before : before + count])
        before += count
    _set_maxout(embed.layers[3].layers[0], state, "mix", 3)
    for number, residual in enumerate(encode.layers[0].layers):
        _set_maxout(residual, state, f"layers.{number}", 2)
    softmax = tagger.model.layers[1].layers[0]
    order = [FACTS.tags.index(label) for label in tagger.labels]
    softmax.set_param("W", state["out.weight"][order])
    softmax.set_param("b", state["out.bias"][order])
    return nlp


def _set_maxout(layer: Any, state: dict[str, np.ndarray], name: str, pieces: int) -> None:
    maxout, norm = (next(node for node in layer.walk() if node.name == kind) for kind in ("maxout", "layernorm"))
    weights, bias = state[f"{name}.linear.weight"], state[f"{name}.linear.bias"]
    width = len(bias) // pieces
    maxout.set_param("W", np.ascontiguousarray(weights.reshape(pieces, width, -1).transpose(1, 0, 2)))
    maxout.set_param("b", np.ascontiguousarray(bias.reshape(pieces, width).T))
    norm.set_param("G", state[f"{name}.norm.weight"])
    norm.set_param("b", state[f"{name}.norm.bias"])
