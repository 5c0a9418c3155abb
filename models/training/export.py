"""Step 5, export: `python -m models.training.export --checkpoint RUN/final.pt --tokenizer FILE --out models/voicemail-micro`.

Checkpoint → Hugging Face Whisper → CTranslate2 int8, then one check that faster-whisper loads and times words with it, and only then the
files take their place one rename after the other, model.bin last but for `model.json` and `SHA256SUMS`.
"""

import argparse
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from ctranslate2.converters import TransformersConverter
from faster_whisper import WhisperModel
from tokenizers import Tokenizer
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerFast,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from .network import MAX_FRAMES, MAX_TOKENS, N_MELS
from .windows import EOT, NOTIMESTAMPS, PREV, SOT

FILES = ("preprocessor_config.json", "tokenizer.json", "vocabulary.json", "config.json", "model.bin")
BIGGEST = 20_000_000  # bytes of model.bin


def to_huggingface(checkpoint: Path, tokenizer: Path, weights: str, folder: Path) -> None:
    """Write the checkpoint as a WhisperForConditionalGeneration; `weights` is "net" (last) or "ema" (averaged)."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    shape = saved["cfg"]
    suppressed = [Tokenizer.from_file(str(tokenizer)).token_to_id("Ġ"), EOT]
    ends = {"bos_token_id": EOT, "eos_token_id": EOT, "pad_token_id": EOT, "decoder_start_token_id": SOT}
    config = WhisperConfig(
        vocab_size=shape["V"],
        num_mel_bins=N_MELS,
        d_model=shape["d"],
        encoder_layers=shape["ne"],
        decoder_layers=shape["nd"],
        encoder_attention_heads=shape["h"],
        decoder_attention_heads=shape["h"],
        encoder_ffn_dim=shape["ff"],
        decoder_ffn_dim=shape["ff"],
        max_source_positions=MAX_FRAMES,
        max_target_positions=MAX_TOKENS,
        activation_function="gelu",
        scale_embedding=False,
        suppress_tokens=[],
        begin_suppress_tokens=suppressed,
        **ends,
    )
    model = WhisperForConditionalGeneration(config)
    state = {k: v.float() for k, v in saved[weights].items() if not k.startswith("ctc")}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {"proj_out.weight"}:
        raise SystemExit(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    generation = GenerationConfig(max_length=MAX_TOKENS, suppress_tokens=[], begin_suppress_tokens=suppressed, **ends)
    generation.alignment_heads = [[shape["nd"] - 1, 0], [shape["nd"] - 1, 1]]  # the guided ones
    generation.no_timestamps_token_id = NOTIMESTAMPS
    generation.prev_sot_token_id = PREV
    generation.is_multilingual = False
    generation.max_initial_timestamp_index = 50
    model.generation_config = generation
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer),
        **dict.fromkeys(("eos_token", "bos_token", "pad_token", "unk_token"), "<|endoftext|>"),
    ).save_pretrained(folder)
    shutil.copy(tokenizer, folder / "tokenizer.json")
    WhisperFeatureExtractor(feature_size=N_MELS).save_pretrained(folder)


def training_copy(checkpoint: Path, weights: str, path: Path) -> None:
    """The weights with the training heads in half precision: what `train --init` goes on from."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    positions = "model.encoder.embed_positions.weight"  # fixed sinusoids: kept exact
    net = {k: v if k == positions else v.half() for k, v in saved[weights].items()}
    torch.save({"net": net, "cfg": saved["cfg"], "step": saved["step"], "hours": saved["hours"]}, path)


def check(folder: Path) -> None:
    """faster-whisper loads it, and noise does not crash word timestamps."""
    if (folder / "model.bin").stat().st_size > BIGGEST:
        raise SystemExit("model.bin is too big to ship")
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    noise = np.random.default_rng(0).normal(0, 0.02, 3 * 16000).astype(np.float32)
    list(model.transcribe(noise, word_timestamps=True)[0])


def publish(source: Path, target: Path, facts: dict[str, object]) -> None:
    """Move the files into place, each by a rename; sums and `model.json` last."""
    target.mkdir(parents=True, exist_ok=True)
    sums = {name: hashlib.sha256((source / name).read_bytes()).hexdigest() for name in FILES}
    (source / "model.json").write_text(json.dumps({**facts, "sha256": sums}, indent=2) + "\n")
    (source / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    for name in (*FILES, "SHA256SUMS", "model.json"):
        part = target / f".{name}.part"
        shutil.copyfile(source / name, part)
        os.replace(part, target / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--weights", choices=["net", "ema"], default="net", help="last or averaged weights")
    parser.add_argument("--name", default="voicemail-micro")
    parser.add_argument("--version", default="1")
    parser.add_argument("--max-window", type=float, default=7.0, help="seconds that windows should aim for, at most")
    parser.add_argument(
        "--min-margin", type=float, default=1.0, help="seconds of zeros to leave after a trimmed window"
    )
    parser.add_argument("--training-copy", type=Path, help="also write the weights to train on from, in half precision")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    facts = {"name": a.name, "version": a.version, "synthetic_only": True, "language": "en"}
    facts |= {"max_window": a.max_window, "min_margin": a.min_margin, "timestamps": False}
    with tempfile.TemporaryDirectory() as scratch:
        hugging, converted = Path(scratch) / "hf", Path(scratch) / "ct2"
        hugging.mkdir()
        to_huggingface(a.checkpoint, a.tokenizer, a.weights, hugging)
        converter = TransformersConverter(str(hugging), copy_files=["tokenizer.json", "preprocessor_config.json"])
        converter.convert(str(converted), quantization="int8")
        check(converted)
        publish(converted, a.out, facts)
    if a.training_copy:
        training_copy(a.checkpoint, a.weights, a.training_copy)
    print(f"{a.out}: {sum(f.stat().st_size for f in a.out.iterdir() if f.is_file()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
