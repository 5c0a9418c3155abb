"""Invented speech and files of every format, for the tests of this folder. No voice is real."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redactor.audio import Source, decode, encode
from redactor.errors import DamagedAudio, InputError
from redactor.types import AudioFormat, Recording


@dataclass(frozen=True)
class Case:
    """A format that `encode` can write, with the same container, codec, rate and channels."""

    container: str
    codec: str
    suffix: str
    rate: int = 8_000
    channels: int = 1
    bit_rate: int | None = None
    exact: bool = False
    frame: int = 1
    """Samples per codec frame: the length may grow to a whole number of frames."""

    @property
    def format(self) -> AudioFormat:
        backend = "soundfile" if self.codec.isupper() or "_BE" in self.codec else "pyav"
        return AudioFormat(self.container, self.codec, self.suffix, self.rate, self.channels, backend, self.bit_rate)

    def __str__(self) -> str:
        return f"{self.container}-{self.codec}-{self.rate}-{self.channels}"


CASES = [
    Case("WAV", "PCM_16", ".wav", exact=True),
    Case("WAV", "PCM_16", ".wav", channels=2, exact=True),
    Case("WAV", "PCM_U8", ".wav", exact=True),
    Case("WAV", "PCM_24", ".wav", exact=True),
    Case("WAV", "PCM_32", ".wav", 44_100, 2, exact=True),
    Case("WAV", "FLOAT", ".wav", exact=True),
    Case("WAV", "DOUBLE", ".wav", exact=True),
    Case("WAV", "ULAW", ".wav", channels=2, exact=True),
    Case("WAV", "ALAW", ".wav", exact=True),
    Case("WAV", "IMA_ADPCM", ".wav"),
    Case("WAV", "MS_ADPCM", ".wav", channels=2),
    Case("WAV", "GSM610", ".WAV"),
    Case("RF64", "PCM_16", ".wav", exact=True),
    Case("W64", "PCM_16", ".w64", exact=True),
    Case("W64", "IMA_ADPCM", ".w64", frame=505),
    Case("AIFF", "PCM_16", ".aiff", channels=2, exact=True),
    Case("AIFF", "ULAW", ".aifc", exact=True),
    Case("AIFF", "IMA_ADPCM", ".aifc", frame=64),
    Case("AU", "ULAW", ".au", exact=True),
    Case("AU", "PCM_16", ".au", channels=2, exact=True),
    Case("FLAC", "PCM_16", ".flac", exact=True),
    Case("FLAC", "PCM_24", ".flac", 16_000, 2, exact=True),
    Case("OGG", "VORBIS", ".ogg", 16_000, bit_rate=32_000),
    Case("OGG", "OPUS", ".opus", bit_rate=16_000),
    Case("OGG", "OPUS", ".ogg", 48_000, 2, bit_rate=48_000),
    Case("MP3", "mp3float", ".mp3", bit_rate=16_000, frame=576),
    Case("MP3", "mp3float", ".mp3", 44_100, 2, bit_rate=96_000, frame=1152),
    Case("MP4", "aac", ".m4a", bit_rate=24_000, frame=1024),
    Case("MP4", "aac", ".m4a", 44_100, 2, bit_rate=64_000, frame=1024),
    Case("MP4", "alac", ".m4a", exact=True),
    Case("ADTS", "aac", ".aac", 16_000, bit_rate=32_000, frame=1024),
    Case("WEBM", "opus", ".webm", 48_000, bit_rate=24_000),
    Case("AMR", "amrnb", ".amr", bit_rate=12_200, frame=160),
    Case("RAW", "ULAW", ".ulaw", exact=True),
    Case("RAW", "ALAW", ".alaw", exact=True),
    Case("RAW", "PCM_16", ".sln", exact=True),
    Case("RAW", "PCM_16", ".sln16", 16_000, exact=True),
    Case("RAW", "GSM610", ".gsm", frame=160),
    Case("RAW", "VOX_ADPCM", ".vox", frame=2),
    Case("RAW", "g722", ".g722", 16_000, bit_rate=64_000, frame=2),
    Case("RAW", "g726le", ".g726", bit_rate=32_000, frame=8),
    Case("RAW", "g726le", ".g726-24", bit_rate=24_000, frame=8),
    Case("RAW", "g723_1", ".g723", bit_rate=6_300, frame=240),
]


def voice(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    """Syllables of harmonics with pauses and a little noise, float64, RMS about -23 dB of full scale. Shape
    (frames,).
    """
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    t = np.arange(n) / rate
    pitch = 110 + 60 * rng.random() + 15 * np.sin(2 * np.pi * (0.5 + rng.random()) * t + rng.random() * 6)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    out = np.zeros(n)
    for k in range(1, 20):
        if k * 200 < rate / 2:
            out += np.sin(k * phase + rng.random() * 6) * (0.3 + rng.random()) / k**0.7
    syllables = np.repeat(rng.random(n // max(rate // 5, 1) + 2) > 0.3, max(rate // 5, 1))[:n].astype(float)
    ramp = max(rate // 50, 1)
    envelope = np.convolve(syllables, np.ones(ramp) / ramp, "same")[:n]
    return out / 3 * envelope * 0.15 + 0.002 * rng.standard_normal(n)


def as_dtype(samples: np.ndarray, dtype: str) -> np.ndarray:
    if dtype.startswith("float"):
        return samples.astype(dtype)
    return np.rint(np.clip(samples, -1, 1) * np.iinfo(dtype).max).astype(dtype)


def case_samples(case: Case, seconds: float = 0.6) -> np.ndarray:
    dtype = {"PCM_24": "int32", "PCM_32": "int32", "FLOAT": "float32", "DOUBLE": "float64"}.get(case.codec, "int16")
    return as_dtype(np.stack([voice(seconds, case.rate, c) for c in range(case.channels)], axis=1), dtype)


def make_recording(samples: np.ndarray, rate: int = 8_000, codec: str = "PCM_16") -> Recording:
    samples = samples if samples.ndim == 2 else samples[:, None]
    samples.flags.writeable = False
    form = AudioFormat("WAV", codec, ".wav", rate, samples.shape[1], "soundfile")
    return Recording("0" * 64, samples, form)


def soundfile_bytes(samples: np.ndarray, rate: int, container: str, subtype: str, **options: Any) -> bytes:
    import soundfile

    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate, 1 if samples.ndim == 1 else samples.shape[1], format=container, subtype=subtype, **options
    ) as out:
        out.write(samples)
    return file.getvalue()


def ffmpeg_bytes(
    samples: np.ndarray,
    rate: int,
    codec: str,
    muxer: str,
    *,
    bit_rate: int = 32_000,
    options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    streams: int = 1,
    path: Path | None = None,
) -> bytes:
    """A file as FFmpeg writes it. `samples`: float, shape (frames,), mono. `path`: for options that read back what was
    written.
    """
    import av

    file = io.BytesIO()
    with av.open(path or file, "w", format=muxer, options=options or {}) as container:
        container.metadata.update(metadata or {})
        tracks = []
        for _ in range(streams):
            track = container.add_stream(codec, rate=rate, layout="mono", options=codec_options or {})
            track.bit_rate = bit_rate
            tracks.append(track)
        for track in tracks:
            track.codec_context.open(strict=False)
            kind = track.codec_context.format.name
            step = track.codec_context.frame_size or 1024
            for at in range(0, len(samples), step):
                block = samples[at : at + step]
                block = (
                    block.astype(np.float32)
                    if kind.startswith("flt")
                    else as_dtype(block, "int32" if "32" in kind else "int16")
                )
                frame = av.AudioFrame.from_ndarray(block[None], format=kind, layout="mono")
                frame.sample_rate, frame.pts = rate, at
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path.read_bytes() if path else file.getvalue()


def lag_ms(reference: np.ndarray, heard: np.ndarray, rate: int) -> tuple[float, float]:
    """The delay of `heard` in milliseconds, and the normalised correlation there."""
    n = min(len(reference), len(heard))
    a, b = reference[:n].astype(float), heard[:n].astype(float)
    a, b = a - a.mean(), b - b.mean()
    size = 1 << (2 * n).bit_length()
    cross = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    k = int(np.argmax(cross))
    peak = cross[k] / np.sqrt((a @ a) * (b @ b))
    return (k if k < size // 2 else k - size) / rate * 1000, float(peak)


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    return CASES


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=str)
    if "rated_case" in metafunc.fixturenames:
        metafunc.parametrize("rated_case", [c for c in CASES if c.bit_rate is not None], ids=str)


@pytest.fixture(scope="session")
def make():
    """Bytes of a case, made once each: make(case) -> Source."""
    made: dict[Case, Source] = {}

    def build(case: Case) -> Source:
        if case not in made:
            made[case] = Source.of(encode(case_samples(case), case.format).data, case.suffix)
        return made[case]

    return build


@pytest.fixture(scope="session")
def kit():
    """The functions above, for test modules: this folder is not a package."""

    class Kit:
        voice = staticmethod(voice)
        as_dtype = staticmethod(as_dtype)
        samples = staticmethod(case_samples)
        recording = staticmethod(make_recording)
        soundfile = staticmethod(soundfile_bytes)
        ffmpeg = staticmethod(ffmpeg_bytes)
        lag_ms = staticmethod(lag_ms)

    return Kit


@pytest.fixture
def wav():
    """One second of PCM WAV with a plain 44-byte header."""
    return soundfile_bytes(as_dtype(voice(1.0, 8000), "int16"), 8000, "WAV", "PCM_16")


@pytest.fixture(scope="session")
def fails():
    """fails(data, suffix, error) asserts that decoding raises exactly that error, and returns its message."""

    def check(data: bytes, suffix: str, error: type[InputError] = DamagedAudio, **options: Any) -> str:
        with pytest.raises(InputError) as caught:
            decode(Source.of(data, suffix), **options)
        assert type(caught.value) is error, caught.value.message
        return caught.value.message

    return check
