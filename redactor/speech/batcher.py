"""A shared engine: windows of many recordings in one model call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any

from redactor.batching import LINGER, DynamicBatcher
from redactor.types import ModelInfo, Mono, TimedText

from .engine import BatchEngine, Prepared

BATCH_SIZE = {"cpu": 8, "cuda": 48}
"""On a CPU a search costs less for each window of a larger batch: by 11 % with base and 14 % with tiny.en from 4 to 8
(AMD EPYC), no more from 16 on. Memory grows with the batch: the decoder keeps its state of every window, 20 MB for base
and 8 s.
"""

BATCHES_IN_FLIGHT = {"cpu": 4, "cuda": 2}
"""Recordings in progress for each place in a batch: windows of some twenty lengths wait for others of their length.
With one for each place a batch of 8 has 2 windows on average, with two 3.2, with four 4.8 (134 voicemails, base)."""


class Batcher:
    """A thread-safe WindowEngine over a BatchEngine.

    Args:
        engine: the model.
        batch_size: most windows per call; 0: by device.
        workers: concurrent calls; as many as the engine was loaded for.
        linger: seconds that a worker waits for more windows when it has less than half a batch.
        cpu_semaphore: held while a window's features are computed: as many threads do so as there are cores.

    Attributes:
        in_flight: recordings that should be processed concurrently, so that batches fill.
    """

    def __init__(
        self,
        engine: BatchEngine,
        *,
        batch_size: int = 0,
        workers: int = 1,
        linger: float = LINGER,
        cpu_semaphore: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.engine = engine
        self.calls: DynamicBatcher[Prepared, list[TimedText]] = DynamicBatcher(
            engine.decode,
            key=lambda window: window.bucket,
            size=batch_size or BATCH_SIZE.get(engine.info.device, BATCH_SIZE["cpu"]),
            workers=workers,
            linger=linger,
            name="recognise",
        )
        ahead = BATCHES_IN_FLIGHT.get(engine.info.device, BATCHES_IN_FLIGHT["cpu"])
        self.in_flight = min(256, max(4, ahead * self.calls.size * workers))
        self._cpu_semaphore = cpu_semaphore or nullcontext()

    @property
    def info(self) -> ModelInfo:
        return self.engine.info

    @property
    def language(self) -> str:
        return self.engine.language

    @property
    def max_window(self) -> float:
        return self.engine.max_window

    def recognize(
        self, windows: Iterable[Mono], *, careful: bool = False, hotwords: str | None = None
    ) -> list[list[TimedText]]:
        """See `WindowEngine.recognize`; blocks until every window has its words."""
        return self.calls(self._prepared(windows, careful=careful, hotwords=hotwords))

    def close(self) -> None:
        """Let the workers finish what is queued, then end them."""
        self.calls.close()

    def __enter__(self) -> Batcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepared(self, windows: Iterable[Mono], *, careful: bool, hotwords: str | None) -> Iterator[Prepared]:
        biased = {"hotwords": hotwords} if hotwords else {}
        for window in windows:
            with self._cpu_semaphore:
                prepared = self.engine.prepare(window, careful=careful, **biased)
            yield prepared
