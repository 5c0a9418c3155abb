"""The allocator's settings, seen from outside."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys, threading
if sys.argv[1] == "flat":
    from redactor.malloc import keep_flat
    assert keep_flat()
def work(gate):
    kept = [bytearray(60_000) for _ in range(100)]
    gate.wait()
gate = threading.Barrier(49)
threads = [threading.Thread(target=work, args=(gate,)) for _ in range(48)]
[t.start() for t in threads]
maps = open("/proc/self/maps").read()
gate.wait()
[t.join() for t in threads]
print(maps)
"""


def heaps(mode: str) -> int:
    maps = subprocess.run([sys.executable, "-c", SCRIPT, mode], check=True, capture_output=True, text=True).stdout
    found = 0
    for line in filter(None, maps.splitlines()):
        span, rights, *_ = line.split()
        start, end = (int(part, 16) for part in span.split("-"))
        # glibc reserves 64 MB for each heap beside the first; the part not yet in use is mapped without rights.
        found += rights.startswith("---") and 32_000_000 < end - start <= 64 << 20
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the settings are glibc's")
def test_threads_share_a_few_heaps() -> None:
    before, after = heaps("as it is"), heaps("flat")
    if not before:
        pytest.skip("this C library does not give threads heaps of their own")
    assert after < 2 * (os.cpu_count() or 1) < before
