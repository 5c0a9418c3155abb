"""Keeps the memory of long runs flat by limiting the arenas of the C library's allocator."""

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
"""By default, glibc uses up to eight arenas per core, and memory freed in one is not available to the others.
Even fewer were not clearly slower or faster.

The thresholds for mmap and trim stay dynamic: fixed at 1 and 2 MB, every buffer of a real checkpoint was mapped and
unmapped at each use, and a third of the processor time was spent in the kernel."""


TRIM_SECONDS = 5.0
"""Seconds between returns of free memory inside the arenas; without them the memory of long runs grows faster."""


@cache
def keep_flat() -> bool:
    """Limit the arenas; call it once, before threads start. Returns whether the allocator accepted the setting (other
    C libraries have none).
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
