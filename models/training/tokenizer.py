"""Step 2, tokenizer: `python -m models.training.tokenizer --prose prose.json --out tokenizer.json`.

A byte-level BPE of 1,024 pieces learnt from generated text, in front of Whisper's special tokens and 1,501 timestamps. faster-whisper and
CTranslate2 expect three things of it, which this module forces:

* the order of the special tokens; no language tokens, which makes the model English-only;
* single tokens for the symbols that faster-whisper suppresses (" -", " '", space + the first byte of a note sign);
* digits are never merged, so that a number is spelled digit by digit: every digit has a token with and without a space.

Weights belong to the tokenizer they were trained with: to train on from a checkpoint keep `voicemail-micro/tokenizer.json`.
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

from tokenizers import Tokenizer

from .text import Writer, written

PIECES = 1024
SPECIAL = (
    "<|endoftext|> <|startoftranscript|> <|translate|> <|transcribe|> <|startoflm|> <|startofprev|> <|nospeech|> "
    "<|notimestamps|>"
).split()
SPACE = "Ġ"  # how byte-level BPE shows a space
PATTERN = r":\d|'(?:s|t|re|ve|m|ll|d)\b| ?\d| ?\p{L}+| ?[^\s\p{L}\p{N}:]+|:|\s+"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Pair = tuple[str, str]


def byte_alphabet() -> list[str]:
    """The 256 printable stand-ins of byte-level BPE, in byte order."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    table = {b: chr(b) for b in shown} | {b: chr(256 + i) for i, b in enumerate(hidden)}
    return [table[b] for b in range(256)]


def word_counts(prose: Path, utterances: int) -> Counter[str]:
    """How often each word, with its leading space, occurs in generated text."""
    writer = Writer("tokenizer", prose)
    counts: Counter[str] = Counter()
    for _ in range(utterances):
        counts.update(re.findall(r" ?[A-Za-z]+", " " + written(writer.utterance())))
    return counts


def learn(counts: Counter[str]) -> tuple[list[str], list[Pair]]:
    """Vocabulary and merges: the forced ones, then the most frequent pair until there are `PIECES`."""
    merges: list[Pair] = [(SPACE, c) for c in LETTERS + LETTERS.upper() + "0123456789-'â"]
    merges += [(":", c) for c in "0123456789"]
    vocabulary = byte_alphabet() + [a + b for a, b in merges]
    split = [[_split(word), count] for word, count in counts.most_common(20000)]
    pairs: Counter[Pair] = Counter()
    where: dict[Pair, set[int]] = defaultdict(set)
    for i, (parts, count) in enumerate(split):
        for pair in pairwise(parts):
            pairs[pair] += count
            where[pair].add(i)
    while len(vocabulary) < PIECES:
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        if best[0] + best[1] not in vocabulary:
            vocabulary.append(best[0] + best[1])
        for i in list(where[best]):
            parts, count = split[i]
            for pair in pairwise(parts):
                pairs[pair] -= count
            split[i][0] = parts = _merged(parts, best)
            for pair in pairwise(parts):
                pairs[pair] += count
                where[pair].add(i)
        del pairs[best]
    return vocabulary, merges


def _split(word: str) -> list[str]:
    parts = list(word.replace(" ", SPACE))
    return [parts[0] + parts[1], *parts[2:]] if parts[0] == SPACE else parts


def _merged(parts: list[str], pair: Pair) -> list[str]:
    out: list[str] = []
    i = 0
    while i < len(parts):
        if tuple(parts[i : i + 2]) == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


def document(vocabulary: list[str], merges: list[Pair]) -> dict[str, object]:
    """The tokenizer in Hugging Face's file format."""
    special = [*SPECIAL, *(f"<|{i * 0.02:.2f}|>" for i in range(1501))]
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": PIECES + i, "content": t, **plain, "special": i < len(SPECIAL)} for i, t in enumerate(special)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {piece: i for i, piece in enumerate(vocabulary)},
            "merges": [list(m) for m in merges],
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prose", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--utterances", type=int, default=40000)
    a = parser.parse_args()
    a.out.write_text(json.dumps(document(*learn(word_counts(a.prose, a.utterances)))))
    tokenizer = Tokenizer.from_file(str(a.out))
    for text in (" Hi, it's Kevin O'Brien, 555-013-2204, at 3:30 PM.", " Doctor Mulberry's hydrochlorothiazide."):
        ids = tokenizer.encode(text).ids
        if tokenizer.decode(ids) != text:
            raise SystemExit(f"does not survive encoding: {text}")
        print(tokenizer.encode(text).tokens)


if __name__ == "__main__":
    main()
