"""Interfaces of recognition, on three levels.

    BatchEngine     prepared windows of one bucket → words   a model, as a `Batcher` uses it across files
    WindowEngine    windows of audio → words                 a model, or a `Batcher` that many files share
    Transcriber     channels of one recording → Speech       used by the pipeline; real, imported or fake

`recognize.Recognizer` is a Transcriber for any WindowEngine. `fake` has a fake of each, and real and fake pass the same
contract tests (tests/speech/contract.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from redactor.batching import Requeued
from redactor.types import Channel, ModelInfo, Mono, Speech, TimedText


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prepared:
    """A window ready for the model.

    Attributes:
        features: shape (mel bands, frames), float32; no frames: too short for speech.
        seconds: of audio.
        context: frames for the encoder, 0 for a window that needs no model.
        limit: the most tokens of its text.
        prompt: tokens before its text, if they are not the engine's own.
        first: what an engine keeps of a window's first search for a second one; None before the first.
    """

    features: npt.NDArray[np.float32]
    seconds: float
    context: int
    limit: int
    prompt: tuple[int, ...] = ()
    first: Any = None

    @property
    def bucket(self) -> tuple[int, int, int, bool]:
        """Windows of one bucket may share a call without a change in their results. Prompts may differ, but in one call
        CTranslate2 wants all of one length.
        """
        return self.context, self.limit, len(self.prompt), self.first is not None


class WindowEngine(Protocol):
    """A stateless speech model for short windows.

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
        """The longest window that this checkpoint recognises well, seconds, at most 30."""

    def recognize(
        self, windows: Iterable[Mono], *, careful: bool = False, hotwords: str | None = None
    ) -> list[list[TimedText]]:
        """Recognise each window by itself.

        Args:
            windows: 16 kHz mono, each at most 30 s; read as needed. They may come from different channels and
                recordings: a window's result does not depend on the others.
            careful: use a wider margin, for windows in which words were missed.
            hotwords: words to expect in these windows; engines that cannot be told ignore them.

        Returns:
            As many lists as windows, in their order. Times are seconds from the window's first sample, inside the
            window, starts not decreasing; None (or equal, or inverted) where the engine has no time. [] for windows
                without words.

        Raises:
            RecognitionFailed: the engine failed; the message holds no text.
        """


class BatchEngine(WindowEngine, Protocol):
    """A WindowEngine whose work can be split, so that windows of many callers share one call."""

    def prepare(self, window: Mono, *, careful: bool = False, hotwords: str | None = None) -> Prepared:
        """Compute the features of one window, without the model, in any thread."""

    def decode(self, batch: Sequence[Prepared]) -> list[list[TimedText] | Requeued[Prepared]]:
        """Windows of one bucket → words of each, as `recognize`; `Requeued` for a window that needs another search.

        Raises:
            RecognitionFailed: the engine failed; the message holds no text.
        """


class Transcriber(Protocol):
    """Recognition of one recording."""

    @property
    def info(self) -> ModelInfo:
        """Which engine and checkpoint this is."""

    def transcribe(self, channels: Sequence[Channel], *, recording_id: str, hotwords: str | None = None) -> Speech:
        """Recognise the channels of one recording.

        Args:
            channels: 16 kHz; they may differ in length by rounding. Callers pass identical channels once and set
                `Speech.same_as` afterwards.
            recording_id: SHA-256 of the file; for errors only.
            hotwords: words to expect in this recording; see `WindowEngine.recognize`.

        Returns:
            One transcript per channel, channel numbers by position, `same_as` the identity; times on the recording's
            clock.

        Raises:
            RecognitionFailed: the engine failed on this recording.
            TranscriptError: a supplied transcript does not match it.
        """
