"""Fakes for tests and demonstrations, tested against the same contract as the real ones (tests/speech/contract.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from redactor.types import Channel, ModelInfo, Mono, Speech, TimedText, Transcript, Unheard

from .activity import listen
from .coverage import gaps

FAKE = ModelInfo("fake", "scripted", device="cpu", synthetic_only=True)


class FakeEngine:
    """A WindowEngine that spreads the next words of its script evenly over any sound.

    Each window starts the script again: like a real engine, it is stateless.
    """

    def __init__(
        self,
        script: Sequence[str] = ("hi", "this", "is", "a", "message"),
        *,
        seconds_a_word: float = 0.4,
        max_window: float = 28.0,
    ) -> None:
        self.script = tuple(script)
        self.seconds_a_word = seconds_a_word
        self.calls: list[int] = []
        """Number of windows in each call."""
        self._max_window = max_window

    @property
    def info(self) -> ModelInfo:
        return FAKE

    @property
    def language(self) -> str:
        return "en"

    @property
    def max_window(self) -> float:
        return self._max_window

    def recognize(
        self, windows: Iterable[Mono], *, careful: bool = False, hotwords: str | None = None
    ) -> list[list[TimedText]]:
        """See `WindowEngine.recognize`."""
        said = [self._say(window) for window in windows]
        self.calls.append(len(said))
        return said

    def _say(self, window: Mono) -> list[TimedText]:
        words: list[TimedText] = []
        for region in listen(window).active:
            count = max(1, round((region.end - region.start) / self.seconds_a_word))
            step = (region.end - region.start) / count
            for i in range(count):
                text = self.script[len(words) % len(self.script)]
                words.append(TimedText(text, region.start + i * step, region.start + (i + 1) * step, 0.9))
        return words


class FakeTranscriber:
    """A Transcriber with a script for each recording, independent of its sound.

    Args of `__init__`:
        script: recording id → words of each channel. Other recordings get the words under "", or none.
    """

    def __init__(self, script: Mapping[str, Sequence[Sequence[TimedText]]], *, info: ModelInfo = FAKE) -> None:
        self.script = script
        self.info = info

    def transcribe(self, channels: Sequence[Channel], *, recording_id: str, hotwords: str | None = None) -> Speech:
        """See `Transcriber.transcribe`: scripted words after a channel's end are omitted."""
        script = self.script.get(recording_id, self.script.get("", ()))
        transcripts: list[Transcript] = []
        unheard: list[Unheard] = []
        for number, channel in enumerate(channels):
            activity = listen(channel)
            said = [
                word
                for word in (script[number] if number < len(script) else ())
                if word.end is None or word.end <= activity.duration
            ]
            transcripts.append(Transcript.of(said, channel=number))
            unheard += gaps(activity, said, channel=number)
        return Speech(tuple(transcripts), tuple(range(len(channels))), self.info, 0.0, tuple(unheard))
