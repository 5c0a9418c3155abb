"""Truncated and damaged files of every kind: everything that was declared, or a failure."""

import struct

import numpy as np
import pytest

from redactor.audio import Source, decode
from redactor.errors import InputError, UnsupportedAudio


def test_cut_files_fail_or_give_everything(case, make):
    """Never silently less than declared. Files that declare nothing: headerless ones, and bare frames cut between two
    frames.
    """
    source = make(case)
    whole = decode(source).frames
    rng = np.random.default_rng(0)
    for length in sorted(rng.integers(1, len(source.untrusted_data), 25)):
        try:
            recording = decode(Source.of(source.untrusted_data[:length], source.suffix))
        except InputError:
            continue
        promised = case.container not in ("RAW", "AMR", "ADTS")
        assert recording.frames >= whole or not promised, f"{length} of {len(source.untrusted_data)} bytes"


def test_flac_with_a_changed_sample_fails_its_checksum(kit, fails):
    data = bytearray(kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "FLAC", "PCM_16"))
    data[26] ^= 1  # the MD5 itself: every frame still decodes
    assert "checksum" in fails(bytes(data), ".flac")


def test_ogg_pages_missing_or_broken_fail(kit, fails):
    data = kit.soundfile(kit.voice(6.0, 8000).astype("float32"), 8000, "OGG", "VORBIS")
    pages = [i for i in range(len(data) - 4) if data[i : i + 4] == b"OggS"]
    assert len(pages) >= 4
    assert "A page is missing" in fails(data[: pages[-2]] + data[pages[-1] :], ".ogg")
    assert "does not end" in fails(data[: pages[-1]], ".ogg")
    assert "checksum" in fails(data[:-5] + bytes([data[-5] ^ 1]) + data[-4:], ".ogg")
    fails(data + data, ".ogg", UnsupportedAudio)


def test_mp3_with_a_frame_missing_or_cut_fails(kit, fails):
    data = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "libmp3lame", "mp3", options={"id3v2_version": "0"})
    assert decode(Source.of(data, ".mp3")).frames == 8000
    frame = 144  # 32 kbit/s at 8 kHz, layer 3, MPEG 2.5: 72 x 32000 / 8000, and so 288 bytes for 72 ms
    assert "truncated" in fails(data[:-10], ".mp3")
    assert "Only" in fails(data[: -2 * frame], ".mp3") or "are present" in fails(data[: -2 * frame], ".mp3")
    assert "damaged" in fails(data[:1500] + data[1600:], ".mp3")


def test_mp3_ignores_tags_around_the_frames(kit):
    data = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "libmp3lame", "mp3", options={"id3v2_version": "0"})
    id3 = b"ID3\3\0\0\0\0\1\0" + bytes(128)
    id3v1 = b"TAG" + b"x" * 125
    ape = b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + bytes(8)
    whole = decode(Source.of(data, ".mp3")).samples
    for dressed in (id3 + data, data + id3v1, data + ape + id3v1, id3 + id3 + data + bytes(400)):
        assert np.array_equal(decode(Source.of(dressed, ".mp3")).samples, whole)


def test_m4a_without_index_or_with_a_short_body_fails(kit, tmp_path, fails):
    data = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "aac", "ipod")
    at = data.index(b"moov") - 4
    assert "never closed" in fails(data[:at], ".m4a")
    path, options = tmp_path / "front.m4a", {"movflags": "+faststart"}
    front = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "aac", "ipod", options=options, path=path)
    assert front.index(b"moov") < front.index(b"mdat")
    decode(Source.of(front, ".m4a"))
    for length in range(len(front) - 2000, len(front), 211):
        fails(front[:length], ".m4a")


@pytest.mark.parametrize(
    ("milliseconds", "skipped", "frames"),
    [(1000, 1024, 8000), (2000, 1024 * 6, 16_000), (3000, 0, 24_000), (3500, 1024, 25_600 - 1024)],
    ids=["ends early", "begins late", "cuts the padding", "promises more than the index has"],
)
def test_m4a_edit_lists_are_honoured(kit, milliseconds, skipped, frames):
    data = kit.ffmpeg(kit.voice(3.0, 8000), 8000, "aac", "ipod")
    at = data.index(b"elst") + 12
    edited = data[:at] + struct.pack(">Ii", milliseconds, skipped) + data[at + 8 :]
    assert abs(decode(Source.of(edited, ".m4a")).frames - frames) <= 1024
