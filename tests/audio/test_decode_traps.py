"""Each of these was seen to go wrong somewhere; each either decodes in full or fails."""

import struct

import av
import numpy as np
import pytest

from redactor.audio import Limits, RawFormat, Source, decode, encode, recognition_audio
from redactor.errors import ConfigurationError, DamagedAudio, EmptyAudio, InputError, LimitExceeded, UnsupportedAudio
from redactor.types import AudioFormat


@pytest.fixture
def wav(kit):
    return kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "WAV", "PCM_16")


def fails(data, suffix, error=DamagedAudio, **options):
    with pytest.raises(InputError) as caught:
        decode(Source.of(data, suffix), **options)
    assert type(caught.value) is error, caught.value
    return caught.value.message


# Unclosed, cut and padded WAV


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


def test_cut_wav_fails_at_every_length(wav):
    for length in range(45, len(wav), 397):
        fails(wav[:length], ".wav")


def test_audio_behind_the_declared_end_fails(wav):
    """A header that was written once and not kept up to date: the rest would be lost in silence."""
    stale = wav[:40] + struct.pack("<I", 4000) + wav[44:]
    assert "goes on" in fails(stale, ".wav")


def test_odd_bytes_padding_and_chunks_behind_the_audio_are_tolerated(wav):
    whole = decode(Source.of(wav, ".wav")).samples
    for tail in (b"\1", bytes(5000), b"LIST\4\0\0\0INFO", b"bext\xff\xff\0\0cut"):
        assert np.array_equal(decode(Source.of(wav + tail, ".wav")).samples, whole)
    odd = wav[:40] + struct.pack("<I", len(wav) - 43) + wav[44:] + b"\1"
    assert np.array_equal(decode(Source.of(odd, ".wav")).samples, whole)


def test_a_second_data_chunk_fails(wav):
    fails(wav + b"data" + struct.pack("<I", 2000) + bytes([1]) * 2000, ".wav")


@pytest.mark.parametrize("frames", [320, 4123, 4160, 8000, 8320])
@pytest.mark.parametrize("codec", ["GSM610", "IMA_ADPCM", "MS_ADPCM"])
def test_block_codecs_end_where_the_fact_chunk_says(kit, codec, frames):
    """Also after an odd number of 65-byte GSM blocks, whose pad byte libsndfile takes for one more block."""
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


# Cut files of every other kind


def test_cut_files_fail_or_give_everything(case, make):
    """Never less than promised in silence. Files without any promise: headerless, and bare frames cut between two frames."""
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


def test_flac_with_a_changed_sample_fails_its_checksum(kit):
    data = bytearray(kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "FLAC", "PCM_16"))
    data[26] ^= 1  # the MD5 itself: every frame still decodes
    assert "checksum" in fails(bytes(data), ".flac")


def test_ogg_pages_missing_or_broken_fail(kit):
    data = kit.soundfile(kit.voice(6.0, 8000).astype("float32"), 8000, "OGG", "VORBIS")
    pages = [i for i in range(len(data) - 4) if data[i : i + 4] == b"OggS"]
    assert len(pages) >= 4
    assert "lacks a page" in fails(data[: pages[-2]] + data[pages[-1] :], ".ogg")
    assert "no end" in fails(data[: pages[-1]], ".ogg")
    assert "checksum" in fails(data[:-5] + bytes([data[-5] ^ 1]) + data[-4:], ".ogg")
    fails(data + data, ".ogg", UnsupportedAudio)


def test_mp3_with_a_frame_missing_or_cut_fails(kit):
    data = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "libmp3lame", "mp3", options={"id3v2_version": "0"})
    assert decode(Source.of(data, ".mp3")).frames == 8000
    frame = 144  # 32 kbit/s at 8 kHz, layer 3, MPEG 2.5: 72 x 32000 / 8000, and so 288 bytes for 72 ms
    assert "cut" in fails(data[:-10], ".mp3")
    assert "promised" in fails(data[: -2 * frame], ".mp3") or "are there" in fails(data[: -2 * frame], ".mp3")
    assert "damaged" in fails(data[:1500] + data[1600:], ".mp3")


def test_mp3_ignores_tags_around_the_frames(kit):
    data = kit.ffmpeg(kit.voice(1.0, 8000), 8000, "libmp3lame", "mp3", options={"id3v2_version": "0"})
    id3 = b"ID3\3\0\0\0\0\1\0" + bytes(128)
    id3v1 = b"TAG" + b"x" * 125
    ape = b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + bytes(8)
    whole = decode(Source.of(data, ".mp3")).samples
    for dressed in (id3 + data, data + id3v1, data + ape + id3v1, id3 + id3 + data + bytes(400)):
        assert np.array_equal(decode(Source.of(dressed, ".mp3")).samples, whole)


def test_m4a_without_index_or_with_a_short_body_fails(kit, tmp_path):
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


# Headerless telephone audio


def test_raw_mulaw_is_8_khz_and_not_44(kit):
    """FFmpeg's default for headerless µ-law is 44.1 kHz: a 1 s message would last 0.18 s."""
    data = kit.soundfile(kit.as_dtype(kit.voice(1.0, 8000), "int16"), 8000, "RAW", "ULAW")
    recording = decode(Source.of(data, ".ulaw"))
    assert (recording.sample_rate, recording.duration) == (8000, 1.0)
    assert decode(Source.of(data, ""), raw=RawFormat("ulaw", 16_000)).duration == 0.5
    fails(data, "", UnsupportedAudio)
    fails(data, ".pcm", UnsupportedAudio)  # µ-law to Asterisk, linear to the rest


def test_raw_sln_is_never_taken_for_mp3(kit):
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
    assert "ending" in recording.warnings[0]


def test_text_pictures_and_archives_are_not_headerless_audio():
    for data in (
        b"BEGIN:VCARD\nFN:Maria\n" * 20,
        b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4,
        b"PK\3\4" + bytes(99),
        b"%PDF-1.7\n" + bytes(99),
    ):
        for suffix in (".ulaw", ".raw", ".mp3", ".wav", ""):
            fails(data, suffix, UnsupportedAudio)


def test_silence_in_alaw_is_not_text(kit):
    assert decode(Source.of(b"\x55" * 8000, ".alaw")).frames == 8000
    fails(b"Maria Gonzalez called about her appointment.\n" * 50, ".alaw", UnsupportedAudio)


def test_trailing_bytes_of_headerless_frames_are_reported(kit):
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


# AMR


def amr_frames(seconds=3.0, *, dtx):
    encoder = av.CodecContext.create("libopencore_amrnb", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 8000, "mono", "s16", 12_200
    encoder.options = {"dtx": "1"} if dtx else {}
    encoder.open()
    rng = np.random.default_rng(0)
    n = round(seconds * 50) * 160
    tone = np.sin(2 * np.pi * 440 * np.arange(n) / 8000) * 6000
    tone[n // 4 : 3 * n // 4] = 0
    samples = (tone + rng.integers(-3, 4, n)).astype(np.int16)
    packets = []
    for at in range(0, n, 160):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + 160], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, at
        packets += [bytes(p) for p in encoder.encode(frame)]
    return packets[: n // 160], samples


needs_amr = pytest.mark.skipif("libopencore_amrnb" not in av.codecs_available, reason="this FFmpeg has no AMR encoder")


@needs_amr
def test_amr_silence_frames_keep_their_time():
    """With FFmpeg's own decoder the SID frames vanish and everything behind the pause comes early."""
    packets, samples = amr_frames(dtx=True)
    kinds = {p[0] >> 3 & 15 for p in packets}
    assert {7, 8, 15} <= kinds, "speech, SID and no-data frames"
    recording = decode(Source.of(b"#!AMR\n" + b"".join(packets), ".amr"))
    assert recording.frames == len(samples)
    loud = np.abs(recording.samples[:, 0].astype(float)) > 1500
    back = np.flatnonzero(loud[len(samples) // 2 :])[0] + len(samples) // 2
    assert abs(back - 3 * len(samples) // 4) < 0.02 * 8000, "sound returns when it did"


@needs_amr
def test_amr_cut_inside_a_frame_or_damaged_fails():
    data = b"#!AMR\n" + b"".join(amr_frames(1.0, dtx=False)[0])
    fails(data[:-1], ".amr")
    fails(data[: 6 + 32 * 5] + b"\x64" + data[6 + 32 * 5 + 1 :], ".amr")
    fails(b"#!AMR\n", ".amr", EmptyAudio)
    fails(b"#!AMR_MC1.0\n" + data, ".amr", UnsupportedAudio)


@needs_amr
def test_amr_in_3gp_keeps_its_time_too(kit):
    data = kit.ffmpeg(kit.voice(2.0, 8000), 8000, "libopencore_amrnb", "3gp", bit_rate=12_200)
    recording = decode(Source.of(data, ".3gp"))
    assert (recording.format.container, recording.format.codec) == ("MP4", "amrnb")
    assert 16_000 <= recording.frames <= 16_320


@pytest.mark.skipif("libopencore_amrwb" not in av.codecs_available, reason="this FFmpeg has no AMR-WB decoder")
def test_wide_band_amr_counts_every_frame():
    sid, nothing = bytes([9 << 3 | 4]) + bytes(5), bytes([15 << 3 | 4])
    data = b"#!AMR-WB\n" + (bytes([4]) + bytes(17)) * 10 + (sid + nothing * 7) * 5
    recording = decode(Source.of(data, ".awb"))
    assert (recording.sample_rate, recording.frames) == (16_000, 50 * 320)


# Channels, streams, pictures


def test_unlabelled_stereo_is_two_channels_in_order(kit):
    """FFmpeg calls the layout of such a file "2 channels", which its resampler refuses."""
    left, right = kit.as_dtype(kit.voice(0.5, 8000, 1), "int16"), kit.as_dtype(kit.voice(0.5, 8000, 2), "int16")
    data = kit.soundfile(np.stack([left, right], 1), 8000, "WAV", "PCM_16")
    recording = decode(Source.of(data, ".wav"))
    assert np.array_equal(recording.samples[:, 1], right)
    assert len(recognition_audio(recording, 1)) == 8000


def test_several_audio_streams_are_refused(kit):
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


def test_only_pictures_is_not_audio(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=5)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(picture.encode(None))
    fails(path.read_bytes(), ".mp4", UnsupportedAudio)


# Headers that lie


def test_ten_hours_in_a_kilobyte_are_refused_before_memory_is_taken(kit):
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


def test_decoded_length_is_limited_as_it_grows(kit):
    data = kit.ffmpeg(np.zeros(8000 * 20), 8000, "libmp3lame", "mp3", options={"write_xing": "0", "id3v2_version": "0"})
    fails(data, ".mp3", LimitExceeded, limits=Limits(max_seconds=10))
    fails(data, ".mp3", LimitExceeded, limits=Limits(max_decoded_bytes=100_000))


def test_playlists_and_other_clever_files_are_never_opened(tmp_path):
    """FFmpeg's guessing reads playlists, and through them files; here the content must be audio."""
    secret = tmp_path / "secret.wav"
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{secret}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD></MPD>',
    ):
        for suffix in (".wav", ".mp3", ".ulaw", ".m4a"):
            fails(text.encode(), suffix, UnsupportedAudio)


# Codecs that cannot be written here, so that only reading is checked


def test_wma(kit):
    data = kit.ffmpeg(kit.voice(2.0, 16_000), 16_000, "wmav2", "asf", bit_rate=48_000)
    recording = decode(Source.of(data, ".wma"))
    assert (recording.format.container, recording.format.codec) == ("ASF", "wmav2")
    assert abs(recording.duration - 2.0) < 0.2
    for length in range(len(data) - 3000, len(data), 611):
        fails(data[:length], ".wma")


def test_speex():
    data = ogg_speex(frames=50)
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


def test_unknown_wav_codecs_are_named_by_number(wav):
    assert "0x0999" in fails(wav[:20] + struct.pack("<H", 0x999) + wav[22:], ".wav", UnsupportedAudio)


def test_codecs_have_a_writer_or_a_plain_fallback():
    form = AudioFormat("RAW", "g729", ".g729", 8000, 1, "pyav", 8000)
    assert encode(np.zeros((80, 1), np.int16), form).suffix == ".wav"
