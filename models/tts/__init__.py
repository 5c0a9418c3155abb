"""Text to speech that knows when each word is spoken, and the channel effects of a telephone call.

    from models.tts import say, channel
    speech = say("Hi, this is Dana.", "kokoro/af_heart")      # samples, 16 kHz, one Word per whitespace-separated token
    line = channel.telephone(speech.samples, speech.sample_rate)

Natural voices: kokoro and piper (natural/, in an environment of their own). Small engines: flite and espeak-ng (shared
libraries through ctypes) and festival (its command), from Debian. A missing engine raises `EngineMissing`, whose
message says how to install it. Engines keep global state: use one thread per process.
"""

from .errors import EngineMissing, SynthesisError, TTSError
from .speech import Phone, Speech, Word
from .voices import VOICES, say

__all__ = ["VOICES", "EngineMissing", "Phone", "Speech", "SynthesisError", "TTSError", "Word", "say"]
