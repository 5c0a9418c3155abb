"""The interface of decoders, so that untrusted bytes can be decoded in a safer place than this process.

`decode` implements it in this process, `sandbox.SandboxedDecoder` in another one: arguments, Recording and InputError
pickle, `decode` keeps no state, and the only file it reads is the one already in `Source`. `decode_plain_wav` is the
shipped fake. `tests/audio/test_decoder_contract.py` tests what every decoder must do.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from redactor.audio.containers import riff
from redactor.audio.limits import Limits
from redactor.audio.raw import RawFormat
from redactor.audio.source import Source
from redactor.errors import EmptyAudio, LimitExceeded, UnsupportedAudio
from redactor.types import AudioFormat, Recording


class Decoder(Protocol):
    """Turns bytes into samples, or raises an InputError; see `redactor.audio.decode.decode`."""

    def __call__(self, source: Source, *, raw: RawFormat | None = None, limits: Limits | None = None) -> Recording:
        """Decode one file."""
        ...


def decode_plain_wav(source: Source, *, raw: RawFormat | None = None, limits: Limits | None = None) -> Recording:
    """Decode 16-bit PCM WAV and nothing else, without a native library: for tests, and where only such files are
    trusted.

    Raises:
        DamagedAudio, EmptyAudio, LimitExceeded, UnsupportedAudio
    """
    limits = limits or Limits()
    data = source.untrusted_data
    if not data:
        raise EmptyAudio("The file is empty.")
    if len(data) > limits.max_bytes:
        raise LimitExceeded(f"The file is larger than {limits.max_bytes >> 20} MiB.")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UnsupportedAudio("This decoder does not read headerless audio." if raw else "This is not a WAV file.")
    stream = riff.wav(data)
    head, body = bytes(stream.parts[0]), stream.parts[1]
    tag, channels, rate, bits = (
        int.from_bytes(head[a:b], "little") for a, b in ((20, 22), (22, 24), (24, 28), (34, 36))
    )
    if (tag, bits) != (1, 16) or not stream.declared:
        raise UnsupportedAudio("The WAV file is not 16-bit PCM.")
    limits.check_shape(rate, channels)
    limits.check_length(stream.declared, rate, 2 * channels)
    samples = np.frombuffer(body, "<i2").astype(np.int16).reshape(-1, channels)
    samples.flags.writeable = False
    form = AudioFormat("WAV", "PCM_16", source.suffix, rate, channels, "soundfile", rate * channels * 16)
    return Recording(source.id, samples, form, stream.warnings)
