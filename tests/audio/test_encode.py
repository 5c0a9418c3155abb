import io
import struct

import av
import numpy as np
import pytest

from redactor.audio import RawFormat, Source, bleep, decode, encode
from redactor.errors import ConfigurationError
from redactor.types import AudioFormat, Interval

CANARY = "CALLER Maria 555-0100"


def test_comes_back_in_the_same_format_and_length(case, kit, make):
    source = make(case)
    recording = decode(source)
    form = recording.format
    assert (form.container, form.codec, form.sample_rate, form.channels) == (
        case.container,
        case.codec,
        case.rate,
        case.channels,
    )
    wanted = kit.samples(case)
    assert 0 <= recording.frames - len(wanted) < max(case.frame, 2), "at most filled up to a whole codec frame"
    again = encode(recording.samples, form)
    assert (again.suffix, again.format, again.warnings) == (case.suffix, form, ())
    second = decode(Source.of(again.data, again.suffix))
    assert abs(second.frames - recording.frames) <= case.frame
    if case.exact:
        assert np.array_equal(second.samples, recording.samples), "generations do not change anything"


def test_sound_stays_where_it_was(case, kit):
    sound = kit.voice(1.5, case.rate, 3)
    dtype = "int32" if case.codec in ("PCM_24", "PCM_32") else "float32" if case.codec == "FLOAT" else "int16"
    data = encode(kit.as_dtype(np.stack([sound] * case.channels, 1), dtype), case.format).data
    heard = decode(Source.of(data, case.suffix)).samples[:, -1]
    late, alike = kit.lag_ms(sound, heard, case.rate)
    speech_coder = case.codec in ("amrnb", "g723_1")  # their waveform is not the sound's, only its sound is
    assert abs(late) < (2 if speech_coder else 0.2)
    assert alike > (0.4 if speech_coder else 0.9)


def test_bit_rate_stays_near(rated_case, kit):
    data = encode(kit.samples(rated_case, 4.0), rated_case.format).data
    assert 0.6 < len(data) * 8 / 4.0 / rated_case.bit_rate < 1.6


def test_bleeps_come_through_every_codec(case, kit, make):
    recording = decode(make(case))
    out = bleep(recording, [Interval(0, 0.2, 0.4, ())])
    written = encode(out, recording.format)
    heard = decode(Source.of(written.data, written.suffix)).samples[:, 0].astype(float)
    middle = heard[round(0.25 * case.rate) : round(0.35 * case.rate)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))) ** 2
    hertz = np.fft.rfftfreq(len(middle), 1 / case.rate)
    assert spectrum[np.abs(hertz - 1000) < 60].sum() > 0.7 * spectrum.sum()
    if case.exact and case.container != "RAW":
        outside = np.r_[0 : round(0.15 * case.rate), round(0.45 * case.rate) : recording.frames]
        kept = decode(Source.of(written.data, written.suffix)).samples
        assert np.array_equal(kept[outside], recording.samples[outside])


@pytest.mark.parametrize(
    "form",
    [
        AudioFormat("WAV", "GSM610", ".WAV", 8000, 2, "soundfile"),
        AudioFormat("AMR", "amrwb", ".awb", 16_000, 1, "pyav", 23_850),
        AudioFormat("ASF", "wmav2", ".wma", 44_100, 2, "pyav", 64_000),
        AudioFormat("OGG", "speex", ".spx", 8000, 1, "pyav", 15_000),
        AudioFormat("MP3", "mp2float", ".mp2", 44_100, 1, "pyav", 64_000),
        AudioFormat("MP3", "mp3float", ".mp3", 8000, 3, "pyav", 64_000),
    ],
    ids=lambda f: f"{f.codec}-{f.channels}",
)
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_what_cannot_be_written_becomes_wav_with_a_warning(kit, form, dtype):
    samples = kit.as_dtype(np.stack([kit.voice(0.5, form.sample_rate)] * form.channels, 1), dtype)
    written = encode(samples, form)
    assert (written.suffix, written.format.codec, written.format.suffix) == (".wav", "PCM_16", ".wav")
    assert "PCM_16" in written.warnings[0]
    assert form.codec in written.warnings[0]
    back = decode(Source.of(written.data, ".wav"))
    assert (back.sample_rate, back.samples.shape) == (form.sample_rate, samples.shape)
    assert np.abs(back.samples / 32768 - (samples / 32768 if dtype == "int16" else samples)).max() < 1e-4


def test_a_wrong_suffix_is_corrected(kit):
    data = kit.soundfile(np.ones(800, np.int16), 8000, "WAV", "PCM_16")
    recording = decode(Source.of(data, ".mp3"))
    assert encode(recording.samples, recording.format).suffix == ".wav"
    assert encode(recording.samples, decode(Source.of(data, ".Wav")).format).suffix == ".Wav"


@pytest.mark.parametrize(
    ("raw", "suffix", "expected"),
    [
        ("ulaw", "", ".ulaw"),
        ("s16:16000", ".raw", ".sln16"),
        ("alaw", ".ulaw", ".alaw"),
        ("s16be", "", ".raw"),
        ("ulaw", ".UL", ".UL"),
    ],
)
def test_headerless_output_is_named_so_that_it_is_read_back_right(kit, raw, suffix, expected):
    data = kit.soundfile(kit.as_dtype(kit.voice(0.5, 8000), "int16"), 8000, "RAW", "PCM_16")
    recording = decode(Source.of(data, suffix), raw=RawFormat.parse(raw))
    written = encode(recording.samples, recording.format)
    assert written.suffix == expected
    if expected != ".raw":
        again = decode(Source.of(written.data, written.suffix))
        assert again.sample_rate == recording.sample_rate
        assert np.array_equal(again.samples, recording.samples)


def test_float_over_full_scale_is_clipped_not_wrapped(kit):
    form = AudioFormat("WAV", "PCM_16", ".wav", 8000, 1, "soundfile")
    back = decode(Source.of(encode(np.array([[1.5], [-1.5], [np.nan]], np.float32), form).data, ".wav"))
    assert back.samples[:, 0].tolist() == [32767, -32768, 0]


def test_shape_and_format_must_agree():
    form = AudioFormat("WAV", "PCM_16", ".wav", 8000, 2, "soundfile")
    for samples in (np.zeros((9, 1), np.int16), np.zeros(9, np.int16), np.zeros((0, 2), np.int16)):
        with pytest.raises(ConfigurationError):
            encode(samples, form)


# Tags


def carries(data: bytes) -> bool:
    return any(CANARY.encode(code) in data for code in ("ascii", "utf-16-le", "utf-16-be"))


def chunk(name, body, order="<"):
    return name + struct.pack(order + "I", len(body)) + body + bytes(len(body) & 1)


@pytest.fixture
def tagged(kit, request):
    sound = kit.voice(0.5, 16_000)
    pcm = kit.as_dtype(sound, "int16")
    words = dict.fromkeys(("title", "artist", "comment", "album"), CANARY)
    said = CANARY.encode()
    match request.param:
        case "wav LIST, bext, cue, id3":
            data = kit.soundfile(pcm, 16_000, "WAV", "PCM_16")
            extra = chunk(b"LIST", b"INFO" + chunk(b"IART", said)) + chunk(b"bext", said.ljust(602, b"\0"))
            extra += chunk(b"id3 ", b"ID3\3\0\0\0\0\0\x20" + said)
            return data[:36] + extra + data[36:] + extra, ".wav"
        case "aiff NAME, ANNO":
            data = kit.soundfile(pcm, 16_000, "AIFF", "PCM_16")
            return data[:12] + chunk(b"NAME", said, ">") + chunk(b"ANNO", said, ">") + data[12:], ".aiff"
        case "au comment":
            return b".snd" + struct.pack(">5I", 64, len(pcm) * 2, 3, 16_000, 1) + said.ljust(40, b"\0") + pcm.astype(
                ">i2"
            ).tobytes(), ".au"
        case "mp3 id3 and picture":
            data = kit.ffmpeg(sound, 16_000, "libmp3lame", "mp3", metadata=words)
            return b"ID3\3\0\0\0\0\0\x40" + (b"APIC" + said).ljust(64, b"\0") + data + b"TAG" + said.ljust(
                125, b"\0"
            ), ".mp3"
        case "m4a":
            return kit.ffmpeg(sound, 16_000, "aac", "ipod", metadata=words), ".m4a"
        case "flac":
            return kit.ffmpeg(sound, 16_000, "flac", "flac", metadata=words), ".flac"
        case "ogg vorbis":
            file = io.BytesIO()
            import soundfile

            with soundfile.SoundFile(file, "w", 16_000, 1, format="OGG", subtype="VORBIS") as out:
                out.title = out.comment = CANARY
                out.write(sound)
            return file.getvalue(), ".ogg"
        case "ogg opus":
            return kit.ffmpeg(sound, 16_000, "libopus", "ogg", metadata=words), ".opus"
        case "webm":
            return kit.ffmpeg(sound, 16_000, "libopus", "webm", metadata=words), ".webm"
        case "wma":
            return kit.ffmpeg(sound, 16_000, "wmav2", "asf", metadata=words), ".wma"
    raise AssertionError


@pytest.mark.parametrize(
    "tagged",
    [
        "wav LIST, bext, cue, id3",
        "aiff NAME, ANNO",
        "au comment",
        "mp3 id3 and picture",
        "m4a",
        "flac",
        "ogg vorbis",
        "ogg opus",
        "webm",
        "wma",
    ],
    indirect=True,
)
def test_no_tag_survives(tagged):
    data, suffix = tagged
    assert carries(data), "the tag is in the input"
    recording = decode(Source.of(data, suffix))
    written = encode(recording.samples, recording.format)
    assert not carries(written.data)
    assert CANARY not in " ".join(recording.warnings + written.warnings) + repr(recording) + repr(written)


def test_written_files_say_nothing_about_when_or_who(case, make):
    """No date, no user, no tag but the codec's own vendor string; the same samples give the same file."""
    data = make(case).untrusted_data
    assert b"PEAK" not in data
    assert b"LIST" not in data
    assert b"ID3" not in data
    assert b"bext" not in data
    if case.codec != "VORBIS" and case.container in ("MP4", "WEBM", "OGG", "ADTS", "MP3"):
        with av.open(io.BytesIO(data)) as container:
            tags = {**container.metadata, **container.streams[0].metadata}
        tags = {k.lower(): v for k, v in tags.items()}
        allowed = {
            "encoder",
            "major_brand",
            "minor_version",
            "compatible_brands",
            "language",
            "handler_name",
            "vendor_id",
            "duration",
        }
        assert set(tags) <= allowed, tags
