"""What the hook writes down, and how it is read again: nobody is believed, since the telephone system's user may write to the spool."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field

from redactor.errors import RefusedInput

SCHEMA = "redactor-ticket/1"
LARGEST = 16_384
"""Bytes of a ticket."""

SOURCES = frozenset({"asterisk", "mixmonitor", "freeswitch", "file", "mail"})
DIRECTIONS = ("", "in", "out")
MAILBOX_PART = re.compile(r"[A-Za-z0-9_+*#@-][A-Za-z0-9_.+*#@-]{0,79}")
"""A context or mailbox of Asterisk's: a name that is no path."""
_ID = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")
AUDIO_NAME = re.compile(r"[0-9a-f]{16,64}\.[A-Za-z0-9]{2,5}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One call of the hook. `repr` shows the source alone.

    Attributes:
        source: one of `SOURCES`.
        id: what the telephone system calls the message; "" for a mailbox.
        path: of the recording; "" for a mailbox or a mail.
        context, mailbox: of a voicemail box that changed.
        audio: name of the recording that was copied into the spool, beside the ticket.
        direction: "in" (received), "out" (sent) or "" (not known).
        removed_ok: no recording under the path is no error (a hangup of a call that was not recorded).
    """

    source: str
    id: str = field(default="", repr=False)
    path: str = field(default="", repr=False)
    context: str = field(default="", repr=False)
    mailbox: str = field(default="", repr=False)
    audio: str = field(default="", repr=False)
    direction: str = field(default="", repr=False)
    removed_ok: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        """Check the form.

        Raises:
            RefusedInput
        """
        for name in ("source", "id", "path", "context", "mailbox", "audio", "direction"):
            if not isinstance(getattr(self, name), str):
                raise RefusedInput("A ticket holds something that is no text.")
        if self.source not in SOURCES or self.direction not in DIRECTIONS or not isinstance(self.removed_ok, bool):
            raise RefusedInput("A ticket names a source or direction that there is not.")
        if sum((bool(self.path), bool(self.mailbox), bool(self.audio))) != 1:
            raise RefusedInput("A ticket names one file or one mailbox.")
        if self.mailbox and not (MAILBOX_PART.fullmatch(self.context) and MAILBOX_PART.fullmatch(self.mailbox)):
            raise RefusedInput("The context or mailbox is not a name that Asterisk uses.")
        if not self.mailbox and not _ID.fullmatch(self.id):
            raise RefusedInput("The id is empty, longer than 200 characters, or not plain ASCII.")
        if self.audio and not AUDIO_NAME.fullmatch(self.audio):
            raise RefusedInput("A ticket names a file that the hook did not make.")

    def to_json(self) -> bytes:
        """One JSON document."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}).encode("ascii")


def read_ticket(untrusted: bytes) -> Ticket:
    """The ticket in a JSON document.

    Raises:
        RefusedInput: not one of ours.
    """
    try:
        given = json.loads(untrusted)
        assert given.pop("schema") == SCHEMA
        return Ticket(**given)
    except RefusedInput:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no ticket
        raise RefusedInput("A file in the spool is not a ticket of this version.") from None
