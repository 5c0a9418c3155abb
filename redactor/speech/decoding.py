"""Options of decoding."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """Options of decoding, in faster-whisper's terms.

    Attributes:
        language: code of the spoken language; English-only checkpoints know "en".
        beam_size: 1 = greedy.
        second_tries: False: a window whose text is repetitive or improbable gets no words and is not decoded again.
        hotwords, initial_prompt: words to expect (names of the practice, drugs). Never logged: they may contain names.
    """

    language: str = "en"
    beam_size: int = 5
    second_tries: bool = True
    hotwords: str | None = field(default=None, repr=False)
    initial_prompt: str | None = field(default=None, repr=False)
