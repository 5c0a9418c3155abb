"""Find the best way to run a checkpoint on this machine: a short measurement before a large archive.

It measures first how many concurrent calls with how many threads each are best (on a CPU: as many single-threaded calls
as cores, or fewer calls with more threads), then how many windows per call. Each candidate does the same work
(`WhisperEngine.rehearse`); the most windows per second win, but a larger batch only if it is clearly better: smaller
ones fill sooner and need less memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from redactor.errors import RecognitionFailed

from .whisper import WhisperEngine

SECONDS = 10.0  # for all candidates, after which the best so far is used
BATCHES = {"cpu": (4,), "cuda": (16, 32, 64, 128)}
"""On a CPU a larger batch was never faster, but takes more memory (`batcher.BATCH_SIZE`)."""
CLEARLY = 1.05  # times faster


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How recognition runs: concurrent calls, CPU threads of each, most windows per call; `rate`: windows per second, 0
    if not measured.
    """

    workers: int
    threads: int
    batch_size: int
    rate: float = 0.0


def arrange(load: Callable[[int, int], WhisperEngine], *, device: str, cores: int) -> tuple[WhisperEngine, Arrangement]:
    """Measure the candidates and choose the best.

    Args:
        load: (workers, threads) → a loaded engine.
        device: "cpu" or "cuda".
        cores: available to this process.

    Returns:
        The engine, loaded as it will be run, and the arrangement.
    """
    ends = time.monotonic() + SECONDS
    sizes = BATCHES[device]
    splits = [(2, 0)] if device == "cuda" else [(cores // t, t) for t in (1, 2, 4, 8) if t <= cores]
    best: tuple[WhisperEngine, Arrangement] | None = None
    for workers, threads in splits:
        if best and time.monotonic() > ends:
            break
        engine = load(workers, threads)
        rate = _rate(engine, workers, sizes[0])
        if best is None or rate > best[1].rate:
            best = engine, Arrangement(workers, threads, sizes[0], rate)
    assert best is not None
    engine, chosen = best
    for size in sizes[1:]:
        if time.monotonic() > ends:
            break
        try:
            rate = _rate(engine, chosen.workers, size)
        except RecognitionFailed:  # out of the GPU's memory
            break
        if rate > chosen.rate * CLEARLY:
            chosen = Arrangement(chosen.workers, chosen.threads, size, rate)
    return engine, chosen


def _rate(engine: WhisperEngine, workers: int, size: int) -> float:
    """Windows per second with every worker busy; the first round warms up and does not count."""
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(engine.rehearse, [size] * workers))
        began = time.perf_counter()
        list(pool.map(engine.rehearse, [size] * workers))
        return workers * size / (time.perf_counter() - began)
