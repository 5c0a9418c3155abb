"""Several streams, pictures, false headers, playlists."""

import struct

import av
import numpy as np

from redactor.audio import Limits, Source, decode, recognition_audio
from redactor.errors import LimitExceeded, UnsupportedAudio


def test_unlabelled_stereo_is_two_channels_in_order(kit):
    """FFmpeg calls the layout of such a file "2 channels", which its resampler refuses."""
    left, right = kit.as_dtype(kit.voice(0.5, 8000, 1), "int16"), kit.as_dtype(kit.voice(0.5, 8000, 2), "int16")
    data = kit.soundfile(np.stack([left, right], 1), 8000, "WAV", "PCM_16")
    recording = decode(Source.of(data, ".wav"))
    assert np.array_equal(recording.samples[:, 1], right)
    assert len(recognition_audio(recording, 1)) == 8000


def test_several_audio_streams_are_refused(kit, fails):
    data = kit.ffmpeg(kit.voice(0.5, 8000), 8000, "aac", "ipod", streams=2)
    assert "2 audio streams" in fails(data, ".m4a", UnsupportedAudio)


def test_video_is_left_out_with_a_warning(kit, tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=5)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        sound = container.add_stream("aac", rate=16_000, layout="mono")
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts = i
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        voice = kit.voice(1.024, 16_000).astype(np.float32)
        for at in range(0, len(voice), 1024):
            frame = av.AudioFrame.from_ndarray(voice[None, at : at + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16_000, at
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    recording = decode(Source.of(path.read_bytes(), ".mp4"))
    assert abs(recording.frames - 16_384) <= 32
    assert any("video" in w for w in recording.warnings)


def test_only_pictures_is_not_audio(tmp_path, fails):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=5)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(picture.encode(None))
    fails(path.read_bytes(), ".mp4", UnsupportedAudio)


def test_ten_hours_in_a_kilobyte_are_refused_before_memory_is_taken(kit, fails):
    flac = bytearray(kit.soundfile(np.zeros(800, np.int16), 8000, "FLAC", "PCM_16"))
    word = struct.unpack_from(">Q", flac, 18)[0] & ~0xFFFFFFFFF
    struct.pack_into(">Q", flac, 18, word | 10 * 3600 * 8000)
    fails(bytes(flac), ".flac", LimitExceeded)
    struct.pack_into(">Q", flac, 18, word | 3 * 3600 * 8000)
    fails(bytes(flac), ".flac")
    au = b".snd" + struct.pack(">5I", 24, 2**31, 1, 8000, 1) + bytes(1000)
    fails(au, ".au")
    aiff = bytearray(kit.soundfile(np.ones(800, np.int16), 8000, "AIFF", "PCM_16"))
    struct.pack_into(">I", aiff, aiff.index(b"COMM") + 10, 2**31)
    fails(bytes(aiff), ".aiff")


def test_decoded_length_is_limited_as_it_grows(kit, fails):
    data = kit.ffmpeg(np.zeros(8000 * 20), 8000, "libmp3lame", "mp3", options={"write_xing": "0", "id3v2_version": "0"})
    fails(data, ".mp3", LimitExceeded, limits=Limits(max_seconds=10))
    fails(data, ".mp3", LimitExceeded, limits=Limits(max_decoded_bytes=100_000))


def test_playlists_and_other_clever_files_are_never_opened(tmp_path, fails):
    """FFmpeg's format detection opens playlists and the files they name; here the content must be audio."""
    secret = tmp_path / "secret.wav"
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{secret}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD></MPD>',
    ):
        for suffix in (".wav", ".mp3", ".ulaw", ".m4a"):
            fails(text.encode(), suffix, UnsupportedAudio)
