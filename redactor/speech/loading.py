"""A checkpoint's folder → a loaded faster-whisper model."""

from __future__ import annotations

import logging
from typing import Any

from redactor.errors import ModelUnavailable
from redactor.types import ModelInfo

from .device import pick_device
from .folder import Checkpoint


def load_model(
    checkpoint: Checkpoint, *, device: str, compute_type: str, cpu_threads: int, workers: int
) -> tuple[Any, ModelInfo]:
    """A `faster_whisper.WhisperModel` and its description; see `WhisperEngine.load`.

    Raises:
        ModelUnavailable: the folder does not load, or the device or compute type is not available.
    """
    import ctranslate2
    from faster_whisper import WhisperModel

    device = pick_device(device)
    if compute_type == "default":
        compute_type = "float16" if device == "cuda" else "int8"
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
        f"faster-whisper {_version('faster-whisper')}, CTranslate2 {ctranslate2.__version__}",
        checkpoint.name,
        checkpoint.revision,
        model.model.compute_type,
        device,
        checkpoint.synthetic_only,
    )
    return model, info


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
