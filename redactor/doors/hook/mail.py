"""The recording in the mail that Asterisk makes of a voicemail (`mailcmd`): with delete=yes it is the only copy there will be."""

from __future__ import annotations

import hashlib
from email import message_from_bytes, policy

from redactor.errors import EmptyAudio, LimitExceeded, RefusedInput

from .settings import LARGEST_MAIL

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from typing import BinaryIO

_SUFFIXES = {
    "wav": ".wav", "x-wav": ".wav", "wave": ".wav", "x-gsm": ".gsm", "gsm": ".gsm",
    "mpeg": ".mp3", "mp3": ".mp3", "ogg": ".ogg", "flac": ".flac",
}  # fmt: skip


def recording_in(stream: BinaryIO) -> tuple[bytes, str, str]:
    """The first audio attachment of a MIME message: its bytes, their suffix, and an id of the message that tells nothing.

    Raises:
        LimitExceeded: the mail is larger than 64 MiB.
        RefusedInput: no mail, or one without audio.
        EmptyAudio: the attachment is empty or not base64.
    """
    untrusted = stream.read(LARGEST_MAIL + 1)
    if len(untrusted) > LARGEST_MAIL:
        raise LimitExceeded(f"The mail is larger than {LARGEST_MAIL >> 20} MiB.")
    mail = message_from_bytes(untrusted, policy=policy.compat32)
    for part in mail.walk():
        if part.get_content_maintype() != "audio":
            continue
        audio = part.get_payload(decode=True)
        if not isinstance(audio, bytes) or not audio:
            raise EmptyAudio(
                "The attachment of the mail is empty.", hint="Check attach=yes and format in voicemail.conf."
            )
        # Message-ID holds the mailbox, and is the same when a mail comes twice.
        named = str(mail.get("Message-ID") or "").strip()
        identity = hashlib.sha256(named.encode("utf-8", "replace") or untrusted).hexdigest()[:32]
        return audio, _SUFFIXES.get(part.get_content_subtype().lower(), ".wav"), identity
    raise RefusedInput("The mail has no recording.", hint="Set attach=yes in voicemail.conf.")
