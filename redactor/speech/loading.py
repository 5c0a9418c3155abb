"""A checkpoint's folder → a loaded faster-whisper model."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from redactor.errors import ModelUnavailable
from redactor.types import ModelInfo

from .device import pick_device
from .digests import cached_sha256
from .folder import Checkpoint

BESIDE_WEIGHTS = (
    "config.json",
    "model.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
)
"""Files that shape what a checkpoint recognises, apart from its weights."""


def load_model(
    checkpoint: Checkpoint, *, device: str, compute_type: str, cpu_threads: int, workers: int
) -> tuple[Any, ModelInfo]:
    """A `faster_whisper.WhisperModel` and its description; see `WhisperEngine.load`.

    Raises:
        ModelUnavailable: the folder does not load, or the device or compute type is not available.
    """
    from faster_whisper import WhisperModel

    device = pick_device(device)
    compute_type = _compute_type(device, compute_type)
    # Its logger prints durations and thresholds only, but later versions may print more.
    logging.getLogger("faster_whisper").setLevel(logging.ERROR)
    try:
        model = WhisperModel(
            str(checkpoint.path),
            device=device,
            compute_type=compute_type,
            cpu_threads=cpu_threads,
            num_workers=workers,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelUnavailable(
            f"The checkpoint {checkpoint.name} does not load on {device} as {compute_type}.",
            hint=_load_hint(device, str(error)),
        ) from error
    info = ModelInfo(
        _engine(),
        checkpoint.name,
        checkpoint.revision,
        model.model.compute_type,
        device,
        checkpoint.synthetic_only,
    )
    return model, info


def expected_info(checkpoint: Checkpoint, *, device: str, compute_type: str = "default") -> ModelInfo:
    """The description of a checkpoint that is not loaded; the compute type is the one that will be asked for.

    Raises:
        ModelUnavailable: there is no such device.
    """
    device = pick_device(device)
    return ModelInfo(
        _engine(),
        checkpoint.name,
        checkpoint.revision,
        _compute_type(device, compute_type),
        device,
        checkpoint.synthetic_only,
    )


def checkpoint_digest(checkpoint: Checkpoint) -> str:
    """SHA-256 over the digests of a checkpoint's files."""
    files = ("model.bin", *BESIDE_WEIGHTS)
    return hashlib.sha256(repr([(f, cached_sha256(checkpoint.path / f)) for f in files]).encode()).hexdigest()


def _engine() -> str:
    import ctranslate2

    return f"faster-whisper {_version('faster-whisper')}, CTranslate2 {ctranslate2.__version__}"


def _compute_type(device: str, compute_type: str) -> str:
    if compute_type != "default":
        return compute_type
    return "float16" if device == "cuda" else "int8"


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def _load_hint(device: str, message: str) -> str:
    low = message.lower()
    if "compute type" in low:
        return "This device does not support that --compute-type; omit it."
    if "out of memory" in low:
        return "Not enough GPU memory: choose a smaller --model or --compute-type int8_float16."
    if device == "cuda" and ("libcu" in low or "cudnn" in low or "cublas" in low):
        return "cuBLAS or cuDNN is missing: pip install nvidia-cublas-cu12 nvidia-cudnn-cu12, or use --device cpu."
    return "The files may be incomplete or of another version: `redactor models get NAME` downloads them again."
