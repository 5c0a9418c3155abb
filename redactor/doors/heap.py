"""Keeps a long run's memory flat: settings of the C library's allocator."""

from __future__ import annotations

import ctypes
import sys

# mallopt(3) of glibc: parameter, value.
ARENAS = (-8, 2)
"""M_ARENA_MAX. Left alone, glibc gives 64 threads up to eight heaps a core, and what is freed in one serves no other."""
MMAP = (-3, 1_000_000)
"""M_MMAP_THRESHOLD, bytes. Left alone, it rises to what was freed last, up to 32 MB, and blocks of samples then leave holes in the heap."""
TRIM = (-1, 2_000_000)
"""M_TRIM_THRESHOLD, bytes free at the heap's end that are given back."""


def keep_flat() -> bool:
    """Call before threads start. Whether the allocator took the settings (other C libraries have none).

    `benchmarks/memory.py`, files of 2 s, peak at 100, 1,000 and 5,000 files without: 702, 804, 934 MB; two arenas alone: 680 and 704 MB at 100 and
    1,000; all three: 681 and 650 MB, in as much processor time.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(parameter, value) for parameter, value in (ARENAS, MMAP, TRIM))
