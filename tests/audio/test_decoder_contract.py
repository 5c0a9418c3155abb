"""What every decoder must do: `decode`, the shipped fake, and whatever runs them in a sandboxed process."""

import os
import pickle
import struct

import numpy as np
import pytest

from redactor.audio import Decoder, Limits, Source, decode, decode_plain_wav
from redactor.audio.sandbox import SandboxedDecoder
from redactor.errors import DamagedAudio, EmptyAudio, InputError, LimitExceeded, UnsupportedAudio


def in_another_process(source, *, raw=None, limits=None):
    """Stands for a sandboxed process: everything that crosses the border is pickled."""
    source, raw, limits = pickle.loads(pickle.dumps((source, raw, limits)))
    try:
        result = decode(source, raw=raw, limits=limits)
    except InputError as error:
        raise pickle.loads(pickle.dumps(error)) from None
    result = pickle.loads(pickle.dumps(result))
    result.samples.flags.writeable = False
    return result


@pytest.fixture(scope="module")
def sandboxed():
    if os.name != "posix":
        pytest.skip("needs POSIX processes")
    with SandboxedDecoder(bubblewrap=False) as made:
        yield made


@pytest.fixture(
    params=[decode, decode_plain_wav, in_another_process, "sandboxed"], ids=lambda d: getattr(d, "__name__", d)
)
def decoder(request) -> Decoder:
    return request.getfixturevalue("sandboxed") if request.param == "sandboxed" else request.param


@pytest.fixture
def wav(kit):
    return kit.soundfile(
        kit.as_dtype(np.stack([kit.voice(0.3, 8000, s) for s in (1, 2)], 1), "int16"), 8000, "WAV", "PCM_16"
    )


def test_gives_the_samples_under_the_hash_of_the_bytes(decoder, wav, kit):
    source = Source.of(wav, ".wav")
    recording = decoder(source)
    assert recording.id == source.id
    assert recording.samples.shape == (2400, 2)
    assert recording.samples.dtype == np.int16
    assert np.array_equal(recording.samples, np.frombuffer(wav[44:], "<i2").reshape(-1, 2))
    assert (recording.format.container, recording.format.codec, recording.format.suffix) == ("WAV", "PCM_16", ".wav")
    assert (recording.sample_rate, recording.channels, recording.warnings) == (8000, 2, ())


def test_samples_are_read_only(decoder, wav):
    with pytest.raises(ValueError, match="read-only"):
        decoder(Source.of(wav, ".wav")).samples[0] = 0


def test_same_answer_every_time(decoder, wav):
    first, second = (decoder(Source.of(wav, ".wav")) for _ in range(2))
    assert np.array_equal(first.samples, second.samples)
    assert first.format == second.format


def test_an_unclosed_header_is_closed_with_a_warning(decoder, wav):
    unclosed = wav[:4] + bytes(4) + wav[8:40] + bytes(4) + wav[44:]
    recording = decoder(Source.of(unclosed, ".wav"))
    assert recording.frames == 2400
    assert "never closed" in recording.warnings[0]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda d: b"", EmptyAudio),
        (lambda d: d[:44], DamagedAudio),
        (lambda d: d[:40] + bytes(4), EmptyAudio),
        (lambda d: d[:-10], DamagedAudio),
        (lambda d: d[:20], DamagedAudio),
        (lambda d: b"Hello, this is Maria 555-0100. " * 9, UnsupportedAudio),
        (lambda d: d[:22] + struct.pack("<H", 60_000) + d[24:], DamagedAudio),
        (lambda d: d[:22] + struct.pack("<HII", 40, 8000, 640_000) + struct.pack("<H", 80) + d[34:], LimitExceeded),
        (lambda d: d[:24] + bytes(4) + d[28:], DamagedAudio),
        (lambda d: d[:24] + b"\xff\xff\xff\x7f" + d[28:], UnsupportedAudio),
    ],
    ids="empty header-alone no-samples cut cut-header text channels-contradict channels-many rate-0 rate-2GHz".split(),
)
def test_refusals_are_input_errors_that_say_nothing(decoder, wav, spoil, error):
    with pytest.raises(InputError) as caught:
        decoder(Source.of(spoil(wav), ".Maria"))
    assert type(caught.value) is error
    assert "Maria" not in str(caught.value)
    assert "555" not in str(caught.value)


def test_limits(decoder, wav):
    source = Source.of(wav, ".wav")
    for limits in (
        Limits(max_bytes=100),
        Limits(max_seconds=0.2),
        Limits(max_channels=1),
        Limits(max_decoded_bytes=999),
    ):
        with pytest.raises(LimitExceeded):
            decoder(source, limits=limits)
    assert decoder(source, limits=Limits(max_seconds=0.3)).frames == 2400
