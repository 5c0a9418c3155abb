"""The front ends: the arguments of each telephone system → a ticket. No message repeats an argument."""

from __future__ import annotations

import os
import re

from redactor.errors import NoInput, RefusedInput
from redactor.hook.ticket import Ticket
from redactor.safe_open import opened

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, TypeAlias

    NewTickets: TypeAlias = list[tuple[Ticket, bytes]]
    """Tickets, each with the recording that comes with it (b"" for none)."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

USAGE = """\
usage: redactor hook [--config FILE] FRONT …

  asterisk CONTEXT MAILBOX [NEW OLD URGENT]            externnotify: a mailbox changed
  mailcmd                                              mailcmd: the mail on standard input, with its recording
  mixmonitor FILE ID [in|out]                          the command of MixMonitor
  freeswitch UUID FILE [in|out]                        record_post_process_exec_api, or after a voicemail event
  freeswitch hangup UUID FILE                          api_hangup_hook: a missing recording is no error
  file PATH --id ID [--direction in|out]               any other system

mixmonitor, freeswitch and file take --context OBJECT|@FILE: JSON of what is known about the message, as in
{"caller": {"name": "…", "phone": "…"}, "provider": "…"}. Roles: caller, recipient, patient, provider, staff, practice;
fields: name, phone, id, email, address. Other users can see arguments while the hook runs, but no content of @FILE.

Writes a ticket durably and returns. Exit codes: 0 taken; 64 usage; 65 refused (path, link, device, no recording);
75 try again (the spool is full or cannot be written to); 78 settings.
"""


class Usage(Exception):
    """The command line is invalid."""


class HookCall:
    """One call: the arguments behind the front end's name, and the folders that may hold recordings."""

    __slots__ = ("arguments", "roots", "stdin")

    def __init__(self, arguments: list[str], roots: tuple[str, ...], stdin: BinaryIO | None) -> None:
        self.arguments, self.roots, self.stdin = arguments, roots, stdin


def asterisk(call: HookCall) -> NewTickets:
    """A mailbox changed. Counts are ignored: with delete=yes they are 0 0 0, and VoiceMailMain changes them, too."""
    if len(call.arguments) not in (2, 5) or not all(w.isdigit() for w in call.arguments[2:]):
        raise Usage
    return [(Ticket("asterisk", context=call.arguments[0], mailbox=call.arguments[1]), b"")]


def mailcmd(call: HookCall) -> NewTickets:
    """A mail on standard input. Sendmail's arguments (-t …) are accepted and ignored: the mail is not sent."""
    from redactor.hook.mail import recordings_in  # the e-mail parser is half of all imports

    if not all(w.startswith("-") for w in call.arguments):
        raise Usage
    if call.stdin is None:
        raise RefusedInput("There is no mail: standard input is closed.", hint="Pass the mail on standard input.")
    return [
        (Ticket("mail", id=identity, audio=f"{os.urandom(16).hex()}{suffix}", direction="in"), audio)
        for audio, suffix, identity in recordings_in(call.stdin)
    ]


def mixmonitor(call: HookCall) -> NewTickets:
    """A recording of MixMonitor's."""
    words, context = _without_context(call.arguments)
    if len(words) not in (2, 3):
        raise Usage
    path, *rest = words
    return _file("mixmonitor", path, *rest, roots=call.roots, context=context)


def freeswitch(call: HookCall) -> NewTickets:
    """A recording of FreeSWITCH's, or (`hangup`) the end of a call that may have none."""
    words, context = _without_context(call.arguments)
    hangup = words[:1] == ["hangup"]
    words = words[hangup:]
    if not 2 <= len(words) <= 3 - hangup:
        raise Usage
    if not _UUID.fullmatch(words[0]):
        raise RefusedInput("The call's id is not a UUID.", hint="Pass ${uuid} before the file.")
    return _file(
        "freeswitch", words[1], words[0].lower(), *words[2:], roots=call.roots, removed_ok=hangup, context=context
    )


def file(call: HookCall) -> NewTickets:
    """A recording of any other system's."""
    paths: list[str] = []
    given: dict[str, str] = {}
    words, context = _without_context(call.arguments)
    rest = iter(words)
    for word in rest:
        name, has_value, value = word.partition("=")
        if name in ("--id", "--direction") and name not in given:
            given[name] = value if has_value else next(rest, "")
        else:
            paths.append(word)
    if len(paths) != 1 or "--id" not in given:
        raise Usage
    return _file("file", paths[0], given["--id"], given.get("--direction", ""), roots=call.roots, context=context)


def _without_context(arguments: list[str]) -> tuple[list[str], str]:
    """The arguments without --context, and its value."""
    for at, word in enumerate(arguments):
        if word == "--context" and at + 1 < len(arguments):
            return arguments[:at] + arguments[at + 2 :], arguments[at + 1]
        if word.startswith("--context="):
            return arguments[:at] + arguments[at + 1 :], word.partition("=")[2]
    return arguments, ""


def _file(
    source: str,
    path: str,
    identity: str,
    direction: str = "",
    *,
    roots: tuple[str, ...],
    removed_ok: bool = False,
    context: str = "",
) -> NewTickets:
    known = None
    if context:
        from redactor.hook.known import read_argument  # most calls know nothing

        known = read_argument(context)
    ticket = Ticket(source, id=identity, path=path, direction=direction, removed_ok=removed_ok, known=known)
    try:
        with opened(path, roots):
            pass
    except NoInput as error:
        if not removed_ok:
            # Exit code 65 instead of 66: telephone systems know "bad data" and "try again" only.
            raise RefusedInput(error.message, hint=error.hint) from None
        raise
    return [(ticket, b"")]


FRONTS: dict[str, Callable[[HookCall], NewTickets]] = {
    "asterisk": asterisk,
    "mailcmd": mailcmd,
    "mixmonitor": mixmonitor,
    "freeswitch": freeswitch,
    "file": file,
}
