"""A voicemail that Asterisk stored in several formats: the same bleeps in another format of the message."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from redactor.audio import Source, bleep, encode
from redactor.errors import InputError
from redactor.render import still_audible
from redactor.service.ingest.asterisk import MailboxMessage
from redactor.types import Interval

RECOGNISABLE = 0.5
"""Seconds of sound by which two formats are recognised as the same message."""


class CannotReplace(InputError):
    """The redacted sound does not fit into the original's file."""

    reason = "cannot-replace"
    default_hint = "The redacted result is there. Remove the original, which is sealed, by hand, and record in WAV."


def redact_other_format(
    pipeline: Any,
    bleeps: list[dict[str, Any]],
    data: bytes,
    suffix: str,
    *,
    main: MailboxMessage,
    main_is_original: bool,
) -> tuple[bytes, str]:
    """Bleep another format of a message where its result does: (file, suffix).

    Args:
        pipeline: its decoder and bleep style.
        bleeps: intervals of the result's document.
        data: bytes of the other format, with its `suffix`.
        main: the file that the result is of.
        main_is_original: false if `main` is replaced already; then only the sound between bleeps can be compared.

    Raises:
        CannotReplace: the two do not sound the same, or a bleep is not loud enough.
    """
    recording = pipeline.decoder(Source.of(data, suffix))
    first = pipeline.decoder(Source.of(main.data, suffix_of(main.path)))
    length = min(first.duration, recording.duration)
    compared = [
        Interval(channel, start, end, ())
        for channel in range(first.channels)
        for start, end in ([(0.0, length)] if main_is_original else _longest_gap(bleeps, channel, length))
    ]
    same = first.sample_rate != recording.sample_rate or still_audible(first, recording, compared)
    if abs(recording.duration - first.duration) > 0.25 or not same:
        raise CannotReplace("The formats of the message do not sound the same.")
    intervals = [
        Interval(i["channel"], i["start"], min(i["end"], recording.duration), tuple(i["labels"]))
        for i in bleeps
        if i["start"] < recording.duration
    ]
    encoded = encode(bleep(recording, intervals, style=pipeline.style), recording.format)
    if still_audible(recording, pipeline.decoder(Source.of(encoded.data, encoded.suffix)), intervals):
        raise CannotReplace("A bleeped stretch of another format of the message still resembles the original.")
    return encoded.data, encoded.suffix


def suffix_of(path: str) -> str:
    """The ending of a path, with its dot."""
    return PurePath(path).suffix


def _longest_gap(bleeps: list[dict[str, Any]], channel: int, length: float) -> list[tuple[float, float]]:
    """The longest stretch between the bleeps of a channel, if it is long enough to recognise a message by."""
    gaps, at = [], 0.0
    for one in sorted((b for b in bleeps if b["channel"] == channel), key=lambda b: b["start"]):
        gaps.append((at, min(one["start"], length)))
        at = max(at, one["end"])
    start, end = max([*gaps, (at, length)], key=lambda gap: gap[1] - gap[0])
    return [(start, end)] if end - start >= RECOGNISABLE else []
