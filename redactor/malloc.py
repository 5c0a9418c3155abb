"""Keeps a long run's memory flat: the C library's allocator gets as few arenas as the work needs."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import cache

ARENA_MAX = -8  # mallopt(3): M_ARENA_MAX
ARENAS_PER_CORE = 2
"""Left alone, glibc gives a program's threads up to eight arenas a core, and what is freed in one serves no other.
Fewer were not clearly slower or faster.

The thresholds for mmap and trim are glibc's own, which grow with what is freed: fixed at 1 and 2 MB, every buffer of a
real checkpoint was mapped and unmapped at each use, and a third of the processor time was the kernel's."""


TRIM_SECONDS = 5.0
"""Free memory in the middle of the arenas is given back so often: a long run's memory grows faster without."""


@cache
def keep_flat() -> bool:
    """Call before threads start; once is enough. Whether the allocator took the setting (other C libraries have
    none).
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    mallopt, trim = getattr(libc, "mallopt", None), getattr(libc, "malloc_trim", None)
    if trim is not None:
        threading.Thread(target=_trimming, args=(trim,), name="malloc-trim", daemon=True).start()
    return mallopt is not None and bool(mallopt(ARENA_MAX, ARENAS_PER_CORE * (os.cpu_count() or 1)))


def _trimming(trim: Callable[[int], int]) -> None:
    while True:
        time.sleep(TRIM_SECONDS)
        trim(0)
