"""The recordings in the mail that Asterisk makes of a voicemail (`mailcmd`); with delete=yes it is the only copy."""

from __future__ import annotations

import hashlib
from email import message_from_bytes, policy

from redactor.errors import EmptyAudio, LimitExceeded, RefusedInput
from redactor.hook.settings import LARGEST_MAIL

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from email.message import Message
    from typing import BinaryIO

_SUFFIX_OF_SUBTYPE = {"wave": "wav", "mpeg": "mp3"}
_SUFFIXES = frozenset(
    "wav WAV gsm mp3 ogg opus flac ulaw ul alaw al sln sln12 sln16 sln24 "
    "sln32 sln44 sln48 sln96 sln192 g722 g726-16 g726-24 g726-32 g726-40 g729 g723 vox au m4a amr".split()
)
"""Suffixes of recordings: audio without a header has nothing else that tells its format."""


def recordings_in(stream: BinaryIO) -> list[tuple[bytes, str, str]]:
    """The recordings in a MIME message: (bytes, suffix, id) of each. The id is a hash and identifies nobody.

    Asterisk's types are audio/x-FORMAT and application/ogg; other programs use any. Every attachment that is not text
    counts, since it may be the only copy.

    Raises:
        LimitExceeded: the mail is larger than 64 MiB.
        RefusedInput: it is no mail, or has no recording.
        EmptyAudio: the attachment is empty or not base64.
    """
    untrusted = stream.read(LARGEST_MAIL + 1)
    if len(untrusted) > LARGEST_MAIL:
        raise LimitExceeded(f"The mail is larger than {LARGEST_MAIL >> 20} MiB.")
    mail = message_from_bytes(untrusted, policy=policy.compat32)
    # The Message-ID holds the mailbox, so it is hashed; it is the same when a mail arrives twice.
    named = str(mail.get("Message-ID") or "").strip().encode("utf-8", "replace") or untrusted
    parts = [part for part in mail.walk() if _is_recording(part)]
    found: list[tuple[bytes, str, str]] = []
    for part in parts:
        audio = part.get_payload(decode=True)
        if isinstance(audio, bytes) and audio:
            number = f"\0{len(found)}".encode() if found else b""
            found.append((audio, _suffix(part), hashlib.sha256(named + number).hexdigest()[:32]))
    if not parts:
        raise RefusedInput("The mail has no recording.", hint="Set attach=yes in voicemail.conf.")
    if not found:
        raise EmptyAudio("The attachment of the mail is empty.", hint="Check attach=yes and format in voicemail.conf.")
    return found


def _is_recording(part: Message) -> bool:
    kind = part.get_content_maintype()
    attached = part.get_content_disposition() == "attachment" and kind not in ("text", "multipart", "message", "image")
    return kind == "audio" or part.get_content_type() == "application/ogg" or attached


def _suffix(part: Message) -> str:
    """From the file's name, or else its type. WAV by default: the decoder detects the format."""
    subtype = part.get_content_subtype().removeprefix("x-")
    for suffix in (_named(part).rpartition(".")[2], _SUFFIX_OF_SUBTYPE.get(subtype, subtype)):
        if suffix in _SUFFIXES:
            return f".{suffix}"
    return ".wav"


def _named(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except Exception:  # noqa: BLE001 - an unknown character set, a broken name: only its suffix is needed
        return ""
