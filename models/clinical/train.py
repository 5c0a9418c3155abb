"""Step 1, training: `python -m models.clinical.train --prose work/prose.json --out work/run`.

With --held FILE,… the messages of those authors (names of files in messages/) are left out, to measure on them; the
shipped weights are trained on all. --prose is
`models.ner.prose`'s output: sentences without a clinical word, in which nothing is to be found.

Adam with decoupled weight decay; the learning rate rises over 50 steps and then falls to zero. The weights are averaged
over the second half.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch.nn import functional

from redactor.phi.clinical_tagger import FACTS
from redactor.phi.lexicons.vocabulary import clinical_words
from redactor.phi.tagger import WORD

from .network import Features, Network, to_spacy
from .text import fragments, recognised, rows_of, varied

Example = tuple[list[str], np.ndarray]
"""The words of a text, and for each the probability of every tag; all zero where nothing is taught."""
BATCH_WORDS = 1500
RECOGNISED_SHARE = 0.5
"""Of the recognised messages in each epoch: every one is there twice, as two checkpoints wrote it."""
AVERAGED = 0.99


def example(row: dict[str, Any]) -> Example:
    """A word belongs to the span that it overlaps."""
    found = list(WORD.finditer(row["text"]))
    taught = np.zeros((len(found), len(FACTS.tags)), dtype="f4")
    taught[:, 0] = 1
    for span in row["spans"]:
        inside = [at for at, word in enumerate(found) if word.start() < span["end"] and word.end() > span["start"]]
        for at in inside:
            taught[at] = 0
            if span["tier"] == "must":
                taught[at, FACTS.tags.index(f"{'B' if at == inside[0] else 'I'}-{span['label']}")] = 1
    return [word.group() for word in found], taught


def plain(path: Path | None) -> list[str]:
    """Sentences without any word of the clinical lists."""
    if path is None:
        return []
    sentences = json.loads(path.read_text(encoding="utf-8"))["train"]
    return [text for text in sentences if clinical_words().isdisjoint(re.findall(r"[a-z]+", text.lower()))]


class Texts:
    """The texts of each epoch: every labelled one once, in a new variation, and some plain ones."""

    def __init__(self, options: argparse.Namespace) -> None:
        held = frozenset(filter(None, options.held.split(",")))
        self._fragments = fragments()
        self._messages = list(zip(rows_of(held=held), rows_of(held=held, said=True), strict=True))
        self._recognised = list(recognised(held=held))
        self._plain, self._plain_count = plain(options.prose), options.sentences

    def epoch(self, rng: random.Random) -> list[Example]:
        rows = [varied(row, rng) for row in self._fragments]
        rows += [varied(rng.choice(pair), rng) for pair in self._messages]
        rows += [row for row in self._recognised if rng.random() < RECOGNISED_SHARE]
        if self._plain:
            said = rng.sample(self._plain, self._plain_count)
            pairs = (" ".join(said[at : at + 2]) for at in range(0, len(said), 2))
            rows += [varied({"id": "plain", "text": text, "spans": []}, rng) for text in pairs]
        rng.shuffle(rows)
        out: list[Example] = []
        for row in rows:
            words, taught = example(row)
            # Half of the short ones follow another.
            if out and len(words) < 40 and len(out[-1][0]) < 40 and rng.random() < 0.5:
                before, known = out.pop()
                words, taught = before + words, np.concatenate([known, taught])
            out.append((words, taught))
        rng.shuffle(out)
        return out


def batches(examples: list[Example]) -> Iterator[list[Example]]:
    batch: list[Example] = []
    for one in examples:
        batch.append(one)
        if sum(len(words) for words, _ in batch) >= BATCH_WORDS:
            yield batch
            batch = []
    if batch:
        yield batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prose", type=Path)
    parser.add_argument("--sentences", type=int, default=4000, help="of the prose in an epoch")
    parser.add_argument("--held", default="")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.25)
    parser.add_argument("--forget", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    features, texts = Features(), Texts(options)
    network = Network(width=options.width, depth=options.depth, dropout=options.dropout, forget=options.forget)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    plan = options.epochs * len(list(batches(texts.epoch(random.Random(0)))))
    mean = {name: value.detach().clone() for name, value in network.state_dict().items()}
    step, began, losses = 0, time.time(), []
    for epoch in range(options.epochs):
        for batch in batches(texts.epoch(rng)):
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / 50) * max(0.02, 1 - step / plan)
            inputs, places = network.batch([words for words, _ in batch], features)
            network.train()
            out = functional.log_softmax(network(*inputs), 1)
            taught = torch.zeros_like(out)
            for place, (_, tags) in zip(places, batch, strict=True):
                taught[place] = torch.from_numpy(tags)
            loss = -(taught * out).sum() / taught.sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            step += 1
            kept = AVERAGED if step > plan / 2 else 0.0
            with torch.no_grad():
                for name, value in network.state_dict().items():
                    mean[name].mul_(kept).add_(value, alpha=1 - kept)
        minutes = (time.time() - began) / 60
        print(
            f"{minutes:5.1f} min, epoch {epoch + 1}, step {step}/{plan}, loss {np.mean(losses[-100:]):.4f}", flush=True
        )
    network.load_state_dict(mean)
    network.eval()
    to_spacy(network).to_disk(options.out)


if __name__ == "__main__":
    main()
