"""The seam: what recognition asks of an engine, on two levels.

    WindowEngine    windows of audio → words           a model; windows of many channels and files may share one call
    Transcriber     channels of one recording → Speech what the pipeline asks; real, imported or fake

`recognize.Recognizer` makes a Transcriber of any WindowEngine. `fake` ships a stand-in for each, and
tests/speech/contract.py is the one suite that real and fake pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from redactor.types import ModelInfo, Mono, Speech, TimedText


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

    def recognize(self, windows: Sequence[Mono]) -> list[list[TimedText]]:
        """Recognise each window by itself.

        Args:
            windows: 16 kHz mono, each at most 30 s. They may come from different channels and recordings: the result of one
                never depends on its company.

        Returns:
            As many lists as windows, in their order. Times are seconds from the window's first sample, inside the window,
            starts not decreasing; None (or equal, or inverted) where the engine has no time. [] where it hears no words.

        Raises:
            RecognitionFailed: the engine failed; the message holds no text.
        """


class Transcriber(Protocol):
    """Everything recognition says about one recording."""

    @property
    def info(self) -> ModelInfo:
        """Which engine and checkpoint this is."""

    def transcribe(self, channels: Sequence[Mono], *, recording_id: str) -> Speech:
        """Recognise the channels of one recording.

        Args:
            channels: 16 kHz mono, one a channel; they may differ in length by rounding. Identical channels are the
                caller's business: pass each sound once and set `Speech.same_as` afterwards.
            recording_id: SHA-256 of the file; for errors only.

        Returns:
            One transcript a channel, channel numbers by position, `same_as` the identity; times on the recording's clock.

        Raises:
            RecognitionFailed: the engine failed on this recording.
            TranscriptError: a supplied transcript does not fit it.
        """
