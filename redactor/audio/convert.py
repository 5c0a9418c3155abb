"""Conversion between sample types."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def as_float32(samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Samples of any supported type as float32, full scale 1. NaN becomes 0."""
    if samples.dtype.kind == "i":
        scaled: npt.NDArray[np.float32] = samples.astype(np.float32) / np.float32(-int(np.iinfo(samples.dtype).min))
        return scaled
    # Clip first: a double over float32's range would overflow in the cast. NaN passes through clip.
    clean: npt.NDArray[np.float32] = np.nan_to_num(np.clip(samples, -1.0, 1.0)).astype(np.float32)
    return clean


def as_int16(samples: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Round to 16 bits; float is clipped at full scale, NaN becomes 0."""
    if samples.dtype == np.int16:
        return samples
    rounded: npt.NDArray[Any]
    if samples.dtype.kind == "i":
        rounded = (samples.astype(np.int64) + (1 << 15)) >> 16
    else:
        rounded = np.rint(np.nan_to_num(samples) * 32768.0)
    narrow: npt.NDArray[np.int16] = np.clip(rounded, -32768, 32767).astype(np.int16)
    return narrow
