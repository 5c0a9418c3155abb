"""Audio files and samples: decoding, bleeping, encoding. soundfile and PyAV are imported nowhere else.

    read_source → Source ──decode──▶ Recording ──recognition_audio──▶ 16 kHz for speech
                                        │  same_as, echoes: how channels relate
                                        └──bleep──▶ samples ──encode──▶ Encoded

source: a file, read once · containers/: what its header declares · decode (sndfile, ffmpeg, rawfile): samples, checked
against the header · limits · raw: headerless formats · resample, channels · bleep · encode (write_sndfile,
write_ffmpeg).
"""

from redactor.audio.bleep import RAMP_SECONDS, Style, bleep, sample_range
from redactor.audio.channels import ECHO_REACH, echoes, same_as
from redactor.audio.decode import decode
from redactor.audio.decoder import Decoder, decode_plain_wav
from redactor.audio.encode import Encoded, encode
from redactor.audio.file_filter import looks_like_audio
from redactor.audio.formats import codec_floor
from redactor.audio.limits import Limits
from redactor.audio.raw import RAW_SUFFIXES, RawFormat
from redactor.audio.resample import recognition_audio
from redactor.audio.source import AUDIO_SUFFIXES, Source, read_source

__all__ = [
    "AUDIO_SUFFIXES",
    "ECHO_REACH",
    "RAMP_SECONDS",
    "RAW_SUFFIXES",
    "Decoder",
    "Encoded",
    "Limits",
    "RawFormat",
    "Source",
    "Style",
    "bleep",
    "codec_floor",
    "decode",
    "decode_plain_wav",
    "echoes",
    "encode",
    "looks_like_audio",
    "read_source",
    "recognition_audio",
    "same_as",
    "sample_range",
]
