"""The recordings in the mail that Asterisk makes of a voicemail (`mailcmd`): with delete=yes it is the only copy
there will be.
"""

from __future__ import annotations

import hashlib
from email import message_from_bytes, policy

from redactor.errors import EmptyAudio, LimitExceeded, RefusedInput
from redactor.hook.settings import LARGEST_MAIL

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from email.message import Message
    from typing import BinaryIO

_SUBTYPES = {"wave": "wav", "mpeg": "mp3"}
_ENDINGS = (
    "wav",
    "WAV",
    "gsm",
    "mp3",
    "ogg",
    "opus",
    "flac",
    "ulaw",
    "ul",
    "alaw",
    "al",
    "sln",
    "sln12",
    "sln16",
    "sln24",
    "sln32",
    "sln44",
    "sln48",
    "sln96",
    "sln192",
    "g722",
    "g726-16",
    "g726-24",
    "g726-32",
    "g726-40",
    "g729",
    "g723",
    "vox",
    "au",
    "m4a",
    "amr",
)
"""What headerless sound is, its ending alone says."""


def recordings_in(stream: BinaryIO) -> list[tuple[bytes, str, str]]:
    """The recordings in a MIME message: of each its bytes, their suffix, and an id that tells nothing.

    Asterisk calls them audio/x-FORMAT, but application/ogg; other programs, anything: what is attached and is no text
    counts, since nobody else may have it.

    Raises:
        LimitExceeded: the mail is larger than 64 MiB.
        RefusedInput: no mail, or one without a recording.
        EmptyAudio: what is attached is empty or not base64.
    """
    untrusted = stream.read(LARGEST_MAIL + 1)
    if len(untrusted) > LARGEST_MAIL:
        raise LimitExceeded(f"The mail is larger than {LARGEST_MAIL >> 20} MiB.")
    mail = message_from_bytes(untrusted, policy=policy.compat32)
    # Message-ID holds the mailbox, and is the same when a mail comes twice.
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
    """By the file's name, else by the type; else WAV, the decoder looks for itself."""
    subtype = part.get_content_subtype().removeprefix("x-")
    for ending in (_named(part).rpartition(".")[2], _SUBTYPES.get(subtype, subtype)):
        if ending in _ENDINGS:
            return f".{ending}"
    return ".wav"


def _named(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except Exception:  # noqa: BLE001 - a character set that there is not, a name in pieces: it is the ending's alone
        return ""
