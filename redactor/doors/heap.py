"""Keeps a long run's memory flat: the C library's allocator gets as few arenas as the work needs."""

from __future__ import annotations

import ctypes
import os
import sys

ARENA_MAX = -8  # mallopt(3): M_ARENA_MAX
ARENAS_PER_CORE = 2
"""Left alone, glibc gives a program's threads up to eight arenas a core, and what is freed in one serves no other. With
fewer than two the model's calls wait for each other.

The thresholds for mmap and trim are glibc's own, which grow with what is freed: fixed at 1 and 2 MB, every buffer of a
real checkpoint was mapped and unmapped at each use, and a third of the processor time was the kernel's."""


def keep_flat() -> bool:
    """Call before threads start. Whether the allocator took the setting (other C libraries have none)."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(ARENA_MAX, ARENAS_PER_CORE * (os.cpu_count() or 1)))
