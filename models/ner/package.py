"""Step 3, packaging: `python -m models.ner.package --run work/ner/run --out models/voicemail-ner`.

Leaves out what the tagger does not need (the words of the training text, their vectors), rounds the weights to half
precision and writes card.json and SHA256SUMS.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import spacy

from redactor.phi.tagger import NAMES

VERSION = "1.2.0"


def rounded(nlp: Any, *, name: str, version: str, description: str) -> None:
    """Weights in half precision, and what the pipeline says of itself."""
    for node in nlp.get_pipe("tagger").model.walk():
        for parameter in node.param_names:
            if node.has_param(parameter):
                node.set_param(parameter, node.get_param(parameter).astype("f2").astype("f4"))
    nlp.meta |= {
        "name": name,
        "version": version,
        "license": "the project's",
        "author": "",
        "url": "",
        "email": "",
        "description": description,
        "spacy_version": ">=3.8.0,<4.0.0",
    }


def finished(folder: Path, card: dict[str, Any]) -> str:
    """Write the card and the sums of a saved pipeline; returns a line about its size."""
    # Words of the training text are no part of the model: their hashes are what it sees.
    (folder / "vocab" / "strings.json").write_text("[]\n", encoding="utf-8")
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in {"SHA256SUMS", "README.md"})
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}" for p in files]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    return f"{len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.2f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    nlp = spacy.load(options.run)
    description = "Names of people, places and organizations in recognised speech."
    rounded(nlp, name="voicemail_ner", version=VERSION, description=description)
    nlp.to_disk(options.out)
    card = {"name": "voicemail-ner", "version": VERSION, "tags": list(NAMES.tags), "trained_on": "generated text only"}
    line = finished(options.out, card)
    parameters = sum(
        int(np.prod(node.get_dim("nO") * node.get_dim("nV")))
        for node in nlp.get_pipe("tagger").model.walk()
        if node.name == "hashembed"
    )
    print(f"{line}, {parameters:,} embedding weights")


if __name__ == "__main__":
    main()
