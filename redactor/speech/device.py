"""Which device CTranslate2 can use."""

from __future__ import annotations

from redactor.errors import ModelUnavailable


def pick_device(device: str) -> str:
    """Turn "auto" into "cuda" if CTranslate2 sees a GPU, else "cpu"; other names stay.

    Raises:
        ModelUnavailable: "cuda" was asked for and there is none.
    """
    import ctranslate2

    if device not in {"auto", "cpu", "cuda"}:
        raise ModelUnavailable(f"Unknown device: {device}.", hint="Choose auto, cpu or cuda.")
    try:
        present = ctranslate2.get_cuda_device_count() > 0
    except RuntimeError:  # a driver that is too old for this build
        present = False
    if device == "cuda" and not present:
        raise ModelUnavailable(
            "No CUDA device is visible.", hint="Use --device cpu, or check the driver with nvidia-smi."
        )
    return ("cuda" if present else "cpu") if device == "auto" else device
