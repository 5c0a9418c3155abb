"""Codecs that can be read but not written."""

import contextlib
import struct

import av
import numpy as np

from redactor.audio import Source, decode, encode
from redactor.errors import InputError, UnsupportedAudio
from redactor.types import AudioFormat


def test_wma(kit, fails):
    data = kit.ffmpeg(kit.voice(2.0, 16_000), 16_000, "wmav2", "asf", bit_rate=48_000)
    recording = decode(Source.of(data, ".wma"))
    assert (recording.format.container, recording.format.codec) == ("ASF", "wmav2")
    assert abs(recording.duration - 2.0) < 0.2
    for length in range(len(data) - 3000, len(data), 611):
        fails(data[:length], ".wma")


def test_speex(fails):
    data = ogg_speex(frames=50)
    if int(av.__version__.split(".")[0]) < 18:
        # The FFmpeg of PyAV 17 (Python 3.10) does not read these hand-made frames: then refused, never shortened.
        fails(data, ".spx")
        return
    recording = decode(Source.of(data, ".spx"))
    assert (recording.format.codec, recording.sample_rate, recording.frames) == ("speex", 8000, 50 * 160)
    fails(data[:-1], ".spx")


def ogg_speex(frames):
    from redactor.audio.containers.ogg import checksum

    def page(flags, granule, sequence, packets):
        lacing = bytes(len(p) for p in packets)
        head = b"OggS" + struct.pack("<BBqIIIB", 0, flags, granule, 7, sequence, 0, len(lacing)) + lacing
        whole = head + b"".join(packets)
        return whole[:22] + struct.pack("<I", checksum(whole)) + whole[26:]

    head = b"Speex   " + b"1.2".ljust(20, b"\0") + struct.pack("<13i", 1, 80, 8000, 0, 4, 1, -1, 160, 0, 1, 0, 0, 0)
    silence = b"\x03\xff"  # narrow-band submode 0 (silence), terminator
    return (
        page(2, 0, 0, [head])
        + page(0, 0, 1, [struct.pack("<I", 4) + b"test" + bytes(4)])
        + page(4, frames * 160, 2, [silence] * frames)
    )


def test_g722_in_wav_and_mp3_in_wav(kit):
    for codec, rate, name in (("libmp3lame", 16_000, "mp3float"), ("g726", 8000, "g726")):
        data = kit.ffmpeg(kit.voice(1.0, rate), rate, codec, "wav")
        recording = decode(Source.of(data, ".wav"))
        assert (recording.format.container, recording.format.codec) == ("WAV", name)
        assert abs(recording.duration - 1.0) < 0.15
        written = encode(recording.samples, recording.format)
        assert written.format.codec == "PCM_16"
        assert written.warnings


def test_flac_in_ogg(kit, fails):
    data = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "flac", "ogg")
    recording = decode(Source.of(data, ".oga"))
    assert (recording.format.codec, recording.frames) == ("flac", 8000)
    fails(data[:-3], ".oga")


def test_decoders_write_nothing_on_the_terminal(make, cases, capfd):
    """Some libraries report broken frames on stderr, bypassing every logger, and may quote anything."""
    rng = np.random.default_rng(0)
    for case in cases:
        source = make(case)
        for _ in range(8):
            spoilt = bytearray(source.untrusted_data)
            for at in rng.integers(len(spoilt) // 3, len(spoilt), 5):
                spoilt[at] ^= 0x55
            with contextlib.suppress(InputError):
                decode(Source.of(bytes(spoilt), source.suffix))
    assert capfd.readouterr() == ("", "")


def test_unknown_wav_codecs_are_named_by_number(wav, fails):
    assert "0x0999" in fails(wav[:20] + struct.pack("<H", 0x999) + wav[22:], ".wav", UnsupportedAudio)


def test_codecs_have_a_writer_or_a_plain_fallback():
    form = AudioFormat("RAW", "g729", ".g729", 8000, 1, "pyav", 8000)
    assert encode(np.zeros((80, 1), np.int16), form).suffix == ".wav"
