"""Step 1, data: `python -m models.ner.generate --prose prose.json --out work/ner`.

Writes train.jsonl, dev.jsonl and test.jsonl: {"text", "style", "spans": [[start, end, label]]}. Train and dev use the
same lines and names; the test set uses lines of the grammar and names that neither contains. `python -m
models.ner.prose` makes `prose.json`.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from .text import STYLES, Grammar, styled, with_errors

ERROR_RATES = (0.0, 0.03, 0.06, 0.1, 0.2)


def rows(count: int, prose: list[str], *, test: bool, seed: int) -> list[str]:
    grammar, rng = Grammar(prose, test=test), random.Random(seed)
    out = []
    for _ in range(count):
        said = with_errors(grammar.message(rng), rng, rng.choice(ERROR_RATES), grammar.other_word)
        style = rng.choices(list(STYLES), list(STYLES.values()))[0]
        text, spans = styled(said, style, rng)
        if text:
            out.append(json.dumps({"text": text, "style": style, "spans": spans}, ensure_ascii=False))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prose", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prose = json.loads(options.prose.read_text(encoding="utf-8"))
    options.out.mkdir(parents=True, exist_ok=True)
    for name, count, test, sentences, seed in (
        ("train", options.messages, False, prose["train"], options.seed),
        ("dev", 1500, False, prose["train"], options.seed + 1),
        ("test", 2000, True, prose["held"], options.seed + 2),
    ):
        lines = rows(count, sentences, test=test, seed=seed)
        (options.out / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(lines)} texts, {sum(len(json.loads(line)['text'].split()) for line in lines)} words")


if __name__ == "__main__":
    main()
