"""A checkpoint → a thread-safe Transcriber: engine, batcher and recogniser."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

from redactor.batching import LINGER

from .activity import VadOptions
from .batcher import Batcher
from .checkpoints import Checkpoint
from .decoding import DecodingOptions
from .device import pick_device
from .probe import arrange
from .recognize import Recognizer
from .whisper import WhisperEngine


def load_transcriber(
    checkpoint: Checkpoint,
    *,
    device: str = "auto",
    compute_type: str | None = None,
    threads: int = 0,
    workers: int = 0,
    batch_size: int = 0,
    probe: bool = False,
    full: bool = False,
    linger: float = LINGER,
    cpu_semaphore: AbstractContextManager[Any] | None = None,
    beam_size: int | None = None,
    language: str | None = None,
    hotwords: str | None = None,
    initial_prompt: str | None = None,
    vad: VadOptions | None = None,
) -> Recognizer:
    """Load a checkpoint and return a Transcriber; None and 0 mean the defaults.

    Args:
        threads: CPU threads of each model call; 0: one, since on a CPU as many calls as cores beat one call on all
            cores.
        workers: concurrent model calls; 0: cores / threads on a CPU, 2 on CUDA (one is decoded while the next is
            copied).
        batch_size: most windows in a call; 0: by device.
        probe: measure the best values if none of these three is given (some seconds; for large archives).
        full: every window in the whole 30 s context.
        beam_size: where a greedy search is unsure; None: the checkpoint's own.
        linger: seconds that a call may wait for more windows.
        cpu_semaphore: held for the voice detector and for features, so that as many threads compute as there are cores.

    Raises:
        ModelUnavailable: see `WhisperEngine.load`.
    """
    device = pick_device(device)
    options = DecodingOptions(
        language=language or "en",
        beam_size=beam_size or checkpoint.beam,
        hotwords=hotwords or None,
        initial_prompt=initial_prompt or None,
    )

    def load(workers: int, threads: int) -> WhisperEngine:
        return WhisperEngine.load(
            checkpoint,
            device=device,
            compute_type=compute_type or "default",
            cpu_threads=threads,
            workers=workers,
            full=full,
            options=options,
        )

    if probe and not (threads or workers or batch_size):
        engine, chosen = arrange(load, device=device, cores=usable_cores())
        workers, batch_size = chosen.workers, chosen.batch_size
    else:
        if device == "cpu":
            threads = threads or 1
            workers = workers or max(1, usable_cores() // threads)
        workers = workers or 2
        engine = load(workers, threads)
    batcher = Batcher(engine, batch_size=batch_size, workers=workers, linger=linger, cpu_semaphore=cpu_semaphore)
    return Recognizer(batcher, vad=vad, cpu_semaphore=cpu_semaphore, floors=checkpoint.floors)


def usable_cores() -> int:
    """Cores that this process may run on (containers and taskset may give fewer than the machine has)."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
