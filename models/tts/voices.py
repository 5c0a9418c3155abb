"""The interface to all engines: `say(text, "engine/voice")`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import espeak, festival, flite
from .errors import TTSError
from .natural import engine as natural

if TYPE_CHECKING:
    from .speech import Speech

ENGINES = {
    "flite": flite.synthesise,
    "espeak": espeak.synthesise,
    "festival": festival.synthesise,
    "kokoro": natural.kokoro,
    "piper": natural.piper,
}
NATURAL = ("kokoro", "piper")

#: Every voice by its full name; English but for Kokoro's that do not begin with a or b. espeak-ng takes more:
#: any of its voices with any of its variants.
VOICES: tuple[str, ...] = (
    *(f"flite/{name}" for name in flite.VOICES),
    *(f"espeak/{name}" for name in espeak.VOICES),
    *(f"festival/{name}" for name in festival.VOICES),
    *(f"kokoro/{name}" for name in natural.KOKORO),
    *(f"piper/{name}" for name in natural.PIPER),
)


def is_natural(voice: str) -> bool:
    """Whether the voice is near-human: it speaks several short sentences best in one call."""
    return voice.partition("/")[0] in NATURAL


def say(text: str, voice: str, *, rate: float = 1.0, pitch: float = 1.0, sample_rate: int = 16000) -> Speech:
    """Speak `text` and return the time of each word.

    text: spoken words ("five five five", not "555") and the punctuation , . ? !; a capital letter that stands alone
          is spoken as the letter's name ("A" is "ay", never the article).
    voice: one of `VOICES`.
    rate, pitch: multiples of the voice's own speed and mean fundamental frequency.
    Returns one Word per whitespace-separated token, in order, monotone in time, pauses excluded.
    Raises EngineMissing, SynthesisError; TTSError for an unknown voice.
    """
    engine, _, name = voice.partition("/")
    if engine not in ENGINES or not name:
        raise TTSError(f"unknown voice {voice!r}: expected engine/voice with one of {', '.join(ENGINES)}")
    tokens = text.split()
    if not any(character.isalnum() for character in text):
        raise TTSError("nothing to say")
    return ENGINES[engine](tokens, name, rate, pitch).resampled(sample_rate)
