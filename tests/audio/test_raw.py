"""Headerless telephone audio: the format is the suffix's or the user's, never a guess from the first bytes."""

import numpy as np
import pytest

from redactor.audio import RawFormat, Source, decode
from redactor.errors import ConfigurationError, EmptyAudio, UnsupportedAudio


def test_raw_mulaw_is_8_khz_and_not_44(kit, fails):
    """FFmpeg's default for headerless µ-law is 44.1 kHz: a 1 s message would last 0.18 s."""
    data = kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "RAW", "ULAW")
    recording = decode(Source.of(data, ".ulaw"))
    assert (recording.sample_rate, recording.duration) == (8000, 1.0)
    assert decode(Source.of(data, ""), raw=RawFormat("ulaw", 16_000)).duration == 0.5
    fails(data, "", UnsupportedAudio)
    fails(data, ".pcm", UnsupportedAudio)  # µ-law to Asterisk, linear to the rest


def test_raw_sln_is_never_taken_for_mp3(kit, fails):
    """The first samples of a headerless file may look like MPEG frames, even several in a row."""
    mp3 = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "libmp3lame", "mp3", options={"id3v2_version": "0", "write_xing": "0"})
    recording = decode(Source.of(mp3, ".sln"))
    assert (recording.format.container, recording.frames) == ("RAW", len(mp3) // 2)
    once = b"\xff\xf3\x48\xc4" + kit.as_dtype(kit.voice(1.0, 8000), "int16").tobytes()
    assert decode(Source.of(once, ".sln")).frames == 8002
    fails(once, ".mp3", UnsupportedAudio)


def test_a_header_wins_over_a_headerless_suffix(wav):
    recording = decode(Source.of(wav, ".ulaw"))
    assert recording.format.container == "WAV"
    assert "suffix" in recording.warnings[0]


def test_text_pictures_and_archives_are_not_headerless_audio(fails):
    for data in (
        b"BEGIN:VCARD\nFN:Maria\n" * 20,
        b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4,
        b"PK\3\4" + bytes(99),
        b"%PDF-1.7\n" + bytes(99),
    ):
        for suffix in (".ulaw", ".raw", ".mp3", ".wav", ""):
            fails(data, suffix, UnsupportedAudio)


def test_silence_in_alaw_is_not_text(kit, fails):
    assert decode(Source.of(b"\x55" * 8000, ".alaw")).frames == 8000
    fails(b"Maria Gonzalez called about her appointment.\n" * 50, ".alaw", UnsupportedAudio)


def test_trailing_bytes_of_headerless_frames_are_reported(kit, fails):
    data = kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "RAW", "GSM610")
    recording = decode(Source.of(data + b"\xd0\1\2", ".gsm"))
    assert recording.frames == 8000
    assert "3 bytes" in recording.warnings[1]
    fails(data[:20], ".gsm", EmptyAudio)


def test_g729_and_g723_lengths_come_from_their_frames():
    rng = np.random.default_rng(0)
    assert decode(Source.of(rng.integers(0, 256, 500, np.uint8).tobytes(), ".g729")).frames == 50 * 80
    silence = decode(Source.of(bytes([3]) * 10, ".g723"))  # ten frames of "nothing sent", one byte each
    assert silence.frames == 2400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ulaw", RawFormat("ulaw", 8000)),
        (".sln16", RawFormat("s16", 16_000)),
        ("s16:44100:2", RawFormat("s16", 44_100, 2)),
        ("G726-40", RawFormat("g726", 8000, 1, 5)),
        ("g722", RawFormat("g722", 16_000)),
        ("alaw:16000", RawFormat("alaw", 16_000)),
    ],
)
def test_raw_formats_are_read_as_users_write_them(text, expected):
    assert RawFormat.parse(text) == expected


@pytest.mark.parametrize("text", ["", "mp4", "ulaw:fast", "ulaw:-1", "gsm:8000:2", "g722:8000", "ulaw:0:-3"])
def test_impossible_raw_formats_are_refused(text):
    with pytest.raises(ConfigurationError):
        RawFormat.parse(text)
