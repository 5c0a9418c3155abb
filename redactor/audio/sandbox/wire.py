"""The protocol of a recording's socket: a JSON header preceded by its length, then bytes. The answer comes from a
process that may be hostile.
"""

from __future__ import annotations

import json
import re
import socket
import struct
from dataclasses import asdict
from typing import Any

import numpy as np

from redactor.audio.limits import HIGHEST_RATE, LOWEST_RATE, Limits
from redactor.audio.raw import RawFormat
from redactor.audio.source import Source
from redactor.errors import DamagedAudio, DecoderStopped, EmptyAudio, InputError, LimitExceeded, UnsupportedAudio
from redactor.types import AudioFormat, Recording

LARGEST_HEADER = 1 << 16
DTYPES = ("int16", "int32", "float32", "float64")
BACKENDS = ("soundfile", "pyav")
KINDS = {kind.__name__: kind for kind in (EmptyAudio, UnsupportedAudio, DamagedAudio, LimitExceeded, InputError)}
CHUNK = 1 << 20

_LENGTH = struct.Struct(">I")
_NAME = re.compile(r"[A-Za-z0-9_.+ -]{0,40}")


def send_header(channel: socket.socket, header: dict[str, Any]) -> None:
    content = json.dumps(header).encode()
    channel.sendall(_LENGTH.pack(len(content)) + content)


def receive_header(channel: socket.socket) -> dict[str, Any]:
    """Read one header.

    Raises:
        EOFError: the other side closed the socket. ValueError: not a header.
    """
    (length,) = _LENGTH.unpack(receive(channel, _LENGTH.size))
    if length > LARGEST_HEADER:
        raise ValueError("header too large")
    found = json.loads(receive(channel, length))
    if not isinstance(found, dict):
        raise ValueError("no header")  # noqa: TRY004 - malformed is malformed
    return found


def receive(channel: socket.socket, size: int) -> bytearray:
    """Read exactly `size` bytes.

    Raises:
        EOFError
    """
    content = bytearray(size)
    receive_into(channel, memoryview(content))
    return content


def receive_into(channel: socket.socket, view: memoryview) -> None:
    """Fill the whole view.

    Raises:
        EOFError
    """
    while len(view):
        got = channel.recv_into(view[:CHUNK])
        if not got:
            raise EOFError
        view = view[got:]


def request(source: Source, raw: RawFormat | None, limits: Limits) -> dict[str, Any]:
    """The header that goes before a source's bytes."""
    return {
        "size": len(source.untrusted_data),
        "suffix": source.suffix,
        "raw": None if raw is None else asdict(raw),
        "limits": asdict(limits),
    }


def answer(recording: Recording) -> dict[str, Any]:
    """The header that goes before a recording's samples."""
    form = recording.format
    return {
        "dtype": recording.samples.dtype.name,
        "frames": recording.frames,
        "channels": recording.channels,
        "container": form.container,
        "codec": form.codec,
        "rate": form.sample_rate,
        "backend": form.backend,
        "bit_rate": form.bit_rate,
        "warnings": list(recording.warnings),
    }


def refusal(error: InputError) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": error.message, "hint": error.hint}


def read_answer(channel: socket.socket, source: Source, limits: Limits) -> Recording:
    """The Recording that a child decoded, or the InputError that it raised; every value is checked.

    Raises:
        InputError: the one that the child reported. DecoderStopped: the answer is invalid.
        EOFError: it ended without an answer.
    """
    try:
        untrusted = receive_header(channel)
        if "error" in untrusted:
            kind = KINDS[untrusted["error"]]
            raise kind(_text(untrusted["message"]), hint=_text(untrusted["hint"]))
        frames, channels, rate = (_number(untrusted[k]) for k in ("frames", "channels", "rate"))
        dtype = np.dtype(untrusted["dtype"] if untrusted["dtype"] in DTYPES else None)
        bit_rate = untrusted["bit_rate"]
        valid = (
            untrusted["dtype"] in DTYPES
            and untrusted["backend"] in BACKENDS
            and 1 <= channels <= limits.max_channels
            and LOWEST_RATE <= rate <= HIGHEST_RATE
            and 1 <= frames <= limits.max_seconds * rate
            and frames * channels * dtype.itemsize <= limits.max_decoded_bytes
        )
        if not valid:
            raise ValueError("impossible answer")  # noqa: TRY301
        form = AudioFormat(
            _name(untrusted["container"]),
            _name(untrusted["codec"]),
            source.suffix,
            rate,
            channels,
            untrusted["backend"],
            None if bit_rate is None else _number(bit_rate),
        )
        warnings = tuple(_text(w) for w in list(untrusted["warnings"])[:20])
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DecoderStopped("The sandboxed decoder returned an invalid answer.") from None
    samples = np.empty((frames, channels), dtype)
    receive_into(channel, samples.data.cast("B"))
    samples.flags.writeable = False
    return Recording(source.id, samples, form, warnings)


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise ValueError("no number")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("no name")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004
    return "".join(c for c in value[:300] if c.isprintable())
