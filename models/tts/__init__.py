"""Small text-to-speech wrappers that know when each word is spoken, and the channel effects of a telephone call.

    from models.tts import say, channel
    speech = say("Hi, this is Dana.", "flite/slt")      # samples, 16 kHz, one Word per whitespace-separated token
    line = channel.telephone(speech.samples, speech.sample_rate)

Engines: flite and espeak-ng (shared libraries through ctypes) and festival (its command). All come from Debian; an
absent one raises `EngineMissing`, whose message names the packages. Engines keep global state: use one thread a process.
"""

from .errors import EngineMissing, SynthesisError, TTSError
from .speech import Phone, Speech, Word
from .voices import VOICES, say

__all__ = ["VOICES", "EngineMissing", "Phone", "Speech", "SynthesisError", "TTSError", "Word", "say"]
