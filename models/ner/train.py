"""Step 2, training: `python -m models.ner.train --data work/ner --out work/ner/run`.

spaCy's `tagger` on a HashEmbedCNN (`MultiHashEmbed` + `MaxoutWindowEncoder`), trained through Thinc with Adam; the
learning rate falls to zero over the run. One process with one thread is enough.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import spacy
from thinc.api import Adam, fix_random_seed, set_dropout_rate

from redactor.phi.tagger import NAMES, TOKENIZER, WORD

BATCH_WORDS = 1200
ROWS = [8000, 2000, 2500, 500]
"""Rows of the tables of NORM, PREFIX, SUFFIX and SHAPE."""
CONFIG = """
[nlp]
lang = "en"
pipeline = ["tagger"]

[nlp.tokenizer]
@tokenizers = "{tokenizer}"

[nlp.after_creation]
@callbacks = "{callback}"

[components]

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spacy.Tagger.v2"
normalize = false

[components.tagger.model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[components.tagger.model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = {width}
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
rows = {rows}
include_static_vectors = false

[components.tagger.model.tok2vec.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = {width}
depth = {depth}
window_size = 1
maxout_pieces = 2
"""


def blank(width: int, depth: int) -> Any:
    """The untrained pipeline."""
    text = CONFIG.format(callback=NAMES.callback, tokenizer=TOKENIZER, width=width, depth=depth, rows=ROWS)
    return spacy.util.load_model_from_config(spacy.util.Config().from_str(text, interpolate=False), auto_fill=True)


def read(path: Path, nlp: Any) -> list[tuple[Any, np.ndarray]]:
    """(doc, tag of each word) of every text; a word belongs to the span that it overlaps."""
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        doc = nlp.make_doc(row["text"])
        tags = np.zeros(len(doc), dtype="i8")
        for start, end, label in row["spans"]:
            first = True
            for place, word in enumerate(WORD.finditer(row["text"])):
                if word.start() < end and word.end() > start:
                    tags[place] = NAMES.tags.index(f"{'B' if first else 'I'}-{label}")
                    first = False
        if len(doc):
            out.append((doc, tags))
    return out


def batches(examples: list[tuple[Any, np.ndarray]], rng: random.Random) -> list[list[tuple[Any, np.ndarray]]]:
    rng.shuffle(examples)
    out: list[list[tuple[Any, np.ndarray]]] = [[]]
    size = 0
    for example in examples:
        out[-1].append(example)
        size += len(example[0])
        if size >= BATCH_WORDS:
            out.append([])
            size = 0
    return [batch for batch in out if batch]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument(
        "--minutes", type=float, default=12, help="time after which the learning rate is zero at the latest"
    )
    parser.add_argument("--init", type=Path, help="continue from this pipeline, at half the learning rate")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    fix_random_seed(options.seed)
    rng = random.Random(options.seed)
    nlp = spacy.load(options.init) if options.init else blank(options.width, options.depth)
    tagger = nlp.get_pipe("tagger")
    for tag in NAMES.tags if options.init is None else ():
        tagger.add_label(tag)
    examples, dev = read(options.data / "train.jsonl", nlp), read(options.data / "dev.jsonl", nlp)
    if options.init is None:
        tagger.model.initialize(X=[examples[0][0]], Y=[np.eye(len(NAMES.tags), dtype="f")[examples[0][1]]])
    peak = 2e-3 if options.init is None else 1e-3
    model, optimizer = tagger.model, Adam(peak, L2=1e-6, grad_clip=1.0)
    set_dropout_rate(model, 0.2)
    began, done, words = time.time(), False, 0
    plan = len(batches(examples, rng)) * options.epochs
    step = 0
    while not done:
        losses = []
        for batch in batches(examples, rng):
            spent = (time.time() - began) / 60 / options.minutes
            left = 1 - max(step / plan, spent)
            if left <= 0:
                done = True
                break
            optimizer.learn_rate = peak * min(1.0, (step + 1) / 50) * max(left, 0.01)
            docs, tags = [doc for doc, _ in batch], [tag for _, tag in batch]
            guesses, backprop = model.begin_update(docs)
            total = sum(map(len, tags))
            gradients = [
                (guess - np.eye(len(NAMES.tags), dtype="f")[tag]) / total * 8
                for guess, tag in zip(guesses, tags, strict=True)
            ]
            losses.append(
                float(
                    np.mean(
                        [-np.log(g[np.arange(len(t)), t] + 1e-9).mean() for g, t in zip(guesses, tags, strict=True)]
                    )
                )
            )
            backprop(gradients)
            model.finish_update(optimizer)
            words += total
            step += 1
        right = named = said = 0
        for at in range(0, len(dev), 64):
            for (_, tags), scores in zip(
                dev[at : at + 64], model.predict([d for d, _ in dev[at : at + 64]]), strict=True
            ):
                guess = scores.argmax(axis=1)
                right += int(((guess == tags) & (tags > 0)).sum())
                named += int((tags > 0).sum())
                said += int((guess > 0).sum())
        minutes = (time.time() - began) / 60
        print(
            f"{minutes:5.1f} min, step {step}/{plan}, loss {np.mean(losses or [0]):.4f}, dev words P "
            f"{100 * right / max(1, said):.2f} R {100 * right / max(1, named):.2f}, "
            f"{words / minutes / 60:,.0f} words/s",
            flush=True,
        )
        options.out.mkdir(parents=True, exist_ok=True)
        nlp.to_disk(options.out)


if __name__ == "__main__":
    main()
