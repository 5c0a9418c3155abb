"""WAV headers that were never closed, are truncated or out of date: all samples, or a failure."""

import struct

import numpy as np
import pytest

from redactor.audio import Source, decode, encode
from redactor.types import AudioFormat


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
@pytest.mark.parametrize("codec", ["PCM_16", "ULAW", "GSM610", "IMA_ADPCM"])
def test_unclosed_wav_is_read_to_the_end(kit, codec, size):
    data = kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "WAV", codec)
    at = data.index(b"data") + 4
    whole = decode(Source.of(data, ".wav"))
    unclosed = decode(
        Source.of(data[:4] + struct.pack("<I", size) + data[8:at] + struct.pack("<I", size) + data[at + 4 :], ".wav")
    )
    assert unclosed.frames >= whole.frames
    assert np.array_equal(unclosed.samples[: whole.frames], whole.samples)
    assert "never closed" in unclosed.warnings[0]


def test_rf64_without_its_length_is_read_to_the_end(kit):
    data = kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "RF64", "PCM_16")
    at = data.index(b"ds64") + 8
    assert decode(Source.of(data, ".wav")).format.container == "RF64"
    recording = decode(Source.of(data[:at] + bytes(24) + data[at + 24 :], ".wav"))
    assert recording.frames >= 8000
    assert recording.warnings


def test_cut_wav_fails_at_every_length(wav, fails):
    for length in range(45, len(wav), 397):
        fails(wav[:length], ".wav")


def test_audio_behind_the_declared_end_fails(wav, fails):
    """A header that was never updated: the rest would be lost silently."""
    stale = wav[:40] + struct.pack("<I", 4000) + wav[44:]
    assert "continues" in fails(stale, ".wav")


def test_odd_bytes_padding_and_chunks_behind_the_audio_are_tolerated(wav):
    whole = decode(Source.of(wav, ".wav")).samples
    for tail in (b"\1", bytes(5000), b"LIST\4\0\0\0INFO", b"bext\xff\xff\0\0cut"):
        assert np.array_equal(decode(Source.of(wav + tail, ".wav")).samples, whole)
    odd = wav[:40] + struct.pack("<I", len(wav) - 43) + wav[44:] + b"\1"
    assert np.array_equal(decode(Source.of(odd, ".wav")).samples, whole)


def test_a_second_data_chunk_fails(wav, fails):
    fails(wav + b"data" + struct.pack("<I", 2000) + bytes([1]) * 2000, ".wav")


@pytest.mark.parametrize("frames", [320, 4123, 4160, 8000, 8320])
@pytest.mark.parametrize("codec", ["GSM610", "IMA_ADPCM", "MS_ADPCM"])
def test_block_codecs_end_where_the_fact_chunk_says(kit, codec, frames):
    """Also after an odd number of 65-byte GSM blocks, whose pad byte libsndfile reads as another block."""
    samples = kit.as_dtype(kit.voice(frames / 8000, 8000), "int16")[:, None]
    data = encode(samples, AudioFormat("WAV", codec, ".WAV", 8000, 1, "soundfile")).data
    recording = decode(Source.of(data, ".WAV"))
    assert recording.frames == frames
    assert decode(Source.of(encode(recording.samples, recording.format).data, ".WAV")).frames == frames


def test_an_incomplete_last_gsm_block_is_not_dropped(kit):
    data = kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "WAV", "GSM610")
    at = data.index(b"data") + 4
    (size,) = struct.unpack_from("<I", data, at)
    partial = data[:at] + struct.pack("<I", size - 30) + data[at + 4 : at + 4 + size - 30]
    recording = decode(Source.of(partial, ".WAV"))
    assert recording.frames == 8000
    assert "incomplete" in recording.warnings[0]
