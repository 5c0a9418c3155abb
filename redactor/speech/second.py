"""The recogniser of the second reading: another checkpoint if there is one, else the same one with another search and
other windows.

Another checkpoint makes different errors. It should cost little compared with the first: it decodes greedily, repeats
no window (uncertain words prove nothing) and has no retry.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from redactor.errors import ModelUnavailable

from .batcher import Batcher
from .checkpoints import Checkpoint, list_checkpoints
from .folder import inspect
from .load import load_transcriber
from .recognize import Recognizer

SMALLER = 0.6
"""Largest size of the second checkpoint's weights relative to the first's."""
SHORTER = 0.6
"""Longest window relative to the first reading's, if the checkpoint is the same."""


def second_checkpoint(
    first: Checkpoint, *, language: str | None = None, cache_dir: Path | None = None
) -> Checkpoint | None:
    """The best checkpoint on this machine that costs little compared with `first`; None: there is none, or `first`
    recognises no human speech.

    `cache_dir`: instead of huggingface_hub's own.
    """
    if first.synthetic_only:
        return None
    for row in list_checkpoints(cache_dir=cache_dir):  # the best first
        fits = row.state == "downloaded" and not row.synthetic_only and 0 < row.size <= SMALLER * first.size
        if (
            fits
            and row.path is not None
            and (language or "en") in (["en"] if row.name.endswith(".en") else [language or "en"])
        ):
            with suppress(ModelUnavailable):
                return inspect(row.path, name=row.name, source="cache")
    return None


def second_transcriber(
    first: Recognizer | None,
    checkpoint: Checkpoint | None,
    *,
    cpu_semaphore: AbstractContextManager[Any] | None = None,
    **options: Any,
) -> Recognizer:
    """A Transcriber for the second reading.

    Args:
        first: None if the transcript is imported: then `checkpoint` is required.
        checkpoint: another one; None: the weights of `first` are shared.
        options: of `load_transcriber`, for another checkpoint.

    Raises:
        ModelUnavailable: it does not load.
    """
    if checkpoint is not None:
        batcher: Any = load_transcriber(checkpoint, cpu_semaphore=cpu_semaphore, **options).engine
        longest = batcher.engine.max_window
    else:
        assert first is not None
        given: Any = first.engine
        batcher = Batcher(
            copy(given.engine),  # shares the loaded weights
            batch_size=given.calls.size,
            workers=given.calls.workers,
            cpu_semaphore=cpu_semaphore,
        )
        longest = max(2.0, SHORTER * given.engine.max_window)
    engine = batcher.engine
    # Not an option of its loader.
    engine._options = replace(engine._options, beam_size=1, second_tries=False)  # noqa: SLF001
    return Recognizer(batcher, retry=False, max_window=longest, cpu_semaphore=cpu_semaphore)
