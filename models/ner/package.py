"""Step 3, packaging: `python -m models.ner.package --run work/ner/run --out models/voicemail-ner`.

Leaves out what the tagger does not need (the words of the training text, their vectors), rounds the weights to half
precision and writes card.json and SHA256SUMS.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import spacy

from redactor.phi.tagger import TAGS

VERSION = "1.2.0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    nlp = spacy.load(options.run)
    for node in nlp.get_pipe("tagger").model.walk():
        for name in node.param_names:
            if node.has_param(name):
                node.set_param(name, node.get_param(name).astype("f2").astype("f4"))
    nlp.meta |= {
        "name": "voicemail_ner",
        "version": VERSION,
        "license": "the project's",
        "author": "",
        "url": "",
        "email": "",
        "description": "Names of people, places and organizations in recognised speech.",
        "spacy_version": ">=3.8.0,<4.0.0",
    }
    nlp.to_disk(options.out)
    # Words of the training text are no part of the model: their hashes are what it sees.
    (options.out / "vocab" / "strings.json").write_text("[]\n", encoding="utf-8")
    card = {"name": "voicemail-ner", "version": VERSION, "tags": list(TAGS), "trained_on": "generated text only"}
    (options.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    files = sorted(p for p in options.out.rglob("*") if p.is_file() and p.name not in {"SHA256SUMS", "README.md"})
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(options.out).as_posix()}" for p in files]
    (options.out / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    size = sum(p.stat().st_size for p in files)
    parameters = sum(
        int(np.prod(node.get_dim("nO") * node.get_dim("nV")))
        for node in nlp.get_pipe("tagger").model.walk()
        if node.name == "hashembed"
    )
    print(f"{len(files)} files, {size / 1e6:.2f} MB, {parameters:,} embedding weights")


if __name__ == "__main__":
    main()
