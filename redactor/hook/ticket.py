"""The hook's ticket: written by the hook, and checked when it is read, since the telephone system's user can write to
the spool.
"""

from __future__ import annotations

import json
import os
import re

from redactor.errors import RefusedInput

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from redactor.hook.known import Party

SCHEMA = "redactor-ticket/1"
LARGEST = 16_384
"""Bytes of a ticket."""

SOURCES = frozenset({"asterisk", "mixmonitor", "freeswitch", "file", "mail"})
DIRECTIONS = ("", "in", "out")
MAILBOX_PART = re.compile(r"[A-Za-z0-9_+*#@-][A-Za-z0-9_.+*#@-]{0,79}")
"""A context or mailbox of Asterisk's: a name that cannot be a path."""
_ID = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")
AUDIO_NAME = re.compile(r"[0-9a-f]{16,64}\.[A-Za-z0-9][A-Za-z0-9-]{1,6}")


class Ticket:
    """One call of the hook. `repr` shows the source only.

    It is no dataclass: importing `dataclasses` takes as long as all other imports of a call.

    Attributes:
        source: one of `SOURCES`.
        id: the telephone system's id of the message; "" for a mailbox.
        path: of the recording; "" for a mailbox or a mail.
        context, mailbox: of a mailbox that changed.
        audio: name of the recording that was copied into the spool, beside the ticket.
        direction: "in" (received), "out" (sent) or "" (unknown).
        removed_ok: a missing recording is no error (the hangup of a call that was not recorded).
        known: what is known about the message beforehand (`redactor.hook.known`).

    Raises:
        RefusedInput: a field is invalid.
    """

    __slots__ = ("audio", "context", "direction", "id", "known", "mailbox", "path", "removed_ok", "source")

    def __init__(
        self,
        source: str,
        *,
        id: str = "",  # noqa: A002 - the field's name in the document
        path: str = "",
        context: str = "",
        mailbox: str = "",
        audio: str = "",
        direction: str = "",
        removed_ok: bool = False,
        known: list[Party] | None = None,
    ) -> None:
        if not all(isinstance(text, str) for text in (source, id, path, context, mailbox, audio, direction)):
            raise RefusedInput("A field of the ticket is not text.")
        if source not in SOURCES or direction not in DIRECTIONS or not isinstance(removed_ok, bool):
            raise RefusedInput("The ticket's source or direction is unknown.")
        if sum((bool(path), bool(mailbox), bool(audio))) != 1:
            raise RefusedInput("A ticket must name exactly one file or mailbox.")
        if mailbox and not (MAILBOX_PART.fullmatch(context) and MAILBOX_PART.fullmatch(mailbox)):
            raise RefusedInput("The context or mailbox is not a valid name in Asterisk.")
        if not mailbox and not _ID.fullmatch(id):
            raise RefusedInput("The id is empty, longer than 200 characters, or not plain ASCII.")
        if path and not _is_encodable(path):
            raise RefusedInput("The ticket's path is invalid.")
        if audio and not AUDIO_NAME.fullmatch(audio):
            raise RefusedInput("The ticket names a file that the hook did not write.")
        self.source, self.id, self.path = source, id, path
        self.context, self.mailbox, self.audio = context, mailbox, audio
        self.direction, self.removed_ok = direction, removed_ok
        self.known: list[Party] = []
        if known:
            from redactor.hook.known import checked  # most calls know nothing

            self.known = checked(known)

    def __repr__(self) -> str:
        return f"Ticket({self.source!r})"

    def to_json(self) -> bytes:
        """The ticket as a JSON document."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        if not self.known:  # services of earlier versions do not know it
            del fields["known"]
        return json.dumps({"schema": SCHEMA, **fields}).encode("ascii")


def _is_encodable(path: str) -> bool:
    try:
        return len(os.fsencode(path)) > 0
    except UnicodeEncodeError:  # a surrogate that represents no byte
        return False


def read_ticket(untrusted: bytes) -> Ticket:
    """Parse and check a ticket.

    Raises:
        RefusedInput: it is not a ticket of this version.
    """
    try:
        given = json.loads(untrusted)
        ticket = Ticket(**given) if given.pop("schema") == SCHEMA else None
    except RefusedInput:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong, it is no ticket
        ticket = None
    if ticket is None:
        raise RefusedInput("A file in the spool is not a ticket of this version.")
    return ticket
