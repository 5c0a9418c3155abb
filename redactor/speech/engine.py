"""The seam: what recognition asks of an engine, on two levels.

    BatchEngine     prepared windows of one bucket → words   what a `Batcher` needs of a model to fill its batches
    across files
    WindowEngine    windows of audio → words           a model, or a `Batcher` before it that many files share
    Transcriber     channels of one recording → Speech what the pipeline asks; real, imported or fake

`recognize.Recognizer` makes a Transcriber of any WindowEngine. `fake` ships a stand-in for each, and
tests/speech/contract.py is the one suite that real and fake pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from redactor.types import Channel, ModelInfo, Mono, Speech, TimedText


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prepared:
    """A window ready for the model.

    Attributes:
        features: shape (mel bands, frames), float32; no frames: too short to hold speech.
        seconds: of audio.
        context: frames the encoder is given, 0 for a window that needs no model.
        limit: most tokens its text may have.
    """

    features: npt.NDArray[np.float32]
    seconds: float
    context: int
    limit: int

    @property
    def bucket(self) -> tuple[int, int]:
        """Windows of one bucket may share a call, and the result is the same as if each came alone."""
        return self.context, self.limit


class WindowEngine(Protocol):
    """A speech model that hears short windows and remembers nothing between them.

    Implementations are safe to call from several threads.
    """

    @property
    def info(self) -> ModelInfo:
        """Which engine and checkpoint this is."""

    @property
    def language(self) -> str:
        """Language code of the words, "en"."""

    @property
    def max_window(self) -> float:
        """Longest window this checkpoint reads well, seconds, at most 30."""

    def recognize(self, windows: Iterable[Mono], *, careful: bool = False) -> list[list[TimedText]]:
        """Recognise each window by itself.

        Args:
            windows: 16 kHz mono, each at most 30 s; taken as they are needed. They may come from different channels and
                recordings: the result of one
                never depends on its company (what a doubtful one is sampled to at a higher temperature is chance).
            careful: a wider margin, for windows in which words were missed.

        Returns:
            As many lists as windows, in their order. Times are seconds from the window's first sample, inside the
            window, starts not decreasing; None (or equal, or inverted) where the engine has no time. [] where it hears
            no words.

        Raises:
            RecognitionFailed: the engine failed; the message holds no text.
        """


class BatchEngine(WindowEngine, Protocol):
    """A WindowEngine whose work can be cut in two, so that windows of many callers meet in one call."""

    def prepare(self, window: Mono, *, careful: bool = False) -> Prepared:
        """Features of one window: no model, any thread."""

    def decode(self, batch: Sequence[Prepared]) -> list[list[TimedText]]:
        """Windows of one bucket → words of each, as `recognize`.

        Raises:
            RecognitionFailed: the engine failed; the message holds no text.
        """


class Transcriber(Protocol):
    """Everything recognition says about one recording."""

    @property
    def info(self) -> ModelInfo:
        """Which engine and checkpoint this is."""

    def transcribe(self, channels: Sequence[Channel], *, recording_id: str) -> Speech:
        """Recognise the channels of one recording.

        Args:
            channels: 16 kHz, one a channel; they may differ in length by rounding. Identical channels are the
                caller's business: pass each sound once and set `Speech.same_as` afterwards.
            recording_id: SHA-256 of the file; for errors only.

        Returns:
            One transcript a channel, channel numbers by position, `same_as` the identity; times on the recording's
            clock.

        Raises:
            RecognitionFailed: the engine failed on this recording.
            TranscriptError: a supplied transcript does not fit it.
        """
