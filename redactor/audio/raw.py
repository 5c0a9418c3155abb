"""Headerless telephone audio: nothing in such a file names its format, so the suffix or the user must.

Suffixes follow Asterisk's format modules (format_pcm, format_sln, format_g722, format_g726, format_vox, format_gsm,
format_g729, format_g723). `.pcm` is left out on purpose: Asterisk means µ-law by it, everybody else 16-bit linear.
"""

from __future__ import annotations

from dataclasses import dataclass

from redactor.errors import ConfigurationError

_SOUNDFILE = {
    "ulaw": "ULAW",
    "alaw": "ALAW",
    "s16": "PCM_16",
    "s16be": "PCM_16",
    "s8": "PCM_S8",
    "u8": "PCM_U8",
    "gsm": "GSM610",
    "vox": "VOX_ADPCM",
}
_PYAV = {
    "g722": "g722",
    "g726": "g726le",
    "g726be": "g726",
    "g729": "g729",
    "g723": "g723_1",
}
_FIXED_RATE = {"g722": 16_000, "g729": 8_000, "g723": 8_000, "gsm": 8_000}
_MONO_ONLY = frozenset({"gsm", "vox", "g722", "g726", "g726be", "g729", "g723"})


@dataclass(frozen=True, slots=True)
class RawFormat:
    """The format of a headerless file.

    Attributes:
        codec: one of ulaw alaw s16 (little-endian) s16be s8 u8 gsm vox (Dialogic ADPCM) g722 g726 (RFC 3551 bit order)
            g726be (the other order) g729 g723.
        sample_rate: Hz; G.722, G.729, G.723.1 and GSM have only one.
        channels: interleaved; more than one only for the uncompressed codecs.
        bits: bits per sample, used by G.726 alone (2, 3, 4 or 5 for 16, 24, 32 or 40 kbit/s).

    Raises:
        ConfigurationError: an unknown codec, or a combination it cannot have.
    """

    codec: str
    sample_rate: int = 8_000
    channels: int = 1
    bits: int = 4

    def __post_init__(self) -> None:
        if self.codec not in _SOUNDFILE and self.codec not in _PYAV:
            known = " ".join(sorted(_SOUNDFILE | _PYAV))
            raise ConfigurationError("Unknown raw audio codec.", hint=f"Known codecs: {known}. With a rate: ulaw:8000.")
        if self.codec in _FIXED_RATE and self.sample_rate != _FIXED_RATE[self.codec]:
            raise ConfigurationError(f"{self.codec} always has a sample rate of {_FIXED_RATE[self.codec]} Hz.")
        if self.sample_rate <= 0 or self.channels < 1 or (self.channels > 1 and self.codec in _MONO_ONLY):
            raise ConfigurationError(
                "A raw format needs a positive sample rate and a number of channels that its codec supports."
            )
        if self.bits not in (2, 3, 4, 5):
            raise ConfigurationError("G.726 has 2, 3, 4 or 5 bits per sample.")

    @property
    def subtype(self) -> str | None:
        """The name libsndfile has for it, None if only FFmpeg reads this codec."""
        return _SOUNDFILE.get(self.codec)

    @property
    def demuxer(self) -> str | None:
        """The name FFmpeg has for it, None if libsndfile reads this codec."""
        return _PYAV.get(self.codec)

    @property
    def name(self) -> str:
        """What `AudioFormat.codec` calls it."""
        names = {"s16be": "PCM_16_BE", "g726": "g726le", "g726be": "g726", "g723": "g723_1"}
        return names.get(self.codec) or self.subtype or self.codec

    @property
    def big_endian(self) -> bool:
        return self.codec == "s16be"

    @classmethod
    def parse(cls, text: str) -> RawFormat:
        """Read what a user writes: "ulaw", "s16:16000", "s16:8000:2", or a suffix such as "sln16" or "g726-32".

        Raises:
            ConfigurationError
        """
        name, *numbers = text.strip().lower().lstrip(".").split(":")
        known = _BY_SUFFIX.get("." + name)
        try:
            rate, channels = [*map(int, numbers), *(0, 0)][:2]
        except ValueError:
            raise ConfigurationError(
                "Write a raw format as codec[:rate[:channels]], for example ulaw:8000:1."
            ) from None
        if known is None:
            known = cls(name, _FIXED_RATE.get(name, 8_000))
        return cls(known.codec, rate or known.sample_rate, channels or known.channels, known.bits)


_BY_SUFFIX = {
    **dict.fromkeys(".ulaw .mulaw .ul .ulw .mu .pcmu".split(), RawFormat("ulaw")),
    **dict.fromkeys(".alaw .al .alw .pcma".split(), RawFormat("alaw")),
    **dict.fromkeys(".sln .raw .sln8 .l16".split(), RawFormat("s16")),
    **{
        f".sln{k}": RawFormat("s16", rate)
        for k, rate in {
            "12": 12_000,
            "16": 16_000,
            "24": 24_000,
            "32": 32_000,
            "44": 44_100,
            "48": 48_000,
            "96": 96_000,
            "192": 192_000,
        }.items()
    },
    ".gsm": RawFormat("gsm"),
    ".vox": RawFormat("vox"),
    ".g722": RawFormat("g722", 16_000),
    ".g729": RawFormat("g729"),
    **dict.fromkeys(".g723 .g723_1".split(), RawFormat("g723")),
    **dict.fromkeys(".g726 .g726le".split(), RawFormat("g726")),
    **{f".g726-{kbit}": RawFormat("g726", bits=kbit // 8) for kbit in (16, 24, 32, 40)},
}

RAW_SUFFIXES = frozenset(_BY_SUFFIX)
"""Lower-case suffixes that name a headerless format."""


def raw_format(suffix: str) -> RawFormat | None:
    """The headerless format that a suffix names, None if it names none."""
    return _BY_SUFFIX.get(suffix.lower())


def raw_suffix(name: str, sample_rate: int, suffix: str) -> str:
    """A suffix that names this headerless format: the given one if it does, else a usual one, else the given one or
    ".raw".
    """

    def says_so(ending: str) -> bool:
        known = raw_format(ending)
        return known is not None and (known.name, known.sample_rate) == (name, sample_rate)

    if says_so(suffix):
        return suffix
    return next(filter(says_so, _BY_SUFFIX), suffix or ".raw")
