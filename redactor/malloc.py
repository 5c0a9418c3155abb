"""Settings of the C library's allocator: the memory of long runs stays flat, and buffers are used again."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import cache

ARENA_MAX, MMAP_THRESHOLD, TRIM_THRESHOLD = -8, -3, -1  # of mallopt(3)
ARENAS_PER_CORE = 2
"""By default, glibc uses up to eight arenas per core, and memory freed in one is not available to the others.
Even fewer were not clearly slower or faster."""
LARGEST_IN_ARENA, KEPT_FREE = 32 << 20, 512 << 20
"""Bytes: buffers up to the first size come from the arenas, which keep free memory up to the second size until the
next trim. glibc adjusts both to what was freed last; at 1 and 2 MB, every buffer of a real checkpoint was mapped and
unmapped at each use, and a third of the processor time was spent in the kernel."""


TRIM_SECONDS = 30.0
"""Seconds between returns of free memory inside the arenas; without them the memory of long runs grows faster. Each
costs as many page faults as it returns pages."""


@cache
def keep_flat() -> bool:
    """Apply the settings; call it once, before threads start. Returns whether the allocator accepted them (other
    C libraries have none).
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    mallopt, trim = getattr(libc, "mallopt", None), getattr(libc, "malloc_trim", None)
    if trim is not None:
        threading.Thread(target=_trimming, args=(trim,), name="malloc-trim", daemon=True).start()
    if mallopt is None:
        return False
    arenas = ARENAS_PER_CORE * (os.cpu_count() or 1)
    settings = ((ARENA_MAX, arenas), (MMAP_THRESHOLD, LARGEST_IN_ARENA), (TRIM_THRESHOLD, KEPT_FREE))
    return all(mallopt(name, value) for name, value in settings)


def _trimming(trim: Callable[[int], int]) -> None:
    while True:
        time.sleep(TRIM_SECONDS)
        trim(0)
