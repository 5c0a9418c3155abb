"""Turns recordings into messages for the rules: decodes, recognises, detects, and measures the audio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from redactor.batching import DynamicBatcher
from redactor.compliance import Message, SoundFacts
from redactor.concurrency import MemoryBudget
from redactor.factory import Assembled
from redactor.storage import Item
from redactor.types import Finding, Recording, Samples, Speech, TimedText, Transcript

AUDIO_SECONDS = 3600.0
"""Recordings in progress, counted by channels."""
TEXTS = 64
FULL_SCALE = 0.97
"""µ-law and A-law end at 0.98 of full scale, and a clipped sample need not be the largest value."""
RUN = 3
"""Consecutive equal samples at full scale that count as clipping rather than a peak."""


def digits_of(text: str) -> str:
    """The digits of a spoken number ("two oh six …"); of a corrected number, the last ones."""
    from redactor.phi.spoken import CORRECTION, written_form

    written = written_form(text).text
    last = "".join(c for c in written.rpartition(CORRECTION)[2] if c.isdigit())
    return last if len(last) >= 7 else "".join(c for c in written if c.isdigit())


class Listener:
    """Transcribes recordings of one run; safe for many threads."""

    def __init__(self, made: Assembled, *, read: Callable[[Item], Any]) -> None:
        self._pipeline = made.pipeline
        self._read = read
        self._audio = MemoryBudget(AUDIO_SECONDS)
        self._search: Callable[[Sequence[Transcript]], Sequence[tuple[Finding, ...]]] | None = None

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Run one thread that searches the texts of all recordings that are ready."""

        def search(transcripts: Sequence[Transcript]) -> list[tuple[Finding, ...]]:
            return list(self._pipeline.detector.search(transcripts))

        with DynamicBatcher(search, size=TEXTS, linger=0.0, name="detect") as texts:
            self._search = texts
            try:
                yield
            finally:
                self._search = None

    def hear(self, item: Item, known: Callable[[str], None]) -> tuple[Message, bool]:
        """The message of a recording, and whether its checkpoint is for synthetic speech only.

        Args:
            known: called with the recording's id as soon as it is known.

        Raises:
            RedactorError: it cannot be read or decoded, or recognition or detection failed.
        """
        from redactor.recognition import listen

        source = self._read(item)
        known(source.id)
        recording = self._pipeline.decoder(source)
        with self._audio.of(recording.duration * recording.channels):
            speech = listen(recording, self._pipeline.transcriber_for(item))
        search = self._search or self._pipeline.detector.search
        found = [f for findings in search(speech.transcripts) for f in findings]
        return message_of(recording, speech, tuple(found)), speech.model.synthetic_only


def message_of(recording: Recording, speech: Speech, findings: tuple[Finding, ...]) -> Message:
    """The message for the rules: words, findings, and properties of the audio."""
    return Message(
        id=recording.id,
        transcripts=speech.transcripts,
        findings=findings,
        duration=recording.duration,
        heard=SoundFacts(
            sum(u.end - u.start for u in speech.unheard if u.kind != "sound"),
            clipped(recording),
            invented=speech.model.synthetic_only,
        ),
        digits_of=digits_of,
    )


def clipped(recording: Recording) -> float:
    """The share of samples in runs of equal samples at full scale, 0 … 1."""
    samples: Samples = recording.samples
    if not samples.size:
        return 0.0
    full = FULL_SCALE * (np.iinfo(samples.dtype).max if np.issubdtype(samples.dtype, np.integer) else 1.0)
    flat = np.zeros(samples.shape, dtype=bool)
    # Not abs(): the lowest integer has none.
    flat[1:] = (samples[1:] == samples[:-1]) & ((samples[1:] >= full) | (samples[1:] <= -full))
    runs = flat[RUN - 1 :].copy()
    for back in range(1, RUN - 1):
        runs &= flat[RUN - 1 - back : len(flat) - back]
    return float(runs.sum()) / samples.size


def message_of_text(text: str, detector: Any, identity: str) -> Message:
    """The message of a text."""
    transcript = Transcript.of(TimedText(word, None, None) for word in text.split())
    found = next(iter(detector.search([transcript])))
    return Message(identity, (transcript,), tuple(found), digits_of=digits_of)
