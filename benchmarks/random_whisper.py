"""Makes checkpoints of Whisper's shapes with random weights, for timing only: tiny, base, small.

    python benchmarks/random_whisper.py base [--out .train/random-whisper]

Shape and compute are those of OpenAI's English checkpoints (layers, widths, heads, 80 mel bands, 1500 encoder
positions, 448 tokens, an output layer of 51,864 tokens), converted to CTranslate2 as stock checkpoints are. The
tokenizer is voicemail-micro's, its pieces filled up with invented words to as many as Whisper has, and the special
tokens behind them in Whisper's order, so that faster-whisper loads it as an English-only model.

With random weights the text has no meaning and never ends, so a benchmark must forbid the end of text and set the
number of tokens, in the same way for every system (redactor_system.py and baselines.py do: 4 tokens per second of
speech, and no system may decode again). Needs torch and transformers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from report import ROOT

FOLDER = ROOT / ".train" / "random-whisper"
VOCABULARY = ROOT / "models" / "voicemail-micro"
MARGIN = 1.28
"""Seconds of nothing after a window: 64 encoder frames, at which published measurements found stock checkpoints near
their full-context accuracy.
"""


TOKENS = 51_864


class Shape(NamedTuple):
    width: int
    heads: int
    layers: int


SHAPES = {"tiny": Shape(384, 6, 4), "base": Shape(512, 8, 6), "small": Shape(768, 12, 12)}


def checkpoint(size: str, folder: Path = FOLDER) -> Path:
    """The folder of the checkpoint, made now if it is not there."""
    target = folder / f"random-{size}"
    if not (target / "model.json").exists():
        _make(size, target)
    return target


def filled(tokenizer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The tokenizer (as JSON) with TOKENS entries, and the number of each: pieces, invented pieces, special tokens.

    Three invented pieces of four begin a word, as about as many of English text do.
    """
    pieces, special = tokenizer["model"]["vocab"], tokenizer["added_tokens"]
    for n in range(TOKENS - len(pieces) - len(special)):
        pieces[f"zq{n}" if n % 4 == 0 else f"\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}zq{n}"] = len(pieces)
    for place, token in enumerate(special, len(pieces)):
        token["id"] = place
    return tokenizer, {**pieces, **{token["content"]: token["id"] for token in special}}


def _make(size: str, target: Path) -> None:
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import (
        GenerationConfig,
        PreTrainedTokenizerFast,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )

    shape = SHAPES[size]
    torch.manual_seed(1)
    tokenizer, tokens = filled(json.loads((VOCABULARY / "tokenizer.json").read_text(encoding="utf-8")))
    end, start = tokens["<|endoftext|>"], tokens["<|startoftranscript|>"]
    ends = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "decoder_start_token_id": start}
    config = WhisperConfig(
        vocab_size=len(tokens),
        num_mel_bins=80,
        d_model=shape.width,
        encoder_layers=shape.layers,
        decoder_layers=shape.layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=4 * shape.width,
        decoder_ffn_dim=4 * shape.width,
        max_source_positions=1500,
        max_target_positions=448,
        suppress_tokens=[],
        begin_suppress_tokens=[end],
        **ends,
    )
    model = WhisperForConditionalGeneration(config)
    generation = GenerationConfig(max_length=448, suppress_tokens=[], begin_suppress_tokens=[end], **ends)
    # As many as OpenAI's tiny.en … small.en have, in the upper layers.
    generation.alignment_heads = [[shape.layers - 1 - n // shape.heads, n % shape.heads] for n in range(8)]
    generation.no_timestamps_token_id = tokens["<|notimestamps|>"]
    generation.is_multilingual = False
    model.generation_config = generation
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        source = Path(work) / "transformers"
        model.save_pretrained(source)
        words = Path(work) / "tokenizer.json"
        words.write_text(json.dumps(tokenizer), encoding="utf-8")
        PreTrainedTokenizerFast(
            tokenizer_file=str(words),
            **dict.fromkeys(("eos_token", "bos_token", "pad_token", "unk_token"), "<|endoftext|>"),
        ).save_pretrained(source)
        shutil.copy(words, source / "tokenizer.json")
        WhisperFeatureExtractor(feature_size=80).save_pretrained(source)
        converter = TransformersConverter(str(source), copy_files=["tokenizer.json", "preprocessor_config.json"])
        converter.convert(str(target), quantization="int8", force=True)
    card = {
        "name": f"random weights of Whisper {size}'s shape",
        "version": "1",
        "synthetic_only": True,
        "max_window": 28.0,
        "min_margin": MARGIN,
        "timestamps": False,
    }
    (target / "model.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    folder = checkpoint(given.size, given.out)
    print(f"{folder.name}: {(folder / 'model.bin').stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
